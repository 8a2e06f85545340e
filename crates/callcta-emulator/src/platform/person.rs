//! A person in a conversation, and the comments that may be answered in private.

use serde::{Deserialize, Serialize};

use super::clock::{DAY, START};

/// A person in a conversation with a Page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Up to when the person has read what is there; `null`: nothing.
    pub read_until: Option<i64>,
    /// Until when the Page may call this person; `null`: no permission.
    pub call_permission_until: Option<i64>,
    /// When `calling_optin` requests were sent to the person.
    pub optin_requests: Vec<i64>,
    /// The URL of the person's picture, for the User Profile API. Default: `null`, none.
    pub profile_pic: Option<String>,
    /// For instance `en_US`, for the User Profile API. Default: `null`, unknown.
    pub locale: Option<String>,
    /// Hours from UTC, for the User Profile API. Default: `null`, unknown.
    pub timezone: Option<f64>,
    /// For the User Profile API. Default: `null`, unknown.
    pub gender: Option<String>,
    /// Whether the User Profile API tells nothing: 100/2018218. Default: `false`.
    pub profile_unavailable: bool,
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
            read_until: None,
            call_permission_until: None,
            optin_requests: Vec::new(),
            profile_pic: None,
            locale: None,
            timezone: None,
            gender: None,
            profile_unavailable: false,
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
        self.last_action = Some(
            START
                .saturating_sub(self.window_ms.saturating_mul(2))
                .max(0),
        );
    }
}

/// A comment or post to which a Page may answer once, in private, within 7 days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Comment {
    /// The PSID of who wrote it.
    pub psid: String,
    /// When it was written. Default: when the clock starts, so that it can be answered.
    pub created_at: i64,
    /// Whether it has been answered. Default: `false`.
    pub answered: bool,
}

impl Default for Comment {
    fn default() -> Self {
        Self {
            psid: String::new(),
            created_at: START,
            answered: false,
        }
    }
}
