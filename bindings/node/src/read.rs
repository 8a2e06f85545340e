//! Reading JavaScript objects: own properties only, and none that nobody asked for.

use std::time::{Duration, SystemTime};

use callcta::Error;
use napi::bindgen_prelude::{Array, FromNapiValue, JsObjectValue, Object, Unknown};
use napi::{
    JsDate, JsString, JsValue, KeyCollectionMode, KeyConversion, KeyFilter, Status, ValueType,
};
use serde_json::{Map, Value};

/// Why a value was not taken.
pub enum Refused {
    /// JavaScript threw, in a getter for instance.
    Thrown(napi::Error),
    /// The value can't be used; where it stands, and what it must be.
    Invalid { path: String, what: String },
    /// callcta refused what was read.
    Core(Error),
}

pub type Read<T> = Result<T, Refused>;

impl From<napi::Error> for Refused {
    fn from(error: napi::Error) -> Self {
        Refused::Thrown(error)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Core(error)
    }
}

impl Refused {
    pub fn must(what: &str) -> Self {
        Refused::Invalid {
            path: String::new(),
            what: format!("must be {what}"),
        }
    }

    fn unknown_field() -> Self {
        Refused::Invalid {
            path: String::new(),
            what: "is not a field of this object; others go into fields or raw".to_owned(),
        }
    }

    /// The same, seen from the object around.
    pub fn within(self, outer: &str) -> Self {
        match self {
            Refused::Invalid { path, what } => Refused::Invalid {
                path: match path.chars().next() {
                    None => outer.to_owned(),
                    Some('[') => format!("{outer}{path}"),
                    Some(_) => format!("{outer}.{path}"),
                },
                what,
            },
            other => other,
        }
    }
}

/// The properties of an object that are not read yet.
pub struct Fields<'env>(Vec<(String, Unknown<'env>)>);

impl<'env> Fields<'env> {
    /// The own enumerable properties of an object; what is `undefined` isn't there.
    pub fn of(value: Unknown<'env>) -> Read<Self> {
        let object = object(value)?;
        let names = object.get_all_property_names(
            KeyCollectionMode::OwnOnly,
            KeyFilter::Enumerable,
            KeyConversion::NumbersToStrings,
        )?;
        let count = names.get_array_length()?;
        let mut fields = Vec::with_capacity(count as usize);
        for index in 0..count {
            let key: Unknown<'_> = names.get_element(index)?;
            if key.get_type()? != ValueType::String {
                return Err(Refused::must("without symbols"));
            }
            let key: JsString<'_> = names.get_element(index)?;
            let value: Unknown<'env> = object.get_property(key)?;
            if value.get_type()? != ValueType::Undefined {
                fields.push((key.into_utf8()?.into_owned()?, value));
            }
        }
        Ok(Fields(fields))
    }

    /// No properties when the object itself is left out.
    pub fn of_optional(value: Unknown<'env>) -> Read<Self> {
        match value.get_type()? {
            ValueType::Undefined => Ok(Fields(Vec::new())),
            _ => Fields::of(value),
        }
    }

    pub fn skip(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    pub fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Unknown<'env>) -> Read<T>,
    ) -> Read<Option<T>> {
        let Some(index) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(index);
        read(value).map(Some).map_err(|error| error.within(name))
    }

