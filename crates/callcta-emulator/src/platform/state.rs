//! What the emulated platform knows: pages, tokens, people, and how to behave where Meta's
//! documentation is silent. All of it can be read from and written to JSON.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::clock::START;
use super::near::with_hint;
use super::page::Page;
use super::person::{Comment, Person};
use super::persona::Persona;
use super::target::WebhookTarget;
use super::token::Token;
use super::unverified::Unverified;

/// The whole state. A seed file is this as JSON; every field has a default.
///
/// All times are Unix milliseconds of the emulator's clock, which starts at
/// [`crate::START`] unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct State {
    /// The id of the Page that `page_id()` and the ready line speak of; the first one by id when
    /// it is empty or unknown. Default: empty.
    pub default_page: String,
    /// The app to which the tokens belong.
    pub app: App,
    /// Pages by their id.
    pub pages: BTreeMap<String, Page>,
    /// People by their Page-scoped ID.
    pub people: BTreeMap<String, Person>,
    /// What becomes of numeric PSIDs that are not in `people`. Default: refused.
    pub strangers: Strangers,
    /// Page-scoped IDs behind `user_ref`s of the checkbox plugin.
    pub user_refs: BTreeMap<String, String>,
    /// Comments and posts that may be answered in private, by their id.
    pub comments: BTreeMap<String, Comment>,
    /// Uploaded files by their attachment id.
    pub attachments: BTreeMap<String, Attachment>,
    /// The form of the answer to a successful send. Default: flat.
    pub answer_shape: AnswerShape,
    /// Where webhooks go.
    pub webhook: WebhookTarget,
    /// The behaviours that Meta does not document.
    pub unverified: Unverified,
    /// How much the logs hold stands beside a state that the control API shows; read back, it
    /// means nothing.
    #[serde(skip_serializing)]
    pub(super) logs: IgnoredAny,
}

/// The app in whose name Graph is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// The app id. Default: `400000000000001`.
    pub id: String,
    /// The app's name. Default: `Emulated App`.
    pub name: String,
    /// Whether the app is live. Default: live.
    pub mode: AppMode,
}

impl Default for App {
    fn default() -> Self {
        Self {
            id: "400000000000001".into(),
            name: "Emulated App".into(),
            mode: AppMode::Live,
        }
    }
}

/// The state of an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppMode {
    /// Everybody can be written to.
    #[default]
    Live,
    /// Only people with a role in the app can be written to.
    Development,
}

/// What becomes of PSIDs that nobody put into the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strangers {
    /// 100/2018001, "No matching user found".
    #[default]
    Refuse,
    /// Any numeric PSID is a person whose window is open; for tests that write to many.
    Welcome,
}

/// The documented forms of the answer to a successful send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerShape {
    /// `{"recipient_id":…,"message_id":…}`: the standard.
    #[default]
    Flat,
    /// `{"recipient":{"id":…,"message_id":…}}`: the Call Audio CTA page's sample.
    NestedBoth,
    /// `{"recipient":{"id":…},"message_id":…}`: the call permission page's sample.
    NestedId,
    /// `{"message_id":…}`: what sends by `user_ref` get.
    MessageIdOnly,
}

