/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/*
 * callcta puts a Call Now button into a Messenger conversation and tells what
 * became of it.
 *
 * Names: callcta_<noun>_<verb>. Parameters come in the order object, inputs,
 * outputs, error.
 *
 * What you build is a handle: a pointer to a type without members. What you are
 * told is a record: a pointer to a struct to read, which only the library makes.
 * Later versions may add members at its end.
 *
 * Results: a function that can fail returns a callcta_status, CALLCTA_OK (0) or
 * the number of what went wrong. Its last parameter takes an error with all that is
 * known, or is NULL. So calls can be joined by ||, and the first failure ends the
 * chain. Outputs, the error among them, are set to NULL first of all and written
 * only on success; what they held before is neither read nor freed.
 *
 * Ownership: an output gives, _free takes, everything else borrows. To add a
 * button to an element copies it; the button is still to be freed. Freeing NULL does
 * nothing. What a record points to lives as long as the record.
 *
 * NULL: no function crashes over it. One that can fail answers
 * CALLCTA_INVALID_ARGUMENT and names the parameter, any other does nothing. What
 * else a function fails with it says itself.
 *
 * Texts are UTF-8 and end with a NUL. Other bytes are CALLCTA_INVALID_ARGUMENT.
 * A NUL inside a text that the platform sent reads as U+FFFD.
 *
 * Threads: each type says what it allows. What is being changed or freed must not be
 * used by another thread meanwhile. Records never change.
 *
 * Callbacks must return: no exception, no longjmp.
 *
 * Rust panics don't get out; they become CALLCTA_INTERNAL.
 *
 * Safety
 *
 * Every pointer is NULL or points to what its type says; handles and records come
 * from this library and have not been freed; texts end with a NUL.
 */

#ifndef CALLCTA_H
#define CALLCTA_H

/* Generated from bindings/c/src by `just gen`. Do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header; callcta_version() is that of the library. */
#define CALLCTA_VERSION "0.1.0"
#define CALLCTA_VERSION_MAJOR 0
#define CALLCTA_VERSION_MINOR 1
#define CALLCTA_VERSION_PATCH 0
/* Grows with the version: 0x010203 is 1.2.3. */
#define CALLCTA_VERSION_NUMBER \
    (CALLCTA_VERSION_MAJOR << 16 | CALLCTA_VERSION_MINOR << 8 | CALLCTA_VERSION_PATCH)

/**
 * Leaves out for how many days a button can be tapped, so that the platform's
 * default applies. A number that nobody means, and that an enum can hold.
 */
enum { CALLCTA_DAYS_DEFAULT = -2000000000 };

/**
 * Messages per second above which a Page's inbox stops showing and sending them.
 */
enum { CALLCTA_PACE = 40 };

/**
 * A button under a card.
 *
 * Threads: several may read it at once; one alone may change it.
 */
typedef struct callcta_button callcta_button;

/**
 * By which sends that are under way can be given up.
 *
 * Threads: any number may use it at once.
 */
typedef struct callcta_cancel_token callcta_cancel_token;

/**
 * Sends messages for one Page, over connections that it keeps.
 *
 * Threads: any number may use it at once.
 */
typedef struct callcta_client callcta_client;

/**
 * Settings of a client.
 *
 * Threads: several may read it at once; one alone may change it.
 */
typedef struct callcta_config callcta_config;

/**
 * Remembers which events were there before: the platform sends again what wasn't
 * answered in time.
 *
 * Threads: any number may use it at once. Of several that ask about the same event one
 * is told that it is new.
 */
typedef struct callcta_deduplicator callcta_deduplicator;

/**
 * One card of a generic template.
 *
 * Threads: several may read it at once; one alone may change it.
 */
typedef struct callcta_element callcta_element;

/**
 * A message: a template with its buttons, or anything else in wire form.
 *
 * Threads: several may read it at once, in sends too; one alone may change it.
 */
typedef struct callcta_message callcta_message;

/**
 * Sends many messages at once with a bounded number of threads. Messages to one
 * recipient keep their order.
 *
 * Threads: any number may use it at once.
 */
typedef struct callcta_outbox callcta_outbox;

/**
 * Outboxes of many Pages that share their threads: each has its own queue, pace and
 * counters, so that what slows one Page down slows no other.
 *
 * Threads: any number may use it at once.
 */
typedef struct callcta_outboxes callcta_outboxes;

/**
 * A whole request: a message with its recipient and options.
 *
 * Threads: several may read it at once, in sends too; one alone may change it.
 */
typedef struct callcta_request callcta_request;

/**
 * The app secrets that may have signed a webhook.
 *
 * Threads: several may read it at once, in verifying too; one alone may change it.
 */
typedef struct callcta_secrets callcta_secrets;

/**
 * A message in an outbox, by which it can be cancelled.
 *
 * Threads: any number may use it at once.
 */
typedef struct callcta_ticket callcta_ticket;

/**
 * What came of a call: `CALLCTA_OK`, or the number of what went wrong. Numbers are
 * never used again for something else.
 */
typedef uint32_t callcta_status;

enum callcta_status_constant {
  /**
   * It worked.
   */
  CALLCTA_OK = 0,
  /**
   * The message breaks a documented rule; nothing was sent.
   */
  CALLCTA_INVALID_MESSAGE = 100,
  /**
   * A setting or an argument can't be used; nothing was sent.
   */
  CALLCTA_INVALID_ARGUMENT = 101,
  /**
   * The access token or the app secret proof is not accepted.
   */
  CALLCTA_AUTHENTICATION = 200,
  /**
   * The app or the Page may not do this.
   */
  CALLCTA_PERMISSION_DENIED = 201,
  /**
   * The Page has not enabled audio calling.
   */
  CALLCTA_CALLING_NOT_ENABLED = 202,
  /**
   * The message came outside of the window in which the Page may write.
   */
  CALLCTA_OUTSIDE_WINDOW = 203,
  /**
   * There is no such person for this Page.
   */
  CALLCTA_INVALID_RECIPIENT = 204,
  /**
   * The person exists but can't be reached.
   */
  CALLCTA_RECIPIENT_UNAVAILABLE = 205,
  /**
   * There is no such Page for this token.
   */
  CALLCTA_INVALID_PAGE = 206,
  /**
   * The platform refused the request as wrong.
   */
  CALLCTA_INVALID_REQUEST = 207,
  /**
   * Too many requests.
   */
  CALLCTA_RATE_LIMITED = 210,
  /**
   * The platform failed; the message may have been delivered all the same.
   */
  CALLCTA_SERVICE = 211,
  /**
   * Another error of the Graph API, with its numbers.
   */
  CALLCTA_API = 299,
  /**
   * Resolving, connecting or TLS failed; nothing was sent.
   */
  CALLCTA_CONNECT = 300,
  /**
   * A time limit ran out.
   */
  CALLCTA_TIMEOUT = 301,
  /**
   * The connection broke after the request, or part of it, was sent.
   */
  CALLCTA_NETWORK = 302,
  /**
   * The answer can't be read.
   */
  CALLCTA_INVALID_RESPONSE = 303,
  /**
   * The message was cancelled, or the client closed; the error's reason tells which.
   */
  CALLCTA_CANCELLED = 400,
  /**
   * The message's deadline passed before it was sent.
   */
  CALLCTA_DEADLINE_PASSED = 401,
  /**
   * The outbox has no room; nothing was sent, and trying again is right.
   */
  CALLCTA_QUEUE_FULL = 402,
  /**
   * This process has no more files, threads or memory; nothing was sent.
   */
  CALLCTA_OUT_OF_RESOURCES = 403,
  /**
   * A webhook has no signature header.
   */
  CALLCTA_MISSING_SIGNATURE = 600,
  /**
   * A webhook's signature header isn't `sha256=` and 64 hexadecimal digits.
   */
  CALLCTA_MALFORMED_SIGNATURE = 601,
  /**
   * A webhook's signature is of another body or made with another secret.
   */
  CALLCTA_WRONG_SIGNATURE = 602,
  /**
   * A webhook's body is too long.
   */
  CALLCTA_TOO_LARGE = 603,
  /**
   * A webhook's body isn't a JSON object.
   */
  CALLCTA_INVALID_BODY = 604,
  /**
   * A request is no challenge.
   */
  CALLCTA_NO_CHALLENGE = 605,
  /**
   * A challenge has another verify token.
   */
  CALLCTA_WRONG_VERIFY_TOKEN = 606,
  /**
   * A defect in callcta.
   */
  CALLCTA_INTERNAL = 900,
};

