//! What people see of a Page beside its messages: that it types, and what it has read.

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
}

/// What each person sees.
#[derive(Default)]
pub(crate) struct Presences(Vec<Presence>);

impl Presences {
    pub(crate) fn get(&self, page_id: &str, psid: &str) -> Option<&Presence> {
        self.0
            .iter()
            .find(|one| one.page_id == page_id && one.psid == psid)
    }

    pub(super) fn show(
        &mut self,
        page_id: &str,
        psid: &str,
        action: SenderAction,
        now: i64,
    ) -> &Presence {
        let is = |one: &Presence| one.page_id == page_id && one.psid == psid;
        let at = self.0.iter().position(is).unwrap_or_else(|| {
            self.0.push(Presence {
                page_id: page_id.to_owned(),
                psid: psid.to_owned(),
                typing: false,
                seen_at: None,
            });
            self.0.len() - 1
        });
        let presence = &mut self.0[at];
        match action {
            SenderAction::TypingOn => presence.typing = true,
            SenderAction::TypingOff => presence.typing = false,
            SenderAction::MarkSeen => presence.seen_at = Some(now),
        }
        presence
    }

    /// A message came, so that nobody types any more.
    pub(super) fn forget(&mut self, page_id: &str, psid: &str) {
        let is = |one: &&mut Presence| one.page_id == page_id && one.psid == psid;
        if let Some(presence) = self.0.iter_mut().find(is) {
            presence.typing = false;
        }
    }
}
