//! Taps, calls, webhooks and the edges around calling.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use callcta_emulator::{
    Action, AttachmentKind, CallDirection, CallPermissionKeys, CallStatus, CallingNumbers,
    Emulator, ReleaseOrder, RingTarget, START, SettingsAnswer, Signature, TapTarget, WebhookStatus,
    defaults,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use support::receiver::Receiver;
use support::{button, generic, get, post, send, start_quiet};

const SECONDS: i64 = START / 1000;

fn page_url(emulator: &Emulator, edge: &str) -> String {
    format!("{}/v26.0/{}/{edge}", emulator.url(), emulator.page_id())
}

fn graph_post(emulator: &Emulator, edge: &str, body: &Value) -> support::Answer {
    post(&page_url(emulator, edge), emulator.access_token(), body)
}

fn graph_get(emulator: &Emulator, edge: &str) -> support::Answer {
    get(&page_url(emulator, edge), emulator.access_token())
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: Vec<String> = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256={}", hex.concat())
}

/// Sends a card with a call button and taps it.
fn ring(emulator: &Emulator) -> callcta_emulator::Tap {
    send(emulator, &generic(defaults::PSID, 5));
    let id = emulator.messages().pop().unwrap().message_id;
    emulator.tap(&TapTarget::call(id)).unwrap()
}

#[test]
fn a_tap_fires_a_signed_webhook() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    let tap = ring(&emulator);
    let hook = receiver.next();
    assert!(hook.line.starts_with("POST /hook?a=1 HTTP/1.1"));
    assert_eq!(
        hook.json(),
        json!({"object": "page", "entry": [{"id": defaults::PAGE_ID, "time": SECONDS, "calls": [{
            "id": "c_emulated0000000001", "to": defaults::PAGE_ID, "from": defaults::PSID,
            "event": "connect", "timestamp": SECONDS, "call_direction": "user_initiated"}]}]})
    );
    assert_eq!(
        hook.signature(),
        Some(&*signature(emulator.app_secret(), &hook.body))
    );
    let webhook = tap.webhook.unwrap();
    assert_eq!(webhook.status, WebhookStatus::Delivered);
    assert_eq!(webhook.attempts.len(), 1);
    assert_eq!(webhook.attempts[0].status, Some(200));
    assert_eq!(webhook.attempts[0].answer, "ok");
    let call = tap.call.unwrap();
    assert_eq!(call.status, CallStatus::Ringing);
    assert_eq!(call.direction, CallDirection::UserInitiated);
    assert_eq!(call.message_id.as_deref(), Some("m_emulated0000000001"));
}

#[test]
fn nobody_accepts_within_a_minute() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    ring(&emulator);
    receiver.next();
    emulator.advance(Duration::from_secs(59));
    assert_eq!(emulator.calls()[0].status, CallStatus::Ringing);
    emulator.advance(Duration::from_secs(86_400));
    let event = receiver.next().json()["entry"][0]["calls"][0].clone();
    assert_eq!(event["event"], "terminate");
    assert_eq!(event["status"], "Failed");
    assert_eq!(event["timestamp"], SECONDS + 60);
    assert!(event.get("duration").is_none());
    assert_eq!(emulator.calls()[0].status, CallStatus::Failed);
    assert_eq!(emulator.calls()[0].ended_at, Some(START + 60_000));
}

#[test]
fn the_business_accepts_and_hangs_up() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    let call_id = ring(&emulator).call.unwrap().call_id;
    receiver.next();
    let accept = json!({"platform": "messenger", "action": "accept", "call_id": call_id,
        "session": {"sdp_type": "offer", "sdp": "v=0\r\n"}});
    let answer = graph_post(&emulator, "calls", &accept).json();
    assert_eq!(answer["success"], true);
    assert!(
        answer["session"]["sdp_response"]
            .as_str()
            .unwrap()
            .starts_with("v=0")
    );
    // Accepting twice is an error; a track may change.
    assert_eq!(graph_post(&emulator, "calls", &accept).error(), (100, None));
    let update = json!({"action": "media_update", "call_id": call_id, "tracks":
        [{"msid": "1", "label": "default_audio", "status": "disabled"}]});
    assert_eq!(graph_post(&emulator, "calls", &update).status, 200);
    let bad = json!({"action": "media_update", "call_id": call_id, "tracks": [{"label": "x"}]});
    assert_eq!(graph_post(&emulator, "calls", &bad).error(), (100, None));

    emulator.advance(Duration::from_secs(75));
    let terminate = json!({"action": "terminate", "call_id": call_id});
    assert_eq!(
        graph_post(&emulator, "calls", &terminate).json(),
        json!({"success": true})
    );
    let event = receiver.next().json()["entry"][0]["calls"][0].clone();
    assert_eq!(
        (&event["status"], &event["duration"], &event["end_time"]),
        (&json!("Completed"), &json!(75), &json!(SECONDS + 75))
    );
    assert_eq!(
        graph_post(&emulator, "calls", &terminate).error(),
        (2_018_396, None)
    );
}

