//! What people do, and the calls that come of it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::reply::{Answered, App, Problem, ok, read, respond};
use super::views;
use crate::platform::{Action, CallStatus, TapTarget, Webhook, WebhookStatus};
use crate::server::{Core, Shared};

/// What the person's side offers when it changes what is sent, unless another offer is given.
/// No media flows.
const SDP_OFFER: &str =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

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
    let target: TapTarget = read("post /_emulator/tap", &body)?;
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

pub(super) async fn actions(State(shared): App) -> Response {
    let core = shared.look();
    let list: Vec<_> = core.platform.actions().iter().map(views::action).collect();
    ok(&json!({"actions": list, "dropped": core.platform.actions().held().dropped}))
}

pub(super) async fn act(State(shared): App, Path(psid): Path<String>, body: Bytes) -> Answered {
    let action: Action = read("post /_emulator/people/{psid}/actions", &body)?;
    let done = shared.change().platform.act(&psid, action);
    let done = done.ok_or_else(|| Problem::unknown("person"))?;
    let webhook = settled(&shared, done.webhook_id).await;
    let no_webhook = done.no_webhook.clone();
    Ok(respond(
        StatusCode::CREATED,
        &json!({"action": views::action(&done), "webhook": webhook, "no_webhook": no_webhook}),
    ))
}

pub(super) async fn calls(State(shared): App) -> Response {
    let mut core = shared.change();
    core.platform.tick();
    let list: Vec<_> = core.platform.calls().iter().collect();
    ok(&json!({"calls": list, "dropped": core.platform.calls().held().dropped}))
}

/// Whoever is rung takes the call.
pub(super) async fn accept_call(State(shared): App, Path(id): Path<String>) -> Response {
    change_call(&shared, &id, true)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Media {
    sdp: Option<String>,
}

/// The person changes what is sent in a call.
pub(super) async fn change_media(
    State(shared): App,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let media: Media = read("post /_emulator/calls/{id}/media", &body)?;
    let offer = media.sdp.unwrap_or_else(|| SDP_OFFER.to_owned());
    let (told, call) = {
        let mut core = shared.change();
        core.platform.tick();
        let number = call_number(&core, &id).ok_or_else(|| Problem::unknown("call"))?;
        let told = core.platform.change_media(number, offer);
        (told, json!(core.platform.calls().get(number)))
    };
    let told = match told {
        Ok(told) => told.ok_or_else(|| Problem::unknown("call"))?,
        Err(status) => return Ok(wrong_state(status)),
    };
    let (id, no_webhook) = match told {
        Ok(id) => (Some(id), None),
        Err(why) => (None, Some(why)),
    };
    let webhook = settled(&shared, id).await;
    Ok(ok(
        &json!({"call": call, "webhook": webhook, "no_webhook": no_webhook}),
    ))
}

/// Whoever is rung declines, or either side hangs up.
pub(super) async fn end_call(State(shared): App, Path(id): Path<String>) -> Response {
    change_call(&shared, &id, false)
}

fn change_call(shared: &Shared, id: &str, accept: bool) -> Response {
    let mut core = shared.change();
    core.platform.tick();
    let Some(number) = call_number(&core, id) else {
        return Problem::unknown("call").into_response();
    };
    let platform = &mut core.platform;
    let changed = if accept {
        platform.accept(number)
    } else {
        platform.end(number)
    };
    let call = json!(platform.calls().get(number));
    match changed {
        Ok(()) => ok(&call),
        Err(status) => wrong_state(status),
    }
}

/// A call's number, by its id or its number.
fn call_number(core: &Core, id: &str) -> Option<u64> {
    let calls = core.platform.calls();
    let found = calls.find(id).or_else(|| calls.get(id.parse().ok()?));
    found.map(|call| call.id)
}

fn wrong_state(status: CallStatus) -> Response {
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
