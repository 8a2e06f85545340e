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

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let options = self.options;
        let mut out = Writer::new(serializer, &options.extra)?;
        out.opt("recipient", self.recipient)?;
        out.opt(
            "messaging_type",
            options.messaging_type.as_ref().map(MessagingType::as_str),
        )?;
        // A sender action goes without a message, and an unreadable one is in `extra`.
        let metadata = options.metadata.as_deref();
        if metadata.is_some() || *self.message != Message::default() {
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
