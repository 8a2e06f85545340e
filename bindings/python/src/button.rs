//! The buttons.

use callcta::ButtonType;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::argument::Argument;
use crate::convert::{Dict, Json, dict_of, read, write};
use crate::declare::{complete, model};
use crate::model::{Held, Make, Model, Part};

/// A button under a card, of any type.
#[pyclass(frozen, subclass, extends = Model, module = "callcta")]
pub(crate) struct Button;

impl Part for callcta::Button {
    type Class = Button;

    fn read(wire: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(callcta::Button::raw(read::<Json>(wire, "wire")?.0))
    }

    fn maker(&self, raw: bool) -> Make {
        let parts = self.parts();
        let has = (parts.title.is_some(), parts.url.is_some(), parts.payload.is_some());
        match (parts.kind, has) {
            _ if raw => RawButton::make,
            (Some(ButtonType::AudioCall), (true, ..)) => AudioCallButton::make,
            (Some(ButtonType::WebUrl), (_, true, _)) => WebUrlButton::make,
            (Some(ButtonType::Postback), (true, _, true)) => PostbackButton::make,
            (Some(ButtonType::PhoneNumber), (true, _, true)) => PhoneNumberButton::make,
            (Some(ButtonType::AccountLink), (_, true, _)) => AccountLinkButton::make,
            (Some(ButtonType::AccountUnlink), _) => AccountUnlinkButton::make,
            (Some(ButtonType::GamePlay), (true, ..)) => GamePlayButton::make,
            _ => RawButton::make,
        }
    }
}

#[pymethods]
impl Button {
    /// As `Model.from_dict`.
    #[classmethod]
    #[pyo3(signature = (wire) -> "typing.Self")]
    fn from_dict(cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        callcta::Button::from_dict(cls, wire, cls.is(cls.py().get_type::<RawButton>()))
    }

    /// For how many days a tap starts a call, the platform's default included; None for every
    /// type but `audio_call`.
    #[getter]
    fn clickable_days(slf: &Bound<'_, Self>) -> PyResult<Option<i64>> {
        Ok(callcta::Button::held(slf)?.clickable_days())
    }

    /// Fields that callcta has no attribute for, or None.
    #[getter]
    fn fields(slf: &Bound<'_, Self>) -> PyResult<Option<Dict>> {
        Ok(dict_of(Some(callcta::Button::held(slf)?.parts().extra)))
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
    AudioCallButton: Button, Model (
        title: String;
        expires_in_days: i64 as "int | None";
        fields: Dict
    )
    |button: Button| complete!(callcta::Button::audio_call(title); expires_in_days, ..fields)
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
    WebUrlButton: Button, Model (
        title: Option<String> = button.parts().title.map(Into::into), url: String;
        webview_height_ratio: String as "typing.Literal['compact', 'tall', 'full'] | None",
        messenger_extensions: bool, fallback_url: String,
        webview_share_button: String as "typing.Literal['hide'] | None";
        fields: Dict
    )
    |button: Button| {
        let button = match title {
            Some(title) => callcta::Button::web_url(title, url),
            None => callcta::Button::web_url("", url).untitled(),
        };
        complete!(
            button;
            webview_height_ratio, messenger_extensions, fallback_url, webview_share_button,
            ..fields
        )
    }
}

model! {
    /// Sends a payload to the webhook.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     payload: At most 1000 characters.
    ///     fields: Fields that callcta has no argument for.
    PostbackButton: Button, Model (title: String, payload: String;; fields: Dict)
    |button: Button| complete!(callcta::Button::postback(title, payload); ..fields)
}

model! {
    /// Dials a telephone number.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     number: A `+`, the country code and the number, digits only.
    ///     fields: Fields that callcta has no argument for.
    PhoneNumberButton: Button, Model (
        title: String, number: String = button.parts().payload.unwrap_or_default().to_owned();;
        fields: Dict
    )
    |button: Button| complete!(callcta::Button::phone_number(title, number); ..fields)
}

model! {
    /// Starts account linking.
    ///
    /// Args:
    ///     url: Starts with `https://`.
    ///     fields: Fields that callcta has no argument for.
    AccountLinkButton: Button, Model (url: String;; fields: Dict)
    |button: Button| complete!(callcta::Button::account_link(url); ..fields)
}

model! {
    /// Undoes account linking.
    ///
    /// Args:
    ///     fields: Fields that callcta has no argument for.
    AccountUnlinkButton: Button, Model (;; fields: Dict)
    |button: Button| complete!(callcta::Button::account_unlink(); ..fields)
}

model! {
    /// Opens an Instant Game.
    ///
    /// Args:
    ///     title: At most 20 characters.
    ///     payload: Comes back from the game.
    ///     game_metadata: Who it is for: one of `player_id` and `context_id`.
    ///     fields: Fields that callcta has no argument for.
    GamePlayButton: Button, Model (
        title: String;
        payload: String,
        game_metadata: Dict = button.parts().game_metadata.cloned().map(Dict);
        fields: Dict
    )
    |button: Button| {
        let game_metadata = game_metadata.map(|it| it.0);
        complete!(callcta::Button::game_play(title); payload, game_metadata, ..fields)
    }
}

model! {
    /// A button of any type in its wire form: the way to send what callcta has no class for.
    ///
    /// Args:
    ///     wire: The button as in the request body.
    RawButton: Button, Model (
        wire: Json => Py<PyAny> = Python::attach(|py| write(py, button).map(Bound::unbind))?
    )
    |button: Button| callcta::Button::raw(wire.0)
}
