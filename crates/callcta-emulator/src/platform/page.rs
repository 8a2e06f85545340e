//! A Page: its switches, tokens, hours and limits.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::persona::Persona;
use super::profile::MessengerProfile;
use super::token::{Token, TokenKind};

/// The webhook fields of which the emulator makes events.
const MADE: [&str; 10] = [
    "calls",
    "call_permission_reply",
    "call_settings_update",
    "messages",
    "message_deliveries",
    "message_echoes",
    "message_reactions",
    "message_reads",
    "messaging_postbacks",
    "messaging_referrals",
];

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
    /// Default: all that the emulator makes.
    pub subscribed_fields: Vec<String>,
    /// Rate limits; nothing is limited by default.
    pub rate_limits: RateLimits,
    /// What `messenger_profile` sets. Default: nothing.
    pub messenger_profile: MessengerProfile,
    /// Personas by their id. Default: none.
    pub personas: BTreeMap<String, Persona>,
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
            subscribed_fields: MADE.map(String::from).to_vec(),
            rate_limits: RateLimits::default(),
            messenger_profile: MessengerProfile::default(),
            personas: BTreeMap::new(),
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
                    && t.broken(now).is_none()
                    && t.has_scope("pages_messaging")
            })
            .or_else(|| self.tokens.first())
    }
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
