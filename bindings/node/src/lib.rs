//! The native part of the npm package `callcta`: plumbing between JavaScript and
//! the core, for the public package in `lib/` only.
#![allow(missing_docs)] // the public package has the documentation
#![allow(clippy::needless_pass_by_value)] // napi hands arguments over by value

mod boundary;
mod client;
mod events;
mod message;
mod outcome;
mod read;

use callcta::{Delivery, Error, ErrorKind, Message, Request, WORKERS_DEFAULT};
use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;
use serde_json::Value;

use crate::boundary::guard;
use crate::outcome::{NativeError, NativeViolation};
use crate::read::{json_object, text};

/// The version of callcta.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many messages an outbox sends at once.
#[napi]
pub fn workers_default() -> u32 {
    u32::try_from(WORKERS_DEFAULT).unwrap_or(u32::MAX)
}

/// Every kind of error.
#[napi]
pub fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// The error of a send that was given up before it began.
#[napi]
pub fn not_begun() -> NativeError {
    (&Error::cancelled(Delivery::NotSent, "cancelled before it was sent")).into()
}

#[napi]
pub fn validate(env: Env, message: Unknown<'_>) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let violations = message::message(message)?.validate();
        Ok(violations.iter().map(Into::into).collect())
    })
}

#[napi]
pub fn validate_request(
    env: Env,
    to: Unknown<'_>,
    message: Unknown<'_>,
    options: Unknown<'_>,
) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let request = Request::new(
            message::recipient(to).map_err(|error| error.within("to"))?,
            message::message(message).map_err(|error| error.within("message"))?,
            message::options(options).map_err(|error| error.within("options"))?,
        );
        Ok(request.validate().iter().map(Into::into).collect())
    })
}

/// The message's wire form.
#[napi(ts_return_type = "Record<string, unknown>")]
pub fn to_json(env: Env, message: Unknown<'_>) -> napi::Result<Value> {
    guard(env, || Ok(message::message(message)?.to_value()))
}

/// The wire form of a message, out of that of a message or of a whole request.
#[napi(ts_return_type = "Record<string, unknown>")]
pub fn from_json(env: Env, json: Unknown<'_>) -> napi::Result<Value> {
    guard(env, || {
        let message = match text(json) {
            Ok(text) => Message::from_json(&text)?,
            Err(_) => Message::raw(json_object(json)?),
        };
        Ok(message.to_value())
    })
}

/// For how many days a tap on the button starts a call, if it is a call button.
#[napi]
pub fn clickable_days(env: Env, button: Unknown<'_>) -> napi::Result<Option<i64>> {
    guard(env, || Ok(message::button(button)?.clickable_days()))
}
