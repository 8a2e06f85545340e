#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_receipt *receipt = NULL;
    callcta_error *error;
    /* [begin short] */
    /* The chain ends at the first that fails. */
    if (callcta_config_from_env(&config, &error) || callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", 5, &call, &error) ||
        callcta_message_buttons("Need help?", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_client_send(client, getenv("CALLCTA_PSID"), message, &receipt, &error)) {
        fprintf(stderr, "%s: %s (%s)\n", error->kind, error->message, error->delivery_name);
    } else {
        printf("%s\n", receipt->message_id);
    }
    /* [end] */
    int failed = error != NULL;
    callcta_error_free(error);
    callcta_receipt_free(receipt);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
