#define _GNU_SOURCE /* strcasestr */
#include "testsupport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 128, MOST_ANSWERS = 16, MOST_REQUESTS = 4096, MOST_BYTES = 1 << 16 };

typedef struct {
    int status;
    char *headers;
    char *body;
} answer;

struct server {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener;
    char url[64];
    pthread_t accepting;
    pthread_t connections[MOST_CONNECTIONS];
    int sockets[MOST_CONNECTIONS];
    size_t connection_count;
    answer answers[MOST_ANSWERS];
    size_t answer_count, answers_used;
    char *requests[MOST_REQUESTS];
    size_t request_count;
    bool held, forgets;
};

typedef struct {
    server *server;
    int socket;
} connection;

static char *copy(const char *text) {
    char *made = malloc(strlen(text) + 1);
    CHECK(made != NULL);
    return strcpy(made, text);
}

static void write_all(int socket, const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = send(socket, text, size, MSG_NOSIGNAL);
        if (written <= 0) return;
        text += written;
        size -= (size_t)written;
    }
}

/* Reads one request, head and body; NULL at the end of the connection. */
static char *read_request(int socket) {
    char *text = malloc(MOST_BYTES);
    size_t size = 0, whole = 0;
    CHECK(text != NULL);
    while (whole == 0 || size < whole) {
        CHECK(size + 1 < MOST_BYTES);
        ssize_t got = recv(socket, text + size, MOST_BYTES - 1 - size, 0);
        if (got <= 0) {
            free(text);
            return NULL;
        }
        size += (size_t)got;
        text[size] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (whole == 0 && end != NULL) {
            const char *length = strcasestr(text, "\r\ncontent-length:");
            whole = (size_t)(end + 4 - text);
            if (length != NULL) whole += strtoul(length + 17, NULL, 10);
            else CHECK(strncmp(text, "GET ", 4) == 0);
        }
    }
    return text;
}

static void *serve(void *argument) {
    connection it = *(connection *)argument;
    server *server = it.server;
    free(argument);
    char *request;
    while ((request = read_request(it.socket)) != NULL) {
        char text[4096];
        answer next = {200, NULL, NULL};
        pthread_mutex_lock(&server->lock);
        size_t number = server->request_count++;
        if (server->forgets) {
            server->request_count--;
            free(request);
        } else {
            CHECK(number < MOST_REQUESTS);
            server->requests[number] = request;
        }
        if (server->answers_used < server->answer_count)
            next = server->answers[server->answers_used++];
        pthread_cond_broadcast(&server->changed);
        while (server->held) pthread_cond_wait(&server->changed, &server->lock);
        pthread_mutex_unlock(&server->lock);
        if (next.status == 0) break;
        char standard[96];
        /* Whoever it was for. */
        snprintf(standard, sizeof standard, "{\"message_id\":\"m_%zu\"}", number + 1);
        const char *body = next.body ? next.body : standard;
        int size = snprintf(text, sizeof text,
                            "HTTP/1.1 %d Some\r\nContent-Type: application/json\r\n%s"
                            "Content-Length: %zu\r\n\r\n%s",
                            next.status, next.headers ? next.headers : "", strlen(body), body);
        CHECK(size > 0 && (size_t)size < sizeof text);
        write_all(it.socket, text, (size_t)size);
    }
    shutdown(it.socket, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *argument) {
    server *server = argument;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0) return NULL;
        connection *it = malloc(sizeof *it);
        CHECK(it != NULL);
        it->server = server;
        it->socket = socket;
        pthread_mutex_lock(&server->lock);
        size_t index = server->connection_count++;
        CHECK(index < MOST_CONNECTIONS);
        server->sockets[index] = socket;
        CHECK(pthread_create(&server->connections[index], NULL, serve, it) == 0);
        pthread_mutex_unlock(&server->lock);
    }
}

