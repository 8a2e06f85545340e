//! Outcomes on their way from the outbox's threads to Python.
//!
//! Those threads never take the GIL: they leave outcomes here, and Python fetches
//! them. So a thousand outcomes don't fight for the GIL, and nothing can go wrong
//! when the interpreter or an event loop ends while messages are being sent.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::mem::replace;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::error::exception;
use crate::record::Receipt;

type Outcome = (u64, callcta::Result<callcta::Receipt>);
type PyOutcome<'py> = (u64, Option<Receipt>, Option<Bound<'py, PyAny>>);

/// Outcomes by the key of their message.
#[pyclass(frozen, name = "_Completions", module = "callcta._native")]
pub(crate) struct Completions(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    state: Mutex<State>,
    reader: PipeReader,
    writer: PipeWriter,
}

#[derive(Default)]
struct State {
    outcomes: VecDeque<Outcome>,
    /// Whether there is a byte in the pipe, or will be at once.
    told: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the outcome of the message `key`.
    pub(crate) fn push(&self, key: u64, outcome: callcta::Result<callcta::Receipt>) {
        let mut state = self.state();
        state.outcomes.push_back((key, outcome));
        let told = replace(&mut state.told, true);
        // First, or who is woken would have to wait for the lock.
        drop(state);
        if !told {
            // The pipe never holds more than two bytes, so this can't block.
            let _ = (&self.writer).write_all(&[0]);
        }
    }
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = std::io::pipe()?;
        Ok(Completions(Arc::new(Shared { state: Mutex::default(), reader, writer })))
    }

    /// A file descriptor that is readable while there are outcomes.
    fn fileno(&self) -> i32 {
        self.0.reader.as_raw_fd()
    }

    /// Takes at most `limit` outcomes; to be called when there are some.
    #[pyo3(signature = (limit: "int") -> "list[tuple[int, Receipt | None, typing.Any]]")]
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Vec<PyOutcome<'py>>> {
        let mut state = self.0.state();
        let count = state.outcomes.len().min(limit);
        let taken: Vec<_> = state.outcomes.drain(..count).collect();
        let all = state.outcomes.is_empty() && replace(&mut state.told, false);
        drop(state);
        if all {
            let _ = (&self.0.reader).read_exact(&mut [0]);
        }
        let outcomes = taken.into_iter().map(|(key, outcome)| match outcome {
            Ok(receipt) => Ok((key, Some(receipt.into()), None)),
            Err(error) => Ok((key, None, Some(exception(py, &error)?))),
        });
        outcomes.collect()
    }
}
