/* Makes each kind of error happen: `errors KIND`, with the emulator's settings in the
 * environment. */
#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *psid = "200000000000001";

/* Made by main before each example: settings of the environment, and a card. */
static callcta_config *config;
static callcta_message *card;

static callcta_client *client;
static callcta_error *error;

/* [begin invalid_message] */
static callcta_status invalid_message(void) {
    callcta_button *call = NULL;
    callcta_message *wrong = NULL;
    callcta_status status;
    (void)((status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_button_audio_call("Call Now", 8, &call, &error)) ||
           (status = callcta_message_buttons("Need help?", &wrong, &error)) ||
           (status = callcta_message_add_button(wrong, call, &error)) ||
           (status = callcta_client_send(client, psid, wrong, NULL, &error)));
    callcta_message_free(wrong);
    callcta_button_free(call);
    return status;
}
/* [end] */

/* [begin invalid_argument] */
static callcta_status invalid_argument(void) {
    callcta_config *wrong;
    callcta_status status = callcta_config_new("my page", "EMULATED-PAGE-TOKEN", &wrong, &error);
    if (status == CALLCTA_OK) {
        status = callcta_client_new(wrong, &client, &error);
    }
    callcta_config_free(wrong);
    return status;
}
/* [end] */

/* [begin authentication] */
static callcta_status authentication(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    if (status == CALLCTA_OK) {
        status = callcta_client_set_access_token(client, "EMULATED-EXPIRED-TOKEN", &error);
    }
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin permission_denied] */
static callcta_status permission_denied(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    if (status == CALLCTA_OK) {
        status = callcta_client_set_access_token(client, "EMULATED-TOKEN-WITHOUT-PERMISSION", &error);
    }
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin calling_not_enabled] */
static callcta_status calling_not_enabled(void) {
    callcta_config *other;
    callcta_status status;
    (void)((status = callcta_config_new("100000000000002", "EMULATED-PAGE-TOKEN-WITHOUT-CALLING", &other, &error)) ||
           (status = callcta_config_set(other, CALLCTA_SETTING_BASE_URL,
                                        getenv("CALLCTA_BASE_URL"), &error)) ||
           (status = callcta_client_new(other, &client, &error)) ||
           (status = callcta_client_send(client, "200000000000011", card, NULL, &error)));
    callcta_config_free(other);
    return status;
}
/* [end] */

/* [begin outside_window] */
static callcta_status outside_window(void) {
    const char *window_closed = "200000000000002";
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, window_closed, card, NULL, &error);
}
/* [end] */

/* [begin invalid_recipient] */
static callcta_status invalid_recipient(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, "999999999999999", card, NULL, &error);
}
/* [end] */

/* [begin recipient_unavailable] */
static callcta_status recipient_unavailable(void) {
    const char *blocked_the_page = "200000000000003";
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, blocked_the_page, card, NULL, &error);
}
/* [end] */

/* [begin invalid_page] */
static callcta_status invalid_page(void) {
    callcta_config *other;
    callcta_status status;
    (void)((status = callcta_config_new("999", "EMULATED-PAGE-TOKEN", &other, &error)) ||
           (status = callcta_config_set(other, CALLCTA_SETTING_BASE_URL,
                                        getenv("CALLCTA_BASE_URL"), &error)) ||
           (status = callcta_client_new(other, &client, &error)) ||
           (status = callcta_client_send(client, psid, card, NULL, &error)));
    callcta_config_free(other);
    return status;
}
/* [end] */

/* [begin invalid_request] */
static callcta_status invalid_request(void) {
    callcta_button *call = NULL;
    callcta_message *wrong = NULL;
    callcta_request *request = NULL;
    callcta_status status;
    (void)((status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_button_audio_call("Call Now", 8, &call, &error)) ||
           (status = callcta_message_buttons("Need help?", &wrong, &error)) ||
           (status = callcta_message_add_button(wrong, call, &error)) ||
           (status = callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, wrong, &request, &error)) ||
           (status = callcta_request_set(request, CALLCTA_OPTION_UNCHECKED, "true", &error)) ||
           (status = callcta_client_send_request(client, request, NULL, &error)));
    callcta_request_free(request);
    callcta_message_free(wrong);
    callcta_button_free(call);
    return status;
}
/* [end] */

