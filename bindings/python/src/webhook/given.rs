//! What a framework hands over: bodies, headers and secrets.

use std::borrow::Cow;

use callcta::webhook::Secrets as Core;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};

use super::Secrets;
use crate::argument::Unfit;
use crate::convert::read;
use crate::error::raise;

const CURE: &str = "what was parsed can't be verified. Take request.get_data() in Flask, \
    request.body in Django, await request.body() in FastAPI and Starlette, await request.read() \
    in aiohttp";

/// The bytes that came in; a text stands for its UTF-8.
pub(super) fn bytes<'a>(body: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = body.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if let Ok(text) = body.cast::<PyString>() {
        return encoded(text);
    }
    if let Ok(buffer) = PyBuffer::<u8>::get(body) {
        return buffer.to_vec(body.py()).map(Cow::Owned);
    }
    let class = body.get_type().name()?;
    let text = if body.hasattr("__await__")? {
        format!("body must be the request's bytes, not a {class}: await it")
    } else {
        format!("body must be the request's bytes as they came in, not a {class}: {CURE}")
    };
    Err(PyTypeError::new_err(text))
}

/// A text as UTF-8. Half characters in it, which no signature fits, are no reason to raise.
fn encoded<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(text) = text.to_str() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
    Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// The value of the signature header. Several are one with commas, which is no signature.
pub(super) fn header<'a>(header: &'a Bound<'_, PyAny>) -> PyResult<Option<Cow<'a, [u8]>>> {
    if header.is_none() {
        return Ok(None);
    }
    if let Some(value) = value(header)? {
        return Ok(Some(value));
    }
    let not = || {
        let what = "the value of X-Hub-Signature-256 (str or bytes) or None";
        Unfit::Not(what).named(header.py(), "header")
    };
    if !header.is_instance_of::<PyList>() && !header.is_instance_of::<PyTuple>() {
        return Err(not());
    }
    let mut values = Vec::new();
    for item in header.try_iter()? {
        values.push(value(&item?)?.ok_or_else(not)?.into_owned());
    }
    Ok((!values.is_empty()).then(|| Cow::Owned(values.join(&b", "[..]))))
}

fn value<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Option<Cow<'a, [u8]>>> {
    match (value.cast::<PyString>(), value.cast::<PyBytes>()) {
        (Ok(text), _) => encoded(text).map(Some),
        (_, Ok(bytes)) => Ok(Some(Cow::Borrowed(bytes.as_bytes()))),
        _ => Ok(None),
    }
}

/// A `Secrets`, or one made of a text or several.
pub(super) fn secrets<'a>(secrets: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, Core>> {
    if let Ok(made) = secrets.cast::<Secrets>() {
        return Ok(Cow::Borrowed(&made.get().0));
    }
    let py = secrets.py();
    let texts = if secrets.is_instance_of::<PyString>() {
        vec![read::<String>(secrets, "the app secret")?]
    } else {
        // Not the names in a dictionary of secrets.
        let items = secrets.try_iter().ok().filter(|_| secrets.cast::<PyMapping>().is_err());
        let not = || Unfit::Not("an app secret (str) or several of them");
        let items = items.ok_or_else(|| not().named(py, "secrets"))?;
        items.map(|item| read::<String>(&item?, "an app secret")).collect::<PyResult<_>>()?
    };
    Ok(Cow::Owned(Core::new(texts).map_err(raise)?))
}

/// A text that may be missing.
pub(super) fn text_or_none(text: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<String>> {
    (!text.is_none()).then(|| read::<String>(text, name)).transpose()
}
