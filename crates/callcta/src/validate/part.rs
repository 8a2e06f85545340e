//! Parts of a message that stand where they don't belong. Whatever they are is said,
//! and what is inside is checked all the same.

use serde_json::{Map, Value};

use super::checker::Checker;
use crate::message::{Button, ButtonType, Element, Message, Template};
use crate::names::ATTACHMENT_TYPES;
use crate::near::surely;
use crate::path::Path;
use crate::violation::Rule;

/// What an object looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Request,
    Message,
    Attachment,
    Payload,
    Element,
    Button,
    QuickReply,
}

impl Part {
    /// What the object can only be, by the names of its fields.
    pub(super) fn of(object: &Map<String, Value>) -> Option<Self> {
        let has = |name: &str| object.contains_key(name);
        let kind = object.get("type").and_then(Value::as_str);
        let is_button = |kind| surely(kind, ButtonType::KNOWN).is_some();
        if has("template_type") {
            return Some(Part::Payload);
        }
        if has("attachment") {
            return Some(Part::Message);
        }
        if has("recipient") || object.get("message").is_some_and(Value::is_object) {
            return Some(Part::Request);
        }
        if object.get("payload").is_some_and(Value::is_object) {
            return Some(Part::Attachment);
        }
        match kind {
            Some(kind) if ATTACHMENT_TYPES.contains(&kind) => return Some(Part::Attachment),
            Some(kind) if is_button(kind) => return Some(Part::Button),
            _ => {}
        }
        if has("elements") || has("text") && has("buttons") {
            Some(Part::Payload)
        } else if has("content_type") {
            Some(Part::QuickReply)
        } else if has("subtitle") || has("image_url") || has("default_action") || has("buttons") {
            Some(Part::Element)
        } else if kind.is_some() && has("title") {
            Some(Part::Button)
        } else if has("text") || has("quick_replies") {
            Some(Part::Message)
        } else {
            None
        }
    }

    fn what(self) -> &'static str {
        match self {
            Part::Request => "a whole request",
            Part::Message => "a message",
            Part::Attachment => "an attachment",
            Part::Payload => "the payload of a template",
            Part::Element => "an element",
            Part::Button => "a button",
            Part::QuickReply => "a quick reply",
        }
    }

    pub(super) fn home(self) -> &'static str {
        match self {
            Part::Request => "a request of its own",
            Part::Message => "the message of a request",
            Part::Attachment => "message.attachment",
            Part::Payload => "message.attachment.payload",
            Part::Element => "message.attachment.payload.elements",
            Part::Button => "the buttons of an element or of a button template",
            Part::QuickReply => "message.quick_replies",
        }
    }
}

impl Checker {
    /// Whether the object is another part than it should be here, which is reported then.
    pub(super) fn is_misplaced(
        &mut self,
        path: &Path<'_>,
        object: &Map<String, Value>,
        expected: Part,
    ) -> bool {
        let Some(part) = Part::of(object).filter(|part| *part != expected) else {
            return false;
        };
        let message = format_args!("is {}, which belongs in {}", part.what(), part.home());
        self.error(path, Rule::Misplaced, message);
        self.part(path, part, object.clone());
        true
    }

    /// Checks what the value looks like, if it looks like anything.
    pub(super) fn by_shape(&mut self, path: &Path<'_>, value: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(part) = Part::of(object) {
                    self.part(path, part, object.clone());
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.by_shape(&Path::Index(path, index), item);
                }
            }
            _ => {}
        }
    }

    /// Checks what stands under a name that is known, though not here.
    pub(super) fn inside(&mut self, path: &Path<'_>, name: &str, value: &Value) {
        match (name, value) {
            ("buttons", Value::Array(items)) => {
                let buttons: Vec<_> = items.iter().cloned().map(Button::raw).collect();
                self.buttons(path, &buttons);
            }
            ("elements", Value::Array(items)) => {
                let elements: Vec<_> = items.iter().cloned().map(Element::raw).collect();
                self.elements(path, &elements);
            }
            ("quick_replies", Value::Array(items)) => self.quick_replies(path, items),
            ("default_action", Value::Object(_)) => {
                self.default_action(path, &Button::raw(value.clone()));
            }
            ("message", Value::Object(object)) => self.part(path, Part::Message, object.clone()),
            ("attachment", Value::Object(object)) => self.attachment(path, object),
            _ => self.by_shape(path, value),
        }
    }

    fn part(&mut self, path: &Path<'_>, part: Part, object: Map<String, Value>) {
        match part {
            Part::Request => {
                if let Some(message) = object.get("message") {
                    self.inside(&path.field("message"), "message", message);
                }
            }
            Part::Message => self.message(path, &Message::read(object), None),
            Part::Attachment => self.attachment(path, &object),
            Part::Payload => self.template(path, &Template::raw(object)),
            Part::Element => self.element(path, &Element::raw(object.into())),
            Part::Button => self.button(path, &Button::raw(object.into())),
            Part::QuickReply => self.quick_reply(path, &object.into()),
        }
    }
}