/* [begin rate_limited] */
static callcta_status rate_limited(void) {
    callcta_status status;
    (void)((status = callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "1", &error)) ||
           (status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_client_send(client, psid, card, NULL, &error)));
    return status;
}
/* [end] */

/* [begin service] */
static callcta_status service(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin api] */
static callcta_status api(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin connect] */
static callcta_status connect(void) {
    /* Nobody listens on port 1. */
    callcta_status status;
    (void)((status = callcta_config_set(config, CALLCTA_SETTING_BASE_URL, "http://127.0.0.1:1", &error)) ||
           (status = callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "1", &error)) ||
           (status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_client_send(client, psid, card, NULL, &error)));
    return status;
}
/* [end] */

/* [begin timeout] */
static callcta_status timeout(void) {
    callcta_status status;
    (void)((status = callcta_config_set(config, CALLCTA_SETTING_TIMEOUT_MS, "200", &error)) ||
           (status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_client_send(client, psid, card, NULL, &error)));
    return status;
}
/* [end] */

/* [begin network] */
static callcta_status network(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin invalid_response] */
static callcta_status invalid_response(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin cancelled] */
static callcta_status cancelled(void) {
    callcta_status status = callcta_client_new(config, &client, &error);
    callcta_client_close(client);
    return status ? status : callcta_client_send(client, psid, card, NULL, &error);
}
/* [end] */

/* [begin deadline_passed] */
static callcta_status deadline_passed(void) {
    const char *new_year = "1767225600000"; /* 2026-01-01 */
    callcta_request *request = NULL;
    callcta_status status;
    (void)((status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, card, &request, &error)) ||
           (status = callcta_request_set(request, CALLCTA_OPTION_DEADLINE_UNIX_MS, new_year,
                                         &error)) ||
           (status = callcta_client_send_request(client, request, NULL, &error)));
    callcta_request_free(request);
    return status;
}
/* [end] */

/* [begin queue_full] */
static void on_done(void *data, const callcta_receipt *receipt, const callcta_error *outcome) {
    (void)data, (void)receipt, (void)outcome;
}

static callcta_status queue_full(void) {
    /* One thread, and room for one message that waits for it. */
    callcta_outbox *outbox = NULL;
    callcta_request *request = NULL;
    callcta_status status;
    (void)((status = callcta_client_new(config, &client, &error)) ||
           (status = callcta_outbox_new(client, 1, 1, &outbox, &error)) ||
           (status = callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, card, &request, &error)));
    for (int i = 0; i < 4 && status == CALLCTA_OK; i++) {
        status = callcta_outbox_submit(outbox, request, false, on_done, NULL, NULL, &error);
    }
    callcta_request_free(request);
    callcta_outbox_free(outbox);
    return status;
}
/* [end] */

static const struct {
    const char *kind;
    callcta_status (*provoke)(void);
} examples[] = {
    {"invalid_message", invalid_message},
    {"invalid_argument", invalid_argument},
    {"authentication", authentication},
    {"permission_denied", permission_denied},
    {"calling_not_enabled", calling_not_enabled},
    {"outside_window", outside_window},
    {"invalid_recipient", invalid_recipient},
    {"recipient_unavailable", recipient_unavailable},
    {"invalid_page", invalid_page},
    {"invalid_request", invalid_request},
    {"rate_limited", rate_limited},
    {"service", service},
    {"api", api},
    {"connect", connect},
    {"timeout", timeout},
    {"network", network},
    {"invalid_response", invalid_response},
    {"cancelled", cancelled},
    {"deadline_passed", deadline_passed},
    {"queue_full", queue_full},
};

int main(int argc, char **argv) {
    callcta_button *call = NULL;
    if (callcta_config_from_env(&config, &error) ||
        callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
        callcta_message_buttons("Need help?", &card, &error) ||
        callcta_message_add_button(card, call, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    for (size_t i = 0; i < sizeof examples / sizeof *examples && argc == 2; i++) {
        if (strcmp(argv[1], examples[i].kind) == 0 && examples[i].provoke() != CALLCTA_OK) {
            printf("%s %s\n", error->kind, error->delivery_name);
        }
    }
    callcta_error_free(error);
    callcta_client_free(client);
    callcta_message_free(card);
    callcta_button_free(call);
    callcta_config_free(config);
    return 0;
}
