//! What people do, what follows from a send, and the webhooks that tell of both.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use callcta_emulator::{Action, AttachmentKind, Emulator, START, TapTarget, defaults};
use serde_json::{Value, json};
use support::receiver::Receiver;
use support::{button, generic, post, send};

fn start() -> (Emulator, Receiver) {
    let emulator = Emulator::start().unwrap();
    let receiver = Receiver::of(&emulator);
    (emulator, receiver)
}

/// The next webhook's only event.
fn event(receiver: &Receiver) -> Value {
    let json = receiver.next().json();
    assert_eq!(json["entry"][0]["id"], defaults::PAGE_ID);
    json["entry"][0]["messaging"][0].clone()
}

fn act(emulator: &Emulator, receiver: &Receiver, action: Action) -> Value {
    let done = emulator.act(defaults::PSID, action).unwrap();
    assert_eq!(done.no_webhook, None);
    let event = event(receiver);
    assert_eq!(event["sender"]["id"], defaults::PSID);
    assert_eq!(event["recipient"]["id"], defaults::PAGE_ID);
    assert_eq!(event["timestamp"], START);
    event
}

#[test]
fn a_send_is_echoed_and_delivered() {
    let (emulator, receiver) = start();
    let mut body = generic(defaults::PSID, 5);
    body["message"]["metadata"] = "order 7".into();
    assert_eq!(send(&emulator, &body).status, 200);
    let mid = emulator.messages().pop().unwrap().message_id;
    let echo = event(&receiver);
    assert_eq!(echo["sender"]["id"], defaults::PAGE_ID);
    assert_eq!(echo["recipient"]["id"], defaults::PSID);
    let message = &echo["message"];
    assert_eq!(message["mid"], mid);
    assert_eq!(
        (&message["is_echo"], &message["metadata"]),
        (&json!(true), &json!("order 7"))
    );
    assert_eq!(message["app_id"], 400_000_000_000_001_u64);
    assert_eq!(
        message["attachments"][0]["payload"]["template_type"],
        "generic"
    );
    assert_eq!(
        event(&receiver)["delivery"],
        json!({"mids": [mid], "watermark": START})
    );
}

#[test]
fn people_write_in_all_ways() {
    let (emulator, receiver) = start();
    let text = String::from;
    let of = |action| act(&emulator, &receiver, action)["message"].clone();
    let message = of(Action::Attachment {
        kind: AttachmentKind::File,
        url: text("https://example.com/1.pdf"),
    });
    let file = json!([{"type": "file", "payload": {"url": "https://example.com/1.pdf"}}]);
    assert_eq!(message["attachments"], file);
    let message = of(Action::Sticker {
        sticker_id: 369_239_263_222_822,
    });
    assert_eq!(message["attachments"][0]["type"], "sticker");
    assert_eq!(
        message["attachments"][0]["payload"]["sticker_id"],
        369_239_263_222_822_u64
    );
    let message = of(Action::QuickReply {
        title: text("Red"),
        payload: text("RED"),
    });
    assert_eq!(message["quick_reply"], json!({"payload": "RED"}));
    assert_eq!(
        (&message["text"], &message["mid"]),
        (&json!("Red"), &json!("m_received0000000003"))
    );
    let reaction = |remove| Action::Reaction {
        message_id: text("m_1"),
        reaction: text("love"),
        remove,
    };
    for (remove, word) in [(false, "react"), (true, "unreact")] {
        let event = act(&emulator, &receiver, reaction(remove));
        assert_eq!(
            event["reaction"],
            json!({"mid": "m_1", "action": word, "reaction": "love"})
        );
    }
    let event = act(&emulator, &receiver, Action::Read);
    assert_eq!(event["read"], json!({"watermark": START}));
    let read_until = |s: &mut callcta_emulator::State| s.person_mut(defaults::PSID).read_until;
    assert_eq!(emulator.with_state(read_until), Some(START));
}

