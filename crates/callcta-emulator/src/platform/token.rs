//! Access tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

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

    /// The 190 subcode with which it is refused at `now`; `None`: it works.
    pub(crate) fn broken(&self, now: i64) -> Option<i64> {
        self.subcode
            .or_else(|| self.expires_at.filter(|at| *at <= now).map(|_| 463))
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
