//! The rules of buttons.

use std::time::{Duration, SystemTime};

use super::checker::{Checker, Path, is_digits};
use crate::limits::{
    AUDIO_CALLS_PER_ELEMENT, BUTTON_TITLE_MAX, EXPIRES_IN_DAYS_MAX, EXPIRES_IN_DAYS_MIN,
    POSTBACK_PAYLOAD_MAX,
};
use crate::message::{Button, ButtonType};
use crate::violation::{A_BOOLEAN, A_STRING, A_WHOLE_NUMBER, AN_OBJECT, Rule, Severity, Violation};

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
                format!("has {calls} audio_call buttons, which all start the same call"),
            );
        }
    }

    pub(super) fn button_fields(&mut self, path: &Path<'_>, button: &Button) {
        self.mistyped(
            path,
            &button.extra,
            &[
                ("type", A_STRING),
                ("title", A_STRING),
                ("url", A_STRING),
                ("payload", A_STRING),
                ("expires_in_days", A_WHOLE_NUMBER),
                ("webview_height_ratio", A_STRING),
                ("messenger_extensions", A_BOOLEAN),
                ("fallback_url", A_STRING),
                ("webview_share_button", A_STRING),
                ("game_metadata", AN_OBJECT),
            ],
        );
    }

    pub(super) fn button(&mut self, path: &Path<'_>, button: &Button) {
        if let Some(value) = &button.malformed {
            self.found
                .push(Violation::wrong_type(path, AN_OBJECT, value));
            return;
        }
        self.button_fields(path, button);
        let extra = &button.extra;
        let Some(kind) = &button.kind else {
            if !extra.contains_key("type") {
                self.error(&path.field("type"), Rule::Required, "is required");
            }
            return;
        };
        let limit = Some((BUTTON_TITLE_MAX, Severity::Error));
        match kind {
            ButtonType::AudioCall => {
                let limit = Some((BUTTON_TITLE_MAX, Severity::Warning));
                self.text(path, "title", button.title.as_deref(), extra, limit);
                self.audio_call(path, button);
            }
            ButtonType::WebUrl => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
                self.web_url(path, button);
            }
            ButtonType::Postback => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
                let limit = Some((POSTBACK_PAYLOAD_MAX, Severity::Error));
                self.text(path, "payload", button.payload.as_deref(), extra, limit);
            }
            ButtonType::PhoneNumber => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
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
                self.no_title(path, button);
            }
            ButtonType::AccountUnlink => self.no_title(path, button),
            ButtonType::GamePlay => {
                self.text(path, "title", button.title.as_deref(), extra, None);
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
            ButtonType::Other(kind) => {
                if kind.is_empty() {
                    self.error(
                        &path.field("type"),
                        Rule::Required,
                        "is required and must not be empty",
                    );
                }
                return;
            }
        }
        if *kind != ButtonType::AudioCall && button.expires_in_days.is_some() {
            self.error(
                &path.field("expires_in_days"),
                Rule::NotAllowed,
                format!("goes with audio_call only, not with {kind}"),
            );
        }
    }

    pub(super) fn audio_call(&mut self, path: &Path<'_>, button: &Button) {
        let allowed = EXPIRES_IN_DAYS_MIN..=EXPIRES_IN_DAYS_MAX;
        if let Some(days) = button
            .expires_in_days
            .filter(|days| !allowed.contains(days))
        {
            let message =
                format!("must be {EXPIRES_IN_DAYS_MIN} to {EXPIRES_IN_DAYS_MAX} days, is {days}");
            self.error(&path.field("expires_in_days"), Rule::OutOfRange, message);
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
                format!("can be tapped for {days} days, past the message's deadline"),
            );
        }
    }

    pub(super) fn no_title(&mut self, path: &Path<'_>, button: &Button) {
        if button.title.is_some() {
            let path = path.field("title");
            self.error(&path, Rule::NotAllowed, "this type of button has no title");
        }
    }

    pub(super) fn web_url(&mut self, path: &Path<'_>, button: &Button) {
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