#[test]
fn a_quick_reply_is_tapped() {
    let (emulator, receiver) = start();
    let body = json!({"recipient": {"id": defaults::PSID}, "message": {"text": "Which?", "quick_replies": [
        {"content_type": "text", "title": "Red", "payload": "RED"},
        {"content_type": "text", "title": "Blue", "payload": "BLUE"}]}});
    assert_eq!(send(&emulator, &body).status, 200);
    let mid = emulator.messages().pop().unwrap().message_id;
    assert_eq!(
        event(&receiver)["message"]["quick_replies"][1]["title"],
        "Blue"
    );
    assert!(event(&receiver)["delivery"].is_object());
    let tap = emulator.tap(&TapTarget::quick_reply(&mid, 1)).unwrap();
    assert_eq!(
        (&tap.button["payload"], tap.no_webhook),
        (&json!("BLUE"), None)
    );
    let message = &event(&receiver)["message"];
    assert_eq!(
        (&message["text"], &message["quick_reply"]["payload"]),
        (&json!("Blue"), &json!("BLUE"))
    );
    let refused = emulator.tap(&TapTarget::quick_reply(&mid, 2)).unwrap_err();
    assert_eq!(refused.reason, "button_unknown");
}

#[test]
fn why_there_is_no_webhook_is_told() {
    let emulator = Emulator::start().unwrap();
    let why = |action| {
        let done = emulator.act(defaults::PSID, action).unwrap();
        assert_eq!(done.webhook_id.is_none(), done.no_webhook.is_some());
        done.no_webhook
    };
    let text = || String::from("x");
    assert_eq!(why(Action::Message { text: text() }), None);
    assert!(
        why(Action::Block { blocked: false })
            .unwrap()
            .contains("blocked")
    );
    assert!(
        why(Action::Comment { comment_id: text() })
            .unwrap()
            .contains("feed")
    );
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).subscribed_fields.clear());
    let reason = why(Action::Message { text: text() });
    assert_eq!(
        reason.as_deref(),
        Some("the app is not subscribed to messages")
    );
    send(&emulator, &generic(defaults::PSID, 5));
    let mid = emulator.messages().pop().unwrap().message_id;
    let tap = emulator.tap(&TapTarget::call(&mid)).unwrap();
    assert_eq!(
        tap.no_webhook.as_deref(),
        Some("the app is not subscribed to calls")
    );
    // Nobody listens, so nothing follows from sends.
    assert!(
        emulator
            .webhooks()
            .iter()
            .all(|webhook| webhook.field == "messages")
    );
}

#[test]
fn what_a_page_shows_is_seen() {
    let emulator = Emulator::start().unwrap();
    let show = |action: &str| {
        let body = json!({"recipient": {"id": defaults::PSID}, "sender_action": action});
        assert_eq!(send(&emulator, &body).status, 200, "{action}");
    };
    let seen = || {
        let url = format!("{}/_emulator/conversations", emulator.url());
        let list = support::get(&url, "").json()["conversations"].clone();
        let is = |one: &&Value| one["psid"] == defaults::PSID;
        let one = list.as_array().unwrap().iter().find(is).unwrap().clone();
        (one["typing"].as_bool().unwrap(), one["seen_at"].as_i64())
    };
    assert_eq!(seen(), (false, None));
    show("TYPING_ON");
    assert_eq!(seen(), (true, None));
    show("mark_seen");
    assert_eq!(seen(), (true, Some(START)));
    show("typing_off");
    assert_eq!(seen(), (false, Some(START)));
    show("typing_on");
    send(&emulator, &button(defaults::PSID));
    assert_eq!(seen(), (false, Some(START)));
}

#[test]
fn the_person_changes_what_is_sent_in_a_call() {
    let emulator = Emulator::start().unwrap();
    send(&emulator, &generic(defaults::PSID, 5));
    let mid = emulator.messages().pop().unwrap().message_id;
    let call = emulator.tap(&TapTarget::call(mid)).unwrap().call.unwrap();
    let url = |what: &str| format!("{}/_emulator/calls/{}/{what}", emulator.url(), call.call_id);
    let early = post(&url("media"), "", &json!({}));
    assert_eq!(early.status, 409);
    assert_eq!(post(&url("accept"), "", &json!({})).status, 200);
    for (version, sdp) in [(1, "v=0 first"), (2, "v=0 second")] {
        let changed = post(&url("media"), "", &json!({"sdp": sdp}));
        assert_eq!(changed.status, 200);
        let body: Value =
            serde_json::from_str(changed.json()["webhook"]["body"].as_str().unwrap()).unwrap();
        let event = &body["entry"][0]["calls"][0];
        assert_eq!(event["event"], "media_update");
        assert_eq!(
            event["session"],
            json!({"version": version,
            "sdp_renegotiation": {"sdp_type": "offer", "sdp": sdp}})
        );
    }
    assert_eq!(post(&url("end"), "", &json!({})).status, 200);
    assert_eq!(post(&url("media"), "", &json!({})).status, 409);
}

