#include <callcta.h>
#include <stdio.h>

static callcta_error *error;

/* [begin generic] */
static callcta_status order(callcta_message **message) {
    callcta_button *call = NULL, *later = NULL;
    callcta_element *card = NULL;
    callcta_status status;
    (void)((status = callcta_button_audio_call("Call Now", 3, &call, &error)) ||
           (status = callcta_button_new(CALLCTA_BUTTON_POSTBACK, "Not Now", "LATER", &later,
                                        &error)) ||
           (status = callcta_element_new("Your order is ready", &card, &error)) ||
           (status = callcta_element_set(card, "subtitle", CALLCTA_TEXT,
                                         "We are there from 9 to 5.", &error)) ||
           (status = callcta_element_set(card, "image_url", CALLCTA_TEXT,
                                         "https://example.com/order.png", &error)) ||
           (status = callcta_element_add_button(card, call, &error)) ||
           (status = callcta_element_add_button(card, later, &error)) ||
           (status = callcta_message_generic(message, &error)) ||
           (status = callcta_message_add_element(*message, card, &error)));
    callcta_element_free(card);
    callcta_button_free(later);
    callcta_button_free(call);
    return status;
}
/* [end] */

/* [begin button] */
static callcta_status question(const char *text, int64_t days, callcta_message **message) {
    callcta_button *call = NULL;
    callcta_status status;
    (void)((status = callcta_button_audio_call("Call Now", days, &call, &error)) ||
           (status = callcta_message_buttons(text, message, &error)) ||
           (status = callcta_message_add_button(*message, call, &error)));
    callcta_button_free(call);
    return status;
}
/* [end] */

/* [begin check] */
static callcta_status check(const callcta_message *message) {
    callcta_violations *found;
    callcta_status status = callcta_message_validate(message, &found, &error);
    for (size_t i = 0; !status && i < found->count; i++) {
        printf("%s %s\n", found->items[i]->path, found->items[i]->message);
    }
    callcta_violations_free(found);
    return status;
}
/* [end] */

int main(void) {
    callcta_message *messages[3] = {NULL, NULL, NULL};
    int failed = order(&messages[0]) ||
                 question("Shall we talk about it?", CALLCTA_DAYS_DEFAULT, &messages[1]) ||
                 question("", 8, &messages[2]);
    for (int i = 0; i < 3; i++) {
        failed = failed || check(messages[i]);
        callcta_message_free(messages[i]);
    }
    if (failed) {
        fprintf(stderr, "%s\n", error->message);
    }
    callcta_error_free(error);
    return failed;
}
