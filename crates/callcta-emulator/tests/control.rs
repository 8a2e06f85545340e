//! The control API: held against its description, and what the description can't say.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use callcta_emulator::{Emulator, defaults};
use serde_json::{Value, json};
use support::receiver::Receiver;
use support::{Answer, agent, button, generic, get, post, read, send};

fn call(emulator: &Emulator, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let url = format!("{}{path}", emulator.url());
    let request = http::Request::builder()
        .method(method)
        .uri(url)
        .body(body.map(Value::to_string).unwrap_or_default())
        .unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .build()
        .into();
    read(agent.run(request).unwrap()).unwrap()
}

/// Checks a value against as much of JSON Schema as the description uses.
fn conforms(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).unwrap();
        return conforms(root, target, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |s: &&Value| conforms(root, s, value, at).is_ok();
        return match choices.iter().filter(fits).count() {
            1 => Ok(()),
            n => Err(format!("{at}: fits {n} of its alternatives: {value}")),
        };
    }
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::Array(list) => list.clone(),
        Value::Null => return Ok(()),
        one => vec![one.clone()],
    };
    if !allowed
        .iter()
        .any(|t| t == is || (t == "number" && is == "integer"))
    {
        return Err(format!("{at}: {is} instead of {allowed:?}"));
    }
    if let Some(list) = schema["enum"].as_array()
        && !value.is_null()
        && !list.contains(value)
    {
        return Err(format!("{at}: {value} is not one of {list:?}"));
    }
    if let Some(items) = value.as_array() {
        for (n, item) in items.iter().enumerate() {
            conforms(root, &schema["items"], item, &format!("{at}[{n}]"))?;
        }
    }
    if let Some(map) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !map.contains_key(name.as_str().unwrap()) {
                return Err(format!("{at}: {name} is missing"));
            }
        }
        for (name, item) in map {
            let below = format!("{at}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => return Err(format!("{below}: not described")),
                (Value::Null, other @ Value::Object(_)) => conforms(root, other, item, &below)?,
                (Value::Null, _) => {}
                (described, _) => conforms(root, described, item, &below)?,
            }
        }
    }
    Ok(())
}

/// A world in which every documented operation has something to work on.
fn prepared() -> (Emulator, Receiver) {
    let emulator = support::start_quiet();
    let receiver = Receiver::of(&emulator);
    send(&emulator, &generic(defaults::PSID, 5));
    send(&emulator, &generic(defaults::PSID, 8));
    let tap = json!({"message_id": "m_emulated0000000001"});
    assert_eq!(
        call(&emulator, "POST", "/_emulator/tap", Some(&tap)).status,
        200
    );
    let act = json!({"type": "message", "text": "x"});
    let path = format!("/_emulator/people/{}/actions", defaults::PSID);
    assert_eq!(call(&emulator, "POST", &path, Some(&act)).status, 201);
    emulator.arm(callcta_emulator::Fault::status(500).on_path("/nowhere"));
    (emulator, receiver)
}

