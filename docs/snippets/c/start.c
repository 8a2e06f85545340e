#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *website = NULL, *call = NULL;
    callcta_element *card = NULL;
    callcta_message *message = NULL;
    callcta_receipt *receipt = NULL;
    callcta_error *error;

    /* Each function returns 0 if it works, so the chain ends at the first that fails. */
    if (callcta_config_from_env(&config, &error) || callcta_client_new(config, &client, &error) ||
        callcta_button_new(CALLCTA_BUTTON_WEB_URL, "View Website", "https://example.com", &website,
                           &error) ||
        callcta_button_audio_call("Call Now", 5, &call, &error) ||
        callcta_element_new("Contact Support!", &card, &error) ||
        callcta_element_add_button(card, website, &error) ||
        callcta_element_add_button(card, call, &error) ||
        callcta_message_generic(&message, &error) ||
        callcta_message_add_element(message, card, &error) ||
        callcta_client_send(client, getenv("CALLCTA_PSID"), message, &receipt, &error)) {
        fprintf(stderr, "%s: %s (%s)\n", error->kind, error->message, error->delivery_name);
    } else {
        printf("sent %s\n", receipt->message_id);
    }

    int failed = error != NULL;
    callcta_error_free(error);
    callcta_receipt_free(receipt);
    callcta_message_free(message);
    callcta_element_free(card);
    callcta_button_free(call);
    callcta_button_free(website);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
