//! Accepted messages, and the buttons in them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::DAY;
use super::ring::{Held, Item, Ring, SavedRing};
use super::size::{self, PART};

/// Clickable for this long unless the message says otherwise.
const DAYS_DEFAULT: f64 = 7.0;

/// A message that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// The message id that was answered.
    pub message_id: String,
    /// The Page that sent it.
    pub page_id: String,
    /// The PSID of the person it went to.
    pub recipient: String,
    /// The parameters of the request as one object (form-encoded ones, too), without the token
    /// and its proof.
    pub body: Value,
    /// When, in Unix milliseconds of the emulator's clock.
    pub sent_at: i64,
    /// The number of the request that brought it.
    pub request_id: u64,
    /// Why its echo or its delivery made no webhook.
    pub no_webhook: Option<String>,
    /// About how much memory it takes.
    #[serde(skip)]
    bytes: usize,
}

impl Item for StoredMessage {
    fn number(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl StoredMessage {
    fn weighed(self) -> Self {
        let texts = self.page_id.len() + self.recipient.len() + size::bytes(&self.body);
        Self {
            bytes: size::ENTRY + texts,
            ..self
        }
    }

    /// The message with only the first part of its body; `None` if the whole is small.
    pub(crate) fn part(&self) -> Option<Self> {
        (self.bytes > PART && self.body.to_string().len() > PART).then(|| Self {
            body: size::part(&self.body),
            ..self.clone()
        })
    }

    /// The template's payload.
    fn payload(&self) -> Option<&Value> {
        self.body.get("message")?.get("attachment")?.get("payload")
    }

    /// The message's buttons as (element, position, button); the element of a button template
    /// is 0.
    pub fn buttons(&self) -> Vec<(usize, usize, &Value)> {
        let Some(payload) = self.payload() else {
            return Vec::new();
        };
        let elements = payload.get("elements").and_then(Value::as_array);
        elements
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .enumerate()
            .chain(std::iter::once((0, payload)))
            .filter_map(|(e, holder)| Some((e, holder.get("buttons")?.as_array()?)))
            .flat_map(|(e, buttons)| buttons.iter().enumerate().map(move |(b, x)| (e, b, x)))
            .collect()
    }

    /// When one of the message's call buttons stops being clickable, in Unix milliseconds of the
    /// emulator's clock.
    pub fn expires_at(&self, button: &Value) -> i64 {
        let days = button
            .get("expires_in_days")
            .and_then(Value::as_f64)
            .unwrap_or(DAYS_DEFAULT);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "days are few, and a cast of what is out of range saturates"
        )]
        let lasts = (days * DAY as f64) as i64;
        self.sent_at.saturating_add(lasts)
    }

    /// The button of a call prompt, which has no JSON of its own.
    pub(crate) fn call_prompt(&self) -> Option<Value> {
        let payload = self.payload()?;
        (payload.get("template_type")? == "call_prompt").then(|| {
            json!({
                "type": "call_prompt",
                "expires_in_days": payload.get("ttl_days").cloned().unwrap_or(json!(DAYS_DEFAULT)),
            })
        })
    }

    /// A quick reply by its place.
    pub(super) fn quick_reply(&self, place: usize) -> Option<Value> {
        let replies = self.body.get("message")?.get("quick_replies")?;
        replies.get(place).cloned()
    }

    /// The button at an element and a position in it, or the first call button.
    pub(super) fn find_button(&self, place: Option<(usize, usize)>) -> Option<Value> {
        let buttons = self.buttons();
        let found = match place {
            Some(place) => buttons.iter().find(|(e, b, _)| (*e, *b) == place),
            None => buttons
                .iter()
                .find(|(_, _, button)| button["type"] == "audio_call"),
        };
        found
            .map(|(_, _, button)| (*button).clone())
            .or_else(|| self.call_prompt())
    }
}

/// A message that is about to be stored.
pub(crate) struct NewMessage {
    pub(crate) page_id: String,
    pub(crate) recipient: String,
    pub(crate) body: Value,
    pub(crate) request_id: u64,
}

/// The newest messages.
pub(crate) struct Messages {
    kept: Ring<StoredMessage>,
    count: u64,
}

impl Messages {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
        }
    }

    /// Numbers a message; it is not kept yet.
    pub(super) fn number(&mut self, new: NewMessage, seq: u64, now: i64) -> StoredMessage {
        self.count += 1;
        StoredMessage {
            bytes: 0,
            id: self.count,
            seq,
            message_id: format!("m_emulated{:010}", self.count),
            page_id: new.page_id,
            recipient: new.recipient,
            body: new.body,
            sent_at: now,
            request_id: new.request_id,
            no_webhook: None,
        }
        .weighed()
    }

    pub(super) fn keep(&mut self, message: StoredMessage) {
        self.kept.push(message);
    }

    pub(super) fn save(&self) -> SavedRing<StoredMessage> {
        self.kept.save(self.count, Clone::clone)
    }

    pub(super) fn restore(saved: SavedRing<StoredMessage>, keep: usize) -> Result<Self, String> {
        let kept = saved.kept.into_iter().map(StoredMessage::weighed).collect();
        let (kept, count) = Ring::restore(SavedRing { kept, ..saved }, keep)?;
        Ok(Self { kept, count })
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.kept.remove(number);
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// How many messages were ever stored.
    pub(crate) fn stored(&self) -> u64 {
        self.count
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn held(&self) -> Held {
        self.kept.held()
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        self.kept.drop_oldest()
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &StoredMessage> {
        self.kept.iter()
    }

    /// A message by its message id.
    pub(crate) fn find(&self, message_id: &str) -> Option<&StoredMessage> {
        self.iter().find(|m| m.message_id == message_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: Value) -> StoredMessage {
        StoredMessage {
            id: 1,
            seq: 1,
            message_id: "m".into(),
            page_id: "1".into(),
            recipient: "2".into(),
            body,
            sent_at: 1_000,
            request_id: 1,
            bytes: 0,
            no_webhook: None,
        }
    }

    #[test]
    fn buttons_of_all_templates() {
        let call = json!({"type": "audio_call", "title": "C", "expires_in_days": 2});
        let web = json!({"type": "web_url"});
        let generic = message(json!({"message": {"attachment": {"payload": {
            "elements": [{"buttons": [web]}, {"title": "none"}, {"buttons": [web, call]}]}}}}));
        let places: Vec<_> = generic.buttons().iter().map(|(e, b, _)| (*e, *b)).collect();
        assert_eq!(places, [(0, 0), (2, 0), (2, 1)]);
        assert_eq!(generic.find_button(None), Some(call.clone()));
        assert_eq!(generic.expires_at(&call), 1_000 + 2 * DAY);
        assert_eq!(generic.expires_at(&json!({})), 1_000 + 7 * DAY);

        let button = message(json!({"message": {"attachment": {"payload": {"buttons": [web]}}}}));
        assert_eq!(button.find_button(Some((0, 0))), Some(web));
        assert_eq!(button.find_button(None), None);

        let prompt = message(json!({"message": {"attachment": {"payload": {
            "template_type": "call_prompt", "ttl_days": 3}}}}));
        let found = prompt.find_button(None).unwrap();
        assert_eq!(prompt.expires_at(&found), 1_000 + 3 * DAY);
    }
}