#[test]
fn every_documented_operation_answers_as_described() {
    let (emulator, _receiver) = prepared();
    let description = call(&emulator, "GET", "/_emulator/openapi.json", None).json();
    let mut tried = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if path.ends_with("/events") {
                // It never ends; a test of its own reads it.
                continue;
            }
            let (emulator, _receiver) = prepared();
            let name = format!("{method} {path}");
            let mut target = path.clone();
            let mut query = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let key = parameter["name"].as_str().unwrap();
                let example = match &parameter["example"] {
                    Value::String(text) => text.clone(),
                    Value::Null => continue,
                    other => other.to_string(),
                };
                if parameter["in"] == "path" {
                    target = target.replace(&format!("{{{key}}}"), &example);
                } else {
                    query.push(format!("{key}={example}"));
                }
            }
            if !query.is_empty() {
                target = format!("{target}?{}", query.join("&"));
            }
            let content = &operation["requestBody"]["content"]["application/json"];
            // A snapshot is too long for an example.
            let snapshot = path
                .ends_with("/snapshot")
                .then(|| emulator.control("GET", "snapshot", None).1);
            let body = content.get("example").or(snapshot.as_ref());
            if let Some(body) = body {
                conforms(&description, &content["schema"], body, &name).unwrap();
            }
            if path.ends_with("/media") {
                // Only of a call that was taken.
                let accept = target.replace("/media", "/accept");
                assert_eq!(call(&emulator, "POST", &accept, None).status, 200);
            }
            let answer = call(&emulator, &method.to_uppercase(), &target, body);
            let good = operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .find(|(status, _)| status.starts_with('2'))
                .unwrap();
            assert_eq!(
                answer.status.to_string(),
                *good.0,
                "{name}: {}",
                answer.text
            );
            let schema = &good.1["content"]["application/json"]["schema"];
            assert!(!schema.is_null(), "{name} describes no answer");
            conforms(&description, schema, &answer.json(), &name).unwrap();

            // And the documented refusals of what can't be found or read.
            if operation["responses"].get("404").is_some() && path.contains('{') {
                let (wrong, _) = path.split_once('{').unwrap();
                let rest = path.split_once('}').unwrap().1;
                let missing = call(
                    &emulator,
                    &method.to_uppercase(),
                    &format!("{wrong}404404{rest}"),
                    body,
                );
                assert_eq!(missing.status, 404, "{name}");
                let schema =
                    &operation["responses"]["404"]["content"]["application/json"]["schema"];
                conforms(&description, schema, &missing.json(), &name).unwrap();
            }
            if content.is_object() {
                let nonsense = json!({"no_such_key": 1});
                let refused = call(&emulator, &method.to_uppercase(), &target, Some(&nonsense));
                assert_eq!(refused.status, 400, "{name}");
                assert!(refused.json()["error"].is_string());
            }
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn other_sites_are_kept_out() {
    let emulator = Emulator::start().unwrap();
    let host = emulator.url().trim_start_matches("http://").to_owned();
    let raw = |head: &str| {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream
            .write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let status = |head: &str| raw(head).split(' ').nth(1).unwrap().to_owned();
    let get = "GET /_emulator/ready HTTP/1.1\r\n";
    assert_eq!(status(&format!("{get}Host: {host}\r\n")), "200");
    assert_eq!(status(&format!("{get}Host: localhost:1\r\n")), "200");
    assert_eq!(
        status(&format!("{get}Host: rebound.example.com\r\n")),
        "403"
    );
    assert_eq!(
        status(&format!("{get}Host: {host}\r\nOrigin: http://{host}\r\n")),
        "200"
    );
    for origin in [
        "http://example.com",
        "https://127.0.0.1",
        "null",
        "http://localhost:3000",
    ] {
        let head = format!("{get}Host: {host}\r\nOrigin: {origin}\r\n");
        assert_eq!(status(&head), "403", "{origin}");
    }
    let fetched = |site: &str, mode: &str| {
        status(&format!(
            "{get}Host: {host}\r\nSec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\n"
        ))
    };
    assert_eq!(fetched("same-origin", "cors"), "200");
    assert_eq!(fetched("same-site", "cors"), "403");
    assert_eq!(fetched("cross-site", "no-cors"), "403");
    assert_eq!(fetched("cross-site", "navigate"), "200");
    assert_eq!(status("GET / HTTP/1.1\r\nHost: x.example\r\n"), "403");
    // The Graph side may go by any name.
    assert_eq!(
        status("GET /me HTTP/1.1\r\nHost: graph.facebook.com\r\n"),
        "400"
    );
    let page = raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n")).to_lowercase();
    assert!(page.contains("content-security-policy: default-src 'none'; script-src 'self'"));
    assert!(page.contains("x-content-type-options: nosniff"));
    assert!(page.contains("content-type: text/html"));
}

#[test]
fn the_page_has_its_files() {
    let emulator = Emulator::start().unwrap();
    for (path, kind) in [
        ("/", "text/html"),
        ("/inbox.css", "text/css"),
        ("/inbox/inbox.js", "text/javascript"),
    ] {
        let answer = call(&emulator, "GET", path, None);
        assert_eq!(answer.status, 200);
        let content_type = answer.headers["content-type"].to_str().unwrap();
        assert!(content_type.starts_with(kind), "{content_type}");
        assert!(!answer.text.is_empty());
    }
    assert_eq!(
        call(&emulator, "GET", "/_emulator/nothing", None).status,
        404
    );
    assert_eq!(call(&emulator, "PUT", "/_emulator/ready", None).status, 405);
    assert!(emulator.requests().is_empty(), "the log is for Graph");
}

#[test]
fn waiting_for_a_message() {
    let emulator = Emulator::start().unwrap();
    let path = "/_emulator/messages/wait?timeout_ms=20000&q=SUPPORT";
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| call(&emulator, "GET", path, None));
        send(
            &emulator,
            &json!({"recipient": {"id": defaults::PSID}, "message": {"text": "other"}}),
        );
        send(&emulator, &button(defaults::PSID));
        let answer = waiting.join().unwrap();
        assert_eq!(answer.status, 200);
        let messages = answer.json()["messages"].clone();
        assert_eq!(messages.as_array().unwrap().len(), 1);
        assert_eq!(messages[0]["id"], 2);
    });
    let late = call(
        &emulator,
        "GET",
        "/_emulator/messages/wait?timeout_ms=1&count=9",
        None,
    );
    assert_eq!(late.status, 408);
    assert_eq!(late.json()["messages"].as_array().unwrap().len(), 2);
    let unknown = call(&emulator, "GET", "/_emulator/messages/wait?timeout=1", None);
    assert_eq!(unknown.status, 400);
    assert!(unknown.text.contains("timeout_ms"));
}

