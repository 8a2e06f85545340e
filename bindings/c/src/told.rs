//! What the library tells: errors, receipts, violations, usage figures.

use std::any::Any;
use std::error::Error as _;
use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

use callcta::webhook::Refusal;
use callcta::{CancelReason, Delivery, Error, Receipt, Usage, Violation};

use crate::memory::{c_string, new};
use crate::status::{callcta_delivery, callcta_reason, callcta_severity, callcta_status};

/// What went wrong, and what is known about the message.
#[repr(C)]
pub struct callcta_error {
    /// What the function returned.
    pub status: callcta_status,
    /// The name of the status, such as `outside_window`.
    pub kind: *const c_char,
    /// What is known about the message.
    pub delivery: callcta_delivery,
    /// The name of that: `not_sent`, `rejected` or `unknown`.
    pub delivery_name: *const c_char,
    /// Who ended the message, if the status is `CALLCTA_CANCELLED`; otherwise 0.
    pub reason: callcta_reason,
    /// The name of that: `closed` or `aborted`; otherwise NULL.
    pub reason_name: *const c_char,
    /// What happened, in one line, without token, PSID or text of the message.
    pub message: *const c_char,
    /// What a person can do about it, in one sentence.
    pub advice: *const c_char,
    /// The technical cause below, or NULL.
    pub cause: *const c_char,
    /// Whether sending the same message again can help and can't deliver it twice.
    pub may_retry: bool,
    /// How many requests were made, retries included.
    pub attempts: u32,
    /// The HTTP status of the answer; 0 when there was none. Of a refused webhook or
    /// challenge: the status to answer with.
    pub http_status: u32,
    /// How long the platform asks to wait, in milliseconds; -1 when it didn't say.
    pub retry_after_ms: i64,
    /// The platform's own error; NULL when it gave none.
    pub graph: *const callcta_graph_error,
    /// The broken rules, warnings included; none unless the status is
    /// `CALLCTA_INVALID_MESSAGE`. Never NULL.
    pub violations: *const callcta_violations,
    /// The usage figures that came with the answer; NULL when none did.
    pub usage: *const *const callcta_usage,
    /// How many usage figures there are.
    pub usage_count: usize,
    /// How long the send took, retries and the waits before them included, in
    /// milliseconds.
    pub elapsed_ms: i64,
}

/// The `error` object of the platform's answer.
#[repr(C)]
pub struct callcta_graph_error {
    /// `code`.
    pub code: i64,
    /// `error_subcode`, if `has_subcode`.
    pub subcode: i64,
    /// Whether there is a subcode.
    pub has_subcode: bool,
    /// `is_transient`: 1 yes, 0 no, -1 not said.
    pub is_transient: i32,
    /// `type`, or NULL.
    pub r#type: *const c_char,
    /// `message`, in whatever language, or NULL. It may name ids.
    pub message: *const c_char,
    /// `error_user_title`, meant for people, or NULL.
    pub user_title: *const c_char,
    /// `error_user_msg`, meant for people, or NULL.
    pub user_message: *const c_char,
    /// `fbtrace_id`, for Meta's support, or NULL.
    pub trace_id: *const c_char,
}

/// The broken rules of a message, in the order of the wire form.
#[repr(C)]
pub struct callcta_violations {
    /// How many there are.
    pub count: usize,
    /// Each of them; NULL when there are none.
    pub items: *const *const callcta_violation,
}

/// One broken rule.
#[repr(C)]
pub struct callcta_violation {
    /// Where, as a path in the request body.
    pub path: *const c_char,
    /// The rule's stable name, such as `too_long`.
    pub rule: *const c_char,
    /// How much it weighs.
    pub severity: callcta_severity,
    /// What is wrong and what is allowed, in one line.
    pub message: *const c_char,
}

