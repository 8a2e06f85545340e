//! The parameters of a Graph request, from its query and its body.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// Parameters by name, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) map: Map<String, Value>,
    /// Why the body gave no parameters, when it has a length. Graph keeps this to itself.
    pub(crate) unread: Option<String>,
}

impl Params {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str)
    }
}

/// Reads query and body. The body wins where both name a parameter.
pub(crate) fn decode(headers: &HeaderMap, query: &str, body: &[u8]) -> Params {
    let mut params = body_params(headers, body);
    if !query.is_empty() {
        for (name, value) in form_pairs(query.as_bytes()) {
            params.map.entry(name).or_insert(value);
        }
    }
    params
}

fn body_params(headers: &HeaderMap, body: &[u8]) -> Params {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Params::default();
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return json_params(body);
    }
    if essence.is_empty() || essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        if body.trim_ascii_start().starts_with(b"{") {
            return unread(format!(
                "the body looks like JSON, but the content type is {}; send application/json",
                if essence.is_empty() {
                    "missing"
                } else {
                    essence
                }
            ));
        }
        return Params {
            map: form_pairs(body).collect(),
            unread: None,
        };
    }
    unread(format!("the emulator does not read {essence:?} bodies"))
}

fn json_params(body: &[u8]) -> Params {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Params { map, unread: None },
        Ok(_) => unread("the body is JSON, but not an object".into()),
        Err(error) => unread(format!("the body is not JSON: {error}")),
    }
}

fn unread(why: String) -> Params {
    Params {
        map: Map::new(),
        unread: Some(why),
    }
}

/// Form pairs; a value that is a JSON object or array is read as one, as Graph does.
pub(crate) fn form_pairs(encoded: &[u8]) -> impl Iterator<Item = (String, Value)> {
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode_part(halves.next().unwrap_or_default());
            let value = decode_part(halves.next().unwrap_or_default());
            let value = match value.trim_start().as_bytes().first() {
                Some(b'{' | b'[') => serde_json::from_str(&value).unwrap_or(Value::String(value)),
                _ => Value::String(value),
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(content_type: &str, query: &str, body: &str) -> Params {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        decode(&headers, query, body.as_bytes())
    }

    #[test]
    fn json_and_form_say_the_same() {
        let json = read(
            "application/json; charset=utf-8",
            "",
            r#"{"recipient":{"id":"1"},"tag":"A B"}"#,
        );
        let form = read(
            "application/x-www-form-urlencoded",
            "",
            "recipient=%7B%22id%22%3A%221%22%7D&tag=A+B",
        );
        assert_eq!(json.map, form.map);
        assert_eq!(json.map["recipient"], json!({"id": "1"}));
    }

    #[test]
    fn the_query_fills_what_the_body_leaves_out() {
        let params = read(
            "application/json",
            "access_token=T&tag=Q",
            r#"{"tag":"BODY"}"#,
        );
        assert_eq!(params.text("access_token"), Some("T"));
        assert_eq!(params.text("tag"), Some("BODY"));
    }

    #[test]
    fn unreadable_bodies_say_why() {
        assert!(read("application/json", "", "{").unread.is_some());
        assert!(read("application/json", "", "[]").unread.is_some());
        assert!(read("", "", r#"{"a":1}"#).unread.is_some());
        assert!(
            read("multipart/form-data; boundary=x", "", "--x")
                .unread
                .is_some()
        );
        assert!(read("application/json", "", " \n").unread.is_none());
    }
}
