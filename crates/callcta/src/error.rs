//! What can go wrong, and what is known about the message then.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::usage::Usage;
use crate::violation::{Severity, Violation};

/// A result with callcta's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $slug:literal, $what:literal, $advice:literal;)+) => {
        /// What went wrong.
        ///
        /// Each kind has a stable name and a stable number, the same in all
        /// languages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum ErrorKind {
            $($(#[$doc])* $variant = $number,)+
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$variant,)+];

            /// The kind's stable name, such as `outside_window`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $slug,)+
                }
            }

            /// The kind's stable number, used in C. Never used again for another
            /// kind.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// What happened, in a few words.
            pub(crate) fn what(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $what,)+
                }
            }

            /// What a person can do about it, in one sentence.
            pub fn advice(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $advice,)+
                }
            }
        }
    };
}

kinds! {
    /// The message breaks a documented rule; nothing was sent.
    InvalidMessage = 100, "invalid_message", "the message breaks a rule",
        "correct the message";
    /// A setting or an argument can't be used; nothing was sent.
    InvalidArgument = 101, "invalid_argument", "a setting or argument can't be used",
        "correct the setting or argument";
    /// The access token or the app secret proof is not accepted.
    Authentication = 200, "authentication", "the access token or app secret proof was not accepted",
        "get a new Page access token and check that the app secret belongs to the same app";
    /// The app or the Page may not do this.
    PermissionDenied = 201, "permission_denied", "the app or the Page may not do this",
        "check that the app has the pages_messaging permission for this Page and isn't restricted";
    /// The Page has not enabled audio calling.
    CallingNotEnabled = 202, "calling_not_enabled", "audio calling is not enabled for this Page",
        "turn on audio calling in the Page's messenger call settings (audio_enabled)";
    /// The message came outside of the window in which the Page may write.
    OutsideWindow = 203, "outside_window", "sent outside of the allowed window",
        "wait until the person writes to the Page or otherwise opens the window again";
    /// There is no such person for this Page.
    InvalidRecipient = 204, "invalid_recipient", "no such recipient for this Page",
        "check that the PSID is a Page-scoped ID of this very Page and that the token is this Page's";
    /// The person exists but can't be reached.
    RecipientUnavailable = 205, "recipient_unavailable", "the person can't be reached",
        "don't write to this person again unless they write first";
    /// There is no such Page for this token.
    InvalidPage = 206, "invalid_page", "no such Page for this token",
        "check the Page id and that the token may act for that Page";
    /// The platform refused the request as wrong.
    InvalidRequest = 207, "invalid_request", "the platform refused a parameter",
        "check the message against Meta's page, such as the range of expires_in_days";
    /// Too many requests. Carries [`Error::retry_after`] when the platform said.
    RateLimited = 210, "rate_limited", "too many requests",
        "send more slowly and wait before the next try";
    /// The platform failed; the message may have been delivered all the same.
    Service = 211, "service", "the platform failed",
        "the message may have been delivered: check before sending it again";
    /// Another error of the Graph API, with its numbers.
    Api = 299, "api", "the platform refused the request",
        "look the code up in the Messenger Platform's error codes";
    /// Resolving, connecting or TLS failed; nothing was sent.
    Connect = 300, "connect", "could not connect",
        "check the network, the host name and the proxy; nothing was sent";
    /// A time limit ran out.
    Timeout = 301, "timeout", "a time limit ran out",
        "if the delivery is unknown, the message may have been delivered: check before sending it again";
    /// The connection broke after the request, or part of it, was sent.
    Network = 302, "network", "the connection broke before an answer came",
        "the message may have been delivered: check before sending it again";
    /// The answer can't be read.
    InvalidResponse = 303, "invalid_response", "the answer could not be read",
        "the message may have been delivered: check before sending it again";
    /// The call was cancelled, the client closed, or the deadline passed.
    Cancelled = 400, "cancelled", "cancelled",
        "see the delivery for whether the message went out before that";
    /// A defect in callcta.
    Internal = 900, "internal", "an internal error, which is a defect in callcta",
        "please report it";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known about a message whose send failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Nothing left this machine: it was not delivered.
    NotSent = 1,
    /// The platform refused it: it was not delivered.
    Rejected = 2,
    /// It may or may not have been delivered.
    Unknown = 3,
}