/// Usage figures of an answer: percentages of what the platform allows, which may
/// exceed 100.
#[repr(C)]
pub struct callcta_usage {
    /// The business object, such as the Page; NULL for the figures of the app.
    pub object_id: *const c_char,
    /// The use case, such as `messenger`; NULL for the figures of the app.
    pub r#type: *const c_char,
    /// Calls made.
    pub call_count: u32,
    /// Time used.
    pub total_time: u32,
    /// Processor time used.
    pub total_cputime: u32,
    /// How long until calls are accepted again, in milliseconds; -1 when not said.
    pub regain_access_after_ms: i64,
}

/// What a send that worked returned.
#[repr(C)]
pub struct callcta_receipt {
    /// The id of the message (mid).
    pub message_id: *const c_char,
    /// The PSID of the person; NULL when the platform left it out, as it does for
    /// sends by `user_ref`.
    pub recipient_id: *const c_char,
    /// How many requests were made, retries included.
    pub attempts: u32,
    /// The usage figures that came with the answer; NULL when none did.
    pub usage: *const *const callcta_usage,
    /// How many usage figures there are.
    pub usage_count: usize,
    /// How long the send took, retries and the waits before them included, in
    /// milliseconds.
    pub elapsed_ms: i64,
}

/// A record that C may read, and what its pointers point to.
#[repr(C)]
pub(crate) struct Told<T> {
    pub(crate) record: T,
    kept: Kept,
}

impl<T> Told<T> {
    pub(crate) fn new(make: impl FnOnce(&mut Kept) -> T) -> Self {
        let mut kept = Kept::default();
        let record = make(&mut kept);
        Told { record, kept }
    }

    pub(crate) fn into_raw(self) -> *mut T {
        new(self).cast()
    }
}

/// Values that stay where they are, for pointers to them.
#[derive(Default)]
pub(crate) struct Kept(Vec<Box<dyn Any>>);

impl Kept {
    pub(crate) fn keep<T: 'static>(&mut self, value: T) -> &T {
        self.0.push(Box::new(value));
        let last = self.0.last().and_then(|value| value.downcast_ref());
        last.expect("it was just put there")
    }

    pub(crate) fn text<'a>(&mut self, text: impl Into<Option<&'a str>>) -> *const c_char {
        let text = text.into().map(c_string);
        text.map_or(ptr::null(), |text| self.keep(text).as_ptr())
    }

    pub(crate) fn list<T: 'static>(&mut self, items: Vec<T>) -> *const *const T {
        let items = items.into_iter().map(|item| ptr::from_ref(self.keep(item)));
        let items: Vec<*const T> = items.collect();
        if items.is_empty() {
            return ptr::null();
        }
        self.keep(items).as_ptr()
    }

    fn usage(&mut self, usage: &Usage) -> Vec<callcta_usage> {
        let app = usage.app.map(|app| callcta_usage {
            object_id: ptr::null(),
            r#type: ptr::null(),
            call_count: app.call_count,
            total_time: app.total_time,
            total_cputime: app.total_cputime,
            regain_access_after_ms: -1,
        });
        let business = usage.business.iter().map(|usage| callcta_usage {
            object_id: self.text(usage.object_id.as_str()),
            r#type: self.text(usage.kind.as_str()),
            call_count: usage.call_count,
            total_time: usage.total_time,
            total_cputime: usage.total_cputime,
            regain_access_after_ms: milliseconds(usage.regain_access_after),
        });
        app.into_iter().chain(business).collect()
    }

    fn violations(&mut self, violations: &[Violation]) -> callcta_violations {
        let items = violations.iter().map(|violation| callcta_violation {
            path: self.text(violation.path.as_str()),
            rule: self.text(violation.rule.as_str()),
            severity: violation.severity.number(),
            message: self.text(violation.message.as_str()),
        });
        let items = items.collect();
        callcta_violations {
            count: violations.len(),
            items: self.list(items),
        }
    }
}

