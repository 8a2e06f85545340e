//! What people do, and the calls that come of it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply::{Answered, App, Problem, ok, read, respond};
use crate::platform::{Action, CallStatus, PersonAction, TapTarget, Webhook, WebhookStatus};
use crate::server::Shared;

/// Waits until a webhook has been delivered, or has failed, or stays where it is.
async fn settled(shared: &Shared, id: Option<u64>) -> Option<Webhook> {
    let id = id?;
    shared
        .until(|core| match core.platform.webhooks().get(id) {
            Some(webhook) if webhook.status == WebhookStatus::Queued => None,
            settled => Some(settled.cloned()),
        })
        .await
}

pub(super) async fn tap(State(shared): App, body: Bytes) -> Answered {
    let target: TapTarget = read(&body)?;
    let tapped = shared.change().platform.tap(&target);
    match tapped {
        Ok(mut tap) => {
            let id = tap.webhook.as_ref().map(|webhook| webhook.id);
            tap.webhook = settled(&shared, id).await;
            Ok(ok(&json!(tap)))
        }
        Err(refused) => {
            let status = match refused.reason {
                "message_unknown" | "button_unknown" => StatusCode::NOT_FOUND,
                _ => StatusCode::CONFLICT,
            };
            Ok(respond(
                status,
                &json!({"error": refused.detail, "reason": refused.reason}),
            ))
        }
    }
}

pub(super) async fn conversations(State(shared): App) -> Response {
    let core = shared.look();
    let platform = &core.platform;
    let (state, now) = (platform.state(), platform.now());
    let list: Vec<_> = state
        .people
        .iter()
        .map(|(psid, person)| {
            let page_id = state.page_of(person);
            let last = platform
                .messages()
                .iter()
                .rev()
                .find(|m| m.recipient == *psid && m.page_id == page_id);
            json!({
                "psid": psid,
                "name": person.name,
                "page_id": page_id,
                "page_name": state.pages.get(page_id).map(|page| &page.name),
                "blocked": person.blocked,
                "window_open": person.window_open(now),
                "window_closes_at": person.last_action.map(|at| at.saturating_add(person.window_ms)),
                "messages": platform
                    .messages()
                    .iter()
                    .filter(|m| m.recipient == *psid && m.page_id == page_id)
                    .count(),
                "last_message_at": last.map(|m| m.sent_at),
            })
        })
        .collect();
    ok(&json!({"conversations": list}))
}

pub(super) async fn actions(State(shared): App) -> Response {
    let core = shared.look();
    let list: Vec<&PersonAction> = core.platform.actions().iter().collect();
    ok(&json!({"actions": list}))
}

pub(super) async fn act(State(shared): App, Path(psid): Path<String>, body: Bytes) -> Answered {
    let action: Action = read(&body)?;
    let done = shared.change().platform.act(&psid, action);
    let done = done.ok_or_else(|| Problem::unknown("person"))?;
    let webhook = settled(&shared, done.webhook_id).await;
    Ok(respond(
        StatusCode::CREATED,
        &json!({"action": done, "webhook": webhook}),
    ))
}

pub(super) async fn calls(State(shared): App) -> Response {
    let mut core = shared.change();
    core.platform.tick();
    let list: Vec<_> = core.platform.calls().iter().collect();
    ok(&json!({"calls": list}))
}

/// Whoever is rung takes the call.
pub(super) async fn accept_call(State(shared): App, Path(id): Path<String>) -> Response {
    change_call(&shared, &id, true)
}

/// Whoever is rung declines, or either side hangs up.
pub(super) async fn end_call(State(shared): App, Path(id): Path<String>) -> Response {
    change_call(&shared, &id, false)
}

fn change_call(shared: &Shared, id: &str, accept: bool) -> Response {
    let mut core = shared.change();
    let platform = &mut core.platform;
    platform.tick();
    let calls = platform.calls();
    let found = calls
        .find(id)
        .or_else(|| calls.get(id.parse().ok()?))
        .map(|call| call.id);
    let Some(number) = found else {
        return Problem::unknown("call").into_response();
    };
    let changed = if accept {
        platform.accept(number)
    } else {
        platform.end(number)
    };
    let call = json!(platform.calls().get(number));
    match changed {
        Ok(()) => ok(&call),
        Err(status) => {
            let is = match status {
                CallStatus::Ringing => "is ringing",
                CallStatus::Accepted => "was accepted",
                CallStatus::Completed => "has ended",
                CallStatus::Failed => "was never accepted and is over",
            };
            respond(
                StatusCode::CONFLICT,
                &json!({"error": format!("the call {is}")}),
            )
        }
    }
}
