//! How objects are shown.

use pyo3::prelude::*;
use pyo3::types::PyString;

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
