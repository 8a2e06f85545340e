//! The rules of what a message holds: a text, an attachment, quick replies, the template
//! of a utility message.

use serde_json::{Map, Value};

use super::checker::{Checker, string};
use super::part::Part;
use crate::limits::{
    ATTACHMENTS_MAX, METADATA_MAX, QUICK_REPLIES_MAX, QUICK_REPLIES_MIN, QUICK_REPLY_PAYLOAD_MAX,
    QUICK_REPLY_TITLE_MAX, TEXT_MAX,
};
use crate::message::{Extra, Message, Template};
use crate::names::{
    ASSET, ASSET_TYPES, ATTACHMENT, ATTACHMENT_TYPES, CONTENT_TYPES, LANGUAGE, MESSAGE,
    QUICK_REPLY, UTILITY,
};
use crate::near::surely;
use crate::path::Path;
use crate::violation::{A_BOOLEAN, A_STRING, AN_ARRAY, AN_OBJECT, Rule, Severity};

impl Checker {
    pub(super) fn message(&mut self, path: &Path<'_>, message: &Message, metadata: Option<&str>) {
        let extra = &message.extra;
        let lone = message.template.is_none();
        if !(lone && is_another(extra) && self.is_misplaced(path, extra, Part::Message)) {
            self.content(path, message);
        }
        if let Some(metadata) = metadata.or(message.metadata.as_deref()) {
            let path = path.field("metadata");
            self.length(&path, metadata, METADATA_MAX, Severity::Error);
        }
    }

    fn content(&mut self, path: &Path<'_>, message: &Message) {
        let extra = &message.extra;
        if !extra.is_empty() {
            self.further(path, extra, &[&MESSAGE]);
        }
        let place = path.field("attachment");
        if let Some(template) = &message.template {
            if let Some(attachment) = extra.get("attachment") {
                self.own(&place, AN_OBJECT, attachment);
            }
            self.fields(&place, &message.attachment_extra, &[&ATTACHMENT]);
            self.template(&place.field("payload"), template);
        } else {
            match extra.get("attachment") {
                None => {}
                Some(Value::Object(attachment)) => self.attachment(&place, attachment),
                Some(other) => self.wrong_type(&place, AN_OBJECT, other),
            }
        }
        let attached = message.template.is_some() || extra.contains_key("attachment");
        if extra.is_empty() {
            if !attached {
                self.error(path, Rule::Required, "must have an attachment or a text");
            }
            return;
        }
        self.message_text(path, extra, attached);
        if let Some(attachments) = extra.get("attachments") {
            self.attachments(&path.field("attachments"), attachments);
        }
        if let Some(replies) = extra.get("quick_replies") {
            let path = path.field("quick_replies");
            match replies {
                Value::Array(replies) => {
                    let limits = (QUICK_REPLIES_MIN, QUICK_REPLIES_MAX);
                    self.count(&path, replies.len(), limits, "quick reply");
                    self.quick_replies(&path, replies);
                }
                other => self.wrong_type(&path, AN_ARRAY, other),
            }
        }
        if let Some(template) = extra.get("template") {
            self.utility(&path.field("template"), template);
        }
    }

    fn message_text(&mut self, path: &Path<'_>, extra: &Extra, attached: bool) {
        let place = path.field("text");
        let pictured = extra
            .get("attachments")
            .is_some_and(|list| list != &Value::Array(Vec::new()));
        let others = pictured || extra.contains_key("sticker_id") || extra.contains_key("template");
        match extra.get("text") {
            None if attached || others => {}
            None => self.error(path, Rule::Required, "must have an attachment or a text"),
            Some(Value::String(_)) if attached => {
                let message = "does not go with an attachment: a message has one or the other";
                self.error(&place, Rule::NotAllowed, message);
            }
            Some(Value::String(text)) if text.is_empty() && !others => self.required_text(&place),
            Some(Value::String(text)) => self.length(&place, text, TEXT_MAX, Severity::Error),
            Some(other) => self.wrong_type(&place, A_STRING, other),
        }
    }

