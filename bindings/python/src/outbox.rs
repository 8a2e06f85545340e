//! Messages on their way into an outbox, and outcomes on their way back.
//!
//! The outbox's threads never take the GIL: they leave outcomes here, and Python
//! fetches them. So a thousand outcomes don't fight for the GIL, and nothing can go
//! wrong when the interpreter or an event loop ends while messages are being sent.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::mem::replace;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callcta::{Delivery, Error};
use pyo3::prelude::*;

use crate::argument::count;
use crate::client::Client;
use crate::error::{exception, guard, raise};
use crate::log;
use crate::message::Message;
use crate::record::{Counts, Receipt};
use crate::request::{read_options, request};

type Outcome = (u64, callcta::Result<callcta::Receipt>);
/// With its line for a log.
type PyOutcome<'py> = (u64, Option<Receipt>, Option<Bound<'py, PyAny>>, Option<String>);

/// Sends over threads of its own, which end with it.
#[pyclass(frozen, name = "_Outbox", module = "callcta._native")]
pub(crate) struct Outbox(pub(crate) callcta::Outbox);

#[pymethods]
impl Outbox {
    /// An outbox of a client's, which starts at most `pace` messages per second, for messages
    /// with these options: they are checked here, before any is sent.
    #[new]
    fn new(client: &Client, pace: Option<f64>, options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let _ = read_options(options)?;
        let core = client.core.clone();
        let outbox = callcta::Outbox::with_limits(core, client.workers, client.capacity);
        outbox.set_brief_callbacks(true);
        outbox.set_pace(pace).map_err(raise)?;
        Ok(Outbox(outbox))
    }

    /// Queues a message, whose outcome will be in `completions` under `key`; also that it
    /// can't be queued.
    fn submit(
        &self, completions: &Completions, key: u64, to: &Bound<'_, PyAny>,
        message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
    ) -> PyResult<Ticket> {
        let request = request(to, message, options, Some(key))?;
        let shared = Arc::clone(&completions.0);
        let done = move |outcome| shared.push(key, outcome);
        let ticket = guard(Delivery::NotSent, || self.0.try_submit(request, done));
        let refused = |error| completions.0.push(key, Err(error));
        Ok(Ticket(ticket.map_err(refused).ok()))
    }

    /// Bounds how many messages start per second.
    fn set_pace(&self, per_second: Option<f64>) -> PyResult<()> {
        self.0.set_pace(per_second).map_err(raise)
    }

    /// The same to each person.
    fn set_person_pace(&self, per_second: Option<f64>) -> PyResult<()> {
        self.0.set_person_pace(per_second).map_err(raise)
    }

    /// Lets nothing start any more, and tells how many messages are being sent.
    fn pause(&self) -> usize {
        self.0.pause()
    }

    /// Ends a pause.
    fn resume(&self) {
        self.0.resume();
    }

    /// Cancels what waits, and tells how many messages that were.
    fn cancel(&self, py: Python<'_>) -> usize {
        py.detach(|| self.0.cancel())
    }

    /// How many messages have no outcome yet.
    #[getter]
    fn pending(&self) -> usize {
        self.0.pending()
    }

    /// How many messages are where.
    fn counts(&self) -> Counts {
        self.0.counts().into()
    }

    /// Cancels what is queued, and refuses more.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}

/// Outboxes that share their threads.
#[pyclass(frozen, name = "_Outboxes", module = "callcta._native")]
pub(crate) struct Outboxes {
    core: callcta::Outboxes,
    /// Most threads.
    #[pyo3(get)]
    workers: usize,
    /// Most messages that wait in an outbox.
    #[pyo3(get)]
    capacity: usize,
}

#[pymethods]
impl Outboxes {
    #[new]
    fn new(workers: &Bound<'_, PyAny>, capacity: &Bound<'_, PyAny>) -> PyResult<Self> {
        let workers = count("workers", workers, callcta::WORKERS_DEFAULT)?;
        let capacity = count("capacity", capacity, callcta::CAPACITY_DEFAULT)?;
        let core = callcta::Outboxes::builder().workers(workers).capacity(capacity).build();
        Ok(Outboxes { core, workers, capacity })
    }

    /// Another outbox, for the Page of a client.
    fn outbox(
        &self, client: &Client, pace: Option<f64>, person_pace: Option<f64>,
    ) -> PyResult<Outbox> {
        let outbox = self.core.outbox(client.core.clone());
        outbox.set_brief_callbacks(true);
        outbox.set_pace(pace).map_err(raise)?;
        outbox.set_person_pace(person_pace).map_err(raise)?;
        Ok(Outbox(outbox))
    }