#[test]
fn a_call_is_measured_once_after_its_end() {
    let emulator = start_quiet();
    let call_id = ring(&emulator).call.unwrap().call_id;
    let report = |changes: Value| {
        let mut body = json!({"platform": "messenger", "call_id": call_id,
            "end_call_reason": "Hangup_Call", "call_ended_time": SECONDS,
            "first_audio_packet_received_time": SECONDS, "audio_stats": {"round_trip_time_ms": 20}});
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        graph_post(&emulator, "call_metrics", &body)
    };
    assert_eq!(report(json!({})).error(), (100, None));
    emulator.end_call(&call_id).unwrap();
    for wrong in [
        json!({"platform": null}),
        json!({"platform": "instagram"}),
        json!({"end_call_reason": ""}),
        json!({"call_ended_time": "now"}),
        json!({"audio_stats": []}),
    ] {
        assert_eq!(report(wrong.clone()).error(), (100, None), "{wrong}");
    }
    let nobody = report(json!({"call_id": "c_nobody"}));
    assert_eq!(nobody.error(), (2_018_390, None));
    assert_eq!(report(json!({})).json(), json!({"success": true}));
    assert_eq!(report(json!({})).error(), (100, None));
    let later = ring(&emulator).call.unwrap().call_id;
    emulator.end_call(&later).unwrap();
    emulator.advance(Duration::from_secs(86_401));
    let late = report(json!({"call_id": later}));
    assert_eq!(late.error(), (100, None));
}

#[test]
fn calls_that_cannot_be() {
    let emulator = start_quiet();
    let call_id = ring(&emulator).call.unwrap().call_id;
    let accept = |call_id: &str, session: Value| {
        graph_post(
            &emulator,
            "calls",
            &json!({"action": "accept", "call_id": call_id, "session": session}),
        )
        .error()
    };
    let good = json!({"sdp_type": "offer", "sdp": "v=0"});
    assert_eq!(accept("c_nobody", good.clone()), (2_018_390, None));
    assert_eq!(accept(&call_id, json!({})), (2_018_391, None));
    assert_eq!(
        accept(&call_id, json!({"sdp_type": "offer", "sdp": "x"})),
        (2_018_392, None)
    );
    emulator.with_state(|s| s.unverified.calling_numbers = CallingNumbers::Subcode);
    assert_eq!(accept("c_nobody", good.clone()), (100, Some(2_018_390)));
    emulator.with_state(|s| s.unverified.calling_numbers = CallingNumbers::Code);
    let reject = json!({"action": "reject", "call_id": call_id});
    assert_eq!(graph_post(&emulator, "calls", &reject).status, 200);
    assert_eq!(accept(&call_id, good), (2_018_395, None));
    assert_eq!(
        graph_post(&emulator, "calls", &json!({"action": "dance"})).error(),
        (100, None)
    );
    let other = post(
        &format!(
            "{}/{}/calls",
            emulator.url(),
            defaults::PAGE_ID_WITHOUT_CALLING
        ),
        defaults::TOKEN_WITHOUT_CALLING,
        &reject,
    );
    assert_eq!(other.error(), (2_018_393, None));
}