#[test]
fn webhooks_carry_both_signatures_unless_told_otherwise() {
    let (emulator, receiver) = start();
    let hello = || Action::Message {
        text: "hello".into(),
    };
    emulator.act(defaults::PSID, hello()).unwrap();
    let hook = receiver.next();
    let old = hook.header("x-hub-signature").unwrap();
    assert_eq!(old.strip_prefix("sha1=").unwrap().len(), 40, "{old}");
    assert!(
        hook.header("x-hub-signature-256")
            .unwrap()
            .starts_with("sha256=")
    );
    emulator.with_state(|s| s.unverified.sha1_signature = false);
    emulator.act(defaults::PSID, hello()).unwrap();
    let hook = receiver.next();
    assert_eq!(hook.header("x-hub-signature"), None);
    assert!(hook.header("x-hub-signature-256").is_some());
}

#[test]
fn conversations_tell_the_newest_first_and_can_be_searched() {
    let emulator = Emulator::start().unwrap();
    let page = emulator.page_id().to_owned();
    let ask = |path: &str| {
        let url = format!("{}/_emulator/conversations{path}", emulator.url());
        support::get(&url, "").json()
    };
    let psids = |answer: &Value| -> Vec<String> {
        let all = answer["conversations"].as_array().unwrap();
        all.iter()
            .map(|one| one["psid"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ask("");
    assert_eq!((psids(&all).len(), &all["total"]), (4, &json!(4)));
    assert_eq!(all["conversations"][0]["last"], Value::Null);

    // A message, a refusal and an action in one conversation; a stranger's refusal in another.
    let text =
        |psid: &str, text: &str| json!({"recipient": {"id": psid}, "message": {"text": text}});
    assert_eq!(
        send(&emulator, &text(defaults::PSID, "A cherry")).status,
        200
    );
    assert_ne!(send(&emulator, &text("999", "A plum")).status, 200);
    emulator.with_state(|state| state.person_mut(defaults::PSID).blocked = true);
    assert_ne!(send(&emulator, &text(defaults::PSID, "A pear")).status, 200);
    let read = json!({"type": "read"});
    let path = format!("people/{}/actions", defaults::PSID);
    assert_eq!(emulator.control("POST", &path, Some(&read)).0, 201);

    let first = ask("?limit=2");
    assert_eq!(psids(&first), [defaults::PSID, "999"]);
    assert_eq!(first["total"], 5);
    let [known, stranger] = [0, 1].map(|at| first["conversations"][at].clone());
    assert_eq!(known["last"]["kind"], "action");
    assert_eq!(known["last"]["text"], "Read everything");
    assert_eq!(
        [&known["messages"], &known["actions"], &known["blocked"]],
        [&json!(1), &json!(1), &json!(true)]
    );
    assert_eq!(
        [
            &stranger["known"],
            &stranger["last"]["kind"],
            &stranger["last"]["text"]
        ],
        [&json!(false), &json!("refusal"), &json!("A plum")]
    );

    // By name, by PSID, and by what happened: then that counts as the newest.
    assert_eq!(psids(&ask("?q=person%203")), [defaults::PSID_BLOCKED]);
    assert_eq!(psids(&ask("?q=999")), ["999"]);
    let found = ask("?q=CHERRY");
    assert_eq!(psids(&found), [defaults::PSID]);
    assert_eq!(found["conversations"][0]["last"]["text"], "A cherry");

    let one = ask(&format!("/{page}/{}", defaults::PSID));
    let kinds: Vec<_> = one["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["message", "refusal", "action"]);
    assert_eq!(one["items"][0]["read_at"], START);
    assert_eq!(
        one["items"][0]["item"]["no_webhook"],
        "webhook.url is not set"
    );
    let order = one["order"].as_array().unwrap().clone();
    assert_eq!(order.len(), 3);
    let part = ask(&format!(
        "/{page}/{}?from={}&limit=1",
        defaults::PSID,
        order[1]
    ));
    assert_eq!(part["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&part["items"][0]["seq"], &part["order"]),
        (&order[1], &json!(order))
    );
    let found = ask(&format!("/{page}/{}?q=pear", defaults::PSID));
    assert_eq!(found["order"], json!([order[1]]));
    let url = format!("{}/_emulator/conversations/{page}/5", emulator.url());
    assert_eq!(support::get(&url, "").status, 404);
}
