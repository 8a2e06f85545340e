//! What the platform answers: every documented shape, and the rest as errors.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{CancelReason, Delivery, Error, ErrorKind, GraphError};
use crate::graph_error::{self, CallingCodes, Meaning};
use crate::transport::{HttpResponse, TransportError, TransportErrorKind};
use crate::usage::{self, Usage};

/// What a send that worked returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) recipient_id: Option<String>,
    pub(crate) message_id: String,
    pub(crate) usage: Usage,
}

/// Reads an answer. `blank` takes credentials out of the platform's texts.
pub(crate) fn read(
    response: HttpResponse,
    calling: &CallingCodes,
    blank: &dyn Fn(&str) -> String,
) -> Result<Answer, Error> {
    let usage = Usage::from_headers(&response.headers);
    let retry_after = usage::retry_after(&response.headers, &usage);
    let status = response.status;
    let success = (200..300).contains(&status);

    // The usual answer, without building a tree of values.
    if success
        && let Ok(body) = &response.body
        && let Ok(flat) = serde_json::from_slice::<Flat<'_>>(body)
        && !flat.message_id.is_empty()
    {
        return Ok(Answer {
            recipient_id: flat.recipient_id.map(Cow::into_owned),
            message_id: flat.message_id.into_owned(),
            usage,
        });
    }

    let error = match response.body {
        Ok(body) => {
            let json = serde_json::from_slice(&body).ok();
            let ids = json.as_ref().filter(|_| success).and_then(success_ids);
            let graph = json.as_ref().and_then(|it| graph_error(it, status, blank));
            match (ids, graph) {
                (Some((recipient_id, message_id)), None) => {
                    return Ok(Answer {
                        recipient_id,
                        message_id,
                        usage,
                    });
                }
                (Some(_), Some(graph)) => {
                    unreadable("the answer holds a message id and an error").with_graph(graph)
                }
                (None, Some(graph)) => {
                    let meaning = graph_error::meaning(&graph, status, calling);
                    of_meaning(meaning).with_graph(graph)
                }
                (None, None) if success => unreadable(what_is_wrong(&body, json.as_ref())),
                (None, None) => of_status(status),
            }
        }
        Err(error) => from_body_error(status, error),
    };
    Err(error.with_http(status, retry_after, usage))
}

/// The standard answer and nothing but it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat<'a> {
    #[serde(borrow)]
    recipient_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
}

fn of_meaning(meaning: Meaning) -> Error {
    let error = Error::new(meaning.kind, meaning.delivery).with_may_retry(meaning.backoff);
    if meaning.what.is_empty() {
        error
    } else {
        error.with_detail(meaning.what)
    }
}

/// An answer that is neither a success nor a Graph error.
fn of_status(status: u16) -> Error {
    match status {
        // What the sender of a redirect did with the request is unknown.
        301..=303 | 307 | 308 => unreadable("the answer is a redirect, which is not followed"),
        ..400 => unreadable("the answer's status says neither that it worked nor that it failed"),
        _ => of_meaning(graph_error::meaning_of_status(status)),
    }
}

/// The status came, the body did not.
fn from_body_error(status: u16, error: TransportError) -> Error {
    match (status, error.kind) {
        // Refused by themselves, whatever happened to the explanation. Other refusals
        // may be of messages that were sent all the same; only their codes tell.
        (401 | 403 | 429, _) | (408 | 500.., TransportErrorKind::InvalidResponse) => {
            of_status(status).with_source(error)
        }
        _ => of_transport(TransportError {
            request_written: true,
            ..error
        }),
    }
}

