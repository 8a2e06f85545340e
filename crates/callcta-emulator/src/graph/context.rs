//! What a handler gets, and what it gives back.

use http::Method;
use serde_json::Value;

use super::answer::Answer;
use super::batch::Batch;
use super::params::Params;
use super::refusal::{Refused, refuse, shown};
use super::request::Request;
use crate::platform::{ErrorCode, Platform};

/// Everything a handler may need.
pub(super) struct Context<'a> {
    pub(super) platform: &'a mut Platform,
    pub(super) request: &'a Request,
    /// The request's method, or the one that a parameter names instead.
    pub(super) method: Method,
    pub(super) params: Params,
    /// The number under which the message that it may bring remembers the request.
    pub(super) request_id: u64,
    /// The Page whose usage the answer's headers tell.
    pub(super) counted: Option<String>,
}

/// A handler's good end.
pub(super) enum Done {
    Answer(Answer),
    /// A message was stored, with this id.
    Sent(Answer, String),
    /// The items have still to be run.
    Batch(Batch),
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

pub(super) type Handled = Result<Done, Refused>;

/// Code 100 for a parameter.
pub(super) fn bad_param(
    name: &str,
    rule: &'static str,
    wanted: &str,
    sent: Option<&Value>,
) -> Refused {
    let text = match sent {
        None => format!("The parameter {name} is required"),
        Some(_) => format!("Param {name} must be {wanted}"),
    };
    refuse(
        ErrorCode::new(100, None),
        &text,
        rule,
        name,
        format!("{wanted}; {} was sent", shown(sent)),
    )
}

/// Code 100 for a field that is asked for and does not exist.
pub(super) fn unknown_field(name: &str, known: &[&str]) -> Refused {
    refuse(
        ErrorCode::new(100, None),
        &format!("Tried accessing nonexisting field ({name})"),
        "field_unknown",
        "fields",
        format!("the fields are {}", known.join(", ")),
    )
}

/// A boolean, also as text as forms send it.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
