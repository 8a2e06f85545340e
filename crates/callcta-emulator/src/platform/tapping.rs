//! People tap buttons.

use serde_json::Value;

use super::action::Action;
use super::call::CallDirection;
use super::tap::{Tap, TapRefused, TapTarget};
use super::whole::{Platform, split};

impl Platform {
    /// A person taps a button.
    pub(crate) fn tap(&mut self, target: &TapTarget) -> Result<Tap, TapRefused> {
        let refuse = |reason, detail: String| Err(TapRefused { reason, detail });
        let Some(message) = self.messages.find(&target.message_id) else {
            return refuse(
                "message_unknown",
                format!("there is no message {:?}", target.message_id),
            );
        };
        if let Some(place) = target.quick_reply {
            let psid = message.recipient.clone();
            return match message.quick_reply(place) {
                Some(reply) => Ok(self.tap_quick_reply(&psid, reply)),
                None => refuse(
                    "button_unknown",
                    "the message has no such quick reply".into(),
                ),
            };
        }
        let Some(button) =
            message.find_button(target.button.map(|button| (target.element, button)))
        else {
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
            let (webhook, no_webhook) = split(webhook);
            return Ok(Tap {
                button,
                call: self.calls.get(id).cloned(),
                webhook: webhook.and_then(|id| self.webhooks.get(id).cloned()),
                no_webhook,
            });
        }
        if kind != "postback" {
            return Ok(Tap {
                no_webhook: Some(format!(
                    "a tap on a {kind} button stays on the person's device"
                )),
                button,
                call: None,
                webhook: None,
            });
        }
        let action = Action::Postback {
            title: text(&button, "title"),
            payload: text(&button, "payload"),
        };
        Ok(self.tap_acts(&psid, button, action))
    }

    /// A person taps a quick reply.
    fn tap_quick_reply(&mut self, psid: &str, reply: Value) -> Tap {
        let action = Action::QuickReply {
            title: text(&reply, "title"),
            payload: text(&reply, "payload"),
        };
        self.tap_acts(psid, reply, action)
    }

    /// A tap by which a person does something else.
    fn tap_acts(&mut self, psid: &str, button: Value, action: Action) -> Tap {
        let done = self.act(psid, action);
        let no_webhook = match &done {
            Some(action) => action.no_webhook.clone(),
            None => Some("nobody has this PSID".into()),
        };
        let webhook = done
            .and_then(|action| action.webhook_id)
            .and_then(|id| self.webhooks.get(id).cloned());
        Tap {
            button,
            call: None,
            webhook,
            no_webhook,
        }
    }
}

fn text(button: &Value, key: &str) -> String {
    button[key].as_str().unwrap_or_default().to_owned()
}
