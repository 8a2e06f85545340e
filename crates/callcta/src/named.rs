//! Settings and options by name, as configuration files, command lines and other
//! languages give them.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::message::whole_number;
use crate::near::nearest;

/// A value that was given under a name.
pub(crate) struct Named<'a> {
    name: &'a str,
    value: Value,
}

/// What sets a value that was given under a name.
pub(crate) type Setter<T> = fn(T, Named<'_>) -> Result<T>;

/// The names that there are, and what sets the value of each.
pub(crate) type Setters<T> = &'static [(&'static str, Setter<T>)];

/// [`Setters`]: `"name" => { method(type of the value) }`, or a function between the
/// braces.
macro_rules! setters {
    ($($(#[$if:meta])? $name:literal => $how:tt,)+) => {
        &[$($(#[$if])? ($name, setters!(@ $how)),)+]
    };
    (@ { $method:ident($kind:ident) }) => {
        |this, value| Ok(this.$method(value.$kind()?))
    };
    (@ { $set:expr }) => {
        $set
    };
}
pub(crate) use setters;

pub(crate) fn names<T>(setters: Setters<T>) -> impl Iterator<Item = &'static str> {
    setters.iter().map(|(name, _)| *name)
}

pub(crate) fn find<T>(setters: Setters<T>, name: &str) -> Option<Setter<T>> {
    let found = setters.iter().find(|(known, _)| *known == name);
    found.map(|(_, set)| *set)
}

/// Sets a value, unless it is null, which says the same as nothing.
pub(crate) fn apply<T>(set: Setter<T>, to: T, name: &str, value: Value) -> Result<T> {
    match value {
        Value::Null => Ok(to),
        value => set(to, Named::new(name, value)),
    }
}

impl<'a> Named<'a> {
    pub(crate) fn new(name: &'a str, value: Value) -> Self {
        Named { name, value }
    }

    pub(crate) fn must_be(&self, what: &str) -> Error {
        Error::invalid_argument(format!("{} must be {what}", self.name))
    }

    pub(crate) fn text(self) -> Result<String> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.must_be("a text")),
        }
    }

    pub(crate) fn yes(self) -> Result<bool> {
        self.value
            .as_bool()
            .ok_or_else(|| self.must_be("true or false"))
    }

    pub(crate) fn count<T: TryFrom<u64>>(self) -> Result<T> {
        let count = self
            .value
            .as_u64()
            .and_then(|count| T::try_from(count).ok());
        count.ok_or_else(|| self.must_be("a whole number, 0 or more"))
    }

    pub(crate) fn whole_number(self) -> Result<i64> {
        whole_number(&self.value).ok_or_else(|| self.must_be("a whole number"))
    }

    /// Milliseconds if the name ends like that, otherwise seconds; fractions are
    /// fine.
    pub(crate) fn duration(self) -> Result<Duration> {
        let (unit, per_second) = if self.name.ends_with("_ms") {
            ("milliseconds", 1000.0)
        } else {
            ("seconds", 1.0)
        };
        let number = self.value.as_f64().map(|number| number / per_second);
        let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration.ok_or_else(|| self.must_be(&format!("a number of {unit}, 0 or more")))
    }

    /// A moment, told as the time since 1970-01-01 UTC.
    pub(crate) fn moment(self) -> Result<SystemTime> {
        let wrong = self.must_be("a moment that there is");
        let moment = SystemTime::UNIX_EPOCH.checked_add(self.duration()?);
        moment.ok_or(wrong)
    }

    pub(crate) fn object(self) -> Result<Map<String, Value>> {
        match self.value {
            Value::Object(object) => Ok(object),
            _ => Err(self.must_be("an object")),
        }
    }

    /// An object's members, all of which must be texts.
    pub(crate) fn texts(self) -> Result<Vec<(String, String)>> {
        let wrong = self.must_be("an object of texts");
        let texts = self.object()?.into_iter().map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        });
        texts.collect::<Option<Vec<_>>>().ok_or(wrong)
    }

    pub(crate) fn list(self) -> Result<Vec<Value>> {
        match self.value {
            Value::Array(list) => Ok(list),
            _ => Err(self.must_be("a list")),
        }
    }
}

/// Nothing goes by this name.
pub(crate) fn unknown(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Error {
    let meant = nearest(name, known).map(|meant| format!("; did you mean {meant}?"));
    let meant = meant.unwrap_or_default();
    Error::invalid_argument(format!("no such {what}: {name}{meant}"))
}
