//! What stops a call before anything of its request is written, and what is said
//! about it.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustix::io::Errno;
use ureq::Error;

use super::failure::{Limits, io_text};
use super::tls;
use super::tunnel::Refusal;
use super::{TransportError, TransportErrorKind as Kind};

/// A failure on the way to somebody.
#[derive(Debug)]
pub(super) struct Unreached {
    /// Host and port, or `the proxy` with its own.
    pub(super) whom: String,
    pub(super) error: Error,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not connect to {}", self.whom)
    }
}

impl std::error::Error for Unreached {}

/// What ureq gets when the system could not resolve a name.
#[derive(Debug)]
pub(super) struct LookUpFailed(pub(super) Arc<io::Error>);

impl fmt::Display for LookUpFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let text = text
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(&text);
        f.write_str(&text.to_ascii_lowercase())
    }
}

impl std::error::Error for LookUpFailed {}

/// Whether there was no file, no memory or no thread.
pub(super) fn is_exhausted(error: &io::Error) -> bool {
    let lacking = matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS)
    );
    lacking || error.kind() == io::ErrorKind::OutOfMemory
}

/// What went wrong; `peer` is who it is about, unless the error says so itself.
pub(super) fn told(error: &Error, peer: &str, limits: &Limits) -> TransportError {
    let (kind, message) = match error {
        Error::Other(other) => match other.downcast_ref() {
            Some(Unreached { whom, error }) => in_words(error, whom, limits),
            None => in_words(error, peer, limits),
        },
        _ => in_words(error, peer, limits),
    };
    TransportError {
        kind,
        request_written: false,
        message,
    }
}

fn in_words(error: &Error, peer: &str, limits: &Limits) -> (Kind, String) {
    let (kind, why) = match error {
        Error::Timeout(_) => {
            let within = limits.connect;
            let message = format!("no connection to {peer} within {within:?}");
            return (Kind::Timeout, message);
        }
        Error::BadUri(_) | Error::Http(_) | Error::RequireHttpsOnly(_) => {
            return (Kind::InvalidRequest, "the request is not valid".to_owned());
        }
        Error::HostNotFound => return unresolved(peer, "no address for this name"),
        Error::Other(other) => {
            if let Some(error) = other.downcast_ref::<TransportError>() {
                return (error.kind, error.message.clone());
            } else if let Some(failed) = other.downcast_ref::<LookUpFailed>() {
                let (kind, message) = unresolved(peer, &failed.to_string());
                let lacking = is_exhausted(&failed.0);
                return (if lacking { Kind::OutOfResources } else { kind }, message);
            } else if let Some(refusal) = other.downcast_ref::<Refusal>() {
                (
                    if refusal.is_final() {
                        Kind::Refused
                    } else {
                        Kind::Connect
                    },
                    refusal.to_string(),
                )
            } else {
                (Kind::Connect, "it failed".to_owned())
            }
        }
        Error::Tls(_) => (
            Kind::Refused,
            "no certificate can be for such a name".to_owned(),
        ),
        error => match (tls::error_in(error), error) {
            (Some(tls), _) => (
                if tls::is_final(tls) {
                    Kind::Refused
                } else {
                    Kind::Connect
                },
                tls::words(tls),
            ),
            (None, Error::Io(error)) if is_exhausted(error) => {
                (Kind::OutOfResources, io_text(error))
            }
            (None, Error::Io(error)) => (Kind::Connect, io_text(error)),
            (None, Error::Protocol(_)) => {
                (Kind::Connect, "it spoke before it was asked".to_owned())
            }
            (None, _) => (Kind::Connect, "it failed".to_owned()),
        },
    };
    (kind, format!("could not connect to {peer}: {why}"))
}

/// `peer` is a host and its port, which has no part in this.
fn unresolved(peer: &str, why: &str) -> (Kind, String) {
    let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host);
    (Kind::Connect, format!("could not resolve {host}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::background::NoThread;
    use super::*;

    fn of(error: Error) -> (Kind, String) {
        let unreached = Unreached {
            whom: "h.test:443".to_owned(),
            error,
        };
        let limits = Limits {
            total: Duration::from_secs(3),
            connect: Duration::from_secs(1),
        };
        let told = told(&Error::Other(Box::new(unreached)), "nobody", &limits);
        (told.kind, told.message)
    }

    #[test]
    fn what_runs_out_on_this_machine_is_named() {
        let no_thread = NoThread(io::Error::from(Errno::AGAIN));
        let failed = io::Error::new(io::ErrorKind::OutOfMemory, no_thread);
        let (kind, text) = of(Error::Other(Box::new(LookUpFailed(failed.into()))));
        assert_eq!(kind, Kind::OutOfResources);
        assert!(
            text.starts_with("could not resolve h.test: no thread"),
            "{text}"
        );
        let (kind, text) = of(Error::Io(Errno::MFILE.into()));
        assert_eq!(kind, Kind::OutOfResources);
        assert!(text.contains("too many open files"), "{text}");
        let failed = LookUpFailed(io::Error::from(Errno::NFILE).into());
        let (kind, text) = of(Error::Other(Box::new(failed)));
        assert_eq!(kind, Kind::OutOfResources);
        assert!(
            text.starts_with("could not resolve h.test: too many"),
            "{text}"
        );
    }

    #[test]
    fn the_one_that_can_not_be_reached_is_named() {
        assert_eq!(
            of(Error::Io(io::ErrorKind::ConnectionRefused.into())),
            (
                Kind::Connect,
                "could not connect to h.test:443: connection refused".to_owned()
            )
        );
        assert_eq!(
            of(Error::Timeout(ureq::Timeout::Connect)),
            (
                Kind::Timeout,
                "no connection to h.test:443 within 1s".to_owned()
            )
        );
        let failed = LookUpFailed(io::Error::other("no such name").into());
        assert_eq!(
            of(Error::Other(Box::new(failed))),
            (
                Kind::Connect,
                "could not resolve h.test: no such name".to_owned()
            )
        );
    }
}