impl Delivery {
    /// `not_sent`, `rejected` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::NotSent => "not_sent",
            Delivery::Rejected => "rejected",
            Delivery::Unknown => "unknown",
        }
    }

    /// Its stable number, used in C.
    pub fn number(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `error` object of a Graph API answer.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphError {
    /// `code`.
    pub code: i64,
    /// `error_subcode`.
    pub subcode: Option<i64>,
    /// `type`, such as `OAuthException`; letters, digits, `-` and `_` only.
    pub kind: Option<String>,
    /// `message`, in whatever language; may name ids. Credentials are blanked out.
    pub message: Option<String>,
    /// `error_user_title`, meant for people, localized.
    pub user_title: Option<String>,
    /// `error_user_msg`, meant for people, localized.
    pub user_msg: Option<String>,
    /// `is_transient`.
    pub is_transient: Option<bool>,
    /// `fbtrace_id`, for Meta's support; letters, digits, `-` and `_` only.
    pub trace_id: Option<String>,
}

/// Shows the numbers only: the platform's texts may name people.
impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("kind", &self.kind)
            .field("is_transient", &self.is_transient)
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

/// A send, or its preparation, that failed.
///
/// [`kind`](Error::kind) says what went wrong, [`delivery`](Error::delivery)
/// whether the message may have arrived, [`may_retry`](Error::may_retry) whether
/// the same message can be sent again without the risk of sending it twice.
///
/// The texts of `Display` and `Debug` hold no token, PSID or message text.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    detail: Option<String>,
    violations: Vec<Violation>,
    graph: Option<GraphError>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    may_retry: bool,
    usage: Usage,
    attempts: u32,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, delivery: Delivery) -> Self {
        Error(Box::new(Inner {
            kind,
            delivery,
            detail: None,
            violations: Vec::new(),
            graph: None,
            http_status: None,
            retry_after: None,
            may_retry: false,
            usage: Usage::default(),
            attempts: 0,
            source: None,
        }))
    }

    pub(crate) fn invalid_message(violations: Vec<Violation>) -> Self {
        let mut error = Error::new(ErrorKind::InvalidMessage, Delivery::NotSent);
        error.0.violations = violations;
        error
    }

    /// An argument or setting that can't be used. For bindings, which check what
    /// their language lets through.
    pub fn invalid_argument(detail: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidArgument, Delivery::NotSent).with_detail(detail)
    }

    /// A call that was given up, with what is known about its message.
    pub fn cancelled(delivery: Delivery, detail: impl Into<String>) -> Self {
        Error::new(ErrorKind::Cancelled, delivery).with_detail(detail)
    }

    /// A caught panic, with what is known about the message. For bindings, which
    /// let no panic through.
    pub fn internal(delivery: Delivery, detail: impl Into<String>) -> Self {
        Error::new(ErrorKind::Internal, delivery).with_detail(detail)
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn with_graph(mut self, graph: GraphError) -> Self {
        self.0.graph = Some(graph);
        self
    }

    pub(crate) fn with_http(
        mut self,
        status: u16,
        retry_after: Option<Duration>,
        usage: Usage,
    ) -> Self {
        self.0.http_status = Some(status);
        self.0.retry_after = retry_after;
        self.0.usage = usage;
        self
    }

    pub(crate) fn with_may_retry(mut self, may_retry: bool) -> Self {
        self.0.may_retry = may_retry;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is known about the message.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The broken rules, for [`ErrorKind::InvalidMessage`]; warnings included.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The Graph API's error object, if the platform answered with one.
    pub fn graph(&self) -> Option<&GraphError> {
        self.0.graph.as_ref()
    }

    /// The HTTP status, if an answer came.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// How long the platform asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether sending the same message again can help and can't deliver it
    /// twice: true for connection failures and rate limits.
    pub fn may_retry(&self) -> bool {
        self.0.may_retry
    }

    /// The usage figures that came with the answer.
    pub fn usage(&self) -> &Usage {
        &self.0.usage
    }

    /// How many requests were made, retries included; 0 if it didn't come to one.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What a person can do about it, in one sentence.
    pub fn advice(&self) -> &'static str {
        self.0.kind.advice()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(inner.detail.as_deref().unwrap_or(inner.kind.what()))?;
        if let Some(graph) = &inner.graph {
            write!(f, " (code {}", graph.code)?;
            if let Some(subcode) = graph.subcode {
                write!(f, ", subcode {subcode}")?;
            }
            if let Some(trace) = &graph.trace_id {
                write!(f, ", trace {trace}")?;
            }
            f.write_str(")")?;
        } else if let Some(status) = inner.http_status {
            write!(f, " (HTTP status {status})")?;
        }
        let errors = inner
            .violations
            .iter()
            .filter(|v| v.severity == Severity::Error);
        for (index, violation) in errors.enumerate() {
            write!(f, "{}{violation}", if index == 0 { ": " } else { "; " })?;
        }
        if inner.violations.is_empty() && inner.kind != ErrorKind::InvalidArgument {
            write!(f, "; {}", self.advice())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &inner.kind)
            .field("delivery", &inner.delivery)
            .field("text", &self.to_string());
        if let Some(graph) = &inner.graph {
            out.field("graph", graph);
        }
        if let Some(status) = inner.http_status {
            out.field("http_status", &status);
        }
        if let Some(retry_after) = inner.retry_after {
            out.field("retry_after", &retry_after);
        }
        out.field("may_retry", &inner.may_retry)
            .field("attempts", &inner.attempts);
        if let Some(source) = &inner.source {
            out.field("source", &source.to_string());
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::error::Error as _;

    use super::*;

    #[test]
    fn names_and_numbers_are_those_that_were_promised() {
        let expected = [
            (100, "invalid_message"),
            (101, "invalid_argument"),
            (200, "authentication"),
            (201, "permission_denied"),
            (202, "calling_not_enabled"),
            (203, "outside_window"),
            (204, "invalid_recipient"),
            (205, "recipient_unavailable"),
            (206, "invalid_page"),
            (207, "invalid_request"),
            (210, "rate_limited"),
            (211, "service"),
            (299, "api"),
            (300, "connect"),
            (301, "timeout"),
            (302, "network"),
            (303, "invalid_response"),
            (400, "cancelled"),
            (900, "internal"),
        ];
        let got: Vec<_> = ErrorKind::ALL
            .iter()
            .map(|kind| (kind.number(), kind.as_str()))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn every_kind_says_what_happened_and_what_to_do_in_one_line() {
        let mut texts = HashSet::new();
        for kind in ErrorKind::ALL {
            let text = Error::new(*kind, Delivery::Unknown).to_string();
            assert!(
                !text.contains('\n') && text.starts_with(char::is_lowercase),
                "{text}"
            );
            assert!(text.contains(kind.what()), "{text}");
            assert!(texts.insert(text), "{kind}");
        }
    }

    #[test]
    fn the_cause_is_in_the_chain() {
        let cause = std::io::Error::other("the cause");
        let error = Error::new(ErrorKind::Connect, Delivery::NotSent).with_source(cause);
        assert_eq!(error.source().expect("it has one").to_string(), "the cause");
        assert_eq!(
            error
                .clone()
                .source()
                .expect("so has its clone")
                .to_string(),
            "the cause"
        );
    }

    #[test]
    fn an_error_is_one_word_and_travels_between_threads() {
        fn travels<T: Send + Sync + 'static>() {}
        travels::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
