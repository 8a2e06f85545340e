//! A message with its recipient and options.

use std::ffi::c_char;
use std::mem::take;
use std::time::{Duration, SystemTime};

use callcta::{Error, Recipient, Request, SendOptions};
use serde_json::Value;

use crate::callcta_status;
use crate::ffi::{New, body, change, free, get, give, json, text};
use crate::message::callcta_message;
use crate::told::{self, callcta_error, callcta_violations};

/// How a request names its recipient.
pub type callcta_recipient = u32;

/// A person's Page-scoped ID (PSID).
pub const CALLCTA_RECIPIENT_PSID: callcta_recipient = 1;
/// The reference of a plugin, such as the checkbox.
pub const CALLCTA_RECIPIENT_USER_REF: callcta_recipient = 2;
/// A comment: a private reply to it.
pub const CALLCTA_RECIPIENT_COMMENT_ID: callcta_recipient = 3;
/// A visitor's post: a private reply to it.
pub const CALLCTA_RECIPIENT_POST_ID: callcta_recipient = 4;
/// Any form, as the JSON object that goes on the wire.
pub const CALLCTA_RECIPIENT_JSON: callcta_recipient = 5;

/// An option of a request; nothing is sent unless set.
pub type callcta_option = u32;

/// Text: why the message is sent: `RESPONSE`, `UPDATE`, `MESSAGE_TAG` or `UTILITY`.
pub const CALLCTA_OPTION_MESSAGING_TYPE: callcta_option = 1;
/// Text: what allows the message outside the window, such as `HUMAN_AGENT`.
pub const CALLCTA_OPTION_TAG: callcta_option = 2;
/// Text: how the message is announced: `REGULAR`, `SILENT_PUSH` or `NO_PUSH`.
pub const CALLCTA_OPTION_NOTIFICATION_TYPE: callcta_option = 3;
/// Text: the persona that the message comes from.
pub const CALLCTA_OPTION_PERSONA_ID: callcta_option = 4;
/// Text: the id of the message that this one answers.
pub const CALLCTA_OPTION_REPLY_TO: callcta_option = 5;
/// Text: a text that comes back in the message's echo, instead of the message's own.
pub const CALLCTA_OPTION_METADATA: callcta_option = 6;
/// Number: the moment after which the message must not be sent any more, in
/// milliseconds since 1970-01-01 UTC.
pub const CALLCTA_OPTION_DEADLINE_UNIX_MS: callcta_option = 101;
/// Number, 0 or 1: send without checking first, the way out on the day that Meta
/// changes a limit.
pub const CALLCTA_OPTION_UNCHECKED: callcta_option = 102;

/// A whole request: a message with its recipient and options.
///
/// Threads: several may read it at once, in sends too; one alone may change it.
pub struct callcta_request {
    pub(crate) request: Request,
    pub(crate) unchecked: bool,
}

/// Makes a request of a copy of a message. `form` is one of `CALLCTA_RECIPIENT_*` and
/// says what `to` is. Fails with `CALLCTA_INVALID_ARGUMENT` if they don't fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_new(
    form: callcta_recipient, to: *const c_char, message: *const callcta_message,
    request: *mut *mut callcta_request, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(request, error, {
        let (id, message) = (text!(to).to_owned(), get!(message).0.clone());
        let recipient = match form {
            CALLCTA_RECIPIENT_PSID => Recipient::Id(id),
            CALLCTA_RECIPIENT_USER_REF => Recipient::UserRef(id),
            CALLCTA_RECIPIENT_COMMENT_ID => Recipient::CommentId(id),
            CALLCTA_RECIPIENT_POST_ID => Recipient::PostId(id),
            CALLCTA_RECIPIENT_JSON => match json!(to) {
                Value::Object(object) => Recipient::from_map(object),
                _ => return Err(Error::invalid_argument("to is not a JSON object")),
            },
            _ => return Err(Error::invalid_argument("form is no CALLCTA_RECIPIENT_*")),
        };
        New(callcta_request {
            request: Request::new(recipient, message, SendOptions::new()),
            unchecked: false,
        })
    })
}

/// Sets a `CALLCTA_OPTION_*` that is a text. Values that callcta doesn't know are sent
/// as they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set_text(
    request: *mut callcta_request, option: callcta_option, text: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (request, value) = (change!(request), text!(text));
        let options = request.request.options.clone();
        request.request.options = match option {
            CALLCTA_OPTION_MESSAGING_TYPE => options.messaging_type(value),
            CALLCTA_OPTION_TAG => options.tag(value),
            CALLCTA_OPTION_NOTIFICATION_TYPE => options.notification_type(value),
            CALLCTA_OPTION_PERSONA_ID => options.persona_id(value),
            CALLCTA_OPTION_REPLY_TO => options.reply_to(value),
            CALLCTA_OPTION_METADATA => options.metadata(value),
            _ => return Err(Error::invalid_argument("option is no text option")),
        };
    })
}

/// Sets a top-level field of the request that no other function sets, by its name
/// on the wire, to a JSON value. Fails with `CALLCTA_INVALID_ARGUMENT` if `json` is
/// not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set_json(
    request: *mut callcta_request, name: *const c_char, json: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let options = &mut change!(request).request.options;
        let (name, value) = (text!(name), json!(json));
        *options = take(options).field(name, value);
    })
}

/// Sets a `CALLCTA_OPTION_*` that is a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_set_number(
    request: *mut callcta_request, option: callcta_option, number: u64,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let request = change!(request);
        match option {
            CALLCTA_OPTION_DEADLINE_UNIX_MS => {
                let deadline = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(number));
                let deadline =
                    deadline.ok_or_else(|| Error::invalid_argument("number is no time"))?;
                let options = take(&mut request.request.options);
                request.request.options = options.deadline(deadline);
            }
            CALLCTA_OPTION_UNCHECKED => request.unchecked = number != 0,
            _ => return Err(Error::invalid_argument("option is no number option")),
        }
    })
}

/// Checks recipient, message and options; see `callcta_message_validate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_validate(
    request: *const callcta_request, violations: *mut *mut callcta_violations,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { violations, error, told::violations(&get!(request).request.validate()) }
}

/// Frees a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_request_free(request: *mut callcta_request) {
    free!(request);
}