/**
 * What is known about a message whose send failed.
 */
typedef uint32_t callcta_delivery;

enum callcta_delivery_constant {
  /**
   * Nothing left this machine: it was not delivered.
   */
  CALLCTA_DELIVERY_NOT_SENT = 1001,
  /**
   * The platform refused it: it was not delivered.
   */
  CALLCTA_DELIVERY_REJECTED = 1002,
  /**
   * It may or may not have been delivered: check before sending it again.
   */
  CALLCTA_DELIVERY_UNKNOWN = 1003,
};

/**
 * Who ended a message that was cancelled.
 */
typedef uint32_t callcta_reason;

enum callcta_reason_constant {
  /**
   * The client or the outbox was closed.
   */
  CALLCTA_REASON_CLOSED = 1101,
  /**
   * Somebody gave this one message up.
   */
  CALLCTA_REASON_ABORTED = 1102,
};

/**
 * How much a violation weighs.
 */
typedef uint32_t callcta_severity;

enum callcta_severity_constant {
  /**
   * A documented rule is broken: the message is not sent.
   */
  CALLCTA_SEVERITY_ERROR = 1201,
  /**
   * Something is likely not meant, or not documented: the message is sent.
   */
  CALLCTA_SEVERITY_WARNING = 1202,
};

/**
 * The `error` object of the platform's answer.
 */
typedef struct callcta_graph_error {
  /**
   * `code`.
   */
  int64_t code;
  /**
   * `error_subcode`, if `has_subcode`.
   */
  int64_t subcode;
  /**
   * Whether there is a subcode.
   */
  bool has_subcode;
  /**
   * `is_transient`: 1 yes, 0 no, -1 not said.
   */
  int32_t is_transient;
  /**
   * `type`, or NULL.
   */
  const char *type;
  /**
   * `message`, in whatever language, or NULL. It may name ids.
   */
  const char *message;
  /**
   * `error_user_title`, meant for people, or NULL.
   */
  const char *user_title;
  /**
   * `error_user_msg`, meant for people, or NULL.
   */
  const char *user_message;
  /**
   * `fbtrace_id`, for Meta's support, or NULL.
   */
  const char *trace_id;
} callcta_graph_error;

/**
 * One broken rule.
 */
typedef struct callcta_violation {
  /**
   * Where, as a path in the request body.
   */
  const char *path;
  /**
   * The rule's stable name, such as `too_long`.
   */
  const char *rule;
  /**
   * How much it weighs.
   */
  callcta_severity severity;
  /**
   * What is wrong and what is allowed, in one line.
   */
  const char *message;
} callcta_violation;

/**
 * The broken rules of a message, in the order of the wire form.
 */
typedef struct callcta_violations {
  /**
   * How many there are.
   */
  size_t count;
  /**
   * Each of them; NULL when there are none.
   */
  const struct callcta_violation *const *items;
} callcta_violations;

/**
 * Usage figures of an answer: percentages of what the platform allows, which may
 * exceed 100.
 */
typedef struct callcta_usage {
  /**
   * The business object, such as the Page; NULL for the figures of the app.
   */
  const char *object_id;
  /**
   * The use case, such as `messenger`; NULL for the figures of the app.
   */
  const char *type;
  /**
   * Calls made.
   */
  uint32_t call_count;
  /**
   * Time used.
   */
  uint32_t total_time;
  /**
   * Processor time used.
   */
  uint32_t total_cputime;
  /**
   * How long until calls are accepted again, in milliseconds; -1 when not said.
   */
  int64_t regain_access_after_ms;
} callcta_usage;

/**
 * What went wrong, and what is known about the message.
 */
typedef struct callcta_error {
  /**
   * What the function returned.
   */
  callcta_status status;
  /**
   * The name of the status, such as `outside_window`.
   */
  const char *kind;
  /**
   * What is known about the message.
   */
  callcta_delivery delivery;
  /**
   * The name of that: `not_sent`, `rejected` or `unknown`.
   */
  const char *delivery_name;
  /**
   * Who ended the message, if the status is `CALLCTA_CANCELLED`; otherwise 0.
   */
  callcta_reason reason;
  /**
   * The name of that: `closed` or `aborted`; otherwise NULL.
   */
  const char *reason_name;
  /**
   * What happened, in one line, without token, PSID or text of the message.
   */
  const char *message;
  /**
   * What a person can do about it, in one sentence.
   */
  const char *advice;
  /**
   * The technical cause below, or NULL.
   */
  const char *cause;
  /**
   * Whether sending the same message again can help and can't deliver it twice.
   */
  bool may_retry;
  /**
   * How many requests were made, retries included.
   */
  uint32_t attempts;
  /**
   * The HTTP status of the answer; 0 when there was none. Of a refused webhook or
   * challenge: the status to answer with.
   */
  uint32_t http_status;
  /**
   * How long the platform asks to wait, in milliseconds; -1 when it didn't say.
   */
  int64_t retry_after_ms;
  /**
   * The platform's own error; NULL when it gave none.
   */
  const struct callcta_graph_error *graph;
  /**
   * The broken rules, warnings included; none unless the status is
   * `CALLCTA_INVALID_MESSAGE`. Never NULL.
   */
  const struct callcta_violations *violations;
  /**
   * The usage figures that came with the answer; NULL when none did.
   */
  const struct callcta_usage *const *usage;
  /**
   * How many usage figures there are.
   */
  size_t usage_count;
  /**
   * How long the send took, retries and the waits before them included, in
   * milliseconds.
   */
  int64_t elapsed_ms;
} callcta_error;

