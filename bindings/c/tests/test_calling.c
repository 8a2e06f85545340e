/* Call settings, permissions and calls. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "testsupport.h"

static callcta_error *error;

static void settings_are_read_and_changed(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    char *settings;
    server_answer(server, 200, NULL, "{\"data\":[{\"audio_enabled\":true,\"new\":1}]}");
    CHECK_OK(callcta_calling_settings(client, &settings, &error));
    CHECK_STR(settings, "{\"audio_enabled\":true,\"new\":1}");
    CHECK_HAS(server_request(server, 0), "GET ");
    CHECK_HAS(server_request(server, 0), "/messenger_call_settings?fields=");
    server_answer(server, 200, NULL, "{\"result\":\"success\"}");
    CHECK_OK(callcta_calling_set_settings(client, "{\"audio_enabled\":false}", &error));
    CHECK_STR(server_body(server, 1), "{\"audio_enabled\":false}");
    callcta_string_free(settings);

    const char *wrong = "{\"audio_enabled\":\"yes\",\"icon_enable\":true}";
    CHECK_FAILS(callcta_calling_set_settings(client, wrong, &error), CALLCTA_INVALID_MESSAGE);
    CHECK_INT(error->violations->count, 2);
    FREE_ERROR();
    CHECK_INT(server_count(server), 2);
    callcta_violations *violations;
    CHECK_OK(callcta_call_settings_validate(wrong, &violations, &error));
    CHECK_INT(violations->count, 2);
    CHECK_STR(violations->items[0]->rule, "wrong_type");
    callcta_violations_free(violations);
    CHECK_FAILS(callcta_call_settings_validate("[]", &violations, &error), CALLCTA_INVALID_MESSAGE);
    FREE_ERROR();
    callcta_client_free(client);
    server_stop(server);
}

static void a_call_is_accepted_once_and_in_time(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_call_session *session;
    int64_t now = (int64_t)time(NULL) * 1000;
    CHECK_FAILS(callcta_calling_accept(client, "c_1", "v=0", now - 61000, &session, &error),
                CALLCTA_DEADLINE_PASSED);
    CHECK(session == NULL);
    CHECK_INT(error->attempts, 0);
    FREE_ERROR();
    server_drop(server);
    CHECK_FAILS(callcta_calling_accept(client, "c_1", "v=0", now, NULL, &error), CALLCTA_NETWORK);
    CHECK_INT(error->attempts, 1);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_UNKNOWN);
    CHECK_HAS(error->advice, "end the call");
    FREE_ERROR();
    CHECK_INT(server_count(server), 1);

    server_answer(server, 200, NULL,
                  "{\"success\":true,\"session\":{\"sdp_response\":\"v=0\\r\\n\",\"sdp_renegotiation\":{\"sdp\":\"v=1\"}}}");
    CHECK_OK(callcta_calling_accept(client, "c_1", "v=0\r\n", -1, &session, &error));
    CHECK_STR(session->call_id, "c_1");
    CHECK_STR(session->answer, "v=0\r\n");
    CHECK_STR(session->renegotiation, "v=1");
    CHECK_HAS(session->raw, "\"success\":true");
    CHECK_HAS(server_body(server, 1), "\"sdp\":\"v=0\\r\\n\"");
    callcta_call_session_free(session);

    server_answer(server, 400, NULL, "{\"error\":{\"message\":\"x\",\"code\":2018396}}");
    CHECK_FAILS(callcta_calling_reject(client, "c_1", &error), CALLCTA_API);
    CHECK_HAS(error->advice, "the call is over");
    FREE_ERROR();
    server_answer(server, 200, NULL, "{\"success\":true}");
    CHECK_OK(callcta_calling_terminate(client, "c_1", &error));
    callcta_client_free(client);
    server_stop(server);
}

static void permissions_and_the_rest(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    char *told;
    server_answer(server, 200, NULL, "{\"permission\":{\"status\":\"HAS_PERMISSION\"}}");
    CHECK_OK(callcta_calling_permissions(client, PSID, &told, &error));
    CHECK_HAS(told, "\"status\":\"has_permission\"");
    callcta_string_free(told);
    CHECK_FAILS(callcta_calling_permissions(client, "someone", &told, &error), CALLCTA_INVALID_MESSAGE);
    FREE_ERROR();
    server_answer(server, 400, NULL,
                  "{\"error\":{\"message\":\"x\",\"code\":100,\"error_subcode\":1893056}}");
    CHECK_FAILS(callcta_calling_connect(client, PSID, "v=0", NULL, &error),
                CALLCTA_CALLING_NOT_ENABLED);
    FREE_ERROR();

    server_answer(server, 200, NULL, "{\"success\":true}");
    CHECK_OK(callcta_calling_request(client, "subscribe", "{\"fields\":[\"calls\"]}",
                                     "{\"headers\":{\"traceparent\":\"00-1\"}}", NULL, &told, &error));
    CHECK_STR(told, "null");
    CHECK_HAS(server_request(server, 2), "traceparent: 00-1");
    callcta_string_free(told);
    CHECK_FAILS(callcta_calling_request(client, "setings", NULL, NULL, NULL, NULL, &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "did you mean settings?");
    FREE_ERROR();
    CHECK_FAILS(callcta_calling_request(client, "settings", "[]", NULL, NULL, NULL, &error),
                CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    callcta_cancel_token *token;
    CHECK_OK(callcta_cancel_token_new(&token, &error));
    callcta_cancel_token_cancel(token);
    CHECK_FAILS(callcta_calling_request(client, "settings", NULL, NULL, token, NULL, &error),
                CALLCTA_CANCELLED);
    FREE_ERROR();
    callcta_cancel_token_free(token);
    callcta_client_free(client);
    server_stop(server);
}

int main(void) {
    settings_are_read_and_changed();
    a_call_is_accepted_once_and_in_time();
    permissions_and_the_rest();
    return 0;
}
