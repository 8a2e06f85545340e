/* callcta's C library. What it says to its driver is described in
 * ../src/protocol.rs. */

#define _POSIX_C_SOURCE 200809L

#include <callcta.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void exit_if(const callcta_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s: %s\n", error->kind, error->message);
    exit(1);
}

/* The page's generic sample. */
static callcta_message *sample(void)
{
    callcta_button *call = NULL;
    callcta_element *card = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    (void)(callcta_button_audio_call("Call Now", 5, &call, &error) ||
           callcta_element_new("Contact Support!", &card, &error) ||
           callcta_element_add_button(card, call, &error) ||
           callcta_message_generic(&message, &error) ||
           callcta_message_add_element(message, card, &error));
    exit_if(error);
    callcta_element_free(card);
    callcta_button_free(call);
    return message;
}

static void send_one(callcta_client *client, const char *psid)
{
    callcta_receipt *receipt;
    callcta_error *error;
    callcta_message *message = sample();
    (void)callcta_client_send(client, psid, message, &receipt, &error);
    exit_if(error);
    callcta_receipt_free(receipt);
    callcta_message_free(message);
}

static void on_done(void *context, const callcta_receipt *receipt, const callcta_error *error)
{
    (void)context;
    (void)receipt;
    exit_if(error);
}

/* To somebody else each, or they would have to wait for one another. */
static void send_many(callcta_outbox *outbox, long count)
{
    callcta_error *error = NULL;
    for (long i = 0; i < count; i++) {
        char psid[32];
        snprintf(psid, sizeof psid, "1254477777%06ld", i);
        callcta_message *message = sample();
        callcta_request *request;
        (void)(callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, message, &request, &error) ||
               callcta_outbox_submit(outbox, request, true, on_done, NULL, NULL, &error));
        exit_if(error);
        callcta_request_free(request);
        callcta_message_free(message);
    }
    (void)callcta_outbox_wait(outbox, &error);
    exit_if(error);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int many = strcmp(argv[1], "many-callcta") == 0;
    const char *psid = argv[5];
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_outbox *outbox = NULL;
    callcta_error *error;
    (void)(callcta_config_new(argv[3], argv[4], &config, &error) ||
           callcta_config_set(config, CALLCTA_SETTING_BASE_URL, argv[2], &error) ||
           callcta_client_new(config, &client, &error) ||
           callcta_outbox_new(client, 0, 0, &outbox, &error) ||
           callcta_outbox_set_pace(outbox, 0, &error));
    exit_if(error);

    printf("callcta %s\n", callcta_version());
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int each = strncmp(line, "each ", 5) == 0;
        long count = strtol(each ? line + 5 : line, NULL, 10);
        uint64_t start = now();
        if (many)
            send_many(outbox, count);
        for (long i = 0; !many && i < count; i++) {
            uint64_t begin = each ? now() : 0;
            send_one(client, psid);
            if (each)
                printf("%" PRIu64 " ", now() - begin);
        }
        if (!each)
            printf("%" PRIu64, now() - start);
        printf("\n");
        fflush(stdout);
    }
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    callcta_config_free(config);
    return 0;
}
