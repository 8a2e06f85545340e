//! The client: settings in, sends without the GIL, receipts and exceptions out.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use callcta::{Delivery, Request, SendOptions};
use pyo3::exceptions::PyException;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::completions::Completions;
use crate::convert::read;
use crate::error::{exception, guard, raise};
use crate::message::{Message, recipient};
use crate::model::Part;
use crate::record::{Receipt, Violation};

static RETRY_EVENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static AT_EXIT: PyOnceLock<()> = PyOnceLock::new();
/// How many callbacks are under way, and whether there may be no more.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
static ENDING: AtomicBool = AtomicBool::new(false);

/// What the blocking and the asyncio client have in common.
#[pyclass(frozen, subclass, name = "_Client", module = "callcta._native")]
pub(crate) struct Client {
    core: callcta::Client,
    outbox: callcta::Outbox,
    /// Most threads that send for `send_many` and the asyncio client.
    #[pyo3(get)]
    workers: usize,
    on_retry: Callback,
}

/// A callback that the garbage collector can see and take away.
type Callback = Arc<Mutex<Option<Py<PyAny>>>>;

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (
        page_id, access_token, on_retry: "typing.Any", workers: "int | None",
        capacity: "int | None", **settings: "object"
    ) -> "typing.Self")]
    fn new(
        py: Python<'_>, page_id: String, access_token: String, on_retry: Option<Py<PyAny>>,
        workers: Option<usize>, capacity: Option<usize>, settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut builder = callcta::Client::builder(page_id, access_token);
        for (name, value) in settings.into_iter().flatten() {
            let name = name.extract::<String>()?;
            builder = builder
                .set(&name, named(value.py(), &name, read::<Value>(&value))?)
                .map_err(raise)?;
        }
        let told = on_retry.is_some();
        let on_retry: Callback = Arc::new(Mutex::new(on_retry));
        if told {
            AT_EXIT.get_or_try_init(py, || {
                py.import("atexit")?.call_method1("register", (wrap_pyfunction!(end, py)?,))?;
                Ok::<_, PyErr>(())
            })?;
            let callback = Arc::clone(&on_retry);
            builder = builder.on_retry(move |event| tell_retry(&callback, event));
        }
        let core = guard(Delivery::NotSent, || builder.build()).map_err(raise)?;
        let workers = workers.unwrap_or(callcta::WORKERS_DEFAULT).max(1);
        let capacity = capacity.unwrap_or(callcta::CAPACITY_DEFAULT);
        let outbox = callcta::Outbox::with_limits(core.clone(), workers, capacity);
        Ok(Client { core, outbox, workers, on_retry })
    }

    /// The Page that the client sends for.
    #[getter]
    fn page_id(&self) -> &str {
        self.core.page_id()
    }

    /// Sends and waits.
    fn _send(
        &self, py: Python<'_>, to: &Bound<'_, PyAny>, message: &Bound<'_, Message>,
        options: &Bound<'_, PyAny>,
    ) -> PyResult<Receipt> {
        let options = read_options(options)?;
        let (client, to, message) = (&self.core, recipient(to)?, callcta::Message::held(message)?);
        let send = || guard(Delivery::Unknown, || client.send_with(to, message, &options));
        py.detach(send).map(Into::into).map_err(raise)
    }

    /// Queues a message, whose outcome will be in `completions` under `key`.
    fn _submit(
        &self, completions: &Completions, key: u64, to: &Bound<'_, PyAny>,
        message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
    ) -> PyResult<Ticket> {
        let request = request(to, message, options)?;
        let shared = Arc::clone(&completions.0);
        let done = move |outcome| shared.push(key, outcome);
        let ticket = guard(Delivery::NotSent, || self.outbox.try_submit(request, done));
        ticket.map(Ticket).map_err(raise)
    }

    /// Closes every connection and cancels what is queued.
    fn _close(&self, py: Python<'_>) {
        py.detach(|| {
            self.outbox.close();
            self.core.close();
        });
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*lock(&self.on_retry))
    }

    fn __clear__(&self) {
        lock(&self.on_retry).take();
    }
}

/// A queued message.
#[pyclass(frozen, name = "_Ticket", module = "callcta._native")]
pub(crate) struct Ticket(callcta::Ticket);

#[pymethods]
impl Ticket {
    /// Cancels the message if it still waits; False if it is being sent or done.
    fn cancel(&self) -> bool {
        self.0.cancel()
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

fn request(
    to: &Bound<'_, PyAny>, message: &Bound<'_, Message>, options: &Bound<'_, PyAny>,
) -> PyResult<Request> {
    let message = callcta::Message::held(message)?.clone();
    Ok(Request::new(recipient(to)?, message, read_options(options)?))
}

fn read_options(given: &Bound<'_, PyAny>) -> PyResult<SendOptions> {
    let mut options = SendOptions::new();
    for (name, value) in given.cast::<PyDict>()? {
        let name = name.extract::<String>()?;
        if name == "deadline" {
            let deadline: Option<SystemTime> = named(value.py(), &name, value.extract())?;
            if let Some(deadline) = deadline {
                options = options.deadline(deadline);
            }
        } else {
            let value = named(value.py(), &name, read::<Value>(&value))?;
            options = options.set(&name, value).map_err(raise)?;
        }
    }
    Ok(options)
}

/// What was read of the option or setting `name`, which is told if that failed.
fn named<T>(py: Python<'_>, name: &str, read: PyResult<T>) -> PyResult<T> {
    read.map_err(|error| {
        let text = format!("{name}: {}", error.value(py));
        if error.is_instance_of::<PyException>(py) {
            return raise(callcta::Error::invalid_argument(text));
        }
        error // such as KeyboardInterrupt
    })
}

/// Locked only while the GIL is held, and for no longer than it takes to look.
fn lock(callback: &Callback) -> MutexGuard<'_, Option<Py<PyAny>>> {
    callback.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for callbacks under way, and keeps further ones from starting: the end of
/// the interpreter would end their threads in their midst, and with them the process.
/// Not for ever, as a callback may hang.
#[pyfunction]
fn end(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    let until = Instant::now() + Duration::from_secs(1);
    py.detach(|| {
        while UNDER_WAY.load(Ordering::SeqCst) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Runs the callback on this thread, unless the interpreter is ending.
fn tell_retry(callback: &Callback, event: &callcta::RetryEvent<'_>) {
    UNDER_WAY.fetch_add(1, Ordering::SeqCst);
    if !ENDING.load(Ordering::SeqCst) {
        call(callback, event);
    }
    UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
}

fn call(callback: &Callback, event: &callcta::RetryEvent<'_>) {
    Python::try_attach(|py| {
        let Some(callback) = lock(callback).as_ref().map(|callback| callback.clone_ref(py)) else {
            return;
        };
        let told = exception(py, event.error).and_then(|error| {
            let class = RETRY_EVENT.import(py, "callcta.errors", "RetryEvent")?;
            callback.call1(py, (class.call1((error, event.attempt, event.wait.as_secs_f64()))?,))
        });
        if let Err(error) = told {
            error.write_unraisable(py, Some(callback.bind(py)));
        }
    });
}
