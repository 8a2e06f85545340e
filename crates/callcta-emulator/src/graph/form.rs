//! Forms and queries.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::relaxed;

/// How deep a name may reach.
const DEPTH_MAX: usize = 32;

/// Numbers and switches, which a form in PHP's spelling can only send as text.
const NOT_TEXT: &[&str] = &[
    "expires_in_days",
    "is_reusable",
    "messenger_extensions",
    "sharable",
    "ttl_days",
];

/// Names and values as they stand in a query or a form.
pub(crate) fn pairs(encoded: &[u8]) -> impl Iterator<Item = (String, String)> {
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode_part(halves.next().unwrap_or_default());
            let value = decode_part(halves.next().unwrap_or_default());
            (name, value)
        })
}

fn decode_part(part: &[u8]) -> String {
    let spaced: Vec<u8> = part
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// Parameters from names and values: a value that is a JSON object or array is read as one, and
/// `a[b]` and `a[]` name a part of `a`, as Graph does it.
pub(super) fn collect(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        match name.split_once('[') {
            Some((base, rest))
                if !base.is_empty()
                    && rest.ends_with(']')
                    && rest.matches("][").count() < DEPTH_MAX =>
            {
                let keys: Vec<_> = rest[..rest.len() - 1].split("][").collect();
                let holder = map.entry(base).or_insert(Value::Null);
                insert(holder, &keys, value);
            }
            _ => {
                map.insert(name, read(value));
            }
        }
    }
    for value in map.values_mut() {
        list(value);
    }
    map
}

fn read(value: String) -> Value {
    match value.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => serde_json::from_str(&value)
            .ok()
            .or_else(|| relaxed::parse(&value))
            .unwrap_or(Value::String(value)),
        _ => Value::String(value),
    }
}

/// Puts a value under a path of keys; an empty key stands for the next number.
fn insert(holder: &mut Value, keys: &[&str], value: String) {
    let Some((key, rest)) = keys.split_first() else {
        *holder = read(value);
        return;
    };
    if !holder.is_object() {
        *holder = Value::Object(Map::new());
    }
    let Some(map) = holder.as_object_mut() else {
        return;
    };
    let key = if key.is_empty() {
        map.len().to_string()
    } else {
        (*key).to_owned()
    };
    let scalar = rest.is_empty() && NOT_TEXT.contains(&key.as_str());
    let place = map.entry(key).or_insert(Value::Null);
    match serde_json::from_str(&value) {
        Ok(typed @ (Value::Number(_) | Value::Bool(_))) if scalar => *place = typed,
        _ => insert(place, rest, value),
    }
}

/// Turns objects with the keys 0, 1, 2 … into lists.
fn list(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(list);
            let len = map.len();
            if len > 0 && (0..len).all(|n| map.contains_key(&n.to_string())) {
                let items = (0..len)
                    .filter_map(|n| map.remove(&n.to_string()))
                    .collect();
                *value = Value::Array(items);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(list),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(text: &str) -> Value {
        Value::Object(collect(pairs(text.as_bytes())))
    }

    #[test]
    fn values_may_be_json_or_nearly() {
        assert_eq!(
            form("recipient={'id':'1'}&message=%7B%22text%22%3A%22a+b%22%7D&tag=A+B&x={nope"),
            json!({"recipient": {"id": "1"}, "message": {"text": "a b"}, "tag": "A B", "x": "{nope"})
        );
    }

    #[test]
    fn names_may_have_brackets() {
        assert_eq!(
            form(
                "recipient[id]=1&message[attachment][payload][elements][0][title]=5&\
                 message[attachment][payload][elements][0][buttons][0][expires_in_days]=5&\
                 message[attachment][payload][sharable]=true&fields[]=a&fields[]=b&\
                 message[quick_replies]=[{title:'x'}]"
            ),
            json!({
                "recipient": {"id": "1"},
                "message": {
                    "attachment": {"payload": {
                        "elements": [{"title": "5", "buttons": [{"expires_in_days": 5}]}],
                        "sharable": true,
                    }},
                    "quick_replies": [{"title": "x"}],
                },
                "fields": ["a", "b"],
            })
        );
        // A gap makes no list, and what is no name in brackets stays a name.
        assert_eq!(
            form("a[1]=x&[b]=y&c[=z&d[e]f=1"),
            json!({"a": {"1": "x"}, "[b]": "y", "c[": "z", "d[e]f": "1"})
        );
    }
}
