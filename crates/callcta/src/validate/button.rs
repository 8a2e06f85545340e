//! The rules of buttons.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::checker::{Checker, is_digits};
use super::part::Part;
use crate::limits::{
    AUDIO_CALLS_PER_ELEMENT, BUTTON_TITLE_MAX, EXPIRES_IN_DAYS_MAX, EXPIRES_IN_DAYS_MIN,
    POSTBACK_PAYLOAD_MAX,
};
use crate::message::{Button, ButtonType};
use crate::names::{
    BUTTON, GAME_METADATA, WEBVIEW_HEIGHT_RATIOS, WEBVIEW_SHARE_BUTTONS, is_at_home,
};
use crate::near::surely;
use crate::path::Path;
use crate::violation::{AN_OBJECT, Quoted, Rule, Severity};

/// The fields that buttons of this type have beside it; none that are known if it isn't.
fn fields_of(kind: &ButtonType) -> Option<&'static [&'static str]> {
    Some(match kind {
        ButtonType::AudioCall => &["title", "expires_in_days"],
        ButtonType::WebUrl => &[
            "title",
            "url",
            "webview_height_ratio",
            "messenger_extensions",
            "fallback_url",
            "webview_share_button",
        ],
        ButtonType::Postback | ButtonType::PhoneNumber => &["title", "payload"],
        ButtonType::AccountLink => &["url"],
        ButtonType::AccountUnlink => &[],
        ButtonType::GamePlay => &["title", "payload", "game_metadata"],
        ButtonType::Other(_) => return None,
    })
}

impl Checker {
    pub(super) fn buttons(&mut self, path: &Path<'_>, buttons: &[Button]) {
        for (index, button) in buttons.iter().enumerate() {
            self.button(&Path::Index(path, index), button);
        }
        let calls = buttons
            .iter()
            .filter(|button| button.kind == Some(ButtonType::AudioCall))
            .count();
        if calls > AUDIO_CALLS_PER_ELEMENT {
            self.warning(
                path,
                Rule::RepeatedAudioCall,
                format_args!("has {calls} audio_call buttons, which all start the same call"),
            );
        }
    }

    /// The names and the values of any button's fields.
    fn button_fields(&mut self, path: &Path<'_>, button: &Button) {
        if !button.extra.is_empty() {
            self.further(path, &button.extra, &[&BUTTON]);
        }
        if let Some(ratio) = &button.webview_height_ratio {
            let path = path.field("webview_height_ratio");
            self.value(&path, ratio, WEBVIEW_HEIGHT_RATIOS);
        }
        if let Some(share) = &button.webview_share {
            let path = path.field("webview_share_button");
            self.value(&path, share, WEBVIEW_SHARE_BUTTONS);
        }
        if let Some(metadata) = &button.game_metadata {
            let path = path.field("game_metadata");
            self.fields(&path, metadata, &[&GAME_METADATA]);
        }
    }

    /// Fields that only buttons of another type have.
    fn strange_fields(&mut self, path: &Path<'_>, button: &Button, kind: &ButtonType) {
        let Some(fields) = fields_of(kind) else {
            return;
        };
        let given = [
            ("title", button.title.is_some()),
            ("url", button.url.is_some()),
            ("payload", button.payload.is_some()),
            ("expires_in_days", button.expires_in_days.is_some()),
            (
                "webview_height_ratio",
                button.webview_height_ratio.is_some(),
            ),
            (
                "messenger_extensions",
                button.messenger_extensions.is_some(),
            ),
            ("fallback_url", button.fallback_url.is_some()),
            ("webview_share_button", button.webview_share.is_some()),
            ("game_metadata", button.game_metadata.is_some()),
        ];
        for (name, _) in given.iter().filter(|(_, given)| *given) {
            if fields.contains(name) {
                continue;
            }
            let path = path.field(name);
            match *name {
                "expires_in_days" => {
                    let message = format_args!("goes with audio_call only, not with {kind}");
                    self.error(&path, Rule::NotAllowed, message);
                }
                "title" => {
                    self.error(&path, Rule::NotAllowed, "this type of button has no title");
                }
                _ => {
                    let message = format_args!("does not go with {kind}");
                    self.warning(&path, Rule::NotAllowed, message);
                }
            }
        }
    }

    pub(super) fn button(&mut self, path: &Path<'_>, button: &Button) {
        if let Some(value) = &button.malformed {
            self.wrong_type(path, AN_OBJECT, value);
            return;
        }
        let is_known = matches!(&button.kind, Some(kind) if fields_of(kind).is_some());
        if !is_known
            && button.extra.keys().any(|name| is_at_home(name))
            && let Ok(Value::Object(object)) = serde_json::to_value(button)
            && self.is_misplaced(path, &object, Part::Button)
        {
            return;
        }
        let place = path.field("type");
        let kind = match &button.kind {
            None if button.extra.contains_key("type") => None,
            None => {
                self.error(&place, Rule::Required, "is required");
                None
            }
            Some(ButtonType::Other(kind)) if kind.is_empty() => {
                self.required_text(&place);
                None
            }
            Some(ButtonType::Other(kind)) => {
                self.value(&place, kind, ButtonType::KNOWN);
                // What can only be meant has that type's rules.
                surely(kind, ButtonType::KNOWN).map(Into::into)
            }
            Some(kind) => Some(kind.clone()),
        };
        self.button_fields(path, button);
        if let Some(kind) = kind {
            self.button_of(path, button, &kind);
        }
    }

