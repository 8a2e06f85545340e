//! The client: settings in, sends without the GIL, receipts and exceptions out.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use callcta::{Client as Core, ClientBuilder, Delivery, Error, Request, SendOptions};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefMethods, PyWeakrefReference};
use serde_json::{Value, json};

use crate::convert::read;
use crate::error::{exception, guard, raise};
use crate::message::{Message, recipient};
use crate::model::Part;
use crate::outbox::Outbox;
use crate::record::{Receipt, Violation};

/// How many callbacks are under way, and above them the process that they are in: a fork
/// leaves those of its parent behind.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);
/// Whether there may be no more.
static ENDING: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// During a blocking send: what came out of its callback that isn't an `Exception`.
    static RAISED: RefCell<Option<Vec<PyErr>>> = const { RefCell::new(None) };
}

/// What the clients for Python send with.
#[pyclass(frozen, name = "_Client", module = "callcta._native")]
pub(crate) struct Client {
    core: Core,
    /// Most threads of an outbox.
    #[pyo3(get)]
    workers: usize,
    /// Most messages that wait in an outbox.
    #[pyo3(get)]
    capacity: usize,
}

#[pymethods]
impl Client {
    #[new]
    fn new(
        settings: &Bound<'_, PyDict>, page_id: &Bound<'_, PyAny>, token: &Bound<'_, PyAny>,
        on_retry: Option<&Bound<'_, PyAny>>, workers: &Bound<'_, PyAny>,
        capacity: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let text = |name, text| must(read::<String>(text), name, "a text");
        let count = |name, count, or| {
            let count = must(read::<Option<usize>>(count), name, "a whole number, 0 or more")?;
            PyResult::Ok(count.unwrap_or(or).max(1))
        };
        let core = Core::builder(text("page_id", page_id)?, text("access_token", token)?);
        let mut core = set_all(core, settings, ClientBuilder::set)?;
        if let Some(on_retry) = on_retry {
            // Not the callback itself: the garbage collector sees only what Python holds.
            let callback = PyWeakrefReference::new(on_retry)?.unbind();
            core = core.on_retry(move |event| tell_retry(&callback, event));
        }
        Ok(Client {
            core: guard(Delivery::NotSent, || core.build()).map_err(raise)?,
            workers: count("workers", workers, callcta::WORKERS_DEFAULT)?,
            capacity: count("capacity", capacity, callcta::CAPACITY_DEFAULT)?,
        })
    }

    /// Sends and waits.
    fn send(
        &self, py: Python<'_>, to: &Bound<'_, PyAny>, message: &Bound<'_, Message>,
        options: &Bound<'_, PyAny>,
    ) -> PyResult<Receipt> {
        let options = read_options(options)?;
        let (client, to, message) = (&self.core, recipient(to)?, callcta::Message::held(message)?);
        let send = || guard(Delivery::Unknown, || client.send_with(to, message, &options));
        let before = RAISED.replace(Some(Vec::new()));
        let outcome = py.detach(send);
        let raised = RAISED.replace(before).and_then(|mut raised| raised.pop());
        raised.map_or_else(|| outcome.map(Into::into).map_err(raise), Err)
    }

    /// Another outbox, which starts at most `pace` messages per second, for messages with
    /// these options: they are checked here, before any is sent.
    fn outbox(&self, pace: Option<f64>, options: &Bound<'_, PyAny>) -> PyResult<Outbox> {
        let _ = read_options(options)?;
        let outbox = callcta::Outbox::with_limits(self.core.clone(), self.workers, self.capacity);
        outbox.set_brief_callbacks(true);
        outbox.set_pace(pace).map_err(raise)?;
        Ok(Outbox(outbox))
    }

    /// Closes every connection.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.core.close());
    }
}

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

fn read_options(given: &Bound<'_, PyAny>) -> PyResult<SendOptions> {
    set_all(SendOptions::new(), given.cast()?, SendOptions::set)
}

/// Passes options or settings on. What is wrong with a value is told by the core, in the words
/// for its name, also if it can't be read.
fn set_all<T>(
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

fn must<T>(read: PyResult<T>, name: &str, what: &str) -> PyResult<T> {
    if_unread(read, || Err(raise(Error::invalid_argument(format!("{name} must be {what}")))))
}

/// Something else than what can't be read.
fn if_unread<T>(read: PyResult<T>, or: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    match read {
        Err(error) if Python::attach(|py| error.is_instance_of::<PyException>(py)) => or(),
        read => read, // also such as KeyboardInterrupt
    }
}

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

/// Runs the callback on this thread, unless the interpreter is ending.
fn tell_retry(callback: &Py<PyWeakrefReference>, event: &callcta::RetryEvent<'_>) {
    let tell = |py: Python<'_>| {
        let callback = callback.bind(py).upgrade()?;
        let told = exception(py, event.error)
            .and_then(|error| callback.call1((error, event.attempt, event.wait.as_secs_f64())));
        let error = told.err()?;
        if RAISED.with_borrow(Option::is_some) && !error.is_instance_of::<PyException>(py) {
            RAISED.set(Some(vec![error]));
        } else {
            error.write_unraisable(py, Some(&callback));
        }
        Some(())
    };
    under_way(1);
    if !ENDING.load(Ordering::SeqCst) {
        Python::try_attach(tell);
    }
    under_way(-1);
}
