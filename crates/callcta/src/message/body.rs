//! A request body as it is written.

use serde::{Serialize, Serializer};

use super::fields::{Extra, Writer};
use super::{Message, MessageTag, MessagingType, NotificationType, Recipient, SendOptions};

/// A request body, borrowed from its parts.
pub(crate) struct Body<'a> {
    pub(crate) recipient: Option<&'a Recipient>,
    pub(crate) message: &'a Message,
    pub(crate) options: &'a SendOptions,
    /// More top-level fields, such as the token when it travels in the body.
    pub(crate) parameters: &'a [(&'static str, &'a str)],
}

impl Body<'_> {
    /// Whether there is a message in it. A sender action goes without one, and an
    /// unreadable one is among the further fields.
    fn has_message(&self) -> bool {
        self.options.metadata.is_some() || *self.message != Message::default()
    }

    /// Whether it is a sender action and nothing else.
    pub(crate) fn is_sender_action(&self) -> bool {
        let further = |key| self.options.extra.contains_key(key);
        !self.has_message() && further("sender_action") && !further("message")
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let options = self.options;
        let mut out = Writer::new(serializer, &options.extra)?;
        out.opt("recipient", self.recipient)?;
        out.opt(
            "messaging_type",
            options.messaging_type.as_ref().map(MessagingType::as_str),
        )?;
        if self.has_message() {
            let metadata = options.metadata.as_deref();
            out.set("message", &self.message.with_metadata(metadata))?;
        }
        out.opt("tag", options.tag.as_ref().map(MessageTag::as_str))?;
        out.opt(
            "notification_type",
            options
                .notification_type
                .as_ref()
                .map(NotificationType::as_str),
        )?;
        out.opt("persona_id", options.persona_id.as_deref())?;
        out.opt(
            "reply_to",
            options.reply_to.as_deref().map(reply_to).as_ref(),
        )?;
        for (key, value) in self.parameters {
            out.set(key, value)?;
        }
        out.end()
    }
}

fn reply_to(mid: &str) -> Extra {
    Extra::from_iter([("mid".to_owned(), mid.into())])
}
