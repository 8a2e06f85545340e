//! `/{page}/calls`: signalling, without any media.

use serde_json::{Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param};
use super::refusal::{Refused, refuse};
use crate::platform::{
    CallDirection, CallStatus, CallingNumbers, ErrorCode, PhoneCall, Unverified,
};

/// `POST /{page}/calls`.
pub(super) fn signal(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    check_platform(context)?;
    let params = &context.params;
    let action = params.text("action").unwrap_or_default().to_owned();
    if action == "connect" {
        return connect(context, &caller);
    }
    if !["accept", "media_update", "reject", "terminate"].contains(&action.as_str()) {
        return Err(bad_param(
            "action",
            "call_action",
            "one of {accept, connect, media_update, reject, terminate}",
            params.map.get("action"),
        ));
    }
    context.platform.tick();
    let call = find_call(context, &caller.page_id)?;
    match action.as_str() {
        "accept" => {
            if call.direction == CallDirection::BusinessInitiated {
                return Err(numbered(
                    &context.platform.state().unverified,
                    2_018_394,
                    "Insufficient permission to join the call",
                    "call_not_incoming",
                    "the Page started this call; only the person can accept it",
                ));
            }
            let offer = offer(context)?;
            if call.status != CallStatus::Ringing {
                return Err(wrong_state(context, call.status));
            }
            let answer = context.platform.answer(&call.call_id, &offer);
            let answer = answer.ok_or_else(|| invalid_sdp(context))?;
            context
                .platform
                .accept(call.id)
                .map_err(|status| wrong_state(context, status))?;
            let answer = if context.platform.state().unverified.sdp_response_object {
                json!({"sdp_type": "answer", "sdp": answer})
            } else {
                json!(answer)
            };
            let body = json!({"success": true, "session": {"sdp_response": answer}});
            return Ok(Answer::json(200, body.to_string()).into());
        }
        "media_update" => {
            if call.status != CallStatus::Accepted {
                return Err(wrong_state(context, call.status));
            }
            check_tracks(context)?;
        }
        "reject" if call.status != CallStatus::Ringing => {
            return Err(wrong_state(context, call.status));
        }
        _ => context
            .platform
            .end(call.id)
            .map_err(|status| wrong_state(context, status))?,
    }
    Ok(Answer::json(200, "{\"success\":true}").into())
}

fn connect(context: &mut Context<'_>, caller: &auth::Caller) -> Handled {
    let offer = offer(context)?;
    let state = context.platform.state();
    let to = context.params.map.get("to");
    let Some(psid) = to.and_then(Value::as_str) else {
        return Err(bad_param("to", "required", "a PSID", to));
    };
    let Some(person) = state
        .people
        .get(psid)
        .filter(|p| state.page_of(p) == caller.page_id && !caller.foreign_token)
    else {
        return Err(no_user("to"));
    };
    check_enabled(context, &caller.page_id)?;
    let now = context.platform.now();
    if person
        .call_permission_until
        .is_none_or(|until| until <= now)
    {
        return Err(numbered(
            &state.unverified,
            2_018_394,
            "Insufficient permission to call this person",
            "call_permission",
            "the person has given no permission to be called, or it has expired",
        ));
    }
    let psid = psid.to_owned();
    let (id, _) = context.platform.ring(
        &caller.page_id,
        &psid,
        CallDirection::BusinessInitiated,
        None,
    );
    let call_id = context
        .platform
        .calls()
        .get(id)
        .map(|call| call.call_id.clone())
        .unwrap_or_default();
    let Some(answer) = context.platform.answer(&call_id, &offer) else {
        let _ = context.platform.end(id);
        return Err(invalid_sdp(context));
    };
    let body = json!({
        "success": true,
        "id": call_id,
        "session": {"sdp_response": {"sdp_type": "answer", "sdp": answer}},
    });
    Ok(Answer::json(200, body.to_string()).into())
}

/// Calls are Messenger's, if it is said whose they are.
pub(super) fn check_platform(context: &Context<'_>) -> Result<(), Refused> {
    let sent = context.params.map.get("platform");
    let own = |platform: &Value| {
        let platform = platform.as_str();
        platform.is_some_and(|platform| platform.eq_ignore_ascii_case("messenger"))
    };
    if sent.is_none_or(own) {
        return Ok(());
    }
    Err(bad_param("platform", "platform", "messenger", sent))
}

