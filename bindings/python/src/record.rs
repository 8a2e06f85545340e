//! Plain facts that the core returns, as immutable Python objects.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::repr;

/// Declares a class of read-only attributes with a constructor, equality, hash,
/// pickling, pattern matching and a `repr` of the attributes named in brackets.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident [$($shown:literal),+] {
            $($(#[$field_doc:meta])* $field:ident: $type:ty $(= $default:expr)?,)+
        }
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, eq, hash, from_py_object, module = "callcta")]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $type,)+
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = ($($field $(= $default)?),+))]
            #[allow(clippy::too_many_arguments)] // keyword arguments
            fn new($($field: $type),+) -> Self {
                $name { $($field),+ }
            }

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [$($shown),+])
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                repr(slf)
            }

            fn __reduce__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
                let fields = slf.get().clone();
                let fields = ($(fields.$field,)+).into_pyobject(slf.py())?;
                Ok((slf.get_type().into_any(), fields))
            }
        }
    };
}

record! {
    /// One broken rule.
    Violation ["path", "rule", "severity", "message"] {
        /// Where, as a path in the request body, such as
        /// `message.attachment.payload.elements[0].buttons[1].expires_in_days`.
        path: String,
        /// The rule's stable name, such as `too_long`.
        rule: String,
        /// `error` (the message isn't sent) or `warning`.
        severity: String,
        /// What is wrong and what is allowed, in one line.
        message: String,
    }
}

record! {
    /// Figures of `X-App-Usage`: percent of the limit in a rolling hour. May exceed 100.
    AppUsage ["call_count", "total_time", "total_cputime"] {
        /// Calls made.
        call_count: u32,
        /// Time used.
        total_time: u32,
        /// Processor time used.
        total_cputime: u32,
    }
}

record! {
    /// One entry of `X-Business-Use-Case-Usage`. Figures are percentages and may exceed 100.
    BusinessUsage [
        "object_id", "kind", "call_count", "total_time", "total_cputime", "regain_access_after"
    ] {
        /// The business object, such as the Page.
        object_id: String,
        /// The use case, such as `messenger`.
        kind: String,
        /// Calls made.
        call_count: u32,
        /// Time used.
        total_time: u32,
        /// Processor time used.
        total_cputime: u32,
        /// Seconds until calls are accepted again, when they are not.
        regain_access_after: Option<u64> = None,
    }
}

record! {
    /// The usage figures of one answer; empty when it carried none.
    Usage ["app", "business"] {
        /// `X-App-Usage`.
        app: Option<AppUsage> = None,
        /// `X-Business-Use-Case-Usage`.
        business: Vec<BusinessUsage> = Vec::new(),
        /// The highest percentage of all figures, 0 when there are none.
        highest: u32 = 0,
    }
}

record! {
    /// What a send that worked returned.
    Receipt ["message_id", "recipient_id", "usage", "attempts"] {
        /// The id of the message (mid).
        message_id: String,
        /// The PSID of the person, unless the platform left it out, as it does for sends by
        /// `user_ref`.
        recipient_id: Option<String> = None,
        /// The usage figures that came with the answer.
        usage: Usage = Usage::default(),
        /// How many requests were made, retries included.
        attempts: u32 = 1,
    }
}

record! {
    /// The `error` object of a Graph API answer. Its `repr` leaves the platform's texts out, as
    /// they may name people.
    GraphError ["code", "subcode", "type", "is_transient", "trace_id"] {
        /// `code`.
        code: i64,
        /// `error_subcode`.
        subcode: Option<i64> = None,
        /// `type`, such as `OAuthException`.
        r#type: Option<String> = None,
        /// `message`, in whatever language; may name ids. Credentials are blanked out.
        message: Option<String> = None,
        /// `error_user_title`, meant for people, localized.
        user_title: Option<String> = None,
        /// `error_user_msg`, meant for people, localized.
        user_msg: Option<String> = None,
        /// `is_transient`.
        is_transient: Option<bool> = None,
        /// `fbtrace_id`, for Meta's support.
        trace_id: Option<String> = None,
    }
}

/// What `on_retry` is told.
#[pyclass(frozen, get_all, module = "callcta")]
pub(crate) struct RetryEvent {
    /// Why there will be another try.
    pub(crate) error: Py<PyAny>,
    /// Which try failed, from 1.
    pub(crate) attempt: u32,
    /// Seconds until the next one.
    pub(crate) wait: f64,
}

impl Default for Usage {
    fn default() -> Self {
        Usage::from(&callcta::Usage::default())
    }
}

impl From<&callcta::Violation> for Violation {
    fn from(violation: &callcta::Violation) -> Self {
        Violation {
            path: violation.path.clone(),
            rule: violation.rule.to_string(),
            severity: violation.severity.to_string(),
            message: violation.message.clone(),
        }
    }
}

impl From<&callcta::Usage> for Usage {
    fn from(usage: &callcta::Usage) -> Self {
        Usage {
            app: usage.app.map(|app| AppUsage {
                call_count: app.call_count,
                total_time: app.total_time,
                total_cputime: app.total_cputime,
            }),
            business: usage.business.iter().map(Into::into).collect(),
            highest: usage.highest(),
        }
    }
}

impl From<&callcta::BusinessUsage> for BusinessUsage {
    fn from(usage: &callcta::BusinessUsage) -> Self {
        BusinessUsage {
            object_id: usage.object_id.clone(),
            kind: usage.kind.clone(),
            call_count: usage.call_count,
            total_time: usage.total_time,
            total_cputime: usage.total_cputime,
            regain_access_after: usage.regain_access_after.map(|wait| wait.as_secs()),
        }
    }
}

impl From<callcta::Receipt> for Receipt {
    fn from(receipt: callcta::Receipt) -> Self {
        Receipt {
            usage: Usage::from(&receipt.usage),
            message_id: receipt.message_id,
            recipient_id: receipt.recipient_id,
            attempts: receipt.attempts,
        }
    }
}

impl From<&callcta::GraphError> for GraphError {
    fn from(graph: &callcta::GraphError) -> Self {
        let graph = graph.clone();
        GraphError {
            code: graph.code,
            subcode: graph.subcode,
            r#type: graph.kind,
            message: graph.message,
            user_title: graph.user_title,
            user_msg: graph.user_msg,
            is_transient: graph.is_transient,
            trace_id: graph.trace_id,
        }
    }
}
