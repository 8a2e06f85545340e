/* A webhook: checks who asks, and tells what happens on the Page.
 *
 *     CALLCTA_APP_SECRET=… CALLCTA_VERIFY_TOKEN=… ./webhook PORT
 *
 * It serves one request after another over plain HTTP, on this machine only: what stands
 * in front of it has the TLS that Meta asks for. Port 0 is any that is free. */
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <callcta.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST = 2 << 20 };
static char request[MOST + 1];

/* Copies what a header says, and tells how often it is there: one signature counts, two
 * don't. */
static int header(const char *head, const char *name, char *value, size_t size) {
    int found = 0;
    size_t length = strlen(name);
    for (const char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
        const char *text = line + length + 1;
        text += strspn(text, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(text, "\r"), text);
        found++;
    }
    return found;
}

/* Reads a request. Its head becomes a text, and its body has `length` bytes from where
 * this returns; NULL if it is no request. */
static const char *receive(int connection, size_t *length) {
    size_t size = 0, needed = 1;
    char *body = NULL, digits[32] = "0";
    while (size < needed) {
        ssize_t count = recv(connection, request + size, MOST - size, 0);
        if (count <= 0) return NULL; /* the end, too slow, or too long */
        size += (size_t)count;
        if (body == NULL) {
            char *end = memmem(request, size, "\r\n\r\n", 4);
            needed = size + 1;
            if (end == NULL) continue;
            body = end + 4;
            end[2] = '\0';
            header(request, "content-length", digits, sizeof digits);
            *length = strtoul(digits, NULL, 10);
            if (*length > MOST) return NULL;
            needed = (size_t)(body - request) + *length;
        }
    }
    return body;
}

static void answer(int connection, unsigned status, const char *text) {
    char head[256];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %u -\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n",
                        status, strlen(text));
    send(connection, head, (size_t)size, MSG_NOSIGNAL);
    send(connection, text, strlen(text), MSG_NOSIGNAL);
    close(connection);
}

static void challenge(int connection, const char *token) {
    char *text;
    callcta_error *error;
    char *query = strchr(request, ' ') + 1;
    query += strcspn(query, "? \r");
    query += *query == '?';
    query[strcspn(query, " \r")] = '\0';
    if (callcta_webhook_answer_challenge(query, token, &text, &error))
        answer(connection, error->http_status ? error->http_status : 500, "");
    else
        answer(connection, 200, text);
    callcta_string_free(text);
    callcta_error_free(error);
}

/* The work, which is for after the answer. */
static void handle(const callcta_webhook *webhook, callcta_deduplicator *seen) {
    for (size_t i = 0; i < webhook->count; i++) {
        const callcta_event *event = webhook->events[i];
        if (!callcta_deduplicator_is_new(seen, event->identity)) continue;
        if (event->call)
            printf("%s %s\n", event->identity, event->call->event);
        else
            printf("%s %s\n", event->identity, event->type);
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *secret = getenv("CALLCTA_APP_SECRET"), *token = getenv("CALLCTA_VERIFY_TOKEN");
    callcta_secrets *secrets = NULL;
    callcta_deduplicator *seen = NULL;
    callcta_error *error;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (argc != 2 || token == NULL) {
        fprintf(stderr, "usage: CALLCTA_APP_SECRET=… CALLCTA_VERIFY_TOKEN=… %s PORT\n", argv[0]);
        return 2;
    }
    if (callcta_secrets_new(secret, &secrets, &error) ||
        callcta_deduplicator_new(10000, &seen, &error)) {
        fprintf(stderr, "%s: %s\n", error->kind, error->message);
        return 1;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("listen");
        return 1;
    }
    printf("listening on http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        const struct timeval patience = {.tv_sec = 5};
        char signature[128];
        size_t length = 0;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const char *body = receive(connection, &length);
        if (body == NULL) {
            close(connection);
        } else if (strncmp(request, "GET ", 4) == 0) {
            challenge(connection, token);
        } else if (strncmp(request, "POST ", 5) != 0) {
            answer(connection, 405, "");
        } else {
            int count = header(request, "x-hub-signature-256", signature, sizeof signature);
            callcta_webhook *webhook;
            if (callcta_webhook_verify_and_parse(body, length, count == 1 ? signature : NULL,
                                                 secrets, &webhook, &error)) {
                answer(connection, error->http_status ? error->http_status : 500, "");
                callcta_error_free(error);
            } else {
                answer(connection, 200, "");
                handle(webhook, seen);
                callcta_webhook_free(webhook);
            }
        }
    }
}
