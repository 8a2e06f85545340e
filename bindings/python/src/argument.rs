//! Arguments as Python gives them. What can't be used is refused in words that name the
//! argument and show nothing of its value, which may be a text or a PSID.

use pyo3::exceptions::PyTypeError;
#[cfg(feature = "stubs")]
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
#[cfg(feature = "stubs")]
use pyo3::type_hint_identifier;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};

/// The deepest nesting that the core reads.
const DEEPEST: u32 = 127;

/// Why a value can't be used.
pub(crate) enum Unfit {
    /// It is of another type than this.
    Not(&'static str),
    /// It holds something of a type that JSON doesn't have.
    Foreign(String),
    /// It is a text with a lone surrogate.
    BrokenText,
    /// It holds such a text.
    HalfCharacter,
    NotWhole,
    Beyond64Bits,
    NotFinite,
    TooDeep,
    /// Python failed.
    Raised(PyErr),
}

impl Unfit {
    /// The exception for the argument `name`.
    pub(crate) fn named(self, py: Python<'_>, name: &str) -> PyErr {
        let is_type = matches!(self, Unfit::Not(_) | Unfit::Foreign(_));
        match self.text(name) {
            Ok(text) if is_type => PyTypeError::new_err(text),
            Ok(text) => invalid(py, text),
            Err(raised) => raised,
        }
    }

    /// The exception for the setting or option `name`.
    pub(crate) fn refused(self, py: Python<'_>, name: &str) -> PyErr {
        self.text(name).map_or_else(|raised| raised, |text| invalid(py, text))
    }

    fn text(self, name: &str) -> PyResult<String> {
        Ok(match self {
            Unfit::Not(what) => format!("{name} must be {what}"),
            Unfit::Foreign(class) => format!("{name} is not JSON: it holds a {class}"),
            Unfit::BrokenText => {
                format!("{name} must be a text without half a character (a lone surrogate)")
            }
            Unfit::HalfCharacter => {
                format!("{name} is not JSON: it holds half a character (a lone surrogate)")
            }
            Unfit::NotWhole => format!("{name} must be a whole number"),
            Unfit::Beyond64Bits => format!("{name} must hold no whole number of more than 64 bits"),
            Unfit::NotFinite => format!("{name} is not JSON: it holds nan or inf"),
            Unfit::TooDeep => format!("{name} is nested too deeply, or holds itself"),
            Unfit::Raised(error) => return Err(error),
        })
    }
}

/// An `InvalidArgumentError`.
pub(crate) fn invalid(py: Python<'_>, text: String) -> PyErr {
    let class = py.import("callcta.errors").and_then(|it| it.getattr("InvalidArgumentError"));
    match class.and_then(|class| class.call1((text,))) {
        Ok(error) => PyErr::from_value(error),
        Err(failure) => failure,
    }
}

/// Something that is read from what Python gives.
pub(crate) trait Readable: Sized {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr;

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit>;
}

impl Readable for String {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr = type_hint_identifier!("builtins", "str");

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit> {
        let text = object.cast::<PyString>().map_err(|_| Unfit::Not("a text (str)"))?;
        // Not Python's own error, which holds the text.
        text.to_cow().map(Into::into).map_err(|_| Unfit::BrokenText)
    }
}

impl Readable for i64 {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr = type_hint_identifier!("builtins", "int");

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit> {
        if object.is_instance_of::<PyBool>() {
            return Err(Unfit::Not("a whole number (int)"));
        }
        if let Ok(float) = object.cast::<PyFloat>() {
            return whole(float.value());
        }
        match object.extract::<i64>() {
            Ok(number) => Ok(number),
            Err(_) if object.is_instance_of::<PyInt>() => Err(Unfit::Beyond64Bits),
            Err(_) => Err(Unfit::Not("a whole number (int)")),
        }
    }
}

/// A number of things, at least one of them; None stands for `or`.
pub(crate) fn count(name: &str, count: &Bound<'_, PyAny>, or: usize) -> PyResult<usize> {
    if count.is_none() {
        return Ok(or);
    }
    let read = i64::read(count).ok().and_then(|count| usize::try_from(count).ok());
    let not = || Unfit::Not("a whole number, 0 or more").refused(count.py(), name);
    Ok(read.ok_or_else(not)?.max(1))
}

/// A float is that number where it is a whole one.
#[expect(clippy::cast_possible_truncation, reason = "checked")]
fn whole(float: f64) -> Result<i64, Unfit> {
    match float {
        _ if float.fract() != 0.0 => Err(Unfit::NotWhole), // nan and inf too
        _ if (-2f64.powi(63)..2f64.powi(63)).contains(&float) => Ok(float as i64),
        _ => Err(Unfit::Beyond64Bits),
    }
}

impl Readable for Value {
    #[cfg(feature = "stubs")]
    const TYPE_HINT: PyStaticExpr = type_hint_identifier!("typing", "Any");

