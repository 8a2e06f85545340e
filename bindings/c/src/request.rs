//! Who a message is sent to, and how.

use std::ffi::{c_char, c_void};

use callcta::{Error, Recipient, Request, SendOptions};
use serde_json::Value;

use crate::ffi::{name_of, no_such, set_to};
use crate::memory::new;
use crate::message::callcta_message;
use crate::status::callcta_status;
use crate::told::{self, callcta_error, callcta_violations};

/// How a request names its recipient.
pub type callcta_recipient = u32;

/// A person's Page-scoped ID (PSID).
pub const CALLCTA_RECIPIENT_PSID: callcta_recipient = 2201;
/// The reference of a plugin, such as the checkbox.
pub const CALLCTA_RECIPIENT_USER_REF: callcta_recipient = 2202;
/// A comment: a private reply to it.
pub const CALLCTA_RECIPIENT_COMMENT_ID: callcta_recipient = 2203;
/// A visitor's post: a private reply to it.
pub const CALLCTA_RECIPIENT_POST_ID: callcta_recipient = 2204;
/// Any form, as the JSON object that goes on the wire.
pub const CALLCTA_RECIPIENT_JSON: callcta_recipient = 2205;

/// An option of a request; nothing is sent unless set. Its value is a text, such as
/// `1767225600000` where it is a number.
pub type callcta_option = u32;

/// Why the message is sent: `RESPONSE`, `UPDATE`, `MESSAGE_TAG` or `UTILITY`.
pub const CALLCTA_OPTION_MESSAGING_TYPE: callcta_option = 3001;
/// What allows the message outside the window, such as `HUMAN_AGENT`.
pub const CALLCTA_OPTION_TAG: callcta_option = 3002;
/// How the message is announced: `REGULAR`, `SILENT_PUSH` or `NO_PUSH`.
pub const CALLCTA_OPTION_NOTIFICATION_TYPE: callcta_option = 3003;
/// The persona that the message comes from.
pub const CALLCTA_OPTION_PERSONA_ID: callcta_option = 3004;
/// The id of the message that this one answers.
pub const CALLCTA_OPTION_REPLY_TO: callcta_option = 3005;
/// A text that comes back in the message's echo, instead of the message's own.
pub const CALLCTA_OPTION_METADATA: callcta_option = 3006;
/// The moment after which the message must not be sent any more, in
/// milliseconds since 1970-01-01 UTC.
pub const CALLCTA_OPTION_DEADLINE_UNIX_MS: callcta_option = 3007;
/// `true`: send without checking first, the way out on the day that Meta changes a
/// limit.
pub const CALLCTA_OPTION_UNCHECKED: callcta_option = 3008;
/// A JSON object of further fields for the top level of the request, which no other
/// option sets.
pub const CALLCTA_OPTION_FIELDS: callcta_option = 3009;
/// Bound for one whole request and its answer, in milliseconds, instead of the client's.
pub const CALLCTA_OPTION_TIMEOUT_MS: callcta_option = 3010;
/// Further headers of this request, as a JSON object of texts, beside the client's or
/// instead of those with the same name.
pub const CALLCTA_OPTION_HEADERS: callcta_option = 3011;

const OPTIONS: &[(callcta_option, &str)] = &[
    (CALLCTA_OPTION_MESSAGING_TYPE, "messaging_type"),
    (CALLCTA_OPTION_TAG, "tag"),
    (CALLCTA_OPTION_NOTIFICATION_TYPE, "notification_type"),
    (CALLCTA_OPTION_PERSONA_ID, "persona_id"),
    (CALLCTA_OPTION_REPLY_TO, "reply_to"),
    (CALLCTA_OPTION_METADATA, "metadata"),
    (CALLCTA_OPTION_DEADLINE_UNIX_MS, "deadline_ms"),
    (CALLCTA_OPTION_UNCHECKED, "unchecked"),
    (CALLCTA_OPTION_FIELDS, "fields"),
    (CALLCTA_OPTION_TIMEOUT_MS, "timeout_ms"),
    (CALLCTA_OPTION_HEADERS, "headers"),
];

/// A whole request: a message with its recipient and options.
///
/// Threads: several may read it at once, in sends too; one alone may change it.
pub struct callcta_request(pub(crate) Request);

/// Makes a request of a copy of a message. `type` is one of `CALLCTA_RECIPIENT_*` and
/// says what `to` is. Fails with `CALLCTA_INVALID_ARGUMENT` if they don't fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_new(
    r#type: callcta_recipient, to: *const c_char, message: *const callcta_message,
    request: *mut *mut callcta_request, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(request, error, {
        let (id, message) = (arg!(text to).to_owned(), arg!(handle message).0.clone());
        let recipient = match r#type {
            CALLCTA_RECIPIENT_PSID => Recipient::Id(id),
            CALLCTA_RECIPIENT_USER_REF => Recipient::UserRef(id),
            CALLCTA_RECIPIENT_COMMENT_ID => Recipient::CommentId(id),
            CALLCTA_RECIPIENT_POST_ID => Recipient::PostId(id),
            CALLCTA_RECIPIENT_JSON => match arg!(json to) {
                Value::Object(object) => Recipient::from_map(object),
                _ => return Err(Error::invalid_argument("to is not a JSON object")),
            },
            other => return Err(no_such("type", other, "callcta_recipient")),
        };
        let request = Request::new(recipient, message, SendOptions::new());
        new(callcta_request(request))
    })
}

/// Sets one of `CALLCTA_OPTION_*`, which says what `value` is. Texts that callcta doesn't
/// know are sent as they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set(
    request: *mut callcta_request, option: callcta_option, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (options, value) = (&mut arg!(change request).0.options, arg!(text value));
        let name = name_of(OPTIONS, "option", option, "callcta_option")?;
        *options = set_to(value, |value| options.clone().set(name, value))?;
    })
}

/// Sets an option by its name: that of its constant in small letters without
/// `CALLCTA_OPTION_`, but `deadline_ms`. See `callcta_config_set_named`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set_named(
    request: *mut callcta_request, name: *const c_char, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (name, value) = (arg!(text name), arg!(text value));
        let options = &mut arg!(change request).0.options;
        *options = set_to(value, |value| options.clone().set(name, value))?;
    })
}

/// Sets what the callback for retries gets as `user_data` when this request is tried
/// again, so that it knows which one that is: by default what came with the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set_retry_data(
    request: *mut callcta_request, user_data: *mut c_void, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let options = &mut arg!(change request).0.options;
        *options = options.clone().key(user_data.expose_provenance() as u64);
    })
}

/// Checks recipient, message and options; see `callcta_message_validate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_validate(
    request: *const callcta_request, violations: *mut *mut callcta_violations,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { violations, error, told::violations(&arg!(handle request).0.validate()).into_raw() }
}

/// Frees a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_free(request: *mut callcta_request) {
    free!(request);
}
