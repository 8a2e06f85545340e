//! What faults make of answers.

use bytes::Bytes;
use http::HeaderValue;

use super::fault::{Fault, FaultAction};
use crate::graph::{Answer, error_body};

/// What is left of an answer.
pub(crate) enum Spoilt {
    /// None comes.
    Nothing,
    /// It comes whole, spoilt or not.
    Whole(Answer),
    /// Half of its body comes, although its head promises all.
    Half(Answer),
}

/// Spoils the answer of a request that took effect, or makes one for a request that did not.
pub(crate) fn spoil(
    fault: &Fault,
    answer: Option<Answer>,
    trace_id: impl FnOnce() -> String,
) -> Spoilt {
    let mut answer = answer.unwrap_or_else(|| Answer::json(200, "{}"));
    match &fault.action {
        FaultAction::Pass | FaultAction::CloseAfterAnswer | FaultAction::TruncatedBody => {}
        FaultAction::Drop | FaultAction::DropBeforeRead | FaultAction::Unfinished => {
            return Spoilt::Nothing;
        }
        FaultAction::Status { status, body } => {
            answer = Answer::json(*status, body.clone());
            answer.content_type = HeaderValue::from_static("text/plain; charset=UTF-8");
        }
        FaultAction::Graph {
            status,
            code,
            subcode,
            message,
            is_transient,
        } => {
            let text = if message.is_empty() {
                format!("(#{code}) Emulated error")
            } else {
                message.clone()
            };
            let body = error_body(
                &text,
                "OAuthException",
                *code,
                *subcode,
                *is_transient,
                &trace_id(),
            );
            answer = Answer::json(*status, body);
        }
        FaultAction::ContentType { content_type } => {
            answer.content_type =
                HeaderValue::try_from(content_type).expect("checked when the fault was armed");
        }
        FaultAction::HtmlBody => {
            answer = Answer::json(
                200,
                "<!DOCTYPE html>\n<title>Sorry, something went wrong</title>\n",
            );
            answer.content_type = HeaderValue::from_static("text/html; charset=UTF-8");
        }
        FaultAction::OversizeBody { bytes } => answer.body = padded(&answer.body, *bytes),
    }
    for (name, value) in &fault.headers {
        answer.header(name, value);
    }
    if fault.action == FaultAction::TruncatedBody {
        Spoilt::Half(answer)
    } else {
        Spoilt::Whole(answer)
    }
}

/// Adds a field that makes a JSON object as long as wanted.
fn padded(body: &Bytes, bytes: usize) -> Bytes {
    let mut long = body.to_vec();
    if long.last() == Some(&b'}') {
        long.pop();
        if long.len() > 1 {
            long.push(b',');
        }
        long.extend_from_slice(b"\"padding\":\"");
        let missing = bytes.saturating_sub(long.len() + 2);
        long.resize(long.len() + missing, b'x');
        long.extend_from_slice(b"\"}");
    }
    long.into()
}