#[test]
fn the_business_calls() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    let connect = json!({"action": "connect", "to": defaults::PSID,
        "session": {"sdp_type": "offer", "sdp": "v=0"}});
    assert_eq!(
        graph_post(&emulator, "calls", &connect).error(),
        (2_018_394, None)
    );
    emulator
        .act(defaults::PSID, Action::CallPermission { approve: true })
        .unwrap();
    let reply = receiver.next().json();
    // This one stands in `entry` itself, in seconds.
    assert_eq!(
        reply["entry"][0]["call_permission_reply"]["response"],
        "approve"
    );
    assert_eq!(reply["entry"][0]["timestamp"], SECONDS);
    let answer = graph_post(&emulator, "calls", &connect).json();
    assert_eq!(answer["session"]["sdp_response"]["sdp_type"], "answer");
    let call_id = answer["id"].as_str().unwrap().to_owned();
    let event = |hook: Value| hook["entry"][0]["calls"][0].clone();
    assert_eq!(
        event(receiver.next().json())["call_direction"],
        "business_initiated"
    );
    assert_eq!(event(receiver.next().json())["call_status"], "ringing");
    emulator.accept_call(&call_id).unwrap();
    assert_eq!(event(receiver.next().json())["call_status"], "accepted");
    emulator.end_call(&call_id).unwrap();
    assert_eq!(event(receiver.next().json())["status"], "Completed");
    assert_eq!(emulator.end_call(&call_id), Err(CallStatus::Completed));
}

#[test]
fn a_button_expires() {
    let emulator = start_quiet();
    send(&emulator, &generic(defaults::PSID, 5));
    let target = TapTarget::call("m_emulated0000000001");
    emulator.advance(Duration::from_secs(5 * 86_400 - 1));
    assert!(emulator.tap(&target).is_ok());
    emulator.advance(Duration::from_secs(1));
    assert_eq!(emulator.tap(&target).unwrap_err().reason, "expired");
    assert_eq!(
        emulator.tap(&TapTarget::call("m_x")).unwrap_err().reason,
        "message_unknown"
    );
    assert_eq!(
        emulator
            .tap(&TapTarget::button("m_emulated0000000001", 0, 1))
            .unwrap_err()
            .reason,
        "button_unknown"
    );
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).audio_enabled = false);
    emulator.reset();
    send(&emulator, &generic(defaults::PSID, 5));
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).audio_enabled = false);
    assert_eq!(
        emulator.tap(&target).unwrap_err().reason,
        "calling_not_enabled"
    );
}

#[test]
fn who_gets_no_webhook() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).call_routing = RingTarget::Meta);
    assert!(ring(&emulator).webhook.is_none());
    emulator.with_state(|s| {
        let page = s.page_mut(defaults::PAGE_ID);
        page.call_routing = RingTarget::Partners;
        page.subscribed_fields.retain(|field| field != "calls");
    });
    assert!(ring(&emulator).webhook.is_none());
    assert!(receiver.nothing_came());
    let lost = start_quiet();
    assert_eq!(ring(&lost).webhook.unwrap().status, WebhookStatus::NoTarget);
    assert!(lost.set_webhook_url("http://example.com/").is_err());
}

#[test]
fn other_buttons_and_actions() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    let mut body = button(defaults::PSID);
    body["message"]["attachment"]["payload"]["buttons"] = json!([
        {"type": "postback", "title": "Yes", "payload": "YES"},
        {"type": "web_url", "title": "Web", "url": "https://example.com"}]);
    send(&emulator, &body);
    let id = "m_emulated0000000001";
    let tap = emulator.tap(&TapTarget::button(id, 0, 0)).unwrap();
    assert!(tap.call.is_none());
    let event = receiver.next().json()["entry"][0]["messaging"][0].clone();
    assert_eq!(
        event["postback"],
        json!({"mid": "m_received0000000001", "title": "Yes", "payload": "YES"})
    );
    assert_eq!(event["timestamp"], START);
    let tap = emulator.tap(&TapTarget::button(id, 0, 1)).unwrap();
    assert_eq!(tap.button["url"], "https://example.com");
    assert!(tap.webhook.is_none());
    assert!(tap.no_webhook.unwrap().contains("web_url"));

    let text = "grüß 😀";
    emulator
        .act(defaults::PSID, Action::Message { text: text.into() })
        .unwrap();
    let hook = receiver.next();
    assert!(hook.body.is_ascii() && hook.body.contains("\\u00fc"));
    assert_eq!(
        hook.json()["entry"][0]["messaging"][0]["message"]["text"],
        text
    );
    assert_eq!(
        hook.signature(),
        Some(&*signature(emulator.app_secret(), &hook.body))
    );
    assert!(
        emulator
            .act("404", Action::Block { blocked: true })
            .is_none()
    );
}

