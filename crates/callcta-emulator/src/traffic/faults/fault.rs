//! Faults: what goes wrong on purpose, how often, and with which requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::delay::Delay;
use crate::graph::strip_version;
use crate::platform::millis;

/// Something that goes wrong with a Graph request.
///
/// Faults stand in a queue; each request takes the first one that matches it. A fault leaves the
/// queue when it has happened [`times`](Self::times) times. The control API and the inbox page are
/// never touched by faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Which requests. Default: every Graph request.
    #[serde(rename = "match", default)]
    pub matching: FaultMatch,
    /// What happens.
    #[serde(default)]
    pub action: FaultAction,
    /// Whether the request takes effect first. Default: what the action implies, as each
    /// constructor says.
    #[serde(default)]
    pub apply: Apply,
    /// How long the answer is held back, in real time. Default: not at all.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// How many times it happens; `null` in JSON, or [`Fault::forever`]: until cleared.
    /// Default: 1.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// The probability that a matching request is hit, rolled with the emulator's seeded
    /// generator. Default: 1.
    #[serde(default = "certain")]
    pub probability: f64,
    /// Headers added to the answer, for instance `Retry-After`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

#[allow(clippy::unnecessary_wraps, reason = "a serde default for an Option")]
fn once() -> Option<u32> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// Which requests a fault hits. Everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultMatch {
    /// The HTTP method, in capitals.
    pub method: Option<String>,
    /// The end of the path, for instance `/messages`; `/` alone is the batch endpoint.
    pub path: Option<String>,
    /// The recipient's PSID.
    pub recipient: Option<String>,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apply {
    /// As the action implies.
    #[default]
    Auto,
    /// Instead of the request's effect: nothing is stored.
    Before,
    /// After it: the message is stored, only the answer is spoilt.
    After,
}

/// What a fault does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultAction {
    /// Nothing but the delay and the headers. Implies `after`.
    #[default]
    Pass,
    /// A status with an empty body, or with `body` as `text/plain`. Implies `before`.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// A Graph error. Implies `before`.
    Graph {
        /// The HTTP status.
        status: u16,
        /// `error.code`.
        code: i64,
        /// `error.error_subcode`.
        #[serde(default)]
        subcode: Option<i64>,
        /// `error.message`; empty: `(#code) Emulated error`.
        #[serde(default)]
        message: String,
        /// `error.is_transient`.
        #[serde(default)]
        is_transient: Option<bool>,
    },
    /// The connection is closed without the request being read from it.
    DropBeforeRead,
    /// The request is read, then the connection is closed. Implies `before`; with `after` the
    /// message is stored first.
    Drop,
    /// The answer's head promises more than its body holds, then the connection is closed.
    /// Implies `after`.
    TruncatedBody,
    /// The right body under another content type. Implies `after`.
    ContentType {
        /// The content type.
        content_type: String,
    },
    /// Status 200 with an HTML page. Implies `after`.
    HtmlBody,
    /// The right answer, padded with an unknown field to at least this many bytes.
    /// Implies `after`.
    OversizeBody {
        /// The least length of the body.
        bytes: usize,
    },
    /// The right answer; then the connection is closed although nothing announced it. The next
    /// request on it finds a stale connection. Implies `after`.
    CloseAfterAnswer,
    /// In a batch: the item is not answered (`null`). Implies `before`; with `after` the item took
    /// effect all the same. Outside a batch it is the same as `drop`.
    Unfinished,
}

impl Fault {
    fn of(action: FaultAction) -> Self {
        Self {
            matching: FaultMatch::default(),
            action,
            apply: Apply::Auto,
            delay: None,
            times: Some(1),
            probability: 1.0,
            headers: Vec::new(),
        }
    }

    /// A bare HTTP status with an empty body; nothing is stored.
    pub fn status(status: u16) -> Self {
        Self::of(FaultAction::Status {
            status,
            body: String::new(),
        })
    }

    /// A Graph error; nothing is stored.
    pub fn graph(status: u16, code: i64, subcode: Option<i64>) -> Self {
        Self::of(FaultAction::Graph {
            status,
            code,
            subcode,
            message: String::new(),
            is_transient: None,
        })
    }

    /// The request takes effect at once, its answer comes late.
    pub fn delay(delay: Duration) -> Self {
        Self::of(FaultAction::Pass).delayed(Delay::Fixed {
            ms: millis(delay).unsigned_abs(),
        })
    }

    /// The connection is closed without the request being read.
    pub fn drop_before_read() -> Self {
        Self::of(FaultAction::DropBeforeRead)
    }

    /// The request is read, nothing is stored, the connection is closed.
    pub fn drop_after_read() -> Self {
        Self::of(FaultAction::Drop).applied(Apply::Before)
    }

    /// The message is stored, the connection is closed without an answer.
    pub fn drop_after_store() -> Self {
        Self::of(FaultAction::Drop).applied(Apply::After)
    }

    /// The message is stored, half of the answer's body arrives.
    pub fn truncated_body() -> Self {
        Self::of(FaultAction::TruncatedBody)
    }

