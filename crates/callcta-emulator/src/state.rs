//! What the emulated platform knows: pages, tokens, people, and how to behave where Meta's
//! documentation is silent. All of it can be read from and written to JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::{DAY, START};
use crate::unverified::Unverified;
use crate::webhook::Signature;

/// The whole state. A seed file is this as JSON; every field has a default.
///
/// All times are Unix milliseconds of the emulator's clock, which starts at
/// [`crate::START`].
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
    /// The form of the answer to a successful send. Default: flat.
    pub answer_shape: AnswerShape,
    /// Where webhooks go.
    pub webhook: WebhookTarget,
    /// The behaviours that Meta does not document.
    pub unverified: Unverified,
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

/// A Facebook Page.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(
    clippy::struct_excessive_bools,
    reason = "Meta's settings are switches"
)]
pub struct Page {
    /// The name shown to people. Default: `Emulated Page`.
    pub name: String,
    /// The secret of the app that is connected to this Page: the key of `appsecret_proof` and of
    /// webhook signatures. Default: `emulated-app-secret`.
    pub app_secret: String,
    /// "Require App Secret": refuse calls without `appsecret_proof`. Default: `false`.
    pub require_appsecret_proof: bool,
    /// The access tokens that work, or used to work, for this Page.
    pub tokens: Vec<Token>,
    /// Whether audio calling is switched on. Default: `true`.
    pub audio_enabled: bool,
    /// Whether video calling is switched on. Default: `false`.
    pub video_enabled: bool,
    /// Whether people see the call icon. Default: `true`.
    pub icon_enabled: bool,
    /// Who is rung: Meta's own inbox or the app. Default: `PARTNERS`.
    pub call_routing: RingTarget,
    /// When the Page takes calls; `null`: never set.
    pub call_hours: Option<CallHours>,
    /// Whether the Page may use the calling API (`business_messaging_feature_status`, call
    /// routing). Default: `true`.
    pub calling_eligible: bool,
    /// Temporarily restricted from sending: 10/1893063. Default: `false`.
    pub restricted: bool,
    /// Whether the app has the reviewed "Human Agent" feature. Default: `true`.
    pub human_agent: bool,
    /// Names of the approved utility templates. Default: none.
    pub utility_templates: Vec<String>,
    /// The webhook fields to which the app is subscribed.
    /// Default: `calls`, `messages`, `call_permission_reply`, `call_settings_update`.
    pub subscribed_fields: Vec<String>,
    /// Rate limits; nothing is limited by default.
    pub rate_limits: RateLimits,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            name: "Emulated Page".into(),
            app_secret: "emulated-app-secret".into(),
            require_appsecret_proof: false,
            tokens: Vec::new(),
            audio_enabled: true,
            video_enabled: false,
            icon_enabled: true,
            call_routing: RingTarget::Partners,
            call_hours: None,
            calling_eligible: true,
            restricted: false,
            human_agent: true,
            utility_templates: Vec::new(),
            subscribed_fields: [
                "calls",
                "messages",
                "call_permission_reply",
                "call_settings_update",
            ]
            .map(String::from)
            .to_vec(),
            rate_limits: RateLimits::default(),
        }
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("name", &self.name)
            .field("tokens", &self.tokens)
            .field("audio_enabled", &self.audio_enabled)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// The first Page token that works at `now`, or the first of all.
    pub(crate) fn working_token(&self, now: i64) -> Option<&Token> {
        self.tokens
            .iter()
            .find(|t| {
                t.kind == TokenKind::Page
                    && t.subcode.is_none()
                    && t.expires_at.is_none_or(|at| at > now)
                    && t.has_scope("pages_messaging")
            })
            .or_else(|| self.tokens.first())
    }
}

/// An access token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whose token it is. Default: the Page's.
    pub kind: TokenKind,
    /// When it expires; `null`: never. After that it is refused with 190/463.
    pub expires_at: Option<i64>,
    /// Set on a token that no longer works: the 190 subcode with which it is refused (458 app not
    /// installed, 459 checkpoint, 460 password changed, 463 expired, 464 unconfirmed, 467 invalid,
    /// 492 no role on the Page). Default: `null`, it works.
    pub subcode: Option<i64>,
    /// The permissions it carries. Default: all that Messenger needs.
    pub scopes: Vec<String>,
    /// The Page tasks of its holder. Default: `MESSAGING` and `MODERATE`.
    pub tasks: Vec<String>,
    /// Which people it may write to. Default: everybody.
    pub access: AccessLevel,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            token: String::new(),
            kind: TokenKind::Page,
            expires_at: None,
            subcode: None,
            scopes: [
                "pages_messaging",
                "pages_manage_metadata",
                "pages_show_list",
                "pages_read_engagement",
                "business_management",
            ]
            .map(String::from)
            .to_vec(),
            tasks: vec!["MESSAGING".into(), "MODERATE".into()],
            access: AccessLevel::Advanced,
        }
    }
}

