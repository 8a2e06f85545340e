#include <callcta.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_int sent, window_closed, unavailable, other;

/* Called once for each message, on a thread of the outbox. */
static void on_done(void *data, const callcta_receipt *receipt, const callcta_error *error) {
    (void)data;
    atomic_int *count = receipt                                         ? &sent
                        : error->status == CALLCTA_OUTSIDE_WINDOW       ? &window_closed
                        : error->status == CALLCTA_RECIPIENT_UNAVAILABLE ? &unavailable
                                                                        : &other;
    atomic_fetch_add(count, 1);
}

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_outbox *outbox = NULL;
    callcta_button *call = NULL;
    callcta_message *letter = NULL;
    callcta_error *error;
    bool wrong = callcta_config_from_env(&config, &error) ||
                 callcta_client_new(config, &client, &error) ||
                 callcta_outbox_new(client, 0, 0, &outbox, &error) ||
                 callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
                 callcta_message_buttons("We are open.", &letter, &error) ||
                 callcta_message_add_button(letter, call, &error);

    FILE *file = fopen("psids.txt", "r");
    char psid[64];
    while (!wrong && file && fgets(psid, sizeof psid, file)) {
        psid[strcspn(psid, "\n")] = '\0';
        callcta_request *request;
        wrong = callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, letter, &request, &error) ||
                callcta_outbox_submit(outbox, request, true, on_done, NULL, NULL, &error);
        callcta_request_free(request);
    }
    if (file) {
        fclose(file);
    }
    /* Waits for all outcomes. */
    if (wrong || callcta_outbox_drain(outbox, &error)) {
        fprintf(stderr, "%s\n", error->message);
    }
    printf("%d rejected: outside_window\n", atomic_load(&window_closed));
    printf("%d rejected: recipient_unavailable\n", atomic_load(&unavailable));
    printf("%d sent\n", atomic_load(&sent));

    int failed = error != NULL || atomic_load(&other) != 0;
    callcta_error_free(error);
    callcta_message_free(letter);
    callcta_button_free(call);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
