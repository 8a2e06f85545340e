/* Runs the shared webhooks and prints a report per line;
 * tests/vectors/webhooks/README.md at the top describes both. */
#include "runner.h"
#include "testsupport.h"

static callcta_error *error;

static callcta_secrets *make_secrets(const json_value *texts) {
    callcta_secrets *secrets;
    const json_value *it = texts ? texts->child : NULL;
    CHECK_OK(callcta_secrets_new(it ? it->string : "test-secret", &secrets, &error));
    for (it = it ? it->next : NULL; it != NULL; it = it->next)
        CHECK_OK(callcta_secrets_add(secrets, it->string, &error));
    return secrets;
}

void run_case(const char *file, const json_value *json) {
    const char *body = json_string(json, "body"), *header = json_string(json, "header");
    callcta_secrets *secrets = make_secrets(json_get(json, "secrets")), *signer = make_secrets(NULL);
    callcta_webhook *webhook = NULL;
    char *made = NULL;
    if (json_get(json, "header") == NULL) {
        CHECK_OK(callcta_secrets_sign(signer, body, strlen(body), &made, &error));
        header = made;
    }
    printf("{\"file\":\"%s\",\"name\":\"%s\",", file, json_string(json, "name"));
    if (callcta_webhook_verify_and_parse(body, strlen(body), header, secrets, &webhook, &error)) {
        printf("\"refusal\":\"%s\"}\n", error->kind);
        FREE_ERROR();
    } else {
        printf("\"webhook\":{\"secret\":%lld,\"object\":", (long long)webhook->secret);
        if (webhook->object) json_print(webhook->object);
        else printf("null");
        printf(",\"events\":[");
        for (size_t i = 0; i < webhook->count; i++)
            printf("%s%s", i ? "," : "", webhook->events[i]->json);
        puts("]}}");
    }
    callcta_webhook_free(webhook);
    callcta_string_free(made);
    callcta_secrets_free(signer);
    callcta_secrets_free(secrets);
}
