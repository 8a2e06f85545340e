/* Many messages at once: every outcome once, order, cancelling, the end. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "testsupport.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

static callcta_error *error;

/* What a callback was told, and how often. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned calls, receipts;
    callcta_status status;
    callcta_delivery delivery;
    callcta_reason reason;
    char message_id[32];
    /* For callbacks that use the outbox themselves. */
    const callcta_outbox *outbox;
    const callcta_request *request;
    callcta_status inner;
    bool block;
} outcome;

static void outcome_init(outcome *told) {
    memset(told, 0, sizeof *told);
    pthread_mutex_init(&told->lock, NULL);
    pthread_cond_init(&told->changed, NULL);
}

static void outcome_destroy(outcome *told) {
    pthread_cond_destroy(&told->changed);
    pthread_mutex_destroy(&told->lock);
}

static void record(void *user_data, const callcta_receipt *receipt, const callcta_error *failed) {
    outcome *told = user_data;
    CHECK((receipt == NULL) != (failed == NULL));
    pthread_mutex_lock(&told->lock);
    told->calls++;
    if (receipt != NULL) {
        told->receipts++;
        snprintf(told->message_id, sizeof told->message_id, "%s", receipt->message_id);
    } else {
        told->status = failed->status;
        told->delivery = failed->delivery;
        told->reason = failed->reason;
    }
    pthread_cond_broadcast(&told->changed);
    while (told->block) pthread_cond_wait(&told->changed, &told->lock);
    pthread_mutex_unlock(&told->lock);
}

static void await_call(outcome *told) {
    pthread_mutex_lock(&told->lock);
    while (told->calls == 0) pthread_cond_wait(&told->changed, &told->lock);
    pthread_mutex_unlock(&told->lock);
}

static callcta_outbox *make_outbox(const server *server, size_t workers, size_t capacity) {
    callcta_client *client = make_client(server_url(server));
    callcta_outbox *outbox = NULL;
    CHECK_OK(callcta_outbox_new(client, workers, capacity, &outbox, &error));
    CHECK_OK(callcta_outbox_set_pace(outbox, 0, &error));
    callcta_client_free(client); /* the outbox keeps what it needs */
    return outbox;
}

static void submit(callcta_outbox *outbox, const char *psid, outcome *told,
                   callcta_ticket **ticket) {
    callcta_request *request = make_request(psid);
    CHECK_OK(callcta_outbox_submit(outbox, request, true, record, told, ticket, &error));
    callcta_request_free(request);
}

static void every_outcome_is_told_once(void) {
    enum { MESSAGES = 200 };
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 8, 0);
    outcome told[MESSAGES];
    for (int i = 0; i < MESSAGES; i++) {
        char psid[32];
        snprintf(psid, sizeof psid, "%d", 1000 + i);
        outcome_init(&told[i]);
        submit(outbox, psid, &told[i], NULL);
    }
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    for (int i = 0; i < MESSAGES; i++) {
        CHECK_INT(told[i].calls, 1);
        CHECK_INT(told[i].receipts, 1);
        outcome_destroy(&told[i]);
    }
    CHECK_INT(server_count(server), MESSAGES);
    callcta_outbox_free(outbox);
    server_stop(server);
}

static void there_is_a_pace_unless_told_otherwise(void) {
    enum { MESSAGES = 21 };
    server *server = server_start();
    callcta_client *client = make_client(server_url(server));
    callcta_outbox *outbox = NULL;
    CHECK_OK(callcta_outbox_new(client, 0, 0, &outbox, &error));
    outcome told;
    outcome_init(&told);
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 0; i < MESSAGES; i++) {
        char psid[32];
        snprintf(psid, sizeof psid, "%d", 1000 + i);
        submit(outbox, psid, &told, NULL);
    }
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    clock_gettime(CLOCK_MONOTONIC, &ended);
    CHECK_INT(told.receipts, MESSAGES);
    /* 20 times 25 ms, but for the late starts that are made up for. */
    CHECK((double)(ended.tv_sec - begun.tv_sec) + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec) >
          0.3);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    outcome_destroy(&told);
    server_stop(server);
}

