//! Reading and writing JSON objects without losing anything.
//!
//! What a typed field can't hold (an unknown key, or a known key with a value
//! of another type) stays in `extra` and is written out again as it came. A
//! known key that sits in `extra` is thereby a mistyped one, or one that was given as
//! a further field though it has a place of its own; validation reports both.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

/// Fields that callcta has no typed place for, by their JSON key.
pub type Extra = Map<String, Value>;

/// Takes the fields that have the expected type; the rest is left over.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Fields(object)
    }

    fn take_if<T>(&mut self, key: &str, read: impl FnOnce(&mut Value) -> Option<T>) -> Option<T> {
        let taken = read(self.0.get_mut(key)?)?;
        self.0.remove(key);
        Some(taken)
    }

    pub(crate) fn string(&mut self, key: &str) -> Option<String> {
        self.take_if(key, |value| match value {
            Value::String(text) => Some(std::mem::take(text)),
            _ => None,
        })
    }

    pub(crate) fn integer(&mut self, key: &str) -> Option<i64> {
        self.take_if(key, |value| whole_number(value))
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Option<bool> {
        self.take_if(key, |value| value.as_bool())
    }

    pub(crate) fn object(&mut self, key: &str) -> Option<Map<String, Value>> {
        self.take_if(key, |value| match value {
            Value::Object(map) => Some(std::mem::take(map)),
            _ => None,
        })
    }

    pub(crate) fn list<T>(&mut self, key: &str, read: fn(Value) -> T) -> Option<Vec<T>> {
        self.take_if(key, |value| match value {
            Value::Array(items) => Some(std::mem::take(items).into_iter().map(read).collect()),
            _ => None,
        })
    }

    pub(crate) fn put(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    pub(crate) fn rest(self) -> Extra {
        self.0
    }
}

/// A whole number, however it is written: JavaScript can't tell 5.0 from 5.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let is_whole = number.fract() == 0.0 && (-BOUND..BOUND).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and within bounds"
        )]
        is_whole.then_some(number as i64)
    })
}

/// Writes one JSON object: typed fields that are set, then the extra ones. A
/// key that was written typed is not written again.
pub(crate) struct Writer<'a, S: Serializer> {
    map: S::SerializeMap,
    extra: &'a Extra,
    /// Kept only if there are extra fields to compare with.
    written: Vec<&'static str>,
}

impl<'a, S: Serializer> Writer<'a, S> {
    pub(crate) fn new(serializer: S, extra: &'a Extra) -> Result<Self, S::Error> {
        Ok(Writer {
            map: serializer.serialize_map(None)?,
            extra,
            written: Vec::new(),
        })
    }

    pub(crate) fn set<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        if !self.extra.is_empty() {
            self.written.push(key);
        }
        self.map.serialize_entry(key, value)
    }

    pub(crate) fn opt<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: Option<&T>,
    ) -> Result<(), S::Error> {
        value.map_or(Ok(()), |value| self.set(key, value))
    }

    pub(crate) fn end(mut self) -> Result<S::Ok, S::Error> {
        for (key, value) in self.extra {
            if !self.written.contains(&key.as_str()) {
                self.map.serialize_entry(key, value)?;
            }
        }
        self.map.end()
    }
}
