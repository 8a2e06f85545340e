//! What `message` holds.

use serde_json::{Map, Value};

use super::button;
use super::parts::{Content, MessagingType};
use super::place::{At, only_keys, refuse, refuse_unknown_keys, required, type_error};
use super::template;
use crate::graph::refusal::{Refused, shown};
use crate::platform::{UnknownKeys, Unverified};

const MESSAGE_KEYS: &[&str] = &[
    "text",
    "attachment",
    "attachments",
    "quick_replies",
    "metadata",
    "sticker_id",
    "template",
];
const TEXT_MAX: usize = 2000;
const METADATA_LIMIT: usize = 1000;

pub(super) fn check(
    value: &Value,
    kind: Option<MessagingType>,
    has_file: bool,
    rules: &Unverified,
) -> Result<Content, Refused> {
    let Some(message) = value.as_object() else {
        return Err(type_error("message", "message", "an object", value));
    };
    if rules.unknown_keys != UnknownKeys::Ignore {
        refuse_unknown_keys(message, MESSAGE_KEYS, "message", "message")?;
    }
    if let Some(metadata) = message.get("metadata") {
        match metadata.as_str() {
            Some(text) if rules.length_unit.count(text) < METADATA_LIMIT => {}
            Some(text) => {
                return Err(refuse(
                    100,
                    None,
                    "Length of param message[metadata] must be less than 1000",
                    "metadata_length",
                    "message.metadata",
                    format!(
                        "fewer than {METADATA_LIMIT} characters; {} were sent",
                        rules.length_unit.count(text)
                    ),
                ));
            }
            None => {
                return Err(type_error(
                    "message[metadata]",
                    "message.metadata",
                    "a string",
                    metadata,
                ));
            }
        }
    }
    if let Some(replies) = message.get("quick_replies")
        && !replies.is_array()
    {
        return Err(type_error(
            "message[quick_replies]",
            "message.quick_replies",
            "an array",
            replies,
        ));
    }
    if kind == Some(MessagingType::Utility) {
        utility_template(message)?;
        return Ok(Content::Plain);
    }
    let attached = ["attachment", "attachments"]
        .iter()
        .find(|key| message.contains_key(**key));
    if let (Some(attached), Some(text)) = (attached, message.get("text"))
        && text != ""
    {
        return Err(refuse(
            100,
            Some(2_018_018),
            "Only one of text or attachment can be specified",
            "text_and_attachment",
            "message.text",
            format!("either text or {attached}; both were sent"),
        ));
    }
    let text = match message.get("text") {
        None => false,
        Some(Value::String(text)) => {
            let length = rules.length_unit.count(text);
            if length > TEXT_MAX {
                return Err(refuse(
                    100,
                    None,
                    "Length of param message[text] must be less than or equal to 2000",
                    "text_length",
                    "message.text",
                    format!("at most {TEXT_MAX} characters; {length} were sent"),
                ));
            }
            !text.is_empty()
        }
        Some(other) => {
            return Err(type_error(
                "message[text]",
                "message.text",
                "a string",
                other,
            ));
        }
    };
    match message.get("attachment") {
        Some(value) => attachment(value, has_file, rules),
        None if text
            || message.contains_key("attachments")
            || message.contains_key("sticker_id") =>
        {
            Ok(Content::Plain)
        }
        None => Err(refuse(
            100,
            Some(2_018_034),
            "Message cannot be empty, must provide valid attachment or text",
            "message_empty",
            "message",
            format!(
                "message needs text or attachment; {} was sent",
                shown(Some(value))
            ),
        )),
    }
}

fn utility_template(message: &Map<String, Value>) -> Result<(), Refused> {
    let template = message.get("template");
    for field in ["name", "language"] {
        let found = template.and_then(|t| t.get(field));
        let good = match field {
            "name" => found.and_then(Value::as_str).is_some_and(|n| !n.is_empty()),
            _ => found
                .and_then(|l| l.get("code"))
                .is_some_and(Value::is_string),
        };
        if !good {
            return Err(required(
                &format!("message[template][{field}]"),
                &format!("message.template.{field}"),
                "messaging_type UTILITY needs message.template {name, language {code}}".into(),
            ));
        }
    }
    Ok(())
}

/// An attachment; `has_file` says that a file came with the request.
pub(super) fn attachment(
    value: &Value,
    has_file: bool,
    rules: &Unverified,
) -> Result<Content, Refused> {
    let graph = "message[attachment]";
    let wire = "message.attachment";
    let Some(attachment) = value.as_object() else {
        return Err(type_error(graph, wire, "an object", value));
    };
    only_keys(attachment, &["type", "payload"], graph, wire, rules)?;
    let Some(kind) = attachment.get("type") else {
        return Err(required(
            "message[attachment][type]",
            "message.attachment.type",
            "an attachment needs a type".into(),
        ));
    };
    let Some(payload) = attachment.get("payload") else {
        return Err(required(
            "message[attachment][payload]",
            "message.attachment.payload",
            "an attachment needs a payload".into(),
        ));
    };
    let Some(payload) = payload.as_object() else {
        return Err(type_error(
            "message[attachment][payload]",
            "message.attachment.payload",
            "an object",
            payload,
        ));
    };
    match kind.as_str() {
        Some("template") => template::check(payload, rules),
        Some("audio" | "file" | "image" | "video") => {
            media(payload, has_file)?;
            Ok(Content::Plain)
        }
        _ => Err(refuse(
            100,
            None,
            "Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}",
            "attachment_type",
            "message.attachment.type",
            format!("{} is not an attachment type", shown(Some(kind))),
        )),
    }
}

/// A file, the URL of one, or one that was uploaded before.
fn media(payload: &Map<String, Value>, has_file: bool) -> Result<(), Refused> {
    let at = At::Payload;
    match payload.get("url") {
        None => {}
        Some(Value::String(url)) => button::http_url(url, at, "url")?,
        Some(other) => return Err(at.type_error("url", "a string", other)),
    }
    let sources = [
        has_file,
        payload.contains_key("url"),
        payload.contains_key("attachment_id"),
    ];
    if sources.into_iter().filter(|is| *is).count() != 1 {
        return Err(refuse(
            100,
            None,
            "Exactly one of a file, url and attachment_id is required",
            "media_source",
            at.wire(""),
            "exactly one of a file, url and attachment_id",
        ));
    }
    Ok(())
}
