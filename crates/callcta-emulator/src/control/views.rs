//! How things look in the control API and in events. Tokens and proofs are hidden.

use std::sync::Arc;

use axum::http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::words;
use crate::graph::Gist;
use crate::platform::{Clock, PART, PersonAction, StoredMessage, start};
use crate::server::Core;
use crate::traffic::Entry;

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// What stands there until a command is quoted: nobody writes it.
const MARK: &str = "\u{fdd0}";

pub(crate) fn clock(clock: &Clock) -> Value {
    json!({"now": clock.now(), "start": clock.start(), "running": clock.is_running()})
}

/// A message. A long body is shown whole only if `whole` says so.
pub(crate) fn message(message: &StoredMessage, now: i64, whole: bool) -> Value {
    if !whole && let Some(part) = message.part() {
        let mut view = self::message(&part, now, true);
        view["body_cut"] = true.into();
        return view;
    }
    let mut view = json!(message);
    view["body_cut"] = false.into();
    view["summary"] = words::message(message).into();
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

pub(crate) fn action(action: &PersonAction) -> Value {
    let mut view = json!(action);
    view["summary"] = words::action(&action.action).into();
    view
}

/// The PSID that a request is for.
pub(crate) fn recipient(entry: &Entry) -> Option<String> {
    if let Some(gist) = &entry.gist {
        return gist.recipient.clone();
    }
    let call = &*entry.request;
    Gist::of(call, &call.params()).recipient
}

/// A request. Long bodies are shown whole only if `whole` says so, and while they are kept.
pub(crate) fn request(entry: &Entry, base: &str, whole: bool) -> Value {
    let call = &*entry.request;
    let cut = entry.is_body_cut() || !whole && entry.is_long();
    let (gist, understood, summary, body);
    if cut {
        gist = entry.gist.clone().unwrap_or_default();
        understood = None;
        summary = None;
        body = first_part(&call.body, &gist);
    } else {
        let params = call.params();
        gist = Arc::new(Gist::of(call, &params));
        // Those of JSON stand in the body.
        let is_json = serde_json::from_slice::<IgnoredAny>(&call.body).is_ok();
        understood = (!is_json)
            .then(|| json!(params.map).to_string())
            .and_then(|map| serde_json::from_str(&hidden(&map, &gist.secrets, HIDDEN)).ok());
        let message = params.map.get("message");
        summary = message.map(|message| words::sent(Some(message)));
        drop(params);
        body = hidden(&String::from_utf8_lossy(&call.body), &gist.secrets, HIDDEN);
    }
    let understood: Option<Value> = understood;
    let summary: Option<String> = summary;
    let hide = |text: &str| hidden(text, &gist.secrets, HIDDEN);
    let headers: Vec<Value> = headers(&call.headers)
        .map(|(name, value)| json!([name, hide(&value)]))
        .collect();
    let shown = if whole { usize::MAX } else { PART };
    let answer = &entry.answer[..entry.answer.len().min(shown)];
    json!({
        "id": entry.id,
        "seq": entry.seq,
        "received_at": entry.received_at,
        "recipient": gist.recipient,
        "summary": summary,
        "params": understood,
        "method": call.method.as_str(),
        "path": call.uri.path(),
        "query": hide(call.query()),
        "headers": headers,
        "body": body,
        "body_length": entry.body_length,
        "body_cut": cut,
        "batch": entry.batch,
        "status": entry.status,
        "answer": String::from_utf8_lossy(answer),
        "answer_length": entry.answer_length,
        "answer_cut": answer.len() < entry.answer_length,
        "fault": entry.fault,
        "refusal": entry.refusal,
        "message_id": entry.message_id,
        "modelled": entry.modelled,
        "curl": curl(entry, base, &gist.secrets),
    })
}

/// The first part of a body. What comes last is left out, since it may be the first part of a
/// secret.
fn first_part(body: &[u8], gist: &Gist) -> String {
    let reach = gist.reach;
    let text = String::from_utf8_lossy(&body[..body.len().min(PART.saturating_add(reach))]);
    let mut text = hidden(&text, &gist.secrets, HIDDEN);
    let end = text.len().saturating_sub(reach);
    text.truncate(start(&text, end.min(PART)).len());
    text
}

/// How much the logs hold, and what fell out of them.
pub(crate) fn logs(core: &Core) -> Value {
    let held = core.held();
    let bytes: usize = held.iter().map(|(_, held)| held.bytes).sum();
    let mut view = json!({"bytes": bytes, "max_bytes": core.keep_bytes()});
    for (log, held) in held {
        view[log] = json!({"kept": held.kept, "bytes": held.bytes, "dropped": held.dropped});
    }
    view["requests"]["cut"] = core.traffic.log().cut().into();
    view
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
fn curl(entry: &Entry, base: &str, secrets: &[String]) -> String {
    let request = &*entry.request;
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
    if entry.is_long() {
        // No shell takes so much.
        command = format!("{command} --data-binary @request-{}.body", entry.id);
    } else if !request.body.is_empty() {
        command = command + " --data-raw " + &quote(&String::from_utf8_lossy(&request.body));
    }
    command
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
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
    use crate::graph::Request;
    use crate::platform::START;
    use axum::body::Bytes;
    use axum::http::{HeaderValue, Method};

    fn entry(uri: &str, headers: &[(&'static str, &str)], body: &str) -> Entry {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::try_from(*value).unwrap());
        }
        let request = Request {
            method: Method::POST,
            uri: uri.parse().unwrap(),
            headers: map,
            body: Bytes::from(body.to_owned()),
        };
        let params = request.params();
        Entry::new(Arc::new(request), &params, (1, 1, START))
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
            let view = request(&entry, "http://127.0.0.1:1", true).to_string();
            let loose = view.replace("%25", "%").to_lowercase();
            for form in ["s+ec/ret", "s%2bec%2fret"] {
                assert!(!loose.contains(form), "{view}");
            }
            assert!(view.contains(HIDDEN), "{view}");
        }
    }

    #[test]
    fn no_part_of_a_secret_is_left_where_a_body_is_cut() {
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        const KIND: (&str, &str) = ("content-type", "application/json");
        let secret = "SECRET".repeat(10);
        for at in (PART - 700..PART + 50).step_by(7) {
            let (fill, rest) = ("x".repeat(at), "y".repeat(PART));
            let form = format!("a={fill}&access_token={secret}&b={rest}");
            let json = format!(r#"{{"a":"{fill}","access_token":"{secret}","b":"{rest}"}}"#);
            for whole in [entry("/1/m", &[FORM], &form), entry("/1/m", &[KIND], &json)] {
                let list = request(&whole, "", false);
                assert_eq!(list["body_cut"], true);
                let length = list["body"].as_str().unwrap().len();
                assert!((PART - 700..=PART).contains(&length), "{length}");
                assert!(!list.to_string().contains("SECRET"), "{at}");
                // What is kept for want of room shows the same.
                assert_eq!(request(&whole.part(), "", true), list);
                let own = request(&whole, "", true);
                assert_eq!(own["body_cut"], false);
                assert!(own["body"].as_str().unwrap().len() > 2 * PART - 700);
                assert!(!own.to_string().contains("SECRET"), "{at}");
            }
        }
    }

    #[test]
    fn what_was_understood_is_shown_where_the_body_is_not_json() {
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        let body = "recipient={id:'9'}&message={text:'x'}&access_token=S%2BEC%2FRET";
        let form = request(&entry("/1/messages", &[FORM], body), "", true);
        assert_eq!(form["recipient"], "9");
        let params = json!({"recipient": {"id": "9"}, "message": {"text": "x"},
            "access_token": HIDDEN});
        assert_eq!(form["params"], params);
        let body = r#"{"recipient":{"id":9}}"#;
        let kind = ("content-type", "application/json");
        let json = request(&entry("/1/messages", &[kind], body), "", true);
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
            request(&entry, "http://127.0.0.1:1", true)["curl"],
            "curl -X POST 'http://127.0.0.1:1/v26.0/1/messages' \
             -H 'authorization: Bearer '\"$CALLCTA_ACCESS_TOKEN\"'' \
             -H 'content-type: application/json' --data-raw '{\"text\":\"it'\\''s *** new\"}'"
        );
    }
}
