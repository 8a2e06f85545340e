//! How much memory things take, and what is shown of what is large.

use serde_json::{Map, Value};

/// As much of a body as lists and events show.
pub(crate) const PART: usize = 16 << 10;

/// As much of a text in a body that is cut, so that what stands beside it is seen as well.
const TEXT: usize = PART / 16;

/// What an entry of a log takes beside its texts, about.
pub(super) const ENTRY: usize = 256;

/// About how much memory a value takes beside itself.
pub(super) fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items
            .iter()
            .map(|item| size_of::<Value>() + bytes(item))
            .sum(),
        // A node of the tree has room for eleven, and is about two thirds full.
        Value::Object(map) => map.iter().fold(
            map.len().div_ceil(8) * 11 * (size_of::<String>() + size_of::<Value>()),
            |sum, (key, value)| sum + key.len() + bytes(value),
        ),
        _ => 0,
    }
}

/// The first part of a text, of at most so many bytes.
pub(crate) fn start(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The first part of a value: texts are cut, and what comes after is left out.
pub(super) fn part(value: &Value) -> Value {
    cut(value, &mut PART.clone())
}

fn cut(value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(1);
    match value {
        Value::String(text) => {
            let text = start(text, TEXT.min(*left));
            *left -= text.len();
            text.into()
        }
        Value::Array(items) => {
            let mut short = Vec::new();
            for item in items {
                if *left == 0 {
                    break;
                }
                short.push(cut(item, left));
            }
            short.into()
        }
        Value::Object(map) => {
            let mut short = Map::new();
            for (key, value) in map {
                if key.len() >= *left {
                    *left = 0;
                    break;
                }
                *left -= key.len();
                short.insert(key.clone(), cut(value, left));
            }
            short.into()
        }
        small => small.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_is_bounded_whatever_is_large() {
        let long = "é".repeat(PART);
        let many: Vec<_> = (0..PART * 2).collect();
        let deep: Vec<_> = (0..PART).map(|n| json!({ n.to_string(): [[]] })).collect();
        for value in [
            json!({"a": 1, "message": {"text": long}}),
            json!({"a": 1, "message": many}),
            json!({"a": 1, "message": deep}),
            json!({"a": 1, (long.clone()): long}),
        ] {
            let short = part(&value);
            assert_eq!(short["a"], 1);
            assert!(short.to_string().len() < 8 * PART);
            assert!(value.to_string().len() > PART);
        }
        let small = json!({"a": ["b", null, {"c": true}]});
        assert_eq!(part(&small), small);
    }

    #[test]
    fn a_value_weighs_what_its_texts_do_at_least() {
        assert_eq!(bytes(&json!("four")), 4);
        assert!(bytes(&json!({"a": ["12345678"]})) > 8);
        assert_eq!(bytes(&json!(null)), 0);
    }
}
