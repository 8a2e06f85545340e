//! The emulator, in this process.

use std::time::Duration;

use callcta::Delivery;
use callcta_emulator::{Emulator as Core, TapTarget};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::{Json, JsonObject};
use crate::error::guard;

/// A local Graph API on a free port of 127.0.0.1.
#[pyclass(frozen, subclass, name = "_Emulator", module = "callcta._native")]
pub(crate) struct Emulator {
    /// None only while it is dropped.
    core: Option<Core>,
    process: u32,
}

#[pymethods]
impl Emulator {
    #[new]
    #[pyo3(signature = () -> "typing.Self")]
    fn new() -> PyResult<Self> {
        Ok(Emulator { core: Some(Core::start()?), process: std::process::id() })
    }

    /// The base URL for clients, and the inbox page for a browser.
    #[getter]
    fn url(&self) -> &str {
        self.core().url()
    }

    /// The default Page.
    #[getter]
    fn page_id(&self) -> &str {
        self.core().page_id()
    }

    /// A token of the default Page that works.
    #[getter]
    fn access_token(&self) -> &str {
        self.core().access_token()
    }

    /// The app secret of the default Page.
    #[getter]
    fn app_secret(&self) -> &str {
        self.core().app_secret()
    }

    /// Everybody who is in conversation with the default Page; those who can be written to first.
    #[getter]
    fn psids(&self) -> Vec<String> {
        self.core().psids()
    }

    /// How many POSTs to a messages edge have arrived, those that a fault dropped included.
    #[getter]
    fn posts(&self) -> usize {
        self.core().posts()
    }

    fn _messages(&self) -> Vec<JsonObject> {
        self.core().messages().iter().map(JsonObject::of).collect()
    }

    #[pyo3(signature = () -> "list[dict[str, typing.Any]]")]
    fn _requests<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let requests = self.core().requests();
        let requests = requests.into_iter().map(|request| {
            let dict = PyDict::new(py);
            dict.set_item("method", request.method)?;
            dict.set_item("path", request.path)?;
            dict.set_item("query", request.query)?;
            dict.set_item("headers", request.headers)?;
            dict.set_item("body", pyo3::types::PyBytes::new(py, &request.body))?;
            dict.set_item("status", request.status)?;
            dict.set_item("message_id", request.message_id)?;
            Ok(dict)
        });
        requests.collect()
    }

    fn _arm(&self, fault: Json) -> PyResult<String> {
        let fault = serde_json::from_value(fault.0).map_err(value_error)?;
        // It panics on what can't be carried out, such as a status of 999.
        guard(Delivery::NotSent, || Ok(self.core().arm(fault)))
            .map_err(|_| PyValueError::new_err("this fault can't be carried out"))
    }

    /// Takes all faults away.
    fn clear_faults(&self) {
        self.core().clear_faults();
    }

    /// Back to the beginning: initial state, clock and counters, empty logs, no faults.
    fn reset(&self) {
        self.core().reset();
    }

    /// Moves the emulator's clock forward.
    fn advance(&self, by: Duration) {
        self.core().advance(by);
    }

    /// Where webhooks go from now on: plain HTTP on this machine.
    fn set_webhook_url(&self, url: &str) -> PyResult<()> {
        self.core().set_webhook_url(url).map_err(PyValueError::new_err)
    }

    /// The newest webhooks, oldest first, each with its body, signature and attempts.
    fn webhooks(&self) -> Vec<JsonObject> {
        self.core().webhooks().iter().map(JsonObject::of).collect()
    }

    fn _tap(&self, py: Python<'_>, target: Json) -> PyResult<(bool, JsonObject)> {
        let target: TapTarget = serde_json::from_value(target.0).map_err(value_error)?;
        Ok(match py.detach(|| self.core().tap(&target)) {
            Ok(tap) => (true, JsonObject::of(&tap)),
            Err(refused) => (false, JsonObject::of(&refused)),
        })
    }

    /// Stops it. What it recorded can still be read.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.core().stop());
    }
}

impl Emulator {
    fn core(&self) -> &Core {
        self.core.as_ref().expect("it is taken out in drop only")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // A forked child has no server thread to wait for.
            std::mem::forget(self.core.take());
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn value_error(error: serde_json::Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}
