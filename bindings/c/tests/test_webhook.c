/* What comes back: signatures, challenges, events, repeats. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "testsupport.h"

static callcta_error *error;
static callcta_secrets *secrets;

static const char BODY[] =
    "{\"object\":\"page\",\"entry\":[{\"id\":\"1\",\"calls\":["
    "{\"id\":\"c_1\",\"from\":\"" PSID "\",\"to\":\"1\",\"event\":\"terminate\","
    "\"timestamp\":1671644830,\"status\":\"Completed\",\"start_time\":1671644825,"
    "\"end_time\":1671644830,\"duration\":5},"
    "{\"id\":\"c_1\",\"from\":\"" PSID "\",\"to\":\"1\",\"event\":\"connect\","
    "\"timestamp\":1671644824,\"call_direction\":\"user_initiated\"},"
    "{\"id\":\"c_1\",\"event\":\"media_update\",\"timestamp\":1671644826,"
    "\"session\":{\"version\":2,\"sdp_renegotiation\":{\"sdp\":\"v=0\\r\\n\"}}}],"
    "\"messaging\":[{\"sender\":{\"id\":\"" PSID "\"},\"message\":{\"mid\":\"m_1\","
    "\"text\":\"a\\u0000b\",\"quick_reply\":{\"payload\":\"YES\"}}},"
    "{\"postback\":{\"payload\":\"START\"}},7]}]}";

static char *sign(const void *body, size_t length) {
    char *header;
    CHECK_OK(callcta_secrets_sign(secrets, body, length, &header, &error));
    return header;
}

static void events_are_told(void) {
    callcta_webhook *webhook;
    char *header = sign(BODY, strlen(BODY));
    CHECK_OK(callcta_webhook_verify_and_parse(BODY, strlen(BODY), header, secrets, &webhook, &error));
    callcta_string_free(header);
    CHECK_STR(webhook->object, "page");
    CHECK_INT(webhook->secret, 0);
    CHECK_INT(webhook->count, 6);

    const callcta_event *message = webhook->events[0];
    CHECK_STR(message->type, "message");
    CHECK_STR(message->page_id, "1");
    CHECK_STR(message->psid, PSID);
    CHECK_STR(message->identity, "message:m_1");
    CHECK_STR(message->message_id, "m_1");
    CHECK_STR(message->text, "a\xef\xbf\xbd" "b");
    CHECK_STR(message->payload, "YES");
    CHECK_INT(message->time_ms, -1);
    CHECK(!message->standby && message->call == NULL && message->reason == NULL);
    CHECK_HAS(message->json, "\"type\":\"message\"");
    CHECK_HAS(message->raw, "\"mid\":\"m_1\"");
    CHECK_STR(webhook->events[1]->payload, "START");
    CHECK_STR(webhook->events[2]->type, "unknown");
    CHECK_STR(webhook->events[2]->reason, "the event is not an object");
    CHECK_STR(webhook->events[2]->raw, "7");

    const callcta_event *end = webhook->events[3], *connect = webhook->events[4],
                        *update = webhook->events[5];
    CHECK_STR(connect->identity, "call:c_1:connect");
    CHECK_STR(connect->psid, PSID);
    CHECK_STR(connect->call->id, "c_1");
    CHECK_STR(connect->call->event, "connect");
    CHECK_STR(connect->call->direction, "user_initiated");
    CHECK(connect->call->status == NULL && connect->call->offer_sdp == NULL);
    CHECK_INT(connect->call->version, -1);
    CHECK_INT(connect->call->duration_s, -1);
    CHECK_INT(connect->time_ms, 1671644824000);
    CHECK_STR(end->call->end_status, "completed");
    CHECK_INT(end->call->start_time_ms, 1671644825000);
    CHECK_INT(end->call->end_time_ms, 1671644830000);
    CHECK_INT(end->call->duration_s, 5);
    CHECK_STR(update->call->offer_sdp, "v=0\r\n");
    CHECK_INT(update->call->version, 2);
    CHECK(callcta_event_compare(connect, end) < 0);
    CHECK(callcta_event_compare(end, update) > 0);
    CHECK_INT(callcta_event_compare(end, end), 0);
    CHECK_INT(callcta_event_compare(end, NULL), 0);
    callcta_webhook_free(webhook);
}

static void refused(const char *body, const char *header, callcta_status want, unsigned status) {
    callcta_webhook *webhook;
    CHECK_FAILS(callcta_webhook_verify_and_parse(body, strlen(body), header, secrets, &webhook, &error),
                want);
    CHECK(webhook == NULL);
    CHECK_INT(error->http_status, status);
    CHECK_STR(error->kind, callcta_status_name(want));
    CHECK_INT(error->delivery, CALLCTA_DELIVERY_NOT_SENT);
    CHECK_INT(error->violations->count, 0);
    CHECK(strstr(error->message, "hidden") == NULL);
    FREE_ERROR();
    /* Also when nobody wants to know why. */
    CHECK_INT(callcta_webhook_verify_and_parse(body, strlen(body), header, secrets, &webhook, NULL), want);
}

