//! Whether the Page may call a person, and whether it may ask to.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::lenient::{self, Object};

/// What the Page may do about calling one person.
///
/// Meta's pages spell this in three ways, bare or in `data`, in either case; all are
/// read. What can't be read is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallPermissions {
    /// `has_permission`, `no_permission`, or another, in lower case.
    pub status: Option<String>,
    /// Until when the permission holds, in Unix milliseconds, if told.
    pub expiration: Option<i64>,
    /// What may be done now.
    pub actions: Vec<CallAction>,
}

/// Something that the Page may or may not do now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallAction {
    /// `send_call_permission_request`, `start_call`, or another, in lower case.
    pub name: String,
    /// Whether it may be done.
    pub can_perform: Option<bool>,
    /// How often it may be done.
    pub limits: Vec<CallLimit>,
}

/// How often something may be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallLimit {
    /// An ISO 8601 duration, such as `PT24H`.
    pub time_period: Option<String>,
    /// How often in that time.
    pub max_allowed: Option<i64>,
    /// How often it was done.
    pub current_usage: Option<i64>,
}

impl CallPermissions {
    /// Whether the person has given the Page permission to call.
    pub fn has_permission(&self) -> bool {
        self.status.as_deref() == Some("has_permission")
    }

    /// Whether an action, such as `start_call`, may be done now; `None` if that isn't
    /// told.
    pub fn can(&self, action: &str) -> Option<bool> {
        let action = self.actions.iter().find(|known| known.name == action)?;
        action.can_perform
    }

    /// `None` if the answer says nothing about calls.
    pub(super) fn told(answer: Object) -> Option<Self> {
        let answer = lenient::bare(answer);
        if !answer.contains_key("permission") && !answer.contains_key("actions") {
            return None;
        }
        let permission = answer.get("permission").and_then(Value::as_object);
        let status = permission.map_or((&answer, "permission"), |it| (it, "status"));
        Some(CallPermissions {
            status: lenient::word(status.0, status.1).unwrap_or_default(),
            expiration: permission
                .and_then(|it| lenient::moment(it, "expiration_time").unwrap_or_default()),
            actions: lenient::items(answer.get("actions"))
                .iter()
                .filter_map(|action| CallAction::told(action.as_object()?))
                .collect(),
        })
    }
}

impl CallAction {
    fn told(action: &Object) -> Option<Self> {
        let limits = lenient::items(action.get("limits")).iter();
        Some(CallAction {
            name: lenient::word(action, "action_name").ok()??,
            can_perform: either(action, ["can_perform", "can_perform_action"], lenient::flag),
            limits: limits
                .filter_map(|limit| Some(CallLimit::told(limit.as_object()?)))
                .collect(),
        })
    }
}

impl CallLimit {
    fn told(limit: &Object) -> Self {
        let most = ["max_allowed", "max_allowed_per_user"];
        CallLimit {
            time_period: lenient::text(limit, "time_period").unwrap_or_default(),
            max_allowed: either(limit, most, lenient::integer),
            current_usage: lenient::integer(limit, "current_usage").unwrap_or_default(),
        }
    }
}

/// What stands under the first of two names.
fn either<T>(
    object: &Object,
    names: [&str; 2],
    read: fn(&Object, &str) -> lenient::Read<Option<T>>,
) -> Option<T> {
    let mut names = names.into_iter();
    names.find_map(|name| read(object, name).unwrap_or_default())
}

/// Whether the Page may use a feature of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FeatureStatus {
    /// The feature, such as `messenger_api_calling`.
    pub feature: String,
    /// `enabled`, or another, in lower case. Meta's pages name no other.
    pub status: String,
}

impl FeatureStatus {
    /// Whether the Page may use it.
    pub fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }

    pub(super) fn told(answer: &Object, feature: &str) -> Option<Self> {
        let mut told = lenient::items(answer.get("data")).iter();
        told.find_map(|told| {
            let told = told.as_object()?;
            let name = lenient::text(told, "feature").ok()??;
            let status = lenient::word(told, "status").ok()??;
            name.eq_ignore_ascii_case(feature).then_some(FeatureStatus {
                feature: feature.to_owned(),
                status,
            })
        })
    }
}