impl State {
    /// No pages, no people.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a seed. A name that is not known is refused, with the one that is near.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
            .map_err(|error| serde::de::Error::custom(with_hint(error.to_string())))
    }

    /// Writes a seed. It contains the tokens and secrets.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("the state has only string keys")
    }

    /// The id of the default Page, if there is any Page.
    pub fn default_page_id(&self) -> Option<&str> {
        if self.pages.contains_key(&self.default_page) {
            return Some(&self.default_page);
        }
        self.pages.keys().next().map(String::as_str)
    }

    /// A Page to change.
    ///
    /// # Panics
    ///
    /// When there is no Page with that id: a mistake in the test that asks for it.
    pub fn page_mut(&mut self, id: &str) -> &mut Page {
        self.pages.get_mut(id).expect("no page with this id")
    }

    /// A person to change.
    ///
    /// # Panics
    ///
    /// When there is nobody with that PSID: a mistake in the test that asks for it.
    pub fn person_mut(&mut self, psid: &str) -> &mut Person {
        self.people.get_mut(psid).expect("nobody with this PSID")
    }

    /// The Page a person belongs to.
    pub(crate) fn page_of<'a>(&'a self, person: &'a Person) -> &'a str {
        if person.page.is_empty() {
            self.default_page_id().unwrap_or_default()
        } else {
            &person.page
        }
    }

    /// Moves what is said to be when the clock starts to where it starts now.
    pub(crate) fn begin(&mut self, start: i64) {
        // Before START nothing but defaults can have happened at it.
        if start <= START {
            return;
        }
        let people = self
            .people
            .values_mut()
            .filter_map(|p| p.last_action.as_mut());
        let files = self.attachments.values_mut().map(|a| &mut a.created_at);
        let comments = self.comments.values_mut().map(|c| &mut c.created_at);
        for time in people
            .chain(files)
            .chain(comments)
            .filter(|time| **time == START)
        {
            *time = start;
        }
    }

    /// Everybody who is in conversation with a Page, those with an open window first.
    pub(crate) fn psids_of(&self, page: &str, now: i64) -> Vec<String> {
        let reachable = |p: &Person| p.window_open(now) && !p.blocked;
        let mut psids: Vec<_> = self
            .people
            .iter()
            .filter(|(_, person)| self.page_of(person) == page)
            .collect();
        psids.sort_by_key(|(_, person)| !reachable(person));
        psids.into_iter().map(|(psid, _)| psid.clone()).collect()
    }

    /// A persona by its id, and the Page that it belongs to.
    pub(crate) fn persona(&self, id: &str) -> Option<(&str, &Persona)> {
        self.pages.iter().find_map(|(page_id, page)| {
            let persona = page.personas.get(id)?;
            Some((page_id.as_str(), persona))
        })
    }

    /// The attachment of a Page that can be sent at `now`.
    pub(crate) fn attachment(&self, id: &str, page_id: &str, now: i64) -> Option<&Attachment> {
        let attachment = self.attachments.get(id)?;
        let page = if attachment.page.is_empty() {
            self.default_page_id().unwrap_or_default()
        } else {
            &attachment.page
        };
        (page == page_id && attachment.is_usable(now)).then_some(attachment)
    }

    /// The Page and the token entry that a token string names.
    pub(crate) fn find_token(&self, token: &str) -> Option<(&str, &Page, &Token)> {
        self.pages.iter().find_map(|(id, page)| {
            let found = page.tokens.iter().find(|t| t.token == token)?;
            Some((id.as_str(), page, found))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::DAY;
    use super::*;

    #[test]
    fn a_seed_may_be_short() {
        let state = State::from_json(
            r#"{"pages": {"7": {"tokens": [{"token": "T"}]}}, "people": {"9": {}}}"#,
        )
        .unwrap();
        assert_eq!(state.default_page_id(), Some("7"));
        assert!(state.people["9"].window_open(START));
        assert_eq!(state.psids_of("7", START), ["9"]);
        assert!(state.find_token("T").is_some());
    }

    #[test]
    fn a_misspelt_key_in_a_seed_is_an_error() {
        let error = State::from_json(r#"{"pages": {"7": {"audio_enable": false}}}"#).unwrap_err();
        let text = error.to_string();
        assert!(text.ends_with("did you mean `audio_enabled`?"), "{text}");
        let error = State::from_json(r#"{"strangers": "welcom"}"#).unwrap_err();
        assert!(error.to_string().ends_with("did you mean `welcome`?"));
        let error = State::from_json(r#"{"pages": 7}"#).unwrap_err();
        assert!(!error.to_string().contains("did you mean"));
    }

    #[test]
    fn closing_the_window_closes_it() {
        let mut person = Person::default();
        assert!(person.window_open(START + DAY - 1));
        assert!(!person.window_open(START + DAY));
        person.close_window();
        assert!(!person.window_open(START));
    }
}