/// What a failed exchange means for the message.
pub(crate) fn of_transport(error: TransportError) -> Error {
    use TransportErrorKind as Failed;

    let kind = match (error.kind, error.request_written) {
        (Failed::Timeout, _) => ErrorKind::Timeout,
        (Failed::Closed | Failed::Cancelled, _) => ErrorKind::Cancelled,
        (Failed::OutOfResources, false) => ErrorKind::OutOfResources,
        (Failed::InvalidRequest, false) => ErrorKind::InvalidArgument,
        (_, false) => ErrorKind::Connect,
        (Failed::InvalidResponse, true) => ErrorKind::InvalidResponse,
        (_, true) => ErrorKind::Network,
    };
    let delivery = if error.request_written {
        Delivery::Unknown
    } else {
        Delivery::NotSent
    };
    let again = matches!(
        kind,
        ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::OutOfResources
    ) && error.kind != Failed::Refused;
    let what = error.message.clone();
    let told = match error.kind {
        Failed::Closed => Error::cancelled(delivery, CancelReason::Closed, what),
        Failed::Cancelled => Error::cancelled(delivery, CancelReason::Aborted, what),
        _ => Error::new(kind, delivery).with_detail(what),
    };
    told.with_may_retry(again && delivery == Delivery::NotSent)
        .with_source(error)
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::InvalidResponse, Delivery::Unknown).with_detail(what)
}

/// Reads `{"error": {…}}`, and the unwrapped form that the generated reference
/// shows for refusals; gateways have answers of the same form. An `error` of any other
/// shape is still an error, unless it says that there is none.
fn graph_error(json: &Value, status: u16, blank: &dyn Fn(&str) -> String) -> Option<GraphError> {
    let object = json.as_object()?;
    let refused = (400..500).contains(&status) && status != 408;
    let error = match object.get("error") {
        Some(Value::Object(error)) => error,
        Some(Value::Null | Value::Bool(false)) | None => {
            Some(object).filter(|object| refused && is_bare_error(object))?
        }
        Some(Value::String(text)) if text.is_empty() => return None,
        Some(other) => {
            return Some(GraphError {
                message: other.as_str().map(blank),
                ..GraphError::default()
            });
        }
    };
    let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
    let scrubbed = |key: &str| text(key).map(|text| blank(&text));
    let plain = |key: &str| scrubbed(key).filter(|text| is_plain(text));
    Some(GraphError {
        code: error.get("code").and_then(integer).unwrap_or_default(),
        subcode: error.get("error_subcode").and_then(integer),
        kind: plain("type"),
        message: scrubbed("message"),
        user_title: scrubbed("error_user_title"),
        user_msg: scrubbed("error_user_msg"),
        is_transient: error.get("is_transient").and_then(Value::as_bool),
        trace_id: plain("fbtrace_id"),
    })
}

/// Whether a text looks like a type or a trace id, so that nothing else gets into
/// a log.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.len() <= 64 && text.bytes().all(plain)
}

fn is_bare_error(object: &Map<String, Value>) -> bool {
    object
        .get("code")
        .is_some_and(|code| integer(code).is_some())
        && object.get("message").is_some_and(Value::is_string)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Recipient and message id from any of the documented shapes:
/// `{recipient_id, message_id}`, `{recipient: {id, message_id}}`,
/// `{recipient: {id}, message_id}`, `{message_id}`.
fn success_ids(json: &Value) -> Option<(Option<String>, String)> {
    if json.get("success") == Some(&Value::Bool(false)) {
        return None;
    }
    let recipient = json.get("recipient");
    let nested = |key: &str| {
        recipient
            .and_then(|recipient| recipient.get(key))
            .and_then(id)
    };
    let message_id = json
        .get("message_id")
        .and_then(id)
        .or_else(|| nested("message_id"))?;
    let recipient_id = json
        .get("recipient_id")
        .and_then(id)
        .or_else(|| nested("id"));
    Some((recipient_id, message_id))
}

fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn what_is_wrong(body: &[u8], json: Option<&Value>) -> &'static str {
    match json {
        Some(_) => "the answer is JSON, but holds neither a message id nor an error",
        None if body.is_empty() => "the answer is empty",
        None if body.trim_ascii_start().starts_with(b"<") => "the answer is HTML, not JSON",
        None => "the answer is not JSON",
    }
}
