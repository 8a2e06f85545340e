//! The numbers of what can come of a call, and their names.

// Most of them are for C only.
#![allow(dead_code)]

use std::ffi::{CString, c_char};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use callcta::webhook::RefusalKind;
use callcta::{CancelReason, Delivery, ErrorKind, Severity};

use crate::memory::c_string;

/// The types of all constants, and where their numbers lie: apart, so that one in
/// another's place can be told.
const GROUPS: &[(&str, RangeInclusive<u32>)] = &[
    ("callcta_status", 0..=0),
    ("callcta_status", 100..=999),
    ("callcta_delivery", 1000..=1099),
    ("callcta_reason", 1100..=1199),
    ("callcta_severity", 1200..=1299),
    ("callcta_form", 2000..=2099),
    ("callcta_button_type", 2100..=2199),
    ("callcta_recipient", 2200..=2299),
    ("callcta_option", 3000..=3999),
    ("callcta_setting", 4000..=4999),
];

/// The type of a constant.
pub(crate) fn group(number: u32) -> Option<&'static str> {
    let group = GROUPS.iter().find(|(_, range)| range.contains(&number));
    group.map(|(name, _)| *name)
}

/// What came of a call: `CALLCTA_OK`, or the number of what went wrong. Numbers are
/// never used again for something else.
pub type callcta_status = u32;

/// It worked.
pub const CALLCTA_OK: callcta_status = 0;
/// The message breaks a documented rule; nothing was sent.
pub const CALLCTA_INVALID_MESSAGE: callcta_status = 100;
/// A setting or an argument can't be used; nothing was sent.
pub const CALLCTA_INVALID_ARGUMENT: callcta_status = 101;
/// The access token or the app secret proof is not accepted.
pub const CALLCTA_AUTHENTICATION: callcta_status = 200;
/// The app or the Page may not do this.
pub const CALLCTA_PERMISSION_DENIED: callcta_status = 201;
/// The Page has not enabled audio calling.
pub const CALLCTA_CALLING_NOT_ENABLED: callcta_status = 202;
/// The message came outside of the window in which the Page may write.
pub const CALLCTA_OUTSIDE_WINDOW: callcta_status = 203;
/// There is no such person for this Page.
pub const CALLCTA_INVALID_RECIPIENT: callcta_status = 204;
/// The person exists but can't be reached.
pub const CALLCTA_RECIPIENT_UNAVAILABLE: callcta_status = 205;
/// There is no such Page for this token.
pub const CALLCTA_INVALID_PAGE: callcta_status = 206;
/// The platform refused the request as wrong.
pub const CALLCTA_INVALID_REQUEST: callcta_status = 207;
/// Too many requests.
pub const CALLCTA_RATE_LIMITED: callcta_status = 210;
/// The platform failed; the message may have been delivered all the same.
pub const CALLCTA_SERVICE: callcta_status = 211;
/// Another error of the Graph API, with its numbers.
pub const CALLCTA_API: callcta_status = 299;
/// Resolving, connecting or TLS failed; nothing was sent.
pub const CALLCTA_CONNECT: callcta_status = 300;
/// A time limit ran out.
pub const CALLCTA_TIMEOUT: callcta_status = 301;
/// The connection broke after the request, or part of it, was sent.
pub const CALLCTA_NETWORK: callcta_status = 302;
/// The answer can't be read.
pub const CALLCTA_INVALID_RESPONSE: callcta_status = 303;
/// The message was cancelled, or the client closed; the error's reason tells which.
pub const CALLCTA_CANCELLED: callcta_status = 400;
/// The message's deadline passed before it was sent.
pub const CALLCTA_DEADLINE_PASSED: callcta_status = 401;
/// The outbox has no room; nothing was sent, and trying again is right.
pub const CALLCTA_QUEUE_FULL: callcta_status = 402;
/// This process has no more files, threads or memory; nothing was sent.
pub const CALLCTA_OUT_OF_RESOURCES: callcta_status = 403;
/// A webhook has no signature header.
pub const CALLCTA_MISSING_SIGNATURE: callcta_status = 600;
/// A webhook's signature header isn't `sha256=` and 64 hexadecimal digits.
pub const CALLCTA_MALFORMED_SIGNATURE: callcta_status = 601;
/// A webhook's signature is of another body or made with another secret.
pub const CALLCTA_WRONG_SIGNATURE: callcta_status = 602;
/// A webhook's body is too long.
pub const CALLCTA_TOO_LARGE: callcta_status = 603;
/// A webhook's body isn't a JSON object.
pub const CALLCTA_INVALID_BODY: callcta_status = 604;
/// A request is no challenge.
pub const CALLCTA_NO_CHALLENGE: callcta_status = 605;
/// A challenge has another verify token.
pub const CALLCTA_WRONG_VERIFY_TOKEN: callcta_status = 606;
/// A defect in callcta.
pub const CALLCTA_INTERNAL: callcta_status = 900;

