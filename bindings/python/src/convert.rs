//! JSON on its way between the languages.

#[cfg(feature = "stubs")]
use pyo3::PyTypeInfo;
#[cfg(feature = "stubs")]
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pythonize::pythonize;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::argument::{Argument, Readable, Unfit, argument};

/// Anything that JSON can hold.
pub(crate) struct Json(pub(crate) Value);

/// A dictionary of what JSON can hold.
pub(crate) struct Dict(pub(crate) Map<String, Value>);

impl Readable for Json {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr = Value::TYPE_HINT;

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit> {
        Value::read(object).map(Json)
    }
}

impl Readable for Dict {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr = PyDict::TYPE_HINT;

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit> {
        match Value::read(object)? {
            Value::Object(map) => Ok(Dict(map)),
            _ => Err(Unfit::Not("a dictionary")),
        }
    }
}

argument!(read Json, Dict);

impl<'py> IntoPyObject<'py> for Json {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = Self::TYPE_HINT;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        write(py, &self.0)
    }
}

impl<'py> IntoPyObject<'py> for Dict {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = Self::TYPE_HINT;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(write(py, &self.0)?.cast_into()?)
    }
}

/// Reads an argument.
pub(crate) fn read<T: Readable>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    T::read(object).map_err(|unfit| unfit.named(object.py(), name))
}

/// The wire form of something of the core.
pub(crate) fn write<'py>(py: Python<'py>, core: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize(py, core)?)
}

/// Something of the core that is an object there, as a dictionary.
pub(crate) fn dict(core: &impl Serialize) -> PyResult<Py<PyDict>> {
    Python::attach(|py| Ok(write(py, core)?.cast_into()?.unbind()))
}

/// Fields without an attribute of their own, if there are any.
pub(crate) fn dict_of(extra: Option<&Map<String, Value>>) -> Option<Dict> {
    extra.filter(|extra| !extra.is_empty()).cloned().map(Dict)
}