#[test]
fn listing_searching_and_deleting() {
    let emulator = Emulator::start().unwrap();
    for text in ["apple", "Banana", "cherry"] {
        send(
            &emulator,
            &json!({"recipient": {"id": defaults::PSID}, "message": {"text": text}}),
        );
    }
    send(&emulator, &generic(defaults::PSID, 8));
    let ids = |path: &str, key: &str| -> Vec<i64> {
        call(&emulator, "GET", path, None).json()[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids("/_emulator/messages?q=banana", "messages"), [2]);
    assert_eq!(ids("/_emulator/messages?after=1&limit=1", "messages"), [3]);
    assert_eq!(ids("/_emulator/messages?psid=1", "messages"), [0_i64; 0]);
    assert_eq!(ids("/_emulator/requests?refused=true", "requests"), [4]);
    assert_eq!(ids("/_emulator/requests?q=cherry", "requests"), [3]);
    let deleted = call(
        &emulator,
        "DELETE",
        "/_emulator/messages/m_emulated0000000002",
        None,
    );
    assert_eq!(deleted.status, 200);
    assert_eq!(ids("/_emulator/messages", "messages"), [1, 3]);
    call(&emulator, "DELETE", "/_emulator/messages", None);
    assert_eq!(
        call(&emulator, "GET", "/_emulator/messages/latest", None).status,
        404
    );
    call(&emulator, "DELETE", "/_emulator/requests", None);
    let requests = call(&emulator, "GET", "/_emulator/requests", None).json();
    let empty = json!({"requests": [], "posts": 4, "dropped": 0, "cut": 0});
    assert_eq!(requests, empty);
}

#[test]
fn a_refused_request_says_why_and_hides_the_token() {
    let emulator = Emulator::start().unwrap();
    let url = format!(
        "{}/me/messages?access_token={}",
        emulator.url(),
        emulator.access_token()
    );
    post(&url, emulator.access_token(), &generic(defaults::PSID, 8));
    let request = call(&emulator, "GET", "/_emulator/requests/1", None);
    assert!(!request.text.contains(emulator.access_token()));
    let request = request.json();
    assert_eq!(
        request["refusal"],
        json!({
            "rule": "expires_in_days_range",
            "path": "message.attachment.payload.elements[0].buttons[0].expires_in_days",
            "detail": "expires_in_days must be less than or equal to 7; 8 was sent",
        })
    );
    assert!(request["answer"].as_str().unwrap().contains("\"code\":100"));
    assert!(
        request["curl"]
            .as_str()
            .unwrap()
            .contains("$CALLCTA_ACCESS_TOKEN")
    );
}

#[test]
fn the_state_can_be_patched() {
    let emulator = Emulator::start().unwrap();
    let patch = |body: Value| call(&emulator, "PATCH", "/_emulator/state", Some(&body));
    let answer = patch(json!({
        "pages": {defaults::PAGE_ID: {"audio_enabled": false}},
        "people": {defaults::PSID: {"last_action": null}, defaults::PSID_BLOCKED: null,
            "5": {"name": "New"}},
    }));
    assert_eq!(answer.status, 200);
    let state = answer.json();
    assert_eq!(state["pages"][defaults::PAGE_ID]["audio_enabled"], false);
    assert_eq!(state["pages"][defaults::PAGE_ID]["name"], "Example Page");
    assert_eq!(state["people"][defaults::PSID]["last_action"], Value::Null);
    assert!(state["people"].get(defaults::PSID_BLOCKED).is_none());
    assert_eq!(send(&emulator, &button("5")).error(), (2_018_389, None));
    assert_eq!(
        patch(json!({"webhook": {"url": "http://example.com"}})).status,
        400
    );
    assert_eq!(patch(json!({"people": {"5": {"nme": "x"}}})).status, 400);
    let whole = call(&emulator, "GET", "/_emulator/state", None).json();
    assert_eq!(
        call(&emulator, "PUT", "/_emulator/state", Some(&whole)).json(),
        whole
    );
    call(&emulator, "POST", "/_emulator/reset", None);
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
}

#[test]
fn faults_and_clock_over_http() {
    let emulator = Emulator::start().unwrap();
    let script = json!({"seed": 3, "faults": [
        {"action": {"type": "status", "status": 503}, "times": 2}]});
    call(&emulator, "PUT", "/_emulator/faults", Some(&script));
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 503);
    let list = call(&emulator, "GET", "/_emulator/faults", None).json();
    assert_eq!(list["faults"][0]["remaining"], 1);
    assert_eq!(list["faults"][0]["hits"], 1);
    call(&emulator, "PUT", "/_emulator/faults", Some(&json!({})));
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    let bad = json!({"action": {"type": "status", "status": 20}});
    assert_eq!(
        call(&emulator, "POST", "/_emulator/faults", Some(&bad)).status,
        400
    );

    let days = json!({"advance_days": 1, "advance_seconds": 1});
    let clock = call(&emulator, "POST", "/_emulator/clock", Some(&days)).json();
    assert_eq!(
        clock["now"].as_i64().unwrap() - clock["start"].as_i64().unwrap(),
        86_401_000
    );
    assert_eq!(
        send(&emulator, &button(defaults::PSID)).error(),
        (10, Some(2_018_278))
    );
    let message = call(&emulator, "GET", "/_emulator/messages/1", None).json();
    assert_eq!(message["buttons"][0]["clickable"], true);
    call(
        &emulator,
        "POST",
        "/_emulator/clock",
        Some(&json!({"advance_days": 7})),
    );
    let message = call(&emulator, "GET", "/_emulator/messages/1", None).json();
    assert_eq!(message["buttons"][0]["clickable"], false);
    let tap = json!({"message_id": "m_emulated0000000001"});
    let refused = call(&emulator, "POST", "/_emulator/tap", Some(&tap));
    assert_eq!(
        (refused.status, &refused.json()["reason"]),
        (409, &json!("expired"))
    );
}