    /// The message is stored, the answer is right but for its content type.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Self::of(FaultAction::ContentType {
            content_type: content_type.into(),
        })
    }

    /// The message is stored, the answer is an HTML page with status 200.
    pub fn html_body() -> Self {
        Self::of(FaultAction::HtmlBody)
    }

    /// The message is stored, the answer's body has at least this many bytes.
    pub fn oversize_body(bytes: usize) -> Self {
        Self::of(FaultAction::OversizeBody { bytes })
    }

    /// The message is stored and answered, then the idle connection is closed.
    pub fn close_after_answer() -> Self {
        Self::of(FaultAction::CloseAfterAnswer)
    }

    /// The batch item is answered with `null`; nothing is stored unless
    /// [`applied`](Self::applied) after.
    pub fn unfinished() -> Self {
        Self::of(FaultAction::Unfinished)
    }

    /// How many times it happens.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// It happens until it is cleared.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// The probability with which a matching request is hit, 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Whether the request takes effect first.
    #[must_use]
    pub fn applied(mut self, apply: Apply) -> Self {
        self.apply = apply;
        self
    }

    /// Holds the answer back as well.
    #[must_use]
    pub fn delayed(mut self, delay: Delay) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn on_method(mut self, method: impl Into<String>) -> Self {
        self.matching.method = Some(method.into());
        self
    }

    /// Only requests whose path ends like this.
    #[must_use]
    pub fn on_path(mut self, end: impl Into<String>) -> Self {
        self.matching.path = Some(end.into());
        self
    }

    /// Only requests for this recipient.
    #[must_use]
    pub fn on_recipient(mut self, psid: impl Into<String>) -> Self {
        self.matching.recipient = Some(psid.into());
        self
    }

    /// What can't work: a header that HTTP forbids, a probability out of range and the like.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err("probability must lie between 0 and 1".into());
        }
        if self.times == Some(0) {
            return Err("times must be at least 1, or null for ever".into());
        }
        for (name, value) in &self.headers {
            if http::HeaderName::try_from(name).is_err()
                || http::HeaderValue::try_from(value).is_err()
            {
                return Err(format!("HTTP does not allow the header {name:?}"));
            }
        }
        match &self.action {
            FaultAction::Status { status, .. } | FaultAction::Graph { status, .. }
                if !(200..=599).contains(status) =>
            {
                Err("status must lie between 200 and 599".into())
            }
            FaultAction::ContentType { content_type }
                if http::HeaderValue::try_from(content_type).is_err() =>
            {
                Err("HTTP does not allow this content type".into())
            }
            FaultAction::OversizeBody { bytes } if *bytes > 1 << 30 => {
                Err("bytes must be at most 1 GiB".into())
            }
            _ => Ok(()),
        }
    }

    /// Whether the request takes effect before the fault strikes.
    pub(crate) fn applies_after(&self) -> bool {
        match self.apply {
            Apply::Before => false,
            Apply::After => true,
            Apply::Auto => !matches!(
                self.action,
                FaultAction::Status { .. }
                    | FaultAction::Graph { .. }
                    | FaultAction::Drop
                    | FaultAction::DropBeforeRead
                    | FaultAction::Unfinished
            ),
        }
    }

    /// Whether the request takes effect at all.
    pub(crate) fn lets_through(&self) -> bool {
        self.applies_after() || self.action == FaultAction::Pass
    }

    /// A name for the log.
    pub(crate) fn label(&self) -> String {
        let mut label = match &self.action {
            FaultAction::Pass if self.delay.is_some() => return "delay".into(),
            FaultAction::Pass => "headers".into(),
            FaultAction::Status { status, .. } => format!("status {status}"),
            FaultAction::Graph {
                status,
                code,
                subcode,
                ..
            } => match subcode {
                Some(subcode) => format!("graph {code}/{subcode} (status {status})"),
                None => format!("graph {code} (status {status})"),
            },
            FaultAction::DropBeforeRead => "drop_before_read".into(),
            FaultAction::Drop if self.applies_after() => "drop_after_store".into(),
            FaultAction::Drop => "drop_after_read".into(),
            FaultAction::TruncatedBody => "truncated_body".into(),
            FaultAction::ContentType { content_type } => format!("content_type {content_type}"),
            FaultAction::HtmlBody => "html_body".into(),
            FaultAction::OversizeBody { bytes } => format!("oversize_body {bytes}"),
            FaultAction::CloseAfterAnswer => "close_after_answer".into(),
            FaultAction::Unfinished => "unfinished".into(),
        };
        if self.delay.is_some() {
            label.push_str(" + delay");
        }
        label
    }

    pub(super) fn matches_line(&self, method: &str, path: &str) -> bool {
        self.matching.method.as_deref().is_none_or(|m| m == method)
            && match self.matching.path.as_deref() {
                None => true,
                Some("/") => path == "/" || is_version_root(path),
                Some(end) => path.ends_with(end),
            }
    }
}

fn is_version_root(path: &str) -> bool {
    strip_version(path).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form() {
        let fault: Fault = serde_json::from_str(
            r#"{"match": {"path": "/messages"}, "action": {"type": "graph", "status": 400,
                "code": 613}, "times": null, "headers": [["Retry-After", "2"]]}"#,
        )
        .unwrap();
        assert_eq!(
            fault,
            Fault::graph(400, 613, None)
                .on_path("/messages")
                .forever()
                .header("Retry-After", "2")
        );
        assert!(serde_json::from_str::<Fault>(r#"{"actoin": {}}"#).is_err());
        assert!(Fault::status(99).check().is_err());
        assert!(Fault::status(200).header("a b", "c").check().is_err());
    }
}