    pub fn need<T>(&mut self, name: &str, read: impl FnOnce(Unknown<'env>) -> Read<T>) -> Read<T> {
        self.take(name, read)?
            .ok_or_else(|| Refused::must("given").within(name))
    }

    /// Hands the property to a builder's method, if it is there.
    pub fn set<B, T>(
        &mut self,
        builder: B,
        name: &str,
        read: impl FnOnce(Unknown<'env>) -> Read<T>,
        set: impl FnOnce(B, T) -> B,
    ) -> Read<B> {
        Ok(match self.take(name, read)? {
            Some(value) => set(builder, value),
            None => builder,
        })
    }

    /// Hands each further field, under `name`, to a builder's method.
    pub fn set_each<B>(
        &mut self,
        builder: B,
        name: &str,
        set: impl Fn(B, String, Value) -> B,
    ) -> Read<B> {
        let fields = self.take(name, json_object)?.unwrap_or_default();
        Ok(fields
            .into_iter()
            .fold(builder, |builder, (key, value)| set(builder, key, value)))
    }

    /// Refuses what nobody asked for: a misspelt field must not get lost.
    pub fn end(self) -> Read<()> {
        match self.0.first() {
            Some((key, _)) => Err(Refused::unknown_field().within(key)),
            None => Ok(()),
        }
    }
}

/// Converts a value whose type has been looked at.
fn cast<'env, T: FromNapiValue + 'env>(value: Unknown<'env>) -> Read<T> {
    // SAFETY: the value is alive in the handle scope of the current call, and each
    // caller has compared its type with what T takes.
    Ok(unsafe { value.cast() }?)
}

fn typed<'env, T: FromNapiValue + 'env>(
    value: Unknown<'env>,
    expected: ValueType,
    what: &str,
) -> Read<T> {
    if value.get_type()? == expected {
        cast(value)
    } else {
        Err(Refused::must(what))
    }
}

pub fn text(value: Unknown<'_>) -> Read<String> {
    typed(value, ValueType::String, "a string")
}

pub fn boolean(value: Unknown<'_>) -> Read<bool> {
    typed(value, ValueType::Boolean, "a boolean")
}

fn number(value: Unknown<'_>) -> Read<f64> {
    typed(value, ValueType::Number, "a number")
}

fn object(value: Unknown<'_>) -> Read<Object<'_>> {
    if value.is_array()? {
        return Err(Refused::must("an object"));
    }
    typed(value, ValueType::Object, "an object")
}

/// A number without a fraction.
#[allow(clippy::cast_possible_truncation)] // inside of the range checked before
pub fn whole(value: Unknown<'_>) -> Read<i64> {
    let number = number(value)?;
    // Every whole number up to here has its own f64.
    let safe = number.fract() == 0.0 && number.abs() <= 2f64.powi(53);
    safe.then_some(number as i64)
        .ok_or_else(|| Refused::must("a whole number"))
}

/// A whole number that is not negative and fits.
pub fn count<T: TryFrom<i64>>(value: Unknown<'_>) -> Read<T> {
    T::try_from(whole(value)?).map_err(|_| Refused::must("a whole number that is not negative"))
}

pub fn milliseconds(value: Unknown<'_>) -> Read<Duration> {
    Duration::try_from_secs_f64(number(value)? / 1000.0)
        .map_err(|_| Refused::must("a number of milliseconds"))
}

pub fn date(value: Unknown<'_>) -> Read<SystemTime> {
    let expected = || Refused::must("a valid Date");
    if !value.is_date()? {
        return Err(expected());
    }
    let since_epoch = cast::<JsDate<'_>>(value)?.value_of()? / 1000.0;
    let length = Duration::try_from_secs_f64(since_epoch.abs()).map_err(|_| expected())?;
    let date = if since_epoch < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    };
    date.ok_or_else(expected)
}

pub fn list<'env, T>(
    read: impl Fn(Unknown<'env>) -> Read<T>,
) -> impl FnOnce(Unknown<'env>) -> Read<Vec<T>> {
    move |value| {
        if !value.is_array()? {
            return Err(Refused::must("an array"));
        }
        let array: Array<'env> = cast(value)?;
        (0..array.len())
            .map(|index| {
                let element: Unknown<'env> = array.get_element(index)?;
                read(element).map_err(|error| error.within(&format!("[{index}]")))
            })
            .collect()
    }
}

/// Anything that JSON can hold.
pub fn json(value: Unknown<'_>) -> Read<Value> {
    cast(value).map_err(|refused| match refused {
        Refused::Thrown(error) if error.status != Status::PendingException => {
            Refused::must("made of what JSON can hold")
        }
        other => other,
    })
}

pub fn json_object(value: Unknown<'_>) -> Read<Map<String, Value>> {
    match json(value)? {
        Value::Object(object) => Ok(object),
        _ => Err(Refused::must("an object")),
    }
}
