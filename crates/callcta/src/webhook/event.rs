//! What a webhook can tell.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happened on a Page.
///
/// `Debug` shows neither the person nor what was said. Serialized, as for a queue of
/// work to be done after the answer, an event is whole: the same object in all languages.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The Page it happened on: that of the event's own entry.
    pub page_id: Option<String>,
    /// The person: whichever side isn't the Page.
    pub psid: Option<String>,
    /// When it happened, as the platform says, in Unix milliseconds. Calls are told
    /// to the second only.
    pub time: Option<i64>,
    /// Whether it came in the standby channel: another app has the conversation.
    pub standby: bool,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// What tells the event from all others, the same when it is sent again. It names
    /// neither a person nor what was said, and has at most 120 characters.
    pub identity: String,
    /// The event as it came.
    pub raw: Value,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind.name())
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// What happened.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A step in the life of a call.
    Call(Call),
    /// A person answered the Page's request to call.
    CallPermissionReply(CallPermissionReply),
    /// The Page's call settings were changed.
    CallSettingsUpdate(CallSettingsUpdate),
    /// A person wrote to the Page.
    Message(Message),
    /// The Page wrote to a person: here, by another app, or in the inbox.
    Echo(Message),
    /// A person tapped a button that has a payload.
    Postback(Postback),
    /// Messages of the Page were delivered.
    Delivery(Delivered),
    /// A person read what the Page wrote.
    Read(Read),
    /// A person reacted to a message.
    Reaction(Reaction),
    /// A person came into the conversation by a link or an ad.
    Referral(Referral),
    /// Something that callcta doesn't know, or that is broken; see
    /// [`raw`](Event::raw).
    Unknown {
        /// Why it could not be read, in a few words that quote nothing.
        reason: String,
    },
}

impl EventKind {
    /// The kind's stable name, such as `call`.
    pub fn name(&self) -> &'static str {
        match self {
            EventKind::Call(_) => "call",
            EventKind::CallPermissionReply(_) => "call_permission_reply",
            EventKind::CallSettingsUpdate(_) => "call_settings_update",
            EventKind::Message(_) => "message",
            EventKind::Echo(_) => "echo",
            EventKind::Postback(_) => "postback",
            EventKind::Delivery(_) => "delivery",
            EventKind::Read(_) => "read",
            EventKind::Reaction(_) => "reaction",
            EventKind::Referral(_) => "referral",
            EventKind::Unknown { .. } => "unknown",
        }
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A step in the life of a call.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// The call, such as `c_…`: what is accepted, rejected and ended.
    pub id: String,
    /// Which step.
    pub event: CallStep,
    /// Who called: `user_initiated` or `business_initiated`.
    pub direction: Option<String>,
    /// Of a [`CallStep::Status`]: `ringing` or `accepted`.
    pub status: Option<String>,
    /// Of a [`CallStep::MediaUpdate`]: its number. The highest holds.
    pub version: Option<i64>,
    /// Of a [`CallStep::MediaUpdate`]: the person's offer, unchanged.
    pub offer: Option<Description>,
    /// Of a [`CallStep::Terminate`]: how the call ended.
    pub end: Option<CallEnd>,
}

/// The steps in the life of a call. A tap on an `audio_call` button shows as
/// `connect` of a call that is `user_initiated`; no field names the button.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallStep {
    /// `connect`: it rings, and can be accepted for 60 seconds.
    Connect,
    /// `call_status`: the person's side rings, or was picked up.
    #[serde(rename = "call_status")]
    Status,
    /// `media_update`: the person changed what is sent.
    MediaUpdate,
    /// `terminate`: it is over.
    Terminate,
    /// A step that callcta doesn't know.
    #[serde(untagged)]
    Other(String),
}

