//! Values on their way between the languages.

use callcta::Error;
use pyo3::exceptions::PyTypeError;
#[cfg(feature = "stubs")]
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};
#[cfg(feature = "stubs")]
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::raise;
use crate::model::{Part, object};

#[cfg(feature = "stubs")]
const ANY: PyStaticExpr = type_hint_identifier!("typing", "Any");

static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Anything that Python's `json` can write and read.
pub(crate) struct Json<T: Wire = Value>(pub(crate) T);

/// A dictionary that Python's `json` can write and read.
pub(crate) type JsonObject = Json<Map<String, Value>>;

/// What a `Json` holds.
pub(crate) trait Wire: Serialize + Sized {
    #[cfg(feature = "stubs")]
    const INPUT: PyStaticExpr;
    #[cfg(feature = "stubs")]
    const OUTPUT: PyStaticExpr;

    fn of(value: Value) -> PyResult<Self>;
}

impl Wire for Value {
    #[cfg(feature = "stubs")]
    const INPUT: PyStaticExpr = ANY;
    #[cfg(feature = "stubs")]
    const OUTPUT: PyStaticExpr = ANY;

    fn of(value: Value) -> PyResult<Self> {
        Ok(value)
    }
}

impl Wire for Map<String, Value> {
    #[cfg(feature = "stubs")]
    const INPUT: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("typing", "Mapping"), String::INPUT_TYPE, ANY);
    #[cfg(feature = "stubs")]
    const OUTPUT: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("builtins", "dict"), String::OUTPUT_TYPE, ANY);

    fn of(value: Value) -> PyResult<Self> {
        match value {
            Value::Object(map) => Ok(map),
            _ => Err(PyTypeError::new_err("must be a dictionary")),
        }
    }
}

impl<T: Wire> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Json(value)
    }
}

impl<T: Wire> Json<T> {
    /// The wire form of something of the core.
    pub(crate) fn of(core: &impl Serialize) -> PyResult<Self> {
        T::of(serde_json::to_value(core).expect("there are text keys only")).map(Json)
    }
}

impl<'py, T: Wire> FromPyObject<'_, 'py> for Json<T> {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = T::INPUT;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_none() {
            return T::of(Value::Null).map(Json);
        }
        if let Ok(text) = object.cast::<PyString>() {
            return T::of(text.to_cow()?.into()).map(Json);
        }
        let dumps = DUMPS.import(object.py(), "json", "dumps")?;
        let json: String = dumps.call1((object,))?.extract()?;
        // Python writes more than there is in JSON.
        let value = serde_json::from_str(&json).map_err(|_| {
            raise(Error::invalid_argument(
                "the value is not JSON: NaN, an infinity, half a character, or too deep",
            ))
        });
        T::of(value?).map(Json)
    }
}

impl<'py, T: Wire> IntoPyObject<'py> for Json<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = T::OUTPUT;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let json = serde_json::to_string(&self.0).expect("there are text keys only");
        LOADS.import(py, "json", "loads")?.call1((json,))
    }
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

/// Fields without an attribute of their own, if there are any.
pub(crate) fn fields_of(extra: &Map<String, Value>) -> Option<JsonObject> {
    (!extra.is_empty()).then(|| Json(extra.clone()))
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
