//! What people do: tap buttons, write, react, answer call permission requests.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::calls::{CallDirection, PhoneCall};
use crate::clock::DAY;
use crate::journal::{Numbered, StoredMessage};
use crate::webhook::Webhook;
use crate::world::World;

/// Clickable for this long unless the message says otherwise.
const DAYS_DEFAULT: f64 = 7.0;

/// Which button a person taps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TapTarget {
    /// The message id.
    pub message_id: String,
    /// The element of a generic or media template. Default: 0.
    #[serde(default)]
    pub element: usize,
    /// The button in it; left out: the first call button of the whole message.
    #[serde(default)]
    pub button: Option<usize>,
}

impl TapTarget {
    /// The first call button of a message.
    pub fn call(message_id: impl Into<String>) -> Self {
        Self {
            message_id: message_id.into(),
            ..Self::default()
        }
    }

    /// A certain button. For a button template the element is 0.
    pub fn button(message_id: impl Into<String>, element: usize, button: usize) -> Self {
        Self {
            message_id: message_id.into(),
            element,
            button: Some(button),
        }
    }
}

/// What a tap led to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tap {
    /// The button's JSON.
    pub button: Value,
    /// The call that rings, if it was a call button.
    pub call: Option<PhoneCall>,
    /// The webhook that was made; `None` if the app is not subscribed, or the button has none.
    pub webhook: Option<Webhook>,
}

/// Why a tap did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TapRefused {
    /// `message_unknown`, `button_unknown`, `expired`, `calling_not_enabled` or `closed`.
    pub reason: &'static str,
    /// One sentence.
    pub detail: String,
}

impl std::fmt::Display for TapRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for TapRefused {}

/// Something a person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Writes to the Page. Opens the window.
    Message {
        /// What they write.
        text: String,
    },
    /// Taps Get Started or another postback. Opens the window.
    Postback {
        /// The button's title.
        title: String,
        /// The button's payload.
        payload: String,
    },
    /// Reacts to a message. Opens the window.
    Reaction {
        /// The message id.
        message_id: String,
        /// For instance `love`.
        reaction: String,
    },
    /// Follows an m.me link into the conversation. Opens the window.
    Referral {
        /// The link's `ref`.
        #[serde(rename = "ref")]
        reference: String,
    },
    /// Writes after a Click-to-Messenger ad. Opens the window for up to 7 days.
    AdMessage {
        /// What they write.
        text: String,
    },
    /// Comments on a post. Opens the window; the comment can be answered once in private.
    Comment {
        /// The comment's id.
        comment_id: String,
    },
    /// Posts on the Page. Opens the window; the post can be answered once in private.
    VisitorPost {
        /// The post's id.
        post_id: String,
    },
    /// Answers a `calling_optin` request. Does not open the window.
    CallPermission {
        /// Whether they allow calls, for 7 days.
        approve: bool,
    },
    /// Blocks the Page, or no longer. Does not open the window.
    Block {
        /// Whether the Page is blocked from now on.
        blocked: bool,
    },
}

/// An action in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PersonAction {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// Who.
    pub psid: String,
    /// In conversation with which Page.
    pub page_id: String,
    /// What.
    pub action: Action,
    /// The id of the message, if it is one.
    pub message_id: Option<String>,
    /// When, in Unix milliseconds of the emulator's clock.
    pub at: i64,
    /// The number of the webhook that it made.
    pub webhook_id: Option<u64>,
}

impl Numbered for PersonAction {
    fn number(&self) -> u64 {
        self.id
    }
}

impl StoredMessage {
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

    fn find_button(&self, target: &TapTarget) -> Option<Value> {
        let buttons = self.buttons();
        let found = match target.button {
            Some(wanted) => buttons
                .iter()
                .find(|(e, b, _)| (*e, *b) == (target.element, wanted)),
            None => buttons
                .iter()
                .find(|(_, _, button)| button["type"] == "audio_call"),
        };
        found
            .map(|(_, _, button)| (*button).clone())
            .or_else(|| self.call_prompt())
    }
}

impl World {
    /// A person taps a button.
    pub(crate) fn tap(&mut self, target: &TapTarget) -> Result<Tap, TapRefused> {
        let refuse = |reason, detail: String| Err(TapRefused { reason, detail });
        let Some(message) = self
            .messages
            .iter()
            .find(|m| m.message_id == target.message_id)
        else {
            return refuse(
                "message_unknown",
                format!("there is no message {:?}", target.message_id),
            );
        };
        let Some(button) = message.find_button(target) else {
            return refuse("button_unknown", "the message has no such button".into());
        };
        let (page_id, psid) = (message.page_id.clone(), message.recipient.clone());
        let kind = button["type"].as_str().unwrap_or_default();
        if matches!(kind, "audio_call" | "call_prompt") {
            let expires_at = message.expires_at(&button);
            if self.clock.now() >= expires_at {
                return refuse(
                    "expired",
                    format!("the button stopped being clickable at {expires_at}"),
                );
            }
            let Some(page) = self.state.pages.get(&page_id) else {
                return refuse("message_unknown", "the message's Page is gone".into());
            };
            if !page.audio_enabled {
                return refuse(
                    "calling_not_enabled",
                    "the Page has switched audio calling off".into(),
                );
            }
            if self.state.unverified.icon_off_blocks_tap && !page.icon_enabled {
                return refuse("closed", "configured: the Page's call icon is off".into());
            }
            let (id, webhook) = self.ring(
                &page_id,
                &psid,
                CallDirection::UserInitiated,
                Some(target.message_id.clone()),
            );
            return Ok(Tap {
                button,
                call: self.calls.get(id).cloned(),
                webhook: webhook.and_then(|id| self.webhooks.get(id).cloned()),
            });
        }
        let mut webhook = None;
        if kind == "postback" {
            let text = |key: &str| button[key].as_str().unwrap_or_default().to_owned();
            let done = self.act(
                &psid,
                Action::Postback {
                    title: text("title"),
                    payload: text("payload"),
                },
            );
            webhook = done
                .and_then(|action| action.webhook_id)
                .and_then(|id| self.webhooks.get(id).cloned());
        }
        Ok(Tap {
            button,
            call: None,
            webhook,
        })
    }

