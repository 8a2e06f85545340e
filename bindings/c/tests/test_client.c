/* Sends: what goes out, what comes back, what fails. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "testsupport.h"

#include <pthread.h>

static callcta_error *error;

/* Sends the sample with these settings, which are freed. */
static callcta_status send_sample(callcta_config *config, callcta_receipt **receipt) {
    callcta_client *client = NULL;
    callcta_message *message = make_message();
    CHECK_OK(callcta_client_new(config, &client, &error));
    callcta_config_free(config);
    callcta_status status = callcta_client_send(client, PSID, message, receipt, &error);
    callcta_message_free(message);
    callcta_client_free(client);
    return status;
}

static void a_send_that_works(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_message *message = make_message();
    callcta_receipt *receipt = NULL;
    server_answer(server, 200,
                  "X-App-Usage: {\"call_count\":1,\"total_time\":2,\"total_cputime\":3}\r\n"
                  "X-Business-Use-Case-Usage: {\"" PAGE_ID "\":[{\"type\":\"messenger\","
                  "\"call_count\":101,\"estimated_time_to_regain_access\":2}]}\r\n",
                  "{\"recipient_id\":\"" PSID "\",\"message_id\":\"m_5z3\"}");
    CHECK_OK(callcta_client_send(client, PSID, message, &receipt, &error));
    CHECK_STR(receipt->message_id, "m_5z3");
    CHECK_STR(receipt->recipient_id, PSID);
    CHECK_INT(receipt->attempts, 1);
    CHECK_INT(receipt->usage_count, 2);
    CHECK_STR(receipt->usage[0]->object_id, NULL);
    CHECK_STR(receipt->usage[0]->type, NULL);
    CHECK_INT(receipt->usage[0]->call_count, 1);
    CHECK_INT(receipt->usage[0]->total_time, 2);
    CHECK_INT(receipt->usage[0]->total_cputime, 3);
    CHECK_INT(receipt->usage[0]->regain_access_after_ms, -1);
    CHECK_STR(receipt->usage[1]->object_id, PAGE_ID);
    CHECK_STR(receipt->usage[1]->type, "messenger");
    CHECK_INT(receipt->usage[1]->call_count, 101);
    CHECK_INT(receipt->usage[1]->regain_access_after_ms, 120000);
    callcta_receipt_free(receipt);

    CHECK_HAS(server_request(server, 0), "POST /v");
    CHECK_HAS(server_request(server, 0), "/" PAGE_ID "/messages HTTP/1.1\r\n");
    CHECK_HAS(server_request(server, 0), "Bearer " TOKEN "\r\n");
    CHECK_STR(server_body(server, 0),
              "{\"recipient\":{\"id\":\"" PSID "\"},\"message\":{\"attachment\":{\"type\":"
              "\"template\",\"payload\":{\"template_type\":\"button\",\"text\":\"Contact Support!\","
              "\"buttons\":[{\"type\":\"audio_call\",\"title\":\"Call Now\","
              "\"expires_in_days\":5}]}}}}");

    /* Neither a receipt nor an error need be asked for. */
    CHECK_INT(callcta_client_send(client, PSID, message, NULL, NULL), CALLCTA_OK);
    /* The platform leaves the recipient out. */
    server_answer(server, 200, NULL, "{\"message_id\":\"m_3\"}");
    CHECK_OK(callcta_client_send(client, PSID, message, &receipt, &error));
    CHECK_STR(receipt->recipient_id, NULL);
    CHECK_INT(receipt->usage_count, 0);
    CHECK(receipt->usage == NULL);
    callcta_receipt_free(receipt);
    callcta_message_free(message);
    callcta_client_free(client);
    server_stop(server);
}

