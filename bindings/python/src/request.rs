//! Requests with their options, as Python gives them.

use std::time::{SystemTime, UNIX_EPOCH};

use callcta::{Error, Request, SendOptions};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::convert::read;
use crate::error::raise;
use crate::message::{Message, recipient};
use crate::model::Part;
use crate::record::Violation;

/// Everything that is wrong with a message, who it goes to and its options.
#[pyfunction(name = "_validate_request")]
pub(crate) fn validate_request(
    to: &Bound<'_, PyAny>, message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
) -> PyResult<Vec<Violation>> {
    let request = request(to, message, options)?;
    Ok(request.validate().into_iter().map(Into::into).collect())
}

pub(crate) fn request(
    to: &Bound<'_, PyAny>, message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
) -> PyResult<Request> {
    let message = callcta::Message::held(message)?.clone();
    Ok(Request::new(recipient(to)?, message, read_options(options)?))
}

pub(crate) fn read_options(given: &Bound<'_, PyAny>) -> PyResult<SendOptions> {
    set_all(SendOptions::new(), given.cast()?, SendOptions::set)
}

/// Passes options or settings on. What is wrong with a value is told by the core, in the words
/// for its name, also if it can't be read.
pub(crate) fn set_all<T>(
    mut all: T, given: &Bound<'_, PyDict>, set: fn(T, &str, Value) -> callcta::Result<T>,
) -> PyResult<T> {
    for (name, value) in given {
        let name = name.extract::<String>()?;
        let value = match &*name {
            "deadline" if !value.is_none() => {
                let what = "a datetime with a time zone, not before 1970";
                let at = must(value.extract::<SystemTime>(), &name, what)?;
                at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64().into()
            }
            "fields" => must(read(&value), &name, "a dictionary of what JSON can hold")?,
            // No setting is a list of lists.
            _ => if_unread(read(&value), || Ok(json!([[]])))?,
        };
        all = set(all, &name, value).map_err(raise)?;
    }
    Ok(all)
}

pub(crate) fn must<T>(read: PyResult<T>, name: &str, what: &str) -> PyResult<T> {
    if_unread(read, || Err(raise(Error::invalid_argument(format!("{name} must be {what}")))))
}

/// Something else than what can't be read.
fn if_unread<T>(read: PyResult<T>, or: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    match read {
        Err(error) if Python::attach(|py| error.is_instance_of::<PyException>(py)) => or(),
        read => read, // also such as KeyboardInterrupt
    }
}
