/* Runs the shared vectors of calling and prints a report per line;
 * tests/vectors/calling/README.md at the top describes both. */
#include "runner.h"
#include "testsupport.h"

static callcta_error *error;

/* The same through the function of that name, if there is one. */
static callcta_status ask(const callcta_client *client, const json_value *json, char **told,
                         callcta_call_session **session) {
    const json_value *with = json_get(json, "with");
    const char *name = json_string(json, "ask"), *call = json_string(with, "call_id"),
               *psid = json_string(with, "psid"), *offer = json_string(with, "offer");
    if (json_get(json, "unchecked") != NULL)
        return callcta_calling_request(client, name, with ? with->source : NULL,
                                       "{\"unchecked\": true}", NULL, told, &error);
    if (strcmp(name, "settings") == 0) return callcta_calling_settings(client, told, &error);
    if (strcmp(name, "set_settings") == 0)
        return callcta_calling_set_settings(client, json_get(with, "settings")->source, &error);
    if (strcmp(name, "permissions") == 0)
        return callcta_calling_permissions(client, psid, told, &error);
    if (strcmp(name, "reject") == 0) return callcta_calling_reject(client, call, &error);
    if (strcmp(name, "terminate") == 0) return callcta_calling_terminate(client, call, &error);
    if (strcmp(name, "accept") == 0) {
        const json_value *rang_at = json_get(with, "rang_at");
        int64_t at = rang_at ? strtoll(rang_at->source, NULL, 10) : -1;
        return callcta_calling_accept(client, call, offer, at, session, &error);
    }
    if (strcmp(name, "connect") == 0)
        return callcta_calling_connect(client, psid, offer, session, &error);
    return callcta_calling_request(client, name, with ? with->source : NULL, NULL, NULL, told, &error);
}

static void print_text(const char *name, const char *text) {
    printf("\"%s\":", name);
    if (text != NULL) json_print(text);
    else printf("null");
}

static void print_session(const callcta_call_session *session) {
    printf("\"result\":{");
    print_text("call_id", session->call_id);
    putchar(',');
    print_text("answer", session->answer);
    putchar(',');
    print_text("renegotiation", session->renegotiation);
    printf(",\"raw\":%s}}\n", session->raw);
}

static void print_error(void) {
    printf("\"error\":{\"kind\":\"%s\",\"delivery\":\"%s\",\"may_retry\":%s", error->kind,
           error->delivery_name, error->may_retry ? "true" : "false");
    if (error->http_status != 0) printf(",\"http_status\":%u", error->http_status);
    if (error->graph != NULL) {
        printf(",\"code\":%lld", (long long)error->graph->code);
        if (error->graph->has_subcode)
            printf(",\"subcode\":%lld", (long long)error->graph->subcode);
    }
    if (error->violations->count > 0) print_violations(error->violations);
    puts("}}");
    FREE_ERROR();
}

void run_case(const char *file, const json_value *json) {
    callcta_config *config = make_config(case_url(file, json));
    callcta_client *client;
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "1", &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    char *told = NULL;
    callcta_call_session *session = NULL;
    printf("{\"file\":\"%s\",\"name\":\"%s\",", file, json_string(json, "name"));
    if (ask(client, json, &told, &session) != CALLCTA_OK) print_error();
    else if (session != NULL) print_session(session);
    else printf("\"result\":%s}\n", told ? told : "null");
    callcta_call_session_free(session);
    callcta_string_free(told);
    callcta_client_free(client);
    callcta_config_free(config);
}
