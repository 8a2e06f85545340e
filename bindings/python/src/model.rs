//! What all models have in common.

use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;
use serde::Serialize;

use crate::convert::write;
use crate::repr::repr;

/// What a message is made of.
///
/// Models are immutable. They can be compared (by their wire form), hashed, pickled and taken apart
/// with `match`. Making one never fails because of a limit: what is wrong is found by
/// `Message.validate`, and before anything is sent.
#[pyclass(frozen, eq, hash, subclass, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Model(pub(crate) Box<Held>);

/// What a model holds: a part of a request, as the core has it.
pub(crate) trait Kept: Into<Held> + Clone {
    const NAME: &str;

    fn kept(held: &Held) -> Option<&Self>;
}

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

        impl Kept for callcta::$part {
            const NAME: &str = stringify!($part);

            #[allow(unreachable_patterns)]
            fn kept(held: &Held) -> Option<&Self> {
                match held {
                    Held::$part(part) => Some(part),
                    _ => None,
                }
            }
        })+
    };
}

held!(Button, Message, Element, Recipient);

/// A part, and the classes of its models.
pub(crate) trait Part: Kept {
    /// The base class of them.
    type Class: PyClass;

    /// Makes it of its wire form.
    fn read(wire: &Bound<'_, PyAny>) -> PyResult<Self>;

    /// What makes its model: one of the raw class, or of the class for its type if it has
    /// what that class promises to have.
    fn maker(&self, raw: bool) -> Make;

    fn model(self, py: Python<'_>, raw: bool) -> PyResult<Bound<'_, PyAny>> {
        self.maker(raw)(py, self.into())
    }

    /// The part that a model holds.
    fn held<'a>(model: &'a Bound<'_, PyAny>) -> PyResult<&'a Self> {
        let held = model.cast::<Model>().ok().and_then(|model| Self::kept(&model.get().0));
        held.ok_or_else(|| PyTypeError::new_err(format!("must be of class {}", Self::NAME)))
    }

    /// The model for a wire form, if it is of this class.
    fn from_dict(
        cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>, raw: bool,
    ) -> PyResult<Py<PyAny>> {
        let model = Self::read(wire)?.model(cls.py(), raw)?;
        if model.is_instance(cls)? {
            return Ok(model.unbind());
        }
        let (name, found) = (cls.name()?, model.get_type().name()?.into_any());
        Err(PyTypeError::new_err(format!("not the wire form of a {name} but of a {found}")))
    }
}

/// The `make` of a class.
pub(crate) type Make = for<'py> fn(Python<'py>, Held) -> PyResult<Bound<'py, PyAny>>;

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
        let (_, name) = (wire, cls.name()?);
        Err(PyTypeError::new_err(format!("not the wire form of a {name} but of one of its kinds")))
    }

    /// The wire form: a dictionary, unless the model was made of something else.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        write(py, &self.0)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf)
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (Py<PyAny>,))> {
        Ok((slf.getattr("from_dict")?.unbind(), (slf.get().to_dict(slf.py())?.unbind(),)))
    }
}
