use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::body::Body;
use super::fields::Fields;
use super::{Message, Recipient, SendOptions};

/// A whole request body: recipient, message and options.
///
/// ```
/// use callcta::Request;
///
/// let json = r#"{"recipient":{"id":"1254477777772919"},"message":{"text":"hi"}}"#;
/// assert_eq!(Request::from_json(json)?.to_json(), json);
/// # Ok::<(), callcta::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Who it goes to; `None` when the JSON doesn't say.
    pub recipient: Option<Recipient>,
    /// What is said.
    pub message: Message,
    /// The other top-level fields.
    pub options: SendOptions,
}

impl Request {
    /// A request of its parts.
    pub fn new(recipient: impl Into<Recipient>, message: Message, options: SendOptions) -> Self {
        Request {
            recipient: Some(recipient.into()),
            message,
            options,
        }
    }

    /// A request from its wire form. A bare `message` object is a request without
    /// a recipient.
    pub fn raw(json: Map<String, Value>) -> Self {
        if !super::is_request(&json) {
            return Request {
                message: Message::read(json),
                ..Request::default()
            };
        }
        let mut fields = Fields::new(json);
        let mut options = SendOptions {
            messaging_type: fields.string("messaging_type").map(Into::into),
            tag: fields.string("tag").map(Into::into),
            notification_type: fields.string("notification_type").map(Into::into),
            persona_id: fields.string("persona_id"),
            ..SendOptions::default()
        };
        if let Some(mut reply_to) = fields.object("reply_to") {
            match (reply_to.len(), reply_to.get_mut("mid")) {
                (1, Some(Value::String(mid))) => options.reply_to = Some(std::mem::take(mid)),
                _ => fields.put("reply_to", Value::Object(reply_to)),
            }
        }
        let recipient = fields.object("recipient").map(Recipient::from_map);
        let message = fields
            .object("message")
            .map(Message::read)
            .unwrap_or_default();
        options.extra = fields.rest();
        Request {
            recipient,
            message,
            options,
        }
    }

    /// The request body as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a request has only string keys")
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Body {
            recipient: self.recipient.as_ref(),
            message: &self.message,
            options: &self.options,
            parameters: &[],
        }
        .serialize(serializer)
    }
}
