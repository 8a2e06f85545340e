//! ureq's errors in the words of a [`TransportError`].
//!
//! Several of ureq's own texts contain the URL, so none is passed on.

use std::io;
use std::time::Duration;

use ureq::Error;

use super::answer::Malformed;
use super::config::TransportConfig;
use super::{HttpRequest, TransportError, TransportErrorKind};

/// How long a call may take.
pub(super) struct Limits {
    pub(super) total: Duration,
    /// Until the first byte of the request is written.
    pub(super) connect: Duration,
}

impl Limits {
    pub(super) fn of(request: &HttpRequest<'_>, config: &TransportConfig) -> Self {
        let total = request.timeout.unwrap_or(Duration::MAX).min(config.timeout);
        Self {
            total,
            connect: config.connect_timeout.min(total),
        }
    }
}

/// A request or a setting that cannot be used.
pub(super) fn unusable(message: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::InvalidRequest,
        request_written: false,
        message: message.to_owned(),
    }
}

/// What went wrong between the first byte of the request and a status.
pub(super) fn before_status(error: &Error, limits: &Limits) -> TransportError {
    let (kind, message) = match error {
        Error::Timeout(_) => (
            TransportErrorKind::Timeout,
            format!("no answer within {:?}", limits.total),
        ),
        Error::Io(error) => (
            TransportErrorKind::Network,
            format!("the connection broke before an answer: {}", io_text(error)),
        ),
        _ => (TransportErrorKind::InvalidResponse, answer_text(error)),
    };
    TransportError {
        kind,
        request_written: true,
        message,
    }
}

/// What went wrong after the status: the request was certainly written.
pub(super) fn within_body(error: &Error, limits: &Limits) -> TransportError {
    let (kind, message) = match error {
        Error::Timeout(_) => (
            TransportErrorKind::Timeout,
            format!("no whole answer within {:?}", limits.total),
        ),
        Error::BodyExceedsLimit(limit) => (
            TransportErrorKind::InvalidResponse,
            format!("the answer is longer than {limit} bytes"),
        ),
        Error::Io(error) => (
            TransportErrorKind::Network,
            format!("the connection broke within the answer: {}", io_text(error)),
        ),
        Error::Decompress(..) => (
            TransportErrorKind::InvalidResponse,
            "the answer is not valid gzip".to_owned(),
        ),
        _ => (TransportErrorKind::InvalidResponse, answer_text(error)),
    };
    TransportError {
        kind,
        request_written: true,
        message,
    }
}

/// What is wrong with an answer.
fn answer_text(error: &Error) -> String {
    let malformed = match error {
        Error::Other(other) => other.downcast_ref::<Malformed>(),
        _ => None,
    };
    malformed.unwrap_or(&Malformed::NotHttp).to_string()
}

/// The kind, and for TLS, which reports all its errors as one kind, the reason.
pub(super) fn io_text(error: &io::Error) -> String {
    let kind = error.kind();
    match error.get_ref() {
        Some(reason) if kind == io::ErrorKind::InvalidData => {
            one_line(&format!("{kind}: {reason}"))
        }
        // Such as too many open files, a kind that has no stable name.
        None if format!("{kind:?}") == "Uncategorized" => error.to_string().to_ascii_lowercase(),
        _ => kind.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