/// What is known about a message whose send failed.
pub type callcta_delivery = u32;

/// Nothing left this machine: it was not delivered.
pub const CALLCTA_DELIVERY_NOT_SENT: callcta_delivery = 1001;
/// The platform refused it: it was not delivered.
pub const CALLCTA_DELIVERY_REJECTED: callcta_delivery = 1002;
/// It may or may not have been delivered: check before sending it again.
pub const CALLCTA_DELIVERY_UNKNOWN: callcta_delivery = 1003;

/// Who ended a message that was cancelled.
pub type callcta_reason = u32;

/// The client or the outbox was closed.
pub const CALLCTA_REASON_CLOSED: callcta_reason = 1101;
/// Somebody gave this one message up.
pub const CALLCTA_REASON_ABORTED: callcta_reason = 1102;

/// How much a violation weighs.
pub type callcta_severity = u32;

/// A documented rule is broken: the message is not sent.
pub const CALLCTA_SEVERITY_ERROR: callcta_severity = 1201;
/// Something is likely not meant, or not documented: the message is sent.
pub const CALLCTA_SEVERITY_WARNING: callcta_severity = 1202;

static NAMES: LazyLock<Vec<(u32, CString)>> = LazyLock::new(|| {
    let kinds = ErrorKind::ALL.iter().map(|it| (it.number(), it.as_str()));
    let deliveries = Delivery::ALL.iter().map(|it| (it.number(), it.as_str()));
    let reasons = CancelReason::ALL
        .iter()
        .map(|it| (it.number(), it.as_str()));
    let severities = Severity::ALL.iter().map(|it| (it.number(), it.as_str()));
    let refusals = RefusalKind::ALL.iter().map(|it| (it.number(), it.as_str()));
    let names = [(CALLCTA_OK, "ok")].into_iter().chain(kinds);
    let names = names.chain(refusals);
    let names = names.chain(deliveries).chain(reasons).chain(severities);
    names
        .map(|(number, name)| (number, c_string(name)))
        .collect()
});

fn name(number: u32, group_of_it: &str) -> *const c_char {
    let named = NAMES.iter().find(|(of, _)| *of == number);
    let named = named.filter(|_| group(number) == Some(group_of_it));
    named.map_or(c"unnamed".as_ptr(), |(_, name)| name.as_ptr())
}

/// The name of a status, such as `outside_window`; `ok` for `CALLCTA_OK`, `unnamed` for
/// what is no status. Names live as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_status_name(status: callcta_status) -> *const c_char {
    name(status, "callcta_status")
}

/// The name of a delivery, such as `not_sent`; `unnamed` for what is none.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_delivery_name(delivery: callcta_delivery) -> *const c_char {
    name(delivery, "callcta_delivery")
}

/// The name of a reason, such as `closed`; `unnamed` for what is none.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_reason_name(reason: callcta_reason) -> *const c_char {
    name(reason, "callcta_reason")
}

/// The name of a severity, such as `warning`; `unnamed` for what is none.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_severity_name(severity: callcta_severity) -> *const c_char {
    name(severity, "callcta_severity")
}

/// The version of the library that runs, as `CALLCTA_VERSION` is that of the header.
/// Lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_constant_lies_where_its_type_does_and_nowhere_twice() {
        let mut seen = HashMap::new();
        let mut current = None;
        for line in include_str!("../include/callcta.h").lines() {
            if let Some(start) = line.strip_prefix("enum callcta_") {
                current = start.strip_suffix("_constant {");
            }
            let constant = line.trim().strip_suffix(',');
            if let (Some(of), Some((name, number))) =
                (current, constant.and_then(|it| it.split_once(" = ")))
            {
                let number: u32 = number.parse().expect("it is a number");
                assert_eq!(group(number), Some(&*format!("callcta_{of}")), "{name}");
                let other = seen.insert(number, name);
                assert_eq!(other, None, "{name}");
            }
        }
        for (group, range) in GROUPS {
            assert!(seen.keys().any(|number| range.contains(number)), "{group}");
        }
    }
}
