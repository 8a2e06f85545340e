//! Reading what the platform tells, whichever of the documented ways they are written.

use serde_json::{Map, Value};

/// What was read, or what is wrong with it.
pub(crate) type Read<T> = Result<T, String>;

pub(crate) type Object = Map<String, Value>;

/// Where the platform writes a moment in seconds, it is below this; in
/// milliseconds it has been above it since March 1973.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// A text, or a whole number written as one; absent when null, empty or missing.
pub(crate) fn text(object: &Object, name: &str) -> Read<Option<String>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        Some(_) => Err(format!("{name} is neither a text nor a whole number")),
    }
}

/// A text that must be there.
pub(crate) fn required(object: &Object, name: &str) -> Read<String> {
    text(object, name)?.ok_or_else(|| format!("{name} is missing"))
}

/// A text of a fixed set, in lower case.
pub(crate) fn word(object: &Object, name: &str) -> Read<Option<String>> {
    Ok(text(object, name)?.map(|word| word.to_ascii_lowercase()))
}

/// A whole number, or a text that holds one.
pub(crate) fn integer(object: &Object, name: &str) -> Read<Option<i64>> {
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
pub(crate) fn moment(object: &Object, name: &str) -> Read<Option<i64>> {
    Ok(integer(object, name)?.map(|time| {
        if time.unsigned_abs() < FIRST_MILLISECONDS {
            time * 1000
        } else {
            time
        }
    }))
}

/// `true`, `false`, or a text or number that stands for one.
pub(crate) fn flag(object: &Object, name: &str) -> Read<Option<bool>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(format!("{name} is neither true nor false")),
    }
}

/// What an answer tells of one thing: itself, or the first of its `data`.
pub(crate) fn bare(mut answer: Object) -> Object {
    match answer.get_mut("data").map(Value::take) {
        Some(Value::Array(items)) => match items.into_iter().next() {
            Some(Value::Object(first)) => first,
            _ => Object::new(),
        },
        Some(Value::Object(inner)) => inner,
        Some(other) => {
            answer.insert("data".to_owned(), other);
            answer
        }
        None => answer,
    }
}

/// Whether an answer says that what was asked for was done: by `success` or by `result`,
/// of which the pages have both. `None` if it says neither.
pub(crate) fn succeeded(answer: &Object) -> Option<bool> {
    let said = |name: &str| match answer.get(name)? {
        Value::Bool(done) => Some(*done),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "success" => Some(true),
            "false" | "failure" => Some(false),
            _ => None,
        },
        _ => None,
    };
    match (said("success"), said("result")) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (success, result) => success.or(result),
    }
}

/// An object, if it is there.
pub(crate) fn object<'a>(object: &'a Object, name: &str) -> Read<Option<&'a Object>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(format!("{name} is not an object")),
    }
}

/// The items of a list, or a single one that stands for a list of one.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
    }
}

/// The id of a side: `{"id": …}`, or the id itself.
pub(crate) fn side(event: &Object, name: &str) -> Read<Option<String>> {
    match event.get(name) {
        Some(Value::Object(side)) => text(side, "id"),
        _ => text(event, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_told_in_several_ways() {
        let told = |answer: &str| {
            let answer: Object = serde_json::from_str(answer).expect("it is an object");
            succeeded(&answer)
        };
        for yes in [
            r#"{"success": true}"#,
            r#"{"success": "true"}"#,
            r#"{"result": "success"}"#,
            r#"{"result": "SUCCESS"}"#,
            r#"{"result": true}"#,
        ] {
            assert_eq!(told(yes), Some(true), "{yes}");
        }
        for no in [
            r#"{"success": false}"#,
            r#"{"success": "False"}"#,
            r#"{"result": "failure"}"#,
            r#"{"success": true, "result": "failure"}"#,
        ] {
            assert_eq!(told(no), Some(false), "{no}");
        }
        for nothing in ["{}", r#"{"success": null}"#, r#"{"result": {"a": 1}}"#] {
            assert_eq!(told(nothing), None, "{nothing}");
        }
    }

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
