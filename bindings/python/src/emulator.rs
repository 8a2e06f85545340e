//! The emulator, in this process.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use callcta_emulator::{Emulator as Core, EmulatorBuilder};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{Json, read, write};

type Seen = (String, String, String, Vec<(String, String)>, Vec<u8>, Option<u16>, Option<String>);

/// A local Graph API.
#[pyclass(frozen, subclass, name = "_Emulator", module = "callcta._native")]
pub(crate) struct Emulator(Core);

#[pymethods]
impl Emulator {
    /// Settings that make no sense are a `ValueError`; a port that is taken is an `OSError`.
    #[new]
    #[pyo3(signature = (settings) -> "typing.Self")]
    fn new(settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let settings = read::<Json>(settings, "settings")?.0;
        let started = Core::builder().settings(&settings).and_then(EmulatorBuilder::start);
        started.map(Emulator).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                PyValueError::new_err(error.to_string())
            }
            _ => error.into(),
        })
    }

    /// Variables for a program that talks to it.
    fn environment(&self) -> BTreeMap<&'static str, String> {
        self.0.environment().into_iter().collect()
    }

    /// What a script needs to know, as JSON.
    fn _facts(&self) -> String {
        self.0.ready_line()
    }

    /// How many POSTs to a messages edge have arrived, those that a fault dropped included.
    #[getter]
    fn posts(&self) -> usize {
        self.0.posts()
    }

    /// The newest requests as they came; the control API hides the credentials in them.
    fn _requests(&self) -> Vec<Seen> {
        let requests = self.0.requests().into_iter();
        requests
            .map(|r| (r.method, r.path, r.query, r.headers, r.body.into(), r.status, r.message_id))
            .collect()
    }

    /// Asks the control API: the HTTP status and the answer.
    fn _control<'py>(
        &self, py: Python<'py>, method: &str, path: &str, body: &Bound<'py, PyAny>,
    ) -> PyResult<(u16, Bound<'py, PyAny>)> {
        let body = Some(read::<Json>(body, "body")?.0).filter(|body| !body.is_null());
        let (status, answer) = py.detach(|| self.0.control(method, path, body.as_ref()));
        Ok((status, write(py, &answer)?))
    }

    /// Stops it. What it recorded can still be read.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}
