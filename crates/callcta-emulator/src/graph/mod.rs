//! The Graph side: from a request to an answer.

mod answer;
mod auth;
mod batch;
mod calling;
mod messages;
mod page;
mod proof;
mod settings;

use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;

pub(crate) use self::answer::Answer;
pub(crate) use self::proof::hex_hmac;
use crate::journal::Call;
use crate::params::{self, Params};
use crate::refusal::{GraphError, Refusal, Refused, shown};
use crate::unverified::ErrorCode;
use crate::world::World;

/// What handling a request led to.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) message_id: Option<String>,
    pub(crate) modelled: bool,
}

/// Everything a handler may need.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) call: &'a Arc<Call>,
    pub(crate) params: Params,
    /// The number of the request in the log.
    pub(crate) request_id: u64,
    /// The Page whose usage the answer's headers tell.
    pub(crate) counted: Option<String>,
}

/// A handler's good end.
pub(crate) struct Done {
    pub(crate) answer: Answer,
    pub(crate) message_id: Option<String>,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            message_id: None,
        }
    }
}

type Handled = Result<Done, Refused>;

/// The path without its version and its leading slash: `123/messages`. A version that never was
/// stays: Graph takes it for an object.
pub(crate) fn strip_version(path: &str) -> &str {
    let path = path.trim_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if is_version(first) { rest } else { path }
}

fn is_version(text: &str) -> bool {
    let Some((major, minor)) = text.strip_prefix('v').and_then(|v| v.split_once('.')) else {
        return false;
    };
    // Newer ones than v26.0 are taken as well, so that the emulator does not age.
    matches!(
        (major.parse::<u32>(), minor.parse::<u32>()),
        (Ok(1 | 4..), Ok(0)) | (Ok(2), Ok(0..=12)) | (Ok(3), Ok(0..=3))
    )
}

/// Whether this is a POST to a messages edge.
pub(crate) fn is_message_post(method: &Method, path: &str) -> bool {
    method == Method::POST
        && strip_version(path)
            .split_once('/')
            .is_some_and(|(_, edge)| edge == "messages")
}

/// Reads the parameters of a request.
pub(crate) fn read(call: &Call) -> Params {
    params::decode(&call.headers, call.query(), &call.body)
}

/// Answers a request.
pub(crate) fn handle(
    world: &mut World,
    call: &Arc<Call>,
    params: Params,
    request_id: u64,
) -> Outcome {
    let mut modelled = true;
    let mut context = Context {
        world,
        call,
        params,
        request_id,
        counted: None,
    };
    let handled = route(&mut context, &mut modelled);
    let counted = context.counted;
    let world = context.world;
    let mut outcome = match handled {
        Ok(done) => Outcome {
            answer: done.answer,
            refusal: None,
            message_id: done.message_id,
            modelled,
        },
        Err(mut error) => {
            if let Some(status) = world.state.unverified.status_by_code.get(&error.code) {
                error.status = *status;
            }
            let trace_id = world.next_trace_id();
            Outcome {
                answer: Answer::refused(&error, &trace_id),
                refusal: Some(error.refusal),
                message_id: None,
                modelled,
            }
        }
    };
    if let Some(page_id) = counted {
        world
            .usage
            .headers(&world.state, &page_id, &mut outcome.answer);
    }
    outcome
}

fn route(context: &mut Context<'_>, modelled: &mut bool) -> Handled {
    let call = Arc::clone(context.call);
    let path = strip_version(call.uri.path());
    let mut parts = path.split('/');
    let object = parts.next().unwrap_or_default();
    let edge = parts.next();
    if parts.next().is_none() {
        match (call.method.as_str(), edge) {
            ("POST", Some("messages")) => return messages::send(context, object),
            ("POST", None) if context.params.map.contains_key("batch") => {
                return batch::run(context);
            }
            ("GET", None) if !object.is_empty() => return page::read(context, object),
            ("GET", Some("messenger_call_settings")) => return settings::read(context, object),
            ("POST", Some("messenger_call_settings")) => return settings::write(context, object),
            ("GET", Some("messenger_call_permissions")) => {
                return calling::permissions(context, object);
            }
            ("POST", Some("calls")) => return calling::signal(context, object),
            ("POST", Some("business_messaging_feature_status")) => {
                return page::feature_status(context, object);
            }
            ("GET", Some("subscribed_apps")) => return page::subscriptions(context, object),
            ("POST", Some("subscribed_apps")) => return page::subscribe(context, object),
            _ => {}
        }
    }
    *modelled = false;
    if path.matches('/').count() > 1 {
        // With a wrong version in front, Graph looks no further.
        return Err(unknown_path(&call, &path[object.len()..]));
    }
    auth::authenticate(context, object, None)?;
    match edge {
        // Known edges know no other methods: sent messages, for instance, can't be read.
        None | Some("messages" | "calls") => Err(auth::no_object(
            &call,
            object,
            "not_modelled",
            "this object or edge does not take this method",
        )),
        Some(edge) => Err(unknown_path(&call, &format!("/{edge}"))),
    }
}

/// A refusal whose message starts with its code, as nearly all of Graph's do.
fn refuse(
    numbers: ErrorCode,
    text: &str,
    rule: &'static str,
    path: &str,
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

/// Code 100 for a parameter.
fn bad_param(name: &str, rule: &'static str, wanted: &str, sent: Option<&Value>) -> Refused {
    let text = match sent {
        None => format!("The parameter {name} is required"),
        Some(_) => format!("Param {name} must be {wanted}"),
    };
    refuse(
        ErrorCode::new(100, None),
        &text,
        rule,
        name,
        format!("{wanted}; {} was sent", shown(sent)),
    )
}

/// A boolean, also as text as forms send it.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn unknown_path(call: &Call, rest: &str) -> Refused {
    GraphError::new(
        2500,
        None,
        format!("Unknown path components: {rest}"),
        Refusal {
            rule: "not_modelled",
            path: call.uri.path().into(),
            detail: format!("the emulator has no {} {}", call.method, call.uri.path()),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_stripped() {
        for (path, rest) in [
            ("/v26.0/1/messages", "1/messages"),
            ("/1/messages", "1/messages"),
            ("/v26.0/me/messages/", "me/messages"),
            ("/v26.0", ""),
            ("/", ""),
            ("/v2/1", "v2/1"),
            ("/v2.80/me/messages", "v2.80/me/messages"),
            ("/3.1/me/messages", "3.1/me/messages"),
            ("/v99.0/me", "me"),
            ("/video/1", "video/1"),
        ] {
            assert_eq!(strip_version(path), rest, "{path}");
        }
        assert!(is_message_post(&Method::POST, "/v1.0/7/messages"));
        assert!(!is_message_post(&Method::POST, "/v1.0/7/messages/8"));
        assert!(!is_message_post(&Method::GET, "/7/messages"));
    }
}
