//! Graph batches and rate limits.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use callcta_emulator::{Apply, Emulator, ErrorCode, Fault, defaults};
use serde_json::{Value, json};
use support::{Answer, agent, button, read, send};

/// Form-encoded, as the documentation has it.
fn batch(emulator: &Emulator, items: &Value, extra: &[(&str, &str)]) -> Answer {
    let items = items.to_string();
    let mut form = vec![
        ("batch", items.as_str()),
        ("access_token", emulator.access_token()),
    ];
    form.extend_from_slice(extra);
    let answer = agent()
        .post(format!("{}/v26.0/", emulator.url()))
        .send_form(form)
        .unwrap();
    read(answer).unwrap()
}

fn item(psid: &str) -> Value {
    let body = button(psid);
    let encode = |value: &Value| {
        percent_encoding::utf8_percent_encode(
            &value.to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string()
    };
    json!({
        "method": "POST",
        "relative_url": "me/messages",
        "body": format!(
            "recipient={}&message={}", encode(&body["recipient"]), encode(&body["message"])
        ),
    })
}

#[test]
fn each_item_has_its_own_answer() {
    let emulator = Emulator::start().unwrap();
    let items = json!([item(defaults::PSID), item("999"), {"relative_url": "me?fields=name"}]);
    let answer = batch(&emulator, &items, &[]);
    assert_eq!(answer.status, 200);
    let answers = answer.json();
    let codes: Vec<_> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["code"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [200, 400, 200]);
    assert_eq!(answers[0]["headers"][0]["name"], "Content-Type");
    let body =
        |n: usize| -> Value { serde_json::from_str(answers[n]["body"].as_str().unwrap()).unwrap() };
    assert_eq!(body(0)["message_id"], "m_emulated0000000001");
    assert_eq!(body(1)["error"]["error_subcode"], 2_018_001);
    assert_eq!(body(2)["name"], "Example Page");
    let log = emulator.requests();
    assert_eq!(log.len(), 4);
    assert_eq!(log[1].batch, Some(log[0].id));
    assert_eq!(log[1].message_id.as_deref(), Some("m_emulated0000000001"));
    assert_eq!(log[2].refusal.as_ref().unwrap().rule, "recipient_unknown");
    assert_eq!(emulator.posts(), 2);
    assert!(
        !emulator.messages()[0]
            .body
            .to_string()
            .contains(emulator.access_token())
    );

    let bare = batch(
        &emulator,
        &json!([item(defaults::PSID)]),
        &[("include_headers", "false")],
    );
    assert!(bare.json()[0].get("headers").is_none());
}

#[test]
fn unfinished_items_are_null() {
    let emulator = Emulator::start().unwrap();
    let one = item(defaults::PSID);
    emulator.arm(Fault::unfinished().on_path("/messages"));
    emulator.arm(
        Fault::unfinished()
            .applied(Apply::After)
            .on_path("/messages"),
    );
    emulator.arm(Fault::graph(400, 613, None).on_path("/messages"));
    let answers = batch(&emulator, &json!([one, one, one, one]), &[]).json();
    assert_eq!(answers[0], Value::Null);
    assert_eq!(answers[1], Value::Null);
    assert_eq!(answers[2]["code"], 400);
    assert_eq!(answers[3]["code"], 200);
    // The second one took effect although it was not answered.
    assert_eq!(emulator.messages().len(), 2);
    assert_eq!(emulator.posts(), 4);
}

#[test]
fn batches_that_cannot_be() {
    let emulator = Emulator::start().unwrap();
    let many: Vec<Value> = (0..51).map(|_| item(defaults::PSID)).collect();
    let answer = batch(&emulator, &json!(many), &[]);
    assert_eq!(answer.error(), (100, None));
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "GraphBatchException");
    assert_eq!(
        error["message"],
        "Too many requests in batch message. Maximum batch size is 50"
    );
    assert_eq!(emulator.posts(), 0);
    assert_eq!(batch(&emulator, &json!({"a": 1}), &[]).error(), (100, None));
    let answers = batch(&emulator, &json!([{"method": "POST"}]), &[]).json();
    assert_eq!(answers[0]["code"], 400);
    let no_token = agent()
        .post(emulator.url())
        .send_form([("batch", "[]")])
        .unwrap();
    assert_eq!(read(no_token).unwrap().error(), (104, None));
}

#[test]
fn items_may_have_tokens_of_their_own() {
    let emulator = Emulator::start().unwrap();
    let mut foreign = item(defaults::PSID_WITHOUT_CALLING);
    foreign["relative_url"] = json!(format!(
        "me/messages?access_token={}",
        defaults::TOKEN_WITHOUT_CALLING
    ));
    emulator.with_state(|s| {
        s.page_mut(defaults::PAGE_ID_WITHOUT_CALLING).audio_enabled = true;
    });
    let answers = batch(&emulator, &json!([foreign, item(defaults::PSID)]), &[]).json();
    assert_eq!(
        (&answers[0]["code"], &answers[1]["code"]),
        (&json!(200), &json!(200))
    );
    assert_eq!(
        emulator.messages()[0].page_id,
        defaults::PAGE_ID_WITHOUT_CALLING
    );
}

#[test]
fn rate_limits_and_usage_headers() {
    let emulator = Emulator::start().unwrap();
    let plain = send(&emulator, &button(defaults::PSID));
    assert!(!plain.headers.contains_key("x-app-usage"));
    emulator.with_state(|s| {
        let limits = &mut s.page_mut(defaults::PAGE_ID).rate_limits;
        limits.messages_per_second = Some(2);
        limits.calls_per_day = Some(4);
    });
    let to = |n: usize| {
        (0..n)
            .map(|_| send(&emulator, &button(defaults::PSID)))
            .collect::<Vec<_>>()
    };
    let first = to(3);
    assert_eq!(first[1].status, 200);
    assert_eq!(first[2].error(), (613, None));
    let usage: Value =
        serde_json::from_str(first[0].headers["x-app-usage"].to_str().unwrap()).unwrap();
    assert_eq!(usage["call_count"], 25);
    emulator.advance(Duration::from_secs(1));
    let then = to(2);
    assert_eq!(then[0].status, 200);
    assert_eq!(then[1].error(), (613, None));
    let usage = then[1].headers["x-business-use-case-usage"]
        .to_str()
        .unwrap();
    let usage: Value = serde_json::from_str(usage).unwrap();
    let entry = &usage[defaults::PAGE_ID][0];
    assert_eq!(entry["type"], "messenger");
    assert_eq!(entry["call_count"], 125);
    assert_eq!(entry["estimated_time_to_regain_access"], 1440);
    emulator.with_state(|s| {
        s.unverified.rate_limited = ErrorCode::new(4, None);
        s.unverified.status_by_code.insert(4, 429);
    });
    let limited = &to(1)[0];
    assert_eq!((limited.status, limited.error()), (429, (4, None)));
    assert_eq!(limited.json()["error"]["is_transient"], true);
    emulator.advance(Duration::from_secs(86_460));
    emulator.with_state(|s| {
        s.person_mut(defaults::PSID).window_ms *= 10;
    });
    assert_eq!(to(1)[0].status, 200);
}