impl CallStep {
    /// The value on the wire, such as `connect`.
    pub fn as_str(&self) -> &str {
        match self {
            CallStep::Connect => "connect",
            CallStep::Status => "call_status",
            CallStep::MediaUpdate => "media_update",
            CallStep::Terminate => "terminate",
            CallStep::Other(other) => other,
        }
    }
}

impl From<&str> for CallStep {
    fn from(value: &str) -> Self {
        match value.to_ascii_lowercase().as_str() {
            "connect" => CallStep::Connect,
            "call_status" => CallStep::Status,
            "media_update" => CallStep::MediaUpdate,
            "terminate" => CallStep::Terminate,
            _ => CallStep::Other(value.to_owned()),
        }
    }
}

impl fmt::Display for CallStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A session description (SDP), unchanged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// `offer` or `answer`, if told.
    pub sdp_type: Option<String>,
    /// The description.
    pub sdp: String,
}

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallEnd {
    /// `completed` or `failed`, in lower case.
    pub status: Option<String>,
    /// When it began, in Unix milliseconds; none if nobody answered.
    pub start_time: Option<i64>,
    /// When it ended, in Unix milliseconds.
    pub end_time: Option<i64>,
    /// How long it lasted, in seconds; none if nobody answered.
    pub duration: Option<i64>,
}

/// A person's answer to a request to call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallPermissionReply {
    /// `approve` or `reject`, in lower case.
    pub response: String,
    /// Until when the Page may call, in Unix milliseconds; with `approve` only.
    pub expiration: Option<i64>,
}

/// The Page's call settings after a change. What isn't there was not told.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallSettingsUpdate {
    /// Whether people can call at all.
    pub audio_enabled: Option<bool>,
    /// Whether video calls are on.
    pub video_enabled: Option<bool>,
    /// Whether the call icon is shown in the conversation.
    pub icon_enabled: Option<bool>,
    /// Who is rung: `META` or `PARTNERS`.
    pub call_routing: Option<String>,
    /// The hours, as they came.
    pub call_hours: Option<Value>,
}

/// A message, from a person or, as an echo, from the Page.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Its id (mid).
    pub message_id: String,
    /// Its text.
    pub text: Option<String>,
    /// The payload of the quick reply that was tapped.
    pub quick_reply: Option<String>,
    /// What came with it.
    pub attachments: Vec<Attachment>,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// Of an echo: the `metadata` of the send, by which an unknown send is settled.
    pub metadata: Option<String>,
    /// Of an echo: the app that sent it.
    pub app_id: Option<String>,
}

/// A picture, sticker, file or template.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// `image`, `sticker`, `audio`, `video`, `file`, `template`…, in lower case.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// The sticker's id.
    pub sticker_id: Option<String>,
}

/// A tap on a button that has a payload.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Postback {
    /// The tap's id (mid).
    pub message_id: Option<String>,
    /// The button's title.
    pub title: Option<String>,
    /// The button's payload.
    pub payload: Option<String>,
    /// How the person came into the conversation, if told along.
    pub referral: Option<Referral>,
}

/// Which messages were delivered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delivered {
    /// The messages (mids), when told.
    pub message_ids: Vec<String>,
    /// All up to this Unix millisecond were.
    pub watermark: Option<i64>,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Read {
    /// Everything up to this Unix millisecond.
    pub watermark: Option<i64>,
}

/// A reaction to a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reaction {
    /// The message (mid).
    pub message_id: String,
    /// `react` or `unreact`, in lower case.
    pub action: Option<String>,
    /// The reaction's name, such as `love`.
    pub reaction: Option<String>,
    /// The emoji.
    pub emoji: Option<String>,
}

/// How a person came into the conversation.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Referral {
    /// The link's or ad's own text.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Where from, such as `SHORTLINK` or `ADS`.
    pub source: Option<String>,
    /// Such as `OPEN_THREAD`.
    #[serde(rename = "referral_type")]
    pub kind: Option<String>,
    /// The ad.
    pub ad_id: Option<String>,
}
