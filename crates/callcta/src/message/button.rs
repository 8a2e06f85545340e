use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Extra, Fields, Writer};
use super::wire_enum::wire_enum;
use crate::limits;

wire_enum! {
    /// The `type` of a [`Button`].
    ButtonType {
        /// `audio_call`: calls the business when tapped.
        AudioCall = "audio_call",
        /// `web_url`: opens a web page.
        WebUrl = "web_url",
        /// `postback`: sends a payload to the webhook.
        Postback = "postback",
        /// `phone_number`: dials a telephone number.
        PhoneNumber = "phone_number",
        /// `account_link`: starts account linking.
        AccountLink = "account_link",
        /// `account_unlink`: undoes account linking.
        AccountUnlink = "account_unlink",
        /// `game_play`: opens an Instant Game.
        GamePlay = "game_play",
    }
}

/// A button under a card.
///
/// One type serves all kinds of button, so that they mix freely in one list.
/// Building never fails: what a kind of button doesn't have, or has too much
/// of, is found by [`Message::validate`](crate::Message::validate).
///
/// ```
/// use callcta::Button;
///
/// let call = Button::audio_call("Call Now").expires_in_days(5);
/// assert_eq!(call.clickable_days(), Some(5));
/// assert_eq!(Button::audio_call("Call Now").clickable_days(), Some(7));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Button {
    pub(crate) kind: Option<ButtonType>,
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) payload: Option<String>,
    pub(crate) expires_in_days: Option<i64>,
    pub(crate) webview_height_ratio: Option<String>,
    pub(crate) messenger_extensions: Option<bool>,
    pub(crate) fallback_url: Option<String>,
    pub(crate) webview_share: Option<String>,
    pub(crate) game_metadata: Option<Map<String, Value>>,
    pub(crate) extra: Extra,
    /// Set when the JSON held something other than an object.
    pub(crate) malformed: Option<Value>,
}

impl Button {
    /// An `audio_call` button: the person taps it and calls the business.
    ///
    /// `title` should have at most 20 characters; no limit is documented for
    /// this button, its siblings have that one, so more is a warning.
    pub fn audio_call(title: impl Into<String>) -> Self {
        Button::titled(ButtonType::AudioCall, title)
    }

    /// A `web_url` button. `title` has at most 20 characters, `url` starts with
    /// `http://` or `https://`.
    pub fn web_url(title: impl Into<String>, url: impl Into<String>) -> Self {
        Button {
            url: Some(url.into()),
            ..Button::titled(ButtonType::WebUrl, title)
        }
    }

    /// A `postback` button. `title` has at most 20 characters, `payload` at most
    /// 1000.
    pub fn postback(title: impl Into<String>, payload: impl Into<String>) -> Self {
        Button {
            payload: Some(payload.into()),
            ..Button::titled(ButtonType::Postback, title)
        }
    }

    /// A `phone_number` button. `title` has at most 20 characters, `number` is a
    /// `+`, the country code and the number, digits only.
    pub fn phone_number(title: impl Into<String>, number: impl Into<String>) -> Self {
        Button {
            payload: Some(number.into()),
            ..Button::titled(ButtonType::PhoneNumber, title)
        }
    }

    /// An `account_link` button. It has no title; `url` starts with `https://`.
    pub fn account_link(url: impl Into<String>) -> Self {
        Button {
            url: Some(url.into()),
            ..Button::of(ButtonType::AccountLink)
        }
    }

    /// An `account_unlink` button. It has no title.
    pub fn account_unlink() -> Self {
        Button::of(ButtonType::AccountUnlink)
    }

    /// A `game_play` button. `payload` and `game_metadata` are optional and can
    /// be set on it.
    pub fn game_play(title: impl Into<String>) -> Self {
        Button::titled(ButtonType::GamePlay, title)
    }