/**
 * What a send that worked returned.
 */
typedef struct callcta_receipt {
  /**
   * The id of the message (mid).
   */
  const char *message_id;
  /**
   * The PSID of the person; NULL when the platform left it out, as it does for
   * sends by `user_ref`.
   */
  const char *recipient_id;
  /**
   * How many requests were made, retries included.
   */
  uint32_t attempts;
  /**
   * The usage figures that came with the answer; NULL when none did.
   */
  const struct callcta_usage *const *usage;
  /**
   * How many usage figures there are.
   */
  size_t usage_count;
  /**
   * How long the send took, retries and the waits before them included, in
   * milliseconds.
   */
  int64_t elapsed_ms;
} callcta_receipt;

/**
 * A type of button, and with it what its title and value are.
 */
typedef uint32_t callcta_button_type;

enum callcta_button_type_constant {
  /**
   * Opens a web page: a title, and the URL.
   */
  CALLCTA_BUTTON_WEB_URL = 2101,
  /**
   * Sends a payload to the webhook: a title, and the payload.
   */
  CALLCTA_BUTTON_POSTBACK = 2102,
  /**
   * Dials a number: a title, and a `+` and digits.
   */
  CALLCTA_BUTTON_PHONE_NUMBER = 2103,
  /**
   * Starts account linking: no title, and the URL.
   */
  CALLCTA_BUTTON_ACCOUNT_LINK = 2104,
  /**
   * Undoes account linking: neither title nor value.
   */
  CALLCTA_BUTTON_ACCOUNT_UNLINK = 2105,
  /**
   * Opens an Instant Game: a title, no value.
   */
  CALLCTA_BUTTON_GAME_PLAY = 2106,
  /**
   * Whatever its wire form says: no title, and the JSON object that goes on the wire.
   */
  CALLCTA_BUTTON_JSON = 2107,
};

/**
 * How the value of a field is given.
 */
typedef uint32_t callcta_form;

enum callcta_form_constant {
  /**
   * The field is a text, and the value is that text.
   */
  CALLCTA_TEXT = 2001,
  /**
   * The field is anything, and the value is its JSON, such as `true`.
   */
  CALLCTA_JSON = 2002,
};

/**
 * How a request names its recipient.
 */
typedef uint32_t callcta_recipient;

enum callcta_recipient_constant {
  /**
   * A person's Page-scoped ID (PSID).
   */
  CALLCTA_RECIPIENT_PSID = 2201,
  /**
   * The reference of a plugin, such as the checkbox.
   */
  CALLCTA_RECIPIENT_USER_REF = 2202,
  /**
   * A comment: a private reply to it.
   */
  CALLCTA_RECIPIENT_COMMENT_ID = 2203,
  /**
   * A visitor's post: a private reply to it.
   */
  CALLCTA_RECIPIENT_POST_ID = 2204,
  /**
   * Any form, as the JSON object that goes on the wire.
   */
  CALLCTA_RECIPIENT_JSON = 2205,
};

/**
 * An option of a request; nothing is sent unless set. Its value is a text, such as
 * `1767225600000` where it is a number.
 */
typedef uint32_t callcta_option;

enum callcta_option_constant {
  /**
   * Why the message is sent: `RESPONSE`, `UPDATE`, `MESSAGE_TAG` or `UTILITY`.
   */
  CALLCTA_OPTION_MESSAGING_TYPE = 3001,
  /**
   * What allows the message outside the window, such as `HUMAN_AGENT`.
   */
  CALLCTA_OPTION_TAG = 3002,
  /**
   * How the message is announced: `REGULAR`, `SILENT_PUSH` or `NO_PUSH`.
   */
  CALLCTA_OPTION_NOTIFICATION_TYPE = 3003,
  /**
   * The persona that the message comes from.
   */
  CALLCTA_OPTION_PERSONA_ID = 3004,
  /**
   * The id of the message that this one answers.
   */
  CALLCTA_OPTION_REPLY_TO = 3005,
  /**
   * A text that comes back in the message's echo, instead of the message's own.
   */
  CALLCTA_OPTION_METADATA = 3006,
  /**
   * The moment after which the message must not be sent any more, in
   * milliseconds since 1970-01-01 UTC.
   */
  CALLCTA_OPTION_DEADLINE_UNIX_MS = 3007,
  /**
   * `true`: send without checking first, the way out on the day that Meta changes a
   * limit.
   */
  CALLCTA_OPTION_UNCHECKED = 3008,
  /**
   * A JSON object of further fields for the top level of the request, which no other
   * option sets.
   */
  CALLCTA_OPTION_FIELDS = 3009,
  /**
   * Bound for one whole request and its answer, in milliseconds, instead of the client's.
   */
  CALLCTA_OPTION_TIMEOUT_MS = 3010,
  /**
   * Further headers of this request, as a JSON object of texts, beside the client's or
   * instead of those with the same name.
   */
  CALLCTA_OPTION_HEADERS = 3011,
};

/**
 * A setting of a client. Its value is a text, such as `5000` where it is a number.
 */
typedef uint32_t callcta_setting;

enum callcta_setting_constant {
  /**
   * The Graph API's address, such as an emulator's; `https`, unless the host is this
   * machine. Default: `https://graph.facebook.com`.
   */
  CALLCTA_SETTING_BASE_URL = 4001,
  /**
   * The Graph API version; an empty text leaves it out of the path. Default: `v26.0`.
   */
  CALLCTA_SETTING_VERSION = 4002,
  /**
   * The app secret; with it each request carries an `appsecret_proof`. Default: none.
   */
  CALLCTA_SETTING_APP_SECRET = 4003,
  /**
   * The `User-Agent` header. Default: `callcta/` and the version.
   */
  CALLCTA_SETTING_USER_AGENT = 4004,
  /**
   * The URL of a proxy. Default: none, whatever the environment says.
   */
  CALLCTA_SETTING_PROXY = 4005,
  /**
   * Certificates in PEM form that are trusted beside the built-in ones. Default: none.
   */
  CALLCTA_SETTING_EXTRA_CA_PEM = 4006,
  /**
   * Where the token travels: `header`; `query`, and so into the logs of proxies and
   * servers; or `body`. Default: `header`.
   */
  CALLCTA_SETTING_TOKEN_PLACEMENT = 4007,
  /**
   * Bound for one whole request and its answer, in milliseconds. Default: 30 s.
   */
  CALLCTA_SETTING_TIMEOUT_MS = 4008,
  /**
   * Bound for connecting, TLS included, in milliseconds. Default: 10 s.
   */
  CALLCTA_SETTING_CONNECT_TIMEOUT_MS = 4009,
  /**
   * Largest answer that is read, in bytes. Default: 1 MiB.
   */
  CALLCTA_SETTING_BODY_LIMIT = 4010,
  /**
   * Most idle connections that are kept. Default: 64.
   */
  CALLCTA_SETTING_MAX_IDLE_CONNECTIONS = 4011,
  /**
   * `true` or `false`: post to `/me/messages` rather than to the Page id. Default:
   * `false`.
   */
  CALLCTA_SETTING_USE_ME = 4012,
  /**
   * `true` or `false`: take the proxy from the environment as curl does, from
   * `HTTPS_PROXY`, or `ALL_PROXY` without it, unless `NO_PROXY` has the host. Default:
   * `false`.
   */
  CALLCTA_SETTING_PROXY_FROM_ENV = 4013,
  /**
   * Most requests per send, the first included. Default: 3.
   */
  CALLCTA_SETTING_ATTEMPTS = 4014,
  /**
   * Upper bound of the first wait before a retry, in milliseconds; it doubles with
   * each. Default: 500 ms.
   */
  CALLCTA_SETTING_BASE_DELAY_MS = 4015,
  /**
   * Longest wait before a retry, in milliseconds; if the platform asks for more, the
   * send fails at once. Default: 30 s.
   */
  CALLCTA_SETTING_MAX_DELAY_MS = 4016,
  /**
   * `true` or `false`: try again even when the message may have been delivered. **This
   * can deliver it twice.** Default: `false`.
   */
  CALLCTA_SETTING_RETRY_UNKNOWN = 4017,
  /**
   * The codes that mean `CALLCTA_CALLING_NOT_ENABLED`, since Meta documents none:
   * `[{"code": 10, "subcode": 7}, {"code": 11}]`, the latter whatever the subcode.
   * Default: none.
   */
  CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES = 4018,
  /**
   * Further headers of each request, as a JSON object of texts, such as those of tracing.
   * Default: none.
   */
  CALLCTA_SETTING_HEADERS = 4019,
};

