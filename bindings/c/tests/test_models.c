/* What is said: builders, wire form, checks. */
#include "testsupport.h"

static callcta_error *error;

static char *json_of(const callcta_message *message) {
    char *json = NULL;
    CHECK_OK(callcta_message_to_json(message, &json, &error));
    return json;
}

/* A message with this one button in it, as JSON. */
static char *json_with(const callcta_button *button) {
    callcta_message *message = NULL;
    CHECK_OK(callcta_message_buttons("T", &message, &error));
    CHECK_OK(callcta_message_add_button(message, button, &error));
    char *json = json_of(message);
    callcta_message_free(message);
    return json;
}

#define CHECK_JSON(json, want)             \
    do {                                   \
        char *json_ = (json);              \
        CHECK_STR(json_, want);            \
        callcta_string_free(json_);        \
    } while (0)

#define BUTTONS(json)                                                               \
    "{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"button\"," \
    "\"text\":\"T\",\"buttons\":[" json "]}}}"

#define CHECK_BUTTON(button, want)                      \
    do {                                                \
        CHECK_JSON(json_with(button), BUTTONS(want));   \
        callcta_button_free(button);                    \
        (button) = NULL;                                \
    } while (0)

static void versions_agree(void) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", CALLCTA_VERSION_MAJOR, CALLCTA_VERSION_MINOR,
             CALLCTA_VERSION_PATCH);
    CHECK_STR(CALLCTA_VERSION, text);
    CHECK_STR(callcta_version(), CALLCTA_VERSION);
    CHECK_INT(CALLCTA_VERSION_NUMBER, CALLCTA_VERSION_MAJOR * 65536 + CALLCTA_VERSION_MINOR * 256 +
                                          CALLCTA_VERSION_PATCH);
}

static void the_pages_sample(void) {
    callcta_button *call = NULL;
    callcta_element *card = NULL;
    callcta_message *message = NULL;
    CHECK_OK(callcta_button_audio_call("Call Now", 5, &call, &error));
    CHECK_OK(callcta_element_new("Contact Support!", &card, &error));
    CHECK_OK(callcta_element_add_button(card, call, &error));
    CHECK_OK(callcta_message_generic(&message, &error));
    CHECK_OK(callcta_message_add_element(message, card, &error));
    /* Parents hold copies: what happens to the children doesn't matter to them. */
    CHECK_OK(callcta_button_set(call, "title", CALLCTA_TEXT, "changed", &error));
    CHECK_OK(callcta_element_set(card, "title", CALLCTA_TEXT, "changed", &error));
    callcta_button_free(call);
    callcta_element_free(card);
    CHECK_JSON(json_of(message),
               "{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"generic\","
               "\"elements\":[{\"title\":\"Contact Support!\",\"buttons\":[{\"type\":\"audio_call\","
               "\"title\":\"Call Now\",\"expires_in_days\":5}]}]}}}");
    callcta_message_free(message);
}

static void every_type_of_button(void) {
    callcta_button *button = NULL;
    CHECK_OK(callcta_button_audio_call("Call", CALLCTA_DAYS_DEFAULT, &button, &error));
    CHECK_BUTTON(button, "{\"type\":\"audio_call\",\"title\":\"Call\"}");
    CHECK_OK(callcta_button_audio_call("Call", -1, &button, &error));
    CHECK_BUTTON(button, "{\"type\":\"audio_call\",\"title\":\"Call\",\"expires_in_days\":-1}");
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_WEB_URL, "Site", "https://example.com", &button,
                                &error));
    CHECK_OK(callcta_button_set(button, "webview_height_ratio", CALLCTA_TEXT, "tall", &error));
    CHECK_OK(callcta_button_set(button, "messenger_extensions", CALLCTA_JSON, "true", &error));
    CHECK_BUTTON(button,
                 "{\"type\":\"web_url\",\"title\":\"Site\",\"url\":\"https://example.com\","
                 "\"webview_height_ratio\":\"tall\",\"messenger_extensions\":true}");
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_POSTBACK, "Start", "START", &button, &error));
    CHECK_BUTTON(button, "{\"type\":\"postback\",\"title\":\"Start\",\"payload\":\"START\"}");
    CHECK_OK(
        callcta_button_new(CALLCTA_BUTTON_PHONE_NUMBER, "Dial", "+15105559999", &button, &error));
    CHECK_BUTTON(button,
                 "{\"type\":\"phone_number\",\"title\":\"Dial\",\"payload\":\"+15105559999\"}");
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_ACCOUNT_LINK, NULL, "https://example.com", &button,
                                &error));
    CHECK_BUTTON(button, "{\"type\":\"account_link\",\"url\":\"https://example.com\"}");
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_ACCOUNT_UNLINK, NULL, NULL, &button, &error));
    CHECK_BUTTON(button, "{\"type\":\"account_unlink\"}");
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_GAME_PLAY, "Play", NULL, &button, &error));
    CHECK_OK(callcta_button_set(button, "game_metadata", CALLCTA_JSON, "{}", &error));
    CHECK_OK(callcta_button_set(button, "game_metadata.player_id", CALLCTA_TEXT, "1", &error));
    CHECK_BUTTON(button,
                 "{\"type\":\"game_play\",\"title\":\"Play\",\"game_metadata\":{\"player_id\":\"1\"}}");
    /* A type that callcta doesn't know, with a field that it doesn't know. */
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_JSON, NULL, "{\"type\":\"new\",\"x\":[1]}", &button,
                                &error));
    CHECK_OK(callcta_button_set(button, "y", CALLCTA_JSON, "null", &error));
    CHECK_OK(callcta_button_set(button, "title", CALLCTA_TEXT, "\xc3\xa4 \"quoted\"", &error));
    CHECK_BUTTON(button, "{\"type\":\"new\",\"title\":\"\xc3\xa4 \\\"quoted\\\"\",\"x\":[1],\"y\":null}");
}

