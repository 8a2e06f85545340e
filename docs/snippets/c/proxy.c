#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>

static char *whole_file(const char *name) {
    static char text[65536];
    FILE *file = fopen(name, "r");
    text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
    if (file) {
        fclose(file);
    }
    return text;
}

/* [begin settings] */
static callcta_status configure(callcta_config *config, callcta_error **error) {
    /* such as http://user:password@proxy.example:3128 */
    const char *proxy = getenv("EXAMPLE_PROXY");
    callcta_status status = callcta_config_set(config, CALLCTA_SETTING_PROXY, proxy, error);
    if (status) {
        return status;
    }
    const char *pem = whole_file("company-ca.pem");
    return callcta_config_set(config, CALLCTA_SETTING_EXTRA_CA_PEM, pem, error);
}
/* [end] */

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_receipt *receipt = NULL;
    callcta_error *error;
    if (callcta_config_from_env(&config, &error) || configure(config, &error) ||
        callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Need help?", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_client_send(client, getenv("CALLCTA_PSID"), message, &receipt, &error)) {
        fprintf(stderr, "%s\n", error->message);
    } else {
        printf("sent %s\n", receipt->message_id);
    }
    int failed = error != NULL;
    callcta_error_free(error);
    callcta_receipt_free(receipt);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
