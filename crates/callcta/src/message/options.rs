use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::fields::Extra;
use super::wire_enum::wire_enum;
use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::named::{Named, Setters, apply, find, names, setters, unknown};
use crate::names::REQUEST;

wire_enum! {
    /// Why a message is sent.
    MessagingType {
        /// `RESPONSE`: in answer to the person.
        Response = "RESPONSE",
        /// `UPDATE`: of the Page's own accord, inside the window.
        Update = "UPDATE",
        /// `MESSAGE_TAG`: outside the window, with a [`MessageTag`].
        MessageTag = "MESSAGE_TAG",
        /// `UTILITY`: an approved utility template.
        Utility = "UTILITY",
    }
}

wire_enum! {
    /// What allows a message outside the window.
    MessageTag {
        /// `HUMAN_AGENT`: a human's reply within 7 days.
        HumanAgent = "HUMAN_AGENT",
        /// `CUSTOMER_FEEDBACK`: the customer feedback template within 7 days.
        CustomerFeedback = "CUSTOMER_FEEDBACK",
    }
}

wire_enum! {
    /// How the person's device announces the message.
    NotificationType {
        /// `REGULAR`: with sound or vibration.
        Regular = "REGULAR",
        /// `SILENT_PUSH`: on screen only.
        SilentPush = "SILENT_PUSH",
        /// `NO_PUSH`: not at all.
        NoPush = "NO_PUSH",
    }
}

/// What may be said about a send beside its message. Nothing is sent unless set.
///
/// ```
/// use callcta::{MessagingType, SendOptions};
///
/// let options = SendOptions::new()
///     .messaging_type(MessagingType::Response)
///     .metadata("order 42");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SendOptions {
    pub(crate) messaging_type: Option<MessagingType>,
    pub(crate) tag: Option<MessageTag>,
    pub(crate) notification_type: Option<NotificationType>,
    pub(crate) persona_id: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) deadline: Option<SystemTime>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: Headers,
    pub(crate) unchecked: bool,
    pub(crate) key: Option<u64>,
    pub(crate) extra: Extra,
}

const SETTERS: Setters<SendOptions> = setters! {
    "messaging_type" => { messaging_type(text) },
    "tag" => { tag(text) },
    "notification_type" => { notification_type(text) },
    "persona_id" => { persona_id(text) },
    "reply_to" => { reply_to(text) },
    "metadata" => { metadata(text) },
    "deadline" => { deadline(moment) },
    "deadline_ms" => { deadline(moment) },
    "timeout" => { timeout(duration) },
    "timeout_ms" => { timeout(duration) },
    "headers" => { set_headers },
    "unchecked" => { unchecked(yes) },
    "fields" => { set_fields },
};

fn set_headers(options: SendOptions, value: Named<'_>) -> Result<SendOptions> {
    let set = |options: SendOptions, (name, value)| options.header(name, value);
    Ok(value.texts()?.into_iter().fold(options, set))
}

fn set_fields(options: SendOptions, value: Named<'_>) -> Result<SendOptions> {
    let fields = value.object()?;
    let mut own = REQUEST.own().map(|(name, _)| name);
    if let Some(name) = own.find(|name| fields.contains_key(*name)) {
        let text = format!("fields must not hold {name}, which is set by itself");
        return Err(Error::invalid_argument(text));
    }
    let set = |options: SendOptions, (key, value)| options.field(key, value);
    Ok(fields.into_iter().fold(options, set))
}

impl SendOptions {
    /// Options that say nothing.
    pub fn new() -> Self {
        SendOptions::default()
    }

    /// Why the message is sent. Left out unless set, as on the Call Audio CTA
    /// page.
    pub fn messaging_type(mut self, messaging_type: impl Into<MessagingType>) -> Self {
        self.messaging_type = Some(messaging_type.into());
        self
    }

    /// What allows the message outside the window; goes with
    /// [`MessagingType::MessageTag`].
    pub fn tag(mut self, tag: impl Into<MessageTag>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// How the message is announced. The platform's default is `REGULAR`.
    pub fn notification_type(mut self, notification_type: impl Into<NotificationType>) -> Self {
        self.notification_type = Some(notification_type.into());
        self
    }

    /// The persona that the message comes from. By default the Page itself.
    pub fn persona_id(mut self, id: impl Into<String>) -> Self {
        self.persona_id = Some(id.into());
        self
    }

    /// The id of the message that this one answers.
    pub fn reply_to(mut self, message_id: impl Into<String>) -> Self {
        self.reply_to = Some(message_id.into());
        self
    }

    /// A text that comes back in the message's echo, fewer than 1000 characters.
    pub fn metadata(mut self, metadata: impl Into<String>) -> Self {
        self.metadata = Some(metadata.into());
        self
    }

    /// The moment after which the message must not be sent any more. It is
    /// checked before each try, and the time left bounds the try. None by default.
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Bound for each request of this send and its answer, if it is shorter than the
    /// client's own. None by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Adds a header to the request, such as one of tracing; it wins over the client's
    /// of the same name. What callcta or HTTP itself sets is refused. None by default.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.set(name.into(), value.into());
        self
    }

    /// Whether to send without checking first: the way out on the day that Meta
    /// changes a limit. Defaults to `false`.
    pub fn unchecked(mut self, yes: bool) -> Self {
        self.unchecked = yes;
        self
    }

    /// A number of the caller's own for this send, which isn't sent:
    /// [`RetryEvent::key`](crate::RetryEvent::key) tells it. None by default.
    pub fn key(mut self, key: u64) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets a top-level field of the request that callcta has no method for. One that
    /// has a method is no further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// Sets an option by its name, for those who read options from elsewhere. Names
    /// are those of the methods; `headers` takes an object of texts, `fields` one, each of whose entries
    /// becomes a [`field`](SendOptions::field), and none has a method. `deadline` is a number of seconds
    /// since 1970-01-01 UTC, `deadline_ms` one of milliseconds. Null sets nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such
    /// option, or if the value is not of its type.
    pub fn set(self, name: &str, value: impl Into<Value>) -> Result<Self> {
        let Some(set) = find(SETTERS, name) else {
            return Err(unknown("option", name, names(SETTERS)));
        };
        apply(set, self, name, value.into())
    }
}
