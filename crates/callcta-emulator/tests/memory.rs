//! What is kept is bounded by its size, and what is forgotten is told.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use callcta_emulator::{Emulator, Fault, defaults};
use serde_json::{Value, json};
use support::{Answer, agent, generic, get, read, send};

/// What lists show of a long body.
const PART: usize = 16 << 10;

fn limited(bytes: usize) -> Emulator {
    Emulator::builder().keep_bytes(bytes).start().unwrap()
}

fn text(length: usize) -> Value {
    json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x".repeat(length)}})
}

fn control(emulator: &Emulator, path: &str) -> Value {
    let (status, answer) = emulator.control("GET", path, None);
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

#[test]
fn long_bodies_go_first_and_the_oldest_of_them() {
    let emulator = limited(3 << 20);
    send(&emulator, &generic(defaults::PSID, 5));
    for _ in 0..8 {
        assert_eq!(send(&emulator, &text(1 << 20)).status, 400);
    }
    let state = control(&emulator, "state");
    let logs = &state["logs"];
    assert_eq!(logs["max_bytes"], 3 << 20);
    assert!(logs["bytes"].as_u64().unwrap() <= 3 << 20, "{logs}");
    assert_eq!(logs["requests"]["cut"], 6, "{logs}");
    assert_eq!(logs["requests"]["dropped"], 0);
    assert_eq!(logs["messages"]["kept"], 1, "short things stay");

    let list = control(&emulator, "requests");
    assert_eq!((&list["cut"], &list["dropped"]), (&json!(6), &json!(0)));
    let requests = list["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 9, "each is told by its head");
    for (n, request) in requests.iter().enumerate().skip(1) {
        let length = request["body_length"].as_u64().unwrap();
        assert!(length > 1 << 20);
        assert_eq!(request["body_cut"], true);
        assert!(request["body"].as_str().unwrap().len() <= PART);
        assert_eq!(request["recipient"], defaults::PSID);
        assert_eq!(request["refusal"]["rule"], "text_length");
        let own = control(&emulator, &format!("requests/{}", n + 1));
        let is_whole = own["body"].as_str().unwrap().len() as u64 == length;
        assert_eq!(own["body_cut"], !is_whole);
        assert_eq!(is_whole, n > 6, "{n}");
        assert!(!own["curl"].as_str().unwrap().contains("xxx"));
    }
    assert_eq!(requests[0]["body_cut"], false);

    // The same, asked from within the process.
    let records = emulator.requests();
    assert_eq!(records[8].body.len(), records[8].body_length);
    assert!(records[1].body.len() < records[1].body_length);

    emulator.reset();
    assert_eq!(control(&emulator, "state")["logs"]["requests"]["cut"], 0);
}

#[test]
fn the_latest_request_is_told_however_little_is_kept() {
    let emulator = limited(0);
    for _ in 0..3 {
        assert_eq!(send(&emulator, &text(40_000)).status, 400);
    }
    assert_eq!(send(&emulator, &generic(defaults::PSID, 5)).status, 200);
    let list = control(&emulator, "requests");
    assert_eq!((&list["dropped"], &list["posts"]), (&json!(3), &json!(4)));
    let requests = list["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["message_id"], "m_emulated0000000001");
    let messages = control(&emulator, "messages");
    let expected = json!({"messages": [], "stored": 1, "dropped": 1});
    assert_eq!(messages, expected);
}

#[test]
fn many_short_things_go_oldest_first() {
    let emulator = Emulator::builder()
        .keep_bytes(100_000)
        .keep_messages(10_000)
        .keep_requests(10_000)
        .start()
        .unwrap();
    emulator.with_state(|state| state.webhook.hold = true);
    for _ in 0..200 {
        assert_eq!(send(&emulator, &generic(defaults::PSID, 5)).status, 200);
    }
    let logs = &control(&emulator, "state")["logs"];
    assert!(logs["bytes"].as_u64().unwrap() <= 100_000);
    let mut sum = 0;
    for (log, made) in [("requests", 200), ("messages", 200), ("webhooks", 400)] {
        let list = control(&emulator, log);
        assert_eq!(list["dropped"], logs[log]["dropped"]);
        let ids: Vec<u64> = list[log]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_u64().unwrap())
            .collect();
        let dropped = list["dropped"].as_u64().unwrap();
        assert!(dropped > 0, "{log}");
        let newest: Vec<u64> = (dropped + 1..=made).collect();
        assert_eq!(ids, newest, "{log}");
        sum += logs[log]["bytes"].as_u64().unwrap();
    }
    assert_eq!(logs["bytes"], sum);
    // What is deleted takes no room, and was not dropped.
    for log in ["requests", "messages", "webhooks"] {
        emulator.control("DELETE", log, None);
    }
    let left = &control(&emulator, "state")["logs"];
    assert_eq!(left["bytes"], 0, "{left}");
    assert_eq!(left["messages"]["dropped"], logs["messages"]["dropped"]);
}

#[test]
fn long_answers_messages_and_webhooks_are_cut_in_lists() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| state.webhook.hold = true);
    emulator.arm(Fault::oversize_body(100_000));
    let mut card = generic(defaults::PSID, 5);
    let element = &mut card["message"]["attachment"]["payload"]["elements"][0];
    element["image_url"] = format!("https://example.com/{}", "x".repeat(50_000)).into();
    assert_eq!(send(&emulator, &card).status, 200);

    let listed = &control(&emulator, "requests")["requests"][0];
    assert_eq!(
        (&listed["answer_length"], &listed["answer_cut"]),
        (&json!(100_000), &json!(true))
    );
    assert_eq!(listed["answer"].as_str().unwrap().len(), PART);
    let own = control(&emulator, "requests/1");
    assert_eq!(own["answer_cut"], false);
    assert_eq!(own["answer"].as_str().unwrap().len(), 100_000);

    let listed = &control(&emulator, "messages")["messages"][0];
    assert_eq!(listed["body_cut"], true);
    assert!(listed["body"].to_string().len() < 2 * PART);
    assert_eq!(listed["body"]["message"]["attachment"]["type"], "template");
    let own = control(&emulator, "messages/1");
    assert_eq!((&own["body_cut"], &own["body"]), (&json!(false), &card));

    let listed = &control(&emulator, "webhooks")["webhooks"][0];
    assert_eq!(listed["field"], "message_echoes");
    assert_eq!(listed["body_cut"], true);
    assert_eq!(listed["body"].as_str().unwrap().len(), PART);
    let own = control(&emulator, "webhooks/1");
    assert_eq!(own["body_cut"], false);
    assert_eq!(
        own["body"].as_str().unwrap().len() as u64,
        own["body_length"].as_u64().unwrap()
    );
    assert_eq!(own["body_length"], listed["body_length"]);
}

