//! The rules of a whole request: recipient, options, and what a message holds.

use serde_json::Value;

use super::checker::{ATTACHMENT, Checker, MESSAGE, PAYLOAD, Path, is_digits};
use crate::limits::{METADATA_MAX, RETIRED_TAGS};
use crate::message::{Extra, Message, MessagingType, Recipient, Request, SendOptions};
use crate::violation::{A_STRING, AN_OBJECT, Rule, Severity, Violation};

impl Message {
    /// Everything that is wrong with the message, in the order of the wire form:
    /// [errors](Severity::Error) keep it from being sent,
    /// [warnings](Severity::Warning) don't.
    pub fn validate(&self) -> Vec<Violation> {
        let mut checker = Checker::default();
        checker.message(self, None);
        checker.found
    }
}

impl Request {
    /// Everything that is wrong with the request: recipient, message and options.
    pub fn validate(&self) -> Vec<Violation> {
        request(self.recipient.as_ref(), &self.message, &self.options)
    }
}

/// Checks a whole request.
pub(crate) fn request(
    recipient: Option<&Recipient>,
    message: &Message,
    options: &SendOptions,
) -> Vec<Violation> {
    let mut checker = Checker {
        deadline: options.deadline,
        ..Checker::default()
    };
    checker.recipient(recipient, &options.extra);
    let metadata = options.metadata.as_deref();
    let empty = metadata.is_none() && *message == Message::default();
    if empty && options.extra.contains_key("message") {
        checker.mistyped(&Path::Root, &options.extra, &[("message", AN_OBJECT)]);
    } else if !(empty && options.extra.contains_key("sender_action")) {
        checker.message(message, metadata);
    }
    checker.options(options);
    checker.found
}

impl Checker {
    fn recipient(&mut self, recipient: Option<&Recipient>, extra: &Extra) {
        const RECIPIENT: Path<'static> = Path::Field(&Path::Root, "recipient");
        let (name, value) = match recipient {
            None => {
                self.mistyped(&Path::Root, extra, &[("recipient", AN_OBJECT)]);
                if !extra.contains_key("recipient") {
                    self.error(&RECIPIENT, Rule::Required, "says who the message goes to");
                }
                return;
            }
            Some(Recipient::Other(object)) => {
                const KNOWN: [(&str, &str); 4] = [
                    ("id", A_STRING),
                    ("user_ref", A_STRING),
                    ("comment_id", A_STRING),
                    ("post_id", A_STRING),
                ];
                for (name, expected) in KNOWN {
                    if let Some(value) = object.get(name).filter(|value| !value.is_string()) {
                        let path = RECIPIENT.field(name);
                        self.found
                            .push(Violation::wrong_type(&path, expected, value));
                    }
                }
                if object.is_empty() {
                    self.error(&RECIPIENT, Rule::Required, "says who the message goes to");
                }
                let Some(Value::String(id)) = object.get("id") else {
                    return;
                };
                ("id", id)
            }
            Some(Recipient::Id(id)) => ("id", id),
            Some(Recipient::UserRef(value)) => ("user_ref", value),
            Some(Recipient::CommentId(value)) => ("comment_id", value),
            Some(Recipient::PostId(value)) => ("post_id", value),
        };
        let path = RECIPIENT.field(name);
        if value.is_empty() {
            self.error(&path, Rule::Required, "is required and must not be empty");
        } else if name == "id" && !is_digits(value) {
            self.error(
                &path,
                Rule::InvalidId,
                "must be a Page-scoped ID, which has digits only",
            );
        }
    }

    fn options(&mut self, options: &SendOptions) {
        const ROOT: Path<'static> = Path::Root;
        self.mistyped(
            &ROOT,
            &options.extra,
            &[
                ("messaging_type", A_STRING),
                ("tag", A_STRING),
                ("notification_type", A_STRING),
                ("persona_id", A_STRING),
                ("reply_to", "an object with a mid"),
            ],
        );
        let tagged = options.messaging_type == Some(MessagingType::MessageTag);
        match &options.tag {
            Some(tag) => {
                if RETIRED_TAGS.contains(&tag.as_str()) {
                    self.error(
                        &ROOT.field("tag"),
                        Rule::RetiredTag,
                        format!(
                            "{} no longer works; use the messaging type UTILITY with an approved template",
                            tag.as_str()
                        ),
                    );
                }
                if !tagged {
                    self.error(
                        &ROOT.field("messaging_type"),
                        Rule::TagMismatch,
                        "must be MESSAGE_TAG when a tag is given",
                    );
                }
            }
            None if tagged && !options.extra.contains_key("tag") => self.error(
                &ROOT.field("tag"),
                Rule::TagMismatch,
                "is required with the messaging type MESSAGE_TAG",
            ),
            None => {}
        }
    }

    fn message(&mut self, message: &Message, metadata: Option<&str>) {
        self.mistyped(&MESSAGE, &message.extra, &[("metadata", A_STRING)]);
        match &message.template {
            Some(template) => {
                self.template(template);
            }
            None => self.other_content(&message.extra),
        }
        if let Some(metadata) = metadata.or(message.metadata.as_deref()) {
            let path = MESSAGE.field("metadata");
            self.length(&path, metadata, METADATA_MAX, Severity::Error);
        }
    }

    /// A message that is no template: a text, a picture, or something unreadable.
    fn other_content(&mut self, extra: &Extra) {
        let Some(attachment) = extra.get("attachment") else {
            const CONTENT: [&str; 4] = ["text", "attachments", "sticker_id", "template"];
            if !CONTENT.iter().any(|key| extra.contains_key(*key)) {
                self.error(
                    &MESSAGE,
                    Rule::Required,
                    "must have an attachment or a text",
                );
            }
            return;
        };
        let Value::Object(attachment) = attachment else {
            let violation = Violation::wrong_type(&ATTACHMENT, AN_OBJECT, attachment);
            self.found.push(violation);
            return;
        };
        match attachment.get("type") {
            None => self.error(&ATTACHMENT.field("type"), Rule::Required, "is required"),
            Some(Value::String(kind)) if kind == "template" => match attachment.get("payload") {
                None => self.error(&PAYLOAD, Rule::Required, "is required"),
                Some(payload) => {
                    let violation = Violation::wrong_type(&PAYLOAD, AN_OBJECT, payload);
                    self.found.push(violation);
                }
            },
            Some(Value::String(_)) => {}
            Some(kind) => {
                let violation = Violation::wrong_type(&ATTACHMENT.field("type"), A_STRING, kind);
                self.found.push(violation);
            }
        }
    }
}
