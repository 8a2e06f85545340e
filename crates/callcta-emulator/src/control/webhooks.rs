//! Webhooks.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, App, Problem, number, ok, read, respond};
use crate::webhook::{self, ReleaseOrder, Signature};

pub(super) async fn list(State(shared): App) -> Response {
    let world = shared.lock();
    let list: Vec<_> = world.webhooks.iter().collect();
    ok(&json!({"webhooks": list}))
}

pub(super) async fn one(State(shared): App, Path(id): Path<String>) -> Answered {
    let id = number(&id, "webhook")?;
    let world = shared.lock();
    world
        .webhooks
        .get(id)
        .map(|webhook| ok(&json!(webhook)))
        .ok_or_else(|| Problem::unknown("webhook"))
}

pub(super) async fn clear(State(shared): App) -> Response {
    let mut world = shared.lock();
    world.webhooks.clear();
    world.outbox.queue.clear();
    world.events.emit("webhooks_deleted", || json!({}));
    drop(world);
    shared.notify();
    ok(&json!({}))
}

pub(super) async fn hold(State(shared): App) -> Response {
    let mut world = shared.lock();
    world.state.webhook.hold = true;
    world.tell_state();
    ok(&json!({}))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Release {
    order: Value,
    keep_holding: bool,
}

pub(super) async fn release(State(shared): App, body: Bytes) -> Answered {
    let release: Release = read(&body)?;
    let order = match &release.order {
        Value::Null => ReleaseOrder::Made,
        Value::String(name) if name == "made" => ReleaseOrder::Made,
        Value::String(name) if name == "reverse" => ReleaseOrder::Reverse,
        Value::Array(ids) => ReleaseOrder::Only(
            ids.iter()
                .map(|id| id.as_u64().ok_or_else(bad_order))
                .collect::<Result<_, _>>()?,
        ),
        _ => return Err(bad_order()),
    };
    let mut world = shared.lock();
    let released = world.release(&order);
    world.state.webhook.hold = release.keep_holding;
    world.tell_state();
    drop(world);
    shared.notify();
    Ok(ok(&json!({"released": released})))
}

fn bad_order() -> Problem {
    Problem::bad("order is \"made\", \"reverse\" or an array of webhook numbers")
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Redelivery {
    signature: Signature,
}

pub(super) async fn redeliver(State(shared): App, Path(id): Path<String>, body: Bytes) -> Answered {
    let id = number(&id, "webhook")?;
    let how: Redelivery = read(&body)?;
    let mut world = shared.lock();
    let new = world
        .redeliver(id, how.signature)
        .ok_or_else(|| Problem::unknown("webhook"))?;
    let webhook = json!(world.webhooks.get(new));
    drop(world);
    shared.notify();
    Ok(respond(StatusCode::CREATED, &webhook))
}

pub(super) async fn verify(State(shared): App) -> Answered {
    let target = shared.lock().state.webhook.clone();
    let url = target
        .url
        .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "the state has no webhook.url"))?;
    let timeout = Duration::from_millis(target.timeout_ms);
    let answer = match webhook::verify(&url, &target.verify_token, timeout).await {
        Ok((verified, status, text)) => {
            json!({"verified": verified, "status": status, "answer": text})
        }
        Err(error) => json!({"verified": false, "error": error}),
    };
    Ok(ok(&answer))
}
