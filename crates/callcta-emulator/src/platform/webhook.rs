//! Webhooks: made, signed, held back, waiting to be sent, and what became of them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ring::{Held, Item, Ring, SavedRing};
use super::sign::{hex_hmac, hex_hmac_sha1};
use super::size::{ENTRY, PART, start};
use super::target::{Signature, WebhookTarget};

/// A failing receiver is reported after this long.
const ALERT_AFTER: i64 = 15 * 60_000;
/// And unsubscribed after this long.
const DISABLE_AFTER: i64 = 60 * 60_000;

/// A webhook and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// How long the body is, in bytes.
    pub body_length: usize,
    /// Whether `body` is only its first part, as in lists and events where it is long.
    pub body_cut: bool,
    /// The `X-Hub-Signature-256` header; `None` if it is left out on purpose.
    pub signature: Option<String>,
    /// The older `X-Hub-Signature` header; `None` if it is left out.
    pub signature_sha1: Option<String>,
    /// What became of it.
    pub status: WebhookStatus,
    /// Each time it was sent.
    pub attempts: Vec<Attempt>,
    /// The number of the webhook of which this is another delivery.
    pub redelivery_of: Option<u64>,
}

impl Webhook {
    /// The webhook with only the first part of its body, if that is long.
    pub(crate) fn part(&self) -> Cow<'_, Self> {
        if self.body.len() <= PART {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            body: start(&self.body, PART).to_owned(),
            body_cut: true,
            page_id: self.page_id.clone(),
            field: self.field.clone(),
            signature: self.signature.clone(),
            signature_sha1: self.signature_sha1.clone(),
            attempts: self.attempts.clone(),
            ..*self
        })
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Item for Webhook {
    fn number(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        let attempts = self.attempts.iter();
        let attempts = attempts.map(|a| ENTRY + a.url.len() + a.answer.len());
        // The two signatures are half an entry together.
        ENTRY + ENTRY / 2 + self.body.len() + attempts.sum::<usize>()
    }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// A webhook that is about to be made.
pub(super) struct Draft<'a> {
    pub(super) page_id: &'a str,
    pub(super) field: &'a str,
    pub(super) body: String,
    pub(super) signature: Signature,
    /// Whether the older signature is made, too.
    pub(super) sha1: bool,
    /// The Page's app secret.
    pub(super) secret: &'a str,
    pub(super) redelivery_of: Option<u64>,
}

/// What a failed delivery means for the receiver.
pub(super) enum Verdict {
    /// It has been failing for this many milliseconds.
    Failing(i64),
    /// It has been failing for so long that it loses its subscription.
    GivenUp,
}

/// The webhooks of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedWebhooks {
    pub(super) log: SavedRing<Webhook>,
    /// Those that wait to be sent, by their numbers.
    queue: Vec<u64>,
    failing_since: Vec<(String, i64)>,
}

/// The newest webhooks, those that wait to be sent, and how the receivers have been doing.
pub(crate) struct Webhooks {
    kept: Ring<Webhook>,
    count: u64,
    queue: VecDeque<u64>,
    /// Since when a Page's receiver has been failing.
    failing_since: Vec<(String, i64)>,
}

