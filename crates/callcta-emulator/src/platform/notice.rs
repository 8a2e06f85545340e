//! What webhooks tell: each kind of event, the field to which an app subscribes for it, and its
//! JSON as Meta writes it.

use serde_json::{Value, json};

use super::action::Action;
use super::call::{CallDirection, PhoneCall};
use super::clock::DAY;
use super::message::StoredMessage;
use super::page::{Page, RingTarget};

/// Something that happened around a Page.
pub(super) enum Notice<'a> {
    /// A person did something.
    Action {
        psid: &'a str,
        action: &'a Action,
        /// The id of the message, if it is one.
        message_id: Option<&'a str>,
    },
    /// The Page wrote to a person: it is echoed to the app.
    Echo {
        message: &'a StoredMessage,
        app_id: &'a str,
    },
    /// The person's device has got a message of the Page.
    Delivered(&'a StoredMessage),
    /// A call rings.
    CallConnect(&'a PhoneCall),
    /// How far a call of the Page got: `ringing` or `accepted`.
    CallStatus(&'a PhoneCall, &'static str),
    /// The person changes what is sent in a call.
    CallMedia(&'a PhoneCall),
    /// A call is over.
    CallTerminate(&'a PhoneCall),
    /// The Page's call settings were changed.
    CallSettings(&'a Page),
}

impl Notice<'_> {
    /// The webhook field and what goes into `entry[]`; or why this makes no webhook for the Page,
    /// subscribed or not.
    pub(super) fn entry(
        &self,
        page_id: &str,
        page: &Page,
        at: i64,
    ) -> Result<(&'static str, Value), &'static str> {
        let (field, entry) = match self {
            Self::Action {
                psid,
                action,
                message_id,
            } => {
                let (field, content) = action_content(action, *message_id, at)?;
                (field, messaging(page_id, psid, field, &content, at))
            }
            Self::Echo { message, app_id } => {
                ("message_echoes", echo(message, app_id, page_id, at))
            }
            Self::Delivered(message) => {
                let content = json!({"delivery": {"mids": [message.message_id], "watermark": at}});
                let field = "message_deliveries";
                let psid = &message.recipient;
                (field, messaging(page_id, psid, field, &content, at))
            }
            Self::CallConnect(call) | Self::CallMedia(call) | Self::CallTerminate(call)
                if call.direction == CallDirection::UserInitiated
                    && page.call_routing == RingTarget::Meta =>
            {
                return Err("the Page routes calls to Meta's own inbox (call_routing META)");
            }
            Self::CallConnect(call) => ("calls", calls(page_id, &connect(call), at)),
            Self::CallStatus(call, status) => {
                ("calls", calls(page_id, &call_status(call, status, at), at))
            }
            Self::CallMedia(call) => ("calls", calls(page_id, &media_update(call, at), at)),
            Self::CallTerminate(call) => ("calls", calls(page_id, &terminate(call, at), at)),
            Self::CallSettings(page) => ("call_settings_update", call_settings(page_id, page, at)),
        };
        Ok((field, entry))
    }
}

/// An entry about a person and the Page.
fn messaging(page_id: &str, psid: &str, field: &str, content: &Value, at: i64) -> Value {
    // Unlike all others, this one stands in `entry` itself, and its time is in seconds.
    let bare = field == "call_permission_reply";
    let mut event = json!({
        "sender": {"id": psid},
        "recipient": {"id": page_id},
        "timestamp": if bare { at / 1000 } else { at },
    });
    for (key, value) in content.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    if bare {
        event
    } else {
        json!({"id": page_id, "time": at, "messaging": [event]})
    }
}

/// What the Page wrote, told to the app: sender and recipient have changed places.
fn echo(message: &StoredMessage, app_id: &str, page_id: &str, at: i64) -> Value {
    let sent = message.body.get("message");
    let mut echo = json!({
        "mid": message.message_id,
        "is_echo": true,
        // A number on the wire.
        "app_id": app_id.parse::<u64>().map_or_else(|_| json!(app_id), |id| json!(id)),
    });
    for key in [
        "metadata",
        "text",
        "quick_replies",
        "attachment",
        "attachments",
    ] {
        if let Some(value) = sent.and_then(|sent| sent.get(key)) {
            match key {
                // In a list, as those of people's messages are.
                "attachment" => echo["attachments"] = json!([value]),
                _ => echo[key] = value.clone(),
            }
        }
    }
    json!({"id": page_id, "time": at, "messaging": [{
        "sender": {"id": page_id},
        "recipient": {"id": message.recipient},
        "timestamp": at,
        "message": echo,
    }]})
}

fn calls(page_id: &str, event: &Value, at: i64) -> Value {
    json!({"id": page_id, "time": at / 1000, "calls": [event]})
}

/// What is common to a call's first and last event.
fn call_event(call: &PhoneCall, event: &str, at: i64) -> Value {
    let (from, to) = match call.direction {
        CallDirection::UserInitiated => (&call.psid, &call.page_id),
        CallDirection::BusinessInitiated => (&call.page_id, &call.psid),
    };
    json!({
        "id": call.call_id,
        "to": to,
        "from": from,
        "event": event,
        "timestamp": at / 1000,
        "call_direction": call.direction,
    })
}

fn connect(call: &PhoneCall) -> Value {
    call_event(call, "connect", call.started_at)
}

fn call_status(call: &PhoneCall, status: &str, at: i64) -> Value {
    json!({
        "id": call.call_id,
        "recipient_id": call.psid,
        "event": "call_status",
        "timestamp": at / 1000,
        "call_status": status,
    })
}

fn media_update(call: &PhoneCall, at: i64) -> Value {
    json!({
        "id": call.call_id,
        "event": "media_update",
        "timestamp": at / 1000,
        "session": {
            "version": call.media_version,
            "sdp_renegotiation": {"sdp_type": "offer", "sdp": call.offer},
        },
    })
}

fn terminate(call: &PhoneCall, at: i64) -> Value {
    let mut event = call_event(call, "terminate", at);
    event["status"] = match call.accepted_at {
        Some(_) => "Completed",
        None => "Failed",
    }
    .into();
    if let Some(accepted) = call.accepted_at {
        event["start_time"] = json!(accepted / 1000);
        event["end_time"] = json!(at / 1000);
        event["duration"] = json!(at.saturating_sub(accepted) / 1000);
    }
    event
}

fn call_settings(page_id: &str, page: &Page, at: i64) -> Value {
    json!({
        "id": page_id,
        "time": at / 1000,
        "call_settings": {
            "audio_enabled": page.audio_enabled,
            "icon_enabled": page.icon_enabled,
            // A plain string here, an object in the API.
            "call_routing": page.call_routing,
            "call_hours": page.call_hours.clone().unwrap_or_default(),
        },
    })
}

/// The webhook field of an action, and what its event holds.
fn action_content(
    action: &Action,
    message_id: Option<&str>,
    now: i64,
) -> Result<(&'static str, Value), &'static str> {
    let message = |content: Value| {
        let mut message = json!({"mid": message_id});
        for (key, value) in content.as_object().into_iter().flatten() {
            message[key] = value.clone();
        }
        ("messages", json!({"message": message}))
    };
    let attachment = |kind: &Value, payload: Value| {
        message(json!({"attachments": [{"type": kind, "payload": payload}]}))
    };
    Ok(match action {
        Action::Message { text } => message(json!({"text": text})),
        Action::AdMessage { text } => {
            message(json!({"text": text, "referral": {"source": "ADS", "type": "OPEN_THREAD"}}))
        }
        Action::QuickReply { title, payload } => {
            message(json!({"text": title, "quick_reply": {"payload": payload}}))
        }
        Action::Attachment { kind, url } => attachment(&json!(kind), json!({"url": url})),
        Action::Sticker { sticker_id } => {
            let url = format!("https://example.com/stickers/{sticker_id}.png");
            attachment(
                &json!("sticker"),
                json!({"url": url, "sticker_id": sticker_id}),
            )
        }
        Action::Postback { title, payload } => (
            "messaging_postbacks",
            json!({"postback": {"mid": message_id, "title": title, "payload": payload}}),
        ),
        Action::Read => ("message_reads", json!({"read": {"watermark": now}})),
        Action::Reaction {
            message_id,
            reaction,
            remove,
        } => {
            let action = if *remove { "unreact" } else { "react" };
            let reaction = json!({"mid": message_id, "action": action, "reaction": reaction});
            ("message_reactions", json!({"reaction": reaction}))
        }
        Action::Referral { reference } => (
            "messaging_referrals",
            json!({"referral": {"ref": reference, "source": "SHORTLINK", "type": "OPEN_THREAD"}}),
        ),
        Action::CallPermission { approve: true } => (
            "call_permission_reply",
            json!({"call_permission_reply": {"response": "approve",
                "expiration_timestamp": ((now + 7 * DAY) / 1000).to_string()}}),
        ),
        Action::CallPermission { approve: false } => (
            "call_permission_reply",
            json!({"call_permission_reply": {"response": "reject"}}),
        ),
        Action::Comment { .. } | Action::VisitorPost { .. } => {
            return Err("comments and posts are told by the Page's feed, which is not emulated");
        }
        Action::Block { .. } => return Err("Messenger tells nobody who was blocked"),
    })
}
