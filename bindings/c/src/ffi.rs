//! The line between C and Rust: every cast, every check, and the panic boundary.
//!
//! The functions here trust what the header asks of its callers: a pointer is
//! NULL or valid, a handle is NULL or alive, a text ends with a NUL.

use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use callcta::{Delivery, Error};
use serde_json::Value;

use crate::status::{CALLCTA_OK, callcta_status, group};
use crate::told::{self, callcta_error};

pub(crate) type Result<T = ()> = callcta::Result<T>;

/// The body of a function: the panic boundary, and where the error goes.
macro_rules! body {
    ($error:expr, $body:block) => {
        // SAFETY: the caller keeps the contract at the top of the header.
        unsafe {
            $crate::ffi::run($error, || {
                $body
                Ok(())
            })
        }
    };
    // A function that can't fail.
    ($body:block) => {
        body!(std::ptr::null_mut(), $body)
    };
}

/// The body of a function with one output: where it goes, and what it is.
macro_rules! give {
    ($out:ident, $error:ident, $value:expr $(,)?) => {
        body!($error, {
            let place = $crate::ffi::output($out);
            // First, so that nothing is made for nobody.
            let place = place.ok_or_else(|| $crate::ffi::null(stringify!($out)))?;
            *place = $value;
        })
    };
}

/// An argument: a `text`, a text that is `json`, or a `handle` to read or to
/// `change`.
macro_rules! arg {
    ($kind:ident $name:ident) => {
        $crate::ffi::$kind(stringify!($name), $name)?
    };
}

pub(crate) unsafe fn run(
    error: *mut *mut callcta_error, body: impl FnOnce() -> Result,
) -> callcta_status {
    // SAFETY: by contract.
    let error = unsafe { output(error) };
    let outcome = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::internal(Delivery::Unknown, "a panic was caught")));
    let Err(failure) = outcome else {
        return CALLCTA_OK;
    };
    if let Some(error) = error {
        *error = told::error(&failure).into_raw();
    }
    failure.kind().number()
}

/// The place of an output, NULL from now on, if it is asked for.
pub(crate) unsafe fn output<'a, T>(out: *mut *mut T) -> Option<&'a mut *mut T> {
    if out.is_null() {
        return None;
    }
    // SAFETY: by contract. It is written before there is a reference to it, since
    // it need not be initialised.
    unsafe {
        out.write(ptr::null_mut());
        out.as_mut()
    }
}

pub(crate) unsafe fn handle<'a, T>(name: &str, handle: *const T) -> Result<&'a T> {
    // SAFETY: by contract.
    unsafe { handle.as_ref() }.ok_or_else(|| null(name))
}

pub(crate) unsafe fn change<'a, T>(name: &str, handle: *mut T) -> Result<&'a mut T> {
    // SAFETY: by contract no other thread uses the handle meanwhile.
    unsafe { handle.as_mut() }.ok_or_else(|| null(name))
}

pub(crate) unsafe fn text<'a>(name: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: by contract.
    let text = unsafe { CStr::from_ptr(text) }.to_str();
    text.map_err(|_| Error::invalid_argument(format!("{name} is not UTF-8")))
}

pub(crate) unsafe fn json(name: &str, json: *const c_char) -> Result<Value> {
    // SAFETY: by contract.
    let json = unsafe { text(name, json) }?;
    callcta::parse_json(json).map_err(|error| {
        let why = error.violations().first().map(ToString::to_string);
        Error::invalid_argument(format!("{name}: {}", why.unwrap_or_default()))
    })
}

/// A parameter is none of the constants that it should be.
pub(crate) fn no_such(parameter: &str, number: u32, wanted: &str) -> Error {
    Error::invalid_argument(match group(number) {
        Some(other) if other != wanted => {
            format!("{parameter} is {number}, a {other}, where a {wanted} belongs")
        }
        _ => format!("{parameter} is {number}, which no {wanted} is"),
    })
}

/// The name of a setting or an option.
pub(crate) fn name_of(
    names: &[(u32, &'static str)], parameter: &str, number: u32, wanted: &str,
) -> Result<&'static str> {
    let name = names.iter().find(|(constant, _)| *constant == number);
    name.map_or_else(
        || Err(no_such(parameter, number, wanted)),
        |(_, name)| Ok(*name),
    )
}

/// Sets what is a text to `text`, and what is something else to what `text` says as JSON.
pub(crate) fn set_to<T>(text: &str, set: impl Fn(Value) -> Result<T>) -> Result<T> {
    set(text.into()).or_else(|error| match serde_json::from_str(text) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => set(value),
        // It would leave everything as it is.
        Ok(Value::Null) | Err(_) => Err(error),
        Ok(value) => set(value).map_err(|_| error),
    })
}

thread_local! {
    /// Whether this thread is inside a callback, where waiting would never end.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Calls into C.
pub(crate) fn call_back(call: impl FnOnce()) {
    let nested = IN_CALLBACK.replace(true);
    call();
    IN_CALLBACK.set(nested);
}

pub(crate) fn not_in_callback() -> Result {
    if IN_CALLBACK.get() {
        return Err(Error::invalid_argument("a callback can't wait"));
    }
    Ok(())
}

pub(crate) fn null(name: &str) -> Error {
    Error::invalid_argument(format!("{name} is NULL"))
}

#[cfg(test)]
mod tests {
    use callcta::ErrorKind;

    use super::*;
    use crate::status::CALLCTA_DELIVERY_UNKNOWN;
    use crate::told::callcta_error_free;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let mut error = ptr::null_mut();
        // SAFETY: `error` is a valid place.
        let status = unsafe { run(&raw mut error, || panic!("by design")) };
        assert_eq!(status, ErrorKind::Internal.number());
        // SAFETY: `run` just made it.
        assert_eq!(unsafe { (*error).delivery }, CALLCTA_DELIVERY_UNKNOWN);
        // SAFETY: it is not used any more.
        unsafe { callcta_error_free(error) };
    }
}
