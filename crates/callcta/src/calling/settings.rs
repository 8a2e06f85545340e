//! The Page's call settings: who can call, when, and who is rung.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::json;
use crate::lenient;
use crate::message::Extra;
use crate::message::fields::{Fields, Writer};
use crate::validate;

/// Call settings of a Page, to read or to change. What isn't there is not told, or left
/// as it is.
///
/// ```
/// use callcta::calling::{CallHours, CallSettings, RingTarget};
///
/// let settings = CallSettings::new()
///     .audio_enabled(true)
///     .call_routing(RingTarget::Partners)
///     .call_hours(CallHours::new("Africa/Lagos").open("MONDAY", "0900", "1700"));
/// assert!(settings.validate().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CallSettings {
    pub(crate) audio_enabled: Option<bool>,
    pub(crate) video_enabled: Option<bool>,
    pub(crate) icon_enabled: Option<bool>,
    pub(crate) call_routing: Option<CallRouting>,
    pub(crate) call_hours: Option<CallHours>,
    pub(crate) extra: Extra,
}

/// Who is rung when a person calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RingTarget {
    /// `META`: Meta's own inbox.
    Meta,
    /// `PARTNERS`: the app, by its webhook. The app must be subscribed to `calls`
    /// before.
    Partners,
    /// Another one; it is sent as it is.
    Other(String),
}

impl RingTarget {
    pub(crate) const KNOWN: &[&str] = &["META", "PARTNERS"];

    /// The value on the wire, such as `PARTNERS`.
    pub fn as_str(&self) -> &str {
        match self {
            RingTarget::Meta => "META",
            RingTarget::Partners => "PARTNERS",
            RingTarget::Other(other) => other,
        }
    }
}

/// In any case.
impl From<&str> for RingTarget {
    fn from(value: &str) -> Self {
        match value.to_ascii_uppercase().as_str() {
            "META" => RingTarget::Meta,
            "PARTNERS" => RingTarget::Partners,
            _ => RingTarget::Other(value.to_owned()),
        }
    }
}

impl fmt::Display for RingTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallRouting {
    pub(crate) ring_target: Option<RingTarget>,
    pub(crate) extra: Extra,
}

/// When people can call. Setting them replaces all hours; a day that is missing is
/// closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CallHours {
    pub(crate) timezone_id: Option<String>,
    pub(crate) weekly: Option<Vec<OpenHours>>,
    pub(crate) extra: Extra,
}

/// The hours of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct OpenHours {
    pub(crate) day_of_week: Option<String>,
    pub(crate) open_time: Option<String>,
    pub(crate) close_time: Option<String>,
    pub(crate) extra: Extra,
    /// Set when the JSON held something other than an object.
    pub(crate) malformed: Option<Value>,
}

impl CallSettings {
    /// Settings that change nothing yet.
    pub fn new() -> Self {
        CallSettings::default()
    }

    /// Settings from their wire form, unknown fields included.
    pub fn raw(json: Map<String, Value>) -> Self {
        let mut fields = Fields::new(json);
        CallSettings {
            audio_enabled: fields.boolean("audio_enabled"),
            video_enabled: fields.boolean("video_enabled"),
            icon_enabled: fields.boolean("icon_enabled"),
            call_routing: fields.object("call_routing").map(CallRouting::raw),
            call_hours: fields.object("call_hours").map(CallHours::raw),
            extra: fields.rest(),
        }
    }