static void a_request_with_everything(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_request *request = make_request(PSID);
    const struct {
        callcta_option option;
        const char *text;
        const char *wire;
    } texts[] = {
        {CALLCTA_OPTION_MESSAGING_TYPE, "MESSAGE_TAG", "\"messaging_type\":\"MESSAGE_TAG\""},
        {CALLCTA_OPTION_TAG, "HUMAN_AGENT", "\"tag\":\"HUMAN_AGENT\""},
        {CALLCTA_OPTION_NOTIFICATION_TYPE, "NO_PUSH", "\"notification_type\":\"NO_PUSH\""},
        {CALLCTA_OPTION_PERSONA_ID, "77", "\"persona_id\":\"77\""},
        {CALLCTA_OPTION_REPLY_TO, "m_9", "\"reply_to\":{\"mid\":\"m_9\"}"},
        {CALLCTA_OPTION_METADATA, "order 42", "\"metadata\":\"order 42\""},
    };
    const size_t count = sizeof texts / sizeof *texts;
    for (size_t i = 0; i < count; i++)
        CHECK_OK(callcta_request_set(request, texts[i].option, texts[i].text, &error));
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_FIELDS, "{\"folder\":\"PARTNERSHIP\"}",
                                 &error));
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_DEADLINE_UNIX_MS,
                                 "32503680000000", &error)); /* the year 3000 */
    CHECK_OK(callcta_client_send_request(client, request, NULL, &error));
    for (size_t i = 0; i < count; i++) CHECK_HAS(server_body(server, 0), texts[i].wire);
    CHECK_HAS(server_body(server, 0), "\"folder\":\"PARTNERSHIP\"");

    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_DEADLINE_UNIX_MS, "1", &error));
    CHECK_FAILS(callcta_client_send_request(client, request, NULL, &error),
                CALLCTA_DEADLINE_PASSED);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    FREE_ERROR();
    callcta_request_free(request);

    const struct {
        callcta_recipient form;
        const char *to;
        const char *wire;
    } forms[] = {
        {CALLCTA_RECIPIENT_USER_REF, "r", "{\"recipient\":{\"user_ref\":\"r\"}"},
        {CALLCTA_RECIPIENT_COMMENT_ID, "c", "{\"recipient\":{\"comment_id\":\"c\"}"},
        {CALLCTA_RECIPIENT_POST_ID, "p", "{\"recipient\":{\"post_id\":\"p\"}"},
        {CALLCTA_RECIPIENT_JSON, "{\"new\":1}", "{\"recipient\":{\"new\":1}"},
    };
    callcta_message *message = make_message();
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        CHECK_OK(callcta_request_new(forms[i].form, forms[i].to, message, &request, &error));
        CHECK_OK(callcta_client_send_request(client, request, NULL, &error));
        CHECK_HAS(server_body(server, i + 1), forms[i].wire);
        callcta_request_free(request);
    }
    CHECK_FAILS(callcta_request_new(CALLCTA_RECIPIENT_JSON, "7", message, &request, &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK(request == NULL);
    FREE_ERROR();
    CHECK_FAILS(callcta_request_new(9, PSID, message, &request, &error), CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    callcta_message_free(message);
    callcta_client_free(client);
    server_stop(server);
}

static void an_invalid_message(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_message *message = NULL;
    callcta_request *request = NULL;
    callcta_receipt *receipt = NULL;
    CHECK_OK(callcta_message_generic(&message, &error));
    CHECK_FAILS(callcta_client_send(client, PSID, message, &receipt, &error),
                CALLCTA_INVALID_MESSAGE);
    CHECK(receipt == NULL);
    CHECK_STR(error->kind, "invalid_message");
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    CHECK_STR(error->delivery_name, "not_sent");
    CHECK_INT(error->violations->count, 1);
    CHECK_STR(error->violations->items[0]->path, "message.attachment.payload.elements");
    CHECK_INT(error->attempts, 0);
    CHECK(error->graph == NULL);
    FREE_ERROR();
    CHECK_INT(server_count(server), 0);

    CHECK_OK(callcta_request_new(CALLCTA_RECIPIENT_PSID, PSID, message, &request, &error));
    CHECK_FAILS(callcta_client_send_request(client, request, NULL, &error),
                CALLCTA_INVALID_MESSAGE);
    FREE_ERROR();
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_UNCHECKED, "true", &error));
    CHECK_OK(callcta_client_send_request(client, request, NULL, &error));
    CHECK_INT(server_count(server), 1);
    callcta_request_free(request);
    callcta_message_free(message);
    callcta_client_free(client);
    server_stop(server);
}

