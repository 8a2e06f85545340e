//! callcta puts a Call Now button into a Messenger conversation and tells what
//! became of it.
//!
//! Names: `callcta_<noun>_<verb>`. Parameters come in the order object, inputs,
//! outputs, error.
//!
//! What you build is a handle: a pointer to a type without members. What you are
//! told is a record: a pointer to a struct to read, which only the library makes.
//! Later versions may add members at its end.
//!
//! Results: a function that can fail returns a `callcta_status`, `CALLCTA_OK` (0) or
//! the number of what went wrong. Its last parameter takes an error with all that is
//! known, or is NULL. So calls can be joined by `||`, and the first failure ends the
//! chain. Outputs, the error among them, are set to NULL first of all and written
//! only on success; what they held before is neither read nor freed.
//!
//! Ownership: an output gives, `_free` takes, everything else borrows. To add a
//! button to an element copies it; the button is still to be freed. Freeing NULL does
//! nothing. What a record points to lives as long as the record.
//!
//! NULL: no function crashes over it. One that can fail answers
//! `CALLCTA_INVALID_ARGUMENT` and names the parameter, any other does nothing. What
//! else a function fails with it says itself.
//!
//! Texts are UTF-8 and end with a NUL. Other bytes are `CALLCTA_INVALID_ARGUMENT`.
//! A NUL inside a text that the platform sent reads as U+FFFD.
//!
//! Threads: each type says what it allows. What is being changed or freed must not be
//! used by another thread meanwhile. Records never change.
//!
//! Callbacks must return: no exception, no `longjmp`.
//!
//! Rust panics don't get out; they become `CALLCTA_INTERNAL`.
//!
//! # Safety
//!
//! Every pointer is NULL or points to what its type says; handles and records come
//! from this library and have not been freed; texts end with a NUL.

// Types are named as C sees them.
#![allow(non_camel_case_types)]
// The crate's own section on safety holds for every function, and only C calls them.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CString, c_char};

#[macro_use]
mod ffi;

// The order of the header.
mod told;

mod message;

mod client;

mod outbox;

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
/// Cancelled, the client closed, or the deadline passed.
pub const CALLCTA_CANCELLED: callcta_status = 400;
/// A defect in callcta.
pub const CALLCTA_INTERNAL: callcta_status = 900;

/// What is known about a message whose send failed.
pub type callcta_delivery = u32;

/// Nothing left this machine: it was not delivered.
pub const CALLCTA_DELIVERY_NOT_SENT: callcta_delivery = 1;
/// The platform refused it: it was not delivered.
pub const CALLCTA_DELIVERY_REJECTED: callcta_delivery = 2;
/// It may or may not have been delivered: check before sending it again.
pub const CALLCTA_DELIVERY_UNKNOWN: callcta_delivery = 3;

/// How much a violation weighs.
pub type callcta_severity = u32;

/// A documented rule is broken: the message is not sent.
pub const CALLCTA_SEVERITY_ERROR: callcta_severity = 1;
/// Something is likely not meant, or not documented: the message is sent.
pub const CALLCTA_SEVERITY_WARNING: callcta_severity = 2;

/// The version of the library that runs, as `CALLCTA_VERSION` is that of the header.
/// Lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn callcta_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Frees a text that a function gave through an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: by contract it came from `CString::into_raw`.
        drop(unsafe { CString::from_raw(string) });
    }
}
