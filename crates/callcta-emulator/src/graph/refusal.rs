//! What a request broke, and the Graph-shaped body that says so.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::platform::ErrorCode;

/// The rule that a refused request broke. It is kept in the request log and never sent to the
/// client, which sees only what Graph would say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// A short name that stays the same, for instance `expires_in_days_range`.
    pub rule: &'static str,
    /// Where in the request: `message.attachment.payload.elements[0].buttons[1].expires_in_days`,
    /// or the name of a parameter or header. Empty where no single place is to blame.
    pub path: String,
    /// One sentence: what is asked for, and what was sent instead.
    pub detail: String,
}

/// From a snapshot.
impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Saved {
            rule: String,
            path: String,
            detail: String,
        }
        let saved = Saved::deserialize(deserializer)?;
        let rule = known_rule(saved.rule)
            .ok_or_else(|| D::Error::custom("a refusal names no rule of this emulator"))?;
        Ok(Self {
            rule,
            path: saved.path,
            detail: saved.detail,
        })
    }
}

/// The name of a rule, which stays for good, but each only once; there are not many.
fn known_rule(name: String) -> Option<&'static str> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    const MANY: usize = 1_000;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rule) = known.get(name.as_str()) {
        return Some(rule);
    }
    let is_name = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name || known.len() >= MANY {
        return None;
    }
    let rule: &'static str = Box::leak(name.into_boxed_str());
    known.insert(rule);
    Some(rule)
}

/// A Graph error on its way to the client, with the reason that only the log tells.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) is_transient: Option<bool>,
    pub(crate) refusal: Refusal,
}

/// Boxed, since errors are rare and large.
pub(crate) type Refused = Box<GraphError>;

impl GraphError {
    /// An `OAuthException` with the usual status of its code.
    pub(crate) fn new(
        code: i64,
        subcode: Option<i64>,
        message: impl Into<String>,
        refusal: Refusal,
    ) -> Refused {
        Box::new(Self {
            status: if (200..300).contains(&code) { 403 } else { 400 },
            code,
            subcode,
            kind: "OAuthException",
            message: message.into(),
            is_transient: None,
            refusal,
        })
    }

    pub(crate) fn kind(mut self: Box<Self>, kind: &'static str) -> Refused {
        self.kind = kind;
        self
    }

    pub(crate) fn transient(mut self: Box<Self>) -> Refused {
        self.is_transient = Some(true);
        self
    }

    /// The body, in the order in which Graph writes its keys.
    pub(crate) fn body(&self, trace_id: &str) -> String {
        error_body(
            &self.message,
            self.kind,
            self.code,
            self.subcode,
            self.is_transient,
            trace_id,
        )
    }
}

/// A refusal whose message starts with its code, as nearly all of Graph's do.
pub(super) fn refuse(
    numbers: ErrorCode,
    text: &str,
    rule: &'static str,
    path: impl Into<String>,
    detail: impl Into<String>,
) -> Refused {
    GraphError::new(
        numbers.code,
        numbers.subcode,
        format!("(#{}) {text}", numbers.code),
        Refusal {
            rule,
            path: path.into(),
            detail: detail.into(),
        },
    )
}

/// Writes `{"error":{…}}`.
pub(crate) fn error_body(
    message: &str,
    kind: &str,
    code: i64,
    subcode: Option<i64>,
    is_transient: Option<bool>,
    trace_id: &str,
) -> String {
    let mut body = format!(
        "{{\"error\":{{\"message\":{},\"type\":{},\"code\":{code}",
        quoted(message),
        quoted(kind)
    );
    if let Some(subcode) = subcode {
        body.push_str(",\"error_subcode\":");
        body.push_str(&subcode.to_string());
    }
    if let Some(transient) = is_transient {
        body.push_str(",\"is_transient\":");
        body.push_str(if transient { "true" } else { "false" });
    }
    body + ",\"fbtrace_id\":" + &quoted(trace_id) + "}}"
}

/// A JSON string literal.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A short form of a value for a sentence: long texts are cut, objects named by their type.
pub(crate) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(Value::String(text)) if text.chars().count() > 60 => {
            let start: String = text.chars().take(57).collect();
            format!("{}… ({} characters)", quoted(&start), text.chars().count())
        }
        Some(Value::Object(map)) => format!("an object with {}", keys(map)),
        Some(Value::Array(items)) => format!("an array of {}", items.len()),
        Some(other) => other.to_string(),
    }
}

fn keys(map: &Map<String, Value>) -> String {
    if map.is_empty() {
        return "no keys".into();
    }
    let names: Vec<_> = map.keys().take(6).map(String::as_str).collect();
    format!("the keys {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn body_is_graph_shaped_json() {
        let refusal = Refusal {
            rule: "x",
            path: String::new(),
            detail: String::new(),
        };
        let error = GraphError::new(10, Some(2_018_278), "(#10) \"quoted\"", refusal);
        let body: Value = serde_json::from_str(&error.body("T1")).unwrap();
        assert_eq!(
            body,
            json!({"error": {"message": "(#10) \"quoted\"", "type": "OAuthException",
                "code": 10, "error_subcode": 2_018_278, "fbtrace_id": "T1"}})
        );
        assert_eq!(error.status, 400);
    }

    #[test]
    fn long_values_are_cut() {
        let long = json!("x".repeat(500));
        assert!(shown(Some(&long)).len() < 100);
        assert_eq!(shown(None), "nothing");
        assert_eq!(shown(Some(&json!({"a": 1}))), "an object with the keys a");
    }
}
