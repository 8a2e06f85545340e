//! How things look in the control API and in events. Tokens and proofs are hidden.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::graph::{Params, Request, pairs};
use crate::platform::{Clock, StoredMessage};
use crate::traffic::Entry;

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// What stands there until a command is quoted: nobody writes it.
const MARK: &str = "\u{fdd0}";
const SECRET_NAMES: &[&str] = &[
    "access_token",
    "oauth_token",
    "input_token",
    "appsecret_proof",
];

pub(crate) fn clock(clock: &Clock) -> Value {
    json!({"now": clock.now(), "start": clock.start(), "running": clock.is_running()})
}

pub(crate) fn message(message: &StoredMessage, now: i64) -> Value {
    let mut view = json!(message);
    let buttons = message.buttons();
    let mut list: Vec<Value> = buttons
        .iter()
        .map(|(element, index, button)| {
            let mut shown = json!({
                "element": element,
                "button": index,
                "type": button["type"],
                "title": button["title"],
            });
            if button["type"] == "audio_call" {
                add_expiry(&mut shown, message.expires_at(button), now);
            }
            shown
        })
        .collect();
    if let Some(prompt) = message.call_prompt() {
        let mut shown = json!({"element": 0, "button": 0, "type": "call_prompt", "title": null});
        add_expiry(&mut shown, message.expires_at(&prompt), now);
        list.push(shown);
    }
    view["buttons"] = Value::Array(list);
    view
}

fn add_expiry(shown: &mut Value, expires_at: i64, now: i64) {
    shown["expires_at"] = json!(expires_at);
    shown["clickable"] = json!(now < expires_at);
}

pub(crate) fn request(entry: &Entry, base: &str) -> Value {
    let call = &*entry.request;
    let params = call.params();
    let secrets = secrets(call, &params);
    let hide = |text: &str| hidden(text, &secrets, HIDDEN);
    let headers: Vec<Value> = headers(&call.headers)
        .map(|(name, value)| json!([name, hide(&value)]))
        .collect();
    let recipient = params.map.get("recipient").and_then(|r| r.get("id"));
    let recipient = recipient.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    // Those of JSON stand in the body.
    let is_json = serde_json::from_slice::<IgnoredAny>(&call.body).is_ok();
    let understood = (!is_json)
        .then(|| serde_json::from_str::<Value>(&hide(&json!(params.map).to_string())).ok())
        .flatten();
    json!({
        "id": entry.id,
        "seq": entry.seq,
        "received_at": entry.received_at,
        "recipient": recipient,
        "params": understood,
        "method": call.method.as_str(),
        "path": call.uri.path(),
        "query": hide(call.query()),
        "headers": headers,
        "body": hide(&String::from_utf8_lossy(&call.body)),
        "batch": entry.batch,
        "status": entry.status,
        "answer": String::from_utf8_lossy(&entry.answer),
        "fault": entry.fault,
        "refusal": entry.refusal,
        "message_id": entry.message_id,
        "modelled": entry.modelled,
        "curl": curl(call, base, &secrets),
    })
}

