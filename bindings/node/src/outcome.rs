//! What became of a send, as plain JavaScript objects.

use std::error::Error as _;
use std::iter::successors;
use std::time::Duration;

use callcta::{CancelReason, Delivery, Error, Receipt, Usage, Violation};
use napi_derive::napi;

/// Milliseconds as JavaScript counts them.
pub fn to_milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// One broken rule.
#[napi(object, object_from_js = false, js_name = "Violation")]
pub struct NativeViolation {
    /// Where in the request body, under the wire names.
    pub path: String,
    #[napi(ts_type = "Rule")]
    pub rule: &'static str,
    /// An error keeps the message from being sent, a warning doesn't.
    #[napi(ts_type = "'error' | 'warning'")]
    pub severity: &'static str,
    pub message: String,
}

impl From<&Violation> for NativeViolation {
    fn from(violation: &Violation) -> Self {
        NativeViolation {
            path: violation.path.clone(),
            rule: violation.rule.as_str(),
            severity: violation.severity.as_str(),
            message: violation.message.clone(),
        }
    }
}

/// Figures of the app, in percent of its limits.
#[napi(object, object_from_js = false, js_name = "AppUsage")]
pub struct NativeAppUsage {
    pub call_count: u32,
    pub total_time: u32,
    pub total_cputime: u32,
}

/// Figures of one use case of a business object, such as the Page, in percent.
#[napi(object, object_from_js = false, js_name = "BusinessUsage")]
pub struct NativeBusinessUsage {
    pub object_id: String,
    pub kind: String,
    pub call_count: u32,
    pub total_time: u32,
    pub total_cputime: u32,
    pub regain_access_after_ms: Option<f64>,
}

/// How much of the platform's limits is used up.
#[napi(object, object_from_js = false, js_name = "Usage")]
pub struct NativeUsage {
    pub app: Option<NativeAppUsage>,
    pub business: Vec<NativeBusinessUsage>,
    /// The highest of all figures.
    pub highest: u32,
}

impl NativeUsage {
    /// None when the answer carried no figures.
    fn of(usage: &Usage) -> Option<Self> {
        if usage.app.is_none() && usage.business.is_empty() {
            return None;
        }
        let business = usage.business.iter().map(|usage| NativeBusinessUsage {
            object_id: usage.object_id.clone(),
            kind: usage.kind.clone(),
            call_count: usage.call_count,
            total_time: usage.total_time,
            total_cputime: usage.total_cputime,
            regain_access_after_ms: usage.regain_access_after.map(to_milliseconds),
        });
        Some(NativeUsage {
            app: usage.app.map(|app| NativeAppUsage {
                call_count: app.call_count,
                total_time: app.total_time,
                total_cputime: app.total_cputime,
            }),
            business: business.collect(),
            highest: usage.highest(),
        })
    }
}

/// What a send that worked returned.
#[napi(object, object_from_js = false, js_name = "Receipt")]
pub struct NativeReceipt {
    pub message_id: String,
    /// Unless the platform left it out, as it does for sends by `userRef`.
    pub recipient_id: Option<String>,
    /// How many requests were made, retries included.
    pub attempts: u32,
    /// If the answer carried figures.
    pub usage: Option<NativeUsage>,
}

impl From<Receipt> for NativeReceipt {
    fn from(receipt: Receipt) -> Self {
        NativeReceipt {
            usage: NativeUsage::of(&receipt.usage),
            message_id: receipt.message_id,
            recipient_id: receipt.recipient_id,
            attempts: receipt.attempts,
        }
    }
}

/// The `error` object of a Graph API answer. Its texts may name people, so they
/// aren't printed with the error.
#[napi(object, object_from_js = false, js_name = "GraphError")]
pub struct NativeGraphError {
    pub code: i64,
    pub subcode: Option<i64>,
    #[napi(js_name = "type")]
    pub kind: Option<String>,
    pub message: Option<String>,
    pub user_title: Option<String>,
    pub user_msg: Option<String>,
    pub is_transient: Option<bool>,
    pub trace_id: Option<String>,
}

/// What the public package makes a `CallCtaError` of.
#[napi(object, object_from_js = false)]
pub struct NativeError {
    #[napi(ts_type = "ErrorKind")]
    pub kind: &'static str,
    /// What is known about the message: `unknown` means that it may have arrived.
    #[napi(ts_type = "'not_sent' | 'rejected' | 'unknown'")]
    pub delivery: &'static str,
    /// Who ended a `cancelled` send: `close`, or its own signal or loop.
    #[napi(ts_type = "'closed' | 'aborted'")]
    pub reason: Option<&'static str>,
    pub message: String,
    /// The broken rules of an `invalid_message`, warnings included.
    pub violations: Vec<NativeViolation>,
    /// The Graph API's error, if the platform answered with one.
    pub graph: Option<NativeGraphError>,
    /// If an answer came.
    pub http_status: Option<u16>,
    /// How long the platform asks to wait before the next try.
    pub retry_after_ms: Option<f64>,
    pub may_retry: bool,
    /// How many requests were made, retries included.
    pub attempts: u32,
    /// If the answer carried figures.
    pub usage: Option<NativeUsage>,
    /// What a person can do about it.
    pub advice: &'static str,
    /// The texts of the errors beneath, the nearest first.
    pub causes: Vec<String>,
}

impl From<&Error> for NativeError {
    fn from(error: &Error) -> Self {
        NativeError {
            kind: error.kind().as_str(),
            delivery: error.delivery().as_str(),
            reason: error.reason().map(CancelReason::as_str),
            message: error.to_string(),
            violations: error.violations().iter().map(Into::into).collect(),
            graph: error.graph().map(|graph| NativeGraphError {
                code: graph.code,
                subcode: graph.subcode,
                kind: graph.kind.clone(),
                message: graph.message.clone(),
                user_title: graph.user_title.clone(),
                user_msg: graph.user_msg.clone(),
                is_transient: graph.is_transient,
                trace_id: graph.trace_id.clone(),
            }),
            http_status: error.http_status(),
            retry_after_ms: error.retry_after().map(to_milliseconds),
            may_retry: error.may_retry(),
            attempts: error.attempts(),
            usage: NativeUsage::of(error.usage()),
            advice: error.advice(),
            causes: successors(error.source(), |cause| (*cause).source())
                .map(ToString::to_string)
                .collect(),
        }
    }
}

/// The error of a send that was given up before it began.
#[napi]
pub fn not_begun() -> NativeError {
    (&Error::cancelled(Delivery::NotSent, CancelReason::Aborted)).into()
}
