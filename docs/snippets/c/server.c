/* A loop that waits for everything at once with poll(): here for PSIDs on standard input,
 * and for the outcomes of sends, which come through a pipe. */
#define _POSIX_C_SOURCE 200809L
#include <callcta.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int outcomes[2];

/* On a thread of the outbox. A write of so few bytes to a pipe is never torn. */
static void on_done(void *data, const callcta_receipt *receipt, const callcta_error *error) {
    (void)data;
    char line[128];
    int length = receipt ? snprintf(line, sizeof line, "%s\n", receipt->message_id)
                         : snprintf(line, sizeof line, "%s\n", error->kind);
    if (write(outcomes[1], line, (size_t)length) < 0) {
        perror("write");
    }
}

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_outbox *outbox = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    if (pipe(outcomes) != 0) {
        perror("pipe");
        return 1;
    }
    bool wrong = callcta_config_from_env(&config, &error) ||
                 callcta_client_new(config, &client, &error) ||
                 callcta_outbox_new(client, 0, 0, &outbox, &error) ||
                 /* These are single messages, not a list: each starts at once. */
                 callcta_outbox_set_pace(outbox, 0, &error) ||
                 callcta_button_audio_call("Call Now", CALLCTA_DAYS_DEFAULT, &call, &error) ||
                 callcta_message_buttons("Need help?", &message, &error) ||
                 callcta_message_add_button(message, call, &error);

    /* poll() sees only what the program has not read yet. */
    setvbuf(stdin, NULL, _IONBF, 0);
    struct pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {outcomes[0], POLLIN, 0}};
    bool more = true;
    while (!wrong && (more || callcta_outbox_pending(outbox) > 0 ||
                      poll(&waiting[1], 1, 0) > 0)) {
        waiting[0].fd = more ? STDIN_FILENO : -1;
        if (poll(waiting, 2, more ? -1 : 100) < 0) {
            break;
        }
        if (waiting[1].revents & POLLIN) {
            char text[1024];
            ssize_t length = read(outcomes[0], text, sizeof text);
            fwrite(text, 1, length > 0 ? (size_t)length : 0, stdout);
        }
        char psid[64];
        if (more && waiting[0].revents) {
            more = fgets(psid, sizeof psid, stdin) != NULL;
            if (more) {
                psid[strcspn(psid, "\n")] = '\0';
                callcta_request *request;
                wrong = callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, message, &request,
                                            &error) ||
                        callcta_outbox_submit(outbox, request, false, on_done, NULL, NULL, &error);
                callcta_request_free(request);
            }
        }
    }
    if (wrong) {
        fprintf(stderr, "%s\n", error->message);
    }
    callcta_error_free(error);
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    callcta_config_free(config);
    return wrong;
}