#[test]
fn what_opens_the_window() {
    let emulator = start_quiet();
    let psid = defaults::PSID_WINDOW_CLOSED;
    let opens = |action: Action| {
        emulator.with_state(|s| s.person_mut(psid).close_window());
        emulator.act(psid, action).unwrap();
        send(&emulator, &button(psid)).status == 200
    };
    let text = || "x".to_owned();
    assert!(opens(Action::Message { text: text() }));
    assert!(opens(Action::Postback {
        title: text(),
        payload: text()
    }));
    assert!(opens(Action::Reaction {
        message_id: text(),
        reaction: text(),
        remove: false
    }));
    assert!(opens(Action::QuickReply {
        title: text(),
        payload: text()
    }));
    assert!(opens(Action::Attachment {
        kind: AttachmentKind::Image,
        url: text()
    }));
    assert!(opens(Action::Sticker { sticker_id: 1 }));
    assert!(!opens(Action::Read));
    assert!(opens(Action::Referral { reference: text() }));
    assert!(opens(Action::Comment { comment_id: text() }));
    assert!(opens(Action::VisitorPost { post_id: text() }));
    assert!(!opens(Action::CallPermission { approve: true }));
    assert!(!opens(Action::Block { blocked: false }));
    assert!(opens(Action::AdMessage { text: text() }));
    // After an ad it may stay open for longer.
    emulator.advance(Duration::from_secs(6 * 86_400));
    assert_eq!(send(&emulator, &button(psid)).status, 200);
}

#[test]
fn failed_deliveries_are_tried_again_and_recorded() {
    let emulator = start_quiet();
    let receiver = Receiver::start(&[500, 404, 200, 500, 500, 500]);
    emulator.set_webhook_url(&receiver.url).unwrap();
    let webhook = ring(&emulator).webhook.unwrap();
    let statuses: Vec<_> = webhook.attempts.iter().map(|a| a.status).collect();
    assert_eq!(statuses, [Some(500), Some(404), Some(200)]);
    assert_eq!(webhook.status, WebhookStatus::Delivered);
    let webhook = ring(&emulator).webhook.unwrap();
    assert_eq!(webhook.attempts.len(), 3);
    assert_eq!(webhook.status, WebhookStatus::Failed);
    for _ in 0..6 {
        receiver.next();
    }
}

#[test]
fn a_receiver_that_fails_for_an_hour_is_unsubscribed() {
    let emulator = start_quiet();
    // Nobody listens there any more.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", dead.local_addr().unwrap());
    drop(dead);
    emulator.set_webhook_url(&url).unwrap();
    let webhook = ring(&emulator).webhook.unwrap();
    assert_eq!(webhook.status, WebhookStatus::Failed);
    assert!(webhook.attempts[0].error.is_some());
    emulator.advance(Duration::from_secs(3_599));
    assert!(ring(&emulator).webhook.is_some());
    emulator.advance(Duration::from_secs(61));
    ring(&emulator);
    let fields = emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).subscribed_fields.clone());
    assert!(fields.is_empty(), "{fields:?}");
}

