/* Runs the shared vectors against the server in CALLCTA_VECTORS_URL and prints a
 * report per line; tests/vectors/README.md at the top describes both. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <time.h>

#include "runner.h"
#include "testsupport.h"

static callcta_error *error;

/* Sets every member of `fields`, which may be NULL, as every model does. */
#define SET_FIELDS(fields, set, model, prefix)                                                  \
    do {                                                                                        \
        const json_value *fields_ = (fields);                                                   \
        for (const json_value *it_ = fields_ ? fields_->child : NULL; it_; it_ = it_->next) {   \
            char path_[256];                                                                    \
            snprintf(path_, sizeof path_, "%s%s", (prefix), it_->key);                          \
            CHECK_OK(set(model, path_, CALLCTA_JSON, it_->source, &error));                     \
        }                                                                                       \
    } while (0)
#define TEMPLATE "attachment.payload."

static bool is_one_of(const char *text, const char *const *list) {
    for (; *list != NULL; list++)
        if (strcmp(text, *list) == 0) return true;
    return false;
}

static callcta_button *make_button(const json_value *json) {
    callcta_button *button = NULL;
    const json_value *raw = json_get(json, "raw");
    if (raw != NULL) {
        CHECK_OK(callcta_button_new(CALLCTA_BUTTON_JSON, NULL, raw->source, &button, &error));
        return button;
    }
    static const struct {
        const char *name;
        callcta_button_type type;
        const char *value;
    } types[] = {{"web_url", CALLCTA_BUTTON_WEB_URL, "url"},
                 {"postback", CALLCTA_BUTTON_POSTBACK, "payload"},
                 {"phone_number", CALLCTA_BUTTON_PHONE_NUMBER, "payload"},
                 {"account_link", CALLCTA_BUTTON_ACCOUNT_LINK, "url"},
                 {"account_unlink", CALLCTA_BUTTON_ACCOUNT_UNLINK, NULL},
                 {"game_play", CALLCTA_BUTTON_GAME_PLAY, NULL}};
    const char *name = json_string(json, "type"), *title = json_string(json, "title");
    const char *done[] = {"type", "title", "fields", NULL, NULL};
    if (title == NULL) title = "";
    if (strcmp(name, "audio_call") == 0) {
        const json_value *days = json_get(json, "expires_in_days");
        int64_t number = days ? strtoll(days->source, NULL, 10) : CALLCTA_DAYS_DEFAULT;
        CHECK_OK(callcta_button_audio_call(title, number, &button, &error));
        done[3] = "expires_in_days";
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(name, types[i].name) != 0) continue;
        const char *value = types[i].value ? json_string(json, types[i].value) : NULL;
        CHECK_OK(callcta_button_new(types[i].type, title, value ? value : "", &button, &error));
        done[3] = types[i].value;
    }
    if (button == NULL) FAIL("no button %s", name);
    for (const json_value *it = json->child; it != NULL; it = it->next)
        if (!is_one_of(it->key, done))
            CHECK_OK(callcta_button_set(button, it->key, CALLCTA_JSON, it->source, &error));
    SET_FIELDS(json_get(json, "fields"), callcta_button_set, button, "");
    return button;
}

static callcta_element *make_element(const json_value *json) {
    callcta_element *element = NULL;
    const json_value *raw = json_get(json, "raw");
    CHECK_OK(callcta_element_new(json_string(raw ? raw : json, "title"), &element, &error));
    SET_FIELDS(raw, callcta_element_set, element, "");
    static const char *const texts[] = {"subtitle", "image_url", NULL};
    for (const char *const *name = texts; *name != NULL; name++) {
        const char *text = json_string(json, *name);
        if (text) CHECK_OK(callcta_element_set(element, *name, CALLCTA_TEXT, text, &error));
    }
    const json_value *action = json_get(json, "default_action");
    if (action != NULL) {
        callcta_button *button = make_button(action);
        CHECK_OK(callcta_element_set_default_action(element, button, &error));
        callcta_button_free(button);
    }
    const json_value *buttons = json_get(json, "buttons");
    for (const json_value *it = buttons ? buttons->child : NULL; it != NULL; it = it->next) {
        callcta_button *button = make_button(it);
        CHECK_OK(callcta_element_add_button(element, button, &error));
        callcta_button_free(button);
    }
    SET_FIELDS(json_get(json, "fields"), callcta_element_set, element, "");
    return element;
}

