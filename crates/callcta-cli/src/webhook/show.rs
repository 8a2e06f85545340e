//! An event in one line, for people.

use callcta::webhook::{Event, EventKind};

use crate::output::{DIM, GOOD, STRONG, WARN, plain, styled};

/// When, what, who, and what there is to say about it.
pub fn words(event: &Event) -> String {
    let time = event
        .time
        .and_then(|time| jiff::Timestamp::from_millisecond(time).ok())
        .map_or_else(|| "-".to_owned(), |time| format!("{time:.3}"));
    let style = match &event.kind {
        EventKind::Call(_) => GOOD,
        EventKind::Unknown { .. } => WARN,
        _ => STRONG,
    };
    let mut parts = vec![styled(DIM, time), styled(style, event.kind.name())];
    parts.extend(detail(&event.kind).map(|detail| plain(&detail).into_owned()));
    if let Some(psid) = &event.psid {
        parts.push(styled(DIM, format_args!("person {}", plain(psid))));
    }
    if let Some(page) = &event.page_id {
        parts.push(styled(DIM, format_args!("page {}", plain(page))));
    }
    if event.standby {
        parts.push(styled(DIM, "standby"));
    }
    parts.join("  ")
}

fn detail(kind: &EventKind) -> Option<String> {
    let joined = |parts: &[Option<&str>]| {
        let given = parts.iter().copied().flatten();
        let parts: Vec<&str> = given.filter(|part| !part.is_empty()).collect();
        Some(parts.join(" ")).filter(|text| !text.is_empty())
    };
    match kind {
        EventKind::Call(call) => {
            let end = call.end.as_ref();
            let version = call.version.map(|version| format!("version {version}"));
            let lasted = end
                .and_then(|end| end.duration)
                .map(|seconds| format!("{seconds} s"));
            joined(&[
                Some(call.event.as_str()),
                call.direction.as_deref(),
                call.status.as_deref(),
                version.as_deref(),
                end.and_then(|end| end.status.as_deref()),
                lasted.as_deref(),
                Some(&call.id),
            ])
        }
        EventKind::CallPermissionReply(reply) => Some(reply.response.clone()),
        EventKind::CallSettingsUpdate(settings) => {
            let audio = settings
                .audio_enabled
                .map(|on| format!("audio_enabled {on}"));
            let routing = settings.call_routing.as_deref();
            joined(&[audio.as_deref(), routing])
        }
        EventKind::Message(message) | EventKind::Echo(message) => {
            let with: Vec<&str> = message
                .attachments
                .iter()
                .map(|attachment| attachment.kind.as_str())
                .collect();
            let text = message.text.as_ref().map(|text| format!("{text:?}"));
            joined(&[text.as_deref(), Some(&with.join(" "))])
        }
        EventKind::Postback(postback) => {
            joined(&[postback.title.as_deref(), postback.payload.as_deref()])
        }
        EventKind::Reaction(reaction) => {
            joined(&[reaction.action.as_deref(), reaction.emoji.as_deref()])
        }
        EventKind::Referral(referral) => {
            joined(&[referral.source.as_deref(), referral.reference.as_deref()])
        }
        EventKind::Delivery(delivered) => {
            Some(delivered.message_ids.join(" ")).filter(|ids| !ids.is_empty())
        }
        EventKind::Unknown { reason } => Some(reason.clone()),
        _ => None,
    }
}
