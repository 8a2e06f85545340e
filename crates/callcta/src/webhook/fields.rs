//! Reading an event's fields, whichever of the documented ways they are written.

use serde_json::{Map, Value};

/// An event's object, or what is wrong with it.
pub(super) type Read<T> = Result<T, String>;

pub(super) type Object = Map<String, Value>;

/// Where the platform writes a moment in seconds, it is below this; in
/// milliseconds it has been above it since March 1973.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// A text, or a whole number written as one; absent when null, empty or missing.
pub(super) fn text(object: &Object, name: &str) -> Read<Option<String>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        Some(_) => Err(format!("{name} is neither a text nor a whole number")),
    }
}

/// A text that must be there.
pub(super) fn required(object: &Object, name: &str) -> Read<String> {
    text(object, name)?.ok_or_else(|| format!("{name} is missing"))
}

/// A text of a fixed set, in lower case.
pub(super) fn word(object: &Object, name: &str) -> Read<Option<String>> {
    Ok(text(object, name)?.map(|word| word.to_ascii_lowercase()))
}

/// A whole number, or a text that holds one.
pub(super) fn integer(object: &Object, name: &str) -> Read<Option<i64>> {
    let number = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Some(_) => None,
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(format!("{name} is not a whole number")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A moment in Unix milliseconds, told in seconds or milliseconds.
pub(super) fn moment(object: &Object, name: &str) -> Read<Option<i64>> {
    Ok(integer(object, name)?.map(|time| {
        if time.unsigned_abs() < FIRST_MILLISECONDS {
            time * 1000
        } else {
            time
        }
    }))
}

/// `true`, `false`, or a text or number that stands for one.
pub(super) fn flag(object: &Object, name: &str) -> Read<Option<bool>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(format!("{name} is neither true nor false")),
    }
}

/// An object, if it is there.
pub(super) fn object<'a>(object: &'a Object, name: &str) -> Read<Option<&'a Object>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(format!("{name} is not an object")),
    }
}

/// The items of a list, or a single one that stands for a list of one.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
    }
}

/// The id of a side: `{"id": …}`, or the id itself.
pub(super) fn side(event: &Object, name: &str) -> Read<Option<String>> {
    match event.get(name) {
        Some(Value::Object(side)) => text(side, "id"),
        _ => text(event, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_milliseconds_however_they_are_told() {
        let object = |time: Value| Object::from_iter([("t".to_owned(), time)]);
        for time in [
            Value::from(1_671_644_824),
            Value::from("1671644824"),
            Value::from(1_671_644_824_000_i64),
            Value::from(1_671_644_824_000.0),
        ] {
            assert_eq!(moment(&object(time), "t"), Ok(Some(1_671_644_824_000)));
        }
        for edge in [i64::MIN, i64::MAX] {
            assert_eq!(moment(&object(Value::from(edge)), "t"), Ok(Some(edge)));
        }
        for none in [Value::Null, Value::from("")] {
            assert_eq!(moment(&object(none), "t"), Ok(None));
        }
        for bad in [
            Value::from(1.5),
            Value::from(1e300),
            Value::from("soon"),
            Value::from(true),
        ] {
            assert!(moment(&object(bad), "t").is_err());
        }
    }
}
