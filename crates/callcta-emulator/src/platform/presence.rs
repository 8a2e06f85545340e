//! What people see of a Page beside its messages: that it types, and what it has read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a Page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderAction {
    /// That it types.
    TypingOn,
    /// That it no longer types.
    TypingOff,
    /// That it has read what the person wrote.
    MarkSeen,
}

impl SenderAction {
    /// From its name on the wire, in either case; `None` for other actions, which show nothing.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "typing_on" => Some(Self::TypingOn),
            "typing_off" => Some(Self::TypingOff),
            "mark_seen" => Some(Self::MarkSeen),
            _ => None,
        }
    }
}

/// What a person sees of a Page now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Presence {
    /// The Page.
    pub page_id: String,
    /// The person.
    pub psid: String,
    /// Whether the Page types. A message ends it.
    pub typing: bool,
    /// When the Page last marked the conversation as read, in Unix milliseconds of the emulator's
    /// clock.
    pub seen_at: Option<i64>,
    /// What it had read then: everything up to this place in the order of all that happens.
    pub seen_seq: Option<u64>,
}

/// What each person sees, by Page and person.
#[derive(Default)]
pub(crate) struct Presences(BTreeMap<String, BTreeMap<String, Presence>>);

impl Presences {
    pub(super) fn save(&self) -> Vec<Presence> {
        self.0
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    pub(super) fn restore(saved: Vec<Presence>) -> Self {
        let mut pages: BTreeMap<String, BTreeMap<String, Presence>> = BTreeMap::new();
        for presence in saved {
            let people = pages.entry(presence.page_id.clone()).or_default();
            people.insert(presence.psid.clone(), presence);
        }
        Self(pages)
    }

    pub(crate) fn get(&self, page_id: &str, psid: &str) -> Option<&Presence> {
        self.0.get(page_id)?.get(psid)
    }

    /// What a person sees after this; `keep` says whether it is remembered.
    pub(super) fn show(
        &mut self,
        page_id: &str,
        psid: &str,
        action: SenderAction,
        (seq, now): (u64, i64),
        keep: bool,
    ) -> Presence {
        let mut presence = self.get(page_id, psid).cloned().unwrap_or(Presence {
            page_id: page_id.to_owned(),
            psid: psid.to_owned(),
            typing: false,
            seen_at: None,
            seen_seq: None,
        });
        match action {
            SenderAction::TypingOn => presence.typing = true,
            SenderAction::TypingOff => presence.typing = false,
            SenderAction::MarkSeen => {
                presence.seen_at = Some(now);
                presence.seen_seq = Some(seq);
            }
        }
        if keep {
            let people = self.0.entry(page_id.to_owned()).or_default();
            people.insert(psid.to_owned(), presence.clone());
        }
        presence
    }

    /// A message came, so that nobody types any more.
    pub(super) fn forget(&mut self, page_id: &str, psid: &str) {
        let people = self.0.get_mut(page_id);
        if let Some(presence) = people.and_then(|people| people.get_mut(psid)) {
            presence.typing = false;
        }
    }
}
