//! Everything as one file: what is imported looks the same from everywhere as what was exported.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use callcta_emulator::{Action, Emulator, Fault, TapTarget, defaults};
use serde_json::{Value, json};
use support::receiver::Receiver;
use support::{agent, button, generic, read, send};

/// All that an emulator shows, by path: lists, and each thing in them.
fn views(emulator: &Emulator) -> Vec<(String, Value)> {
    let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let mut paths = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let path = path.trim_start_matches("/_emulator/");
        if operations.get("get").is_none() || path == "events" || path.ends_with("/wait") {
            continue;
        }
        if let Some(list) = path.strip_suffix("/{id}") {
            for one in emulator.control("GET", list, None).1[list]
                .as_array()
                .unwrap()
            {
                paths.push(format!("{list}/{}", one["id"]));
            }
        } else if path == "transcript" {
            let psids = [defaults::PSID, defaults::PSID_WINDOW_CLOSED];
            paths.extend(psids.map(|psid| format!("{path}?psid={psid}")));
        } else {
            let path = path.replace("{page_id}", defaults::PAGE_ID);
            paths.push(path.replace("{psid}", defaults::PSID));
        }
    }
    assert!(paths.len() > 15, "{paths:?}");
    let ask = |path: String| {
        let (status, answer) = emulator.control("GET", &path, None);
        assert_eq!(status, 200, "{path}: {answer}");
        (path, answer)
    };
    paths.into_iter().map(ask).collect()
}

/// An emulator in which something of each kind has happened.
fn busy() -> (Emulator, Receiver) {
    let emulator = Emulator::builder()
        .keep_bytes(200_000)
        .keep_messages(3)
        .start()
        .unwrap();
    let receiver = Receiver::start(&[500, 200]);
    emulator.set_webhook_url(&receiver.url).unwrap();
    emulator.with_state(|state| {
        state.page_mut(defaults::PAGE_ID).rate_limits.calls_per_day = Some(1_000);
    });
    for days in [1, 5, 9, 5, 5] {
        send(&emulator, &generic(defaults::PSID, days));
    }
    emulator
        .wait_for_webhooks(8, Duration::from_secs(30))
        .unwrap();
    emulator.advance(Duration::from_secs(3_600));
    let tap = emulator
        .tap(&TapTarget::call("m_emulated0000000004"))
        .unwrap();
    emulator.accept_call(&tap.call.unwrap().call_id).unwrap();
    let text = "Grüße \u{0}".to_owned();
    emulator
        .act(defaults::PSID, Action::Message { text })
        .unwrap();
    emulator.act(defaults::PSID, Action::Read).unwrap();
    for action in ["typing_on", "mark_seen"] {
        send(
            &emulator,
            &json!({"recipient": {"id": defaults::PSID}, "sender_action": action}),
        );
    }
    emulator.arm(
        Fault::status(500)
            .probability(0.5)
            .forever()
            .on_path("/messages"),
    );
    for _ in 0..4 {
        send(&emulator, &button(defaults::PSID_WINDOW_CLOSED));
    }
    // A file, which is no text, and long enough to be cut before the end.
    let mut body =
        b"--x\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a\"\r\n\r\n"
            .to_vec();
    body.extend((0..150_000).map(|n| u8::try_from(n % 251).unwrap()));
    body.extend_from_slice(b"\r\n--x--");
    for _ in 0..2 {
        let url = format!("{}/me/message_attachments", emulator.url());
        let request = agent()
            .post(&url)
            .header("Content-Type", "multipart/form-data; boundary=x");
        read(request.send(&body[..]).unwrap()).unwrap();
    }
    emulator.hold_webhooks();
    emulator
        .tap(&TapTarget::call("m_emulated0000000004"))
        .unwrap();
    let log = &emulator.control("GET", "state", None).1["logs"];
    assert!(log["requests"]["cut"].as_u64() > Some(0), "{log}");
    assert!(log["messages"]["dropped"].as_u64() > Some(0), "{log}");
    (emulator, receiver)
}