static void others_are_refused(void) {
    char *header = sign("{}", 2), *list = sign("[1]", 3);
    refused("{}", NULL, CALLCTA_MISSING_SIGNATURE, 401);
    refused("{}", "", CALLCTA_MISSING_SIGNATURE, 401);
    refused("{}", "sha1=00", CALLCTA_MALFORMED_SIGNATURE, 401);
    refused("{}", "\xff\xfe", CALLCTA_MALFORMED_SIGNATURE, 401);
    refused("{} ", header, CALLCTA_WRONG_SIGNATURE, 401);
    refused("[1]", list, CALLCTA_INVALID_BODY, 400);
    callcta_string_free(list);

    size_t length = 10u << 20;
    char *large = malloc(length);
    callcta_webhook *webhook;
    CHECK(large != NULL);
    memset(large, '[', length);
    CHECK_FAILS(
        callcta_webhook_verify_and_parse(large, length, header, secrets, &webhook, &error),
        CALLCTA_TOO_LARGE);
    CHECK_INT(error->http_status, 413);
    FREE_ERROR();
    CHECK_FAILS(callcta_webhook_parse_unverified(large, 1000000, &webhook, &error),
                CALLCTA_INVALID_BODY);
    FREE_ERROR();
    free(large);
    callcta_string_free(header);

    /* A length of 0 is an empty body, not a text's end. */
    char *empty = sign("", 0);
    CHECK_FAILS(callcta_webhook_verify_and_parse("{}", 0, empty, secrets, &webhook, &error),
                CALLCTA_INVALID_BODY);
    FREE_ERROR();
    callcta_string_free(empty);
}

static void several_secrets(void) {
    callcta_secrets *both;
    callcta_webhook *webhook;
    char *header = sign("{}", 2);
    CHECK_OK(callcta_secrets_new("old", &both, &error));
    CHECK_FAILS(callcta_webhook_verify_and_parse("{}", 2, header, both, &webhook, &error),
                CALLCTA_WRONG_SIGNATURE);
    FREE_ERROR();
    CHECK_FAILS(callcta_secrets_add(both, "", &error), CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    CHECK_OK(callcta_secrets_add(both, "hidden", &error));
    CHECK_OK(callcta_webhook_verify_and_parse("{}", 2, header, both, &webhook, &error));
    CHECK_INT(webhook->secret, 1);
    callcta_webhook_free(webhook);
    CHECK_OK(callcta_webhook_parse_unverified("{}", 2, &webhook, &error));
    CHECK_INT(webhook->secret, -1);
    CHECK(webhook->object == NULL);
    callcta_webhook_free(webhook);
    callcta_string_free(header);
    callcta_secrets_free(both);

    /* Of `body` with the key `secret`. */
    const char *old = "sha1=a18991ff7e4513a1c2d2ee51e3a8e99ca891d9cd";
    CHECK_OK(callcta_secrets_new("secret", &both, &error));
    CHECK_FAILS(callcta_webhook_verify_and_parse("body", 4, old, both, &webhook, &error),
                CALLCTA_MALFORMED_SIGNATURE);
    FREE_ERROR();
    CHECK_OK(callcta_secrets_accept_sha1(both, true, &error));
    CHECK_FAILS(callcta_webhook_verify_and_parse("body", 4, old, both, &webhook, &error),
                CALLCTA_INVALID_BODY);
    FREE_ERROR();
    callcta_secrets_free(both);
    CHECK_FAILS(callcta_secrets_new("", &both, &error), CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
}

static void challenges(void) {
    char *answer;
    const char *query = "hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=1%2B1";
    CHECK_OK(callcta_webhook_answer_challenge(query, "my token", &answer, &error));
    CHECK_STR(answer, "1+1");
    callcta_string_free(answer);
    CHECK_FAILS(callcta_webhook_answer_challenge(query, "hidden", &answer, &error),
                CALLCTA_WRONG_VERIFY_TOKEN);
    CHECK_INT(error->http_status, 403);
    CHECK(strstr(error->message, "hidden") == NULL);
    FREE_ERROR();
    CHECK_FAILS(callcta_webhook_answer_challenge("\xff", "t", &answer, &error), CALLCTA_NO_CHALLENGE);
    CHECK(answer == NULL);
    FREE_ERROR();
}

static void *ask(void *deduplicator) {
    size_t count = 0;
    for (int i = 0; i < 200; i++) {
        char identity[16];
        snprintf(identity, sizeof identity, "%d", i);
        count += callcta_deduplicator_is_new(deduplicator, identity);
    }
    return (void *)count;
}

static void repeats_are_told_once(void) {
    callcta_deduplicator *seen;
    pthread_t threads[4];
    size_t count = 0;
    CHECK_OK(callcta_deduplicator_new(1000, &seen, &error));
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, ask, seen) == 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        count += (size_t)result;
    }
    CHECK_INT(count, 200);
    callcta_deduplicator_forget(seen, "5");
    CHECK(callcta_deduplicator_is_new(seen, "5"));
    CHECK(!callcta_deduplicator_is_new(seen, "5"));
    CHECK(!callcta_deduplicator_is_new(seen, NULL));
    CHECK(!callcta_deduplicator_is_new(NULL, "5"));
    callcta_deduplicator_free(seen);
}

int main(void) {
    CHECK_OK(callcta_secrets_new("hidden", &secrets, &error));
    events_are_told();
    others_are_refused();
    several_secrets();
    challenges();
    repeats_are_told_once();
    callcta_secrets_free(secrets);
    puts("webhook: as expected");
    return 0;
}
