//! A send's parameters.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::content;
use super::parts::{Content, MessagingType, Recipient, Send, Tag};
use super::place::{only_keys, refuse, required, type_error};
use crate::graph::params::Params;
use crate::graph::refusal::{GraphError, Refusal, Refused, shown};
use crate::platform::Unverified;

/// Checks everything that can be checked without the state.
pub(crate) fn send<'a>(params: &'a Params, rules: &Unverified) -> Result<Send<'a>, Refused> {
    let map = &params.map;
    let recipient = recipient(params, rules)?;
    let (messaging_type, tag) = messaging_type_and_tag(map, rules)?;
    choice(
        map,
        "notification_type",
        &["REGULAR", "SILENT_PUSH", "NO_PUSH"],
    )?;
    if let Some(persona) = map.get("persona_id")
        && !persona.is_string()
    {
        return Err(type_error("persona_id", "persona_id", "a string", persona));
    }
    let reply_to = reply_to(map)?;
    let action = choice(
        map,
        "sender_action",
        &[
            "typing_on",
            "typing_off",
            "mark_seen",
            "react",
            "unreact",
            "TYPING_ON",
            "TYPING_OFF",
            "MARK_SEEN",
            "REACT",
            "UNREACT",
        ],
    )?;
    let content = match (action, map.get("message")) {
        (Some(_), Some(_)) => {
            return Err(refuse(
                100,
                Some(2_018_014),
                "Cannot send message and state together",
                "message_and_action",
                "sender_action",
                "a request holds either message or sender_action; both were sent",
            ));
        }
        (None, None) => {
            return Err(refuse(
                100,
                Some(2_018_015),
                "Must send either message or state",
                "message_required",
                "message",
                "neither message nor sender_action was sent",
            ));
        }
        (Some(_), None) => Content::Action,
        (None, Some(message)) => {
            let has_file = !params.files.is_empty();
            content::check(message, messaging_type, has_file, rules)?
        }
    };
    if tag == Some(Tag::CustomerFeedback) && content != Content::CustomerFeedback {
        return Err(refuse(
            100,
            None,
            "Tag CUSTOMER_FEEDBACK can only be used with the customer feedback template",
            "tag_needs_feedback_template",
            "tag",
            "CUSTOMER_FEEDBACK goes only with a template of type customer_feedback",
        ));
    }
    if content == Content::AudioCall {
        let named = !matches!(recipient, Recipient::Psid(_));
        if named && !rules.audio_call_without_psid {
            return Err(refuse(
                100,
                None,
                "Buttons of type audio_call need a recipient with an id",
                "audio_call_needs_psid",
                "recipient",
                "configured: audio_call_without_psid is false",
            ));
        }
    }
    let utility = (messaging_type == Some(MessagingType::Utility))
        .then(|| map.get("message")?.get("template")?.get("name")?.as_str())
        .flatten();
    Ok(Send {
        recipient,
        content,
        messaging_type,
        tag,
        reply_to,
        utility,
    })
}

/// Checks the attachment that is to be uploaded without being sent.
pub(in crate::graph) fn attachment(params: &Params, rules: &Unverified) -> Result<(), Refused> {
    let attachment = params.map.get("message").and_then(|m| m.get("attachment"));
    let Some(attachment) = attachment else {
        let detail = params.unread.clone();
        return Err(required(
            "message[attachment]",
            "message.attachment",
            detail.unwrap_or_else(|| "no attachment was sent".into()),
        ));
    };
    content::attachment(attachment, !params.files.is_empty(), rules).map(|_| ())
}

fn recipient<'a>(params: &'a Params, rules: &Unverified) -> Result<Recipient<'a>, Refused> {
    let Some(value) = params.map.get("recipient") else {
        let detail = params
            .unread
            .clone()
            .unwrap_or_else(|| "no parameter recipient was sent".into());
        return Err(required("recipient", "recipient", detail));
    };
    let Some(object) = value.as_object() else {
        return Err(type_error("recipient", "recipient", "an object", value));
    };
    if let Some(id) = object.get("id") {
        let text = match id {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(number) if rules.numeric_recipient_id => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(""),
        };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse(
                100,
                None,
                "Param recipient[id] must be a valid ID string (e.g., \"123\")",
                "recipient_id_digits",
                "recipient.id",
                format!("a PSID is plain digits; {} was sent", shown(Some(id))),
            ));
        }
        only_keys(object, &["id"], "recipient", "recipient", rules)?;
        return Ok(Recipient::Psid(text));
    }
    for (key, build) in [
        (
            "user_ref",
            Recipient::UserRef as fn(&'a str) -> Recipient<'a>,
        ),
        ("comment_id", Recipient::CommentId),
        ("post_id", Recipient::PostId),
    ] {
        if let Some(named) = object.get(key) {
            only_keys(object, &[key], "recipient", "recipient", rules)?;
            return match named.as_str() {
                Some(text) if !text.is_empty() => Ok(build(text)),
                _ => Err(type_error(
                    &format!("recipient[{key}]"),
                    &format!("recipient.{key}"),
                    "a non-empty string",
                    named,
                )),
            };
        }
    }
    if object.contains_key("phone_number") {
        let message =
            "(#230) Requires pages_messaging_phone_number permission to manage the object";
        return Err(GraphError::new(
            230,
            None,
            message,
            Refusal {
                rule: "recipient_phone_number",
                path: "recipient.phone_number".into(),
                detail: "no token of the emulator has pages_messaging_phone_number".into(),
            },
        ));
    }
    Err(required(
        "recipient[id]",
        "recipient.id",
        format!(
            "recipient needs id, user_ref, comment_id or post_id; {} was sent",
            shown(Some(value))
        ),
    ))
}

