//! The native part of the npm package `callcta`: plumbing between JavaScript and
//! the core, for the public package in `lib/` only.
#![allow(missing_docs)] // the public package has the documentation
#![allow(clippy::needless_pass_by_value)] // napi hands arguments over by value

// First: napi's macros in the others need to have seen its names.
mod outcome;

mod boundary;
pub mod calling;
pub mod campaign;
mod client;
mod emulator;
mod events;
mod message;
pub mod outboxes;
pub mod program;
mod read;
mod waiting;
pub mod webhook;

use callcta::{CancelReason, Delivery, Error, ErrorKind, Message, Rule};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::boundary::guard;
use crate::message::Latest;
use crate::outcome::{NativeError, NativeViolation};
use crate::read::parse;

/// The version of callcta.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Fulfils when the event loop has come to other things.
#[napi(ts_return_type = "Promise<void>")]
pub fn turn(env: &Env) -> napi::Result<Object<'_>> {
    let (deferred, promise) = env.create_deferred()?;
    deferred.resolve(|_| Ok(()));
    Ok(promise)
}

/// What the environment says of the Page and the app.
#[napi(object, object_from_js = false)]
pub struct NativeEnvironment {
    pub page_id: String,
    pub access_token: String,
    pub app_secret: Option<String>,
    pub base_url: Option<String>,
    pub extra_ca_pem: Option<String>,
}

/// Reads the environment.
#[napi]
pub fn environment(env: Env) -> napi::Result<NativeEnvironment> {
    guard(env, || {
        let read = callcta::Environment::read()?;
        Ok(NativeEnvironment {
            page_id: read.page_id,
            access_token: read.access_token,
            app_secret: read.app_secret,
            base_url: read.base_url,
            extra_ca_pem: read.extra_ca_pem,
        })
    })
}

/// The names of all kinds of errors.
#[napi(ts_return_type = "ErrorKind[]")]
pub fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// The names of all rules that a violation can be about.
#[napi(ts_return_type = "Rule[]")]
pub fn rules() -> Vec<&'static str> {
    Rule::ALL.iter().map(|rule| rule.as_str()).collect()
}

/// The names of all fields that objects are read for.
#[napi]
pub fn field_names() -> Vec<&'static str> {
    read::NAMES.split_whitespace().collect()
}

/// The error of a send for which the client takes no more.
#[napi]
pub fn closed() -> NativeError {
    (&Error::cancelled(Delivery::NotSent, CancelReason::Closed)).into()
}

#[napi]
pub fn invalid_argument(text: String) -> NativeError {
    (&Error::invalid_argument(text)).into()
}

#[napi]
pub fn validate(env: Env, message: String) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let violations = message::message(parse(&message)?)?.validate();
        Ok(violations.iter().map(Into::into).collect())
    })
}

#[napi]
pub fn validate_request(env: Env, request: String) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let violations = Latest::default().request(&request)?.0.validate();
        Ok(violations.iter().map(Into::into).collect())
    })
}

/// The message's wire form.
#[napi]
pub fn to_wire(env: Env, message: String) -> napi::Result<String> {
    guard(env, || Ok(message::message(parse(&message)?)?.to_json()))
}

/// The wire form of a message, out of that of a message or of a whole request.
#[napi]
pub fn from_wire(env: Env, json: String) -> napi::Result<String> {
    guard(env, || Ok(Message::from_json(&json)?.to_json()))
}

/// For how many days a tap on the button starts a call, if it is a call button.
#[napi]
pub fn clickable_days(env: Env, button: String) -> napi::Result<Option<i64>> {
    guard(env, || {
        Ok(message::button(parse(&button)?)?.clickable_days())
    })
}
