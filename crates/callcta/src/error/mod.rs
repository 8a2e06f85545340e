//! What can go wrong, and what is known about the message then.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod advice;
mod kind;
#[cfg(test)]
mod table;

use self::advice::Context;
pub(crate) use self::advice::{Addressee, Subject};
pub use self::kind::{CancelReason, Delivery, ErrorKind};
use crate::usage::Usage;
use crate::violation::{Severity, Violation};

/// A result with callcta's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
    reason: Option<CancelReason>,
    about: Subject,
    /// Closer than that of its kind.
    advice: Option<&'static str>,
    /// Whether the answer is none of the Graph API's.
    foreign: bool,
    detail: Option<String>,
    violations: Vec<Violation>,
    graph: Option<GraphError>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    may_retry: bool,
    usage: Usage,
    attempts: u32,
    elapsed: Duration,
    /// Host and port, once a request was made.
    host: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, delivery: Delivery) -> Self {
        Error(Box::new(Inner {
            kind,
            delivery,
            reason: None,
            about: Subject::default(),
            advice: None,
            foreign: false,
            detail: None,
            violations: Vec::new(),
            graph: None,
            http_status: None,
            retry_after: None,
            may_retry: false,
            usage: Usage::default(),
            attempts: 0,
            elapsed: Duration::ZERO,
            host: None,
            source: None,
        }))
    }

    pub(crate) fn invalid_message(violations: Vec<Violation>) -> Self {
        let mut error = Error::new(ErrorKind::InvalidMessage, Delivery::NotSent);
        error.0.violations = violations;
        error
    }

    /// Call settings that break a rule.
    pub(crate) fn invalid_settings(violations: Vec<Violation>) -> Self {
        Error::invalid_message(violations)
            .with_detail("the call settings break a rule")
            .with_advice("correct the settings")
    }

    /// A request about a call that breaks a rule.
    pub(crate) fn invalid_call(violations: Vec<Violation>) -> Self {
        Error::invalid_message(violations)
            .with_detail("the request breaks a rule")
            .with_advice("correct the request")
    }

    /// An argument or setting that can't be used. For bindings, which check what
    /// their language lets through.
    pub fn invalid_argument(detail: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidArgument, Delivery::NotSent).with_detail(detail)
    }

    /// A send that was given up or ended by closing, with what is known about its
    /// message.
    pub fn cancelled(delivery: Delivery, reason: CancelReason) -> Self {
        let mut error = Error::new(ErrorKind::Cancelled, delivery);
        error.0.reason = Some(reason);
        error
    }

    /// There is no file, thread or memory left for a send, which so was not made.
    pub fn out_of_resources(detail: impl Into<String>) -> Self {
        Error::new(ErrorKind::OutOfResources, Delivery::NotSent)
            .with_detail(detail)
            .with_may_retry(true)
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

    /// The answer is none of the Graph API's.
    pub(crate) fn foreign(mut self) -> Self {
        self.0.foreign = true;
        self
    }

    pub(crate) fn set_elapsed(&mut self, elapsed: Duration) {
        self.0.elapsed = elapsed;
    }

    /// Says what can be done about it, where that is more than its kind tells.
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Of a request about something, made so often to a host.
    pub(crate) fn of(mut self, about: Subject, host: &str, attempts: u32) -> Self {
        self.0.about = about;
        self.0.attempts = attempts;
        self.0.host = (attempts > 0).then(|| host.to_owned());
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

    /// Who ended the send, for [`ErrorKind::Cancelled`].
    pub fn reason(&self) -> Option<CancelReason> {
        self.0.reason
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
    /// twice: true for connection failures (unless they would repeat themselves, as
    /// with a certificate that isn't trusted), rate limits, a full queue, and where
    /// files or threads ran out.
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

    /// How long the send took, retries and the waits before them included; 0 if it was
    /// refused before.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// What a person can do about it, in one sentence.
    pub fn advice(&self) -> &'static str {
        let context = Context {
            about: self.0.about,
            reason: self.0.reason,
            foreign: self.0.foreign,
            is_final: !self.0.may_retry,
        };
        let advice = || advice::advice(self.0.kind, self.0.delivery, context);
        self.0.advice.unwrap_or_else(advice)
    }

    /// Its line without the [advice](Error::advice) at its end.
    pub fn summary(&self) -> String {
        let text = self.to_string();
        let advice = format!("; {}", self.advice());
        text.strip_suffix(&advice).unwrap_or(&text).to_owned()
    }

    /// What happened, in a few words.
    fn what(&self) -> &str {
        let inner = &*self.0;
        match (inner.detail.as_deref(), inner.reason) {
            (Some(detail), _) => detail,
            (None, Some(reason)) => advice::ended(reason, inner.delivery, inner.about),
            (None, None) => inner.kind.what(),
        }
    }

    /// Who was spoken to, unless the text says so already or doesn't need to.
    fn untold_host(&self) -> Option<&str> {
        let inner = &*self.0;
        let host = inner.host.as_deref()?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let told = inner.detail.as_deref().is_some_and(|it| it.contains(name));
        (inner.kind != ErrorKind::Cancelled && !told).then_some(host)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(self.what())?;
        // An answer without a code reads as code 0.
        let graph = inner.graph.as_ref().filter(|graph| graph.code != 0);
        match (graph, inner.http_status, self.untold_host()) {
            (Some(graph), ..) => {
                write!(f, " (code {}", graph.code)?;
                if let Some(subcode) = graph.subcode {
                    write!(f, ", subcode {subcode}")?;
                }
                if let Some(trace) = &graph.trace_id {
                    write!(f, ", trace {trace}")?;
                }
                f.write_str(")")?;
            }
            (_, Some(status), Some(host)) => write!(f, " (HTTP status {status} from {host})")?,
            (_, Some(status), None) => write!(f, " (HTTP status {status})")?,
            (_, None, Some(host)) => write!(f, " ({host})")?,
            (_, None, None) => {}
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
            .field("delivery", &inner.delivery);
        if let Some(reason) = &inner.reason {
            out.field("reason", reason);
        }
        out.field("text", &self.to_string());
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