pub(crate) fn violations(violations: &[Violation]) -> Told<callcta_violations> {
    Told::new(|kept| kept.violations(violations))
}

pub(crate) fn receipt(receipt: &Receipt) -> Told<callcta_receipt> {
    Told::new(|kept| {
        let usage = kept.usage(&receipt.usage);
        callcta_receipt {
            message_id: kept.text(receipt.message_id.as_str()),
            recipient_id: kept.text(receipt.recipient_id.as_deref()),
            attempts: receipt.attempts,
            usage_count: usage.len(),
            usage: kept.list(usage),
            elapsed_ms: milliseconds(Some(receipt.elapsed)),
        }
    })
}

pub(crate) fn error(error: &Error) -> Told<callcta_error> {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    let cause = (!causes.is_empty()).then(|| causes.join(": "));
    Told::new(|kept| {
        let graph = error.graph().map(|graph| callcta_graph_error {
            code: graph.code,
            subcode: graph.subcode.unwrap_or_default(),
            has_subcode: graph.subcode.is_some(),
            is_transient: graph.is_transient.map_or(-1, i32::from),
            r#type: kept.text(graph.kind.as_deref()),
            message: kept.text(graph.message.as_deref()),
            user_title: kept.text(graph.user_title.as_deref()),
            user_message: kept.text(graph.user_msg.as_deref()),
            trace_id: kept.text(graph.trace_id.as_deref()),
        });
        let violations = kept.violations(error.violations());
        let usage = kept.usage(error.usage());
        callcta_error {
            status: error.kind().number(),
            kind: kept.text(error.kind().as_str()),
            delivery: error.delivery().number(),
            delivery_name: kept.text(error.delivery().as_str()),
            reason: error.reason().map_or(0, CancelReason::number),
            reason_name: kept.text(error.reason().map(CancelReason::as_str)),
            message: kept.text(error.to_string().as_str()),
            advice: kept.text(error.advice()),
            cause: kept.text(cause.as_deref()),
            may_retry: error.may_retry(),
            attempts: error.attempts(),
            http_status: error.http_status().map_or(0, u32::from),
            retry_after_ms: milliseconds(error.retry_after()),
            graph: graph.map_or(ptr::null(), |graph| kept.keep(graph)),
            violations: kept.keep(violations),
            usage_count: usage.len(),
            usage: kept.list(usage),
            elapsed_ms: milliseconds(Some(error.elapsed())),
        }
    })
}

/// A refused webhook, about which nothing was to be sent.
pub(crate) fn refusal(refusal: &Refusal) -> Told<callcta_error> {
    Told::new(|kept| {
        let violations = kept.violations(&[]);
        callcta_error {
            status: refusal.kind().number(),
            kind: kept.text(refusal.kind().as_str()),
            delivery: Delivery::NotSent.number(),
            delivery_name: kept.text(Delivery::NotSent.as_str()),
            reason: 0,
            reason_name: ptr::null(),
            message: kept.text(refusal.to_string().as_str()),
            advice: kept.text("answer with the HTTP status, and do nothing else"),
            cause: ptr::null(),
            may_retry: false,
            attempts: 0,
            http_status: refusal.http_status().into(),
            retry_after_ms: -1,
            graph: ptr::null(),
            violations: kept.keep(violations),
            usage_count: 0,
            usage: ptr::null(),
            elapsed_ms: 0,
        }
    })
}

fn milliseconds(duration: Option<Duration>) -> i64 {
    duration.map_or(-1, |duration| {
        i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Frees an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_error_free(error: *mut callcta_error) {
    free!(error as Told<callcta_error>);
}

/// Frees what a `_validate` function made. Not the violations of an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_violations_free(violations: *mut callcta_violations) {
    free!(violations as Told<callcta_violations>);
}

/// Frees a receipt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_receipt_free(receipt: *mut callcta_receipt) {
    free!(receipt as Told<callcta_receipt>);
}
