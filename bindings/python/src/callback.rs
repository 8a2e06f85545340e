//! Python's functions, called from threads that send.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use crate::error::exception;
use crate::interrupt::give_up;

/// How many callbacks are under way, and above them the process that they are in: a fork
/// leaves those of its parent behind.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);
/// Whether there may be no more.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Waits for callbacks under way, and keeps further ones from starting: the end of
/// the interpreter would end their threads in their midst, and with them the process.
/// Not for ever, as a callback may hang.
#[pyfunction(name = "_end")]
pub(crate) fn end(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    let until = Instant::now() + Duration::from_secs(1);
    while under_way(0) > 0 && Instant::now() < until {
        py.detach(|| std::thread::sleep(Duration::from_millis(1)));
    }
}

/// Changes how many callbacks are under way, and tells how many were.
fn under_way(change: i64) -> u64 {
    let process = u64::from(std::process::id());
    let count = |state: u64| if state >> 32 == process { state & 0xFFFF_FFFF } else { 0 };
    let next = |state| Some(process << 32 | count(state).saturating_add_signed(change));
    UNDER_WAY.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).map_or(0, count)
}

/// Runs the callback on this thread, unless the interpreter is ending. What comes out of it
/// and is no `Exception` ends a blocking send.
pub(crate) fn tell_retry(callback: &Py<PyWeakrefReference>, event: &callcta::RetryEvent<'_>) {
    let tell = |py: Python<'_>| {
        let callback = callback.bind(py).upgrade()?;
        let told = exception(py, event.error).and_then(|error| {
            callback.call1((event.key, error, event.attempt, event.wait.as_secs_f64()))
        });
        let error = told.err()?;
        let error = if error.is_instance_of::<PyException>(py) { error } else { give_up(error)? };
        error.write_unraisable(py, Some(&callback));
        Some(())
    };
    under_way(1);
    if !ENDING.load(Ordering::SeqCst) {
        Python::try_attach(tell);
    }
    under_way(-1);
}