impl Webhooks {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
            queue: VecDeque::new(),
            failing_since: Vec::new(),
        }
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Webhook> {
        self.kept.iter()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Webhook> {
        self.kept.get(id)
    }

    pub(crate) fn held(&self) -> Held {
        self.kept.held()
    }

    pub(super) fn save(&self) -> SavedWebhooks {
        SavedWebhooks {
            log: self.kept.save(self.count, Clone::clone),
            queue: self.queue.iter().copied().collect(),
            failing_since: self.failing_since.clone(),
        }
    }

    /// What was under way when the snapshot was taken is sent again.
    pub(super) fn restore(saved: SavedWebhooks, keep: usize) -> Result<Self, String> {
        let (kept, count) = Ring::restore(saved.log, keep)?;
        let is_queued = |webhook: &&Webhook| webhook.status == WebhookStatus::Queued;
        let mut left: Vec<u64> = kept.iter().filter(is_queued).map(|w| w.id).collect();
        left.retain(|id| !saved.queue.contains(id));
        let queued = saved.queue.into_iter();
        let queued = queued.filter(|id| kept.get(*id).as_ref().is_some_and(is_queued));
        Ok(Self {
            queue: left.into_iter().chain(queued).collect(),
            kept,
            count,
            failing_since: saved.failing_since,
        })
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        let dropped = self.kept.drop_oldest();
        self.forget_dropped();
        dropped
    }

    /// Those that fell out before they were sent wait no longer.
    fn forget_dropped(&mut self) {
        while let Some(id) = self.queue.front()
            && self.kept.get(*id).is_none()
        {
            self.queue.pop_front();
        }
    }

    /// Whether any are queued.
    pub(crate) fn any_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn next_queued(&mut self) -> Option<u64> {
        self.queue.pop_front()
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.queue.clear();
    }

    pub(super) fn make(&mut self, draft: Draft<'_>, target: &WebhookTarget, now: i64) -> u64 {
        let secret = match draft.signature {
            Signature::Valid => Some(draft.secret.to_owned()),
            Signature::Wrong => Some(format!("not {}", draft.secret)),
            Signature::Missing => None,
        };
        let body = draft.body.as_bytes();
        let signature = secret.as_deref().map(|secret| hex_hmac(secret, body));
        let signature_sha1 = secret
            .filter(|_| draft.sha1)
            .map(|secret| hex_hmac_sha1(&secret, body));
        self.count += 1;
        let id = self.count;
        let status = match target.url {
            // A webhook that is sent again on request is not held back again.
            _ if target.hold && draft.redelivery_of.is_none() => WebhookStatus::Held,
            None => WebhookStatus::NoTarget,
            Some(_) => WebhookStatus::Queued,
        };
        self.kept.push(Webhook {
            id,
            page_id: draft.page_id.into(),
            field: draft.field.into(),
            created_at: now,
            body_length: draft.body.len(),
            body_cut: false,
            body: draft.body,
            signature: signature.map(|hex| format!("sha256={hex}")),
            signature_sha1: signature_sha1.map(|hex| format!("sha1={hex}")),
            status,
            attempts: Vec::new(),
            redelivery_of: draft.redelivery_of,
        });
        if status == WebhookStatus::Queued {
            self.queue.push_back(id);
        }
        self.forget_dropped();
        id
    }

    /// Lets held webhooks go; their numbers.
    pub(super) fn release(&mut self, order: &ReleaseOrder, has_target: bool) -> Vec<u64> {
        let held = |w: &&Webhook| w.status == WebhookStatus::Held;
        let mut ids: Vec<u64> = self.kept.iter().filter(held).map(|w| w.id).collect();
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
        for id in &ids {
            let status = if has_target {
                self.queue.push_back(*id);
                WebhookStatus::Queued
            } else {
                WebhookStatus::NoTarget
            };
            self.kept.change(*id, |webhook| webhook.status = status);
        }
        ids
    }

    /// Notes an attempt; `last` says that no other will follow.
    pub(super) fn attempted(
        &mut self,
        id: u64,
        attempt: Attempt,
        last: bool,
        now: i64,
    ) -> Option<Verdict> {
        let good = attempt.status == Some(200);
        let page_id = self.kept.change(id, |webhook| {
            webhook.attempts.push(attempt);
            if good {
                webhook.status = WebhookStatus::Delivered;
            } else if last {
                webhook.status = WebhookStatus::Failed;
            }
            webhook.page_id.clone()
        })?;
        if good {
            self.failing_since.retain(|(page, _)| *page != page_id);
            return None;
        }
        if !last {
            return None;
        }
        let Some((_, since)) = self.failing_since.iter().find(|(page, _)| *page == page_id) else {
            self.failing_since.push((page_id, now));
            return None;
        };
        let failing_ms = now.saturating_sub(*since);
        if failing_ms >= DISABLE_AFTER {
            self.failing_since.retain(|(page, _)| *page != page_id);
            return Some(Verdict::GivenUp);
        }
        (failing_ms >= ALERT_AFTER).then_some(Verdict::Failing(failing_ms))
    }
}

/// JSON in ASCII, as Meta signs it: `ä` becomes `\u00e4`.
pub(super) fn escaped(value: &Value) -> String {
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
    use serde_json::json;

    #[test]
    fn bodies_are_ascii() {
        assert_eq!(
            escaped(&json!({"a": "äöå 😀 \"q\""})),
            r#"{"a":"\u00e4\u00f6\u00e5 \ud83d\ude00 \"q\""}"#
        );
    }
}
