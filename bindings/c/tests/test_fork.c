/* A client and an outbox after fork: the child connects anew, and leaves to its parent
 * what its parent has queued. */
#define _POSIX_C_SOURCE 200809L
#include "testsupport.h"

#include <sys/wait.h>
#include <unistd.h>

static callcta_error *error;

static void count_receipt(void *user_data, const callcta_receipt *receipt,
                          const callcta_error *failed) {
    CHECK(receipt != NULL && failed == NULL);
    ++*(unsigned *)user_data;
}

/* What the child's `main` would return. */
static int in_child(callcta_outbox *outbox, const callcta_request *request,
                    const callcta_ticket *of_parent) {
    unsigned sent = 0;
    if (callcta_ticket_cancel(of_parent)) return 1;
    if (callcta_outbox_submit(outbox, request, true, count_receipt, &sent, NULL, NULL)) return 2;
    if (callcta_outbox_wait(outbox, NULL)) return 3;
    return sent == 1 ? 0 : 4;
}

static void a_childs_outbox_begins_empty(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_request *request = make_request(PSID);
    callcta_outbox *outbox = NULL;
    callcta_ticket *waits = NULL;
    unsigned sent = 0;
    CHECK_OK(callcta_outbox_new(client, 1, 0, &outbox, &error));
    server_hold(server);
    CHECK_OK(callcta_outbox_submit(outbox, request, true, count_receipt, &sent, NULL, &error));
    server_await(server, 1);
    CHECK_OK(callcta_outbox_submit(outbox, request, true, count_receipt, &sent, &waits, &error));
    pid_t child = fork();
    if (child == 0) _exit(in_child(outbox, request, waits));
    server_await(server, 2);
    server_release(server);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(sent, 2);
    CHECK_INT(server_count(server), 3);
    callcta_ticket_free(waits);
    callcta_outbox_free(outbox);
    callcta_request_free(request);
    callcta_client_free(client);
    server_stop(server);
}

static void a_child_connects_anew(void) {
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_message *message = make_message();
    CHECK_OK(callcta_client_send(client, PSID, message, NULL, &error));
    pid_t child = fork();
    if (child == 0) _exit((int)callcta_client_send(client, PSID, message, NULL, NULL));
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_OK(callcta_client_send(client, PSID, message, NULL, &error));
    CHECK_INT(server_count(server), 3);
    callcta_message_free(message);
    callcta_client_free(client);
    server_stop(server);
}

int main(void) {
    a_child_connects_anew();
    a_childs_outbox_begins_empty();
    return 0;
}
