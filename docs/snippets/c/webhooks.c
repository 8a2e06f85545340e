/* A CGI program, which any web server can run for a webhook's address. The headers come in
 * the environment, the body on standard input. */
#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char body[1 << 20];

static int refuse(callcta_error *error) {
    printf("Status: %u\r\n\r\n", error->http_status ? error->http_status : 500);
    callcta_error_free(error);
    return 0;
}

int main(void) {
    callcta_error *error;
    const char *method = getenv("REQUEST_METHOD"), *query = getenv("QUERY_STRING");
    if (method && strcmp(method, "GET") == 0) { /* Meta checks the address, once. */
        char *answer;
        const char *verify_token = getenv("CALLCTA_VERIFY_TOKEN");
        if (callcta_webhook_answer_challenge(query ? query : "", verify_token, &answer, &error)) {
            return refuse(error);
        }
        printf("Content-Type: text/plain\r\n\r\n%s", answer);
        callcta_string_free(answer);
        return 0;
    }

    callcta_secrets *secrets = NULL;
    callcta_webhook *webhook = NULL;
    size_t length = fread(body, 1, sizeof body, stdin); /* the bytes as they came in */
    const char *signature = getenv("HTTP_X_HUB_SIGNATURE_256");
    if (callcta_secrets_new(getenv("CALLCTA_APP_SECRET"), &secrets, &error) ||
        callcta_webhook_verify_and_parse(body, length, signature, secrets, &webhook, &error)) {
        callcta_secrets_free(secrets);
        return refuse(error);
    }
    printf("Status: 200\r\n\r\n");
    /* The work is for later, by whoever reads this: Meta waits 5 seconds. What is sent again
     * has the same identity. */
    for (size_t i = 0; i < webhook->count; i++) {
        const callcta_event *event = webhook->events[i];
        fprintf(stderr, "%s %s\n", event->identity, event->type);
    }
    callcta_webhook_free(webhook);
    callcta_secrets_free(secrets);
    return 0;
}