#[test]
fn webhooks_over_http() {
    let (emulator, receiver) = prepared();
    receiver.next();
    receiver.next();
    let verified = call(&emulator, "POST", "/_emulator/webhooks/verify", None).json();
    assert_eq!(verified["verified"], true, "{verified}");
    assert!(
        receiver
            .next()
            .line
            .contains("hub.mode=subscribe&hub.verify_token=emulated%2Dverify")
    );
    call(&emulator, "POST", "/_emulator/webhooks/hold", None);
    let tap = json!({"message_id": "m_emulated0000000001", "element": 0, "button": 0});
    let held = call(&emulator, "POST", "/_emulator/tap", Some(&tap)).json();
    assert_eq!(held["webhook"]["status"], "held");
    assert!(receiver.nothing_came());
    let order = json!({"order": [held["webhook"]["id"]]});
    let released = call(
        &emulator,
        "POST",
        "/_emulator/webhooks/release",
        Some(&order),
    )
    .json();
    assert_eq!(released, json!({"released": 1}));
    assert!(receiver.next().signature().is_some());
    let call_id = held["call"]["call_id"].as_str().unwrap();
    let path = format!("/_emulator/calls/{call_id}/accept");
    assert_eq!(
        call(&emulator, "POST", &path, None).json()["status"],
        "accepted"
    );
    assert_eq!(call(&emulator, "POST", &path, None).status, 409);
    let path = format!("/_emulator/calls/{call_id}/end");
    assert_eq!(
        call(&emulator, "POST", &path, None).json()["status"],
        "completed"
    );
}

/// Reads events until one has this name; its data.
fn event(reader: &mut impl BufRead, wanted: &str) -> Value {
    let mut name = String::new();
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended");
        if let Some(value) = line.strip_prefix("event: ") {
            value.trim_end().clone_into(&mut name);
        }
        if let (true, Some(data)) = (name == wanted, line.strip_prefix("data: ")) {
            return serde_json::from_str(data).unwrap();
        }
    }
}

