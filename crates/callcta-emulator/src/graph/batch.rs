//! Graph batches: many requests in one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::{Context, Handled, auth, boolean};
use crate::faults::{Fault, FaultAction};
use crate::journal::Call;
use crate::refusal::{GraphError, Refusal, Refused, error_body};
use crate::world::World;

const ITEMS_MAX: usize = 50;

pub(super) fn run(context: &mut Context<'_>) -> Handled {
    auth::authenticate(context, "", None)?;
    let params = &mut context.params.map;
    let items = match params.remove("batch") {
        Some(Value::Array(items)) => items,
        other => {
            return Err(batch_error(
                "Param batch must be a JSON array.",
                "batch_type",
                format!(
                    "batch is an array of requests; {} was sent",
                    crate::refusal::shown(other.as_ref())
                ),
            ));
        }
    };
    if items.len() > ITEMS_MAX {
        return Err(batch_error(
            "Too many requests in batch message. Maximum batch size is 50",
            "batch_size",
            format!("at most {ITEMS_MAX} items; {} were sent", items.len()),
        ));
    }
    let with_headers = params.get("include_headers").and_then(boolean) != Some(false);
    // What the whole batch says goes for each item that does not say otherwise.
    let mut shared = Map::new();
    for name in ["access_token", "appsecret_proof"] {
        if let Some(value) = params.get(name) {
            shared.insert(name.into(), value.clone());
        }
    }
    let authorization = context.call.headers.get(header::AUTHORIZATION).cloned();
    let parent = context.request_id;
    let mut answers = Vec::with_capacity(items.len());
    for item in &items {
        let answer = match read_item(item, authorization.clone()) {
            Ok(call) => one(context.world, &call, &shared, parent),
            Err(why) => {
                let refusal = Refusal {
                    rule: "batch_item",
                    path: "batch".into(),
                    detail: why,
                };
                let error = GraphError::new(100, None, "(#100) Invalid request in batch", refusal);
                let trace_id = context.world.next_trace_id();
                Some(Answer::refused(&error, &trace_id))
            }
        };
        answers.push(answer.map_or(Value::Null, |answer| shown(&answer, with_headers)));
    }
    Ok(Answer::json(200, Value::Array(answers).to_string()).into())
}

/// Runs an item; `None` if it stays unfinished.
fn one(
    world: &mut World,
    call: &Arc<Call>,
    shared: &Map<String, Value>,
    parent: u64,
) -> Option<Answer> {
    let mut params = super::read(call);
    let own_token = params.map.contains_key("access_token");
    for (name, value) in shared {
        // The proof belongs to the batch's token.
        if !(own_token && name == "appsecret_proof") {
            params.map.entry(name.clone()).or_insert(value.clone());
        }
    }
    let place = world.log(Arc::clone(call), Some(parent));
    let struck = world.strike(place, call, &params);
    let answer = match struck {
        None => Some(world.handle(place, call, params)),
        Some(struck) => {
            let fault = struck.fault;
            let takes_effect = fault.applies_after() || fault.action == FaultAction::Pass;
            let answer = takes_effect.then(|| world.handle(place, call, params));
            spoil(world, &fault, answer)
        }
    };
    match &answer {
        Some(answer) => world.answered(place, answer.status, &answer.body),
        None => world.tell_request(place),
    }
    answer
}

/// What a fault makes of an item's answer. Delays and connections are not an item's own.
fn spoil(world: &mut World, fault: &Fault, answer: Option<Answer>) -> Option<Answer> {
    let mut answer = match &fault.action {
        FaultAction::Status { status, body } => Answer::json(*status, body.clone()),
        FaultAction::Graph {
            status,
            code,
            subcode,
            message,
            is_transient,
        } => {
            let text = if message.is_empty() {
                format!("(#{code}) Emulated error")
            } else {
                message.clone()
            };
            let trace_id = world.next_trace_id();
            Answer::json(
                *status,
                error_body(
                    &text,
                    "OAuthException",
                    *code,
                    *subcode,
                    *is_transient,
                    &trace_id,
                ),
            )
        }
        FaultAction::Drop | FaultAction::DropBeforeRead | FaultAction::Unfinished => return None,
        FaultAction::HtmlBody => Answer::json(200, "<!DOCTYPE html>\n<title>Sorry</title>\n"),
        FaultAction::TruncatedBody => {
            let mut answer = answer?;
            answer.body = answer.body.slice(..answer.body.len() / 2);
            answer
        }
        _ => answer?,
    };
    for (name, value) in &fault.headers {
        answer.header(name, value);
    }
    Some(answer)
}

fn read_item(item: &Value, authorization: Option<HeaderValue>) -> Result<Arc<Call>, String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let method = text("method").unwrap_or("GET");
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("{method:?} is not a method"))?;
    let relative = text("relative_url").ok_or("an item needs a relative_url")?;
    let uri: Uri = format!("/{}", relative.trim_start_matches('/'))
        .parse()
        .map_err(|_| format!("{relative:?} is not a relative URL"))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, value);
    }
    let body = text("body").unwrap_or_default().to_owned();
    // An item's own token goes before the batch's header.
    let names_token =
        |text: &str| text.starts_with("access_token=") || text.contains("&access_token=");
    if names_token(&body) || uri.query().is_some_and(names_token) {
        headers.remove(header::AUTHORIZATION);
    }
    Ok(Arc::new(Call {
        method,
        uri,
        headers,
        body: Bytes::from(body),
    }))
}

fn shown(answer: &Answer, with_headers: bool) -> Value {
    let body = String::from_utf8_lossy(&answer.body);
    if !with_headers {
        return json!({"code": answer.status, "body": body});
    }
    let mut headers = vec![json!({
        "name": "Content-Type",
        "value": String::from_utf8_lossy(answer.content_type.as_bytes()),
    })];
    headers.extend(answer.headers.iter().map(|(name, value)| {
        json!({
            "name": name.as_str(),
            "value": String::from_utf8_lossy(value.as_bytes()),
        })
    }));
    json!({"code": answer.status, "headers": headers, "body": body})
}

fn batch_error(message: &str, rule: &'static str, detail: String) -> Refused {
    GraphError::new(
        100,
        None,
        message,
        Refusal {
            rule,
            path: "batch".into(),
            detail,
        },
    )
    .kind("GraphBatchException")
}
