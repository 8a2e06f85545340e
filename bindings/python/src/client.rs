//! The client: settings in, sends without the GIL, receipts and exceptions out.

use std::sync::atomic::{AtomicUsize, Ordering};

use callcta::{CancelToken, Client as Core, ClientBuilder, Delivery, Environment};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefReference};

use crate::argument::{Readable, count};
use crate::callback::tell_retry;
use crate::error::{exception, guard, raise};
use crate::interrupt::interruptible;
use crate::log;
use crate::message::Message;
use crate::record::Receipt;
use crate::request::{request, set_all};

/// The settings that the environment has, by their names.
#[pyfunction(name = "_environment")]
#[pyo3(signature = () -> "dict[str, str]")]
pub(crate) fn environment(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let found = Environment::read().map_err(raise)?;
    let settings = PyDict::new(py);
    settings.set_item("page_id", found.page_id)?;
    settings.set_item("access_token", found.access_token)?;
    for (name, value) in [
        ("app_secret", found.app_secret),
        ("base_url", found.base_url),
        ("extra_ca_pem", found.extra_ca_pem),
    ] {
        value.map_or(Ok(()), |value| settings.set_item(name, value))?;
    }
    Ok(settings)
}

/// What the clients for Python send with.
#[pyclass(frozen, name = "_Client", module = "callcta._native")]
pub(crate) struct Client {
    pub(crate) core: Core,
    /// Most threads of an outbox.
    #[pyo3(get)]
    pub(crate) workers: usize,
    /// Most messages that wait in an outbox.
    #[pyo3(get)]
    pub(crate) capacity: usize,
    /// Blocking sends under way.
    sending: AtomicUsize,
}

#[pymethods]
impl Client {
    #[new]
    fn new(
        settings: &Bound<'_, PyDict>, page_id: &Bound<'_, PyAny>, token: &Bound<'_, PyAny>,
        on_retry: Option<&Bound<'_, PyAny>>, share_connections: Option<&Bound<'_, Client>>,
        workers: &Bound<'_, PyAny>, capacity: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = settings.py();
        let text = |name, text| String::read(text).map_err(|unfit| unfit.refused(py, name));
        let core = Core::builder(text("page_id", page_id)?, text("access_token", token)?);
        let mut core = set_all(core, settings, ClientBuilder::set)?;
        if let Some(other) = share_connections {
            core = core.share_connections(&other.get().core);
        }
        if let Some(on_retry) = on_retry {
            // Not the callback itself: the garbage collector sees only what Python holds.
            let callback = PyWeakrefReference::new(on_retry)?.unbind();
            core = core.on_retry(move |event| tell_retry(&callback, event));
        }
        Ok(Client {
            core: guard(Delivery::NotSent, || core.build()).map_err(raise)?,
            workers: count("workers", workers, callcta::WORKERS_DEFAULT)?,
            capacity: count("capacity", capacity, callcta::CAPACITY_DEFAULT)?,
            sending: AtomicUsize::new(0),
        })
    }

    /// Sends and waits. `key` is what the callback is told.
    #[pyo3(
        signature = (key: "int | None", to: "typing.Any", message: "Message", options: "typing.Any")
            -> "Receipt"
    )]
    fn send<'py>(
        &self, py: Python<'py>, key: Option<u64>, to: &Bound<'py, PyAny>,
        message: &Bound<'py, Message>, options: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = request(to, message, options, key)?;
        let send = |token: Option<&CancelToken>| match token {
            Some(token) => self.core.send_request_until(&request, token),
            None => self.core.send_request(&request),
        };
        let send = |token: Option<&_>| guard(Delivery::Unknown, || send(token));
        self.sending.fetch_add(1, Ordering::Relaxed);
        let ended = interruptible(py, key.is_some(), send);
        self.sending.fetch_sub(1, Ordering::Relaxed);
        let (outcome, raised) = ended?;
        let line = if log::is_wanted(py) { log::line(&outcome) } else { None };
        let logged = line.map_or(Ok(()), |line| log::log(py, &line));
        let outcome = match outcome {
            Ok(receipt) => Ok(Receipt::from(receipt).into_pyobject(py)?.into_any()),
            Err(error) => Err(exception(py, &error)?),
        };
        match raised.or(logged.err()) {
            None => outcome.map_err(PyErr::from_value),
            Some(raised) => {
                let known = (raised.value(py), outcome.as_ref().ok(), outcome.as_ref().err());
                let _ = py.import("callcta._given_up")?.call_method1("tell", known);
                Err(raised)
            }
        }
    }

    /// How many blocking sends are under way.
    #[getter]
    fn sending(&self) -> usize {
        self.sending.load(Ordering::Relaxed)
    }

    /// Makes requests with another token from now on.
    fn set_access_token(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        let token =
            String::read(token).map_err(|unfit| unfit.refused(token.py(), "access_token"))?;
        self.core.set_access_token(token).map_err(raise)
    }

    /// Closes every connection.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.core.close());
    }
}