    /// A person does something; `None` if nobody has that PSID.
    pub(crate) fn act(&mut self, psid: &str, action: Action) -> Option<PersonAction> {
        let now = self.clock.now();
        let page_id = self.state.page_of(self.state.people.get(psid)?).to_owned();
        self.action_count += 1;
        let id = self.action_count;
        let seq = self.next_seq();
        let message_id = matches!(action, Action::Message { .. } | Action::AdMessage { .. })
            .then(|| format!("m_received{id:010}"));
        let person = self.state.people.get_mut(psid)?;
        let opens = match &action {
            Action::CallPermission { approve } => {
                person.call_permission_until = approve.then_some(now + 7 * DAY);
                None
            }
            Action::Block { blocked } => {
                person.blocked = *blocked;
                None
            }
            Action::AdMessage { .. } => Some(7 * DAY),
            _ => Some(DAY),
        };
        if let Some(window) = opens {
            person.last_action = Some(now);
            person.window_ms = window;
        }
        if let Action::Comment { comment_id: id } | Action::VisitorPost { post_id: id } = &action {
            let comment = crate::Comment {
                psid: psid.into(),
                created_at: now,
                answered: false,
            };
            self.state.comments.insert(id.clone(), comment);
        }
        let webhook_id =
            action_event(&action, message_id.as_deref(), now).and_then(|(field, content)| {
                let mut event = json!({
                    "sender": {"id": psid},
                    "recipient": {"id": page_id},
                    "timestamp": if field == "call_permission_reply" { now / 1000 } else { now },
                });
                for (key, value) in content.as_object().into_iter().flatten() {
                    event[key] = value.clone();
                }
                // Unlike all others, this one stands in `entry` itself.
                let entry = if field == "call_permission_reply" {
                    event
                } else {
                    json!({"id": page_id, "time": now, "messaging": [event]})
                };
                self.webhook(&page_id, field, &entry)
            });
        let record = PersonAction {
            id,
            seq,
            psid: psid.into(),
            page_id,
            action,
            message_id,
            at: now,
            webhook_id,
        };
        self.actions.push(record.clone());
        self.events.emit("action", || json!(record));
        Some(record)
    }
}

/// The webhook field of an action, and what its event holds.
fn action_event(
    action: &Action,
    message_id: Option<&str>,
    now: i64,
) -> Option<(&'static str, Value)> {
    Some(match action {
        Action::Message { text } => (
            "messages",
            json!({"message": {"mid": message_id, "text": text}}),
        ),
        Action::AdMessage { text } => (
            "messages",
            json!({"message": {"mid": message_id, "text": text,
                "referral": {"source": "ADS", "type": "OPEN_THREAD"}}}),
        ),
        Action::Postback { title, payload } => (
            "messaging_postbacks",
            json!({"postback": {"title": title, "payload": payload}}),
        ),
        Action::Reaction {
            message_id,
            reaction,
        } => (
            "message_reactions",
            json!({"reaction": {"mid": message_id, "action": "react", "reaction": reaction}}),
        ),
        Action::Referral { reference } => (
            "messaging_referrals",
            json!({"referral": {"ref": reference, "source": "SHORTLINK", "type": "OPEN_THREAD"}}),
        ),
        Action::CallPermission { approve: true } => (
            "call_permission_reply",
            json!({"call_permission_reply": {"response": "approve",
                "expiration_timestamp": ((now + 7 * DAY) / 1000).to_string()}}),
        ),
        Action::CallPermission { approve: false } => (
            "call_permission_reply",
            json!({"call_permission_reply": {"response": "reject"}}),
        ),
        Action::Comment { .. } | Action::VisitorPost { .. } | Action::Block { .. } => return None,
    })
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
        assert_eq!(
            generic.find_button(&TapTarget::call("m")),
            Some(call.clone())
        );
        assert_eq!(generic.expires_at(&call), 1_000 + 2 * DAY);
        assert_eq!(generic.expires_at(&json!({})), 1_000 + 7 * DAY);

        let button = message(json!({"message": {"attachment": {"payload": {"buttons": [web]}}}}));
        assert_eq!(button.find_button(&TapTarget::button("m", 0, 0)), Some(web));
        assert_eq!(button.find_button(&TapTarget::call("m")), None);

        let prompt = message(json!({"message": {"attachment": {"payload": {
            "template_type": "call_prompt", "ttl_days": 3}}}}));
        let found = prompt.find_button(&TapTarget::call("m")).unwrap();
        assert_eq!(prompt.expires_at(&found), 1_000 + 3 * DAY);
    }
}
