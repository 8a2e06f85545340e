//! What a webhook tells: a class for each kind of event, over the core's.

#![allow(clippy::struct_field_names)] // the names of the JSON

use std::hash::{DefaultHasher, Hash, Hasher};

use callcta::webhook::{Event as Core, EventKind};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::convert::{Dict, Json, read, write};
use crate::record::record;

/// Something that happened on a Page: the base of the classes for what happened.
///
/// Events are immutable, can be compared, hashed and pickled. Their `repr` shows neither the person
/// nor what was said.
#[pyclass(frozen, eq, subclass, module = "callcta.webhook")]
#[derive(PartialEq)]
pub(crate) struct Event(pub(super) Core);

#[pymethods]
impl Event {
    /// What happened, such as `call`: the same name in all languages.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.0.kind.name()
    }

    /// The Page it happened on: that of the event's own entry.
    #[getter]
    fn page_id(&self) -> Option<&str> {
        self.0.page_id.as_deref()
    }

    /// The person: whichever side isn't the Page.
    #[getter]
    fn psid(&self) -> Option<&str> {
        self.0.psid.as_deref()
    }

    /// When it happened, as the platform says, in Unix milliseconds. Calls are told to the second
    /// only.
    #[getter]
    fn time(&self) -> Option<i64> {
        self.0.time
    }

    /// Whether it came in the standby channel: another app has the conversation.
    #[getter]
    fn standby(&self) -> bool {
        self.0.standby
    }

    /// What tells the event from all others, the same when it is sent again. It names neither a
    /// person nor what was said, and has at most 120 characters.
    #[getter]
    fn identity(&self) -> &str {
        &self.0.identity
    }

    /// The event as it came; made anew each time.
    #[getter]
    fn raw(&self) -> Json {
        Json(self.0.raw.clone())
    }

    /// By what `sort` orders: the platform's time, then the life of a call.
    #[getter]
    fn order(&self) -> (i64, u8, i64) {
        self.0.order()
    }

    /// All of it as what JSON can hold, as for a queue of work to be done after the answer.
    #[pyo3(signature = () -> "dict[str, typing.Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        write(py, &self.0)
    }

    /// Makes an event of what `to_dict` told.
    ///
    /// Returns:
    ///     The class for what happened.
    ///
    /// Raises:
    ///     TypeError: It is not the dictionary of an event of this class.
    #[classmethod]
    #[pyo3(signature = (event) -> "typing.Self")]
    fn from_dict<'py>(
        cls: &Bound<'py, PyType>, event: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let event = serde_json::from_value(read::<Dict>(event, "event")?.0.into());
        let event = event.ok().map(|event| made(cls.py(), event)).transpose()?;
        let fits = |event: &Bound<'_, PyAny>| event.is_instance(cls).unwrap_or(false);
        event
            .filter(fits)
            .ok_or_else(|| PyTypeError::new_err("not the dictionary of such an event"))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.identity.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (class, event) = (slf.get_type().name()?, &slf.get().0);
        let time = event.time.map_or_else(String::new, |time| format!(", time={time}"));
        let reason = match &event.kind {
            EventKind::Unknown { reason } => format!(", reason='{reason}'"),
            _ => String::new(),
        };
        let identity = PyString::new(slf.py(), &event.identity).repr()?;
        Ok(format!("{class}(identity={identity}{time}{reason})"))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<(Py<PyAny>, (Py<PyAny>,))> {
        let class = slf.py().get_type::<Event>();
        Ok((class.getattr("from_dict")?.unbind(), (slf.get().to_dict(slf.py())?.unbind(),)))
    }
}

