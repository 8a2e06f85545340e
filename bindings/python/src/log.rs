//! The core's line for each send, for Python's logger `callcta`.
//!
//! Lines are told where Python takes an outcome, never by the outbox's threads: so nothing
//! waits for a handler's lock, and nothing is told when the interpreter ends.

use std::cell::Cell;
use std::time::Duration;

use callcta::{Receipt, Result};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
const DEBUG: u8 = 10;

thread_local! {
    /// A handler that itself sends must not be told of that.
    static LOGGING: Cell<bool> = const { Cell::new(false) };
}

/// Whether anybody wants lines.
pub(crate) fn is_wanted(py: Python<'_>) -> bool {
    !LOGGING.get() && logger(py).is_ok_and(|logger| logger.is_some())
}

/// The line of a send that came to its first request.
pub(crate) fn line(outcome: &Result<Receipt>) -> Option<String> {
    let elapsed = match outcome {
        Ok(receipt) => receipt.elapsed,
        Err(error) => error.elapsed(),
    };
    (elapsed > Duration::ZERO).then(|| callcta::log_line(outcome))
}

/// Logs a line. What goes wrong there changes nothing, unless it is no `Exception`.
#[pyfunction(name = "_log")]
pub(crate) fn log(py: Python<'_>, line: &str) -> PyResult<()> {
    let Some(logger) = logger(py)? else { return Ok(()) };
    LOGGING.set(true);
    let done = logger.call_method1("debug", ("%s", line));
    LOGGING.set(false);
    match done {
        Err(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, Some(&logger));
            Ok(())
        }
        done => done.map(drop),
    }
}

/// The logger, if it is at that level. Nobody has set it without having imported `logging`.
fn logger(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let logger = if let Some(logger) = LOGGER.get(py) {
        logger.bind(py).clone()
    } else {
        let modules = py.import("sys")?.getattr("modules")?;
        let Ok(logging) = modules.get_item("logging") else { return Ok(None) };
        let logger = logging.call_method1("getLogger", ("callcta",))?;
        LOGGER.get_or_init(py, || logger.unbind()).bind(py).clone()
    };
    Ok(logger.call_method1("isEnabledFor", (DEBUG,))?.is_truthy()?.then_some(logger))
}
