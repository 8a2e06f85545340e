//! Values on their way between the languages.

use callcta::Error;
use pyo3::exceptions::PyTypeError;
#[cfg(feature = "stubs")]
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};
#[cfg(feature = "stubs")]
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::raise;
use crate::model::{Part, object};

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

/// Models of one class: any iterable when they come from Python, a tuple when
/// they go there.
#[derive(Default)]
pub(crate) struct Items<P: Part>(pub(crate) Vec<P>);

impl<P: Part> From<Vec<P>> for Items<P> {
    fn from(parts: Vec<P>) -> Self {
        Items(parts)
    }
}

impl<'py, P: Part> FromPyObject<'_, 'py> for Items<P> {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("typing", "Iterable"), P::Class::TYPE_HINT);

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // Parts are large: room for more of them than there are would cost time.
        let mut items = Vec::with_capacity(object.len().unwrap_or_default());
        for item in object.try_iter()? {
            items.push(P::held(&item?)?.clone());
        }
        Ok(Items(items))
    }
}

impl<'py, P: Part> IntoPyObject<'py> for Items<P> {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("builtins", "tuple"),
        P::Class::TYPE_HINT,
        PyStaticExpr::Constant { value: PyStaticConstant::Ellipsis }
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let items = self.0.into_iter().map(|part| object(py, part.into(), false));
        PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)
    }
}

/// `ClassName(name=value, …)`, with the names of `__match_args__` that have a value, but not
/// with who is written to: that doesn't belong in a log.
pub(crate) fn repr(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut parts = Vec::new();
    for name in object.getattr("__match_args__")?.try_iter()? {
        let name = name?.cast_into::<PyString>()?;
        let value = object.getattr(&name)?;
        if !value.is_none() && name != "recipient_id" {
            parts.push(format!("{name}={}", value.repr()?));
        }
    }
    let class = object.get_type().name()?;
    Ok(format!("{class}({})", parts.join(", ")))
}