    /// The rules of one type of button.
    fn button_of(&mut self, path: &Path<'_>, button: &Button, kind: &ButtonType) {
        let extra = &button.extra;
        let limit = match kind {
            ButtonType::AudioCall => Some((BUTTON_TITLE_MAX, Severity::Warning)),
            ButtonType::GamePlay => None,
            _ => Some((BUTTON_TITLE_MAX, Severity::Error)),
        };
        if fields_of(kind).is_some_and(|fields| fields.contains(&"title")) {
            self.text(path, "title", button.title.as_deref(), extra, limit);
        }
        match kind {
            ButtonType::AudioCall => self.audio_call(path, button),
            ButtonType::WebUrl => self.web_url(path, button),
            ButtonType::Postback => {
                let limit = Some((POSTBACK_PAYLOAD_MAX, Severity::Error));
                self.text(path, "payload", button.payload.as_deref(), extra, limit);
            }
            ButtonType::PhoneNumber => {
                self.text(path, "payload", button.payload.as_deref(), extra, None);
                let number = button.payload.as_deref().unwrap_or_default();
                let digits = number.strip_prefix('+');
                if !number.is_empty() && !digits.is_some_and(is_digits) {
                    self.error(
                        &path.field("payload"),
                        Rule::InvalidPhone,
                        "must be a + followed by digits only, such as +15105559999",
                    );
                }
            }
            ButtonType::AccountLink => {
                self.text(path, "url", button.url.as_deref(), extra, None);
                self.https_url(&path.field("url"), button.url.as_deref());
            }
            ButtonType::GamePlay => {
                let metadata = button.game_metadata.as_ref();
                if metadata.is_some_and(|metadata| {
                    metadata.contains_key("player_id") && metadata.contains_key("context_id")
                }) {
                    self.error(
                        &path.field("game_metadata"),
                        Rule::NotAllowed,
                        "takes only one of player_id and context_id",
                    );
                }
            }
            ButtonType::AccountUnlink | ButtonType::Other(_) => {}
        }
        self.strange_fields(path, button, kind);
    }

    /// Like a URL button, but without a title.
    pub(super) fn default_action(&mut self, path: &Path<'_>, action: &Button) {
        self.button_fields(path, action);
        let place = path.field("type");
        match &action.kind {
            None if action.extra.contains_key("type") => {}
            None => self.error(&place, Rule::Required, "is required"),
            Some(ButtonType::WebUrl) => {}
            Some(ButtonType::Other(kind)) if surely(kind, &["web_url"]).is_some() => {
                self.value(&place, kind, &["web_url"]);
            }
            Some(kind) => {
                let quoted = Quoted {
                    text: kind.as_str(),
                    blanks: false,
                };
                let message = format_args!("must be web_url, is {quoted}");
                self.error(&place, Rule::NotAllowed, message);
                return;
            }
        }
        if action.title.is_some() {
            let path = path.field("title");
            self.error(&path, Rule::NotAllowed, "a default action has no title");
        }
        self.web_url(path, action);
        self.strange_fields(path, action, &ButtonType::WebUrl);
    }

    fn audio_call(&mut self, path: &Path<'_>, button: &Button) {
        let allowed = EXPIRES_IN_DAYS_MIN..=EXPIRES_IN_DAYS_MAX;
        if let Some(days) = button
            .expires_in_days
            .filter(|days| !allowed.contains(days))
        {
            let path = path.field("expires_in_days");
            // A number that is far out may be an id.
            match days {
                -999..1000 => self.days_out_of_range(&path, days),
                ..-999 => self.days_out_of_range(&path, "far less"),
                1000.. => self.days_out_of_range(&path, "far more"),
            }
            return;
        }
        let (Some(deadline), Some(days)) = (self.deadline, button.clickable_days()) else {
            return;
        };
        let life = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
        if SystemTime::now() + life > deadline {
            self.warning(
                path,
                Rule::OutlivesDeadline,
                format_args!("can be tapped for {days} days, past the message's deadline"),
            );
        }
    }

    pub(super) fn days_out_of_range(&mut self, path: &Path<'_>, is: impl fmt::Display) {
        let (min, max) = (EXPIRES_IN_DAYS_MIN, EXPIRES_IN_DAYS_MAX);
        let message = format_args!("must be {min} to {max} days, is {is}");
        self.error(path, Rule::OutOfRange, message);
    }

    fn web_url(&mut self, path: &Path<'_>, button: &Button) {
        self.text(path, "url", button.url.as_deref(), &button.extra, None);
        let extensions = button.messenger_extensions == Some(true);
        if extensions {
            self.https_url(&path.field("url"), button.url.as_deref());
        } else if let Some(url) = button.url.as_deref().filter(|url| !url.is_empty()) {
            self.url(&path.field("url"), url);
        }
        if let Some(fallback) = &button.fallback_url {
            let path = path.field("fallback_url");
            self.url(&path, fallback);
            if !extensions {
                self.error(
                    &path,
                    Rule::NotAllowed,
                    "goes with messenger_extensions only",
                );
            }
        }
    }
}