static void a_pace_holds_messages_back(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 0, 0);
    callcta_ticket *second = NULL;
    outcome told;
    outcome_init(&told);
    const double none[] = {-1, 1e-320, 1e-9, 301, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_INT(callcta_outbox_set_pace(outbox, none[i], NULL), CALLCTA_INVALID_ARGUMENT);
    CHECK_OK(callcta_outbox_set_pace(outbox, 0.001, &error));
    submit(outbox, "1", &told, NULL);
    submit(outbox, "2", &told, &second);
    submit(outbox, "3", &told, NULL);
    CHECK(callcta_ticket_cancel(second));
    CHECK_OK(callcta_outbox_set_pace(outbox, 0, &error));
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.calls, 3);
    CHECK_INT(server_count(server), 2);
    callcta_ticket_free(second);
    callcta_outbox_free(outbox);
    outcome_destroy(&told);
    server_stop(server);
}

static void one_persons_messages_keep_their_order(void) {
    enum { MESSAGES = 20 };
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 0, 0);
    outcome told;
    outcome_init(&told);
    for (int i = 0; i < MESSAGES; i++) {
        char text[32];
        callcta_request *request = make_request(PSID);
        snprintf(text, sizeof text, "number %d.", i);
        CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_METADATA, text, &error));
        CHECK_OK(callcta_outbox_submit(outbox, request, true, record, &told, NULL, &error));
        callcta_request_free(request);
    }
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.calls, MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
        char text[32];
        snprintf(text, sizeof text, "number %d.", i);
        CHECK_HAS(server_body(server, (size_t)i), text);
    }
    callcta_outbox_free(outbox);
    outcome_destroy(&told);
    server_stop(server);
}

static void failures_are_told(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 1, 1);
    callcta_request *request = NULL;
    callcta_message *message = NULL;
    outcome told;
    outcome_init(&told);
    server_answer(server, 400, NULL, "{\"error\":{\"code\":190}}");
    submit(outbox, PSID, &told, NULL);
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.status, CALLCTA_AUTHENTICATION);
    CHECK_INT(told.delivery, CALLCTA_DELIVERY_REJECTED);

    CHECK_OK(callcta_message_generic(&message, &error));
    CHECK_OK(callcta_request_new(CALLCTA_RECIPIENT_PSID, PSID, message, &request, &error));
    CHECK_OK(callcta_outbox_submit(outbox, request, true, record, &told, NULL, &error));
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.status, CALLCTA_INVALID_MESSAGE);
    CHECK_INT(told.calls, 2);
    /* Unchecked it goes out, whether or not it may wait for room. */
    CHECK_OK(callcta_request_set(request, CALLCTA_OPTION_UNCHECKED, "true", &error));
    for (int wait = 0; wait < 2; wait++) {
        CHECK_OK(callcta_outbox_submit(outbox, request, wait, record, &told, NULL, &error));
        CHECK_OK(callcta_outbox_wait(outbox, &error));
        CHECK_INT(told.receipts, wait + 1);
    }
    callcta_request_free(request);
    callcta_message_free(message);
    callcta_outbox_free(outbox);
    outcome_destroy(&told);
    server_stop(server);
}