static void the_platforms_error_arrives_whole(void) {
    server *server = server_start();
    server_answer(server, 400, "Retry-After: 7\r\nX-App-Usage: {\"call_count\":99}\r\n",
                  "{\"error\":{\"message\":\"(#10) outside\\u0000window\",\"type\":\"OAuthException\","
                  "\"code\":10,\"error_subcode\":2018278,\"error_user_title\":\"Too late\","
                  "\"error_user_msg\":\"The window has closed\",\"is_transient\":false,"
                  "\"fbtrace_id\":\"Trace1\"}}");
    CHECK_FAILS(send_sample(make_config(server_url(server)), NULL), CALLCTA_OUTSIDE_WINDOW);
    CHECK_STR(error->kind, "outside_window");
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_REJECTED);
    CHECK_STR(error->delivery_name, "rejected");
    CHECK_HAS(error->message, "code 10, subcode 2018278, trace Trace1");
    CHECK_HAS(error->advice, "window");
    CHECK(!error->may_retry);
    CHECK_INT(error->attempts, 1);
    CHECK_INT(error->http_status, 400);
    CHECK_INT(error->retry_after_ms, 7000);
    CHECK_INT(error->violations->count, 0);
    CHECK_INT(error->usage_count, 1);
    CHECK_INT(error->usage[0]->call_count, 99);
    const callcta_graph_error *graph = error->graph;
    CHECK_INT(graph->code, 10);
    CHECK(graph->has_subcode);
    CHECK_INT(graph->subcode, 2018278);
    CHECK_INT(graph->is_transient, 0);
    CHECK_STR(graph->type, "OAuthException");
    CHECK_STR(graph->message, "(#10) outside\xef\xbf\xbdwindow");
    CHECK_STR(graph->user_title, "Too late");
    CHECK_STR(graph->user_message, "The window has closed");
    CHECK_STR(graph->trace_id, "Trace1");
    FREE_ERROR();

    server_answer(server, 400, NULL, "{\"error\":{\"code\":190}}");
    CHECK_FAILS(send_sample(make_config(server_url(server)), NULL), CALLCTA_AUTHENTICATION);
    graph = error->graph;
    CHECK(!graph->has_subcode);
    CHECK_INT(graph->is_transient, -1);
    CHECK(!graph->type && !graph->message && !graph->user_title && !graph->user_message);
    CHECK(!graph->trace_id);
    CHECK_INT(error->retry_after_ms, -1);
    FREE_ERROR();
    server_stop(server);
}

static void no_answer(void) {
    char *url = refusing_url();
    CHECK_FAILS(send_sample(make_config(url), NULL), CALLCTA_CONNECT);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    CHECK(error->may_retry);
    CHECK(error->cause != NULL);
    CHECK_INT(error->http_status, 0);
    CHECK(strstr(error->message, TOKEN) == NULL && strstr(error->cause, TOKEN) == NULL);
    FREE_ERROR();
    refusing_url_free(url);

    server *server = server_start();
    server_drop(server);
    CHECK_FAILS(send_sample(make_config(server_url(server)), NULL), CALLCTA_NETWORK);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_UNKNOWN);
    CHECK_STR(error->delivery_name, "unknown");
    CHECK(!error->may_retry);
    FREE_ERROR();

    server_hold(server);
    callcta_config *config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_TIMEOUT_MS, "50", &error));
    CHECK_FAILS(send_sample(config, NULL), CALLCTA_TIMEOUT);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_UNKNOWN);
    CHECK(error->elapsed_ms >= 50);
    FREE_ERROR();
    server_stop(server);
}

typedef struct {
    unsigned count;
    callcta_status last_status;
    uint32_t last_attempt;
    uint64_t last_wait;
} retries;

static void count_retry(void *user_data, const callcta_error *why, uint32_t attempt,
                        uint64_t wait_ms) {
    retries *told = user_data;
    told->count++;
    told->last_status = why->status;
    told->last_attempt = attempt;
    told->last_wait = wait_ms;
}