#[test]
fn held_webhooks_go_in_any_order_and_again() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    emulator.hold_webhooks();
    for _ in 0..3 {
        assert_eq!(ring(&emulator).webhook.unwrap().status, WebhookStatus::Held);
    }
    assert!(receiver.nothing_came());
    assert_eq!(
        emulator.release_webhooks(&ReleaseOrder::Only(vec![3, 1])),
        2
    );
    let id = |hook: &support::receiver::Hook| hook.json()["entry"][0]["calls"][0]["id"].clone();
    assert_eq!(id(&receiver.next()), "c_emulated0000000003");
    assert_eq!(id(&receiver.next()), "c_emulated0000000001");
    assert_eq!(emulator.release_webhooks(&ReleaseOrder::Reverse), 1);
    assert_eq!(id(&receiver.next()), "c_emulated0000000002");
    let delivered = emulator
        .wait_for_webhooks(3, Duration::from_secs(30))
        .unwrap();
    assert_eq!(delivered.len(), 3);

    emulator.redeliver_webhook(1, Signature::Valid).unwrap();
    let again = receiver.next();
    assert_eq!(
        again.signature(),
        Some(&*signature(emulator.app_secret(), &again.body))
    );
    emulator.redeliver_webhook(1, Signature::Wrong).unwrap();
    let wrong = receiver.next();
    assert_ne!(wrong.signature(), again.signature());
    assert_eq!(wrong.body, again.body);
    emulator.redeliver_webhook(1, Signature::Missing).unwrap();
    assert_eq!(receiver.next().signature(), None);
    assert!(emulator.redeliver_webhook(99, Signature::Valid).is_none());
    emulator.with_state(|s| s.webhook.signature = Signature::Missing);
    ring(&emulator);
    assert_eq!(receiver.next().signature(), None);
}

#[test]
fn a_running_clock_ends_calls_by_itself() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    ring(&emulator);
    receiver.next();
    emulator.advance(Duration::from_millis(59_950));
    emulator.run_clock(true);
    let event = receiver.next().json()["entry"][0]["calls"][0].clone();
    assert_eq!(event["event"], "terminate");
    assert!(emulator.now() >= START + 60_000);
}

#[test]
fn call_settings() {
    let emulator = start_quiet();
    let receiver = Receiver::of(&emulator);
    let edge = "messenger_call_settings";
    assert_eq!(
        graph_get(&emulator, edge).json(),
        json!({"audio_enabled": true, "video_enabled": false, "icon_enabled": true,
            "call_routing": {"ring_target": "PARTNERS"}})
    );
    let hours = json!({"timezone_id": "America/Los_Angeles", "weekly_operating_hours": [
        {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700"}]});
    let write = |body: Value| graph_post(&emulator, edge, &body);
    assert_eq!(
        write(json!({"call_hours": hours})).json(),
        json!({"success": true})
    );
    assert_eq!(
        receiver.next().json()["entry"][0]["call_settings"]["call_routing"],
        "PARTNERS"
    );
    assert_eq!(
        graph_get(&emulator, &format!("{edge}?fields=call_hours")).json(),
        json!({"call_hours": hours})
    );
    assert_eq!(
        write(json!({"icon_enabled": false})).json(),
        json!({"result": "success"})
    );
    assert_eq!(write(json!({"audio_enabled": "false"})).status, 200);
    assert_eq!(
        send(&emulator, &button(defaults::PSID)).error(),
        (2_018_389, None)
    );
    emulator.with_state(|s| {
        s.unverified.settings_answer = SettingsAnswer::Reference;
        s.unverified.settings_in_data = true;
    });
    assert_eq!(
        write(json!({"audio_enabled": true})).json(),
        json!({"result": "success"})
    );
    let data = graph_get(&emulator, &format!("{edge}?fields=icon_enabled")).json();
    assert_eq!(data, json!({"data": [{"icon_enabled": false}]}));

    let day = |day: &str, open: &str, close: &str| json!({"day_of_week": day, "open_time": open, "close_time": close});
    let week =
        |days: Value| json!({"call_hours": {"timezone_id": "Z/Z", "weekly_operating_hours": days}});
    for (bad, rule) in [
        (json!({}), "settings_required"),
        (json!({"audio_enabled": 3}), "setting_type"),
        (json!({"call_routing": {"ring_target": "X"}}), "ring_target"),
        (json!({"call_hours": {}}), "call_hours"),
        (
            week(json!([day("FUNDAY", "0900", "1000")])),
            "call_hours_day",
        ),
        (
            week(json!([day("MONDAY", "0960", "1000")])),
            "call_hours_time",
        ),
        (
            week(json!([day("MONDAY", "1000", "0900")])),
            "call_hours_order",
        ),
        (
            week(json!([
                day("MONDAY", "0900", "1000"),
                day("MONDAY", "1100", "1200")
            ])),
            "call_hours_duplicate",
        ),
    ] {
        let answer = write(bad.clone());
        assert_eq!(answer.error(), (100, None), "{bad}");
        let log = emulator.requests().pop().unwrap();
        assert_eq!(log.refusal.unwrap().rule, rule);
    }
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).subscribed_fields.clear());
    assert_eq!(
        write(json!({"call_routing": {"ring_target": "PARTNERS"}})).error(),
        (100, None)
    );
    assert_eq!(
        graph_get(&emulator, &format!("{edge}?fields=colour")).error(),
        (100, None)
    );
}

#[test]
fn calling_switched_off_is_told_as_it_was_seen() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| state.page_mut(defaults::PAGE_ID).audio_enabled = false);
    let edge = format!("messenger_call_permissions?psid={}", defaults::PSID);
    let refused = graph_get(&emulator, &edge);
    assert_eq!(refused.error(), (100, Some(1_893_056)));
    let call = json!({"action": "connect", "to": defaults::PSID,
        "session": {"sdp_type": "offer", "sdp": "v=0"}});
    assert_eq!(
        graph_post(&emulator, "calls", &call).error(),
        (100, Some(1_893_056))
    );
    // What a message answers was not seen.
    assert_eq!(
        send(&emulator, &button(defaults::PSID)).error(),
        (2_018_389, None)
    );
}

