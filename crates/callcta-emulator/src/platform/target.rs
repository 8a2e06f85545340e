//! Where webhooks go, and how they are signed.

use serde::{Deserialize, Serialize};

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

/// How webhooks are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// With the Page's app secret.
    #[default]
    Valid,
    /// With another secret.
    Wrong,
    /// Not at all.
    Missing,
}
