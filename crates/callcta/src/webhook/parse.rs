//! From a body to its events.
//!
//! Every event of every entry is told, each under the Page of its own entry. What
//! can't be read becomes [`EventKind::Unknown`] and leaves the others alone.

use serde_json::{Map, Value};

use super::event::{
    Attachment, Call, CallEnd, CallPermissionReply, CallSettingsUpdate, CallStep, Delivered,
    Description, Event, EventKind, Message, Postback, Reaction, Read as ReadEvent, Referral,
};
use super::order::identity;
use super::refusal::{Refusal, RefusalKind};
use super::{BODY_MAX, EVENTS_MAX};
use crate::json;
use crate::lenient::{
    Object, Read, flag, integer, items, moment, object, required, side, text, word,
};

/// What one webhook request holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Webhook {
    /// What it is about; `page` for Messenger.
    pub object: Option<String>,
    /// Its events, in the order in which they came; see [`sort`](super::sort).
    pub events: Vec<Event>,
    /// Which of the secrets signed it, from 0; `None` if nothing was verified.
    pub secret: Option<usize>,
}

/// Reads a webhook's events **without verifying** who sent it. Only for bodies that
/// were verified before; everybody can post to a webhook's address.
///
/// # Errors
///
/// A [`Refusal`] of the kind `TooLarge`, also for more than [`EVENTS_MAX`] events, or
/// `InvalidBody`: the body is no JSON object.
pub fn parse_unverified(body: &[u8]) -> Result<Webhook, Refusal> {
    let mut root = envelope(body)?;
    let object = text(&root, "object").ok().flatten();
    let entries = root.remove("entry");
    if entries.as_ref().map_or(0, things) > EVENTS_MAX {
        let text = format!("the body holds more than {EVENTS_MAX} events");
        return Err(Refusal::new(RefusalKind::TooLarge, text));
    }
    let mut events = Vec::new();
    match entries {
        // The form in which Meta's pages show a single field.
        None if root.contains_key("field") => {
            change(Value::Object(root), &Entry::default(), &mut events);
        }
        None => events.push(unknown(
            Value::Object(root),
            &Entry::default(),
            "there is no entry",
        )),
        Some(entries) => {
            for item in list(entries) {
                entry(item, &mut events);
            }
        }
    }
    Ok(Webhook {
        object,
        events,
        secret: None,
    })
}

/// How many events there can be in entries, at most.
fn things(entries: &Value) -> usize {
    let lists = |entry: &Value| match entry {
        Value::Object(members) => members
            .values()
            .filter_map(Value::as_array)
            .map(Vec::len)
            .sum(),
        _ => 0,
    };
    items(Some(entries))
        .iter()
        .map(|entry| 1 + lists(entry))
        .sum()
}

fn envelope(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.len() > BODY_MAX {
        let text = format!("the body is longer than {BODY_MAX} bytes");
        return Err(Refusal::new(RefusalKind::TooLarge, text));
    }
    let read = json::read(body).or_else(|unread| match whole_characters(body) {
        Some(body) => json::read(&body),
        None => Err(unread),
    });
    match read {
        Ok(Value::Object(root)) => Ok(root),
        Ok(_) => Err(invalid("the body is JSON, but not an object")),
        Err(_) => Err(invalid(
            "the body is not JSON, or has a name twice in one object",
        )),
    }
}

