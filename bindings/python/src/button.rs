//! The buttons.

use callcta::ButtonType;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::{Item, Json, JsonObject, fields_of};
use crate::model::{Model, model, set, set_fields, text};

/// A button under a card, of any type.
#[pyclass(frozen, eq, hash, subclass, extends = Model, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Button(pub(crate) callcta::Button);

#[pymethods]
impl Button {
    /// For how many days a tap starts a call, the platform's default included; None for every
    /// type but `audio_call`.
    #[getter]
    fn clickable_days(&self) -> Option<i64> {
        self.0.clickable_days()
    }

    /// Fields that callcta has no attribute for, or None.
    #[getter]
    fn fields(&self) -> Option<JsonObject> {
        fields_of(self.0.parts().extra)
    }
}

model! {
    /// Calls the business when tapped.
    ///
    /// Args:
    ///     title: At most 20 characters; no limit is documented for this button, its siblings have
    ///         that one, so more is a warning.
    ///     expires_in_days: How many days the button stays clickable, 1 to 7. Left out unless
    ///         given; the platform's default is 7.
    ///     fields: Fields that callcta has no argument for.
    AudioCallButton: Button as |button| {
        title: String = text(button.parts().title);
        *;
        expires_in_days: i64 as "int | None" = button.parts().expires_in_days;
        fields: JsonObject;
    } {
        let button = set(callcta::Button::audio_call(title), expires_in_days, callcta::Button::expires_in_days);
        set_fields(button, fields, callcta::Button::field)
    }
}

model! {
    /// Opens a web page.
    ///
    /// Args:
    ///     title: At most 20 characters. None only for an element's default action.
    ///     url: Starts with `http://` or `https://`.
    ///     webview_height_ratio: `compact`, `tall` or `full`, the platform's default.
    ///     messenger_extensions: Whether to open with Messenger Extensions; needs an `https` URL.
    ///     fallback_url: Where to go when Messenger Extensions aren't there.
    ///     webview_share_button: `hide` takes the web view's share button away.
    ///     fields: Fields that callcta has no argument for.
    WebUrlButton: Button as |button| {
        title: Option<String> = button.parts().title.map(Into::into);
        url: String = text(button.parts().url);
        *;
        webview_height_ratio: String = button.parts().webview_height_ratio.map(Into::into);
        messenger_extensions: bool = button.parts().messenger_extensions;
        fallback_url: String = button.parts().fallback_url.map(Into::into);
        webview_share_button: String = button.parts().webview_share_button.map(Into::into);
        fields: JsonObject;
    } {
        let button = match title {
            Some(title) => callcta::Button::web_url(title, url),
            None => callcta::Button::web_url("", url).untitled(),
        };
        let button = set(button, webview_height_ratio, callcta::Button::webview_height_ratio);
        let button = set(button, messenger_extensions, callcta::Button::messenger_extensions);
        let button = set(button, fallback_url, callcta::Button::fallback_url);
        let button = set(button, webview_share_button, callcta::Button::webview_share_button);
        set_fields(button, fields, callcta::Button::field)
    }
}

model! {
    /// Sends a payload to the webhook.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     payload: At most 1000 characters.
    ///     fields: Fields that callcta has no argument for.
    PostbackButton: Button as |button| {
        title: String = text(button.parts().title);
        payload: String = text(button.parts().payload);
        *;
        fields: JsonObject;
    }
    set_fields(callcta::Button::postback(title, payload), fields, callcta::Button::field)
}

model! {
    /// Dials a telephone number.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     number: A `+`, the country code and the number, digits only.
    ///     fields: Fields that callcta has no argument for.
    PhoneNumberButton: Button as |button| {
        title: String = text(button.parts().title);
        number: String = text(button.parts().payload);
        *;
        fields: JsonObject;
    }
    set_fields(callcta::Button::phone_number(title, number), fields, callcta::Button::field)
}

model! {
    /// Starts account linking.
    ///
    /// Args:
    ///     url: Starts with `https://`.
    ///     fields: Fields that callcta has no argument for.
    AccountLinkButton: Button as |button| {
        url: String = text(button.parts().url);
        *;
        fields: JsonObject;
    }
    set_fields(callcta::Button::account_link(url), fields, callcta::Button::field)
}

model! {
    /// Undoes account linking.
    ///
    /// Args:
    ///     fields: Fields that callcta has no argument for.
    AccountUnlinkButton: Button as |_button| {
        *;
        fields: JsonObject;
    }
    set_fields(callcta::Button::account_unlink(), fields, callcta::Button::field)
}

model! {
    /// Opens an Instant Game.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     payload: Comes back from the game.
    ///     game_metadata: Who it is for: one of `player_id` and `context_id`.
    ///     fields: Fields that callcta has no argument for.
    GamePlayButton: Button as |button| {
        title: String = text(button.parts().title);
        *;
        payload: String = button.parts().payload.map(Into::into);
        game_metadata: JsonObject = button.parts().game_metadata.cloned().map(JsonObject);
        fields: JsonObject;
    } {
        let button = set(callcta::Button::game_play(title), payload, callcta::Button::payload);
        let metadata = game_metadata.map(|metadata| metadata.0);
        let button = set(button, metadata, callcta::Button::game_metadata);
        set_fields(button, fields, callcta::Button::field)
    }
}

model! {
    /// A button of any type in its wire form: the way to send what callcta has no class for.
    ///
    /// Args:
    ///     wire: The button as in the request body.
    RawButton: Button as |button| {
        wire: Json = Json::of(button);
    }
    callcta::Button::raw(wire.0)
}

/// The class for a button of the core: its type's, if it has what the class
/// promises to have.
pub(crate) fn of(
    py: Python<'_>, button: callcta::Button, raw: bool,
) -> PyResult<Bound<'_, Button>> {
    let parts = button.parts();
    let has = (parts.title.is_some(), parts.url.is_some(), parts.payload.is_some());
    match (parts.kind, has) {
        _ if raw => RawButton::of(py, button),
        (Some(ButtonType::AudioCall), (true, ..)) => AudioCallButton::of(py, button),
        (Some(ButtonType::WebUrl), (_, true, _)) => WebUrlButton::of(py, button),
        (Some(ButtonType::Postback), (true, _, true)) => PostbackButton::of(py, button),
        (Some(ButtonType::PhoneNumber), (true, _, true)) => PhoneNumberButton::of(py, button),
        (Some(ButtonType::AccountLink), (_, true, _)) => AccountLinkButton::of(py, button),
        (Some(ButtonType::AccountUnlink), _) => AccountUnlinkButton::of(py, button),
        (Some(ButtonType::GamePlay), (true, ..)) => GamePlayButton::of(py, button),
        _ => RawButton::of(py, button),
    }
}

impl Item for Button {
    type Core = callcta::Button;

    fn core(&self) -> &callcta::Button {
        &self.0
    }

    fn of(py: Python<'_>, core: callcta::Button) -> PyResult<Bound<'_, Self>> {
        of(py, core, false)
    }
}
