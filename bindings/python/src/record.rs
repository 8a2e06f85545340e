//! Plain facts that the core returns, as immutable Python objects.

use pyo3::prelude::*;
use pyo3::types::PyList;

/// Declares a class of read-only attributes, each with the way to read it from the
/// core and perhaps a default (a literal; None stands for another one if a type is
/// said), with a constructor, equality, hash, pickling and `match`. Its `repr` and
/// `match` know the attributes named in brackets.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident [$($shown:literal),+] from |$core:ident: $from:ty| {
            $(
                $(#[$field_doc:meta])*
                $field:ident: $type:ty = $read:expr $(, or $default:tt $(for $given:ty)?)?;
            )+
        }
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, eq, hash, from_py_object, module = "callcta")]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $type,)+
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = ($($field $(= $default)?),+))]
            fn new(
                $($field: <record!(@given $type $($(, $given)?)?) as crate::argument::Argument>::Given),+
            ) -> PyResult<Self> {
                $(
                    let name = stringify!($field).trim_start_matches("r#");
                    let given: record!(@given $type $($(, $given)?)?) =
                        crate::argument::Argument::argument($field, name)?;
                    let $field = record!(@value given $($(, $given)?)?);
                )+
                Ok($name { $($field),+ })
            }

            /// The attributes as what JSON can hold, for services that carry such.
            #[pyo3(signature = () -> "dict[str, typing.Any]")]
            fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                let dict = pyo3::types::PyDict::new(slf.py());
                $(
                    let name = stringify!($field).trim_start_matches("r#");
                    dict.set_item(name, crate::record::plain(slf.getattr(name)?)?)?;
                )+
                Ok(dict)
            }

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyTuple>> {
                pyo3::types::PyTuple::new(py, [$($shown),+])
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                crate::repr::brief(slf)
            }

            fn __getnewargs__(&self) -> ($($type,)+) {
                let fields = self.clone();
                ($(fields.$field,)+)
            }
        }

        impl From<$from> for $name {
            fn from($core: $from) -> Self {
                $name { $($field: $read),+ }
            }
        }

        crate::argument::argument!(as given $name);
    };
    (@given $type:ty) => { $type };
    (@given $type:ty, $given:ty) => { Option<$given> };
    (@value $value:ident) => { $value };
    (@value $value:ident, $given:ty) => { $value.unwrap_or_default() };
}

pub(crate) use record;

/// Records and lists of them as dictionaries.
pub(crate) fn plain(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(list) = value.cast::<PyList>() {
        let items = list.iter().map(plain).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(value.py(), items)?.into_any());
    }
    match value.getattr_opt("to_dict")? {
        Some(to_dict) => to_dict.call0(),
        None => Ok(value),
    }
}

record! {
    /// One broken rule.
    Violation ["path", "rule", "severity", "message"] from |violation: callcta::Violation| {
        /// Where, as a path in the request body, such as
        /// `message.attachment.payload.elements[0].buttons[1].expires_in_days`.
        path: String = violation.path;
        /// The rule's stable name, such as `too_long`.
        rule: String = violation.rule.to_string();
        /// `error` (the message isn't sent) or `warning`.
        severity: String = violation.severity.to_string();
        /// What is wrong and what is allowed, in one line.
        message: String = violation.message;
    }
}

record! {
    /// Figures of `X-App-Usage`: percent of the limit in a rolling hour. May exceed 100.
    AppUsage ["call_count", "total_time", "total_cputime"] from |usage: callcta::AppUsage| {
        /// Calls made.
        call_count: u32 = usage.call_count;
        /// Time used.
        total_time: u32 = usage.total_time;
        /// Processor time used.
        total_cputime: u32 = usage.total_cputime;
    }
}

