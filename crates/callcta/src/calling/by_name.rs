//! Requests by their names, for languages that pass them on.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Accept, CallMetrics, CallSettings, Calling, MediaUpdate};
use crate::error::{Error, Result};
use crate::named::{Named, unknown};

/// Names and those of their arguments.
const KNOWN: &[(&str, &[&str])] = &[
    ("settings", &[]),
    ("set_settings", &["settings"]),
    ("feature_status", &[]),
    ("permissions", &["psid"]),
    ("request_permission", &["psid"]),
    ("accept", &["call_id", "offer", "rang_at"]),
    ("connect", &["psid", "offer"]),
    ("reject", &["call_id"]),
    ("terminate", &["call_id"]),
    (
        "update_media",
        &["call_id", "offer", "tracks", "from_version", "to_version"],
    ),
    ("report_metrics", &["metrics"]),
    ("subscriptions", &[]),
    ("subscribe", &["fields"]),
];

impl Calling {
    /// Makes a request by the name of its method, for bindings to other languages.
    /// Arguments are those of the method, by name: `settings` and `metrics` in wire
    /// form, `fields` a list, `rang_at` in Unix milliseconds; an update's `tracks` are
    /// objects of `msid`, `label` and `enabled`. Null is as good as nothing. The answer
    /// is what the method returns, as JSON: a receipt has `message_id` and
    /// `recipient_id`, nothing is null.
    ///
    /// ```
    /// # let emulator = callcta_emulator::Emulator::start()?;
    /// # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
    /// #     .base_url(emulator.url()).build()?;
    /// let settings = client.calling().by_name("settings", Default::default())?;
    /// assert_eq!(settings["audio_enabled"], true);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the method, and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if
    /// there is no such request or argument, or if an argument is not of its type.
    pub fn by_name(&self, name: &str, arguments: Map<String, Value>) -> Result<Value> {
        let mut with = Arguments::of(name, arguments)?;
        match name {
            "settings" => value(self.settings()),
            "set_settings" => {
                let settings = CallSettings::raw(with.object("settings")?);
                value(self.set_settings(&settings))
            }
            "feature_status" => value(self.feature_status()),
            "permissions" => value(self.permissions(&with.text("psid")?)),
            "request_permission" => {
                let receipt = self.request_permission(&with.text("psid")?)?;
                Ok(json!({
                    "message_id": receipt.message_id,
                    "recipient_id": receipt.recipient_id,
                }))
            }
            "accept" => {
                let accept = Accept::new(with.text("call_id")?, with.text("offer")?);
                value(self.accept(&accept.rang_at(with.number("rang_at")?)))
            }
            "connect" => value(self.connect(&with.text("psid")?, &with.text("offer")?)),
            "reject" => value(self.reject(&with.text("call_id")?)),
            "terminate" => value(self.terminate(&with.text("call_id")?)),
            "update_media" => {
                let call_id = with.text("call_id")?;
                value(self.update_media(&call_id, &with.media_update()?))
            }
            "report_metrics" => {
                let metrics = CallMetrics::raw(with.object("metrics")?);
                value(self.report_metrics(&metrics))
            }
            "subscriptions" => value(self.subscriptions()),
            _ => value(self.subscribe(with.texts("fields")?)),
        }
    }
}

fn value<T: Serialize>(result: Result<T>) -> Result<Value> {
    let value = serde_json::to_value(result?);
    Ok(value.expect("what is told has only string keys"))
}

struct Arguments(Map<String, Value>);

impl Arguments {
    fn of(name: &str, arguments: Map<String, Value>) -> Result<Self> {
        let known = KNOWN.iter().map(|(known, _)| *known);
        let Some((_, names)) = KNOWN.iter().find(|(known, _)| *known == name) else {
            return Err(unknown("request", name, known));
        };
        match arguments.keys().find(|it| !names.contains(&it.as_str())) {
            Some(other) => Err(unknown("argument", other, names.iter().copied())),
            None => Ok(Arguments(arguments)),
        }
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Named<'static>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(Named::new(name, value)).map(Some),
        }
    }

    fn needed<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Named<'static>) -> Result<T>,
    ) -> Result<T> {
        let missing = || Error::invalid_argument(format!("{name} must be given"));
        self.take(name, read)?.ok_or_else(missing)
    }

    fn text(&mut self, name: &'static str) -> Result<String> {
        self.needed(name, Named::text)
    }

    fn object(&mut self, name: &'static str) -> Result<Map<String, Value>> {
        self.needed(name, Named::object)
    }

    fn number(&mut self, name: &'static str) -> Result<Option<i64>> {
        self.take(name, Named::whole_number)
    }

    fn texts(&mut self, name: &'static str) -> Result<Vec<String>> {
        let list = self.needed(name, Named::list)?;
        let texts = list.into_iter().map(|item| match item {
            Value::String(text) => Some(text),
            _ => None,
        });
        let wrong = || Error::invalid_argument(format!("{name} must be a list of texts"));
        texts.collect::<Option<_>>().ok_or_else(wrong)
    }

    fn media_update(&mut self) -> Result<MediaUpdate> {
        let mut update = MediaUpdate::new();
        if let Some(offer) = self.take("offer", Named::text)? {
            update = update.offer(offer);
        }
        for track in self.take("tracks", Named::list)?.unwrap_or_default() {
            let text = |name| track.get(name).and_then(Value::as_str);
            let enabled = track.get("enabled").and_then(Value::as_bool);
            let (Some(msid), Some(label), Some(enabled)) = (text("msid"), text("label"), enabled)
            else {
                let what = "tracks must be a list of objects with msid, label and enabled";
                return Err(Error::invalid_argument(what));
            };
            update = update.track(msid, label, enabled);
        }
        let (from, to) = (self.number("from_version")?, self.number("to_version")?);
        match (from, to) {
            (None, None) => Ok(update),
            (Some(from), Some(to)) => Ok(update.versions(from, to)),
            _ => Err(Error::invalid_argument(
                "from_version and to_version go together",
            )),
        }
    }
}
