//! Reading what a message holds. The builders' setters have the plain names, so
//! the values stand together in views.

use serde_json::{Map, Value};

use super::fields::Extra;
use super::{Button, ButtonType, Element, Message, Template};

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
            default_action: self.default_action.as_deref(),
            buttons: self.buttons.as_deref(),
            extra: &self.extra,
            malformed: self.malformed.as_ref(),
        }
    }
}

/// What a [`Message`] holds, that of its template included; from
/// [`Message::parts`]. `None` is what wasn't set, or isn't part of its template.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageParts<'a> {
    /// The template, if the message is one.
    pub template: Option<&'a Template>,
    /// The cards of a generic template.
    pub elements: Option<&'a [Element]>,
    /// Whether people see a generic template's native share button.
    pub sharable: Option<bool>,
    /// The text of a button template.
    pub text: Option<&'a str>,
    /// The buttons of a button template.
    pub buttons: Option<&'a [Button]>,
    /// For how many days the person can call after a call prompt.
    pub ttl_days: Option<i64>,
    /// The text that comes back in the message's echo.
    pub metadata: Option<&'a str>,
    /// Fields without a place of their own.
    pub extra: &'a Extra,
}

impl Message {
    /// What the message holds.
    pub fn parts(&self) -> MessageParts<'_> {
        let mut parts = MessageParts {
            template: self.template.as_ref(),
            elements: None,
            sharable: None,
            text: None,
            buttons: None,
            ttl_days: None,
            metadata: self.metadata.as_deref(),
            extra: &self.extra,
        };
        match &self.template {
            Some(Template::Generic(template)) => {
                parts.elements = template.elements.as_deref();
                parts.sharable = template.sharable;
            }
            Some(Template::Button(template)) => {
                parts.text = template.text.as_deref();
                parts.buttons = template.buttons.as_deref();
            }
            Some(Template::CallPrompt(template)) => parts.ttl_days = template.ttl_days,
            Some(Template::Other(_)) | None => {}
        }
        parts
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

#[cfg(test)]
mod tests {
    use super::super::{CallPrompt, GenericTemplate};
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
        assert_eq!(
            (parts.elements, parts.sharable),
            (Some(&[][..]), Some(false))
        );
        assert_eq!(
            (parts.text, parts.buttons, parts.ttl_days),
            (None, None, None)
        );
        let message = Message::from(CallPrompt::new().ttl_days(3));
        assert_eq!(message.parts().ttl_days, Some(3));
    }
}