fn messaging_type_and_tag(
    map: &Map<String, Value>,
    rules: &Unverified,
) -> Result<(Option<MessagingType>, Option<Tag>), Refused> {
    let kind = match choice(
        map,
        "messaging_type",
        &["RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"],
    )? {
        None if rules.messaging_type_required && !map.contains_key("sender_action") => {
            return Err(required(
                "messaging_type",
                "messaging_type",
                "configured: messaging_type_required is true".into(),
            ));
        }
        None => None,
        Some("RESPONSE") => Some(MessagingType::Response),
        Some("UPDATE") => Some(MessagingType::Update),
        Some("UTILITY") => Some(MessagingType::Utility),
        Some(_) => Some(MessagingType::MessageTag),
    };
    let tag = match map.get("tag").map(Value::as_str) {
        None => None,
        Some(Some("HUMAN_AGENT")) => Some(Tag::HumanAgent),
        Some(Some("CUSTOMER_FEEDBACK")) => Some(Tag::CustomerFeedback),
        Some(Some(
            retired @ ("ACCOUNT_UPDATE" | "CONFIRMED_EVENT_UPDATE" | "POST_PURCHASE_UPDATE"),
        )) => {
            return Err(refuse(
                100,
                None,
                &format!("Message tag {retired} is no longer supported"),
                "tag_retired",
                "tag",
                format!("{retired} has been refused since 27 April 2026"),
            ));
        }
        Some(_) => {
            return Err(refuse(
                100,
                None,
                "Param tag must be one of {HUMAN_AGENT, CUSTOMER_FEEDBACK}",
                "tag_unknown",
                "tag",
                format!("{} is not a message tag", shown(map.get("tag"))),
            ));
        }
    };
    match (kind, tag) {
        (Some(MessagingType::MessageTag), None) => Err(required(
            "tag",
            "tag",
            "messaging_type MESSAGE_TAG needs a tag".into(),
        )),
        (Some(MessagingType::MessageTag), Some(_)) | (_, None) => Ok((kind, tag)),
        (_, Some(_)) => Err(refuse(
            100,
            None,
            "A tag needs messaging_type MESSAGE_TAG",
            "tag_without_message_tag",
            "tag",
            format!(
                "a tag goes with messaging_type MESSAGE_TAG; messaging_type was {}",
                shown(map.get("messaging_type"))
            ),
        )),
    }
}

fn reply_to(map: &Map<String, Value>) -> Result<Option<&str>, Refused> {
    let Some(value) = map.get("reply_to") else {
        return Ok(None);
    };
    match value.get("mid").and_then(Value::as_str) {
        Some(mid) if !mid.is_empty() => Ok(Some(mid)),
        _ => Err(required(
            "reply_to[mid]",
            "reply_to.mid",
            format!(
                "reply_to is {{\"mid\": …}}; {} was sent",
                shown(Some(value))
            ),
        )),
    }
}

/// An enum parameter at the top of the request.
fn choice<'a>(
    map: &'a Map<String, Value>,
    name: &str,
    allowed: &[&str],
) -> Result<Option<&'a str>, Refused> {
    let Some(value) = map.get(name) else {
        return Ok(None);
    };
    match value.as_str() {
        Some(text) if allowed.contains(&text) => Ok(Some(text)),
        _ => Err(refuse(
            100,
            None,
            &format!("Param {name} must be one of {{{}}}", allowed.join(", ")),
            "enum_value",
            name,
            format!(
                "{} is not one of {}",
                shown(Some(value)),
                allowed.join(", ")
            ),
        )),
    }
}
