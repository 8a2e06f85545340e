//! What goes out of Rust other than a result: core errors and panics, as values
//! that the public package makes a `CallCtaError` of.

use std::panic::{AssertUnwindSafe, catch_unwind};

use callcta::{Delivery, Error};
use napi::{Env, Status};

use crate::outcome::NativeError;
use crate::read::{Read, Refused};

/// Runs the body of a function that JavaScript calls.
pub fn guard<T>(env: Env, body: impl FnOnce() -> Read<T>) -> napi::Result<T> {
    caught(body).map_err(|refused| match refused {
        Refused::Thrown(error) => error,
        Refused::Core(error) => thrown(env, &error),
        Refused::Invalid { path, what } if path.is_empty() => {
            thrown(env, &Error::invalid_argument(what))
        }
        Refused::Invalid { path, what } => {
            thrown(env, &Error::invalid_argument(format!("{path} {what}")))
        }
    })
}

/// A panic comes before anything is handed to the outbox, or after a read only.
fn caught<T>(body: impl FnOnce() -> Read<T>) -> Read<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let error = Error::internal(Delivery::NotSent, "a panic in the Node binding");
        Err(Refused::Core(error))
    })
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
        let Err(Refused::Core(error)) = outcome else {
            panic!("an error of the core");
        };
        assert_eq!(error.kind(), callcta::ErrorKind::Internal);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(!error.to_string().contains("on purpose"));
    }
}
