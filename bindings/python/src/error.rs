//! Errors on their way to the classes of `callcta.errors`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use callcta::{CancelReason, Delivery, Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::record::{GraphError, Usage, Violation};

static FROM_NATIVE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Every kind of error: its stable name, its advice, and the delivery that errors of this kind
/// have if nobody says more.
#[pyfunction(name = "_error_kinds")]
#[pyo3(signature = () -> "list[tuple[str, str, typing.Literal['not_sent', 'rejected', 'unknown']]]")]
pub(crate) fn error_kinds() -> Vec<(&'static str, &'static str, &'static str)> {
    let delivery = |kind: &ErrorKind| kind.delivery().unwrap_or(Delivery::Unknown).as_str();
    ErrorKind::ALL.iter().map(|kind| (kind.as_str(), kind.advice(), delivery(kind))).collect()
}

/// The error for what this machine has no more of.
#[pyfunction(name = "_out_of_resources")]
#[pyo3(signature = (detail: "str") -> "typing.Any")]
pub(crate) fn out_of_resources<'py>(py: Python<'py>, detail: &str) -> PyResult<Bound<'py, PyAny>> {
    exception(py, &Error::out_of_resources(detail))
}

/// The Python exception for an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let violations = error.violations().iter().cloned().map(Violation::from).collect::<Vec<_>>();
    let attributes = PyDict::new(py);
    attributes.set_item("delivery", error.delivery().as_str())?;
    attributes.set_item("reason", error.reason().map(CancelReason::as_str))?;
    attributes.set_item("violations", PyTuple::new(py, violations)?)?;
    attributes.set_item("graph", error.graph().cloned().map(GraphError::from))?;
    attributes.set_item("http_status", error.http_status())?;
    attributes.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    attributes.set_item("may_retry", error.may_retry())?;
    attributes.set_item("attempts", error.attempts())?;
    attributes.set_item("usage", Usage::from(error.usage().clone()))?;
    attributes.set_item("advice", error.advice())?;
    let (kind, text) = (error.kind().as_str(), error.to_string());
    FROM_NATIVE.import(py, "callcta.errors", "_from_native")?.call1((kind, text, attributes, cause))
}

/// An error as Python raises it.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn raise(error: Error) -> PyErr {
    Python::attach(|py| match exception(py, &error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    })
}

/// Runs code of the core. A panic there becomes an error like any other, with
/// what is then known about the message.
pub(crate) fn guard<T>(
    delivery: Delivery, run: impl FnOnce() -> callcta::Result<T>,
) -> callcta::Result<T> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::internal(delivery, "a panic in callcta")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let outcome: callcta::Result<()> = guard(Delivery::Unknown, || panic!("on purpose"));
        let error = outcome.expect_err("it panics");
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Internal, Delivery::Unknown));
        assert_eq!(guard(Delivery::NotSent, || Ok(5)).ok(), Some(5));
    }
}
