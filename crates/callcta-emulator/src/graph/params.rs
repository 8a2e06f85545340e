//! The parameters of a Graph request, from its query and its body.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::form::{collect, pairs};
use super::multipart::{self, File};

/// Parameters by name, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) map: Map<String, Value>,
    pub(crate) files: Vec<File>,
    /// Why the body gave no parameters, when it has a length. Graph keeps this to itself.
    pub(crate) unread: Option<String>,
}

impl Params {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str)
    }

    /// The names in `fields`; `None` if none are asked for. Meta's own clients send it empty.
    pub(super) fn fields(&self) -> Option<Vec<&str>> {
        let names: Vec<_> = match self.map.get("fields")? {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            names => names.as_str()?.split(',').collect(),
        };
        let names: Vec<_> = names
            .into_iter()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        (!names.is_empty()).then_some(names)
    }

    /// Reads parameters that are JSON written as text.
    pub(super) fn read_texts(&mut self) {
        for value in self.map.values_mut() {
            if let Some(read @ (Value::Object(_) | Value::Array(_))) = value
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
            {
                *value = read;
            }
        }
    }

    /// Takes out what is `null`, at every depth.
    pub(super) fn forget_nulls(&mut self) {
        forget_nulls(&mut self.map);
    }
}

fn forget_nulls(map: &mut Map<String, Value>) {
    map.retain(|_, value| !value.is_null());
    for value in map.values_mut() {
        forget_nulls_in(value);
    }
}

fn forget_nulls_in(value: &mut Value) {
    match value {
        Value::Object(map) => forget_nulls(map),
        Value::Array(items) => items.iter_mut().for_each(forget_nulls_in),
        _ => {}
    }
}

/// Reads query and body. The body wins where both name a parameter.
pub(crate) fn decode(headers: &HeaderMap, query: &str, body: &[u8]) -> Params {
    let mut params = body_params(headers, body);
    if !query.is_empty() {
        for (name, value) in collect(pairs(query.as_bytes())) {
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
            map: collect(pairs(body)),
            ..Params::default()
        };
    }
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        return match multipart::decode(content_type, body) {
            Ok((pairs, files)) => Params {
                map: collect(pairs.into_iter()),
                files,
                unread: None,
            },
            Err(why) => unread(format!("the body is not multipart/form-data: {why}")),
        };
    }
    unread(format!("the emulator does not read {essence:?} bodies"))
}

fn json_params(body: &[u8]) -> Params {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Params {
            map,
            ..Params::default()
        },
        Ok(_) => unread("the body is JSON, but not an object".into()),
        Err(error) => unread(format!("the body is not JSON: {error}")),
    }
}

fn unread(why: String) -> Params {
    Params {
        unread: Some(why),
        ..Params::default()
    }
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
    fn nulls_are_forgotten_where_they_name_something() {
        let mut params = read(
            "application/json",
            "",
            r#"{"a":null,"b":{"c":null,"d":[null,{"e":null}]}}"#,
        );
        params.forget_nulls();
        assert_eq!(Value::Object(params.map), json!({"b": {"d": [null, {}]}}));
    }

    #[test]
    fn fields_may_be_empty() {
        let fields = |query: &str| {
            let params = read("", query, "");
            params
                .fields()
                .map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(fields("fields=a,%20b,"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(fields("fields[]=a"), Some(vec!["a".into()]));
        assert_eq!(fields("fields="), None);
        assert_eq!(fields(""), None);
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
