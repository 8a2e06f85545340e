//! Reading what a message holds. The builders' setters have the plain names, so
//! the values stand together in views.

use serde_json::{Map, Value};

use super::fields::Extra;
use super::{Button, ButtonType, CallPrompt, Element, GenericTemplate, Message, Template};

/// What a [`Button`] holds; from [`Button::parts`]. `None` is what wasn't set, or
/// what JSON had with another type, which is then in `extra`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ButtonParts<'a> {
    /// The type.
    pub kind: Option<&'a ButtonType>,
    /// The title.
    pub title: Option<&'a str>,
    /// The URL of a `web_url` or `account_link` button.
    pub url: Option<&'a str>,
    /// The payload, or the number of a `phone_number` button.
    pub payload: Option<&'a str>,
    /// How many days an `audio_call` button stays clickable, as it was set; see
    /// [`Button::clickable_days`].
    pub expires_in_days: Option<i64>,
    /// Height of the web view.
    pub webview_height_ratio: Option<&'a str>,
    /// Whether the web view has Messenger Extensions.
    pub messenger_extensions: Option<bool>,
    /// Where the button leads without Messenger Extensions.
    pub fallback_url: Option<&'a str>,
    /// Whether the web view's share button is hidden.
    pub webview_share_button: Option<&'a str>,
    /// Who a `game_play` button is for.
    pub game_metadata: Option<&'a Map<String, Value>>,
    /// Fields without a place of their own.
    pub extra: &'a Extra,
    /// What the JSON held instead of an object.
    pub malformed: Option<&'a Value>,
}

impl Button {
    /// What the button holds.
    pub fn parts(&self) -> ButtonParts<'_> {
        ButtonParts {
            kind: self.kind.as_ref(),
            title: self.title.as_deref(),
            url: self.url.as_deref(),
            payload: self.payload.as_deref(),
            expires_in_days: self.expires_in_days,
            webview_height_ratio: self.webview_height_ratio.as_deref(),
            messenger_extensions: self.messenger_extensions,
            fallback_url: self.fallback_url.as_deref(),
            webview_share_button: self.webview_share.as_deref(),
            game_metadata: self.game_metadata.as_ref(),
            extra: &self.extra,
            malformed: self.malformed.as_ref(),
        }
    }

    /// The button without its title, as a card's default action has it. A button
    /// in a list needs its title.
    pub fn untitled(mut self) -> Self {
        self.title = None;
        self
    }
}

/// What an [`Element`] holds; from [`Element::parts`]. `None` is what wasn't set,
/// or what JSON had with another type, which is then in `extra`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ElementParts<'a> {
    /// The title.
    pub title: Option<&'a str>,
    /// The line under the title.
    pub subtitle: Option<&'a str>,
    /// The picture above the title.
    pub image_url: Option<&'a str>,
    /// What a tap on the card opens.
    pub default_action: Option<&'a Button>,
    /// The buttons.
    pub buttons: Option<&'a [Button]>,
    /// Fields without a place of their own.
    pub extra: &'a Extra,
    /// What the JSON held instead of an object.
    pub malformed: Option<&'a Value>,
}

impl Element {
    /// What the card holds.
    pub fn parts(&self) -> ElementParts<'_> {
        ElementParts {
            title: self.title.as_deref(),
            subtitle: self.subtitle.as_deref(),
            image_url: self.image_url.as_deref(),
            default_action: self.default_action.as_ref(),
            buttons: self.buttons.as_deref(),
            extra: &self.extra,
            malformed: self.malformed.as_ref(),
        }
    }
}

/// What a [`Message`] holds beside its template; from [`Message::parts`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageParts<'a> {
    /// The template, if the message is one.
    pub template: Option<&'a Template>,
    /// The text that comes back in the message's echo.
    pub metadata: Option<&'a str>,
    /// Fields without a place of their own.
    pub extra: &'a Extra,
}

impl Message {
    /// What the message holds.
    pub fn parts(&self) -> MessageParts<'_> {
        MessageParts {
            template: self.template.as_ref(),
            metadata: self.metadata.as_deref(),
            extra: &self.extra,
        }
    }
}

impl Template {
    /// Fields of the payload without a place of their own; of a template that
    /// callcta has no type for, all of them.
    pub fn extra(&self) -> &Extra {
        match self {
            Template::Generic(template) => &template.extra,
            Template::Button(template) => &template.extra,
            Template::CallPrompt(template) => &template.extra,
            Template::Other(object) => object,
        }
    }
}

impl GenericTemplate {
    /// Whether people see a native share button, as it was set.
    pub fn is_sharable(&self) -> Option<bool> {
        self.sharable
    }
}

impl CallPrompt {
    /// For how many days the person can call, as it was set.
    pub fn days(&self) -> Option<i64> {
        self.ttl_days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_field_is_no_value_but_kept() {
        let button = Button::raw(serde_json::json!({
            "type": "audio_call", "title": "Call", "expires_in_days": "5", "new": true
        }));
        let parts = button.parts();
        assert_eq!(parts.kind, Some(&ButtonType::AudioCall));
        assert_eq!((parts.title, parts.expires_in_days), (Some("Call"), None));
        assert_eq!(
            parts.extra.keys().collect::<Vec<_>>(),
            ["expires_in_days", "new"]
        );
    }

    #[test]
    fn a_template_tells_what_it_was_given() {
        let message: Message = GenericTemplate::new([])
            .sharable(false)
            .field("x", 1)
            .into();
        let message = message.metadata("m").field("quick_replies", 2);
        let parts = message.parts();
        assert_eq!((parts.metadata, parts.extra.len()), (Some("m"), 1));
        let template = parts.template.expect("it is a template");
        assert!(template.extra().contains_key("x"));
        let Template::Generic(generic) = template else {
            panic!("a generic template")
        };
        assert_eq!(generic.is_sharable(), Some(false));
        assert_eq!(CallPrompt::new().ttl_days(3).days(), Some(3));
    }
}
