//! Requests with their options, as Python gives them.

use std::time::{SystemTime, UNIX_EPOCH};

use callcta::{Request, SendOptions};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::{Value, json};

use crate::argument::{Readable, Unfit};
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
    let request = request(to, message, options, None)?;
    Ok(request.validate().into_iter().map(Into::into).collect())
}

pub(crate) fn request(
    to: &Bound<'_, PyAny>, message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
    key: Option<u64>,
) -> PyResult<Request> {
    let message = callcta::Message::held(message)?.clone();
    let options = read_options(options)?;
    let options = key.into_iter().fold(options, SendOptions::key);
    Ok(Request::new(recipient(to)?, message, options))
}

pub(crate) fn read_options(given: &Bound<'_, PyAny>) -> PyResult<SendOptions> {
    set_all(SendOptions::new(), given.cast()?, SendOptions::set)
}

/// Passes options or settings on. What is wrong with a value is told by the core, in the words
/// for its name, also if it can't be read.
pub(crate) fn set_all<T>(
    mut all: T, given: &Bound<'_, PyDict>, set: fn(T, &str, Value) -> callcta::Result<T>,
) -> PyResult<T> {
    let py = given.py();
    for (name, value) in given {
        let name: String = read(&name, "the name of an option")?;
        let value = match (&*name, Value::read(&value)) {
            ("deadline", _) if !value.is_none() => moment(&value, &name)?.into(),
            // Seconds since 1970 are good, too.
            ("last_action", Err(_)) => moment(&value, &name)?.into(),
            (_, Ok(value)) => value,
            (_, Err(Unfit::HalfCharacter)) if value.is_instance_of::<PyString>() => {
                return Err(Unfit::BrokenText.refused(py, &name));
            }
            ("fields", Err(unfit)) => return Err(unfit.refused(py, &name)),
            (_, Err(Unfit::Raised(error))) => return Err(error),
            // No setting is a list of lists.
            (_, Err(_)) => json!([[]]),
        };
        all = set(all, &name, value).map_err(raise)?;
    }
    Ok(all)
}

/// Seconds since 1970.
fn moment(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    let py = value.py();
    match value.extract::<SystemTime>() {
        Ok(at) => Ok(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()),
        Err(error) if error.is_instance_of::<PyException>(py) => {
            let what = "a datetime with a time zone, not before 1970";
            let refused = Unfit::Not(what).refused(py, name);
            refused.set_cause(py, Some(error));
            Err(refused)
        }
        Err(error) => Err(error),
    }
}
