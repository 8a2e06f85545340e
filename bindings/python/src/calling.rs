//! The calling side of a client, for `callcta.calling`.

use callcta::{CancelToken, Delivery, RequestOptions};
use pyo3::prelude::*;

use crate::argument::Read;
use crate::client::Client;
use crate::convert::{Dict, read, write};
use crate::error::{exception, guard, raise};
use crate::interrupt::interruptible;
use crate::model::Part;
use crate::record::Violation;
use crate::request::set_all;

/// By which a request is given up from another thread.
#[pyclass(frozen, name = "_CancelToken", module = "callcta._native")]
pub(crate) struct Cancel(CancelToken);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Cancel(CancelToken::new())
    }

    /// Gives the request up.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.0.cancel());
    }
}

/// Asks the platform something by the name that it has in the core, and waits. What is told comes
/// as JSON. Without a token, Python's signal handlers run meanwhile and can end it.
#[pyfunction(name = "_ask")]
#[pyo3(
    signature = (client: "_Client", name: "str", arguments: "typing.Any", options: "typing.Any",
        token: "_CancelToken | None") -> "typing.Any"
)]
pub(crate) fn ask<'py>(
    py: Python<'py>, client: &Bound<'py, Client>, name: Read<String>,
    arguments: &Bound<'py, PyAny>, options: &Bound<'py, PyAny>, token: Option<&Bound<'py, Cancel>>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = name.named("name")?;
    let arguments = read::<Dict>(arguments, "arguments")?.0;
    let options = set_all(RequestOptions::new(), options.cast()?, RequestOptions::set)?;
    let calling = client.get().core.calling();
    let ask = |token: Option<&CancelToken>| {
        let options = token.into_iter().fold(options, RequestOptions::cancel);
        guard(Delivery::Unknown, || calling.with(options).by_name(&name, arguments))
    };
    write(py, &wait(py, token, ask)?)
}

/// Waits for an answer, until it is given up by the token or, without one, by a signal handler.
pub(crate) fn wait<T: Send>(
    py: Python<'_>, token: Option<&Bound<'_, Cancel>>,
    ask: impl FnOnce(Option<&CancelToken>) -> callcta::Result<T> + Send,
) -> PyResult<T> {
    let (outcome, raised) = match token {
        Some(token) => {
            let token = token.get().0.clone();
            (py.detach(|| ask(Some(&token))), None)
        }
        None => interruptible(py, false, ask)?,
    };
    let outcome = match outcome {
        Ok(told) => Ok(told),
        Err(error) => Err(exception(py, &error)?),
    };
    match raised {
        None => outcome.map_err(PyErr::from_value),
        Some(raised) => {
            let known = (raised.value(py), outcome.as_ref().err());
            let _ = py.import("callcta._given_up")?.call_method1("tell_request", known);
            Err(raised)
        }
    }
}

/// Everything that is wrong with call settings in wire form.
#[pyfunction(name = "_validate_settings")]
#[pyo3(signature = (settings: "typing.Any") -> "list[Violation]")]
pub(crate) fn validate_settings(settings: &Bound<'_, PyAny>) -> PyResult<Vec<Violation>> {
    let settings = callcta::calling::CallSettings::raw(read::<Dict>(settings, "settings")?.0);
    Ok(settings.validate().into_iter().map(Into::into).collect())
}

/// Reads call settings from JSON, in wire form.
#[pyfunction(name = "_read_settings")]
#[pyo3(signature = (json: "str") -> "dict[str, typing.Any]")]
pub(crate) fn read_settings(json: Read<String>) -> PyResult<Py<PyAny>> {
    let json = json.named("json")?;
    let settings = callcta::calling::CallSettings::from_json(json).map_err(raise)?;
    Python::attach(|py| Ok(write(py, &settings)?.unbind()))
}

/// A request to be allowed to call a person.
#[pyfunction(name = "_calling_optin")]
#[pyo3(signature = () -> "Message")]
pub(crate) fn calling_optin(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    <callcta::Message as Part>::model(callcta::Message::calling_optin(), py, false)
}