/* NULL, and `error` is set, if the message is given as JSON that can't be read. */
static callcta_message *build_message(const json_value *json) {
    callcta_message *message = NULL;
    const char *kind = json_string(json, "template"), *text = json_string(json, "json");
    if (text != NULL) {
        (void)callcta_message_from_json(text, &message, &error);
        return message;
    }
    if (kind == NULL) {
        CHECK_OK(callcta_message_from_json(json_get(json, "raw")->source, &message, &error));
    } else if (strcmp(kind, "generic") == 0) {
        CHECK_OK(callcta_message_generic(&message, &error));
        for (const json_value *it = json_get(json, "elements")->child; it; it = it->next) {
            callcta_element *element = make_element(it);
            CHECK_OK(callcta_message_add_element(message, element, &error));
            callcta_element_free(element);
        }
    } else if (strcmp(kind, "button") == 0) {
        CHECK_OK(callcta_message_buttons(json_string(json, "text"), &message, &error));
        for (const json_value *it = json_get(json, "buttons")->child; it; it = it->next) {
            callcta_button *button = make_button(it);
            CHECK_OK(callcta_message_add_button(message, button, &error));
            callcta_button_free(button);
        }
    } else if (strcmp(kind, "call_prompt") == 0) {
        CHECK_OK(callcta_message_call_prompt(&message, &error));
    } else {
        FAIL("no template %s", kind);
    }
    static const char *const settings[] = {TEMPLATE "sharable", TEMPLATE "ttl_days", "metadata"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *dot = strrchr(settings[i], '.');
        const json_value *value = json_get(json, dot ? dot + 1 : settings[i]);
        if (value)
            CHECK_OK(callcta_message_set(message, settings[i], CALLCTA_JSON, value->source, &error));
    }
    SET_FIELDS(json_get(json, "fields"), callcta_message_set, message, TEMPLATE);
    return message;
}

static callcta_request *build_request(const json_value *json, const callcta_message *message) {
    callcta_request *request = NULL;
    callcta_recipient form = CALLCTA_RECIPIENT_PSID;
    const json_value *named = json_get(json, "to"), *options = json_get(json, "options");
    const char *to = named && named->string ? named->string : PSID;
    if (named != NULL && named->type == 'o') {
        static const struct {
            const char *key;
            callcta_recipient form;
        } forms[] = {{"user_ref", CALLCTA_RECIPIENT_USER_REF},
                     {"comment_id", CALLCTA_RECIPIENT_COMMENT_ID},
                     {"post_id", CALLCTA_RECIPIENT_POST_ID}};
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
            if (json_string(named, forms[i].key) != NULL) {
                to = json_string(named, forms[i].key);
                form = forms[i].form;
            }
        if (json_get(named, "raw") != NULL) {
            to = json_get(named, "raw")->source;
            form = CALLCTA_RECIPIENT_JSON;
        }
    }
    CHECK_OK(callcta_request_new(form, to, message, &request, &error));
    static const struct {
        const char *key;
        callcta_option option;
    } texts[] = {{"messaging_type", CALLCTA_OPTION_MESSAGING_TYPE},
                 {"tag", CALLCTA_OPTION_TAG},
                 {"notification_type", CALLCTA_OPTION_NOTIFICATION_TYPE},
                 {"persona_id", CALLCTA_OPTION_PERSONA_ID},
                 {"reply_to", CALLCTA_OPTION_REPLY_TO},
                 {"metadata", CALLCTA_OPTION_METADATA}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = json_string(options, texts[i].key);
        if (text) CHECK_OK(callcta_request_set(request, texts[i].option, text, &error));
    }
    const json_value *deadline = json_get(options, "deadline_in_s");
    if (deadline != NULL) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)(now.tv_nsec / 1000000) +
                      (uint64_t)(strtod(deadline->source, NULL) * 1000);
        char text[32];
        snprintf(text, sizeof text, "%" PRIu64, ms);
        CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_DEADLINE_UNIX_MS, text, &error));
    }
    const json_value *unchecked = json_get(options, "unchecked");
    if (unchecked)
        CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_UNCHECKED, unchecked->source, &error));
    const json_value *fields = json_get(options, "fields");
    if (fields)
        CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_FIELDS, fields->source, &error));
    return request;
}