fn headers(headers: &HeaderMap) -> impl Iterator<Item = (&str, String)> {
    headers.iter().map(|(name, value)| {
        (
            name.as_str(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
}

/// A command that sends the request again, with the token from a variable of the shell.
fn curl(request: &Request, base: &str, secrets: &[String]) -> String {
    let quote = |text: &str| {
        single_quoted(&hidden(text, secrets, MARK)).replace(MARK, "'\"$CALLCTA_ACCESS_TOKEN\"'")
    };
    let mut url = format!("{base}{}", request.uri.path());
    if !request.query().is_empty() {
        url = url + "?" + request.query();
    }
    let mut command = format!("curl -X {} {}", request.method, quote(&url));
    for (name, value) in headers(&request.headers) {
        if !matches!(name, "authorization" | "content-type") {
            continue;
        }
        command = command + " -H " + &quote(&format!("{name}: {value}"));
    }
    if !request.body.is_empty() {
        command = command + " --data-raw " + &quote(&String::from_utf8_lossy(&request.body));
    }
    command
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Every secret in a request, in each form in which it may stand there.
fn secrets(request: &Request, params: &Params) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(value) = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
    {
        let token = value.split_once(' ').map_or(value, |(_, token)| token);
        found.push(token.trim().to_owned());
    }
    params
        .map
        .iter()
        .for_each(|(name, value)| collect_named(name, value, &mut found));
    // JSON that could not be read may hold a token all the same.
    if params.unread.is_some() {
        let text = String::from_utf8_lossy(&request.body);
        for name in SECRET_NAMES {
            for rest in text.split(name).skip(1) {
                let value = rest.trim_start_matches(['"', '\'', ':', '=', ' ']);
                let end = value
                    .find(['"', '\'', '&', ',', '}'])
                    .unwrap_or(value.len());
                found.push(value[..end].to_owned());
            }
        }
    }
    let mut forms: Vec<String> = Vec::new();
    for secret in found.into_iter().filter(|secret| !secret.is_empty()) {
        let once = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
        let twice = utf8_percent_encode(&once, NON_ALPHANUMERIC).to_string();
        for form in [secret, once, twice] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    // Longest first, so that no rest of a longer one stays.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

fn collect_named(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if SECRET_NAMES.contains(&name) => found.push(text.clone()),
        // `access_token[]=…` is none that works, but one all the same.
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_named(name, item, found)),
        Value::Object(map) if SECRET_NAMES.contains(&name) => map
            .values()
            .for_each(|item| collect_named(name, item, found)),
        _ => collect(value, found),
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                collect_named(name, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        // Batch items carry queries and forms as text.
        Value::String(text) => {
            let text = text
                .split_once('?')
                .map_or(text.as_str(), |(_, query)| query);
            if SECRET_NAMES.iter().any(|name| text.contains(name)) {
                for (name, value) in pairs(text.as_bytes()) {
                    if SECRET_NAMES.contains(&name.as_str()) {
                        found.push(value);
                    }
                }
            }
        }
        _ => {}
    }
}

fn hidden(text: &str, secrets: &[String], mark: &str) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), mark);
        }
    }
    // A form may spell the same secret in other escapes.
    if text.contains('%') {
        let plain = percent_decode_str(&text).decode_utf8_lossy();
        if secrets.iter().any(|secret| plain.contains(secret.as_str())) {
            return secrets.iter().fold(plain.into_owned(), |text, secret| {
                text.replace(secret.as_str(), mark)
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::START;
    use axum::body::Bytes;
    use axum::http::{HeaderValue, Method};
    use std::sync::Arc;

    fn entry(uri: &str, headers: &[(&'static str, &str)], body: &str) -> Entry {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::try_from(*value).unwrap());
        }
        Entry {
            id: 1,
            seq: 1,
            received_at: START,
            request: Arc::new(Request {
                method: Method::POST,
                uri: uri.parse().unwrap(),
                headers: map,
                body: Bytes::from(body.to_owned()),
            }),
            batch: None,
            status: Some(200),
            answer: Bytes::new(),
            fault: None,
            refusal: None,
            message_id: None,
            modelled: true,
        }
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        const JSON: (&str, &str) = ("content-type", "application/json");
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        for entry in [
            entry("/1/messages", &[("authorization", "Bearer S+EC/RET")], ""),
            entry("/1/messages?access_token=S%2BEC%2FRET", &[], ""),
            entry("/1/messages?access_token=S%2bEC%2fRET&a=%2b", &[], ""),
            entry("/1/messages", &[JSON], r#"{"access_token": "S+EC/RET"}"#),
            entry(
                "/1/messages",
                &[JSON],
                r#"{"access_token": "S+EC/RET", broken"#,
            ),
            entry(
                "/1/messages",
                &[FORM],
                "access_token=S%2BEC%2FRET&message=x",
            ),
            entry("/1/messages", &[FORM], "access_token[]=S%2BEC%2FRET"),
            entry("/1/messages", &[FORM], "access_token[a][b]=S%2BEC%2FRET"),
            entry(
                "/1/messages",
                &[FORM],
                "message={access_token:'S%2BEC%2FRET'}",
            ),
            entry("/debug_token?input_token=S%2BEC%2FRET", &[], ""),
            entry(
                "/1/messages",
                &[("content-type", "multipart/form-data; boundary=x")],
                "--x\r\nContent-Disposition: form-data; name=access_token\r\n\r\nS+EC/RET\r\n--x--",
            ),
            entry(
                "/1/messages",
                &[("content-type", "multipart/form-data; boundary=x")],
                "--x\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nS+EC/RET\r\n--x",
            ),
            entry(
                "/",
                &[FORM],
                "batch=%5B%7B%22relative_url%22%3A%22me%3Faccess_token%3DS%252BEC%252FRET%22%7D%5D",
            ),
        ] {
            let view = request(&entry, "http://127.0.0.1:1").to_string();
            let loose = view.replace("%25", "%").to_lowercase();
            for form in ["s+ec/ret", "s%2bec%2fret"] {
                assert!(!loose.contains(form), "{view}");
            }
            assert!(view.contains(HIDDEN), "{view}");
        }
    }

    #[test]
    fn what_was_understood_is_shown_where_the_body_is_not_json() {
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        let body = "recipient={id:'9'}&message={text:'x'}&access_token=S%2BEC%2FRET";
        let form = request(&entry("/1/messages", &[FORM], body), "");
        assert_eq!(form["recipient"], "9");
        let params = json!({"recipient": {"id": "9"}, "message": {"text": "x"},
            "access_token": HIDDEN});
        assert_eq!(form["params"], params);
        let body = r#"{"recipient":{"id":9}}"#;
        let kind = ("content-type", "application/json");
        let json = request(&entry("/1/messages", &[kind], body), "");
        assert_eq!(
            (&json["recipient"], &json["params"]),
            (&json!("9"), &Value::Null)
        );
    }

    #[test]
    fn curl_can_be_pasted() {
        let entry = entry(
            "/v26.0/1/messages",
            &[
                ("authorization", "Bearer T0KEN"),
                ("content-type", "application/json"),
                ("user-agent", "x"),
            ],
            r#"{"text":"it's *** new"}"#,
        );
        assert_eq!(
            request(&entry, "http://127.0.0.1:1")["curl"],
            "curl -X POST 'http://127.0.0.1:1/v26.0/1/messages' \
             -H 'authorization: Bearer '\"$CALLCTA_ACCESS_TOKEN\"'' \
             -H 'content-type: application/json' --data-raw '{\"text\":\"it'\\''s *** new\"}'"
        );
    }
}