/// The body with U+FFFD for each half of a surrogate pair: a text that was cut within
/// an emoji must not make the other events unreadable. `None` if there is none.
fn whole_characters(body: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| {
        let escape = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut mended = None;
    let mut at = 0;
    while let Some(found) = body[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        at += match unit(at) {
            Some(0xd800..0xdc00) if matches!(unit(at + 6), Some(0xdc00..0xe000)) => 12,
            Some(0xd800..0xe000) => {
                let mended = mended.get_or_insert_with(|| body.to_vec());
                mended[at..at + 6].copy_from_slice(b"\\ufffd");
                6
            }
            Some(_) => 6,
            None => 2,
        };
        if at >= body.len() {
            break;
        }
    }
    mended
}

fn invalid(text: &str) -> Refusal {
    Refusal::new(RefusalKind::InvalidBody, text)
}

/// What an entry says of all its events.
#[derive(Default)]
struct Entry {
    id: Option<String>,
    time: Option<i64>,
}

/// Members of an entry that are no events.
const BESIDE: [&str; 6] = ["id", "time", "uid", "sender", "recipient", "timestamp"];

fn entry(item: Value, events: &mut Vec<Event>) {
    let Value::Object(mut members) = item else {
        events.push(unknown(
            item,
            &Entry::default(),
            "the entry is not an object",
        ));
        return;
    };
    let entry = Entry {
        id: text(&members, "id").ok().flatten(),
        time: moment(&members, "time").ok().flatten(),
    };
    let before = events.len();
    for (name, standby) in [("messaging", false), ("standby", true)] {
        if let Some(value) = members.remove(name) {
            for item in list(value) {
                messaging(item, &entry, standby, events);
            }
        }
    }
    if let Some(calls) = members.remove("calls") {
        events.extend(list(calls).map(|item| call(item, &entry)));
    }
    if let Some(changes) = members.remove("changes") {
        for item in list(changes) {
            change(item, &entry, events);
        }
    }
    if let Some(settings) = members.remove("call_settings") {
        events.push(event(settings, &entry, &Sides::default(), call_settings));
    }
    if members.contains_key("call_permission_reply") {
        messaging(Value::Object(members), &entry, false, events);
        return;
    }
    members.retain(|name, _| !BESIDE.contains(&name.as_str()));
    if !members.is_empty() || events.len() == before {
        let reason = "the entry has nothing that is known";
        events.push(unknown(Value::Object(members), &entry, reason));
    }
}

/// `{"field": …, "value": …}`.
fn change(item: Value, entry: &Entry, events: &mut Vec<Event>) {
    let Value::Object(mut change) = item else {
        events.push(unknown(item, entry, "the change is not an object"));
        return;
    };
    let field = text(&change, "field").ok().flatten();
    let inside = match field.as_deref() {
        Some("calls") => "calls",
        Some("call_settings" | "call_settings_update") => "call_settings",
        _ => "",
    };
    // Either the thing itself, or the entry's member that holds it.
    let value = match change.get_mut("value") {
        Some(Value::Object(value)) if value.contains_key(inside) => value.remove(inside),
        Some(Value::Object(value)) if inside.is_empty() && reader(value).is_none() => None,
        Some(value) => Some(value.take()),
        None => None,
    };
    match (inside, value) {
        (_, None) => {
            let reason = "the change is of no kind that is known";
            events.push(unknown(Value::Object(change), entry, reason));
        }
        ("calls", Some(calls)) => events.extend(list(calls).map(|item| call(item, entry))),
        ("call_settings", Some(settings)) => {
            events.push(event(settings, entry, &Sides::default(), call_settings));
        }
        (_, Some(value)) => messaging(value, entry, false, events),
    }
}

type Reader = fn(&Object) -> Read<EventKind>;

/// What reads an event, by the member that says what it is.
fn reader(event: &Object) -> Option<Reader> {
    const READERS: [(&str, Reader); 7] = [
        ("message", message),
        ("postback", postback),
        ("delivery", delivery),
        ("read", read),
        ("reaction", reaction),
        ("referral", |event| {
            Ok(EventKind::Referral(referral(event)?.unwrap_or_default()))
        }),
        ("call_permission_reply", call_permission_reply),
    ];
    let found = READERS.iter().find(|(name, _)| event.contains_key(*name));
    found.map(|(_, reader)| *reader)
}

/// An event of `messaging[]`, or of a shape like it.
fn messaging(item: Value, entry: &Entry, standby: bool, events: &mut Vec<Event>) {
    let Value::Object(members) = &item else {
        events.push(unknown(item, entry, "the event is not an object"));
        return;
    };
    let is_echo = object(members, "message")
        .ok()
        .flatten()
        .and_then(|message| flag(message, "is_echo").ok().flatten())
        .unwrap_or(false);
    let sides = Sides::of(members, entry, is_echo);
    let reader = reader(members);
    let mut event = event(item, entry, &sides, |members| match reader {
        Some(reader) => reader(members),
        None => Err("the event is of no kind that is known".to_owned()),
    });
    event.standby = standby;
    events.push(event);
}

/// Whose event it is.
#[derive(Default)]
struct Sides {
    page: Option<String>,
    person: Option<String>,
}

impl Sides {
    fn of(event: &Object, entry: &Entry, from_page: bool) -> Self {
        let sender = side(event, "sender").ok().flatten();
        let recipient = side(event, "recipient").ok().flatten();
        let (page, person) = if from_page {
            (sender, recipient)
        } else {
            (recipient, sender)
        };
        Sides::told(page, person, entry)
    }

    /// The entry knows the Page; the person is whichever side isn't it.
    fn told(page: Option<String>, person: Option<String>, entry: &Entry) -> Self {
        match &entry.id {
            None => Sides { page, person },
            Some(id) => Sides {
                person: if person.as_ref() == Some(id) {
                    page
                } else {
                    person
                },
                page: Some(id.clone()),
            },
        }
    }
}

/// An event of what `read` finds, or one that says why it can't be read.
fn event(
    raw: Value,
    entry: &Entry,
    sides: &Sides,
    read: impl FnOnce(&Object) -> Read<EventKind>,
) -> Event {
    let (kind, time) = match &raw {
        Value::Object(members) => (read(members), moment(members, "timestamp")),
        _ => (Err("the event is not an object".to_owned()), Ok(None)),
    };
    let (kind, time) = match (kind, time) {
        (Ok(kind), Ok(time)) => (kind, time),
        (Err(reason), time) => (EventKind::Unknown { reason }, time.ok().flatten()),
        (Ok(_), Err(reason)) => (EventKind::Unknown { reason }, None),
    };
    let page_id = sides.page.clone().or_else(|| entry.id.clone());
    Event {
        identity: identity(page_id.as_deref(), &kind, &raw),
        page_id,
        psid: sides.person.clone(),
        time: time.or(entry.time),
        standby: false,
        kind,
        raw,
    }
}

fn unknown(raw: Value, entry: &Entry, reason: &str) -> Event {
    let kind = EventKind::Unknown {
        reason: reason.to_owned(),
    };
    Event {
        page_id: entry.id.clone(),
        psid: None,
        time: entry.time,
        standby: false,
        identity: identity(entry.id.as_deref(), &kind, &raw),
        kind,
        raw,
    }
}

fn list(value: Value) -> impl Iterator<Item = Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        single => vec![single],
    }
    .into_iter()
}