    /// An attachment as it stands on the wire.
    pub(super) fn attachment(&mut self, path: &Path<'_>, attachment: &Map<String, Value>) {
        if self.is_misplaced(path, attachment, Part::Attachment) {
            return;
        }
        self.fields(path, attachment, &[&ATTACHMENT]);
        let place = path.field("type");
        let kind = match attachment.get("type") {
            None => return self.error(&place, Rule::Required, "is required"),
            Some(Value::String(kind)) => kind,
            Some(other) => return self.wrong_type(&place, A_STRING, other),
        };
        self.value(&place, kind, ATTACHMENT_TYPES);
        let Some(meant) = surely(kind, ATTACHMENT_TYPES) else {
            return self.not_checked(path);
        };
        let path = path.field("payload");
        match attachment.get("payload") {
            None => self.error(&path, Rule::Required, "is required"),
            Some(Value::Object(payload)) if ASSET_TYPES.contains(&meant) => {
                self.fields(&path, payload, &[&ASSET]);
                self.source(&path, payload);
                self.typed(&path, payload, "is_reusable", A_BOOLEAN);
            }
            Some(Value::Object(payload)) => {
                self.template(&path, &Template::raw(payload.clone()));
            }
            Some(other) => self.wrong_type(&path, AN_OBJECT, other),
        }
    }

    fn attachments(&mut self, path: &Path<'_>, attachments: &Value) {
        let Value::Array(attachments) = attachments else {
            return self.wrong_type(path, AN_ARRAY, attachments);
        };
        if attachments.is_empty() {
            // Nobody says what becomes of it.
            self.warning(path, Rule::TooFew, "is an empty list");
        }
        self.count(path, attachments.len(), (0, ATTACHMENTS_MAX), "attachment");
        for (index, attachment) in attachments.iter().enumerate() {
            let path = Path::Index(path, index);
            match attachment {
                Value::Object(attachment) => self.attachment(&path, attachment),
                other => self.wrong_type(&path, AN_OBJECT, other),
            }
        }
    }

    pub(super) fn quick_replies(&mut self, path: &Path<'_>, replies: &[Value]) {
        for (index, reply) in replies.iter().enumerate() {
            self.quick_reply(&Path::Index(path, index), reply);
        }
    }

    pub(super) fn quick_reply(&mut self, path: &Path<'_>, reply: &Value) {
        let Value::Object(reply) = reply else {
            return self.wrong_type(path, AN_OBJECT, reply);
        };
        if self.is_misplaced(path, reply, Part::QuickReply) {
            return;
        }
        self.fields(path, reply, &[&QUICK_REPLY]);
        if !reply.contains_key("content_type") {
            self.required_text(&path.field("content_type"));
        }
        let kind = self.choice(path, reply, "content_type", CONTENT_TYPES);
        let is_text = kind == Some("text");
        let pictured = reply.contains_key("image_url");
        self.typed(path, reply, "image_url", A_STRING);
        if let Some(url) = string(reply, "image_url") {
            self.url(&path.field("image_url"), url);
        }
        for (name, max) in [
            ("title", QUICK_REPLY_TITLE_MAX),
            ("payload", QUICK_REPLY_PAYLOAD_MAX),
        ] {
            let place = path.field(name);
            match reply.get(name) {
                None if is_text => self.required_text(&place),
                None => {}
                // A picture can stand for either.
                Some(Value::String(text)) if text.is_empty() && is_text && !pictured => {
                    self.required_text(&place);
                }
                Some(Value::String(text)) => self.length(&place, text, max, Severity::Error),
                Some(Value::Number(_)) if name == "payload" => {}
                Some(other) => self.wrong_type(&place, A_STRING, other),
            }
        }
    }

    fn utility(&mut self, path: &Path<'_>, template: &Value) {
        let Value::Object(template) = template else {
            return self.wrong_type(path, AN_OBJECT, template);
        };
        self.fields(path, template, &[&UTILITY]);
        self.needs_text(path, template, "name");
        self.typed(path, template, "components", AN_ARRAY);
        if let Some(Value::Array(components)) = template.get("components")
            && !components.is_empty()
        {
            self.not_checked(&path.field("components"));
        }
        let path = path.field("language");
        match template.get("language") {
            None => self.error(&path, Rule::Required, "is required"),
            Some(Value::Object(language)) => {
                self.fields(&path, language, &[&LANGUAGE]);
                self.needs_text(&path, language, "code");
            }
            Some(other) => self.wrong_type(&path, AN_OBJECT, other),
        }
    }

    pub(super) fn needs_text(&mut self, path: &Path<'_>, object: &Extra, name: &str) {
        match object.get(name) {
            Some(Value::String(text)) if !text.is_empty() => {}
            None | Some(Value::String(_)) => self.required_text(&path.field(name)),
            Some(other) => self.wrong_type(&path.field(name), A_STRING, other),
        }
    }
}

/// Whether what should be a message can only be another part. A request in its place is
/// told by the field that it has.
fn is_another(object: &Extra) -> bool {
    Part::of(object).is_some_and(|part| !matches!(part, Part::Message | Part::Request))
}
