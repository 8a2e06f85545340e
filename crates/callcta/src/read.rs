//! Messages and requests from JSON text.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::json;
use crate::message::{Message, Request, is_request};
use crate::validate::{self, Report};
use crate::violation::Found;

impl Message {
    /// Reads a message from JSON: a `message` object, or a whole request body, so
    /// that a sample pasted from a documentation page works. Nothing is lost but an
    /// empty `message`, and what [`to_json`](Message::to_json) wrote is read as the
    /// same message.
    ///
    /// A `str` is fine, and so are bytes: UTF-8, with or without a byte order mark.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](crate::ErrorKind::InvalidMessage) if `json` is not a JSON
    /// object, if an object in it has a key twice, or if it holds a number or a text
    /// that can't be kept exactly. Its violations say what and where; columns count
    /// characters (Unicode code points) from 1. Whatever else is wrong inside is kept
    /// as it is and reported by [`validate`](Message::validate).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        read(json.as_ref()).map(Message::raw).map_err(refused)
    }
}

impl Request {
    /// Reads a request from JSON; a bare `message` object is one without a recipient.
    ///
    /// # Errors
    ///
    /// Those of [`Message::from_json`].
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        read(json.as_ref()).map(Request::raw).map_err(refused)
    }
}

/// Reads any JSON the way that [`Message::from_json`] does, so that a part of a message
/// is as safe as a whole one.
///
/// # Errors
///
/// [`InvalidMessage`](crate::ErrorKind::InvalidMessage) if `json` is not JSON, or would
/// not be kept as it is.
pub fn parse_json(json: impl AsRef<[u8]>) -> Result<Value> {
    json::read(json.as_ref()).map_err(|unread| refused(unread.found))
}

/// Everything that is wrong with a text that should be a message, or a whole request.
/// A message is checked by itself, a request with its recipient and its options.
///
/// ```
/// let json = r#"{"recipient": {"id": "1254477777772919"}, "message": {"text": ""}}"#;
/// let report = callcta::check_json(json);
/// assert_eq!((report.errors, report.warnings), (1, 0));
/// assert_eq!(report.violations[0].path, "message.text");
/// ```
pub fn check_json(json: impl AsRef<[u8]>) -> Report {
    match read(json.as_ref()) {
        Ok(object) if is_request(&object) => Request::raw(object).check(),
        Ok(object) => Message::raw(object).check(),
        Err(found) => found.into(),
    }
}

/// The object that is a message or a request.
fn read(json: &[u8]) -> Result<Map<String, Value>, Found> {
    match json::read(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(validate::no_message(&other)),
        Err(mut unread) => {
            // Paths are those of a request, of which the text may be the message.
            if !is_request(&unread.top) {
                unread.found.within("message");
            }
            Err(unread.found)
        }
    }
}

fn refused(found: Found) -> Error {
    Error::invalid_message(found.list())
}
