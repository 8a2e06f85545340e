//! Webhooks: made, signed, held back, sent and recorded.

mod send;

use std::collections::VecDeque;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::send::{dispatch, target, verify};
use crate::graph::hex_hmac;
use crate::journal::Numbered;
use crate::world::World;

/// A failing receiver is reported after this long.
const ALERT_AFTER: i64 = 15 * 60_000;
/// And unsubscribed after this long.
const DISABLE_AFTER: i64 = 60 * 60_000;

/// A webhook and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Webhook {
    /// Its number, from 1 on.
    pub id: u64,
    /// The Page it speaks of.
    pub page_id: String,
    /// The subscribed field, for instance `calls`.
    pub field: String,
    /// When it was made, in Unix milliseconds of the emulator's clock.
    pub created_at: i64,
    /// The raw body. Like Meta's, it is ASCII: other characters are escaped.
    pub body: String,
    /// The `X-Hub-Signature-256` header; `None` if it is left out on purpose.
    pub signature: Option<String>,
    /// What became of it.
    pub status: WebhookStatus,
    /// Each time it was sent.
    pub attempts: Vec<Attempt>,
    /// The number of the webhook of which this is another delivery.
    pub redelivery_of: Option<u64>,
}

impl Webhook {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Numbered for Webhook {
    fn number(&self) -> u64 {
        self.id
    }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// Nobody said where to send it.
    NoTarget,
    /// Kept back until released.
    Held,
    /// On its way.
    Queued,
    /// Answered with 200.
    Delivered,
    /// Not answered with 200 in any of the attempts.
    Failed,
}

/// One delivery attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Where it went.
    pub url: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The start of the answer's body, as text.
    pub answer: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took, in milliseconds of real time.
    pub duration_ms: u64,
}

/// How webhooks are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// With the Page's app secret.
    #[default]
    Valid,
    /// With another secret.
    Wrong,
    /// Not at all.
    Missing,
}

/// In which order held webhooks are released.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReleaseOrder {
    /// As they were made.
    #[default]
    Made,
    /// The newest first.
    Reverse,
    /// Only these, in this order, by their numbers.
    Only(Vec<u64>),
}

/// The webhooks that wait, and how the receivers have been doing.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) queue: VecDeque<u64>,
    /// Since when a Page's receiver has been failing.
    failing_since: Vec<(String, i64)>,
}

impl World {
    /// Makes a webhook for a subscribed field; its number, or `None` if the app is not
    /// subscribed. `entry` goes into `entry[]` as it is.
    pub(crate) fn webhook(&mut self, page_id: &str, field: &str, entry: &Value) -> Option<u64> {
        let page = self.state.pages.get(page_id)?;
        if !page.subscribed_fields.iter().any(|f| f == field) {
            return None;
        }
        let body = escaped(&json!({"object": "page", "entry": [entry]}));
        let signature = self.state.webhook.signature;
        Some(self.post_webhook(page_id, field, body, signature, None))
    }

    /// Sends a webhook once more.
    pub(crate) fn redeliver(&mut self, id: u64, signature: Signature) -> Option<u64> {
        let old = self.webhooks.get(id)?.clone();
        Some(self.post_webhook(&old.page_id, &old.field, old.body, signature, Some(id)))
    }

    fn post_webhook(
        &mut self,
        page_id: &str,
        field: &str,
        body: String,
        signature: Signature,
        redelivery_of: Option<u64>,
    ) -> u64 {
        let secret = self
            .state
            .pages
            .get(page_id)
            .map_or("", |page| page.app_secret.as_str());
        let signature = match signature {
            Signature::Valid => Some(hex_hmac(secret, body.as_bytes())),
            Signature::Wrong => Some(hex_hmac(&format!("not {secret}"), body.as_bytes())),
            Signature::Missing => None,
        };
        self.webhook_count += 1;
        let id = self.webhook_count;
        let target = &self.state.webhook;
        let status = match target.url {
            // A webhook that is sent again on request is not held back again.
            _ if target.hold && redelivery_of.is_none() => WebhookStatus::Held,
            None => WebhookStatus::NoTarget,
            Some(_) => WebhookStatus::Queued,
        };
        self.webhooks.push(Webhook {
            id,
            page_id: page_id.into(),
            field: field.into(),
            created_at: self.clock.now(),
            body,
            signature: signature.map(|hex| format!("sha256={hex}")),
            status,
            attempts: Vec::new(),
            redelivery_of,
        });
        if status == WebhookStatus::Queued {
            self.outbox.queue.push_back(id);
            self.wake.notify_one();
        }
        self.tell_webhook(id);
        id
    }