record! {
    /// One entry of `X-Business-Use-Case-Usage`. Figures are percentages and may exceed 100.
    BusinessUsage [
        "object_id", "kind", "call_count", "total_time", "total_cputime", "regain_access_after"
    ] from |usage: callcta::BusinessUsage| {
        /// The business object, such as the Page.
        object_id: String = usage.object_id;
        /// The use case, such as `messenger`.
        kind: String = usage.kind;
        /// Calls made.
        call_count: u32 = usage.call_count;
        /// Time used.
        total_time: u32 = usage.total_time;
        /// Processor time used.
        total_cputime: u32 = usage.total_cputime;
        /// Seconds until calls are accepted again, when they are not.
        regain_access_after: Option<u64> = usage.regain_access_after.map(|wait| wait.as_secs()),
            or None;
    }
}

record! {
    /// The usage figures of one answer; empty when it carried none.
    Usage ["app", "business"] from |usage: callcta::Usage| {
        /// `X-App-Usage`.
        app: Option<AppUsage> = usage.app.map(Into::into), or None;
        /// `X-Business-Use-Case-Usage`.
        business: Vec<BusinessUsage> = usage.business.iter().cloned().map(Into::into).collect(),
            or None for Vec<BusinessUsage>;
        /// The highest percentage of all figures, 0 when there are none.
        highest: u32 = usage.highest(), or 0;
    }
}

record! {
    /// What a send that worked returned.
    Receipt ["message_id", "recipient_id", "usage", "attempts"] from |receipt: callcta::Receipt| {
        /// The id of the message (mid).
        message_id: String = receipt.message_id;
        /// The PSID of the person, unless the platform left it out, as for sends by `user_ref`.
        recipient_id: Option<String> = receipt.recipient_id, or None;
        /// The usage figures that came with the answer.
        usage: Usage = receipt.usage.into(), or None for Usage;
        /// How many requests were made, retries included.
        attempts: u32 = receipt.attempts, or 1;
    }
}

record! {
    /// How many messages of an outbox are where. Every message that was accepted is in exactly one
    /// of the first six.
    Counts ["queued", "in_flight", "sent", "rejected", "not_sent", "unknown"]
    from |counts: callcta::Counts| {
        /// Waiting, for their turn or for another try.
        queued: u64 = counts.queued as u64, or 0;
        /// Being sent.
        in_flight: u64 = counts.in_flight as u64, or 0;
        /// Sent, with a receipt.
        sent: u64 = counts.sent, or 0;
        /// Refused by the platform.
        rejected: u64 = counts.rejected, or 0;
        /// Not sent: provably nobody got them.
        not_sent: u64 = counts.not_sent, or 0;
        /// Of which nobody here can tell.
        unknown: u64 = counts.unknown, or 0;
        /// Those of the last three: kind of error, delivery and how many, in no particular order.
        kinds: Vec<(String, String, u64)> = counts.kinds.iter()
            .map(|(kind, delivery, count)| (kind.to_string(), delivery.to_string(), *count))
            .collect(), or None for Vec<(String, String, u64)>;
        /// Messages that had to wait because of the pace or of the platform's limits, so far.
        paced: u64 = counts.paced, or 0;
        /// Tries that were followed by another one, so far.
        retried: u64 = counts.retried, or 0;
    }
}

record! {
    /// The `error` object of a Graph API answer. Its `repr` leaves the platform's texts out, as
    /// they may name people.
    GraphError ["code", "subcode", "type", "is_transient", "trace_id"]
    from |graph: callcta::GraphError| {
        /// `code`.
        code: i64 = graph.code;
        /// `error_subcode`.
        subcode: Option<i64> = graph.subcode, or None;
        /// `type`, such as `OAuthException`.
        r#type: Option<String> = graph.kind, or None;
        /// `message`, in whatever language; may name ids. Credentials are blanked out.
        message: Option<String> = graph.message, or None;
        /// `error_user_title`, meant for people, localized.
        user_title: Option<String> = graph.user_title, or None;
        /// `error_user_msg`, meant for people, localized.
        user_msg: Option<String> = graph.user_msg, or None;
        /// `is_transient`.
        is_transient: Option<bool> = graph.is_transient, or None;
        /// `fbtrace_id`, for Meta's support.
        trace_id: Option<String> = graph.trace_id, or None;
    }
}

impl Default for Usage {
    fn default() -> Self {
        callcta::Usage::default().into()
    }
}