    /// Refuses options that can't be used.
    #[staticmethod]
    fn check(options: &Bound<'_, PyAny>) -> PyResult<()> {
        read_options(options).map(drop)
    }

    /// Lets nothing start any more, and tells how many messages are being sent.
    fn pause(&self) -> usize {
        self.core.pause()
    }

    /// Ends a pause.
    fn resume(&self) {
        self.core.resume();
    }

    /// Cancels what waits, and tells how many messages that were.
    fn cancel(&self, py: Python<'_>) -> usize {
        py.detach(|| self.core.cancel())
    }

    /// How many messages have no outcome yet.
    #[getter]
    fn pending(&self) -> usize {
        self.core.pending()
    }

    /// How many messages are where.
    fn counts(&self) -> Counts {
        self.core.counts().into()
    }

    /// Cancels what is queued, refuses more, and ends the threads.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.core.close());
    }
}

/// A queued message.
#[pyclass(frozen, name = "_Ticket", module = "callcta._native")]
pub(crate) struct Ticket(Option<callcta::Ticket>);

#[pymethods]
impl Ticket {
    /// Gives the message up: cancels it if it still waits, breaks it off if it is being sent.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.0.as_ref().map(callcta::Ticket::cancel));
    }

    /// Cancels the message if it still waits.
    fn withdraw(&self, py: Python<'_>) {
        py.detach(|| self.0.as_ref().map(callcta::Ticket::withdraw));
    }
}

/// Outcomes by the key of their message.
#[pyclass(frozen, name = "_Completions", module = "callcta._native")]
pub(crate) struct Completions(Arc<Shared>);

struct Shared {
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
    fn push(&self, key: u64, outcome: callcta::Result<callcta::Receipt>) {
        let mut state = self.state();
        state.outcomes.push_back((key, outcome));
        self.tell(state);
    }

    /// Lets go of the state, and makes the pipe readable.
    fn tell(&self, mut state: MutexGuard<'_, State>) {
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
        let pipe = std::io::pipe();
        let none = |error| Error::out_of_resources(format!("no pipe can be opened: {error}"));
        let (reader, writer) = pipe.map_err(none).map_err(raise)?;
        Ok(Completions(Arc::new(Shared { state: Mutex::default(), reader, writer })))
    }

    /// A file descriptor that is readable while there are outcomes.
    fn fileno(&self) -> i32 {
        self.0.reader.as_raw_fd()
    }

    /// Makes `fileno` readable once.
    fn wake(&self) {
        self.0.tell(self.0.state());
    }

    /// Takes at most `limit` outcomes; to be called when `fileno` is readable.
    #[pyo3(
        signature = (limit: "int") -> "list[tuple[int, Receipt | None, typing.Any, str | None]]"
    )]
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Vec<PyOutcome<'py>>> {
        let mut state = self.0.state();
        let count = state.outcomes.len().min(limit);
        let taken: Vec<_> = state.outcomes.drain(..count).collect();
        let all = state.outcomes.is_empty() && replace(&mut state.told, false);
        drop(state);
        if all {
            let _ = (&self.0.reader).read_exact(&mut [0]);
        }
        let logged = log::is_wanted(py);
        taken.into_iter().map(|outcome| for_python(py, outcome, logged)).collect()
    }

    /// Takes the outcome of the message `key`, if it is known.
    #[pyo3(
        signature = (key: "int") -> "tuple[int, Receipt | None, typing.Any, str | None] | None"
    )]
    fn find<'py>(&self, py: Python<'py>, key: u64) -> PyResult<Option<PyOutcome<'py>>> {
        let mut state = self.0.state();
        // Likely the newest.
        let at = state.outcomes.iter().rposition(|outcome| outcome.0 == key);
        let found = at.and_then(|at| state.outcomes.remove(at));
        drop(state);
        found.map(|outcome| for_python(py, outcome, log::is_wanted(py))).transpose()
    }
}

fn for_python(py: Python<'_>, (key, outcome): Outcome, logged: bool) -> PyResult<PyOutcome<'_>> {
    let line = if logged { log::line(&outcome) } else { None };
    Ok(match outcome {
        Ok(receipt) => (key, Some(receipt.into()), None, line),
        Err(error) => (key, None, Some(exception(py, &error)?), line),
    })
}