static callcta_client *build_client(const json_value *settings, const char *url) {
    callcta_config *config = make_config(url);
    callcta_client *client = NULL;
    static const struct {
        const char *key;
        callcta_setting setting;
    } keys[] = {{"calling_not_enabled", CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES},
                {"app_secret", CALLCTA_SETTING_APP_SECRET},
                {"version", CALLCTA_SETTING_VERSION},
                {"use_me", CALLCTA_SETTING_USE_ME},
                {"token_placement", CALLCTA_SETTING_TOKEN_PLACEMENT}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_value *value = json_get(settings, keys[i].key);
        if (value == NULL) continue;
        const char *text = value->string ? value->string : value->source;
        CHECK_OK(callcta_config_set(config, keys[i].setting, text, &error));
    }
    CHECK_OK(callcta_client_new(config, &client, &error));
    callcta_config_free(config);
    return client;
}

static void print_error(void) {
    printf(",\"error\":{\"may_retry\":%s", error->may_retry ? "true" : "false");
    print_member("kind", error->kind);
    print_member("delivery", error->delivery_name);
    print_member("text", error->message);
    if (error->graph != NULL) {
        printf(",\"code\":%lld", (long long)error->graph->code);
        if (error->graph->has_subcode) printf(",\"subcode\":%lld", (long long)error->graph->subcode);
        print_member("trace_id", error->graph->trace_id);
    }
    if (error->http_status != 0) printf(",\"http_status\":%u", error->http_status);
    if (error->retry_after_ms >= 0)
        printf(",\"retry_after\":%lld", (long long)error->retry_after_ms / 1000);
    if (error->violations->count > 0) print_violations(error->violations);
    putchar('}');
    FREE_ERROR();
}

void run_case(const char *file, const json_value *json) {
    const char *name = json_string(json, "name");
    callcta_message *message = build_message(json_get(json, "message"));
    if (message == NULL) {
        printf("{\"file\":\"%s\",\"name\":\"%s\"", file, name);
        print_violations(error->violations);
        print_error();
        puts("}");
        return;
    }
    callcta_request *request = build_request(json, message);
    callcta_client *client = build_client(json_get(json, "client"), case_url(file, json));
    callcta_violations *violations = NULL;
    callcta_receipt *receipt = NULL;
    char *wire = NULL;
    CHECK_OK(callcta_request_validate(request, &violations, &error));
    CHECK_OK(callcta_message_to_json(message, &wire, &error));
    printf("{\"file\":\"%s\",\"name\":\"%s\",\"message\":%s", file, name, wire);
    print_violations(violations);
    if (callcta_client_send_request(client, request, &receipt, &error) == CALLCTA_OK) {
        printf(",\"receipt\":{\"message_id\":");
        json_print(receipt->message_id);
        print_member("recipient_id", receipt->recipient_id);
        putchar('}');
    } else {
        print_error();
    }
    puts("}");
    callcta_string_free(wire);
    callcta_receipt_free(receipt);
    callcta_violations_free(violations);
    callcta_client_free(client);
    callcta_request_free(request);
    callcta_message_free(message);
}