/// Declares the classes of events, each with the way to read its attributes.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident from $kind:pat => {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $read:expr;)+
        }
    )+) => {
        $(
            $(#[$doc])*
            #[pyclass(frozen, extends = Event, module = "callcta.webhook")]
            pub(crate) struct $name;

            #[pymethods]
            impl $name {
                $($(#[$field_doc])*
                #[getter]
                fn $field(slf: &Bound<'_, Self>) -> PyResult<$type> {
                    match &slf.as_super().get().0.kind {
                        $kind => Ok($read),
                        _ => Err(PyTypeError::new_err("an event of another kind")),
                    }
                })+
            }
        )+

        /// The event's object, of the class for what happened.
        #[allow(unused_variables)] // the patterns are for the attributes
        pub(super) fn made(py: Python<'_>, event: Core) -> PyResult<Bound<'_, PyAny>> {
            match &event.kind {
                $($kind => {
                    let event = PyClassInitializer::from(Event(event));
                    Ok(Bound::new(py, event.add_subclass($name))?.into_any())
                })+
                _ => Ok(Bound::new(py, Event(event))?.into_any()),
            }
        }
    };
}

events! {
    /// A step in the life of a call. A tap on an `audio_call` button shows as `connect` of a call
    /// that is `user_initiated`; no field names the button.
    CallEvent from EventKind::Call(call) => {
        /// The call, such as `c_…`: what is accepted, rejected and ended.
        id: String = call.id.clone();
        /// Which step: `connect` (it rings, and can be accepted for 60 seconds), `call_status`,
        /// `media_update` or `terminate`; or one that callcta doesn't know.
        event: String = call.event.to_string();
        /// Who called: `user_initiated` or `business_initiated`.
        direction: Option<String> = call.direction.clone();
        /// Of a `call_status`: `ringing` or `accepted`.
        status: Option<String> = call.status.clone();
        /// Of a `media_update`: its number. The highest holds.
        version: Option<i64> = call.version;
        /// Of a `media_update`: the person's offer, unchanged.
        offer: Option<Description> = call.offer.clone().map(Into::into);
        /// Of a `terminate`: how the call ended.
        end: Option<CallEnd> = call.end.clone().map(Into::into);
    }

    /// A person's answer to a request to call.
    CallPermissionReplyEvent from EventKind::CallPermissionReply(reply) => {
        /// `approve` or `reject`.
        response: String = reply.response.clone();
        /// Until when the Page may call, in Unix milliseconds; with `approve` only.
        expiration: Option<i64> = reply.expiration;
    }

    /// The Page's call settings after a change. What isn't there was not told.
    CallSettingsUpdateEvent from EventKind::CallSettingsUpdate(settings) => {
        /// Whether people can call at all.
        audio_enabled: Option<bool> = settings.audio_enabled;
        /// Whether video calls are on.
        video_enabled: Option<bool> = settings.video_enabled;
        /// Whether the call icon is shown in the conversation.
        icon_enabled: Option<bool> = settings.icon_enabled;
        /// Who is rung: `META` or `PARTNERS`.
        call_routing: Option<String> = settings.call_routing.clone();
        /// The hours, as they came.
        call_hours: Option<Json> = settings.call_hours.clone().map(Json);
    }

    /// A person wrote to the Page.
    MessageEvent from EventKind::Message(message) => {
        /// Its id (mid).
        message_id: String = message.message_id.clone();
        /// Its text.
        text: Option<String> = message.text.clone();
        /// The payload of the quick reply that was tapped.
        quick_reply: Option<String> = message.quick_reply.clone();
        /// What came with it.
        attachments: Vec<Attachment> =
            message.attachments.iter().cloned().map(Into::into).collect();
        /// The message that it answers.
        reply_to: Option<String> = message.reply_to.clone();
    }

    /// The Page wrote to a person: here, by another app, or in the inbox.
    EchoEvent from EventKind::Echo(message) => {
        /// Its id (mid).
        message_id: String = message.message_id.clone();
        /// Its text.
        text: Option<String> = message.text.clone();
        /// What came with it.
        attachments: Vec<Attachment> =
            message.attachments.iter().cloned().map(Into::into).collect();
        /// The message that it answers.
        reply_to: Option<String> = message.reply_to.clone();
        /// The `metadata` of the send, by which an unknown send is settled.
        metadata: Option<String> = message.metadata.clone();
        /// The app that sent it.
        app_id: Option<String> = message.app_id.clone();
    }

    /// A tap on a button that has a payload.
    PostbackEvent from EventKind::Postback(postback) => {
        /// The tap's id (mid).
        message_id: Option<String> = postback.message_id.clone();
        /// The button's title.
        title: Option<String> = postback.title.clone();
        /// The button's payload.
        payload: Option<String> = postback.payload.clone();
        /// How the person came into the conversation, if told along.
        referral: Option<Referral> = postback.referral.clone().map(Into::into);
    }

    /// Messages of the Page were delivered.
    DeliveryEvent from EventKind::Delivery(delivery) => {
        /// The messages (mids), when told.
        message_ids: Vec<String> = delivery.message_ids.clone();
        /// All up to this Unix millisecond were.
        watermark: Option<i64> = delivery.watermark;
    }

    /// A person read what the Page wrote.
    ReadEvent from EventKind::Read(read) => {
        /// Everything up to this Unix millisecond.
        watermark: Option<i64> = read.watermark;
    }

    /// A person reacted to a message.
    ReactionEvent from EventKind::Reaction(reaction) => {
        /// The message (mid).
        message_id: String = reaction.message_id.clone();
        /// `react` or `unreact`.
        action: Option<String> = reaction.action.clone();
        /// The reaction's name, such as `love`.
        reaction: Option<String> = reaction.reaction.clone();
        /// The emoji.
        emoji: Option<String> = reaction.emoji.clone();
    }

    /// A person came into the conversation by a link or an ad.
    ReferralEvent from EventKind::Referral(referral) => {
        /// The link's or ad's own text.
        r#ref: Option<String> = referral.reference.clone();
        /// Where from, such as `SHORTLINK` or `ADS`.
        source: Option<String> = referral.source.clone();
        /// Such as `OPEN_THREAD`.
        referral_type: Option<String> = referral.kind.clone();
        /// The ad.
        ad_id: Option<String> = referral.ad_id.clone();
    }

    /// Something that callcta doesn't know, or that is broken; see `raw`.
    UnknownEvent from EventKind::Unknown { reason } => {
        /// Why it could not be read, in a few words that quote nothing.
        reason: String = reason.clone();
    }
}

record! {
    /// A session description (SDP), unchanged.
    Description ["sdp_type"] from |description: callcta::webhook::Description| {
        /// `offer` or `answer`, if told.
        sdp_type: Option<String> = description.sdp_type;
        /// The description.
        sdp: String = description.sdp;
    }
}

record! {
    /// How a call ended.
    CallEnd ["status", "start_time", "end_time", "duration"] from |end: callcta::webhook::CallEnd| {
        /// `completed` or `failed`.
        status: Option<String> = end.status, or None;
        /// When it began, in Unix milliseconds; None if nobody answered.
        start_time: Option<i64> = end.start_time, or None;
        /// When it ended, in Unix milliseconds.
        end_time: Option<i64> = end.end_time, or None;
        /// How long it lasted, in seconds; None if nobody answered.
        duration: Option<i64> = end.duration, or None;
    }
}

record! {
    /// A picture, sticker, file or template.
    Attachment ["type", "sticker_id"] from |attachment: callcta::webhook::Attachment| {
        /// `image`, `sticker`, `audio`, `video`, `file`, `template`…
        r#type: String = attachment.kind;
        /// Where it can be fetched.
        url: Option<String> = attachment.url, or None;
        /// The sticker's id.
        sticker_id: Option<String> = attachment.sticker_id, or None;
    }
}

record! {
    /// How a person came into the conversation.
    Referral ["source", "referral_type", "ad_id"] from |referral: callcta::webhook::Referral| {
        /// The link's or ad's own text.
        r#ref: Option<String> = referral.reference, or None;
        /// Where from, such as `SHORTLINK` or `ADS`.
        source: Option<String> = referral.source, or None;
        /// Such as `OPEN_THREAD`.
        referral_type: Option<String> = referral.kind, or None;
        /// The ad.
        ad_id: Option<String> = referral.ad_id, or None;
    }
}