/**
 * Is told of each retry before its wait, on the thread that sends, which may be
 * any. `user_data` is what was set with the callback, or for the request by
 * `callcta_request_set_retry_data`. `error` says why; it lives until the callback
 * returns. `attempt` is the try that failed, from 1. It may close the client, but not
 * free it, nor wait for an outbox.
 */
typedef void (*callcta_on_retry)(void *user_data,
                                 const struct callcta_error *error,
                                 uint32_t attempt,
                                 uint64_t wait_ms);

/**
 * Is told what became of a message: exactly once for each that was accepted, with
 * a receipt, or else with an error; the other one is NULL, and both live until the
 * callback returns.
 *
 * It is called on a thread of the outbox, several at once for several messages,
 * maybe before the call that submitted the message returns; or on the thread that
 * cancels the message or frees the outbox. It should be short: the outbox has no
 * more threads than it has. It may submit more messages, but neither wait nor free
 * the outbox.
 */
typedef void (*callcta_on_done)(void *user_data,
                                const struct callcta_receipt *receipt,
                                const struct callcta_error *error);

/**
 * How many messages are where. Every message that was accepted is in exactly one of the
 * first six.
 */
typedef struct callcta_counts {
  /**
   * Waiting, for their turn or for another try.
   */
  uint64_t queued;
  /**
   * Being sent, or with a callback that hasn't returned.
   */
  uint64_t in_flight;
  /**
   * Sent, with a receipt.
   */
  uint64_t sent;
  /**
   * Refused by the platform.
   */
  uint64_t rejected;
  /**
   * Not sent: provably nobody got them.
   */
  uint64_t not_sent;
  /**
   * Of which nobody here can tell.
   */
  uint64_t unknown;
  /**
   * Messages that had to wait because of the pace or of the platform's limits, so far.
   */
  uint64_t paced;
  /**
   * Tries that were followed by another one, so far.
   */
  uint64_t retried;
} callcta_counts;

/**
 * What the platform answered to an accepted or a started call.
 */
typedef struct callcta_call_session {
  /**
   * The call.
   */
  const char *call_id;
  /**
   * The platform's answer to the offer (SDP), unchanged, or NULL.
   */
  const char *answer;
  /**
   * A session description (SDP) to go on with, unchanged, or NULL.
   */
  const char *renegotiation;
  /**
   * The whole answer as JSON.
   */
  const char *raw;
} callcta_call_session;

/**
 * A step in the life of a call. A tap on an `audio_call` button shows as `connect` of a
 * call that is `user_initiated`; no field names the button.
 */
typedef struct callcta_call {
  /**
   * The call: what is accepted, rejected and ended.
   */
  const char *id;
  /**
   * Which step: `connect` (it rings, and can be accepted for 60 seconds),
   * `call_status`, `media_update` or `terminate`; or one that callcta doesn't know.
   */
  const char *event;
  /**
   * Who called: `user_initiated` or `business_initiated`; or NULL.
   */
  const char *direction;
  /**
   * Of a `call_status`: `ringing` or `accepted`; or NULL.
   */
  const char *status;
  /**
   * Of a `media_update`: its number, of which the highest holds; otherwise -1.
   */
  int64_t version;
  /**
   * Of a `media_update`: the person's offer, unchanged; or NULL.
   */
  const char *offer_sdp;
  /**
   * Of a `terminate`: `completed` or `failed`; or NULL.
   */
  const char *end_status;
  /**
   * When the call began, in Unix milliseconds; -1 if nobody answered.
   */
  int64_t start_time_ms;
  /**
   * When it ended, in Unix milliseconds; -1 if it hasn't.
   */
  int64_t end_time_ms;
  /**
   * How long it lasted, in seconds; -1 if nobody answered.
   */
  int64_t duration_s;
} callcta_call;

/**
 * Something that happened on a Page.
 */
typedef struct callcta_event {
  /**
   * What happened: `call`, `call_permission_reply`, `call_settings_update`, `message`,
   * `echo`, `postback`, `delivery`, `read`, `reaction`, `referral`; `unknown` for what
   * callcta doesn't know or what is broken. Later versions may know more.
   */
  const char *type;
  /**
   * The Page it happened on, that of the event's own entry, or NULL.
   */
  const char *page_id;
  /**
   * The person, whichever side isn't the Page, or NULL.
   */
  const char *psid;
  /**
   * When it happened, as the platform says, in Unix milliseconds; -1 when it doesn't.
   */
  int64_t time_ms;
  /**
   * Whether it came in the standby channel: another app has the conversation.
   */
  bool standby;
  /**
   * What tells the event from all others, the same when it is sent again. It names
   * neither a person nor what was said, and has at most 120 characters.
   */
  const char *identity;
  /**
   * By what `callcta_event_compare` orders.
   */
  int64_t order[3];
  /**
   * Of a `call`; otherwise NULL.
   */
  const struct callcta_call *call;
  /**
   * The id (mid) of a `message`, an `echo`, or the message of a `reaction`, and maybe
   * of a `postback`; otherwise NULL.
   */
  const char *message_id;
  /**
   * The text of a `message` or an `echo`, or NULL.
   */
  const char *text;
  /**
   * The payload of a `postback`, or of the quick reply that was tapped, or NULL.
   */
  const char *payload;
  /**
   * Why an `unknown` event could not be read; otherwise NULL.
   */
  const char *reason;
  /**
   * All that was read, what has no member here included, as a JSON object that is the
   * same in all languages.
   */
  const char *json;
  /**
   * The event as it came, as JSON.
   */
  const char *raw;
} callcta_event;

