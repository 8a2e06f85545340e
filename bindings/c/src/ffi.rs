//! The line between C and Rust: every cast, every check, and the panic boundary.
//!
//! The functions here trust what the header asks of its callers: a pointer is
//! NULL or valid, a handle is NULL or alive, a text ends with a NUL.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use callcta::{Delivery, Error};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::told::{self, callcta_error};
use crate::{CALLCTA_OK, callcta_status};

pub(crate) type Result<T = ()> = callcta::Result<T>;

/// The body of a function that can fail.
macro_rules! body {
    ($error:ident, $body:block) => {
        body!($error, callcta::Delivery::NotSent, $body)
    };
    ($error:ident, $on_panic:expr, $body:block) => {
        // SAFETY: the caller keeps the contract at the top of the header.
        unsafe {
            $crate::ffi::run($error, $on_panic, || {
                $body
                Ok(())
            })
        }
    };
}

/// The body of a function with one output: where it goes, and what it is.
macro_rules! give {
    ($out:ident, $error:ident, $value:expr $(,)?) => {
        body!($error, {
            let place = $crate::ffi::out(stringify!($out), $out)?;
            *place = $crate::ffi::Give::into_raw($value);
        })
    };
}

/// The body of a function that reads a handle, or says `$nothing` if it is NULL.
macro_rules! read {
    ($handle:ident, $nothing:expr, $get:expr) => {
        // SAFETY: the caller keeps the contract at the top of the header.
        unsafe { $crate::ffi::peek($handle, $nothing, $get) }
    };
}

/// The body of a function that ends the life of a handle, or of what it really is.
macro_rules! free {
    ($handle:ident $(as $real:ty)?) => {
        // SAFETY: the caller keeps the contract at the top of the header.
        unsafe { $crate::ffi::take_back($handle $(.cast::<$real>())?) }
    };
}

/// A handle to read.
macro_rules! get {
    ($name:ident) => {
        $crate::ffi::handle(stringify!($name), $name)?
    };
}

/// A handle to change.
macro_rules! change {
    ($name:ident) => {
        $crate::ffi::handle_mut(stringify!($name), $name)?
    };
}

/// A text.
macro_rules! text {
    ($name:ident) => {
        $crate::ffi::utf8(stringify!($name), $name)?
    };
}

/// A text that is a JSON value.
macro_rules! json {
    ($name:ident) => {
        $crate::ffi::value(stringify!($name), $name)?
    };
}

pub(crate) use {body, change, free, get, give, json, read, text};

pub(crate) unsafe fn run(
    error: *mut *mut callcta_error, on_panic: Delivery, body: impl FnOnce() -> Result,
) -> callcta_status {
    // SAFETY: by contract.
    let error = unsafe { start_null(error) };
    let outcome = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::internal(on_panic, "a panic was caught")));
    let Err(failure) = outcome else {
        return CALLCTA_OK;
    };
    let status = failure.kind().number();
    if let Some(error) = error {
        *error = told::error(&failure).into_raw();
    }
    status
}

pub(crate) unsafe fn peek<'a, T: 'a, R>(
    handle: *const T, nothing: R, get: impl FnOnce(&'a T) -> R,
) -> R {
    // SAFETY: by contract; what `get` returns lives as long as the handle.
    let Some(handle) = (unsafe { handle.as_ref() }) else {
        return nothing;
    };
    catch_unwind(AssertUnwindSafe(|| get(handle))).unwrap_or(nothing)
}

pub(crate) unsafe fn take_back<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: by contract the handle came from `give` and is not used any more.
    let handle = unsafe { Box::from_raw(handle) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
}

/// An output that need not be asked for, NULL from now on.
pub(crate) unsafe fn start_null<'a, T>(out: *mut *mut T) -> Option<&'a mut *mut T> {
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

/// An output that must be asked for, NULL from now on.
pub(crate) unsafe fn out<'a, T>(name: &str, out: *mut *mut T) -> Result<&'a mut *mut T> {
    // SAFETY: by contract.
    unsafe { start_null(out) }.ok_or_else(|| null(name))
}

pub(crate) unsafe fn handle<'a, T>(name: &str, handle: *const T) -> Result<&'a T> {
    // SAFETY: by contract.
    unsafe { handle.as_ref() }.ok_or_else(|| null(name))
}

pub(crate) unsafe fn handle_mut<'a, T>(name: &str, handle: *mut T) -> Result<&'a mut T> {
    // SAFETY: by contract no other thread uses the handle meanwhile.
    unsafe { handle.as_mut() }.ok_or_else(|| null(name))
}

pub(crate) unsafe fn utf8<'a>(name: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: by contract.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str()
        .map_err(|_| Error::invalid_argument(format!("{name} is not UTF-8")))
}

pub(crate) unsafe fn value(name: &str, json: *const c_char) -> Result<Value> {
    // SAFETY: by contract.
    let json = unsafe { utf8(name, json) }?;
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::invalid_argument(format!(
            "{name} is not JSON: see line {line}, column {column}"
        ))
    })
}

/// What becomes an output.
pub(crate) trait Give<T> {
    fn into_raw(self) -> *mut T;
}

/// A new handle.
pub(crate) struct New<T>(pub(crate) T);

impl<T> Give<T> for New<T> {
    fn into_raw(self) -> *mut T {
        Box::into_raw(Box::new(self.0))
    }
}

impl Give<c_char> for String {
    fn into_raw(self) -> *mut c_char {
        c_string(&self).into_raw()
    }
}

pub(crate) fn null(name: &str) -> Error {
    Error::invalid_argument(format!("{name} is NULL"))
}

/// The wire form of `model` with one field set.
pub(crate) fn with_field<T: Serialize>(
    model: &T, name: &str, value: Value,
) -> Result<Map<String, Value>> {
    match serde_json::to_value(model) {
        Ok(Value::Object(mut object)) => {
            object.insert(name.to_owned(), value);
            Ok(object)
        }
        _ => Err(Error::invalid_argument("only a JSON object has fields")),
    }
}

/// A text for C. C can't have a NUL inside a text, so it becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| {
        CString::new(text.replace('\0', "\u{fffd}")).expect("it has no NUL any more")
    })
}

#[cfg(test)]
mod tests {
    use callcta::ErrorKind;

    use super::*;
    use crate::CALLCTA_DELIVERY_UNKNOWN;
    use crate::told::callcta_error_free;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let mut error = ptr::null_mut();
        // SAFETY: `error` is a valid place.
        let status = unsafe { run(&raw mut error, Delivery::Unknown, || panic!("by design")) };
        assert_eq!(status, ErrorKind::Internal.number());
        // SAFETY: `run` just made it.
        assert_eq!(unsafe { (*error).delivery }, CALLCTA_DELIVERY_UNKNOWN);
        // SAFETY: it is not used any more.
        unsafe { callcta_error_free(error) };
    }

    #[test]
    fn a_panic_in_a_getter_is_nothing() {
        let handle = 1;
        // SAFETY: `handle` is alive.
        let value = unsafe { peek(&raw const handle, 7, |_| panic!("by design")) };
        assert_eq!(value, 7);
    }

    #[test]
    fn a_nul_inside_a_text_is_replaced() {
        assert_eq!(c_string("a\0b").to_str(), Ok("a\u{fffd}b"));
    }
}
