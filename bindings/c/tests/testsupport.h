/* What the tests share: checks, and a server that plays the platform. */
#ifndef TESTSUPPORT_H
#define TESTSUPPORT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callcta.h"

#define PSID "1254477777772919"
#define PAGE_ID "1234567890"
#define TOKEN "test-token"

#define FAIL(...)                                              \
    do {                                                       \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);        \
        fprintf(stderr, __VA_ARGS__);                          \
        fputc('\n', stderr);                                   \
        exit(1);                                               \
    } while (0)

#define CHECK(condition)                                       \
    do {                                                       \
        if (!(condition)) FAIL("not true: %s", #condition);    \
    } while (0)

/* Two numbers are equal. */
#define CHECK_INT(got, want)                                                   \
    do {                                                                       \
        long long got_ = (long long)(got), want_ = (long long)(want);          \
        if (got_ != want_) FAIL("%s is %lld, not %lld", #got, got_, want_);    \
    } while (0)

/* Two texts are equal, or both NULL. */
#define CHECK_STR(got, want)                                                    \
    do {                                                                        \
        const char *got_ = (got), *want_ = (want);                              \
        if (!got_ || !want_ ? got_ != want_ : strcmp(got_, want_) != 0)         \
            FAIL("%s is\n  %s, not\n  %s", #got, got_ ? got_ : "NULL",          \
                 want_ ? want_ : "NULL");                                       \
    } while (0)

/* The text holds the other one. */
#define CHECK_HAS(text, part)                                                   \
    do {                                                                        \
        const char *text_ = (text);                                             \
        if (!text_ || !strstr(text_, (part)))                                   \
            FAIL("%s is\n  %s\n  without %s", #text, text_ ? text_ : "NULL", (part)); \
    } while (0)

/* A call that ends with `&error` works. */
#define CHECK_OK(call)                                                          \
    do {                                                                        \
        callcta_status status_ = (call);                                        \
        if (status_ != CALLCTA_OK)                                              \
            FAIL("%s: %u: %s", #call, status_, error ? error->message : "no error"); \
        CHECK(error == NULL);                                                   \
    } while (0)

/* A call that ends with `&error` fails with this status, and says so. */
#define CHECK_FAILS(call, want)                                                 \
    do {                                                                        \
        callcta_status status_ = (call);                                        \
        if (status_ != (want)) FAIL("%s: %u, not %u", #call, status_, (unsigned)(want)); \
        CHECK(error != NULL);                                                   \
        CHECK_INT(error->status, status_);                                      \
    } while (0)

/* The error of CHECK_FAILS is dealt with. */
#define FREE_ERROR() (callcta_error_free(error), error = NULL)

/* A server on loopback that answers requests from a list, and the standard
 * success once the list is at its end. Everything in it is safe to call from
 * any thread. */
typedef struct server server;

server *server_start(void);
void server_stop(server *server);
const char *server_url(const server *server);
/* Answers the next request with this. `headers` are whole lines, or NULL. */
void server_answer(server *server, int status, const char *headers, const char *body);
/* Drops the next request's connection once it has been read. */
void server_drop(server *server);
/* Keeps every request waiting for its answer until it is released. */
void server_hold(server *server);
void server_release(server *server);
/* Waits until so many requests have been read in all. */
void server_await(server *server, size_t count);
size_t server_count(server *server);
/* Keeps no request from now on. */
void server_forget(server *server);
/* A request as it came, head and body; lives as long as the server. */
const char *server_request(server *server, size_t index);
/* Only its body. */
const char *server_body(server *server, size_t index);

/* An address on loopback where every connection is refused, until it is freed. */
char *refusing_url(void);
void refusing_url_free(char *url);

/* Settings and a client for this address. */
callcta_config *make_config(const char *url);
callcta_client *make_client(const char *url);
/* The page's sample as a button template. */
callcta_message *make_message(void);
callcta_request *make_request(const char *psid);

#endif