#[test]
fn live_events() {
    let emulator = support::start_quiet();
    let receiver = Receiver::of(&emulator);
    let response = agent()
        .get(format!("{}/_emulator/events", emulator.url()))
        .call()
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = BufReader::new(response.into_body().into_reader());
    assert_eq!(event(&mut events, "hello")["clock"]["running"], false);
    send(&emulator, &generic(defaults::PSID, 5));
    let message = event(&mut events, "message");
    assert_eq!(
        message,
        call(&emulator, "GET", "/_emulator/messages/1", None).json()
    );
    let request = event(&mut events, "request");
    assert_eq!(
        request,
        call(&emulator, "GET", "/_emulator/requests/1", None).json()
    );
    assert!(!request.to_string().contains(emulator.access_token()));
    let tap = json!({"message_id": message["message_id"]});
    call(&emulator, "POST", "/_emulator/tap", Some(&tap));
    receiver.next();
    assert_eq!(event(&mut events, "webhook")["status"], "queued");
    assert_eq!(event(&mut events, "call")["status"], "ringing");
    assert_eq!(event(&mut events, "webhook")["status"], "delivered");
    emulator.advance(Duration::from_secs(1));
    event(&mut events, "clock");
    emulator.arm(callcta_emulator::Fault::drop_after_read());
    assert_eq!(event(&mut events, "faults")["faults"][0]["id"], "fault_1");
    assert!(support::try_send(&emulator, &button(defaults::PSID)).is_err());
    assert_eq!(event(&mut events, "request")["fault"], "drop_after_read");
    emulator.with_state(|s| s.person_mut(defaults::PSID).blocked = true);
    event(&mut events, "state");
    emulator.reset();
    event(&mut events, "reset");
    // Whoever listens does not keep the emulator from stopping.
    emulator.stop();
    assert!(get_fails(&emulator));
}

fn get_fails(emulator: &Emulator) -> bool {
    agent().get(emulator.url()).call().is_err()
}

#[test]
fn closing_connections_over_http() {
    let emulator = Emulator::start().unwrap();
    assert_eq!(
        call(&emulator, "POST", "/_emulator/close-connections", None).status,
        200
    );
    assert_eq!(
        get(&format!("{}/_emulator/ready", emulator.url()), "").status,
        200
    );
    let ready: Value = get(&format!("{}/_emulator/ready", emulator.url()), "").json();
    let line: Value = serde_json::from_str(&emulator.ready_line()).unwrap();
    assert_eq!(ready, line);
}

#[test]
fn the_readme_lists_every_switch() {
    let state: Value = serde_json::from_str(&callcta_emulator::State::empty().to_json()).unwrap();
    let readme = include_str!("../README.md");
    for switch in state["unverified"].as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{switch}`")), "{switch}");
    }
    for (id, _) in emulator_ids() {
        assert!(readme.contains(&id), "{id}");
    }
}

fn emulator_ids() -> Vec<(String, Value)> {
    let state: Value = serde_json::from_str(&defaults::state().to_json()).unwrap();
    ["pages", "people"]
        .iter()
        .flat_map(|part| state[*part].as_object().unwrap().clone())
        .collect()
}

#[test]
fn the_same_answers_from_within_the_process() {
    let emulator = Emulator::start().unwrap();
    send(&emulator, &button(&emulator.psids()[0]));
    let fault = json!({"action": {"type": "drop"}});
    for (method, path, body) in [
        ("GET", "messages?limit=1", None),
        ("GET", "messages/latest", None),
        ("GET", "messages/wait?count=2&timeout_ms=1", None),
        ("GET", "openapi.json", None),
        ("GET", "nowhere", None),
        ("POST", "faults", Some(json!({"action": {"type": "x"}}))),
        ("DELETE", "faults/fault_9", None),
        ("BREW", "messages", None),
        ("PATCH", "clock", None),
    ] {
        let over_http = call(
            &emulator,
            method,
            &format!("/_emulator/{path}"),
            body.as_ref(),
        );
        let (status, answer) = emulator.control(method, path, body.as_ref());
        assert_eq!(
            (status, &answer),
            (over_http.status, &over_http.json()),
            "{path}"
        );
    }
    let (status, answer) = emulator.control("POST", "faults", Some(&fault));
    assert_eq!((status, answer), (201, json!({"id": "fault_1"})));
    assert_eq!(emulator.faults().len(), 1);
    // Not JSON, and it would never end.
    assert_eq!(emulator.control("GET", "events", None), (200, Value::Null));
    assert_eq!(emulator.control("GET", "no path", None).0, 400);
    assert_eq!(emulator.control("", "state", None).0, 400);
    emulator.stop();
    assert_eq!(
        emulator.control("GET", "messages", None).1["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
