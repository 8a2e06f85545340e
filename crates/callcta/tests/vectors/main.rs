//! Runs the shared vectors without sockets.

mod cases;

use std::path::PathBuf;
use std::sync::Arc;

use callcta::transport::{HttpResponse, ScriptedTransport};
use callcta::{ErrorKind, Message, Rule};
use serde_json::{Value, json};

fn all() -> Vec<cases::Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    cases::read(&folder)
}

fn answer(json: &Value) -> HttpResponse {
    let standard = json!({"recipient_id": "1254477777772919", "message_id": "m_1"});
    let body = match json.get("body").unwrap_or(&standard) {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let headers = json["headers"].as_object().into_iter().flatten();
    HttpResponse {
        status: json["status"]
            .as_u64()
            .unwrap_or(200)
            .try_into()
            .expect("a status"),
        headers: headers
            .map(|(name, value)| {
                let value = value.as_str().expect("a header is a string");
                (name.to_lowercase(), value.to_owned())
            })
            .collect(),
        ..HttpResponse::new(0, body)
    }
}

#[test]
fn every_vector_comes_out_as_it_says() {
    let cases = all();
    assert!(cases.len() > 200, "only {} vectors", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let transport = Arc::new(ScriptedTransport::new([Ok(answer(&case.json["answer"]))]));
        let client = case
            .client()
            .transport(transport.clone())
            .build()
            .expect("the settings are right");
        let mut report = case.report(&client);
        if let Some(error) = report["error"].as_object_mut() {
            let text = error.remove("text").expect("an error has a text");
            assert!(!text.as_str().expect("it is a text").contains('\n'));
            let violations = error.remove("violations").unwrap_or(json!([]));
            if error["kind"] == "invalid_message" {
                assert_eq!(violations, report["violations"]);
            }
        }
        let mut check = |what: &str, got: &Value, expected: &Value| {
            if got != expected {
                failures.push(format!(
                    "{}/{}: {what}\n     got {got}\nexpected {expected}",
                    case.file,
                    case.name()
                ));
            }
        };
        let none = json!([]);
        check(
            "violations",
            &report["violations"],
            case.json.get("violations").unwrap_or(&none),
        );
        check("receipt", &report["receipt"], &case.json["receipt"]);
        check("error", &report["error"], &case.json["error"]);
        let requests = transport.requests();
        let sent = usize::from(case.json["error"]["delivery"] != "not_sent");
        check("requests", &requests.len().into(), &sent.into());
        if let Some(body) = case.json.get("body") {
            let sent: Value = serde_json::from_slice(&requests[0].body).expect("a body is JSON");
            check("body", &sent, body);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn messages_survive_json() {
    for case in all() {
        let Ok(request) = case.request() else {
            continue;
        };
        let message = request.message;
        let back = Message::from_json(message.to_json()).expect("what to_json writes can be read");
        assert_eq!(back.to_value(), message.to_value(), "{}", case.name());
    }
}

#[test]
fn every_rule_and_every_kind_of_answer_has_a_vector() {
    let cases = all();
    let rules = |case: &cases::Case| -> Vec<String> {
        let violations = case.json["violations"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        violations
            .iter()
            .map(|violation| violation["rule"].as_str().expect("a rule").to_owned())
            .collect()
    };
    let mut seen: Vec<String> = cases.iter().flat_map(rules).collect();
    // Call settings have vectors of their own.
    let settings = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/calling/settings.json"
    );
    let settings = std::fs::read_to_string(settings).expect("it is there");
    if settings.contains(r#""rule": "invalid_time""#) {
        seen.push("invalid_time".to_owned());
    }
    for rule in Rule::ALL {
        assert!(
            seen.iter().any(|seen| seen == rule.as_str()),
            "no vector for {rule}"
        );
    }
    // What doesn't come from an answer is tested with sockets.
    let local = [
        "invalid_argument",
        "connect",
        "timeout",
        "network",
        "cancelled",
        "deadline_passed",
        "queue_full",
        "out_of_resources",
        "internal",
    ];
    for kind in ErrorKind::ALL {
        let has = cases
            .iter()
            .any(|case| case.json["error"]["kind"] == kind.as_str());
        assert!(
            has != local.contains(&kind.as_str()),
            "vectors for {kind}: {has}"
        );
    }
}
