//! Values on their way between the languages.

use std::time::Duration;

use callcta::Error;
use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
#[cfg(feature = "stubs")]
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};
#[cfg(feature = "stubs")]
use pyo3::{type_hint_identifier, type_hint_subscript};
use serde_json::{Map, Value};

use crate::error::raise;

#[cfg(feature = "stubs")]
const ANY: PyStaticExpr = type_hint_identifier!("typing", "Any");

static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Anything that Python's `json` can write and read.
pub(crate) struct Json(pub(crate) Value);

impl Json {
    /// The wire form of a model.
    pub(crate) fn of(model: &impl serde::Serialize) -> Self {
        Json(serde_json::to_value(model).expect("models have text keys only"))
    }

    pub(crate) fn object(self) -> PyResult<Map<String, Value>> {
        match self.0 {
            Value::Object(map) => Ok(map),
            _ => Err(PyTypeError::new_err("must be a dictionary")),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Json {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = ANY;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let dumps = DUMPS.import(object.py(), "json", "dumps")?;
        let json: String = dumps.call1((object,))?.extract()?;
        // Python writes more than there is in JSON.
        serde_json::from_str(&json).map(Json).map_err(|_| {
            raise(&Error::invalid_argument(
                "the value is not JSON: NaN, an infinity, half a character, or too deep",
            ))
        })
    }
}

impl<'py> IntoPyObject<'py> for Json {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = ANY;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        LOADS.import(py, "json", "loads")?.call1((self.0.to_string(),))
    }
}

/// A dictionary that Python's `json` can write and read.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl JsonObject {
    /// The wire form of a model that is an object.
    pub(crate) fn of(model: &impl serde::Serialize) -> Self {
        JsonObject(Json::of(model).object().unwrap_or_default())
    }
}

impl<'py> FromPyObject<'_, 'py> for JsonObject {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("typing", "Mapping"), String::INPUT_TYPE, ANY);

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.extract::<Json>()?.object().map(JsonObject)
    }
}

impl<'py> IntoPyObject<'py> for JsonObject {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("builtins", "dict"), String::OUTPUT_TYPE, ANY);

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Json(Value::Object(self.0)).into_pyobject(py)
    }
}

/// A model that stands in lists.
pub(crate) trait Item: PyClass<Frozen = True> + Sync {
    type Core: Clone;

    fn core(&self) -> &Self::Core;

    fn of(py: Python<'_>, core: Self::Core) -> PyResult<Bound<'_, Self>>;
}

/// Models of one class: any iterable when they come from Python, a tuple when
/// they go there.
pub(crate) struct Items<T: Item>(pub(crate) Vec<T::Core>);

impl<T: Item> Items<T> {
    pub(crate) fn of(items: Option<&[T::Core]>) -> Self {
        Items(items.unwrap_or_default().to_vec())
    }
}

impl<'py, T: Item> FromPyObject<'_, 'py> for Items<T> {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("typing", "Iterable"), T::TYPE_HINT);

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let items = object.try_iter()?;
        items
            .map(|item| Ok(item?.cast::<T>()?.get().core().clone()))
            .collect::<PyResult<_>>()
            .map(Items)
    }
}

impl<'py, T: Item> IntoPyObject<'py> for Items<T> {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("builtins", "tuple"),
        T::TYPE_HINT,
        PyStaticExpr::Constant { value: PyStaticConstant::Ellipsis }
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let items = self.0.into_iter().map(|core| T::of(py, core));
        PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)
    }
}

/// Fields without an attribute of their own, if there are any.
pub(crate) fn fields_of(extra: &Map<String, Value>) -> Option<JsonObject> {
    (!extra.is_empty()).then(|| JsonObject(extra.clone()))
}

/// Seconds as a duration.
pub(crate) fn seconds(name: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let text = format!("{name} must be a number of seconds, 0 or more");
        raise(&Error::invalid_argument(text))
    })
}

/// `ClassName(name=value, …)`, with the names of `__match_args__` that have a value.
pub(crate) fn repr(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut parts = Vec::new();
    for name in object.getattr("__match_args__")?.try_iter()? {
        let name = name?.cast_into::<PyString>()?;
        let value = object.getattr(&name)?;
        if !value.is_none() {
            parts.push(format!("{name}={}", value.repr()?));
        }
    }
    let class = object.get_type().name()?;
    Ok(format!("{class}({})", parts.join(", ")))
}
