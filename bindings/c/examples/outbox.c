/* Sends a Call Now button to many people at once.
 *
 *     CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… ./outbox PSID…
 *
 * CALLCTA_BASE_URL leads to an emulator instead of the platform. The program ends with
 * the status of the first thing that failed; a shell sees the lowest eight bits of it. */
#include <callcta.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_int sent, failed;
static _Atomic callcta_status first_failure;

static void note(callcta_status status) {
    callcta_status none = CALLCTA_OK;
    atomic_compare_exchange_strong(&first_failure, &none, status);
}

/* Called once for each message, on a thread of the outbox. */
static void on_done(void *psid, const callcta_receipt *receipt, const callcta_error *error) {
    if (receipt) {
        atomic_fetch_add(&sent, 1);
        printf("%s: %s\n", (const char *)psid, receipt->message_id);
    } else {
        atomic_fetch_add(&failed, 1);
        note(error->status);
        printf("%s: %s (%s)\n", (const char *)psid, error->kind, error->delivery_name);
    }
}

int main(int argc, char **argv) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_outbox *outbox = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    bool wrong =
        callcta_config_from_env(&config, &error) ||
        callcta_client_new(config, &client, &error) ||
        /* 0: as many threads and as long a queue as the library thinks best */
        callcta_outbox_new(client, 0, 0, &outbox, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Contact Support!", &message, &error) ||
        callcta_message_add_button(message, call, &error);

    for (int i = 1; !wrong && i < argc; i++) {
        callcta_request *request;
        wrong = callcta_request_new(CALLCTA_RECIPIENT_PSID, argv[i], message, &request, &error) ||
                callcta_outbox_submit(outbox, request, true, on_done, argv[i], NULL, &error);
        callcta_request_free(request);
    }
    /* Every callback has returned when this does. */
    if (wrong || callcta_outbox_drain(outbox, &error)) {
        note(error->status);
        fprintf(stderr, "%s: %s\n", error->kind, error->message);
    }
    printf("%d sent, %d failed\n", atomic_load(&sent), atomic_load(&failed));

    callcta_error_free(error);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    callcta_config_free(config);
    return (int)atomic_load(&first_failure);
}
