//! A tap, and what it leads to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::PhoneCall;
use super::webhook::Webhook;

/// Which button a person taps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TapTarget {
    /// The message id.
    pub message_id: String,
    /// The element of a generic or media template. Default: 0.
    #[serde(default)]
    pub element: usize,
    /// The button in it; left out: the first call button of the whole message.
    #[serde(default)]
    pub button: Option<usize>,
    /// A quick reply of the message instead of a button: its place among them.
    #[serde(default)]
    pub quick_reply: Option<usize>,
}

impl TapTarget {
    /// The first call button of a message.
    pub fn call(message_id: impl Into<String>) -> Self {
        Self {
            message_id: message_id.into(),
            ..Self::default()
        }
    }

    /// A certain button. For a button template the element is 0.
    pub fn button(message_id: impl Into<String>, element: usize, button: usize) -> Self {
        Self {
            message_id: message_id.into(),
            element,
            button: Some(button),
            ..Self::default()
        }
    }

    /// A quick reply of a message.
    pub fn quick_reply(message_id: impl Into<String>, place: usize) -> Self {
        Self {
            message_id: message_id.into(),
            quick_reply: Some(place),
            ..Self::default()
        }
    }
}

/// What a tap led to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tap {
    /// The button's JSON, or the quick reply's.
    pub button: Value,
    /// The call that rings, if it was a call button.
    pub call: Option<PhoneCall>,
    /// The webhook that was made.
    pub webhook: Option<Webhook>,
    /// Why none was made, in one sentence.
    pub no_webhook: Option<String>,
}

/// Why a tap did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TapRefused {
    /// `message_unknown`, `button_unknown`, `expired`, `calling_not_enabled` or `closed`.
    pub reason: &'static str,
    /// One sentence.
    pub detail: String,
}

impl std::fmt::Display for TapRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for TapRefused {}
