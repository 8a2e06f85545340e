#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    callcta_client *client;
    callcta_outbox *outbox;
    const char *psid;
    char failure[80];
} page;

/* Called once for each message, on a thread of the outboxes: the place to write it down. */
static void on_done(void *data, const callcta_receipt *receipt, const callcta_error *error) {
    if (!receipt) {
        char *failure = ((page *)data)->failure;
        snprintf(failure, sizeof(((page *)0)->failure), "%s: %s", error->delivery_name,
                 error->kind);
    }
}

int main(void) {
    page pages[2] = {{.psid = "200000000000001"}, {.psid = "200000000000011"}};
    callcta_config *config = NULL, *other = NULL;
    callcta_outboxes *outboxes = NULL;
    callcta_button *call = NULL;
    callcta_message *letter = NULL;
    callcta_error *error;

    /* One set of threads; a queue, a pace of 40 and counters for each Page. */
    bool wrong =
        callcta_config_from_env(&config, &error) ||
        callcta_client_new(config, &pages[0].client, &error) ||
        callcta_config_new(getenv("SECOND_PAGE_ID"), getenv("SECOND_ACCESS_TOKEN"), &other,
                           &error) ||
        callcta_config_set(other, CALLCTA_SETTING_BASE_URL, getenv("CALLCTA_BASE_URL"), &error) ||
        callcta_client_new_beside(other, pages[0].client, &pages[1].client, &error) ||
        callcta_outboxes_new(200, 0, &outboxes, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("We are open.", &letter, &error) ||
        callcta_message_add_button(letter, call, &error);

    for (page *it = pages; !wrong && it < pages + 2; it++) {
        callcta_request *request = NULL;
        wrong = callcta_outboxes_outbox(outboxes, it->client, &it->outbox, &error) ||
                callcta_request_new(CALLCTA_RECIPIENT_PSID, it->psid, letter, &request, &error) ||
                callcta_outbox_submit(it->outbox, request, true, on_done, it, NULL, &error);
        callcta_request_free(request);
    }
    /* Waits for all outcomes. */
    if (wrong || callcta_outboxes_drain(outboxes, &error)) {
        fprintf(stderr, "%s\n", error->message);
    }
    for (page *it = pages; !error && it < pages + 2; it++) {
        callcta_counts counts = callcta_outbox_counts(it->outbox);
        printf("%s: %llu sent\n", it == pages ? getenv("CALLCTA_PAGE_ID") : getenv("SECOND_PAGE_ID"),
               (unsigned long long)counts.sent);
        if (counts.rejected) {
            printf("  %llu %s\n", (unsigned long long)counts.rejected, it->failure);
        }
    }

    int failed = error != NULL;
    callcta_error_free(error);
    callcta_outboxes_free(outboxes);
    for (page *it = pages; it < pages + 2; it++) {
        callcta_outbox_free(it->outbox);
        callcta_client_free(it->client);
    }
    callcta_message_free(letter);
    callcta_button_free(call);
    callcta_config_free(other);
    callcta_config_free(config);
    return failed;
}