fn call(item: Value, entry: &Entry) -> Event {
    let sides = match &item {
        Value::Object(call) => {
            let side = |name| side(call, name).ok().flatten();
            let by_page = word(call, "call_direction").ok().flatten();
            let by_page = by_page.as_deref() == Some("business_initiated");
            let (page, person) = if by_page {
                (side("from"), side("to"))
            } else {
                (side("to"), side("from"))
            };
            // Meta's pages have `from` and `to` of business-initiated calls the
            // wrong way round.
            Sides::told(page, person.or_else(|| side("recipient_id")), entry)
        }
        _ => Sides::default(),
    };
    event(item, entry, &sides, call_step)
}

fn call_step(call: &Object) -> Read<EventKind> {
    let step = CallStep::from(required(call, "event")?.as_str());
    let session = object(call, "session")?;
    let offer = match session {
        None => None,
        Some(session) => match object(session, "sdp_renegotiation")? {
            Some(offer) => description(offer)?,
            None => description(session)?,
        },
    };
    let end = match step {
        CallStep::Terminate => Some(CallEnd {
            status: word(call, "status")?,
            start_time: moment(call, "start_time")?,
            end_time: moment(call, "end_time")?,
            duration: integer(call, "duration")?,
        }),
        _ => None,
    };
    Ok(EventKind::Call(Call {
        id: required(call, "id")?,
        direction: word(call, "call_direction")?,
        status: match step {
            CallStep::Status => word(call, "call_status")?,
            _ => None,
        },
        version: session.map_or(Ok(None), |session| integer(session, "version"))?,
        event: step,
        offer,
        end,
    }))
}

fn description(session: &Object) -> Read<Option<Description>> {
    Ok(match text(session, "sdp")? {
        None => None,
        Some(sdp) => Some(Description {
            sdp_type: word(session, "sdp_type")?,
            sdp,
        }),
    })
}

