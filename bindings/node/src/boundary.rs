//! What goes out of Rust other than a result: core errors and panics, as values
//! that the public package makes a `CallCtaError` of.

use std::panic::{AssertUnwindSafe, catch_unwind};

use callcta::{Delivery, Error, Result};
use napi::{Env, Status};

use crate::outcome::NativeError;
use crate::read::Read;

/// Runs the body of a function that JavaScript calls.
pub fn guard<T>(env: Env, body: impl FnOnce() -> Read<T>) -> napi::Result<T> {
    caught(body).map_err(|error| thrown(env, &error))
}

/// A panic comes before anything is handed to the outbox, or after a read only.
pub fn caught<T>(body: impl FnOnce() -> Read<T>) -> Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::internal(Delivery::NotSent, "a panic in the Node binding").into())
    });
    Ok(outcome?)
}

/// Throws the error's description; what is returned only says so.
fn thrown(env: Env, error: &Error) -> napi::Error {
    match env.throw(NativeError::from(error)) {
        Ok(()) => napi::Error::from_status(Status::PendingException),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let outcome = caught(|| -> Read<()> { panic!("on purpose") });
        let error = outcome.expect_err("an error of the core");
        assert_eq!(error.kind(), callcta::ErrorKind::Internal);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(!error.to_string().contains("on purpose"));
    }
}