static void retries_are_told(void) {
    server *server = server_start();
    callcta_config *config = make_config(server_url(server));
    callcta_receipt *receipt = NULL;
    retries told = {0};
    server_answer(server, 429, NULL, "{}");
    server_answer(server, 429, NULL, "{}");
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "3", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BASE_DELAY_MS, "0", &error));
    CHECK_OK(callcta_config_set_on_retry(config, count_retry, &told, &error));
    CHECK_OK(send_sample(config, &receipt));
    CHECK_INT(receipt->attempts, 3);
    CHECK_INT(told.count, 2);
    CHECK_INT(told.last_status, CALLCTA_RATE_LIMITED);
    CHECK_INT(told.last_attempt, 2);
    CHECK_INT(told.last_wait, 0);
    callcta_receipt_free(receipt);
    CHECK_INT(server_count(server), 3);

    /* The longest wait is less than what the platform asks for. */
    server_answer(server, 429, "Retry-After: 100\r\n", "{}");
    config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "3", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_MAX_DELAY_MS, "99999", &error));
    CHECK_FAILS(send_sample(config, NULL), CALLCTA_RATE_LIMITED);
    CHECK_INT(error->attempts, 1);
    FREE_ERROR();

    /* What may have arrived is sent again on request only. */
    server_answer(server, 500, NULL, "{}");
    config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "2", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BASE_DELAY_MS, "0", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_RETRY_UNKNOWN, "true", &error));
    /* Nobody is told any more. */
    CHECK_OK(callcta_config_set_on_retry(config, count_retry, &told, &error));
    CHECK_OK(callcta_config_set_on_retry(config, NULL, NULL, &error));
    CHECK_OK(send_sample(config, NULL));
    CHECK_INT(server_count(server), 6);
    CHECK_INT(told.count, 2);

    /* A request may have its own user data. */
    retries of_all = {0}, of_one = {0};
    callcta_client *client = NULL;
    callcta_request *request = make_request(PSID);
    for (unsigned i = 0; i < 4; i++) server_answer(server, 429, NULL, "{}");
    config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "2", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BASE_DELAY_MS, "0", &error));
    CHECK_OK(callcta_config_set_on_retry(config, count_retry, &of_all, &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_FAILS(callcta_client_send_request(client, request, NULL, &error), CALLCTA_RATE_LIMITED);
        FREE_ERROR();
        CHECK_INT(of_all.count, 1);
        CHECK_INT(of_one.count, i);
        CHECK_OK(callcta_request_set_retry_data(request, &of_one, &error));
    }
    callcta_request_free(request);
    callcta_client_free(client);
    callcta_config_free(config);
    server_stop(server);
}

static void settings_take_effect(void) {
    server *server = server_start();
    callcta_config *config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_VERSION, "v25.0", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_APP_SECRET, "a secret", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_USER_AGENT, "tester/1", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_USE_ME, "true", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_TOKEN_PLACEMENT, "body", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_CONNECT_TIMEOUT_MS, "9000", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_MAX_IDLE_CONNECTIONS, "1", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_PROXY_FROM_ENV, "false", &error));
    CHECK_OK(send_sample(config, NULL));
    CHECK_HAS(server_request(server, 0), "POST /v25.0/me/messages HTTP/1.1\r\n");
    CHECK_HAS(server_request(server, 0), "tester/1\r\n");
    CHECK_HAS(server_body(server, 0), "\"access_token\":\"" TOKEN "\"");
    CHECK_HAS(server_body(server, 0), "\"appsecret_proof\":\"");
    CHECK(strstr(server_request(server, 0), "Bearer") == NULL);

    const char *places[] = {"query", "header"};
    const char *wire[] = {"/messages?access_token=" TOKEN " HTTP", "Bearer " TOKEN "\r\n"};
    for (size_t i = 0; i < 2; i++) {
        config = make_config(server_url(server));
        CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_TOKEN_PLACEMENT, places[i], &error));
        CHECK_OK(send_sample(config, NULL));
        CHECK_HAS(server_request(server, i + 1), wire[i]);
    }

    config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BODY_LIMIT, "10", &error));
    CHECK_FAILS(send_sample(config, NULL), CALLCTA_INVALID_RESPONSE);
    FREE_ERROR();

    /* A code of one's own, with and without a subcode. */
    server_answer(server, 400, NULL, "{\"error\":{\"code\":100,\"error_subcode\":7}}");
    config = make_config(server_url(server));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES,
                                "[{\"code\": 100, \"subcode\": 7}, {\"code\": 4242}]", &error));
    CHECK_FAILS(send_sample(config, NULL), CALLCTA_CALLING_NOT_ENABLED);
    FREE_ERROR();
    server_stop(server);
}