static void tickets_cancel(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 1, 1);
    callcta_ticket *first = NULL, *second = NULL;
    outcome under_way, cancelled, refused;
    outcome_init(&under_way);
    outcome_init(&cancelled);
    outcome_init(&refused);
    server_hold(server);
    submit(outbox, "1", &under_way, &first);
    server_await(server, 1);
    submit(outbox, "2", &cancelled, &second);
    /* The only place in the queue is taken. */
    callcta_request *request = make_request("3");
    callcta_ticket *none = first;
    CHECK_FAILS(callcta_outbox_submit(outbox, request, false, record, &refused, &none, &error),
                CALLCTA_QUEUE_FULL);
    CHECK(none == NULL);
    CHECK(error->may_retry);
    CHECK_INT(error->reason, 0);
    FREE_ERROR();
    CHECK(callcta_ticket_cancel(second));
    CHECK_INT(cancelled.calls, 1);
    CHECK_INT(cancelled.status, CALLCTA_CANCELLED);
    CHECK_INT(cancelled.reason, CALLCTA_REASON_ABORTED);
    CHECK_INT(cancelled.delivery, CALLCTA_DELIVERY_NOT_SENT);
    CHECK(!callcta_ticket_cancel(second));
    /* There is room again. */
    CHECK_OK(callcta_outbox_submit(outbox, request, false, record, &refused, NULL, &error));
    /* What is being sent is broken off, and its thread is free for the next one. */
    CHECK(!callcta_ticket_cancel(first));
    server_await(server, 2);
    server_release(server);
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(under_way.status, CALLCTA_CANCELLED);
    CHECK_INT(under_way.reason, CALLCTA_REASON_ABORTED);
    CHECK_INT(under_way.delivery, CALLCTA_DELIVERY_UNKNOWN);
    CHECK_INT(refused.receipts, 1);
    CHECK_INT(server_count(server), 2);
    callcta_request_free(request);
    callcta_outbox_free(outbox);
    /* A ticket may outlive its outbox. */
    CHECK(!callcta_ticket_cancel(first));
    callcta_ticket_free(first);
    callcta_ticket_free(second);
    outcome_destroy(&under_way);
    outcome_destroy(&cancelled);
    outcome_destroy(&refused);
    server_stop(server);
}

static void *drain_outbox(void *outbox) {
    callcta_error *failed = NULL;
    callcta_outbox_drain(outbox, &failed);
    return failed;
}

static void draining_sends_what_is_there_and_takes_no_more(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 1, 2);
    outcome told;
    outcome_init(&told);
    CHECK_INT(callcta_outbox_pending(NULL), 0);
    CHECK_INT(callcta_outbox_pending(outbox), 0);
    server_hold(server);
    submit(outbox, "1", &told, NULL);
    submit(outbox, "2", &told, NULL);
    server_await(server, 1);
    CHECK_INT(callcta_outbox_pending(outbox), 2);
    pthread_t thread;
    void *failed;
    CHECK(pthread_create(&thread, NULL, drain_outbox, outbox) == 0);
    /* Until it has begun, a message is still taken, for which there is room. */
    callcta_request *request = make_request("3");
    unsigned more = 0;
    callcta_status status;
    do {
        status = callcta_outbox_submit(outbox, request, false, record, &told, NULL, &error);
        more += status == CALLCTA_OK;
        if (status == CALLCTA_QUEUE_FULL) FREE_ERROR();
    } while (status != CALLCTA_CANCELLED);
    CHECK_INT(error->reason, CALLCTA_REASON_CLOSED);
    FREE_ERROR();
    server_release(server);
    pthread_join(thread, &failed);
    CHECK(failed == NULL);
    CHECK_INT(told.receipts, 2 + more);
    CHECK_INT(callcta_outbox_pending(outbox), 0);
    callcta_request_free(request);
    callcta_outbox_free(outbox);
    outcome_destroy(&told);
    server_stop(server);
}

static void *free_outbox(void *outbox) {
    callcta_outbox_free(outbox);
    return NULL;
}

