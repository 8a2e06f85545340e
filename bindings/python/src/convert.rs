//! JSON on its way between the languages.

use callcta::Error;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::raise;

static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Reads anything that Python's `json` can write, or only dictionaries.
pub(crate) fn read<T: DeserializeOwned>(object: &Bound<'_, PyAny>) -> PyResult<T> {
    let value = if object.is_none() {
        Value::Null
    } else if let Ok(text) = object.cast::<PyString>() {
        text.to_cow()?.into()
    } else {
        let dumps = DUMPS.import(object.py(), "json", "dumps")?;
        let json: String = dumps.call1((object,))?.extract()?;
        // Python writes more than there is in JSON.
        serde_json::from_str(&json).map_err(|_| {
            raise(Error::invalid_argument(
                "the value is not JSON: NaN, an infinity, half a character, or too deep",
            ))
        })?
    };
    serde_json::from_value(value).map_err(|_| PyTypeError::new_err("must be a dictionary"))
}

/// The wire form of something of the core.
pub(crate) fn write<'py>(py: Python<'py>, core: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let json = serde_json::to_string(core).expect("there are text keys only");
    LOADS.import(py, "json", "loads")?.call1((json,))
}

/// Reads a dictionary.
pub(crate) fn read_dict(dict: &Py<PyDict>) -> PyResult<Map<String, Value>> {
    Python::attach(|py| read(dict.bind(py)))
}

/// Something of the core that is an object there, as a dictionary.
pub(crate) fn dict(core: &impl Serialize) -> PyResult<Py<PyDict>> {
    Python::attach(|py| Ok(write(py, core)?.cast_into()?.unbind()))
}

/// Fields without an attribute of their own, if there are any.
pub(crate) fn dict_of(extra: Option<&Map<String, Value>>) -> PyResult<Option<Py<PyDict>>> {
    extra.filter(|extra| !extra.is_empty()).map(dict).transpose()
}
