//! ureq's errors in the words of a [`TransportError`].
//!
//! Several of ureq's own texts contain the URL, so none is passed on.

use std::io;
use std::time::Duration;

use ureq::Error;

use super::background::NoThread;
use super::config::TransportConfig;
use super::resolver::LookUpFailed;
use super::{HttpRequest, TransportError, TransportErrorKind};

/// Longest head of an answer.
pub(super) const MAX_ANSWER_HEAD: usize = 64 * 1024;

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

/// What went wrong before there was a status.
pub(super) fn before_status(
    error: &Error,
    request_written: bool,
    peer: &str,
    limits: &Limits,
) -> TransportError {
    let (kind, message) = match error {
        Error::Timeout(_) if request_written => (
            TransportErrorKind::Timeout,
            format!("no answer within {:?}", limits.total),
        ),
        Error::Timeout(_) => (
            TransportErrorKind::Timeout,
            format!("no connection to {peer} within {:?}", limits.connect),
        ),
        Error::BadUri(_) | Error::Http(_) | Error::RequireHttpsOnly(_) => (
            TransportErrorKind::InvalidRequest,
            "the request is not valid".to_owned(),
        ),
        _ if !request_written => (connect_kind(error), connect_message(error, peer)),
        Error::Io(error) => (
            TransportErrorKind::Network,
            format!("the connection broke before an answer: {}", io_text(error)),
        ),
        Error::LargeResponseHeader(..) => (
            TransportErrorKind::InvalidResponse,
            format!("the answer's head is longer than {MAX_ANSWER_HEAD} bytes"),
        ),
        _ => (
            TransportErrorKind::InvalidResponse,
            "the answer is not valid http/1.1".to_owned(),
        ),
    };
    TransportError {
        kind,
        request_written,
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
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => (
            TransportErrorKind::InvalidResponse,
            "the answer was cut short: unexpected end of file".to_owned(),
        ),
        Error::Io(error) => (
            TransportErrorKind::Network,
            format!("the connection broke within the answer: {}", io_text(error)),
        ),
        Error::Decompress(..) => (
            TransportErrorKind::InvalidResponse,
            "the answer is not valid gzip".to_owned(),
        ),
        _ => (
            TransportErrorKind::InvalidResponse,
            "the answer is not valid http/1.1".to_owned(),
        ),
    };
    TransportError {
        kind,
        request_written: true,
        message,
    }
}

fn connect_kind(error: &Error) -> TransportErrorKind {
    let exhausted = match error {
        Error::Other(other) => match other.downcast_ref() {
            Some(LookUpFailed(error)) => is_exhausted(error),
            None => other.is::<NoThread>(),
        },
        Error::Io(error) => is_exhausted(error),
        _ => false,
    };
    if exhausted {
        TransportErrorKind::OutOfResources
    } else {
        TransportErrorKind::Connect
    }
}

/// Whether there was no file, or no memory, for a socket.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    #[cfg(unix)]
    let raw = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS];
    #[cfg(not(unix))]
    let raw: [i32; 0] = [];
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| raw.contains(&code))
}

fn connect_message(error: &Error, peer: &str) -> String {
    match error {
        Error::Other(other) if other.is::<LookUpFailed>() => {
            format!("could not resolve {peer}: {other}")
        }
        Error::Other(other) if other.is::<NoThread>() => {
            format!("could not connect to {peer}: {other}")
        }
        Error::HostNotFound => format!("could not resolve {peer}"),
        Error::ConnectProxyFailed(_) => {
            format!("could not connect to {peer}: refused by the proxy")
        }
        Error::Io(error) => format!("could not connect to {peer}: {}", io_text(error)),
        Error::Rustls(error) => one_line(&format!("could not connect to {peer}: {error}")),
        Error::Tls(text) => format!("could not connect to {peer}: {text}"),
        _ => format!("could not connect to {peer}"),
    }
}

/// The kind, and for TLS, which reports all its errors as one kind, the reason.
fn io_text(error: &io::Error) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_on_this_machine_is_named() {
        let no_thread = NoThread(io::ErrorKind::WouldBlock.into());
        let no_thread = Error::Other(Box::new(no_thread));
        assert_eq!(connect_kind(&no_thread), TransportErrorKind::OutOfResources);
        assert_eq!(
            connect_message(&no_thread, "h"),
            "could not connect to h: no thread can be started: operation would block"
        );
        #[cfg(unix)]
        {
            let files = || io::Error::from_raw_os_error(libc::EMFILE);
            let look_up = LookUpFailed(files().into());
            for error in [files().into(), Error::Other(Box::new(look_up))] {
                assert_eq!(connect_kind(&error), TransportErrorKind::OutOfResources);
                let text = connect_message(&error, "h");
                assert!(text.contains("too many open files"), "{text}");
            }
            let refused = io::Error::from_raw_os_error(libc::ECONNREFUSED);
            assert_eq!(connect_kind(&refused.into()), TransportErrorKind::Connect);
        }
    }
}
