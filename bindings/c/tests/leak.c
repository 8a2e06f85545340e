/* Sends 100,000 messages to a server of its own and prints how much memory the
 * program holds after 10,000 and at the end; half of them through an outbox. */
#include "testsupport.h"

#include <stdatomic.h>

enum { MESSAGES = 100000, FIRST = 10000, BATCH = 1000 };

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

int main(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_outbox *outbox = NULL;
    CHECK_OK(callcta_outbox_new(client, 0, 0, &outbox, &error));
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
        server_forget(server);
        if (sent + 2 * BATCH == FIRST) printf("after %d: %ld KiB\n", FIRST, resident_kib());
    }
    CHECK_INT(atomic_load(&told), MESSAGES / 2);
    printf("after %d: %ld KiB\n", MESSAGES, resident_kib());
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    server_stop(server);
    return 0;
}