    /// Lets held webhooks go; how many.
    pub(crate) fn release(&mut self, order: &ReleaseOrder) -> usize {
        let held = |w: &&Webhook| w.status == WebhookStatus::Held;
        let mut ids: Vec<u64> = self.webhooks.iter().filter(held).map(|w| w.id).collect();
        match order {
            ReleaseOrder::Made => {}
            ReleaseOrder::Reverse => ids.reverse(),
            ReleaseOrder::Only(wanted) => {
                let known = std::mem::take(&mut ids);
                for id in wanted {
                    if known.contains(id) && !ids.contains(id) {
                        ids.push(*id);
                    }
                }
            }
        }
        let has_target = self.state.webhook.url.is_some();
        for id in &ids {
            if let Some(webhook) = self.webhooks.get_mut(*id) {
                webhook.status = if has_target {
                    self.outbox.queue.push_back(*id);
                    WebhookStatus::Queued
                } else {
                    WebhookStatus::NoTarget
                };
            }
            self.tell_webhook(*id);
        }
        self.wake.notify_one();
        ids.len()
    }

    /// Notes an attempt; `last` says that no other will follow.
    fn attempted(&mut self, id: u64, attempt: Attempt, last: bool) {
        let good = attempt.status == Some(200);
        let now = self.clock.now();
        let Some(webhook) = self.webhooks.get_mut(id) else {
            return;
        };
        webhook.attempts.push(attempt);
        let page_id = webhook.page_id.clone();
        if good {
            webhook.status = WebhookStatus::Delivered;
            self.outbox
                .failing_since
                .retain(|(page, _)| *page != page_id);
        } else if last {
            webhook.status = WebhookStatus::Failed;
            self.receiver_fails(&page_id, now);
        }
        self.tell_webhook(id);
    }

    /// A receiver that has been failing for an hour loses its subscription.
    fn receiver_fails(&mut self, page_id: &str, now: i64) {
        let Some((_, since)) = self
            .outbox
            .failing_since
            .iter()
            .find(|(page, _)| page == page_id)
        else {
            self.outbox.failing_since.push((page_id.into(), now));
            return;
        };
        let failing_ms = now - since;
        if failing_ms >= DISABLE_AFTER {
            if let Some(page) = self.state.pages.get_mut(page_id) {
                page.subscribed_fields.clear();
            }
            self.outbox
                .failing_since
                .retain(|(page, _)| page != page_id);
            self.events
                .emit("webhooks_disabled", || json!({"page_id": page_id}));
        } else if failing_ms >= ALERT_AFTER {
            self.events.emit(
                "webhooks_failing",
                || json!({"page_id": page_id, "failing_ms": failing_ms}),
            );
        }
    }

    fn tell_webhook(&mut self, id: u64) {
        if let Some(webhook) = self.webhooks.get(id) {
            self.events.emit("webhook", || json!(webhook));
        }
    }
}

/// JSON in ASCII, as Meta signs it: `ä` becomes `\u00e4`.
fn escaped(value: &Value) -> String {
    let text = value.to_string();
    if text.is_ascii() {
        return text;
    }
    let mut ascii = String::with_capacity(text.len() + 32);
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string can't fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_ascii() {
        assert_eq!(
            escaped(&json!({"a": "äöå 😀 \"q\""})),
            r#"{"a":"\u00e4\u00f6\u00e5 \ud83d\ude00 \"q\""}"#
        );
    }
}
