//! What happened in a conversation, in a few words, as lists and logs show it.

use serde_json::Value;

use crate::platform::{Action, AttachmentKind, CallStatus, PhoneCall, StoredMessage};

/// Longer words are cut.
const LONGEST: usize = 140;

/// A message as it was sent: its text, or what stands in its template.
pub(super) fn message(message: &StoredMessage) -> String {
    sent(message.body.get("message"))
}

/// The `message` parameter of a send.
pub(super) fn sent(message: Option<&Value>) -> String {
    let Some(message) = message else {
        return "(no message)".into();
    };
    let attachment = &message["attachment"];
    let payload = &attachment["payload"];
    let text = [
        &message["text"],
        &payload["text"],
        &payload["elements"][0]["title"],
    ]
    .into_iter()
    .find_map(|text| text.as_str().filter(|text| !text.trim().is_empty()));
    if let Some(text) = text {
        return cut(text);
    }
    match payload["template_type"].as_str() {
        Some("call_prompt") => "Call prompt".into(),
        Some("calling_optin") => "Call permission request".into(),
        Some(template) => format!("({})", cut(template)),
        None => match attachment["type"].as_str() {
            Some("image") => "Picture".into(),
            Some("audio") => "Recording".into(),
            Some("video") => "Film".into(),
            Some("file") => "File".into(),
            Some(other) => format!("({})", cut(other)),
            None => "(message)".into(),
        },
    }
}

/// What a person did.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Message { text } | Action::AdMessage { text } => cut(text),
        Action::Postback { title, .. } => format!("Tapped “{}”", cut(title)),
        Action::QuickReply { title, .. } => format!("Tapped the quick reply “{}”", cut(title)),
        Action::Attachment { kind, .. } => match kind {
            AttachmentKind::Image => "Sent a picture",
            AttachmentKind::Audio => "Sent a recording",
            AttachmentKind::Video => "Sent a film",
            AttachmentKind::File => "Sent a file",
        }
        .into(),
        Action::Sticker { .. } => "Sent a sticker".into(),
        Action::Reaction {
            reaction, remove, ..
        } => {
            let done = if *remove { "Took back" } else { "Reacted with" };
            format!("{done} {}", cut(reaction))
        }
        Action::Read => "Read everything".into(),
        Action::Referral { reference } => format!("Followed a link ({})", cut(reference)),
        Action::Comment { .. } => "Commented on a post".into(),
        Action::VisitorPost { .. } => "Posted on the Page".into(),
        Action::CallPermission { approve: true } => "Allowed calls".into(),
        Action::CallPermission { approve: false } => "Declined calls".into(),
        Action::Block { blocked: true } => "Blocked the Page".into(),
        Action::Block { blocked: false } => "Unblocked the Page".into(),
    }
}

/// How far a call got.
pub(super) fn call(call: &PhoneCall) -> &'static str {
    match call.status {
        CallStatus::Ringing => "Ringing…",
        CallStatus::Accepted => "Connected",
        CallStatus::Completed => "Call ended",
        CallStatus::Failed => "Not answered",
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_in_a_few_words() {
        for (body, words) in [
            (json!({"text": "Hello"}), "Hello"),
            (
                json!({"attachment": {"payload": {"text": "Choose"}}}),
                "Choose",
            ),
            (
                json!({"attachment": {"payload": {"elements": [{"title": "Order"}]}}}),
                "Order",
            ),
            (
                json!({"attachment": {"payload": {"template_type": "call_prompt"}}}),
                "Call prompt",
            ),
            (
                json!({"attachment": {"payload": {"template_type": "receipt"}}}),
                "(receipt)",
            ),
            (
                json!({"attachment": {"type": "image", "payload": {}}}),
                "Picture",
            ),
            (
                json!({"attachment": {"payload": {"elements": "none"}}}),
                "(message)",
            ),
            (json!({}), "(message)"),
            (json!("text"), "(message)"),
        ] {
            assert_eq!(sent(Some(&body)), words, "{body}");
        }
        let long = sent(Some(&json!({"text": "ü".repeat(1_000)})));
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
