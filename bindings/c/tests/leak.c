/* Sends 100,000 messages to a server in a process of its own, half of them through
 * an outbox, and prints how much memory this one holds after each 10,000. */
#define _POSIX_C_SOURCE 200809L
#include "testsupport.h"

#include <stdatomic.h>
#include <unistd.h>

enum { MESSAGES = 100000, STEP = 10000, BATCH = 1000 };

static callcta_error *error;
static atomic_int told;

static void on_done(void *user_data, const callcta_receipt *receipt, const callcta_error *failed) {
    (void)user_data, (void)failed;
    CHECK(receipt != NULL);
    atomic_fetch_add(&told, 1);
}

static long resident_kib(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmRSS: %ld kB", &kib) == 1) break;
    fclose(file);
    return kib;
}

/* Starts the server's process, which ends with this one; its address. */
static const char *start_server(void) {
    static char url[64];
    int told_url[2], alive[2];
    CHECK(pipe(told_url) == 0 && pipe(alive) == 0);
    if (fork() == 0) {
        server *server = server_start();
        server_forget(server);
        close(alive[1]);
        CHECK(write(told_url[1], server_url(server), strlen(server_url(server)) + 1) > 0);
        _exit((int)read(alive[0], url, 1));
    }
    close(alive[0]);
    CHECK(read(told_url[0], url, sizeof url) > 0);
    return url;
}

int main(void) {
    callcta_client *client = make_client(start_server());
    callcta_outbox *outbox = NULL;
    CHECK_OK(callcta_outbox_new(client, 0, 0, &outbox, &error));
    CHECK_OK(callcta_outbox_set_pace(outbox, 0, &error));
    for (int sent = 0; sent < MESSAGES; sent += 2 * BATCH) {
        for (int i = 0; i < BATCH; i++) {
            callcta_message *message = make_message();
            callcta_receipt *receipt = NULL;
            CHECK_OK(callcta_client_send(client, PSID, message, &receipt, &error));
            callcta_receipt_free(receipt);
            callcta_message_free(message);
        }
        for (int i = 0; i < BATCH; i++) {
            char psid[32];
            snprintf(psid, sizeof psid, "%d", 1 + i);
            callcta_request *request = make_request(psid);
            CHECK_OK(callcta_outbox_submit(outbox, request, true, on_done, NULL, NULL, &error));
            callcta_request_free(request);
        }
        CHECK_OK(callcta_outbox_wait(outbox, &error));
        if ((sent + 2 * BATCH) % STEP == 0)
            printf("after %d: %ld KiB\n", sent + 2 * BATCH, resident_kib());
    }
    CHECK_INT(atomic_load(&told), MESSAGES / 2);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    return 0;
}
