//! How objects are shown.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

/// `ClassName(name=value, …)`, with the names of `__match_args__` that have a value, but not
/// with who is written to: that doesn't belong in a log.
pub(crate) fn repr(object: &Bound<'_, PyAny>) -> PyResult<String> {
    shown(object, |_, _| Ok(true))
}

/// The same for what is only told: without lists and facts that are empty, and a single try.
pub(crate) fn brief(object: &Bound<'_, PyAny>) -> PyResult<String> {
    shown(object, |name, value| {
        let list = value.cast::<PyList>().map_or(1, PyListMethods::len);
        let is_empty = list == 0
            || value.getattr_opt("to_dict")?.is_some() && value.repr()?.to_str()?.ends_with("()");
        let is_one_try = name == "attempts" && value.eq(1)?;
        Ok(!is_empty && !is_one_try)
    })
}

fn shown(
    object: &Bound<'_, PyAny>,
    says: impl Fn(&Bound<'_, PyString>, &Bound<'_, PyAny>) -> PyResult<bool>,
) -> PyResult<String> {
    let mut parts = Vec::new();
    for name in object.getattr("__match_args__")?.try_iter()? {
        let name = name?.cast_into::<PyString>()?;
        let value = object.getattr(&name)?;
        if !value.is_none() && name != "recipient_id" && says(&name, &value)? {
            parts.push(format!("{name}={}", value.repr()?));
        }
    }
    let class = object.get_type().name()?;
    Ok(format!("{class}({})", parts.join(", ")))
}