static void freeing_waits_for_the_callbacks(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 1, 10);
    outcome in_flight, waiting;
    outcome_init(&in_flight);
    outcome_init(&waiting);
    in_flight.block = true;
    submit(outbox, "1", &in_flight, NULL);
    await_call(&in_flight);
    submit(outbox, "2", &waiting, NULL);
    submit(outbox, "2", &waiting, NULL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, free_outbox, outbox) == 0);
    /* What waited is cancelled at once; the thread goes on waiting for the rest. */
    await_call(&waiting);
    CHECK_INT(waiting.status, CALLCTA_CANCELLED);
    CHECK_INT(waiting.reason, CALLCTA_REASON_CLOSED);
    pthread_mutex_lock(&in_flight.lock);
    in_flight.block = false;
    pthread_cond_broadcast(&in_flight.changed);
    pthread_mutex_unlock(&in_flight.lock);
    pthread_join(thread, NULL);
    /* Nothing is told after this, so what the callbacks use can go. */
    CHECK_INT(waiting.calls, 2);
    CHECK_INT(in_flight.calls, 1);
    outcome_destroy(&in_flight);
    outcome_destroy(&waiting);
    CHECK_INT(server_count(server), 1);
    server_stop(server);
}

static void use_the_outbox(void *user_data, const callcta_receipt *receipt,
                           const callcta_error *failed) {
    outcome *told = user_data;
    CHECK(receipt != NULL && failed == NULL);
    callcta_error *inner = NULL;
    /* Waiting here would never end. */
    CHECK_INT(callcta_outbox_wait(told->outbox, &inner), CALLCTA_INVALID_ARGUMENT);
    callcta_error_free(inner);
    CHECK_INT(callcta_outbox_drain(told->outbox, NULL), CALLCTA_INVALID_ARGUMENT);
    CHECK_INT(callcta_outbox_submit(told->outbox, told->request, true, record, told, NULL, NULL),
              CALLCTA_INVALID_ARGUMENT);
    told->inner =
        callcta_outbox_submit(told->outbox, told->request, false, record, told, NULL, NULL);
}

static void a_callback_may_submit(void) {
    server *server = server_start();
    callcta_outbox *outbox = make_outbox(server, 1, 1);
    callcta_request *request = make_request(PSID);
    outcome told;
    outcome_init(&told);
    told.outbox = outbox;
    told.request = request;
    told.inner = CALLCTA_INTERNAL;
    CHECK_OK(callcta_outbox_submit(outbox, request, true, use_the_outbox, &told, NULL, &error));
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.inner, CALLCTA_OK);
    CHECK_INT(told.receipts, 1);
    CHECK_STR(told.message_id, "m_2");
    callcta_outbox_free(outbox);
    callcta_request_free(request);
    outcome_destroy(&told);
    server_stop(server);
}

static void wait_in_retry(void *user_data, const callcta_error *failed, uint32_t attempt,
                          uint64_t wait_ms) {
    outcome *told = user_data;
    CHECK_INT(failed->delivery, CALLCTA_DELIVERY_NOT_SENT);
    CHECK_INT(attempt, 1);
    CHECK_INT(wait_ms, 0);
    told->inner = callcta_outbox_wait(told->outbox, NULL);
}

static void a_callback_for_retries_cant_wait(void) {
    char *url = refusing_url();
    callcta_config *config = make_config(url);
    callcta_client *client = NULL;
    callcta_outbox *outbox = NULL;
    outcome told;
    outcome_init(&told);
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_ATTEMPTS, "2", &error));
    CHECK_OK(callcta_config_set(config, CALLCTA_SETTING_BASE_DELAY_MS, "0", &error));
    CHECK_OK(callcta_config_set_on_retry(config, wait_in_retry, &told, &error));
    CHECK_OK(callcta_client_new(config, &client, &error));
    callcta_config_free(config);
    CHECK_OK(callcta_outbox_new(client, 1, 1, &outbox, &error));
    told.outbox = outbox;
    submit(outbox, PSID, &told, NULL);
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    CHECK_INT(told.inner, CALLCTA_INVALID_ARGUMENT);
    CHECK_INT(told.status, CALLCTA_CONNECT);
    callcta_outbox_free(outbox);
    callcta_client_free(client);
    outcome_destroy(&told);
    refusing_url_free(url);
}

