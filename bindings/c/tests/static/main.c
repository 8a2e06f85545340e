/* callcta and another Rust library in one program, each with its own standard library. */
#include "testsupport.h"

int64_t other_number(const char *text);

static callcta_error *error;

int main(void) {
    callcta_message *message = NULL;
    callcta_client *client = NULL;
    callcta_config *config = NULL;
    CHECK_INT(other_number("42"), 42);
    CHECK_INT(other_number("x"), -1);
    CHECK_OK(callcta_config_new(PAGE_ID, TOKEN, &config, &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    CHECK_OK(callcta_message_call_prompt(&message, &error));
    callcta_client_close(client);
    CHECK_FAILS(callcta_client_send(client, PSID, message, NULL, &error), CALLCTA_CANCELLED);
    FREE_ERROR();
    callcta_message_free(message);
    callcta_client_free(client);
    callcta_config_free(config);
    return 0;
}
