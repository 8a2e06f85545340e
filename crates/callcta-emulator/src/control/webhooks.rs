//! Webhooks.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::list::{has_text, limit, newest};
use super::query::Query;
use super::reply::{Answered, App, Problem, number, ok, read, respond};
use crate::platform::{ReleaseOrder, Signature, Webhook, WebhookStatus};
use crate::server::{self, Core};

pub(super) async fn list(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(raw, &["q", "before", "limit"])?;
    let text = query.text("q").map(str::to_lowercase);
    let before = query.number("before")?.unwrap_or(u64::MAX);
    let limit = limit(&query)?;
    let core = shared.look();
    let webhooks = core.platform.webhooks();
    let takes = |webhook: &&Webhook| {
        let has = |text: &str| has_text(&json!(webhook), text);
        webhook.id < before && text.as_deref().is_none_or(has)
    };
    let list = newest(webhooks.iter().filter(takes), limit, |webhook| {
        json!(webhook.part())
    });
    Ok(ok(
        &json!({"webhooks": list, "dropped": webhooks.held().dropped}),
    ))
}

/// Waits until so many have been delivered.
pub(super) async fn wait(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(raw, &["count", "timeout_ms"])?;
    let count = query.number("count")?.unwrap_or(1);
    let delivered = |core: &Core| -> Vec<Value> {
        let webhooks = core.platform.webhooks().iter();
        webhooks
            .filter(|webhook| webhook.status == WebhookStatus::Delivered)
            .map(|webhook| json!(webhook.part()))
            .collect()
    };
    let enough = |core: &Core| Some(delivered(core)).filter(|list| list.len() as u64 >= count);
    let timeout = query.timeout()?;
    if let Ok(webhooks) = tokio::time::timeout(timeout, shared.until(enough)).await {
        return Ok(ok(&json!({"webhooks": webhooks})));
    }
    let webhooks = delivered(&shared.look());
    let (found, waited) = (webhooks.len(), timeout.as_millis());
    let error = format!("{found} of {count} webhooks delivered within {waited} ms");
    Ok(respond(
        StatusCode::REQUEST_TIMEOUT,
        &json!({"error": error, "webhooks": webhooks}),
    ))
}

pub(super) async fn one(State(shared): App, Path(id): Path<String>) -> Answered {
    let id = number(&id, "webhook")?;
    let core = shared.look();
    let webhook = core.platform.webhooks().get(id);
    webhook
        .map(|webhook| ok(&json!(webhook)))
        .ok_or_else(|| Problem::unknown("webhook"))
}

pub(super) async fn clear(State(shared): App) -> Response {
    shared.change().platform.delete_webhooks();
    ok(&json!({}))
}

pub(super) async fn hold(State(shared): App) -> Response {
    let mut core = shared.change();
    core.platform
        .change_state(|state| state.webhook.hold = true);
    ok(&json!({}))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Release {
    order: Value,
    keep_holding: bool,
}

pub(super) async fn release(State(shared): App, body: Bytes) -> Answered {
    let release: Release = read("post /_emulator/webhooks/release", &body)?;
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
    let mut core = shared.change();
    let released = core.platform.release(&order);
    core.platform
        .change_state(|state| state.webhook.hold = release.keep_holding);
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
    let how: Redelivery = read("post /_emulator/webhooks/{id}/redeliver", &body)?;
    let mut core = shared.change();
    let new = core
        .platform
        .redeliver(id, how.signature)
        .ok_or_else(|| Problem::unknown("webhook"))?;
    let webhook = json!(core.platform.webhooks().get(new));
    Ok(respond(StatusCode::CREATED, &webhook))
}

pub(super) async fn verify(State(shared): App) -> Answered {
    let target = shared.look().platform.state().webhook.clone();
    let url = target
        .url
        .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "the state has no webhook.url"))?;
    let timeout = Duration::from_millis(target.timeout_ms);
    let answer = match server::verify(&url, &target.verify_token, timeout).await {
        Ok((verified, status, text)) => {
            json!({"verified": verified, "status": status, "answer": text})
        }
        Err(error) => json!({"verified": false, "error": error}),
    };
    Ok(ok(&answer))
}
