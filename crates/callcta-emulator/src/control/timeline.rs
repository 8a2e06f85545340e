//! What happened in a conversation: messages, what the person did, calls, and what was refused.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::list::has_text;
use super::{views, words};
use crate::graph::is_message_post;
use crate::platform::{Action, PersonAction, PhoneCall, StoredMessage};
use crate::server::Core;
use crate::traffic::Entry;

/// Something that happened in a conversation.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    Message(&'a StoredMessage),
    Action(&'a PersonAction),
    Call(&'a PhoneCall),
    /// A send that brought no message.
    Lost(&'a Entry),
}

/// It, and between whom it happened.
pub(super) struct Item<'a> {
    pub(super) page_id: &'a str,
    pub(super) psid: Cow<'a, str>,
    pub(super) what: What<'a>,
}

impl Item<'_> {
    pub(super) fn seq(&self) -> u64 {
        match self.what {
            What::Message(message) => message.seq,
            What::Action(action) => action.seq,
            What::Call(call) => call.seq,
            What::Lost(entry) => entry.seq,
        }
    }

    /// Its kind, when it happened, and in a few words what.
    pub(super) fn told(&self) -> (&'static str, i64, String) {
        match self.what {
            What::Message(message) => ("message", message.sent_at, words::message(message)),
            What::Action(action) => ("action", action.at, words::action(&action.action)),
            What::Call(call) => ("call", call.started_at, words::call(call).into()),
            What::Lost(entry) => {
                let params = entry.request.params();
                let words = words::sent(params.map.get("message"));
                ("refusal", entry.received_at, words)
            }
        }
    }

    /// Whether it contains a text, which is in lower case.
    pub(super) fn has(&self, text: &str) -> bool {
        match self.what {
            What::Message(message) => {
                message.message_id.to_lowercase().contains(text) || has_text(&message.body, text)
            }
            What::Action(action) => {
                has_text(&json!(action.action), text)
                    || words::action(&action.action).to_lowercase().contains(text)
            }
            What::Call(call) => has_text(&json!(call), text),
            What::Lost(entry) => {
                let params = entry.request.params();
                let refusal = entry.refusal.as_ref();
                refusal.is_some_and(|refusal| has_text(&json!(refusal), text))
                    || params
                        .map
                        .get("message")
                        .is_some_and(|message| has_text(message, text))
            }
        }
    }

    /// When the person read a message.
    fn read_at(&self, core: &Core) -> Option<i64> {
        let What::Message(message) = self.what else {
            return None;
        };
        let reads = |action: &&PersonAction| {
            matches!(action.action, Action::Read)
                && action.seq > message.seq
                && action.psid == message.recipient
                && action.page_id == message.page_id
        };
        let first = core.platform.actions().iter().find(reads)?;
        Some(first.at)
    }

    pub(super) fn view(&self, core: &Core, base: &str) -> Value {
        let (kind, at, _) = self.told();
        let (item, fault) = match self.what {
            What::Message(message) => {
                let request = core.traffic.log().get(message.request_id);
                (
                    views::message(message, core.platform.now(), false),
                    request.and_then(|entry| entry.fault.as_deref()),
                )
            }
            What::Action(action) => (views::action(action), None),
            What::Call(call) => (json!(call), None),
            What::Lost(entry) => (views::request(entry, base, false), entry.fault.as_deref()),
        };
        json!({
            "kind": kind,
            "seq": self.seq(),
            "at": at,
            "fault": fault,
            "read_at": self.read_at(core),
            "item": item,
        })
    }
}

/// Everything that happened in conversations, in no order.
pub(super) fn items(core: &Core) -> impl Iterator<Item = Item<'_>> {
    let platform = &core.platform;
    let messages = platform.messages().iter().map(|message| Item {
        page_id: &message.page_id,
        psid: Cow::Borrowed(&message.recipient),
        what: What::Message(message),
    });
    let actions = platform.actions().iter().map(|action| Item {
        page_id: &action.page_id,
        psid: Cow::Borrowed(&action.psid),
        what: What::Action(action),
    });
    let calls = platform.calls().iter().map(|call| Item {
        page_id: &call.page_id,
        psid: Cow::Borrowed(&call.psid),
        what: What::Call(call),
    });
    let lost = core.traffic.log().iter().filter_map(|entry| {
        let (page_id, psid) = lost(core, entry)?;
        Some(Item {
            page_id,
            psid: Cow::Owned(psid),
            what: What::Lost(entry),
        })
    });
    messages.chain(actions).chain(calls).chain(lost)
}

/// Between whom a send was lost: refused, or hit by a fault before it was stored.
pub(super) fn lost<'a>(core: &'a Core, entry: &'a Entry) -> Option<(&'a str, String)> {
    let path = entry.request.uri.path();
    let is_lost = entry.message_id.is_none() && (entry.refusal.is_some() || entry.fault.is_some());
    if !is_lost || !is_message_post(&entry.request.method, path) {
        return None;
    }
    let psid = views::recipient(entry)?;
    let state = core.platform.state();
    let page_id = match state.people.get(&psid) {
        Some(person) => state.page_of(person),
        None => path
            .split('/')
            .find(|part| state.pages.contains_key(*part))
            .or_else(|| state.default_page_id())
            .unwrap_or_default(),
    };
    Some((page_id, psid))
}