impl Token {
    /// A Page token with all permissions that never expires.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            ..Self::default()
        }
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
    }

    pub(crate) fn has_task(&self, task: &str) -> bool {
        self.tasks.iter().any(|t| t == task)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .field("expires_at", &self.expires_at)
            .field("subcode", &self.subcode)
            .finish_non_exhaustive()
    }
}

/// Whose token it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A Page access token: what the Send API wants.
    #[default]
    Page,
    /// A user access token: `me` is a person, not the Page.
    User,
}

/// How far a token's permissions reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// After App Review: everybody.
    #[default]
    Advanced,
    /// Only people with a role in the app.
    Standard,
}

/// A person in a conversation with a Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Person {
    /// The name shown in the inbox. Default: `Person`.
    pub name: String,
    /// The id of the Page that the PSID belongs to; empty: the default Page.
    pub page: String,
    /// When the person last did something that opens the window; `null`: never.
    /// Default: when the clock starts, so that the window is open.
    pub last_action: Option<i64>,
    /// How long an action opens the window, in milliseconds. Default: 24 hours. The first message
    /// after an ad may open up to 7 days.
    pub window_ms: i64,
    /// Blocked the Page: 551/1545041. Default: `false`.
    pub blocked: bool,
    /// Has a role in the app (developer, tester). Default: `false`.
    pub has_app_role: bool,
    /// Until when the Page may call this person; `null`: no permission.
    pub call_permission_until: Option<i64>,
    /// When `calling_optin` requests were sent to the person.
    pub optin_requests: Vec<i64>,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            name: "Person".into(),
            page: String::new(),
            last_action: Some(START),
            window_ms: DAY,
            blocked: false,
            has_app_role: false,
            call_permission_until: None,
            optin_requests: Vec::new(),
        }
    }
}

impl Person {
    /// A person with an open window, in conversation with `page`.
    pub fn new(name: impl Into<String>, page: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            page: page.into(),
            ..Self::default()
        }
    }

    /// Whether the standard messaging window is open at `now`.
    pub fn window_open(&self, now: i64) -> bool {
        self.last_action
            .is_some_and(|at| now < at.saturating_add(self.window_ms))
    }

    /// Closes the window: as if the person had last been here two windows before the clock's start.
    pub fn close_window(&mut self) {
        self.last_action = Some(START.saturating_sub(self.window_ms.saturating_mul(2)));
    }
}

/// A comment or post to which a Page may answer once, in private, within 7 days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Comment {
    /// Who wrote it.
    pub psid: String,
    /// When.
    pub created_at: i64,
    /// Whether it has been answered.
    pub answered: bool,
}

/// `call_routing.ring_target`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RingTarget {
    /// Meta's own inbox rings; no `calls` webhook is sent.
    Meta,
    /// The app is rung through the `calls` webhook.
    #[default]
    Partners,
}

/// When a Page takes calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CallHours {
    /// An IANA time zone name.
    pub timezone_id: String,
    /// The open hours; days that are missing are closed.
    #[serde(default)]
    pub weekly_operating_hours: Vec<OpenHours>,
}

/// One day's hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenHours {
    /// `MONDAY` to `SUNDAY`.
    pub day_of_week: String,
    /// `hhmm`.
    pub open_time: String,
    /// `hhmm`, later than `open_time`.
    pub close_time: String,
}

/// Limits on a Page's calls, measured on the emulator's clock: with a clock that stands, all
/// sends happen in the same second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimits {
    /// Messages a second (documented: 300 for texts; which limit templates have is not said).
    /// `null`, the default: no limit.
    pub messages_per_second: Option<u32>,
    /// Calls in 24 hours (documented: 200 for each person who can be written to). Once set, the
    /// usage headers are sent. `null`, the default: no limit.
    pub calls_per_day: Option<u32>,
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

/// Where webhooks go, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookTarget {
    /// The receiver: an `http` URL on this machine. `null`, the default: webhooks are made and
    /// listed, but go nowhere.
    pub url: Option<String>,
    /// What the receiver must have been given as verify token. Default: `emulated-verify-token`.
    pub verify_token: String,
    /// How often a failed delivery is tried again at once. Default: 2.
    pub retries: u32,
    /// How long the receiver may take, in milliseconds of real time. Default: 5000.
    pub timeout_ms: u64,
    /// Keep webhooks back until they are released. Default: `false`.
    pub hold: bool,
    /// How webhooks are signed. Default: as they should be.
    pub signature: Signature,
}

impl Default for WebhookTarget {
    fn default() -> Self {
        Self {
            url: None,
            verify_token: "emulated-verify-token".into(),
            retries: 2,
            timeout_ms: 5_000,
            hold: false,
            signature: Signature::Valid,
        }
    }
}

impl State {
    /// No pages, no people.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a seed.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
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
    use super::*;

    #[test]
    fn json_round_trip() {
        let state = crate::defaults::state();
        let again = State::from_json(&state.to_json()).unwrap();
        assert_eq!(again, state);
    }

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
        assert!(error.to_string().contains("audio_enable"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", crate::defaults::state());
        assert!(!text.contains(crate::defaults::ACCESS_TOKEN));
        assert!(!text.contains(crate::defaults::APP_SECRET));
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