    /// A button from its wire form, known or not: the way to send a type that
    /// callcta has no constructor for.
    ///
    /// ```
    /// use callcta::Button;
    ///
    /// let button = Button::raw(serde_json::json!({"type": "video_call", "title": "See us"}));
    /// assert_eq!(button.kind().unwrap().as_str(), "video_call");
    /// ```
    pub fn raw(json: Value) -> Self {
        let object = match json {
            Value::Object(object) => object,
            other => {
                return Button {
                    malformed: Some(other),
                    ..Button::default()
                };
            }
        };
        let mut fields = Fields::new(object);
        Button {
            kind: fields.string("type").map(|kind| kind.as_str().into()),
            title: fields.string("title"),
            url: fields.string("url"),
            payload: fields.string("payload"),
            expires_in_days: fields.integer("expires_in_days"),
            webview_height_ratio: fields.string("webview_height_ratio"),
            messenger_extensions: fields.boolean("messenger_extensions"),
            fallback_url: fields.string("fallback_url"),
            webview_share: fields.string("webview_share_button"),
            game_metadata: fields.object("game_metadata"),
            extra: fields.rest(),
            malformed: None,
        }
    }

    fn of(kind: ButtonType) -> Self {
        Button {
            kind: Some(kind),
            ..Button::default()
        }
    }

    fn titled(kind: ButtonType, title: impl Into<String>) -> Self {
        Button {
            title: Some(title.into()),
            ..Button::of(kind)
        }
    }

    /// How many days an `audio_call` button stays clickable, 1 to 7. Left out on
    /// the wire unless set; the platform's default is 7.
    pub fn expires_in_days(mut self, days: impl Into<i64>) -> Self {
        self.expires_in_days = Some(days.into());
        self
    }

    /// The payload of a `postback` (at most 1000 characters) or a `game_play`
    /// button, or the number of a `phone_number` button.
    pub fn payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// Height of the web view of a `web_url` button: `compact`, `tall` or
    /// `full`. The platform's default is `full`.
    pub fn webview_height_ratio(mut self, ratio: impl Into<String>) -> Self {
        self.webview_height_ratio = Some(ratio.into());
        self
    }

    /// Whether a `web_url` button opens with Messenger Extensions; its URL must
    /// then be `https`. The platform's default is `false`.
    pub fn messenger_extensions(mut self, on: bool) -> Self {
        self.messenger_extensions = Some(on);
        self
    }

    /// Where a `web_url` button leads when Messenger Extensions aren't there.
    /// Only with [`messenger_extensions`](Button::messenger_extensions). The
    /// platform's default is the button's URL.
    pub fn fallback_url(mut self, url: impl Into<String>) -> Self {
        self.fallback_url = Some(url.into());
        self
    }

    /// `hide` takes the share button out of a `web_url` button's web view. The
    /// platform shows it by default.
    pub fn webview_share_button(mut self, value: impl Into<String>) -> Self {
        self.webview_share = Some(value.into());
        self
    }

    /// Who a `game_play` button is for: one of `player_id` and `context_id`.
    pub fn game_metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.game_metadata = Some(metadata);
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// The type, unless the button was read from JSON that has none.
    pub fn kind(&self) -> Option<&ButtonType> {
        self.kind.as_ref()
    }

    /// The title, for types that have one.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// For how many days a tap starts a call: `expires_in_days`, or the
    /// platform's default of 7. `None` for every type but `audio_call`.
    pub fn clickable_days(&self) -> Option<i64> {
        (self.kind == Some(ButtonType::AudioCall)).then(|| {
            self.expires_in_days
                .unwrap_or(limits::EXPIRES_IN_DAYS_DEFAULT)
        })
    }
}

impl Serialize for Button {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(value) = &self.malformed {
            return value.serialize(serializer);
        }
        let mut out = Writer::new(serializer, &self.extra)?;
        if let Some(kind) = &self.kind {
            out.set("type", kind.as_str())?;
        }
        out.opt("title", self.title.as_ref())?;
        out.opt("url", self.url.as_ref())?;
        out.opt("payload", self.payload.as_ref())?;
        out.opt("expires_in_days", self.expires_in_days.as_ref())?;
        out.opt("webview_height_ratio", self.webview_height_ratio.as_ref())?;
        out.opt("messenger_extensions", self.messenger_extensions.as_ref())?;
        out.opt("fallback_url", self.fallback_url.as_ref())?;
        out.opt("webview_share_button", self.webview_share.as_ref())?;
        out.opt("game_metadata", self.game_metadata.as_ref())?;
        out.end()
    }
}
