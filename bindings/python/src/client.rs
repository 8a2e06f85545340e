//! The client: settings in, sends without the GIL, receipts and exceptions out.

use callcta::{Client as Core, ClientBuilder, Delivery};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefReference};

use crate::argument::{Readable, Unfit};
use crate::callback::{raising, tell_retry};
use crate::error::{guard, raise};
use crate::message::{Message, recipient};
use crate::model::Part;
use crate::outbox::Outbox;
use crate::record::Receipt;
use crate::request::{read_options, set_all};

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
        let py = settings.py();
        let text = |name, text| String::read(text).map_err(|unfit| unfit.refused(py, name));
        let count = |name, count: &Bound<'_, PyAny>, or| {
            if count.is_none() {
                return PyResult::Ok(or);
            }
            let count = i64::read(count).ok().and_then(|count| usize::try_from(count).ok());
            let not = || Unfit::Not("a whole number, 0 or more").refused(py, name);
            Ok(count.ok_or_else(not)?.max(1))
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
        let (outcome, raised) = raising(|| py.detach(send));
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