impl fmt::Display for FeatureStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.feature, self.status)
    }
}

/// An app that is told what happens on the Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subscription {
    /// The app.
    pub app_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The webhook fields that it is told of, such as `calls`.
    pub fields: Vec<String>,
}

impl Subscription {
    /// Of an answer; `None` if it is no list of them.
    pub(super) fn told(answer: &Object) -> Option<Vec<Self>> {
        let Some(Value::Array(apps)) = answer.get("data") else {
            return None;
        };
        let apps = apps.iter().filter_map(Value::as_object);
        let told = |app: &Object| {
            let fields = lenient::items(app.get("subscribed_fields")).iter();
            let name = |field: &Value| match field {
                Value::String(name) => Some(name.clone()),
                // A later rendition has objects here on other edges.
                Value::Object(field) => lenient::text(field, "name").ok()?,
                _ => None,
            };
            Subscription {
                app_id: lenient::text(app, "id").unwrap_or_default(),
                name: lenient::text(app, "name").unwrap_or_default(),
                fields: fields.filter_map(name).collect(),
            }
        };
        Some(apps.map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: Value) -> Option<CallPermissions> {
        match answer {
            Value::Object(answer) => CallPermissions::told(answer),
            _ => None,
        }
    }

    #[test]
    fn all_renditions_say_the_same() {
        let guide = json!({
            "permission": {"status": "has_permission", "expiration_time": 1_672_249_624},
            "actions": [
                {"action_name": "send_call_permission_request", "can_perform_action": false,
                 "limits": [{"time_period": "PT24H", "max_allowed_per_user": 2, "current_usage": 1}]},
                {"action_name": "start_call", "can_perform_action": true},
            ],
        });
        let expected = CallPermissions {
            status: Some("has_permission".to_owned()),
            expiration: Some(1_672_249_624_000),
            actions: vec![
                CallAction {
                    name: "send_call_permission_request".to_owned(),
                    can_perform: Some(false),
                    limits: vec![CallLimit {
                        time_period: Some("PT24H".to_owned()),
                        max_allowed: Some(2),
                        current_usage: Some(1),
                    }],
                },
                CallAction {
                    name: "start_call".to_owned(),
                    can_perform: Some(true),
                    limits: Vec::new(),
                },
            ],
        };
        let rewritten = |from: &Value, changes: &[(&str, &str)]| -> Value {
            let text = changes
                .iter()
                .fold(from.to_string(), |text, (old, new)| text.replace(old, new));
            serde_json::from_str(&text).unwrap()
        };
        let other = rewritten(
            &guide,
            &[
                ("can_perform_action", "can_perform"),
                ("max_allowed_per_user", "max_allowed"),
            ],
        );
        let capitals = rewritten(
            &other,
            &[
                ("has_permission", "HAS_PERMISSION"),
                ("start_call", "START_CALL"),
                ("1672249624", "\"1672249624\""),
                ("true", "\"True\""),
                (":2,", ":\"2\","),
            ],
        );
        for answer in [
            guide,
            other.clone(),
            capitals.clone(),
            json!({"data": [other]}),
            json!({"data": capitals}),
        ] {
            assert_eq!(read(answer.clone()), Some(expected.clone()), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_says_nothing_grants_nothing() {
        for answer in [json!({}), json!({"data": []}), json!({"success": true})] {
            assert_eq!(read(answer.clone()), None, "{answer}");
        }
        for answer in [
            json!({"permission": 1.5}),
            json!({"permission": {"status": ["has_permission"]}, "actions": 7}),
            json!({"actions": [{"can_perform": true}, {"action_name": "start_call", "can_perform": 1}]}),
        ] {
            let read = read(answer.clone()).unwrap();
            assert!(!read.has_permission(), "{answer}");
            assert_eq!(read.can("start_call"), None, "{answer}");
        }
    }
}
