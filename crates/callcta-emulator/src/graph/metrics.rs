//! `POST /{page}/call_metrics`: what a business measured in a call that is over.

use serde_json::Value;

use super::answer::Answer;
use super::auth;
use super::calling::{check_platform, find_call};
use super::context::{Context, Handled, bad_param};
use super::refusal::refuse;
use crate::platform::{CallStatus, DAY, ErrorCode};

pub(super) fn report(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    check_platform(context)?;
    if !context.params.map.contains_key("platform") {
        return Err(bad_param("platform", "required", "messenger", None));
    }
    context.platform.tick();
    let call = find_call(context, &caller.page_id)?;
    let sent = |name: &str| context.params.map.get(name);
    let reason = sent("end_call_reason");
    if reason.and_then(Value::as_str).is_none_or(str::is_empty) {
        let wanted = "why the call ended";
        return Err(bad_param("end_call_reason", "call_metrics", wanted, reason));
    }
    for name in ["call_ended_time", "first_audio_packet_received_time"] {
        let time = sent(name);
        let digits = |text: &str| text.parse::<i64>().is_ok();
        if !time.is_some_and(|time| time.is_i64() || time.as_str().is_some_and(digits)) {
            return Err(bad_param(name, "call_metrics", "an integer", time));
        }
    }
    let stats = sent("audio_stats");
    if !stats.is_some_and(Value::is_object) {
        return Err(bad_param("audio_stats", "call_metrics", "an object", stats));
    }
    let refused = |text: &str, detail: &str| {
        let code = ErrorCode::new(100, None);
        Err(refuse(code, text, "call_metrics", "call_id", detail))
    };
    if matches!(call.status, CallStatus::Ringing | CallStatus::Accepted) {
        return refused("The call is still in progress", "the call isn't over");
    }
    let now = context.platform.now();
    if call.ended_at.is_some_and(|ended| now - ended > DAY) {
        let detail = "the call ended more than 24 hours ago";
        return refused("It is too late to report metrics of this call", detail);
    }
    if !context.platform.measure(call.id) {
        let detail = "they were reported before";
        return refused("Metrics of this call were already reported", detail);
    }
    Ok(Answer::json(200, "{\"success\":true}").into())
}