/**
 * What one webhook request holds.
 */
typedef struct callcta_webhook {
  /**
   * What it is about, `page` for Messenger, or NULL.
   */
  const char *object;
  /**
   * Which of the secrets signed it, from 0; -1 if nothing was verified.
   */
  int64_t secret;
  /**
   * How many events there are.
   */
  size_t count;
  /**
   * Each of them, of every entry, in the order in which they came; NULL when there
   * are none. See `callcta_event_compare`.
   */
  const struct callcta_event *const *events;
} callcta_webhook;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Frees a text that a function gave through an output.
 */
void callcta_string_free(char *string);

/**
 * The name of a status, such as `outside_window`; `ok` for `CALLCTA_OK`, `unnamed` for
 * what is no status. Names live as long as the program.
 */
const char *callcta_status_name(callcta_status status);

/**
 * The name of a delivery, such as `not_sent`; `unnamed` for what is none.
 */
const char *callcta_delivery_name(callcta_delivery delivery);

/**
 * The name of a reason, such as `closed`; `unnamed` for what is none.
 */
const char *callcta_reason_name(callcta_reason reason);

/**
 * The name of a severity, such as `warning`; `unnamed` for what is none.
 */
const char *callcta_severity_name(callcta_severity severity);

/**
 * The version of the library that runs, as `CALLCTA_VERSION` is that of the header.
 * Lives as long as the program.
 */
const char *callcta_version(void);

/**
 * Frees an error.
 */
void callcta_error_free(struct callcta_error *error);

/**
 * Frees what a `_validate` function made. Not the violations of an error.
 */
void callcta_violations_free(struct callcta_violations *violations);

/**
 * Frees a receipt.
 */
void callcta_receipt_free(struct callcta_receipt *receipt);

/**
 * Makes an `audio_call` button: the person taps it and calls the business.
 * `expires_in_days` is how many days it can be tapped, or `CALLCTA_DAYS_DEFAULT`.
 */
callcta_status callcta_button_audio_call(const char *title,
                                         int64_t expires_in_days,
                                         struct callcta_button **button,
                                         struct callcta_error **error);

/**
 * Makes any other button. `type` is one of `CALLCTA_BUTTON_*` and says what `title`
 * and `value` are; what it doesn't have may be NULL and is ignored. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if they don't fit.
 */
callcta_status callcta_button_new(callcta_button_type type,
                                  const char *title,
                                  const char *value,
                                  struct callcta_button **button,
                                  struct callcta_error **error);

/**
 * Sets a field by its name on the wire, known or not, such as `fallback_url`. `form`
 * says what `value` is. Fails with `CALLCTA_INVALID_ARGUMENT` if they don't fit.
 */
callcta_status callcta_button_set(struct callcta_button *button,
                                  const char *field,
                                  callcta_form form,
                                  const char *value,
                                  struct callcta_error **error);

/**
 * Frees a button.
 */
void callcta_button_free(struct callcta_button *button);

/**
 * Makes a card with this title.
 */
callcta_status callcta_element_new(const char *title,
                                   struct callcta_element **element,
                                   struct callcta_error **error);

/**
 * Sets a field by its name on the wire: `subtitle`, `image_url`, or another; see
 * `callcta_button_set`.
 */
callcta_status callcta_element_set(struct callcta_element *element,
                                   const char *field,
                                   callcta_form form,
                                   const char *value,
                                   struct callcta_error **error);

/**
 * Sets what a tap on the card itself opens: a `web_url` button, whose title is
 * left out on the wire.
 */
callcta_status callcta_element_set_default_action(struct callcta_element *element,
                                                  const struct callcta_button *button,
                                                  struct callcta_error **error);

/**
 * Adds a copy of a button to a card.
 */
callcta_status callcta_element_add_button(struct callcta_element *element,
                                          const struct callcta_button *button,
                                          struct callcta_error **error);

/**
 * Frees a card.
 */
void callcta_element_free(struct callcta_element *element);

/**
 * Makes a generic template without cards yet.
 */
callcta_status callcta_message_generic(struct callcta_message **message,
                                       struct callcta_error **error);

/**
 * Makes a button template: a text, without buttons yet.
 */
callcta_status callcta_message_buttons(const char *text,
                                       struct callcta_message **message,
                                       struct callcta_error **error);

/**
 * Makes a call prompt with the platform's defaults.
 */
callcta_status callcta_message_call_prompt(struct callcta_message **message,
                                           struct callcta_error **error);

/**
 * Makes a message of its wire form, or of a whole request body's. Fails with
 * `CALLCTA_INVALID_MESSAGE` if `json` is not a JSON object.
 */
callcta_status callcta_message_from_json(const char *json,
                                         struct callcta_message **message,
                                         struct callcta_error **error);

/**
 * Adds a copy of a card to a generic template. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
 */
callcta_status callcta_message_add_element(struct callcta_message *message,
                                           const struct callcta_element *element,
                                           struct callcta_error **error);

/**
 * Adds a copy of a button to a button template. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
 */
callcta_status callcta_message_add_button(struct callcta_message *message,
                                          const struct callcta_button *button,
                                          struct callcta_error **error);

/**
 * Sets a field of the `message` object by its path on the wire, known or not:
 * `metadata`, or `attachment.payload.sharable` for a template's; see
 * `callcta_button_set`.
 */
callcta_status callcta_message_set(struct callcta_message *message,
                                   const char *field,
                                   callcta_form form,
                                   const char *value,
                                   struct callcta_error **error);

/**
 * Checks a message by itself. `CALLCTA_OK` says that it was checked; the list, empty
 * if all is well, says with what result.
 */
callcta_status callcta_message_validate(const struct callcta_message *message,
                                        struct callcta_violations **violations,
                                        struct callcta_error **error);

/**
 * The `message` object as JSON, to be freed with `callcta_string_free`.
 */
callcta_status callcta_message_to_json(const struct callcta_message *message,
                                       char **json,
                                       struct callcta_error **error);

/**
 * Frees a message.
 */
void callcta_message_free(struct callcta_message *message);

/**
 * Makes a request of a copy of a message. `type` is one of `CALLCTA_RECIPIENT_*` and
 * says what `to` is. Fails with `CALLCTA_INVALID_ARGUMENT` if they don't fit.
 */
callcta_status callcta_request_new(callcta_recipient type,
                                   const char *to,
                                   const struct callcta_message *message,
                                   struct callcta_request **request,
                                   struct callcta_error **error);

/**
 * Sets one of `CALLCTA_OPTION_*`, which says what `value` is. Texts that callcta doesn't
 * know are sent as they are.
 */
