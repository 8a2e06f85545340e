//! What all models have in common, and the macro that declares them.

use callcta::{ButtonType, Template};
use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;
use serde::Serialize;

use crate::button::{self, Button};
use crate::convert::{read, repr, write};
use crate::message::{self, Element, Message, Recipient};

/// What a message is made of.
///
/// Models are immutable. They can be compared (by their wire form), hashed, pickled and taken apart
/// with `match`. Making one never fails because of a limit: what is wrong is found by
/// `Message.validate`, and before anything is sent.
#[pyclass(frozen, eq, hash, subclass, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Model(pub(crate) Box<Held>);

/// A part of a request, as the core has it.
pub(crate) trait Part: Into<Held> + Clone {
    /// The class of its models.
    type Class: PyClass;

    /// The part that a model holds.
    fn held<'a>(model: &'a Bound<'_, PyAny>) -> PyResult<&'a Self>;
}

/// Declares what models hold.
macro_rules! held {
    ($($part:ident),+) => {
        #[derive(PartialEq, Eq, Hash, Serialize)]
        #[serde(untagged)]
        pub(crate) enum Held {
            $($part(callcta::$part)),+
        }

        $(impl From<callcta::$part> for Held {
            fn from(part: callcta::$part) -> Self {
                Held::$part(part)
            }
        }

        impl Part for callcta::$part {
            type Class = $part;

            fn held<'a>(model: &'a Bound<'_, PyAny>) -> PyResult<&'a Self> {
                match model.cast::<Model>().map(|model| &*model.get().0) {
                    Ok(Held::$part(part)) => Ok(part),
                    _ => Err(PyTypeError::new_err(concat!("must be of class ", stringify!($part)))),
                }
            }
        })+
    };
}

held!(Button, Message, Element, Recipient);

#[pymethods]
impl Model {
    /// Makes a model from its wire form, the way it stands in a request body.
    ///
    /// Returns:
    ///     The class for its type, or the raw class for a type or shape that has none. Fields that
    ///     callcta doesn't know are kept.
    #[classmethod]
    #[pyo3(signature = (wire) -> "typing.Self")]
    fn from_dict(cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = cls.py();
        let held: Held = if cls.is_subclass_of::<Button>()? {
            callcta::Button::raw(read(wire)?).into()
        } else if cls.is_subclass_of::<Message>()? {
            callcta::Message::raw(read(wire)?).into()
        } else if cls.is_subclass_of::<Element>()? {
            callcta::Element::raw(read(wire)?).into()
        } else {
            callcta::Recipient::from_map(read(wire)?).into()
        };
        let raw = cls.is(py.get_type::<button::RawButton>())
            || cls.is(py.get_type::<message::RawMessage>());
        let model = object(py, held, raw)?;
        if model.is_instance(cls)? && !cls.is(py.get_type::<Model>()) {
            return Ok(model.unbind());
        }
        let (name, found) = (cls.name()?, model.get_type().name()?.into_any());
        Err(PyTypeError::new_err(format!("not the wire form of a {name} but of a {found}")))
    }

    /// The wire form: a dictionary, unless the model was made of something else.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        write(py, &self.0)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        match &*slf.get().0 {
            // Not who it is.
            Held::Recipient(to) => Ok(to.form().map_or_else(
                || "Recipient.from_dict(...)".to_owned(),
                |(name, _)| format!("Recipient({name}=...)"),
            )),
            _ => repr(slf),
        }
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (Py<PyAny>,))> {
        Ok((slf.getattr("from_dict")?.unbind(), (slf.get().to_dict(slf.py())?.unbind(),)))
    }
}