static void elements_have_fields(void) {
    callcta_button *action = NULL;
    callcta_element *element = NULL;
    callcta_message *message = NULL;
    CHECK_OK(callcta_element_new("T", &element, &error));
    CHECK_OK(callcta_element_set(element, "subtitle", CALLCTA_TEXT, "S", &error));
    CHECK_OK(callcta_element_set(element, "image_url", CALLCTA_TEXT, "https://example.com/a.png",
                                 &error));
    CHECK_OK(callcta_element_set(element, "new", CALLCTA_JSON, "{\"a\":1}", &error));
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_WEB_URL, "left out", "https://example.com", &action,
                                &error));
    CHECK_OK(callcta_element_set_default_action(element, action, &error));
    CHECK_OK(callcta_message_generic(&message, &error));
    CHECK_OK(
        callcta_message_set(message, "attachment.payload.sharable", CALLCTA_JSON, "true", &error));
    CHECK_OK(callcta_message_set(message, "attachment.payload.other", CALLCTA_TEXT, "o", &error));
    CHECK_OK(callcta_message_add_element(message, element, &error));
    CHECK_OK(callcta_message_set(message, "metadata", CALLCTA_TEXT, "m", &error));
    CHECK_OK(callcta_message_set(message, "quick_replies", CALLCTA_JSON, "[]", &error));
    CHECK_JSON(json_of(message),
               "{\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"generic\","
               "\"elements\":[{\"title\":\"T\",\"subtitle\":\"S\",\"image_url\":"
               "\"https://example.com/a.png\",\"default_action\":{\"type\":\"web_url\",\"url\":"
               "\"https://example.com\"},\"new\":{\"a\":1}}],"
               "\"sharable\":true,\"other\":\"o\"}},\"metadata\":\"m\",\"quick_replies\":[]}");
    callcta_button_free(action);
    callcta_element_free(element);
    callcta_message_free(message);
}

static void a_call_prompt(void) {
    callcta_message *message = NULL;
    CHECK_OK(callcta_message_call_prompt(&message, &error));
    CHECK_OK(callcta_message_set(message, "attachment.payload.ttl_days", CALLCTA_JSON, "3", &error));
    CHECK_JSON(json_of(message),
               "{\"attachment\":{\"type\":\"template\",\"payload\":"
               "{\"template_type\":\"call_prompt\",\"ttl_days\":3}}}");
    callcta_message_free(message);
}

static void messages_from_json(void) {
    callcta_message *message = NULL;
    CHECK_OK(callcta_message_from_json(
        "{\"recipient\":{\"id\":\"1\"},\"message\":" BUTTONS("") "}", &message, &error));
    CHECK_JSON(json_of(message), BUTTONS(""));
    /* It is a template like any other, and grows. */
    callcta_button *button = NULL;
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_ACCOUNT_UNLINK, NULL, NULL, &button, &error));
    CHECK_OK(callcta_message_add_button(message, button, &error));
    CHECK_JSON(json_of(message), BUTTONS("{\"type\":\"account_unlink\"}"));
    callcta_button_free(button);
    callcta_message_free(message);

    CHECK_FAILS(callcta_message_from_json("{\"text\":", &message, &error), CALLCTA_INVALID_MESSAGE);
    CHECK(message == NULL);
    CHECK_INT(error->violations->count, 1);
    CHECK_STR(error->violations->items[0]->rule, "malformed_json");
    FREE_ERROR();
}

