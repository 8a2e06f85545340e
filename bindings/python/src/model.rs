//! What all models have in common, and the macro that declares them.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::button::{self, Button};
use crate::convert::{self, Json, JsonObject};
use crate::message::{self, Element, Message, Recipient};

/// What a message is made of.
///
/// Models are immutable. They can be compared (by their wire form), hashed, pickled and taken apart
/// with `match`. Making one never fails because of a limit: what is wrong is found by
/// `Message.validate`, and before anything is sent.
#[pyclass(frozen, subclass, module = "callcta")]
pub(crate) struct Model;

#[pymethods]
impl Model {
    /// Makes a model from its wire form, the way it stands in a request body.
    ///
    /// Returns:
    ///     The class for its type, or the raw class for a type or shape that has none. Fields that
    ///     callcta doesn't know are kept.
    #[classmethod]
    #[pyo3(signature = (wire) -> "typing.Self")]
    fn from_dict<'py>(cls: &Bound<'py, PyType>, wire: Json) -> PyResult<Bound<'py, PyAny>> {
        let py = cls.py();
        let made = if cls.is_subclass_of::<Button>()? {
            button::of(
                py,
                callcta::Button::raw(wire.0),
                cls.is(py.get_type::<button::RawButton>()),
            )?
            .into_any()
        } else if cls.is_subclass_of::<Message>()? {
            let message = callcta::Message::raw(wire.object()?);
            message::of(py, message, cls.is(py.get_type::<message::RawMessage>()))?.into_any()
        } else if cls.is_subclass_of::<Element>()? {
            Bound::new(py, Element::init(callcta::Element::raw(wire.0)))?.into_any()
        } else {
            let to = callcta::Recipient::from_map(wire.object()?);
            Bound::new(py, Recipient::init(to))?.into_any()
        };
        if made.is_instance(cls)? {
            return Ok(made);
        }
        let (name, found) = (cls.name()?, made.get_type().name()?.into_any());
        Err(PyTypeError::new_err(format!("not the wire form of a {name} but of a {found}")))
    }

    /// The wire form: a dictionary, unless the model was made of something else.
    fn to_dict(slf: &Bound<'_, Self>) -> PyResult<Json> {
        let json = if let Ok(button) = slf.cast::<Button>() {
            Json::of(&button.get().0)
        } else if let Ok(message) = slf.cast::<Message>() {
            Json::of(&message.get().0)
        } else if let Ok(element) = slf.cast::<Element>() {
            Json::of(&element.get().0)
        } else {
            Json::of(&slf.cast::<Recipient>()?.get().0)
        };
        Ok(json)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        convert::repr(slf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Json,))> {
        Ok((slf.get_type().getattr("from_dict")?, (Model::to_dict(slf)?,)))
    }
}

/// Passes an optional argument to a setter of the core.
pub(crate) fn set<T, V>(object: T, value: Option<V>, setter: impl FnOnce(T, V) -> T) -> T {
    match value {
        Some(value) => setter(object, value),
        None => object,
    }
}

/// Passes every field to a setter of the core.
pub(crate) fn set_fields<T>(
    object: T, fields: Option<JsonObject>, setter: impl Fn(T, String, serde_json::Value) -> T,
) -> T {
    let fields = fields.into_iter().flat_map(|fields| fields.0);
    fields.fold(object, |object, (key, value)| setter(object, key, value))
}

/// A text that a model's class promises to have.
pub(crate) fn text(part: Option<&str>) -> String {
    part.unwrap_or_default().to_owned()
}

/// Declares a model: the arguments of its constructor, by position before the
/// `*` and by keyword after it, each with the way to read it unless the base class
/// has it; then what the constructor makes of them.
macro_rules! model {
    (
        $(#[$doc:meta])*
        $name:ident: $base:ident as |$this:ident| {
            $($position:ident: $position_type:ty = $position_read:expr;)*
            $(*; $($keyword:ident: $type:ty $(as $hint:literal)? $(= $read:expr)?;)+)?
        }
        $build:expr
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, extends = $base, module = "callcta")]
        pub(crate) struct $name;

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = ($($position,)* $(*, $($keyword $(: $hint)? = None),+)?))]
            fn new(
                $($position: $position_type,)* $($($keyword: Option<$type>),+)?
            ) -> PyClassInitializer<Self> {
                $name::init($build)
            }

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [$(stringify!($position),)* $($(stringify!($keyword)),+)?])
            }

            $(#[getter]
            fn $position(slf: &Bound<'_, Self>) -> $position_type {
                let $this = &slf.as_super().get().0;
                $position_read
            })*

            $($($(#[getter]
            fn $keyword(slf: &Bound<'_, Self>) -> Option<$type> {
                let $this = &slf.as_super().get().0;
                $read
            })?)+)?
        }

        impl $name {
            fn init(core: impl Into<callcta::$base>) -> PyClassInitializer<Self> {
                PyClassInitializer::from(Model).add_subclass($base(core.into())).add_subclass($name)
            }

            fn of(py: Python<'_>, core: callcta::$base) -> PyResult<Bound<'_, $base>> {
                Ok(Bound::new(py, $name::init(core))?.into_super())
            }
        }
    };
}
pub(crate) use model;