#[test]
fn permissions_feature_status_subscriptions_and_the_page() {
    let emulator = start_quiet();
    let edge = format!("messenger_call_permissions?psid={}", defaults::PSID);
    let before = graph_get(&emulator, &edge).json();
    assert_eq!(before["permission"], json!({"status": "no_permission"}));
    let limits = json!([{"time_period": "PT24H", "max_allowed": 2, "current_usage": 0}]);
    assert_eq!(
        before["actions"],
        json!([
            {"action_name": "send_call_permission_request", "can_perform": true, "limits": limits},
            {"action_name": "start_call", "can_perform": false},
        ])
    );
    emulator.act(defaults::PSID, Action::CallPermission { approve: true });
    let after = graph_get(&emulator, &edge).json();
    assert_eq!(
        after["permission"],
        json!({"status": "has_permission", "expiration_time": SECONDS + 7 * 86_400})
    );
    emulator.with_state(|state| {
        let rules = &mut state.unverified;
        rules.call_permissions_in_data = true;
        rules.call_permissions_upper_case = true;
        rules.call_permissions_keys = CallPermissionKeys::Long;
    });
    let other = graph_get(&emulator, &edge).json()["data"][0].clone();
    assert_eq!(other["permission"]["status"], "HAS_PERMISSION");
    assert_eq!(other["actions"][1]["can_perform_action"], true);
    assert_eq!(other["actions"][0]["limits"][0]["max_allowed_per_user"], 2);
    assert_eq!(
        graph_get(&emulator, "messenger_call_permissions").error(),
        (100, None)
    );
    assert_eq!(
        graph_get(&emulator, "messenger_call_permissions?psid=9").error(),
        (100, Some(2_018_001))
    );

    let ask = json!({"features": [{"feature": "messenger_api_calling"}]});
    let status = |emulator: &Emulator| {
        graph_post(emulator, "business_messaging_feature_status", &ask).json()["data"][0]["status"]
            .clone()
    };
    assert_eq!(status(&emulator), "enabled");
    emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).calling_eligible = false);
    assert_eq!(status(&emulator), "disabled");

    let subscribe = graph_post(
        &emulator,
        "subscribed_apps?subscribed_fields=calls,messages",
        &json!({}),
    );
    assert_eq!(subscribe.json(), json!({"success": "true"}));
    let listed = graph_get(&emulator, "subscribed_apps").json();
    assert_eq!(
        listed["data"][0]["subscribed_fields"],
        json!(["calls", "messages"])
    );
    assert_eq!(
        graph_post(
            &emulator,
            "subscribed_apps",
            &json!({"subscribed_fields": ["nonsense"]})
        )
        .error(),
        (100, None)
    );
    assert_eq!(
        get(
            &format!("{}/me?fields=id,name", emulator.url()),
            emulator.access_token()
        )
        .json(),
        json!({"id": defaults::PAGE_ID, "name": "Example Page"})
    );
    assert_eq!(
        graph_get(&emulator, "messages").error(),
        (100, Some(33)),
        "sent messages can't be read"
    );
}