    fn read(object: &Bound<'_, PyAny>) -> Result<Self, Unfit> {
        json(object, DEEPEST)
    }
}

/// Nothing becomes something else on its way: what JSON doesn't have is refused.
fn json(object: &Bound<'_, PyAny>, deepest: u32) -> Result<Value, Unfit> {
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = object.cast::<PyString>() {
        let text = text.to_cow().map_err(|_| Unfit::HalfCharacter)?;
        return Ok(text.into_owned().into());
    }
    if let Ok(yes) = object.cast::<PyBool>() {
        return Ok(yes.is_true().into());
    }
    if object.is_instance_of::<PyInt>() {
        let number = object.extract::<i64>().map(Number::from);
        let number = number.or_else(|_| object.extract::<u64>().map(Number::from));
        return number.map(Value::Number).map_err(|_| Unfit::Beyond64Bits);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        let number = Number::from_f64(number.value());
        return number.map(Value::Number).ok_or(Unfit::NotFinite);
    }
    let Some(deepest) = deepest.checked_sub(1) else {
        return Err(Unfit::TooDeep);
    };
    if let Ok(dict) = object.cast::<PyDict>() {
        return fields(dict, deepest);
    }
    let items: Result<Vec<_>, _> = match (object.cast::<PyList>(), object.cast::<PyTuple>()) {
        (Ok(list), _) => list.iter().map(|item| json(&item, deepest)).collect(),
        (_, Ok(tuple)) => tuple.iter().map(|item| json(&item, deepest)).collect(),
        _ if object.cast::<PyMapping>().is_ok() => {
            let copy = PyDict::new(object.py());
            copy.call_method1("update", (object,)).map_err(Unfit::Raised)?;
            return fields(&copy, deepest);
        }
        _ => {
            let class = object.get_type().name().map_err(Unfit::Raised)?;
            return Err(Unfit::Foreign(class.to_string()));
        }
    };
    items.map(Value::Array)
}

fn fields(dict: &Bound<'_, PyDict>, deepest: u32) -> Result<Value, Unfit> {
    let mut map = Map::new();
    for (key, value) in dict {
        let key = String::read(&key).map_err(|unfit| match unfit {
            Unfit::Not(_) => Unfit::Foreign("key that is no text".to_owned()),
            _ => Unfit::HalfCharacter,
        })?;
        map.insert(key, json(&value, deepest)?);
    }
    Ok(map.into())
}

/// An argument that has been read, or not.
pub(crate) struct Read<T>(Result<T, Unfit>);

impl<T: Readable> Read<T> {
    pub(crate) fn named(self, name: &str) -> PyResult<T> {
        self.0.map_err(|unfit| Python::attach(|py| unfit.named(py, name)))
    }
}

/// Never fails, as the name isn't known here.
impl<T: Readable> FromPyObject<'_, '_> for Read<T> {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = T::TYPE_HINT;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Read(T::read(&object)))
    }
}

/// The type of an argument in a declaration: how it is given, and made of that.
pub(crate) trait Argument: Sized {
    type Given;

    fn argument(given: Self::Given, name: &str) -> PyResult<Self>;
}

impl<T: Argument> Argument for Option<T> {
    type Given = Option<T::Given>;

    fn argument(given: Self::Given, name: &str) -> PyResult<Self> {
        given.map(|given| T::argument(given, name)).transpose()
    }
}

macro_rules! argument {
    (read $($type:ty),+) => {
        $(impl Argument for $type {
            type Given = crate::argument::Read<$type>;

            fn argument(given: Self::Given, name: &str) -> PyResult<Self> {
                given.named(name)
            }
        })+
    };
    (as given $($type:ty $(, of $item:ident)?);+) => {
        $(impl$(<$item>)? crate::argument::Argument for $type {
            type Given = Self;

            fn argument(given: Self, _: &str) -> PyResult<Self> {
                Ok(given)
            }
        })+
    };
}
pub(crate) use argument;

argument!(read String, i64);
argument!(as given bool; u32; u64; Py<T>, of T; Vec<T>, of T);
