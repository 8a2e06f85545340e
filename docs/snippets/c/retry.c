#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* [begin settings] */
static void tell(void *data, const callcta_error *error, uint32_t attempt, uint64_t wait_ms) {
    (void)data, (void)wait_ms;
    printf("try %u failed: %s\n", attempt, error->kind);
}

static callcta_status configure(callcta_config *config, callcta_error **error) {
    callcta_status status;
    (void)((status = callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "5", error)) ||
           (status = callcta_config_set(config, CALLCTA_SETTING_BASE_DELAY_MS, "200", error)) ||
           (status = callcta_config_set(config, CALLCTA_SETTING_MAX_DELAY_MS, "10000", error)) ||
           (status = callcta_config_set_on_retry(config, tell, NULL, error)));
    return status;
}

static callcta_status within_two_minutes(callcta_request *request, callcta_error **error) {
    char deadline[32];
    snprintf(deadline, sizeof deadline, "%lld000", (long long)time(NULL) + 120);
    return callcta_request_set(request, CALLCTA_OPTION_DEADLINE_UNIX_MS, deadline, error);
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
    if (callcta_config_from_env(&config, &error) || configure(config, &error) ||
        callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Need help?", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_request_new(CALLCTA_RECIPIENT_PSID, getenv("CALLCTA_PSID"), message, &request,
                            &error) ||
        within_two_minutes(request, &error) ||
        callcta_client_send_request(client, request, &receipt, &error)) {
        fprintf(stderr, "%s\n", error->message);
    } else {
        printf("requests: %u\n", receipt->attempts);
    }
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
