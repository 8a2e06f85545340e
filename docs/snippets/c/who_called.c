#include <callcta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Stands for what your WebRTC stack offers. */
static const char offer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

/* A card that was sent: a row of your database. `at` is in Unix seconds. */
struct sent {
    const char *psid, *title;
    int64_t at;
    callcta_receipt *receipt; /* has the message's id */
};

static struct sent sent[] = {{.title = "Call Now"}, {.title = "Talk to Sales"}};
static const size_t count = sizeof sent / sizeof *sent;

static callcta_error *error;

/* All fields that you want: what isn't named is not told any more. */
static bool switch_on(const callcta_client *client) {
    return !callcta_calling_request(client, "subscribe", "{\"fields\": [\"calls\", \"messages\"]}",
                                    NULL, NULL, NULL, &error) &&
           !callcta_calling_set_settings(client,
                                         "{\"audio_enabled\": true,"
                                         " \"call_routing\": {\"ring_target\": \"PARTNERS\"}}",
                                         &error) &&
           puts("calls come to the app") >= 0;
}

static bool send_card(const callcta_client *client, const char *psid, struct sent *card) {
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    card->psid = psid;
    card->at = time(NULL);
    bool done =
        !callcta_button_audio_call(card->title, CALLCTA_DAYS_DEFAULT, &call, &error) &&
        !callcta_message_buttons("Need help?", &message, &error) &&
        !callcta_message_add_button(message, call, &error) &&
        !callcta_client_send(client, psid, message, &card->receipt, &error) &&
        printf("sent %s: \"%s\"\n", card->receipt->message_id, card->title) > 0;
    callcta_message_free(message);
    callcta_button_free(call);
    return done;
}

/* Says after which button a person called, and answers. */
static bool answer(const callcta_client *client, const callcta_event *event) {
    const callcta_call *call = event->call;
    if (!call || strcmp(call->event, "connect") || !call->direction ||
        strcmp(call->direction, "user_initiated") || !event->psid || event->time_ms < 0) {
        return true;
    }
    const struct sent *card = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(sent[i].psid, event->psid) && sent[i].at <= event->time_ms / 1000) {
            card = &sent[i]; /* the last */
        }
    }
    if (card) {
        printf("%s called after \"%s\" of %s\n", event->psid, card->title,
               card->receipt->message_id);
    } else {
        printf("%s called, and was sent no card before\n", event->psid);
    }
    return !callcta_calling_accept(client, call->id, offer, event->time_ms, NULL, &error) &&
           puts("accepted") >= 0 && !callcta_calling_terminate(client, call->id, &error) &&
           puts("ended") >= 0;
}

/* What a webhook brings. Here the header is a line, and the rest is the body. */
static bool receive(const callcta_client *client) {
    static char header[128], body[1 << 16];
    callcta_secrets *secrets = NULL;
    callcta_webhook *webhook = NULL;
    bool told = fgets(header, sizeof header, stdin);
    header[strcspn(header, "\n")] = '\0';
    size_t length = fread(body, 1, sizeof body, stdin);
    bool done = !callcta_secrets_new(getenv("CALLCTA_APP_SECRET"), &secrets, &error) &&
                !callcta_webhook_verify_and_parse(body, length, told ? header : NULL, secrets,
                                                  &webhook, &error);
    for (size_t i = 0; done && i < webhook->count; i++) {
        done = answer(client, webhook->events[i]);
    }
    callcta_webhook_free(webhook);
    callcta_secrets_free(secrets);
    return done;
}

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    bool done = !callcta_config_from_env(&config, &error) &&
                !callcta_client_new(config, &client, &error) && switch_on(client);
    for (size_t i = 0; done && i < count; i++) {
        done = send_card(client, getenv("CALLCTA_PSID"), &sent[i]);
    }
    done = done && receive(client);
    if (error) {
        fprintf(stderr, "%s: %s\n", error->kind, error->message);
    }
    for (size_t i = 0; i < count; i++) {
        callcta_receipt_free(sent[i].receipt);
    }
    callcta_error_free(error);
    callcta_client_free(client);
    callcta_config_free(config);
    return !done;
}
