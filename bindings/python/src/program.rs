//! The program `callcta`, in this process.

use std::ffi::OsString;
use std::panic::catch_unwind;

use pyo3::prelude::*;

/// What Rust's own programs end with.
const PANICKED: u8 = 101;

/// Runs the program and returns its exit code. For a process that does nothing else.
#[pyfunction(name = "_run", signature = (arguments: "list[str]") -> "int")]
pub(crate) fn run(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| catch_unwind(|| callcta_cli::run(arguments)).unwrap_or(PANICKED))
}
