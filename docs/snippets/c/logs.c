#include <callcta.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* [begin lines] */
/* The library writes no log; all that a line needs is in the record. */
static void log_line(const callcta_receipt *receipt, const callcta_error *error) {
    if (receipt) {
        fprintf(stderr, "send: ok, attempts %u, %" PRId64 " ms, message id %s\n",
                receipt->attempts, receipt->elapsed_ms, receipt->message_id);
    } else {
        fprintf(stderr, "send: %s, delivery %s, attempts %u, %" PRId64 " ms\n", error->kind,
                error->delivery_name, error->attempts, error->elapsed_ms);
    }
}
/* [end] */

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_request *request = NULL;
    callcta_receipt *receipt = NULL;
    callcta_error *error;
    if (callcta_config_from_env(&config, &error) || callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Need help?", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_request_new(CALLCTA_RECIPIENT_PSID, getenv("CALLCTA_PSID"), message, &request,
                            &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    /* [begin trace] */
    const char *headers =
        "{\"traceparent\": \"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}";
    if (callcta_request_set(request, CALLCTA_OPTION_HEADERS, headers, &error) == CALLCTA_OK) {
        callcta_client_send_request(client, request, &receipt, &error);
    }
    log_line(receipt, error);
    /* [end] */
    int failed = error != NULL;
    callcta_error_free(error);
    callcta_receipt_free(receipt);
    callcta_request_free(request);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
