//! Outcomes on their way from the outbox's threads to Python.
//!
//! Those threads never take the GIL: they leave outcomes here, and Python fetches
//! them. So a thousand outcomes don't fight for the GIL, and nothing can go wrong
//! when the interpreter or an event loop ends while messages are being sent.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::{Raised, exception};
use crate::record::Receipt;

/// How often a waiting thread looks for signals such as Ctrl-C.
const SIGNALS: Duration = Duration::from_millis(100);

type Outcome = (u64, callcta::Result<callcta::Receipt>);
type PyOutcome<'py> = (u64, Option<Receipt>, Option<Raised<'py>>);

/// Outcomes by the key of their message.
#[pyclass(frozen, name = "_Completions", module = "callcta._native")]
pub(crate) struct Completions(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    outcomes: VecDeque<Outcome>,
    /// Holds one byte while there are outcomes, however many.
    pipe: Option<(PipeReader, PipeWriter)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, outcome: Outcome) {
        if self.outcomes.is_empty() {
            self.signal();
        }
        self.outcomes.push_back(outcome);
    }

    fn signal(&mut self) {
        if let Some((_, writer)) = &mut self.pipe {
            // It is empty, so this can't block.
            let _ = writer.write_all(&[0]);
        }
    }

    fn take(&mut self, limit: usize) -> Vec<Outcome> {
        let count = self.outcomes.len().min(limit);
        let taken: Vec<Outcome> = self.outcomes.drain(..count).collect();
        if let Some((reader, _)) = &mut self.pipe
            && !taken.is_empty()
            && self.outcomes.is_empty()
        {
            let _ = reader.read_exact(&mut [0]);
        }
        taken
    }
}

impl Completions {
    /// What an outbox calls with the outcome of the message `key`.
    pub(crate) fn sender(
        &self, key: u64,
    ) -> impl FnOnce(callcta::Result<callcta::Receipt>) + Send + 'static {
        let shared = Arc::clone(&self.0);
        move |outcome| {
            shared.state().push((key, outcome));
            shared.arrived.notify_one();
        }
    }
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> Self {
        Completions(Arc::default())
    }

    /// A file descriptor that is readable while there are outcomes.
    fn fileno(&self) -> PyResult<i32> {
        let mut state = self.0.state();
        if state.pipe.is_none() {
            state.pipe = Some(std::io::pipe()?);
            if !state.outcomes.is_empty() {
                state.signal();
            }
        }
        Ok(state.pipe.as_ref().map_or(-1, |(reader, _)| reader.as_raw_fd()))
    }

    /// Takes at most `limit` outcomes, without waiting.
    #[pyo3(signature = (limit: "int"))]
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Vec<PyOutcome<'py>>> {
        let outcomes = self.0.state().take(limit);
        outcomes
            .into_iter()
            .map(|(key, outcome)| match outcome {
                Ok(receipt) => Ok((key, Some((&receipt).into()), None)),
                Err(error) => Ok((key, None, Some(exception(py, &error)?))),
            })
            .collect()
    }

    /// Waits until there is an outcome.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        while py.detach(|| self.wait_a_moment()) {
            py.check_signals()?;
        }
        Ok(())
    }
}

impl Completions {
    /// Whether there still is nothing.
    fn wait_a_moment(&self) -> bool {
        let state = self.0.state();
        let waited =
            self.0.arrived.wait_timeout_while(state, SIGNALS, |state| state.outcomes.is_empty());
        waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