static void pages_share_threads_and_are_paused_one_by_one(void) {
    enum { MESSAGES = 20 };
    server *server = server_start();
    callcta_client *first = make_client(server_url(server)), *second = NULL;
    callcta_config *config = make_config(server_url(server));
    CHECK_OK(callcta_client_new_beside(config, first, &second, &error));
    callcta_config_free(config);
    callcta_outboxes *outboxes = NULL;
    callcta_outbox *open = NULL, *paused = NULL;
    CHECK_OK(callcta_outboxes_new(2, 0, &outboxes, &error));
    CHECK_OK(callcta_outboxes_outbox(outboxes, first, &open, &error));
    CHECK_OK(callcta_outboxes_outbox(outboxes, second, &paused, &error));
    callcta_client_free(first);
    callcta_client_free(second);
    CHECK_OK(callcta_outbox_set_pace(open, 0, &error));
    CHECK_OK(callcta_outbox_set_pace(paused, 0, &error));
    CHECK_INT(callcta_outbox_set_person_pace(open, -1, NULL), CALLCTA_INVALID_ARGUMENT);
    CHECK_OK(callcta_outbox_set_person_pace(open, 0, &error));
    CHECK_INT(callcta_outbox_pause(paused), 0);
    CHECK_OK(callcta_outbox_settle(paused, &error));
    outcome told[2 * MESSAGES];
    for (int i = 0; i < 2 * MESSAGES; i++) {
        outcome_init(&told[i]);
        /* One person, whose messages keep their order. */
        submit(i < MESSAGES ? open : paused, PSID, &told[i], NULL);
    }
    CHECK_OK(callcta_outbox_wait(open, &error));
    for (int i = 0; i < MESSAGES; i++) {
        char id[32];
        snprintf(id, sizeof id, "m_%d", i + 1);
        CHECK_STR(told[i].message_id, id);
        CHECK_INT(told[MESSAGES + i].calls, 0);
    }
    callcta_counts counts = callcta_outbox_counts(paused);
    CHECK_INT(counts.queued, MESSAGES);
    CHECK_INT(callcta_outbox_counts(open).sent, MESSAGES);
    CHECK_INT(callcta_outboxes_pause(outboxes), 0);
    callcta_outbox_resume(paused);
    CHECK_INT(callcta_outbox_counts(paused).queued, MESSAGES);
    callcta_outboxes_resume(outboxes);
    CHECK_OK(callcta_outboxes_drain(outboxes, &error));
    counts = callcta_outboxes_counts(outboxes);
    CHECK_INT(counts.sent, 2 * MESSAGES);
    CHECK_INT(counts.queued + counts.in_flight + counts.rejected + counts.not_sent + counts.unknown,
              0);
    CHECK_INT(callcta_outbox_cancel(paused) + callcta_outboxes_cancel(outboxes), 0);
    CHECK_INT(callcta_outbox_counts(NULL).sent, 0);
    callcta_outboxes_free(outboxes);
    callcta_outbox_free(open);
    callcta_outbox_free(paused);
    for (int i = 0; i < 2 * MESSAGES; i++) {
        CHECK_INT(told[i].receipts, 1);
        outcome_destroy(&told[i]);
    }
    CHECK_INT(server_count(server), 2 * MESSAGES);
    server_stop(server);
}

int main(void) {
    every_outcome_is_told_once();
    there_is_a_pace_unless_told_otherwise();
    a_pace_holds_messages_back();
    one_persons_messages_keep_their_order();
    failures_are_told();
    tickets_cancel();
    draining_sends_what_is_there_and_takes_no_more();
    freeing_waits_for_the_callbacks();
    a_callback_may_submit();
    a_callback_for_retries_cant_wait();
    pages_share_threads_and_are_paused_one_by_one();
    return 0;
}