callcta_status callcta_request_set(struct callcta_request *request,
                                   callcta_option option,
                                   const char *value,
                                   struct callcta_error **error);

/**
 * Sets an option by its name: that of its constant in small letters without
 * `CALLCTA_OPTION_`, but `deadline_ms`. See `callcta_config_set_named`.
 */
callcta_status callcta_request_set_named(struct callcta_request *request,
                                         const char *name,
                                         const char *value,
                                         struct callcta_error **error);

/**
 * Sets what the callback for retries gets as `user_data` when this request is tried
 * again, so that it knows which one that is: by default what came with the callback.
 */
callcta_status callcta_request_set_retry_data(struct callcta_request *request,
                                              void *user_data,
                                              struct callcta_error **error);

/**
 * Checks recipient, message and options; see `callcta_message_validate`.
 */
callcta_status callcta_request_validate(const struct callcta_request *request,
                                        struct callcta_violations **violations,
                                        struct callcta_error **error);

/**
 * Frees a request.
 */
void callcta_request_free(struct callcta_request *request);

/**
 * Makes settings for a client of this Page. `page_id` has digits only.
 */
callcta_status callcta_config_new(const char *page_id,
                                  const char *access_token,
                                  struct callcta_config **config,
                                  struct callcta_error **error);

/**
 * Makes settings of the environment: `CALLCTA_PAGE_ID` and `CALLCTA_ACCESS_TOKEN`, and,
 * where they are set, `CALLCTA_APP_SECRET`, `CALLCTA_BASE_URL`, which may lead to an
 * emulator, and `CALLCTA_CA_FILE`, the name of a file with certificates to trust. Fails with `CALLCTA_INVALID_ARGUMENT`, which names what is missing.
 */
callcta_status callcta_config_from_env(struct callcta_config **config,
                                       struct callcta_error **error);

/**
 * Sets one of `CALLCTA_SETTING_*`, which says what `value` is. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if it is something else.
 */
callcta_status callcta_config_set(struct callcta_config *config,
                                  callcta_setting setting,
                                  const char *value,
                                  struct callcta_error **error);

/**
 * Sets a setting by its name, as a configuration file has it: that of its constant in
 * small letters without `CALLCTA_SETTING_`, such as `timeout_ms`. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if there is no such setting, and names the one that is
 * likely meant.
 */
callcta_status callcta_config_set_named(struct callcta_config *config,
                                        const char *name,
                                        const char *value,
                                        struct callcta_error **error);

/**
 * Sets who is told of retries: nobody if that is NULL, the default. `user_data` comes
 * back as it is; it may be NULL.
 */
callcta_status callcta_config_set_on_retry(struct callcta_config *config,
                                           callcta_on_retry on_retry,
                                           void *user_data,
                                           struct callcta_error **error);

/**
 * Frees settings. Clients made of them are not touched.
 */
void callcta_config_free(struct callcta_config *config);

/**
 * Makes a client. Nothing is connected before the first send. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if a setting can't be used.
 */
callcta_status callcta_client_new(const struct callcta_config *config,
                                  struct callcta_client **client,
                                  struct callcta_error **error);

/**
 * The same, with the connections of another client: for many Pages in one process. Settings
 * of connections, such as the proxy and the time for connecting, are the other client's.
 */
callcta_status callcta_client_new_beside(const struct callcta_config *config,
                                         const struct callcta_client *other,
                                         struct callcta_client **client,
                                         struct callcta_error **error);

/**
 * Makes requests with another access token from now on. Fails with
 * `CALLCTA_INVALID_ARGUMENT` if it can't be one.
 */
callcta_status callcta_client_set_access_token(const struct callcta_client *client,
                                               const char *access_token,
                                               struct callcta_error **error);

/**
 * Sends a message to a PSID and waits for the platform's answer. `receipt` may be
 * NULL. Fails with any status; the error's delivery tells whether the message may
 * have arrived.
 */
callcta_status callcta_client_send(const struct callcta_client *client,
                                   const char *to,
                                   const struct callcta_message *message,
                                   struct callcta_receipt **receipt,
                                   struct callcta_error **error);

/**
 * Sends a whole request; see `callcta_client_send`.
 */
callcta_status callcta_client_send_request(const struct callcta_client *client,
                                           const struct callcta_request *request,
                                           struct callcta_receipt **receipt,
                                           struct callcta_error **error);

/**
 * Makes a token. It can serve several sends, at once or one after another.
 */
callcta_status callcta_cancel_token_new(struct callcta_cancel_token **token,
                                        struct callcta_error **error);

/**
 * Gives up the sends with this token, those under way and later ones. Each ends at once
 * with `CALLCTA_CANCELLED` and the delivery that is known, unless its answer was first.
 * Not from a signal handler.
 */
void callcta_cancel_token_cancel(const struct callcta_cancel_token *token);

/**
 * Frees a token.
 */
void callcta_cancel_token_free(struct callcta_cancel_token *token);

/**
 * Sends a whole request until `token` is cancelled; see `callcta_client_send`.
 */
callcta_status callcta_client_send_request_until(const struct callcta_client *client,
                                                 const struct callcta_request *request,
                                                 const struct callcta_cancel_token *token,
                                                 struct callcta_receipt **receipt,
                                                 struct callcta_error **error);

/**
 * Closes every connection. Sends in flight end at once, later ones fail with
 * `CALLCTA_CANCELLED`.
 */
void callcta_client_close(const struct callcta_client *client);

/**
 * Frees a client. An outbox that was made of it keeps its connections. Not from the
 * callback for retries.
 */
void callcta_client_free(struct callcta_client *client);

/**
 * Makes an outbox that sends with `client`, with at most `workers` threads and
 * `capacity` waiting messages; 0 means the default, 64 and 100,000. It starts
 * `CALLCTA_PACE` messages per second; `callcta_outbox_set_pace` changes that. Threads
 * start when there is work for them.
 */
callcta_status callcta_outbox_new(const struct callcta_client *client,
                                  size_t workers,
                                  size_t capacity,
                                  struct callcta_outbox **outbox,
                                  struct callcta_error **error);

/**
 * Bounds how many messages are started per second; 0 bounds nothing. Defaults to
 * `CALLCTA_PACE`, what a Page can keep up; 300 is the most. Outboxes with a pace that
 * were made of one client keep it together; `callcta_client_send` doesn't count. When
 * the platform says that most of a limit is used up, fewer are started, and none while it
 * asks to wait. Fails with `CALLCTA_INVALID_ARGUMENT` if it is neither 0 nor a number
 * from one message a day (1/86400) to 300.
 */
callcta_status callcta_outbox_set_pace(const struct callcta_outbox *outbox,
                                       double per_second,
                                       struct callcta_error **error);

/**
 * Puts a copy of a request into the queue. If that is full, waits for room, or fails
 * with `CALLCTA_QUEUE_FULL` unless `wait`. `user_data` comes back in the callback; it
 * may be NULL, and so may `ticket`. If this fails, the callback is not called.
 * Waiting for room is refused in a callback.
 */
