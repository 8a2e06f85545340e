//! The one interpreter of a process that can use this module.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The id of the interpreter that imported this module first; -1 is nobody's.
static FIRST: AtomicI64 = AtomicI64::new(-1);

/// Refuses every other interpreter: classes and caches live as long as the process, so it
/// would get the first one's objects, exceptions that its `except` doesn't catch among them.
pub(crate) fn refuse_others(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: both only read, and this thread is attached to an interpreter.
    let this = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match FIRST.compare_exchange(-1, this, Ordering::SeqCst, Ordering::SeqCst) {
        Err(first) if first != this => Err(PyImportError::new_err(
            "callcta works in one interpreter of a process, and another one has imported it \
             already: use threads or processes instead of subinterpreters",
        )),
        _ => Ok(()),
    }
}