/* A socket on a free port of loopback. */
static int bind_loopback(char *url, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int made = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(made >= 0);
    CHECK(bind(made, (struct sockaddr *)&address, length) == 0);
    CHECK(getsockname(made, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return made;
}

server *server_start(void) {
    server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->listener = bind_loopback(server->url, sizeof server->url);
    CHECK(listen(server->listener, 128) == 0);
    CHECK(pthread_create(&server->accepting, NULL, accept_all, server) == 0);
    return server;
}

void server_stop(server *server) {
    server_release(server);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->accepting, NULL);
    close(server->listener);
    for (size_t i = 0; i < server->connection_count; i++) {
        shutdown(server->sockets[i], SHUT_RDWR);
        pthread_join(server->connections[i], NULL);
        close(server->sockets[i]);
    }
    for (size_t i = 0; i < server->answer_count; i++) {
        free(server->answers[i].headers);
        free(server->answers[i].body);
    }
    for (size_t i = 0; i < server->request_count; i++) free(server->requests[i]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *server_url(const server *server) {
    return server->url;
}

void server_answer(server *server, int status, const char *headers, const char *body) {
    pthread_mutex_lock(&server->lock);
    CHECK(server->answer_count < MOST_ANSWERS);
    answer *added = &server->answers[server->answer_count++];
    added->status = status;
    added->headers = headers ? copy(headers) : NULL;
    added->body = body ? copy(body) : NULL;
    pthread_mutex_unlock(&server->lock);
}

void server_drop(server *server) {
    server_answer(server, 0, NULL, NULL);
}

static void set_held(server *server, bool held) {
    pthread_mutex_lock(&server->lock);
    server->held = held;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

void server_hold(server *server) {
    set_held(server, true);
}

void server_release(server *server) {
    set_held(server, false);
}

void server_await(server *server, size_t count) {
    pthread_mutex_lock(&server->lock);
    while (server->request_count < count) pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

size_t server_count(server *server) {
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

void server_forget(server *server) {
    pthread_mutex_lock(&server->lock);
    server->forgets = true;
    pthread_mutex_unlock(&server->lock);
}

const char *server_request(server *server, size_t index) {
    CHECK(index < server_count(server));
    return server->requests[index];
}

const char *server_body(server *server, size_t index) {
    return strstr(server_request(server, index), "\r\n\r\n") + 4;
}

/* The text begins in front of its socket's number. */
char *refusing_url(void) {
    char *made = malloc(sizeof(int) + 64);
    CHECK(made != NULL);
    int bound = bind_loopback(made + sizeof bound, 64);
    memcpy(made, &bound, sizeof bound);
    return made + sizeof bound;
}

void refusing_url_free(char *url) {
    int bound;
    memcpy(&bound, url - sizeof bound, sizeof bound);
    close(bound);
    free(url - sizeof bound);
}

callcta_config *make_config(const char *url) {
    callcta_error *error = NULL;
    callcta_config *config = NULL;
    CHECK_OK(callcta_config_new(PAGE_ID, TOKEN, &config, &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BASE_URL, url, &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "1", &error));
    return config;
}

callcta_client *make_client(const char *url) {
    callcta_error *error = NULL;
    callcta_client *client = NULL;
    callcta_config *config = make_config(url);
    CHECK_OK(callcta_client_new(config, &client, &error));
    callcta_config_free(config);
    return client;
}

callcta_message *make_message(void) {
    callcta_error *error = NULL;
    callcta_button *button = NULL;
    callcta_message *message = NULL;
    CHECK_OK(callcta_button_audio_call("Call Now", 5, &button, &error));
    CHECK_OK(callcta_message_buttons("Contact Support!", &message, &error));
    CHECK_OK(callcta_message_add_button(message, button, &error));
    callcta_button_free(button);
    return message;
}

callcta_request *make_request(const char *psid) {
    callcta_error *error = NULL;
    callcta_request *request = NULL;
    callcta_message *message = make_message();
    CHECK_OK(callcta_request_new(CALLCTA_RECIPIENT_PSID, psid, message, &request, &error));
    callcta_message_free(message);
    return request;
}