#[test]
fn a_listener_is_told_no_more_than_a_list_shows() {
    use std::io::{BufRead, BufReader};
    let emulator = Emulator::start().unwrap();
    let response = agent().get(format!("{}/_emulator/events", emulator.url()));
    let response = response.call().unwrap();
    let mut lines = BufReader::new(response.into_body().into_reader()).lines();
    // Whoever has heard this listens.
    while lines.next().unwrap().unwrap() != "event: hello" {}
    send(&emulator, &text(1 << 20));
    let data = loop {
        if lines.next().unwrap().unwrap() == "event: request" {
            break lines.next().unwrap().unwrap();
        }
    };
    let told: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(told, control(&emulator, "requests")["requests"][0]);
    assert!(data.len() < 4 * PART);
}

#[test]
fn typing_for_strangers_leaves_nothing() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| state.strangers = callcta_emulator::Strangers::Welcome);
    let typing = |psid: &str| json!({"recipient": {"id": psid}, "sender_action": "typing_on"});
    assert_eq!(send(&emulator, &typing("77")).status, 200);
    assert_eq!(send(&emulator, &typing(defaults::PSID)).status, 200);
    let list = control(&emulator, "conversations");
    let types: Vec<_> = list["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["typing"])
        .collect();
    assert_eq!(types.iter().filter(|types| **types == true).count(), 1);
}

#[test]
fn bodies_of_unknown_length_and_too_long_ones() {
    let emulator = Emulator::start().unwrap();
    let url = support::messages_url(&emulator);
    let post = |length: usize| -> Answer {
        let body = json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x"},
            "access_token": emulator.access_token()});
        let body = body.to_string() + &" ".repeat(length);
        let request = agent()
            .post(&url)
            .header("Content-Type", "application/json");
        // A reader has no length, so that the body comes in chunks.
        read(
            request
                .send(ureq::SendBody::from_reader(&mut body.as_bytes()))
                .unwrap(),
        )
        .unwrap()
    };
    assert_eq!(post(0).status, 200);
    assert_eq!(post(3 << 20).status, 200);
    let records = emulator.requests();
    assert!(records[1].body_length > 3 << 20);
    assert_eq!(records[1].body.len(), records[1].body_length);
    assert_eq!(get(&format!("{}/me", emulator.url()), "").status, 400);
}