#[test]
fn what_is_imported_is_what_was_exported() {
    let (emulator, _receiver) = busy();
    let before = views(&emulator);
    let (status, snapshot) = emulator.control("GET", "snapshot", None);
    assert_eq!(status, 200);
    assert_eq!(
        snapshot,
        serde_json::from_str::<Value>(&emulator.snapshot()).unwrap()
    );

    emulator.reset();
    send(&emulator, &button(defaults::PSID));
    assert_ne!(views(&emulator), before);
    assert_eq!(
        emulator.control("PUT", "snapshot", Some(&snapshot)),
        (200, json!({}))
    );
    for ((path, is), (_, was)) in views(&emulator).into_iter().zip(&before) {
        assert_eq!(is, *was, "{path}");
    }
    assert_eq!(emulator.control("GET", "snapshot", None).1, snapshot);
}

#[test]
fn two_that_have_the_same_in_mind_go_on_alike() {
    let (one, _receiver) = busy();
    let other = Emulator::builder()
        .keep_bytes(200_000)
        .keep_messages(3)
        .start()
        .unwrap();
    other.restore(&one.snapshot()).unwrap();
    let go_on = |emulator: &Emulator| {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            // Half of them fail, by the same dice.
            statuses.push(send(emulator, &button(defaults::PSID)).status);
        }
        emulator.advance(Duration::from_secs(60));
        let ids: Vec<_> = emulator.messages().iter().map(|m| (m.id, m.seq)).collect();
        let calls = emulator.control("GET", "calls", None).1;
        (statuses, ids, emulator.posts(), calls, emulator.now())
    };
    let was = go_on(&one);
    assert!(was.0.contains(&500) && was.0.contains(&200));
    assert_eq!(go_on(&other), was);
}