    /// Settings from JSON text: the body of a request, as [`to_json`](Self::to_json)
    /// writes it.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](crate::ErrorKind::InvalidMessage) if it isn't a JSON object, or
    /// would not be kept as it is; see [`Message::from_json`](crate::Message::from_json).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        let invalid = |found: crate::violation::Found| Error::invalid_settings(found.list());
        match json::read(json.as_ref()) {
            Ok(Value::Object(object)) => Ok(CallSettings::raw(object)),
            Ok(other) => Err(invalid(validate::not_an_object(&other))),
            Err(unread) => Err(invalid(unread.found)),
        }
    }

    /// The body of a request as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("settings have only string keys")
    }

    /// The same as a JSON value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("settings have only string keys")
    }

    pub(crate) fn to_object(&self) -> Map<String, Value> {
        match self.to_value() {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    /// Whether people can call at all: the switch behind the `audio_call` button.
    pub fn audio_enabled(mut self, yes: bool) -> Self {
        self.audio_enabled = Some(yes);
        self
    }

    /// Whether video calls are on.
    pub fn video_enabled(mut self, yes: bool) -> Self {
        self.video_enabled = Some(yes);
        self
    }

    /// Whether the call icon is shown in the conversation. The platform's default is
    /// `true`.
    pub fn icon_enabled(mut self, yes: bool) -> Self {
        self.icon_enabled = Some(yes);
        self
    }

    /// Who is rung when a person calls: `call_routing`.
    pub fn call_routing(mut self, target: impl Into<RingTarget>) -> Self {
        self.call_routing.get_or_insert_default().ring_target = Some(target.into());
        self
    }

    /// When people can call.
    pub fn call_hours(mut self, hours: CallHours) -> Self {
        self.call_hours = Some(hours);
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// Whether people can call at all, if told.
    pub fn is_audio_enabled(&self) -> Option<bool> {
        self.audio_enabled
    }

    /// Whether video calls are on, if told.
    pub fn is_video_enabled(&self) -> Option<bool> {
        self.video_enabled
    }

    /// Whether the call icon is shown, if told.
    pub fn is_icon_enabled(&self) -> Option<bool> {
        self.icon_enabled
    }

    /// Who is rung, if told.
    pub fn ring_target(&self) -> Option<&RingTarget> {
        self.call_routing.as_ref()?.ring_target.as_ref()
    }

    /// When people can call, if told.
    pub fn hours(&self) -> Option<&CallHours> {
        self.call_hours.as_ref()
    }

    /// Fields that callcta doesn't know.
    pub fn extra(&self) -> &Extra {
        &self.extra
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == CallSettings::default()
    }

    /// Reads what the platform tells, whichever of the documented ways it is written:
    /// the settings themselves, or the first ones in `data`; `call_routing` as an object
    /// or as a text; names in any case.
    pub(super) fn told(answer: Map<String, Value>) -> Self {
        let mut object = lenient::bare(answer);
        for name in ["audio_enabled", "video_enabled", "icon_enabled"] {
            if let Ok(Some(flag)) = lenient::flag(&object, name) {
                object.insert(name.to_owned(), flag.into());
            }
        }
        object.retain(|_, value| !value.is_null());
        if let Some(Value::String(target)) = object.get("call_routing") {
            let routing = Map::from_iter([("ring_target".to_owned(), target.clone().into())]);
            object.insert("call_routing".to_owned(), routing.into());
        }
        let days = object
            .get_mut("call_hours")
            .and_then(|hours| hours.get_mut("weekly_operating_hours"))
            .and_then(Value::as_array_mut);
        for day in days.into_iter().flatten() {
            if let Some(Value::String(name)) = day.get_mut("day_of_week") {
                name.make_ascii_uppercase();
            }
        }
        CallSettings::raw(object)
    }
}

impl CallRouting {
    fn raw(json: Map<String, Value>) -> Self {
        let mut fields = Fields::new(json);
        CallRouting {
            ring_target: fields
                .string("ring_target")
                .map(|target| RingTarget::from(target.as_str())),
            extra: fields.rest(),
        }
    }
}

impl CallHours {
    /// No hours yet, in a time zone with this IANA name, such as `Africa/Lagos`.
    pub fn new(timezone_id: impl Into<String>) -> Self {
        CallHours {
            timezone_id: Some(timezone_id.into()),
            weekly: Some(Vec::new()),
            extra: Extra::new(),
        }
    }

    /// Hours from their wire form, unknown fields included.
    pub fn raw(json: Map<String, Value>) -> Self {
        let mut fields = Fields::new(json);
        CallHours {
            timezone_id: fields.string("timezone_id"),
            weekly: fields.list("weekly_operating_hours", OpenHours::raw),
            extra: fields.rest(),
        }
    }

    /// Adds a day, `MONDAY` to `SUNDAY`, that is open from and until a time as `hhmm`.
    pub fn open(
        mut self,
        day_of_week: impl Into<String>,
        open_time: impl Into<String>,
        close_time: impl Into<String>,
    ) -> Self {
        self.weekly.get_or_insert_default().push(OpenHours {
            day_of_week: Some(day_of_week.into()),
            open_time: Some(open_time.into()),
            close_time: Some(close_time.into()),
            ..OpenHours::default()
        });
        self
    }

    /// The IANA name of the time zone, if told.
    pub fn timezone_id(&self) -> Option<&str> {
        self.timezone_id.as_deref()
    }

    /// The days that aren't closed.
    pub fn weekly_operating_hours(&self) -> &[OpenHours] {
        self.weekly.as_deref().unwrap_or_default()
    }
}

impl OpenHours {
    fn raw(json: Value) -> Self {
        let object = match json {
            Value::Object(object) => object,
            other => {
                return OpenHours {
                    malformed: Some(other),
                    ..OpenHours::default()
                };
            }
        };
        let mut fields = Fields::new(object);
        OpenHours {
            day_of_week: fields.string("day_of_week"),
            open_time: fields.string("open_time"),
            close_time: fields.string("close_time"),
            extra: fields.rest(),
            malformed: None,
        }
    }

    /// `MONDAY` to `SUNDAY`, if told.
    pub fn day_of_week(&self) -> Option<&str> {
        self.day_of_week.as_deref()
    }

    /// From when on people can call, as `hhmm`, if told.
    pub fn open_time(&self) -> Option<&str> {
        self.open_time.as_deref()
    }

    /// Until when people can call, as `hhmm`, if told.
    pub fn close_time(&self) -> Option<&str> {
        self.close_time.as_deref()
    }
}

impl Serialize for CallSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Writer::new(serializer, &self.extra)?;
        out.opt("audio_enabled", self.audio_enabled.as_ref())?;
        out.opt("video_enabled", self.video_enabled.as_ref())?;
        out.opt("icon_enabled", self.icon_enabled.as_ref())?;
        out.opt("call_routing", self.call_routing.as_ref())?;
        out.opt("call_hours", self.call_hours.as_ref())?;
        out.end()
    }
}

impl Serialize for CallRouting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Writer::new(serializer, &self.extra)?;
        out.opt(
            "ring_target",
            self.ring_target.as_ref().map(RingTarget::as_str),
        )?;
        out.end()
    }
}

impl Serialize for CallHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Writer::new(serializer, &self.extra)?;
        out.opt("timezone_id", self.timezone_id.as_ref())?;
        out.opt("weekly_operating_hours", self.weekly.as_ref())?;
        out.end()
    }
}

impl Serialize for OpenHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(value) = &self.malformed {
            return value.serialize(serializer);
        }
        let mut out = Writer::new(serializer, &self.extra)?;
        out.opt("day_of_week", self.day_of_week.as_ref())?;
        out.opt("open_time", self.open_time.as_ref())?;
        out.opt("close_time", self.close_time.as_ref())?;
        out.end()
    }
}