/// The object for a part: of the raw class, or of the one for its type if the part
/// has what that class promises to have.
pub(crate) fn object(py: Python<'_>, held: Held, raw: bool) -> PyResult<Bound<'_, PyAny>> {
    let make = match &held {
        Held::Button(button) => {
            let parts = button.parts();
            let has = (parts.title.is_some(), parts.url.is_some(), parts.payload.is_some());
            match (parts.kind, has) {
                _ if raw => button::RawButton::make,
                (Some(ButtonType::AudioCall), (true, ..)) => button::AudioCallButton::make,
                (Some(ButtonType::WebUrl), (_, true, _)) => button::WebUrlButton::make,
                (Some(ButtonType::Postback), (true, _, true)) => button::PostbackButton::make,
                (Some(ButtonType::PhoneNumber), (true, _, true)) => button::PhoneNumberButton::make,
                (Some(ButtonType::AccountLink), (_, true, _)) => button::AccountLinkButton::make,
                (Some(ButtonType::AccountUnlink), _) => button::AccountUnlinkButton::make,
                (Some(ButtonType::GamePlay), (true, ..)) => button::GamePlayButton::make,
                _ => button::RawButton::make,
            }
        }
        Held::Message(message) => match message.template() {
            _ if raw => message::RawMessage::make,
            Some(Template::Generic(_)) => message::GenericTemplate::make,
            Some(Template::Button(template)) if template.text().is_some() => {
                message::ButtonTemplate::make
            }
            Some(Template::CallPrompt(_)) => message::CallPrompt::make,
            _ => message::RawMessage::make,
        },
        Held::Element(_) => Element::make,
        Held::Recipient(_) => Recipient::make,
    };
    make(py, held)
}

/// Passes optional arguments to the setters of the core that have their names, and
/// further fields.
macro_rules! complete {
    ($part:expr; $($name:ident,)* ..$fields:ident) => {{
        let mut part = $part;
        $(if let Some(value) = $name {
            part = part.$name(value);
        })*
        for (key, value) in $fields.as_ref().map(read_dict).transpose()?.into_iter().flatten() {
            part = part.field(key.clone(), value);
            crate::model::check_field(Whole::from(part.clone()), stringify!($fields), key)?;
        }
        part
    }};
}
pub(crate) use complete;

/// Refuses a field that a model would not have any more when it is read from its wire form.
pub(crate) fn check_field(part: impl Into<Held>, fields: &str, key: String) -> PyResult<()> {
    Python::attach(|py| {
        let model = object(py, part.into(), false)?;
        py.import("callcta.errors")?.call_method1("_check_field", (model, fields, key)).map(drop)
    })
}

/// Declares a model: its base classes; the arguments of its constructor, which are
/// its attributes too: by position, then by keyword, then such that the base class
/// reads; and what the constructor makes of them. An attribute is what the part has
/// by that name, unless it is said how to read it.
macro_rules! model {
    (
        $(#[$doc:meta])*
        $name:ident: $base:ident $(, $root:ident)? (
            $($position:ident: $argument:ty $(=> $attribute:ty)? $(= $position_read:expr)?),*
            $(;
                $($keyword:ident: $type:ty $(as $hint:literal)? $(= $read:expr)?),*;
                $($inherited:ident: $inherited_type:ty),*
            )?
        )
        |$this:ident: $part:ident| $build:expr
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, extends = $base, module = "callcta")]
        pub(crate) struct $name;

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (
                $($position,)* $(*, $($keyword $(: $hint)? = None,)* $($inherited = None),*)?
            ))]
            fn new(
                $($position: $argument,)*
                $($($keyword: Option<$type>,)* $($inherited: Option<$inherited_type>),*)?
            ) -> PyResult<PyClassInitializer<Self>> {
                type Whole = callcta::$part;
                let part: Whole = $build.into();
                Ok($name::init(part.into()))
            }

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [
                    $(stringify!($position),)*
                    $($(stringify!($keyword),)* $(stringify!($inherited)),*)?
                ])
            }

            $(#[getter]
            fn $position(slf: &Bound<'_, Self>) -> PyResult<model!(@last $argument $(, $attribute)?)> {
                let $this = callcta::$part::held(slf)?;
                Ok(model!(@read $this $position unwrap_or_default $(= $position_read)?))
            })*

            $($(#[getter]
            fn $keyword(slf: &Bound<'_, Self>) -> PyResult<Option<$type>> {
                let $this = callcta::$part::held(slf)?;
                Ok(model!(@read $this $keyword into $(= $read)?))
            })*)?
        }

        impl $name {
            fn init(held: Held) -> PyClassInitializer<Self> {
                let base = PyClassInitializer::from(Model(Box::new(held)));
                $(let _: &PyClassInitializer<$root> = &base;
                let base = base.add_subclass($base);)?
                base.add_subclass($name)
            }

            pub(crate) fn make(py: Python<'_>, held: Held) -> PyResult<Bound<'_, PyAny>> {
                Ok(Bound::new(py, $name::init(held))?.into_any())
            }
        }
    };
    (@last $argument:ty) => { $argument };
    (@last $argument:ty, $attribute:ty) => { $attribute };
    (@read $this:ident $name:ident $or:ident) => {
        $this.parts().$name.map(|value| value.to_owned().into()).$or()
    };
    (@read $this:ident $name:ident $or:ident = $read:expr) => { $read };
}
pub(crate) use model;
