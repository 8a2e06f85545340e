//! The Messenger profile of a Page: what people see before they write, and beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `messenger_profile` sets. A property that is not set is left out or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MessengerProfile {
    /// The Get Started button of people who have not written yet; `null`: there is none.
    pub get_started: Option<GetStarted>,
    /// What they are greeted with.
    pub greeting: Vec<Greeting>,
    /// The menu beside the conversation.
    pub persistent_menu: Vec<Menu>,
    /// Kept, and not shown.
    pub ice_breakers: Vec<Value>,
    /// Kept, and not shown.
    pub commands: Vec<Value>,
    /// Kept, and not looked at.
    pub whitelisted_domains: Vec<String>,
    /// Kept, and not used.
    pub account_linking_url: Option<String>,
}

/// The Get Started button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetStarted {
    /// What a tap sends.
    pub payload: String,
}

/// A greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// `default`, or for instance `de_DE`.
    pub locale: String,
    /// The text.
    pub text: String,
}

/// A menu.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// `default`, or for instance `de_DE`.
    pub locale: String,
    /// Whether people can't write, only tap.
    #[serde(default)]
    pub composer_input_disabled: bool,
    /// Its items: buttons of the types `web_url` and `postback`.
    #[serde(default)]
    pub call_to_actions: Vec<Value>,
}

impl MessengerProfile {
    /// A menu needs a Get Started button.
    pub(crate) fn is_complete(&self) -> bool {
        self.persistent_menu.is_empty() || self.get_started.is_some()
    }
}