fn call_settings(settings: &Object) -> Read<EventKind> {
    let routing = match settings.get("call_routing") {
        Some(Value::Object(routing)) => text(routing, "ring_target")?,
        _ => text(settings, "call_routing")?,
    };
    Ok(EventKind::CallSettingsUpdate(CallSettingsUpdate {
        audio_enabled: flag(settings, "audio_enabled")?,
        video_enabled: flag(settings, "video_enabled")?,
        icon_enabled: flag(settings, "icon_enabled")?,
        call_routing: routing.map(|target| target.to_ascii_uppercase()),
        call_hours: settings.get("call_hours").cloned(),
    }))
}

fn call_permission_reply(event: &Object) -> Read<EventKind> {
    let reply = inner(event, "call_permission_reply")?;
    Ok(EventKind::CallPermissionReply(CallPermissionReply {
        response: required(reply, "response")?.to_ascii_lowercase(),
        expiration: moment(reply, "expiration_timestamp")?,
    }))
}

fn message(event: &Object) -> Read<EventKind> {
    let message = inner(event, "message")?;
    let read = Message {
        message_id: required(message, "mid")?,
        text: text(message, "text")?,
        quick_reply: match object(message, "quick_reply")? {
            Some(reply) => text(reply, "payload")?,
            None => None,
        },
        attachments: items(message.get("attachments"))
            .iter()
            .map(attachment)
            .chain(sticker(message))
            .collect(),
        reply_to: match object(message, "reply_to")? {
            Some(reply_to) => text(reply_to, "mid")?,
            None => None,
        },
        metadata: text(message, "metadata")?,
        app_id: text(message, "app_id")?,
    };
    Ok(match flag(message, "is_echo")? {
        Some(true) => EventKind::Echo(read),
        _ => EventKind::Message(read),
    })
}

/// An attachment that can't be read doesn't make the message unreadable.
fn attachment(value: &Value) -> Attachment {
    let none = Object::new();
    let whole = value.as_object().unwrap_or(&none);
    let payload = object(whole, "payload").ok().flatten().unwrap_or(&none);
    Attachment {
        kind: word(whole, "type")
            .ok()
            .flatten()
            .unwrap_or_else(|| "unknown".to_owned()),
        url: text(payload, "url").ok().flatten(),
        sticker_id: text(payload, "sticker_id").ok().flatten(),
    }
}

/// A sticker that is told beside the attachments.
fn sticker(message: &Object) -> Option<Attachment> {
    let id = text(message, "sticker_id").ok().flatten()?;
    Some(Attachment {
        kind: "sticker".to_owned(),
        url: None,
        sticker_id: Some(id),
    })
}

fn postback(event: &Object) -> Read<EventKind> {
    let postback = inner(event, "postback")?;
    Ok(EventKind::Postback(Postback {
        message_id: text(postback, "mid")?,
        title: text(postback, "title")?,
        payload: text(postback, "payload")?,
        referral: referral(postback)?,
    }))
}

fn delivery(event: &Object) -> Read<EventKind> {
    let delivery = inner(event, "delivery")?;
    let ids = items(delivery.get("mids")).iter().filter_map(Value::as_str);
    Ok(EventKind::Delivery(Delivered {
        message_ids: ids.map(str::to_owned).collect(),
        watermark: moment(delivery, "watermark")?,
    }))
}

fn read(event: &Object) -> Read<EventKind> {
    Ok(EventKind::Read(ReadEvent {
        watermark: moment(inner(event, "read")?, "watermark")?,
    }))
}

fn reaction(event: &Object) -> Read<EventKind> {
    let reaction = inner(event, "reaction")?;
    Ok(EventKind::Reaction(Reaction {
        message_id: required(reaction, "mid")?,
        action: word(reaction, "action")?,
        reaction: text(reaction, "reaction")?,
        emoji: text(reaction, "emoji")?,
    }))
}

fn referral(holder: &Object) -> Read<Option<Referral>> {
    let Some(referral) = object(holder, "referral")? else {
        return Ok(None);
    };
    Ok(Some(Referral {
        reference: text(referral, "ref")?,
        source: text(referral, "source")?,
        kind: text(referral, "type")?,
        ad_id: text(referral, "ad_id")?,
    }))
}

fn inner<'a>(event: &'a Object, name: &str) -> Read<&'a Object> {
    object(event, name)?.ok_or_else(|| format!("{name} is not an object"))
}
