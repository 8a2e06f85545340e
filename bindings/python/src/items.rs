//! Parts of one kind, such as a card's buttons.

#[cfg(feature = "stubs")]
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
#[cfg(feature = "stubs")]
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript};

use crate::argument::Argument;
use crate::model::Part;

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
        let items = self.0.into_iter().map(|part| part.model(py, false));
        PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)
    }
}

impl<P: Part> Argument for Items<P> {
    type Given = Self;

    fn argument(given: Self, _: &str) -> PyResult<Self> {
        Ok(given)
    }
}