callcta_status callcta_outbox_submit(const struct callcta_outbox *outbox,
                                     const struct callcta_request *request,
                                     bool wait,
                                     callcta_on_done on_done,
                                     void *user_data,
                                     struct callcta_ticket **ticket,
                                     struct callcta_error **error);

/**
 * Waits until every message has been sent and its callback has returned. Refused in
 * a callback.
 */
callcta_status callcta_outbox_wait(const struct callcta_outbox *outbox,
                                   struct callcta_error **error);

/**
 * How many messages have no outcome yet: those that wait, those being sent, and those
 * whose callback hasn't returned.
 */
size_t callcta_outbox_pending(const struct callcta_outbox *outbox);

/**
 * Ends gracefully: takes no more messages, so that submitting fails with
 * `CALLCTA_CANCELLED`, waits until every message has been sent and its callback has
 * returned, and ends the threads. Refused in a callback.
 */
callcta_status callcta_outbox_drain(const struct callcta_outbox *outbox,
                                    struct callcta_error **error);

/**
 * Ends abruptly: cancels the messages that wait, with delivery not sent, waits until
 * those being sent are done, every callback has returned and every thread has ended,
 * and frees the outbox. To send everything first, call `callcta_outbox_drain`. Not from
 * a callback.
 */
void callcta_outbox_free(struct callcta_outbox *outbox);

/**
 * Gives the message up. If it still waits, its callback is called, with
 * `CALLCTA_CANCELLED`, before this returns `true`. If it is being sent, that is broken
 * off, and the callback is called soon after, with the delivery that is known. `false`
 * then, and if it is done.
 */
bool callcta_ticket_cancel(const struct callcta_ticket *ticket);

/**
 * Frees a ticket. Its message is not touched.
 */
void callcta_ticket_free(struct callcta_ticket *ticket);

/**
 * Makes outboxes, none at first, with at most `workers` threads for all of them and
 * `capacity` waiting messages for each; 0 means the default, 64 and 100,000.
 */
callcta_status callcta_outboxes_new(size_t workers,
                                    size_t capacity,
                                    struct callcta_outboxes **outboxes,
                                    struct callcta_error **error);

/**
 * Makes an outbox with these threads, for the Page of `client`. It starts `CALLCTA_PACE`
 * messages per second; `callcta_outbox_set_pace` changes that. It keeps what it needs, and
 * is freed by itself: what waits in it is cancelled then.
 */
callcta_status callcta_outboxes_outbox(const struct callcta_outboxes *outboxes,
                                       const struct callcta_client *client,
                                       struct callcta_outbox **outbox,
                                       struct callcta_error **error);

/**
 * Lets nothing start any more, in none of them, and tells how many messages are being sent.
 * Outboxes that are paused themselves stay so.
 */
size_t callcta_outboxes_pause(const struct callcta_outboxes *outboxes);

/**
 * Ends a pause of all. What was missed is not made up for.
 */
void callcta_outboxes_resume(const struct callcta_outboxes *outboxes);

/**
 * Cancels what waits, with delivery not sent unless it waits for another try, and tells how
 * many messages that were. Their callbacks have returned then.
 */
size_t callcta_outboxes_cancel(const struct callcta_outboxes *outboxes);

/**
 * How many messages are where, those of outboxes that are gone included; all 0 for NULL.
 */
struct callcta_counts callcta_outboxes_counts(const struct callcta_outboxes *outboxes);

/**
 * Ends gracefully: takes no more messages, waits until every one has been sent and its
 * callback has returned, and ends the threads. Refused in a callback.
 */
callcta_status callcta_outboxes_drain(const struct callcta_outboxes *outboxes,
                                      struct callcta_error **error);

/**
 * Ends abruptly: cancels what waits in all of them, waits until what is being sent is done,
 * every callback has returned and every thread has ended, and frees this. The outboxes are
 * closed then, and still to be freed. Not from a callback.
 */
void callcta_outboxes_free(struct callcta_outboxes *outboxes);

/**
 * Lets nothing of this outbox start any more until `callcta_outbox_resume`, and tells how
 * many messages are being sent. What waits keeps its place and its deadline, and more may be
 * submitted.
 */
size_t callcta_outbox_pause(const struct callcta_outbox *outbox);

/**
 * Ends a pause. What was missed is not made up for.
 */
void callcta_outbox_resume(const struct callcta_outbox *outbox);

/**
 * Waits until nothing is being sent and all callbacks have returned: for after a pause.
 * Refused in a callback.
 */
callcta_status callcta_outbox_settle(const struct callcta_outbox *outbox,
                                     struct callcta_error **error);

/**
 * Cancels what waits, as `callcta_outboxes_cancel`; the outbox stays open.
 */
size_t callcta_outbox_cancel(const struct callcta_outbox *outbox);

/**
 * How many messages of this outbox are where; all 0 for NULL.
 */
struct callcta_counts callcta_outbox_counts(const struct callcta_outbox *outbox);

/**
 * Bounds how many messages to each person are started per second, as
 * `callcta_outbox_set_pace` does for all: the next one starts that much later than the one
 * before was answered. 0, as at first, bounds nothing.
 */
callcta_status callcta_outbox_set_person_pace(const struct callcta_outbox *outbox,
                                              double per_second,
                                              struct callcta_error **error);

/**
 * Asks or says something by its name, and waits for the platform's answer: `settings`,
 * `set_settings`, `feature_status`, `permissions`, `request_permission`, `accept`,
 * `connect`, `reject`, `terminate`, `update_media`, `report_metrics`, `subscriptions` or
 * `subscribe`. `arguments` is a JSON object, or NULL: `settings` and `metrics` are in wire
 * form, `psid`, `call_id`, `offer` (SDP) are texts, `rang_at` is in Unix milliseconds,
 * `fields` a list of webhook fields, `tracks` a list of objects with `msid`, `label` and
 * `enabled`. `options` is a JSON object, or NULL, of `timeout_ms`, `deadline_ms` (since
 * 1970-01-01 UTC), `headers` and `unchecked`. `until`, which may be NULL, gives the request
 * up. `told` is the answer as JSON, the same in all languages, and may be NULL.
 *
 * What only reads, and the end of a call, is tried again even if an earlier try may have
 * arrived; `accept` and `connect` never, whatever happened; all else as messages are. Fails
 * with any status; the error's delivery is about the request.
 */
callcta_status callcta_calling_request(const struct callcta_client *client,
                                       const char *name,
                                       const char *arguments,
                                       const char *options,
                                       const struct callcta_cancel_token *until,
                                       char **told,
                                       struct callcta_error **error);

/**
 * Reads the Page's call settings: a JSON object with, as far as told, `audio_enabled`,
 * `video_enabled`, `icon_enabled`, `call_routing` and `call_hours`. Fails with any status.
 */
callcta_status callcta_calling_settings(const struct callcta_client *client,
                                        char **settings,
                                        struct callcta_error **error);