pub(super) fn find_call(context: &Context<'_>, page_id: &str) -> Result<PhoneCall, Refused> {
    let platform = &*context.platform;
    let sent = context.params.map.get("call_id");
    let Some(call_id) = sent.and_then(Value::as_str) else {
        return Err(bad_param("call_id", "required", "a call id", sent));
    };
    match platform.calls().find(call_id) {
        None => Err(numbered(
            &platform.state().unverified,
            2_018_390,
            "Invalid call id",
            "call_unknown",
            "there is no call with this id",
        )),
        Some(call) if call.page_id != page_id => Err(numbered(
            &platform.state().unverified,
            2_018_393,
            "The Page is not part of the call",
            "call_of_another_page",
            "the call is another Page's",
        )),
        Some(call) => Ok(call.clone()),
    }
}

/// The Page's offer (SDP).
fn offer(context: &Context<'_>) -> Result<String, Refused> {
    let rules = &context.platform.state().unverified;
    let session = context.params.map.get("session");
    let field = |name: &str| {
        session
            .and_then(|session| session.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if field("sdp_type").is_empty() || field("sdp").is_empty() {
        return Err(numbered(
            rules,
            2_018_391,
            "Connection parameter is empty",
            "session_required",
            "session needs sdp_type and sdp",
        ));
    }
    if field("sdp_type") != "offer" || !field("sdp").starts_with("v=0") {
        return Err(invalid_sdp(context));
    }
    Ok(field("sdp").to_owned())
}

fn invalid_sdp(context: &Context<'_>) -> Refused {
    numbered(
        &context.platform.state().unverified,
        2_018_392,
        "SDP is invalid",
        "sdp_invalid",
        "sdp_type is offer and sdp starts with v=0, or whoever takes part can't use it",
    )
}

fn check_tracks(context: &Context<'_>) -> Result<(), Refused> {
    let Some(tracks) = context.params.map.get("tracks") else {
        return Ok(());
    };
    let good = tracks.as_array().is_some_and(|list| {
        list.len() <= 4
            && list.iter().all(|track| {
                matches!(
                    track["label"].as_str(),
                    Some("default_audio" | "default_video" | "screen_audio" | "screen_video")
                ) && matches!(track["status"].as_str(), Some("enabled" | "disabled"))
            })
    });
    if good {
        return Ok(());
    }
    Err(bad_param(
        "tracks",
        "tracks",
        "at most 4 of {msid, label, status}",
        Some(tracks),
    ))
}

/// Whether the Page takes part in calls at all.
pub(super) fn check_enabled(context: &Context<'_>, page_id: &str) -> Result<(), Refused> {
    let state = context.platform.state();
    if state.pages[page_id].audio_enabled {
        return Ok(());
    }
    Err(refuse(
        state.unverified.call_settings_off,
        "Call Settings Not Enabled",
        "calling_not_enabled",
        "page-id",
        "the Page has audio_enabled false",
    ))
}

/// A call that is not where the action wants it.
fn wrong_state(context: &Context<'_>, status: CallStatus) -> Refused {
    let rules = &context.platform.state().unverified;
    match status {
        CallStatus::Failed => numbered(
            rules,
            2_018_395,
            "The call has failed",
            "call_failed",
            "the call was never accepted and is over",
        ),
        CallStatus::Completed => numbered(
            rules,
            2_018_396,
            "The call has ended",
            "call_ended",
            "the call is over",
        ),
        CallStatus::Accepted | CallStatus::Ringing => refuse(
            ErrorCode::new(100, None),
            "The call is not in a state that allows this action",
            "call_state",
            "action",
            format!("the call is {status:?}"),
        ),
    }
}

fn numbered(
    rules: &Unverified,
    number: i64,
    text: &str,
    rule: &'static str,
    detail: &str,
) -> Refused {
    let numbers = match rules.calling_numbers {
        CallingNumbers::Code => ErrorCode::new(number, None),
        CallingNumbers::Subcode => ErrorCode::new(100, Some(number)),
    };
    refuse(numbers, text, rule, "call_id", detail)
}

pub(super) fn no_user(path: &str) -> Refused {
    refuse(
        ErrorCode::new(100, Some(2_018_001)),
        "No matching user found",
        "recipient_unknown",
        path,
        "nobody has this PSID in conversation with the Page",
    )
}