static void what_does_not_fit_together(void) {
    callcta_button *button = NULL;
    callcta_element *element = NULL;
    callcta_message *generic = NULL, *prompt = NULL, *text = NULL;
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_ACCOUNT_UNLINK, NULL, NULL, &button, &error));
    CHECK_OK(callcta_element_new("T", &element, &error));
    CHECK_OK(callcta_message_generic(&generic, &error));
    CHECK_OK(callcta_message_call_prompt(&prompt, &error));
    CHECK_OK(callcta_message_from_json("{\"text\":\"hello\"}", &text, &error));
    CHECK_FAILS(callcta_message_add_button(generic, button, &error), CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "not a button template");
    FREE_ERROR();
    CHECK_FAILS(callcta_message_add_element(prompt, element, &error), CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "not a generic template");
    FREE_ERROR();
    CHECK_FAILS(callcta_message_set(text, "attachment.payload.x", CALLCTA_JSON, "1", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_HAS(error->message, "field is not inside a JSON object");
    FREE_ERROR();
    /* A field that would make a request of the message. */
    CHECK_FAILS(callcta_message_set(text, "recipient", CALLCTA_JSON, "{}", &error),
                CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    CHECK_JSON(json_of(text), "{\"text\":\"hello\"}");
    CHECK_FAILS(callcta_button_set(button, "x", 9, "y", &error), CALLCTA_INVALID_ARGUMENT);
    CHECK_STR(error->message, "form is 9, which no callcta_form is");
    FREE_ERROR();
    CHECK_FAILS(callcta_button_set(button, "x", CALLCTA_JSON, "{", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_STR(error->message, "value: not valid JSON at line 1, column 2: the text ends too early: "
                              "the { of line 1, column 1 is not closed");
    FREE_ERROR();
    CHECK_FAILS(callcta_button_set(button, "x", CALLCTA_JSON, "{\"a\":1,\"a\":2}", &error),
                CALLCTA_INVALID_ARGUMENT);
    CHECK_STR(error->message, "value: a: is there twice, again at line 1, column 8");
    FREE_ERROR();
    callcta_button_free(button);
    CHECK_OK(callcta_button_new(CALLCTA_BUTTON_JSON, NULL, "7", &button, &error));
    CHECK_FAILS(callcta_button_set(button, "x", CALLCTA_TEXT, "y", &error),
                CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    callcta_button *none = NULL;
    CHECK_FAILS(callcta_button_new(9, "x", "y", &none, &error), CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    CHECK_FAILS(callcta_button_new(CALLCTA_BUTTON_JSON, NULL, "{", &none, &error),
                CALLCTA_INVALID_ARGUMENT);
    FREE_ERROR();
    callcta_button_free(button);
    callcta_element_free(element);
    callcta_message_free(generic);
    callcta_message_free(prompt);
    callcta_message_free(text);
}

static void checks_list_everything(void) {
    callcta_button *button = NULL;
    callcta_message *message = NULL;
    callcta_violations *found = NULL;
    CHECK_OK(callcta_button_audio_call("A title of more than twenty characters", 8, &button, &error));
    CHECK_OK(callcta_message_buttons("", &message, &error));
    CHECK_OK(callcta_message_add_button(message, button, &error));
    CHECK_OK(callcta_message_validate(message, &found, &error));
    CHECK_INT(found->count, 3);
    CHECK_STR(found->items[0]->path, "message.attachment.payload.text");
    CHECK_STR(found->items[0]->rule, "required");
    CHECK_INT(found->items[0]->severity, CALLCTA_SEVERITY_ERROR);
    CHECK_STR(found->items[1]->path, "message.attachment.payload.buttons[0].title");
    CHECK_INT(found->items[1]->severity, CALLCTA_SEVERITY_WARNING);
    CHECK_STR(found->items[2]->path, "message.attachment.payload.buttons[0].expires_in_days");
    CHECK_HAS(found->items[2]->message, "is 8");
    callcta_violations_free(found);
    callcta_button_free(button);
    callcta_message_free(message);

    message = make_message();
    CHECK_OK(callcta_message_validate(message, &found, &error));
    CHECK_INT(found->count, 0);
    callcta_violations_free(found);

    /* Recipient and options are part of a request. */
    callcta_request *request = NULL;
    CHECK_OK(callcta_request_new(CALLCTA_RECIPIENT_PSID, "a name", message, &request, &error));
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_TAG, "ACCOUNT_UPDATE", &error));
    CHECK_OK(callcta_request_validate(request, &found, &error));
    CHECK_INT(found->count, 3);
    CHECK_STR(found->items[0]->path, "recipient.id");
    CHECK_STR(found->items[0]->rule, "invalid_id");
    callcta_violations_free(found);
    callcta_request_free(request);
    callcta_message_free(message);
}

int main(void) {
    versions_agree();
    the_pages_sample();
    every_type_of_button();
    elements_have_fields();
    a_call_prompt();
    messages_from_json();
    what_does_not_fit_together();
    checks_list_everything();
    return 0;
}