#[test]
fn an_emulator_starts_from_a_file_and_comes_back_to_it() {
    let (one, _receiver) = busy();
    one.with_state(|state| state.default_page = defaults::PAGE_ID_WITHOUT_CALLING.into());
    let path = format!("{}/snapshot.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, one.snapshot()).unwrap();
    let start = || {
        Emulator::builder()
            .snapshot_file(&path)
            .unwrap()
            .start()
            .unwrap()
    };
    let other = start();
    assert_eq!(other.page_id(), defaults::PAGE_ID_WITHOUT_CALLING);
    assert_eq!(other.psids(), [defaults::PSID_WITHOUT_CALLING]);
    assert_eq!(other.now(), one.now());
    assert_eq!(other.messages(), one.messages());
    let before = other.snapshot();
    other.act(defaults::PSID, Action::Read).unwrap();
    assert_ne!(other.snapshot(), before);
    other.reset();
    assert_eq!(other.snapshot(), before);

    std::fs::write(&path, "{}").unwrap();
    let error = Emulator::builder().snapshot_file(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn what_was_under_way_is_sent_again() {
    let (one, receiver) = busy();
    let before = one.webhooks().len();
    one.release_webhooks(&callcta_emulator::ReleaseOrder::Made);
    let mut snapshot: Value = serde_json::from_str(&one.snapshot()).unwrap();
    // As if it had been taken while the last one was at the receiver.
    let hooks = &mut snapshot["platform"]["webhooks"];
    let last = hooks["log"]["kept"]
        .as_array_mut()
        .unwrap()
        .last_mut()
        .unwrap();
    last["status"] = "queued".into();
    hooks["queue"] = json!([]);
    one.stop();
    while !receiver.nothing_came() {}
    let other = Emulator::start().unwrap();
    other.restore(&snapshot.to_string()).unwrap();
    assert!(receiver.next().json()["entry"].is_array());
    assert_eq!(other.webhooks().len(), before);
}

#[test]
fn a_file_that_is_none_changes_nothing() {
    let (emulator, _receiver) = busy();
    let before = emulator.snapshot();
    let good: Value = serde_json::from_str(&before).unwrap();
    let with = |place: &str, value: Value| {
        let mut snapshot = good.clone();
        *snapshot.pointer_mut(place).unwrap() = value;
        snapshot
    };
    let mut unknown = good.clone();
    unknown["platform"]["clok"] = json!(1);
    let mut missing = good.clone();
    missing["traffic"].as_object_mut().unwrap().remove("posts");
    for (snapshot, why) in [
        (json!({}), "format is required"),
        (json!([]), "must be an object"),
        (good["platform"]["state"].clone(), "format is required"),
        (
            with("/format", json!("another")),
            "format must be one of callcta-emulator-snapshot",
        ),
        (
            with("/version", json!(2)),
            "its version is 2; this emulator reads 1",
        ),
        (unknown, "did you mean `clock`?"),
        (missing, "missing field `posts`"),
        (
            with("/platform/clock/now", json!(-1)),
            "the clock shows no time",
        ),
        (
            with("/platform/seq", json!(u64::MAX)),
            "a count is out of range",
        ),
        (
            with("/platform/messages/kept/0/id", json!(99)),
            "messages: number 99 is out of order",
        ),
        (
            with("/platform/messages/made", json!(2)),
            "messages: number",
        ),
        (
            with("/platform/state/webhook/url", json!("http://example.com/")),
            "loopback",
        ),
        (
            with("/platform/usage/pages/100000000000001/calls", json!(1)),
            "does not add up",
        ),
        (
            with("/traffic/requests/kept/0/uri", json!("no uri")),
            "the path of request 1",
        ),
        (
            with("/traffic/requests/kept/0/headers", json!([["a b", "c"]])),
            "the head of request 1",
        ),
        (
            with("/traffic/requests/kept/0/body", json!({"base64": "?"})),
            "the body of request 1",
        ),
        (
            with("/traffic/faults/queue/0/fault/probability", json!(7)),
            "faults: probability",
        ),
    ] {
        let (status, answer) = emulator.control("PUT", "snapshot", Some(&snapshot));
        let told = answer["error"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{why}");
        assert!(told.contains(why), "{told}, not {why}");
        assert!(emulator.snapshot() == before, "{why}");
    }
    assert_eq!(emulator.control("PUT", "snapshot", None).0, 400);
    for broken in ["", "{", &before[..before.len() / 2]] {
        emulator.restore(broken).unwrap_err();
    }
    assert!(emulator.snapshot() == before);
}

#[test]
fn whoever_listens_reads_everything_anew() {
    use std::io::{BufRead, BufReader};
    let (emulator, _receiver) = busy();
    let response = agent().get(format!("{}/_emulator/events", emulator.url()));
    let mut lines = BufReader::new(response.call().unwrap().into_body().into_reader()).lines();
    while lines.next().unwrap().unwrap() != "event: hello" {}
    emulator.restore(&emulator.snapshot()).unwrap();
    while lines.next().unwrap().unwrap() != "event: reset" {}
}

fn transcript(emulator: &Emulator) -> Vec<Value> {
    let path = format!("transcript?psid={}", defaults::PSID);
    let (status, answer) = emulator.control("GET", &path, None);
    assert_eq!(status, 200, "{answer}");
    answer["lines"].as_array().unwrap().clone()
}

/// A conversation with one of each kind of line.
fn talked() -> Emulator {
    let emulator = Emulator::start().unwrap();
    let act = |action| emulator.act(defaults::PSID, action).unwrap();
    act(Action::Message {
        text: "Hi *there*\n- you".into(),
    });
    emulator.advance(Duration::from_secs(60));
    let card = json!({"recipient": {"id": defaults::PSID}, "message": {
        "attachment": {"type": "template", "payload": {"template_type": "button", "text": "How can we help?",
            "buttons": [
                {"type": "audio_call", "title": "Call Now", "expires_in_days": 1},
                {"type": "postback", "title": "Write", "payload": "WRITE"}]}}}});
    assert_eq!(send(&emulator, &card).status, 200);
    let asks = json!({"recipient": {"id": defaults::PSID}, "message": {"text": "Well?",
        "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "Y"}]}});
    assert_eq!(send(&emulator, &asks).status, 200);
    emulator.advance(Duration::from_secs(60));
    let call = emulator
        .tap(&TapTarget::call("m_emulated0000000001"))
        .unwrap()
        .call
        .unwrap();
    emulator.advance(Duration::from_secs(5));
    emulator.accept_call(&call.call_id).unwrap();
    emulator.advance(Duration::from_secs(30));
    emulator.end_call(&call.call_id).unwrap();
    emulator
        .tap(&TapTarget::button("m_emulated0000000001", 0, 1))
        .unwrap();
    emulator
        .tap(&TapTarget::quick_reply("m_emulated0000000002", 0))
        .unwrap();
    assert_eq!(send(&emulator, &generic(defaults::PSID, 8)).status, 400);
    emulator.arm(Fault::drop_after_store());
    assert!(support::try_send(&emulator, &button(defaults::PSID)).is_err());
    // To somebody else, and so no part of it.
    send(&emulator, &button(defaults::PSID_BLOCKED));
    emulator
}

#[test]
fn a_transcript_has_everything_in_order() {
    let emulator = talked();
    let lines = transcript(&emulator);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (
                text("time")[11..].to_owned(),
                text("who"),
                text("kind"),
                text("text"),
            )
        })
        .collect();
    let expected = [
        ("12:00:00Z", "person", "action", "Hi *there*\n- you"),
        ("12:01:00Z", "page", "message", "How can we help?"),
        ("12:01:00Z", "page", "message", "Well?"),
        (
            "12:02:00Z",
            "person",
            "call",
            "taps the call button of m_emulated0000000001: call c_emulated0000000001 rings",
        ),
        (
            "12:02:05Z",
            "page",
            "call",
            "takes the call c_emulated0000000001",
        ),
        (
            "12:02:35Z",
            "person",
            "call",
            "the call c_emulated0000000001 is over after 30 seconds",
        ),
        (
            "12:02:35Z",
            "person",
            "action",
            "taps \"Write\" (payload WRITE)",
        ),
        (
            "12:02:35Z",
            "person",
            "action",
            "taps the quick reply \"Yes\" (payload Y)",
        ),
        (
            "12:02:35Z",
            "page",
            "rejection",
            "(a message was not taken: status 400, code 100, expires_in_days_range: \
             expires_in_days must be less than or equal to 7; 8 was sent)",
        ),
        (
            "12:02:35Z",
            "page",
            "rejection",
            "(message m_emulated0000000003 was stored: no answer, fault drop_after_store)",
        ),
        // Nothing but the answer was lost.
        ("12:02:35Z", "page", "message", "Contact Support!"),
    ];
    for (line, (time, who, kind, text)) in told.iter().zip(expected) {
        assert_eq!(
            (line.0.as_str(), line.1.as_str(), line.2.as_str()),
            (time, who, kind),
            "{text}"
        );
        assert_eq!(line.3, text);
    }
    assert_eq!(told.len(), expected.len());
    let buttons = &lines[1]["buttons"];
    assert_eq!(buttons[0]["title"], "Call Now");
    assert_eq!(buttons[0]["clickable"], true);
    assert_eq!(buttons[1]["type"], "postback");
    assert_eq!(lines[2]["buttons"][0]["quick_reply"], 0);
}

#[test]
fn a_transcript_can_be_read_as_markdown() {
    let emulator = talked();
    let ask = |query: &str, accept: &str| {
        let url = format!("{}/_emulator/transcript{query}", emulator.url());
        read(agent().get(&url).header("Accept", accept).call().unwrap()).unwrap()
    };
    let query = format!("?psid={}", defaults::PSID);
    let page = ask(&format!("{query}&format=markdown"), "application/json");
    assert_eq!(page.headers["content-type"], "text/markdown; charset=utf-8");
    assert_eq!(ask(&query, "text/markdown, */*").text, page.text);
    assert_eq!(
        ask(&query, "*/*").headers["content-type"],
        "application/json"
    );
    let lines: Vec<_> = page.text.lines().collect();
    assert!(lines[0].starts_with("# ") && lines[0].ends_with(" and Example Page"));
    assert_eq!(
        lines[2],
        format!("PSID {}, Page {}", defaults::PSID, defaults::PAGE_ID)
    );
    assert!(
        lines[4].ends_with(r"**: Hi \*there\*<br>- you"),
        "{}",
        lines[4]
    );
    assert_eq!(
        lines[5],
        "- 2026-10-01T12:01:00Z **Example Page**: How can we help?"
    );
    assert_eq!(
        lines[6],
        r"  - [Call Now] audio\_call, clickable until 2026-10-02T12:01:00Z"
    );
    assert!(!page.text.contains(emulator.access_token()));
    for (wrong, status) in [
        ("", 400),
        ("?psid=1&format=html", 400),
        ("?psid=1&formt=json", 400),
        ("?psid=1", 404),
    ] {
        assert_eq!(ask(wrong, "*/*").status, status, "{wrong}");
    }
}
