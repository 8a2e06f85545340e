//! What is said, to whom, and how.

pub(crate) mod body;
mod button;
pub(crate) mod fields;
mod options;
mod parts;
mod recipient;
mod request;
mod template;
mod wire_enum;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::button::{Button, ButtonType};
pub use self::fields::Extra;
pub(crate) use self::fields::whole_number;
pub use self::options::{MessageTag, MessagingType, NotificationType, SendOptions};
pub use self::parts::{ButtonParts, ElementParts, MessageParts};
pub use self::recipient::Recipient;
pub use self::request::Request;
pub use self::template::{ButtonTemplate, CallPrompt, Element, GenericTemplate, Template};

use self::fields::{Fields, Writer};
use crate::names::{self, REQUEST};

/// A message: a template with its buttons, or anything else in wire form.
///
/// ```
/// use callcta::{Button, Element, Message};
///
/// let card = Message::generic([Element::new("Contact Support!")
///     .button(Button::web_url("View Website", "https://example.com"))
///     .button(Button::audio_call("Call Now").expires_in_days(5))]);
/// assert!(card.validate().is_empty());
/// ```
///
/// [`from_json`](Message::from_json) and [`to_json`](Message::to_json) lose
/// nothing: fields, types and templates that callcta doesn't know are kept and
/// written out again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Message {
    pub(crate) template: Option<Template>,
    /// Fields beside `payload` in the attachment; `type` is left out when it is
    /// `template`.
    pub(crate) attachment_extra: Extra,
    pub(crate) metadata: Option<String>,
    pub(crate) extra: Extra,
}

impl Message {
    /// A generic template with 1 to 10 cards.
    pub fn generic(elements: impl IntoIterator<Item = Element>) -> Self {
        GenericTemplate::new(elements).into()
    }

    /// A button template: a text of at most 640 characters with 1 to 3 buttons.
    pub fn buttons(text: impl Into<String>, buttons: impl IntoIterator<Item = Button>) -> Self {
        ButtonTemplate::new(text, buttons).into()
    }

    /// A call prompt with the platform's defaults; see [`CallPrompt`].
    pub fn call_prompt() -> Self {
        CallPrompt::new().into()
    }

    /// A request to be allowed to call the person: a card of the platform's own wording,
    /// with two buttons.
    pub fn calling_optin() -> Self {
        let template_type = ("template_type".to_owned(), "calling_optin".into());
        Template::Other(Map::from_iter([template_type])).into()
    }

    /// A message from its wire form: a `message` object, or a whole request body,
    /// of which the message is taken.
    pub fn raw(json: Map<String, Value>) -> Self {
        if is_request(&json) {
            return Request::raw(json).message;
        }
        Message::read(json)
    }

    pub(crate) fn read(json: Map<String, Value>) -> Self {
        let mut fields = Fields::new(json);
        let mut message = Message {
            metadata: fields.string("metadata"),
            ..Message::default()
        };
        if let Some(attachment) = fields.object("attachment") {
            message.read_attachment(attachment, &mut fields);
        }
        message.extra = fields.rest();
        message
    }

    /// Takes the attachment apart if it is a template's, else puts it back.
    fn read_attachment(&mut self, mut attachment: Map<String, Value>, fields: &mut Fields) {
        let is_template = attachment.get("type").and_then(Value::as_str) == Some("template");
        match attachment.get_mut("payload") {
            Some(Value::Object(payload)) if is_template => {
                self.template = Some(Template::raw(std::mem::take(payload)));
                attachment.remove("payload");
                attachment.remove("type");
                self.attachment_extra = attachment;
            }
            _ => fields.put("attachment", Value::Object(attachment)),
        }
    }

    /// The `message` object as JSON, to be read again by
    /// [`from_json`](Message::from_json).
    ///
    /// A message that would then be taken for a whole request, since it has a field
    /// named `recipient` or `message` among its further ones, is written as one:
    /// `{"message": …}`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a message has only string keys")
    }

    /// The same as a JSON value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a message has only string keys")
    }

    /// Sets `metadata`: a text that comes back in the message's echo, fewer than
    /// 1000 characters.
    pub fn metadata(mut self, metadata: impl Into<String>) -> Self {
        self.metadata = Some(metadata.into());
        self
    }

    /// Sets a field of the `message` object that callcta has no method for. One that
    /// has a method, or the attachment of a template, is no further field: checking
    /// refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// The template, if the message is one.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The template to change, if the message is one.
    ///
    /// ```
    /// use callcta::{Button, Message, Template};
    ///
    /// let mut message = Message::buttons("Contact Support!", []);
    /// if let Some(Template::Button(template)) = message.template_mut() {
    ///     *template = std::mem::take(template).button(Button::audio_call("Call Now"));
    /// }
    /// assert!(message.validate().is_empty());
    /// ```
    pub fn template_mut(&mut self) -> Option<&mut Template> {
        self.template.as_mut()
    }

    /// The message object with another `metadata`, borrowed.
    pub(crate) fn with_metadata<'a>(&'a self, metadata: Option<&'a str>) -> MessageWire<'a> {
        MessageWire {
            message: self,
            metadata: metadata.or(self.metadata.as_deref()),
        }
    }
}

impl From<Template> for Message {
    fn from(template: Template) -> Self {
        Message {
            template: Some(template),
            ..Message::default()
        }
    }
}

impl From<GenericTemplate> for Message {
    fn from(template: GenericTemplate) -> Self {
        Template::Generic(template).into()
    }
}

impl From<ButtonTemplate> for Message {
    fn from(template: ButtonTemplate) -> Self {
        Template::Button(template).into()
    }
}

impl From<CallPrompt> for Message {
    fn from(template: CallPrompt) -> Self {
        Template::CallPrompt(template).into()
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = self.with_metadata(None);
        if !self.extra.is_empty() {
            let typed = self.template.is_some() || self.metadata.is_some();
            let mut names = names::MESSAGE.names();
            let has_content = typed || names.any(|name| self.extra.contains_key(name));
            if reads_as_request(&self.extra, has_content) {
                return serializer.collect_map([("message", wire)]);
            }
        }
        wire.serialize(serializer)
    }
}

/// A message as it is written, with the metadata that the options may set.
pub(crate) struct MessageWire<'a> {
    message: &'a Message,
    metadata: Option<&'a str>,
}

impl Serialize for MessageWire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Writer::new(serializer, &self.message.extra)?;
        if let Some(template) = &self.message.template {
            let extra = &self.message.attachment_extra;
            out.set("attachment", &Attachment { template, extra })?;
        }
        out.opt("metadata", self.metadata)?;
        out.end()
    }
}

struct Attachment<'a> {
    template: &'a Template,
    extra: &'a Extra,
}

impl Serialize for Attachment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Writer::new(serializer, self.extra)?;
        out.set("type", "template")?;
        out.set("payload", self.template)?;
        out.end()
    }
}

/// Whether the object is a whole request rather than a message: one with a recipient,
/// with a message inside, or with other fields of a request but none of a message.
pub(crate) fn is_request(object: &Map<String, Value>) -> bool {
    reads_as_request(
        object,
        names::MESSAGE.names().any(|name| object.contains_key(name)),
    )
}

fn reads_as_request(object: &Map<String, Value>, has_content: bool) -> bool {
    // A bare attachment has a payload, too.
    let mut own = REQUEST.names().filter(|name| *name != "payload");
    object.contains_key("recipient")
        || object.get("message").is_some_and(Value::is_object)
        || !has_content && own.any(|name| object.contains_key(name))
}
