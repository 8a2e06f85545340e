#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    if (callcta_config_from_env(&config, &error) || callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Need help?", &message, &error) ||
        callcta_message_add_button(message, call, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    /* [begin three] */
    if (callcta_client_send(client, getenv("CALLCTA_PSID"), message, NULL, &error)) {
        switch (error->delivery) {
        case CALLCTA_DELIVERY_NOT_SENT:
            printf("mend the cause, then send it again\n");
            break;
        case CALLCTA_DELIVERY_REJECTED:
            printf("refused: %s\n", error->kind);
            break;
        case CALLCTA_DELIVERY_UNKNOWN:
            printf("it may have arrived: look before you send it again\n");
            break;
        }
    }
    /* [end] */
    callcta_error_free(error);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return 0;
}
