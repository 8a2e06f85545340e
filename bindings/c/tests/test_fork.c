/* A client after fork: the child connects anew. */
#define _POSIX_C_SOURCE 200809L
#include "testsupport.h"

#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    callcta_error *error = NULL;
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
    return 0;
}
