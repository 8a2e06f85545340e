//! What keeps the button from working, for `callcta.doctor`.

use callcta::doctor::Doctor;
use callcta::{CancelToken, Delivery};
use pyo3::prelude::*;

use crate::calling::{Cancel, wait};
use crate::client::Client;
use crate::convert::write;
use crate::error::guard;
use crate::request::set_all;

/// Looks at everything and waits, as `_ask` does. The diagnosis comes as JSON, and as lines.
#[pyfunction(name = "_examine")]
#[pyo3(
    signature = (client: "_Client", options: "typing.Any", token: "_CancelToken | None")
        -> "tuple[typing.Any, str]"
)]
pub(crate) fn examine<'py>(
    py: Python<'py>, client: &Bound<'py, Client>, options: &Bound<'py, PyAny>,
    token: Option<&Bound<'py, Cancel>>,
) -> PyResult<(Bound<'py, PyAny>, String)> {
    let doctor = set_all(client.get().core.doctor(), options.cast()?, Doctor::set)?;
    let diagnosis = wait(py, token, |token: Option<&CancelToken>| {
        guard(Delivery::Unknown, || match token {
            Some(token) => doctor.examine_until(token),
            None => Ok(doctor.examine()),
        })
    })?;
    Ok((write(py, &diagnosis)?, diagnosis.to_string()))
}