static void settings_that_cannot_be(void) {
    callcta_client *client = NULL;
    callcta_config *config = make_config("http://example.com");
    CHECK_FAILS(callcta_client_new(config, &client, &error), CALLCTA_INVALID_ARGUMENT);
    CHECK(client == NULL);
    CHECK_HAS(error->message, "https");
    FREE_ERROR();
    const struct {
        callcta_setting setting;
        const char *text;
    } texts[] = {
        {CALLCTA_SETTING_VERSION, "26"},
        {CALLCTA_SETTING_APP_SECRET, ""},
        {CALLCTA_SETTING_PROXY, "not a proxy"},
        {CALLCTA_SETTING_EXTRA_CA_PEM, "not a certificate"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        callcta_config_free(config);
        config = make_config("https://example.com");
        CHECK_OK(callcta_config_set(config, texts[i].setting, texts[i].text, &error));
        CHECK_FAILS(callcta_client_new(config, &client, &error), CALLCTA_INVALID_ARGUMENT);
        FREE_ERROR();
    }
    /* Values of another type, and settings and options that don't exist. */
    const struct {
        callcta_setting setting;
        const char *value;
        const char *message;
    } wrong[] = {
        {CALLCTA_SETTING_TIMEOUT_MS, "5s", "timeout_ms must be a number of milliseconds"},
        {CALLCTA_SETTING_TIMEOUT_MS, "null", "timeout_ms must be a number of milliseconds"},
        {CALLCTA_SETTING_USE_ME, "1", "use_me must be true or false"},
        {CALLCTA_SETTING_ATTEMPTS, "4294967296", "attempts must be a whole number"},
        {CALLCTA_SETTING_TOKEN_PLACEMENT, "0", "token_placement must be header, query or body"},
        {CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES, "7", "calling_not_enabled_codes must be a list"},
        {0, "x", "setting is 0, a callcta_status, where a callcta_setting belongs"},
        {7, "x", "setting is 7, which no callcta_setting is"},
        {4999, "x", "setting is 4999, which no callcta_setting is"},
        {UINT32_MAX, "x", "setting is 4294967295, which no callcta_setting is"},
        {CALLCTA_OPTION_TAG, "x", "a callcta_option, where a callcta_setting belongs"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_FAILS(callcta_config_set(config, wrong[i].setting, wrong[i].value, &error),
                    CALLCTA_INVALID_ARGUMENT);
        CHECK_HAS(error->message, wrong[i].message);
        FREE_ERROR();
    }
    callcta_request *request = make_request(PSID);
    CHECK_FAILS(callcta_request_set(request, CALLCTA_SETTING_TIMEOUT_MS, "5000", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "option is 4008, a callcta_setting, where a callcta_option belongs");
    FREE_ERROR();
    CHECK_FAILS(callcta_config_set_named(config, "tiemout_ms", "5000", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "no such setting: tiemout_ms; did you mean timeout_ms?");
    FREE_ERROR();
    CHECK_FAILS(callcta_config_set_named(config, "timeout_ms", "soon", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "timeout_ms must be a number of milliseconds");
    FREE_ERROR();
    CHECK_FAILS(callcta_request_set_named(request, "tga", "x", &error), CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "no such option: tga; did you mean tag?");
    FREE_ERROR();
    callcta_config_free(config);
    CHECK_FAILS(callcta_request_set(request, CALLCTA_OPTION_UNCHECKED, "yes", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "unchecked must be true or false");
    FREE_ERROR();
    callcta_request_free(request);
}

static void settings_and_options_have_names(void) {
    server *server = server_start();
    callcta_config *config = make_config(server_url(server));
    callcta_client *client = NULL;
    callcta_request *request = make_request(PSID);
    CHECK_OK(callcta_config_set_named(config, "version", "v25.0", &error));
    CHECK_OK(callcta_config_set_named(config, "user_agent", "5000", &error));
    CHECK_OK(callcta_config_set_named(config, "timeout_ms", "5000", &error));
    CHECK_OK(callcta_config_set_named(config, "use_me", "true", &error));
    CHECK_OK(callcta_config_set_named(config, "retry", "{\"attempts\": 1}", &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    CHECK_OK(callcta_request_set_named(request, "metadata", "7", &error));
    CHECK_OK(callcta_request_set_named(request, "deadline_ms", "99999999999999", &error));
    server_answer(server, 429, NULL, "{}");
    CHECK_FAILS(callcta_client_send_request(client, request, NULL, &error), CALLCTA_RATE_LIMITED);
    FREE_ERROR();
    CHECK_HAS(server_request(server, 0), "POST /v25.0/me/messages HTTP/1.1\r\n");
    CHECK_HAS(server_request(server, 0), ": 5000\r\n");
    CHECK_HAS(server_body(server, 0), "\"metadata\":\"7\"");
    callcta_request_free(request);
    callcta_client_free(client);
    callcta_config_free(config);
    server_stop(server);
}

static void settings_come_from_the_environment(void) {
    server *server = server_start();
    callcta_config *config = NULL;
    unsetenv("CALLCTA_PAGE_ID");
    unsetenv("CALLCTA_ACCESS_TOKEN");
    CHECK_FAILS(callcta_config_from_env(&config, &error), CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "CALLCTA_PAGE_ID and CALLCTA_ACCESS_TOKEN must be set");
    FREE_ERROR();
    setenv("CALLCTA_PAGE_ID", PAGE_ID, 1);
    setenv("CALLCTA_ACCESS_TOKEN", TOKEN, 1);
    setenv("CALLCTA_APP_SECRET", "a secret", 1);
    setenv("CALLCTA_BASE_URL", server_url(server), 1);
    CHECK_OK(callcta_config_from_env(&config, &error));
    CHECK_OK(send_sample(config, NULL));
    CHECK_HAS(server_request(server, 0), "/" PAGE_ID "/messages");
    CHECK_HAS(server_request(server, 0), "Bearer " TOKEN "\r\n");
    CHECK_HAS(server_request(server, 0), "appsecret_proof");
    server_stop(server);
}

static void tokens_and_headers_and_time_limits_can_change(void) {
    server *server = server_start();
    callcta_config *config = make_config(server_url(server));
    callcta_client *client = NULL;
    callcta_request *request = make_request(PSID);
    CHECK_FAILS(callcta_config_set(config, CALLCTA_SETTING_HEADERS, "[]", &error),
                CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_HEADERS,
                                "{\"x-trace\": \"all\", \"x-app\": \"1\"}", &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    CHECK_FAILS(callcta_client_set_access_token(client, "", &error), CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    CHECK_OK(callcta_client_set_access_token(client, "another", &error));
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_HEADERS, "{\"x-trace\": \"one\"}", &error));
    CHECK_OK(callcta_client_send_request(client, request, NULL, &error));
    CHECK_HAS(server_request(server, 0), "Bearer another\r\n");
    CHECK_HAS(server_request(server, 0), ": one\r\n");
    CHECK_HAS(server_request(server, 0), "x-app: 1\r\n");
    CHECK(strstr(server_request(server, 0), ": all\r\n") == NULL);
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_TIMEOUT_MS, "50", &error));
    server_hold(server);
    CHECK_FAILS(callcta_client_send_request(client, request, NULL, &error), CALLCTA_TIMEOUT);
    FREE_ERROR();
    callcta_request_free(request);
    callcta_client_free(client);
    callcta_config_free(config);
    server_stop(server);
}

static void numbers_have_names(void) {
    CHECK_STR(callcta_status_name(CALLCTA_OK), "ok");
    CHECK_STR(callcta_status_name(CALLCTA_OUTSIDE_WINDOW), "outside_window");
    CHECK_STR(callcta_status_name(CALLCTA_QUEUE_FULL), "queue_full");
    CHECK_STR(callcta_status_name(1), "unnamed");
    CHECK_STR(callcta_status_name(CALLCTA_DELIVERY_UNKNOWN), "unnamed");
    CHECK_STR(callcta_delivery_name(CALLCTA_DELIVERY_UNKNOWN), "unknown");
    CHECK_STR(callcta_delivery_name(CALLCTA_TIMEOUT), "unnamed");
    CHECK_STR(callcta_reason_name(CALLCTA_REASON_ABORTED), "aborted");
    CHECK_STR(callcta_reason_name(0), "unnamed");
    CHECK_STR(callcta_severity_name(CALLCTA_SEVERITY_WARNING), "warning");
    CHECK_STR(callcta_severity_name(UINT32_MAX), "unnamed");
}

static void *send_one(void *client) {
    callcta_message *message = make_message();
    callcta_error *failed = NULL;
    callcta_client_send(client, PSID, message, NULL, &failed);
    callcta_message_free(message);
    return failed;
}

static void closing_ends_what_is_in_flight(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    pthread_t thread;
    void *result;
    server_hold(server);
    CHECK(pthread_create(&thread, NULL, send_one, client) == 0);
    server_await(server, 1);
    callcta_client_close(client);
    pthread_join(thread, &result);
    error = result;
    CHECK(error != NULL);
    CHECK_INT(error->status, CALLCTA_CANCELLED);
    CHECK_INT(error->reason, CALLCTA_REASON_CLOSED);
    CHECK_STR(error->reason_name, "closed");
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_UNKNOWN);
    FREE_ERROR();
    error = send_one(client);
    CHECK_INT(error->status, CALLCTA_CANCELLED);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    FREE_ERROR();
    callcta_client_free(client);
    server_stop(server);
}

typedef struct {
    callcta_client *client;
    callcta_cancel_token *token;
    callcta_error *error;
} given_up;

static void *send_until(void *argument) {
    given_up *it = argument;
    callcta_request *request = make_request(PSID);
    callcta_client_send_request_until(it->client, request, it->token, NULL, &it->error);
    callcta_request_free(request);
    return NULL;
}

static void a_send_is_given_up(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    given_up sends[2] = {{client, NULL, NULL}, {client, NULL, NULL}};
    pthread_t threads[2];
    server_hold(server);
    for (size_t i = 0; i < 2; i++) {
        CHECK_OK(callcta_cancel_token_new(&sends[i].token, &error));
        CHECK(pthread_create(&threads[i], NULL, send_until, &sends[i]) == 0);
    }
    server_await(server, 2);
    callcta_cancel_token_cancel(sends[0].token);
    pthread_join(threads[0], NULL);
    error = sends[0].error;
    CHECK(error != NULL);
    CHECK_INT(error->status, CALLCTA_CANCELLED);
    CHECK_INT(error->reason, CALLCTA_REASON_ABORTED);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_UNKNOWN);
    FREE_ERROR();
    server_release(server);
    pthread_join(threads[1], NULL);
    CHECK(sends[1].error == NULL);
    /* A token stays as it is. */
    send_until(&sends[0]);
    error = sends[0].error;
    CHECK_INT(error->status, CALLCTA_CANCELLED);
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    FREE_ERROR();
    CHECK_INT(server_count(server), 2);
    for (size_t i = 0; i < 2; i++) callcta_cancel_token_free(sends[i].token);
    callcta_client_free(client);
    server_stop(server);
}

static void threads_share_a_client(void) {
    enum { THREADS = 8 };
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    pthread_t threads[THREADS];
    server_hold(server);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, send_one, client) == 0);
    /* All of them are on the way at once. */
    server_await(server, THREADS);
    server_release(server);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
    callcta_client_free(client);
    server_stop(server);
}

int main(void) {
    a_send_that_works();
    a_request_with_everything();
    an_invalid_message();
    the_platforms_error_arrives_whole();
    no_answer();
    retries_are_told();
    settings_take_effect();
    settings_that_cannot_be();
    settings_and_options_have_names();
    settings_come_from_the_environment();
    tokens_and_headers_and_time_limits_can_change();
    numbers_have_names();
    closing_ends_what_is_in_flight();
    a_send_is_given_up();
    threads_share_a_client();
    return 0;
}