/**
 * Changes the call settings that are given, as a JSON object; the others stay. They are
 * checked first. Fails with any status, `CALLCTA_INVALID_MESSAGE` and the violations if a
 * documented rule is broken.
 */
callcta_status callcta_calling_set_settings(const struct callcta_client *client,
                                            const char *settings,
                                            struct callcta_error **error);

/**
 * Everything that is wrong with call settings. Fails with `CALLCTA_INVALID_MESSAGE` if they
 * are no JSON object.
 */
callcta_status callcta_call_settings_validate(const char *settings,
                                              struct callcta_violations **violations,
                                              struct callcta_error **error);

/**
 * Whether the Page may call a person, and whether it may ask to be allowed to: a JSON object
 * with `status`, `expiration` (Unix milliseconds) and `actions`. Fails with any status,
 * `CALLCTA_CALLING_NOT_ENABLED` if the Page has calling switched off.
 */
callcta_status callcta_calling_permissions(const struct callcta_client *client,
                                           const char *psid,
                                           char **permissions,
                                           struct callcta_error **error);

/**
 * Accepts a person's call with the Page's offer (SDP): one request, whatever happens.
 * `rang_at_ms` is when it began to ring, the `time_ms` of its `connect` event, or -1. It is
 * not accepted later than 60 seconds after that, by this machine's clock, but fails with
 * `CALLCTA_DEADLINE_PASSED`. `session` may be NULL. Fails with any status; when the delivery
 * is unknown, end the call.
 */
callcta_status callcta_calling_accept(const struct callcta_client *client,
                                      const char *call_id,
                                      const char *offer,
                                      int64_t rang_at_ms,
                                      struct callcta_call_session **session,
                                      struct callcta_error **error);

/**
 * Calls a person, who must have allowed it, with the Page's offer (SDP): one request,
 * whatever happens. `session` may be NULL. Fails with any status.
 */
callcta_status callcta_calling_connect(const struct callcta_client *client,
                                       const char *psid,
                                       const char *offer,
                                       struct callcta_call_session **session,
                                       struct callcta_error **error);

/**
 * Rejects a person's call that rings. Fails with any status.
 */
callcta_status callcta_calling_reject(const struct callcta_client *client,
                                      const char *call_id,
                                      struct callcta_error **error);

/**
 * Ends a call. Fails with any status.
 */
callcta_status callcta_calling_terminate(const struct callcta_client *client,
                                         const char *call_id,
                                         struct callcta_error **error);

/**
 * Frees a session.
 */
void callcta_call_session_free(struct callcta_call_session *session);

/**
 * Holds an app secret. Fails with `CALLCTA_INVALID_ARGUMENT` if it is empty: nothing
 * would be verified.
 */
callcta_status callcta_secrets_new(const char *secret,
                                   struct callcta_secrets **secrets,
                                   struct callcta_error **error);

/**
 * Adds another app secret: while a secret is replaced, or when several apps share an
 * address. Fails as `callcta_secrets_new`.
 */
callcta_status callcta_secrets_add(struct callcta_secrets *secrets,
                                   const char *secret,
                                   struct callcta_error **error);

/**
 * Whether the old header `X-Hub-Signature`, `sha1=` and 40 digits, is taken as well. As
 * long as nobody says so, it isn't.
 */
callcta_status callcta_secrets_accept_sha1(struct callcta_secrets *secrets,
                                           bool yes,
                                           struct callcta_error **error);

/**
 * Gives the header that Meta would send with a body, by the first secret, for tests of
 * a receiver; to be freed with `callcta_string_free`.
 */
callcta_status callcta_secrets_sign(const struct callcta_secrets *secrets,
                                    const void *body,
                                    size_t length,
                                    char **signature,
                                    struct callcta_error **error);

/**
 * Frees secrets.
 */
void callcta_secrets_free(struct callcta_secrets *secrets);

/**
 * Verifies a webhook's signature over the `length` bytes of its body as they came in, and
 * reads its events. `header` is the value of `X-Hub-Signature-256`, whatever it is; NULL
 * if the request has none, or more than one.
 *
 * If it is refused, with `CALLCTA_MISSING_SIGNATURE`, `CALLCTA_MALFORMED_SIGNATURE`,
 * `CALLCTA_WRONG_SIGNATURE`, `CALLCTA_TOO_LARGE` or `CALLCTA_INVALID_BODY`, answer with
 * the error's `http_status` and do nothing else. Otherwise answer with 200 within 5
 * seconds and do the work later.
 */
callcta_status callcta_webhook_verify_and_parse(const void *body,
                                                size_t length,
                                                const char *header,
                                                const struct callcta_secrets *secrets,
                                                struct callcta_webhook **webhook,
                                                struct callcta_error **error);

/**
 * Reads a webhook's events WITHOUT VERIFYING who sent it. Only for bodies that were
 * verified before; everybody can post to a webhook's address. Fails with
 * `CALLCTA_TOO_LARGE` or `CALLCTA_INVALID_BODY`.
 */
callcta_status callcta_webhook_parse_unverified(const void *body,
                                                size_t length,
                                                struct callcta_webhook **webhook,
                                                struct callcta_error **error);

/**
 * Frees a webhook and its events.
 */
void callcta_webhook_free(struct callcta_webhook *webhook);

/**
 * Reads a challenge, the GET by which Meta checks an address, from its query (what
 * follows the `?`), and gives the text to answer with: exactly it, as `text/plain`, with
 * status 200; to be freed with `callcta_string_free`. Fails with `CALLCTA_NO_CHALLENGE`,
 * as for any other GET, or `CALLCTA_WRONG_VERIFY_TOKEN`.
 */
callcta_status callcta_webhook_answer_challenge(const char *query,
                                                const char *verify_token,
                                                char **answer,
                                                struct callcta_error **error);

/**
 * Tells, less than 0, 0 or more than 0, whether one event happened before, at the same
 * time as, or after another, as far as the platform tells: by its time, then by the life
 * of a call. When they came decides nothing: the end of a call may come before its
 * beginning.
 */
int32_t callcta_event_compare(const struct callcta_event *one, const struct callcta_event *other);

/**
 * Makes a memory of the last `capacity` events, at least 1; each takes some 200 bytes. It
 * knows this process only: where several receive, put `identity` into a database under a
 * unique key.
 */
callcta_status callcta_deduplicator_new(size_t capacity,
                                        struct callcta_deduplicator **deduplicator,
                                        struct callcta_error **error);

/**
 * Whether the event of this identity is here for the first time; from now on it isn't.
 */
bool callcta_deduplicator_is_new(const struct callcta_deduplicator *deduplicator,
                                 const char *identity);

/**
 * Forgets an event, so that it counts as new again: when what was begun because of it
 * failed, and shall be done when it is sent again.
 */
void callcta_deduplicator_forget(const struct callcta_deduplicator *deduplicator,
                                 const char *identity);

/**
 * Frees a deduplicator.
 */
void callcta_deduplicator_free(struct callcta_deduplicator *deduplicator);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CALLCTA_H */
