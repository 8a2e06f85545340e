//! The messages edge over real HTTP: the documented success and the documented errors.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use callcta_emulator::{
    AccessLevel, AnswerShape, AppMode, Comment, Emulator, ErrorCode, START, State, Strangers,
    defaults,
};
use serde_json::{Value, json};
use support::{agent, button, generic, messages_url, post, read, send};

#[test]
fn both_samples_are_taken_and_kept() {
    let emulator = Emulator::start().unwrap();
    let psid = defaults::PSID;
    let first = send(&emulator, &generic(psid, 5));
    assert_eq!(first.status, 200);
    assert_eq!(
        first.json(),
        json!({"recipient_id": psid, "message_id": "m_emulated0000000001"})
    );
    assert_eq!(send(&emulator, &button(psid)).status, 200);

    let messages = emulator.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].body, generic(psid, 5));
    assert_eq!(messages[0].recipient, psid);
    assert_eq!(messages[0].page_id, defaults::PAGE_ID);
    assert_eq!(messages[0].sent_at, START);
    assert_eq!(messages[1].message_id, "m_emulated0000000002");

    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].path, "/v26.0/100000000000001/messages");
    assert_eq!(requests[0].json(), Some(generic(psid, 5)));
    assert_eq!(
        requests[0].header("Authorization"),
        Some("Bearer EMULATED-PAGE-TOKEN")
    );
    assert_eq!(requests[0].status, Some(200));
    assert_eq!(
        requests[0].message_id.as_deref(),
        Some("m_emulated0000000001")
    );
    assert_eq!(emulator.posts(), 2);
}

#[test]
fn all_answer_shapes() {
    let emulator = Emulator::builder()
        .answer_shape(AnswerShape::NestedBoth)
        .start()
        .unwrap();
    let psid = defaults::PSID;
    let answer = send(&emulator, &button(psid)).json();
    assert_eq!(
        answer,
        json!({"recipient": {"id": psid, "message_id": "m_emulated0000000001"}})
    );
    emulator.set_answer_shape(AnswerShape::NestedId);
    let answer = send(&emulator, &button(psid)).json();
    assert_eq!(
        answer,
        json!({"recipient": {"id": psid}, "message_id": "m_emulated0000000002"})
    );
    emulator.set_answer_shape(AnswerShape::MessageIdOnly);
    let answer = send(&emulator, &button(psid)).json();
    assert_eq!(answer, json!({"message_id": "m_emulated0000000003"}));
}

#[test]
fn every_way_to_name_page_version_token_and_body() {
    let emulator = Emulator::start().unwrap();
    let (url, page, token) = (emulator.url(), emulator.page_id(), emulator.access_token());
    let body = button(defaults::PSID);
    for path in [
        format!("{url}/{page}/messages"),
        format!("{url}/me/messages"),
        format!("{url}/v19.0/me/messages"),
        format!("{url}/v26.0/{page}/messages"),
    ] {
        assert_eq!(post(&path, token, &body).status, 200, "{path}");
    }
    let in_query = format!("{url}/me/messages?access_token={token}");
    assert_eq!(post(&in_query, "", &body).status, 200);
    let mut in_body = body.clone();
    in_body["access_token"] = json!(token);
    assert_eq!(
        post(&format!("{url}/me/messages"), "", &in_body).status,
        200
    );
    let form = agent()
        .post(format!("{url}/me/messages"))
        .send_form([
            ("recipient", body["recipient"].to_string().as_str()),
            ("message", body["message"].to_string().as_str()),
            ("messaging_type", "RESPONSE"),
            ("access_token", token),
        ])
        .unwrap();
    assert_eq!(read(form).unwrap().status, 200);

    let messages = emulator.messages();
    assert_eq!(messages.len(), 7);
    // The token is never kept with a message.
    assert_eq!(messages[5].body, body);
    assert_eq!(messages[6].body["message"], body["message"]);
    assert!(!messages.iter().any(|m| m.body.to_string().contains(token)));
}

/// Sends, expects a refusal, and returns code, subcode, status and the rule in the log.
fn refused(
    emulator: &Emulator,
    page: &str,
    token: &str,
    body: &Value,
) -> (i64, Option<i64>, u16, &'static str) {
    let before = emulator.messages().len();
    let answer = post(
        &format!("{}/v26.0/{page}/messages", emulator.url()),
        token,
        body,
    );
    let (code, subcode) = answer.error();
    assert_eq!(emulator.messages().len(), before, "nothing is stored");
    let trace = answer.json()["error"]["fbtrace_id"].clone();
    assert!(trace.is_string());
    let log = emulator.requests().pop().unwrap();
    assert_eq!(log.status, Some(answer.status));
    (code, subcode, answer.status, log.refusal.unwrap().rule)
}

#[test]
fn the_five_documented_errors_come_from_the_default_state() {
    use defaults::*;
    let emulator = Emulator::start().unwrap();
    let ok = button(PSID);
    // 1: invalid page-id or psid.
    assert_eq!(
        refused(&emulator, "999", ACCESS_TOKEN, &ok),
        (100, Some(33), 400, "page_unknown")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button("999")),
        (100, Some(2_018_001), 400, "recipient_unknown")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button("abc")),
        (100, None, 400, "recipient_id_digits")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, TOKEN_WITHOUT_CALLING, &ok),
        (100, Some(2_018_001), 400, "recipient_unknown")
    );
    // 2: audio calling not enabled.
    assert_eq!(
        refused(
            &emulator,
            PAGE_ID_WITHOUT_CALLING,
            TOKEN_WITHOUT_CALLING,
            &button(PSID_WITHOUT_CALLING)
        ),
        (2_018_389, None, 400, "calling_not_enabled")
    );
    // 3: permissions and authorization.
    assert_eq!(
        refused(&emulator, PAGE_ID, "nonsense", &ok),
        (190, None, 400, "token_unknown")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, "", &ok),
        (104, None, 400, "token_missing")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, EXPIRED_TOKEN, &ok),
        (190, Some(463), 400, "token_expired")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, TOKEN_WITHOUT_PERMISSION, &ok),
        (230, None, 403, "permission_missing")
    );
    assert_eq!(
        refused(&emulator, "me", USER_TOKEN, &ok),
        (100, Some(33), 400, "me_needs_page_token")
    );
    // 4: expires_in_days above 7.
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &generic(PSID, 8)),
        (100, None, 400, "expires_in_days_range")
    );
    let log = emulator.requests().pop().unwrap().refusal.unwrap();
    assert_eq!(
        log.path,
        "message.attachment.payload.elements[0].buttons[0].expires_in_days"
    );
    assert!(log.detail.contains('8'));
    // 5: outside the window.
    assert_eq!(
        refused(
            &emulator,
            PAGE_ID,
            ACCESS_TOKEN,
            &button(PSID_WINDOW_CLOSED)
        ),
        (10, Some(2_018_278), 400, "outside_window")
    );
    // And the sixth that practice needs.
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID_BLOCKED)),
        (551, Some(1_545_041), 400, "person_blocked_page")
    );
}

#[test]
fn unverified_codes_can_be_configured() {
    use defaults::*;
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| {
        let rules = &mut state.unverified;
        rules.calling_not_enabled = ErrorCode::new(100, Some(2_018_389));
        rules.blocked = ErrorCode::new(200, Some(1_545_041));
        rules.status_by_code.insert(100, 422);
    });
    assert_eq!(
        refused(
            &emulator,
            PAGE_ID_WITHOUT_CALLING,
            TOKEN_WITHOUT_CALLING,
            &button(PSID_WITHOUT_CALLING)
        ),
        (100, Some(2_018_389), 422, "calling_not_enabled")
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID_BLOCKED)),
        (200, Some(1_545_041), 403, "person_blocked_page")
    );
}

#[test]
fn all_token_subcodes() {
    let emulator = Emulator::start().unwrap();
    for subcode in [458, 459, 460, 463, 464, 467, 492] {
        emulator.with_state(|state| {
            state.page_mut(defaults::PAGE_ID).tokens[0].subcode = Some(subcode);
        });
        let answer = send(&emulator, &button(defaults::PSID));
        assert_eq!(answer.error(), (190, Some(subcode)));
        assert!(answer.headers.contains_key("www-authenticate"));
    }
}

#[test]
fn tokens_expire_with_the_clock() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| {
        state.page_mut(defaults::PAGE_ID).tokens[0].expires_at = Some(START + 1_000);
    });
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    emulator.advance(Duration::from_secs(1));
    assert_eq!(
        send(&emulator, &button(defaults::PSID)).error(),
        (190, Some(463))
    );
}

#[test]
fn appsecret_proof() {
    let emulator = Emulator::start().unwrap();
    let base = messages_url(&emulator);
    let token = emulator.access_token();
    let body = button(defaults::PSID);
    // printf %s EMULATED-PAGE-TOKEN | openssl dgst -sha256 -hmac emulated-app-secret
    let right = include_str!("support/proof.txt").trim();
    assert_eq!(
        post(&format!("{base}?appsecret_proof={right}"), token, &body).status,
        200
    );
    let wrong = post(
        &format!("{base}?appsecret_proof={}", "0".repeat(64)),
        token,
        &body,
    );
    assert_eq!(wrong.error(), (100, None));
    assert_eq!(wrong.json()["error"]["type"], "GraphMethodException");
    assert!(
        wrong.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("appsecret_proof")
    );
    emulator.with_state(|state| state.page_mut(defaults::PAGE_ID).require_appsecret_proof = true);
    let missing = post(&base, token, &body);
    assert_eq!(missing.error(), (100, None));
    assert!(
        missing.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("require an appsecret_proof")
    );
}

#[test]
fn people_the_app_may_not_write_to() {
    use defaults::*;
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| state.app.mode = AppMode::Development);
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID)),
        (200, None, 403, "app_not_live")
    );
    emulator.with_state(|state| {
        state.app.mode = AppMode::Live;
        state.page_mut(PAGE_ID).tokens[0].access = AccessLevel::Standard;
    });
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID)),
        (200, Some(2_018_028), 403, "standard_access")
    );
    emulator.with_state(|state| state.person_mut(PSID).has_app_role = true);
    assert_eq!(send(&emulator, &button(PSID)).status, 200);
    emulator.with_state(|state| state.page_mut(PAGE_ID).tokens[0].tasks.clear());
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID)),
        (10, None, 400, "task_missing")
    );
    emulator.reset();
    emulator.with_state(|state| state.page_mut(PAGE_ID).restricted = true);
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &button(PSID)),
        (10, Some(1_893_063), 400, "page_restricted")
    );
}

#[test]
fn window_and_tags() {
    use defaults::*;
    let emulator = Emulator::start().unwrap();
    let tagged = |tag: &str| {
        let mut body = button(PSID);
        body["messaging_type"] = json!("MESSAGE_TAG");
        body["tag"] = json!(tag);
        body
    };
    emulator.advance(Duration::from_secs(86_399));
    assert_eq!(send(&emulator, &button(PSID)).status, 200);
    emulator.advance(Duration::from_secs(1));
    assert_eq!(
        send(&emulator, &button(PSID)).error(),
        (10, Some(2_018_278))
    );
    assert_eq!(send(&emulator, &tagged("HUMAN_AGENT")).status, 200);
    emulator.with_state(|state| state.page_mut(PAGE_ID).human_agent = false);
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &tagged("HUMAN_AGENT")).3,
        "human_agent_feature"
    );
    emulator.with_state(|state| {
        state.page_mut(PAGE_ID).human_agent = true;
        state.unverified.audio_call_with_human_agent = false;
    });
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &tagged("HUMAN_AGENT")).3,
        "outside_window"
    );
    emulator.with_state(|state| state.unverified.audio_call_with_human_agent = true);
    emulator.advance(Duration::from_secs(6 * 86_400));
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &tagged("HUMAN_AGENT")).3,
        "outside_window"
    );
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &tagged("ACCOUNT_UPDATE")).3,
        "tag_retired"
    );

    let utility = json!({"recipient": {"id": PSID}, "messaging_type": "UTILITY",
        "message": {"template": {"name": "order", "language": {"code": "en"}}}});
    assert_eq!(
        refused(&emulator, PAGE_ID, ACCESS_TOKEN, &utility).3,
        "utility_template_unknown"
    );
    emulator.with_state(|state| {
        state.page_mut(PAGE_ID).utility_templates = vec!["order".into()];
    });
    assert_eq!(send(&emulator, &utility).status, 200);
}

#[test]
fn other_recipients() {
    let emulator = Emulator::start().unwrap();
    let to = |recipient: Value| {
        let mut body = button("1");
        body["recipient"] = recipient;
        body
    };
    emulator.with_state(|state| {
        state
            .user_refs
            .insert("ref-1".into(), defaults::PSID.into());
        let mut comment = Comment::default();
        comment.psid = defaults::PSID_WINDOW_CLOSED.into();
        comment.created_at = START;
        state.comments.insert("7_8".into(), comment.clone());
        state.comments.insert("7_9".into(), comment);
    });
    let by_ref = send(&emulator, &to(json!({"user_ref": "ref-1"})));
    assert_eq!(by_ref.json(), json!({"message_id": "m_emulated0000000001"}));
    assert_eq!(
        send(&emulator, &to(json!({"user_ref": "ref-2"}))).error(),
        (100, Some(2_018_001))
    );
    // A private reply needs no window, and there is only one.
    let comment = to(json!({"comment_id": "7_8"}));
    assert_eq!(send(&emulator, &comment).status, 200);
    assert_eq!(send(&emulator, &comment).error(), (100, None));
    emulator.advance(Duration::from_secs(7 * 86_400 + 1));
    assert_eq!(
        send(&emulator, &to(json!({"post_id": "7_9"}))).error(),
        (10, Some(2_018_278))
    );
    assert_eq!(
        send(&emulator, &to(json!({"phone_number": "+15105559999"}))).error(),
        (230, None)
    );
}

#[test]
fn strangers_can_be_welcome() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| state.strangers = Strangers::Welcome);
    assert_eq!(send(&emulator, &button("987654321")).status, 200);
    assert_eq!(emulator.messages()[0].recipient, "987654321");
}

#[test]
fn sender_actions_store_nothing() {
    let emulator = Emulator::start().unwrap();
    let body = json!({"recipient": {"id": defaults::PSID}, "sender_action": "typing_on"});
    assert_eq!(
        send(&emulator, &body).json(),
        json!({"recipient_id": defaults::PSID})
    );
    assert!(emulator.messages().is_empty());
}

#[test]
fn replies_name_a_message_of_the_conversation() {
    let emulator = Emulator::start().unwrap();
    send(&emulator, &button(defaults::PSID));
    let mut body = button(defaults::PSID);
    body["reply_to"] = json!({"mid": "m_emulated0000000001"});
    assert_eq!(send(&emulator, &body).status, 200);
    body["reply_to"] = json!({"mid": "m_other"});
    assert_eq!(send(&emulator, &body).error(), (100, None));
}

#[test]
fn call_permission_requests_are_limited() {
    let emulator = Emulator::start().unwrap();
    let body = json!({"recipient": {"id": defaults::PSID}, "message": {"attachment":
        {"type": "template", "payload": {"template_type": "calling_optin"}}}});
    let first = send(&emulator, &body).json();
    assert_eq!(first["recipient"]["id"], defaults::PSID);
    assert_eq!(send(&emulator, &body).status, 200);
    assert_eq!(send(&emulator, &body).error(), (613, None));
}

#[test]
fn unreadable_bodies_are_explained_in_the_log_only() {
    let emulator = Emulator::start().unwrap();
    let url = format!(
        "{}?access_token={}",
        messages_url(&emulator),
        emulator.access_token()
    );
    let answer = agent()
        .post(&url)
        .header("Content-Type", "application/json")
        .send("{\"recipient\":")
        .unwrap();
    let answer = read(answer).unwrap();
    assert_eq!(answer.error(), (100, None));
    assert_eq!(
        answer.json()["error"]["message"],
        "(#100) The parameter recipient is required"
    );
    let refusal = emulator.requests().pop().unwrap().refusal.unwrap();
    assert!(refusal.detail.contains("not JSON"), "{}", refusal.detail);
}

#[test]
fn what_is_not_modelled_is_answered_and_listed() {
    let emulator = Emulator::start().unwrap();
    let url = format!("{}/v26.0/{}/photos", emulator.url(), emulator.page_id());
    let answer = post(&url, emulator.access_token(), &json!({}));
    assert_eq!(answer.error(), (2500, None));
    assert_eq!(
        answer.json()["error"]["message"],
        "Unknown path components: /photos"
    );
    let log = emulator.requests().pop().unwrap();
    assert!(!log.modelled);
    let wrong_version = post(
        &format!("{}/26.0/me/messages", emulator.url()),
        emulator.access_token(),
        &button(defaults::PSID),
    );
    assert_eq!(
        wrong_version.json()["error"]["message"],
        "Unknown path components: /me/messages"
    );
    assert_eq!(emulator.posts(), 0);
}

#[test]
fn a_seed_replaces_the_default_state() {
    let state = State::from_json(
        r#"{"pages": {"77": {"tokens": [{"token": "T77"}], "app_secret": "S"}},
            "people": {"88": {"name": "Somebody"}}}"#,
    )
    .unwrap();
    let emulator = Emulator::builder().state(state).start().unwrap();
    assert_eq!(emulator.page_id(), "77");
    assert_eq!(emulator.access_token(), "T77");
    assert_eq!(emulator.app_secret(), "S");
    assert_eq!(emulator.psids(), ["88"]);
    let line: Value = serde_json::from_str(&emulator.ready_line()).unwrap();
    assert_eq!(line["psids"], json!(["88"]));
    assert_eq!(line["url"], emulator.url());
    assert_eq!(send(&emulator, &button("88")).status, 200);
}

#[test]
fn reset_is_a_fresh_start() {
    let emulator = Emulator::start().unwrap();
    let first = send(&emulator, &button(defaults::PSID)).text;
    emulator.with_state(|state| state.person_mut(defaults::PSID).blocked = true);
    emulator.advance(Duration::from_secs(5));
    emulator.reset();
    assert!(emulator.messages().is_empty());
    assert!(emulator.requests().is_empty());
    assert_eq!((emulator.posts(), emulator.now()), (0, START));
    assert_eq!(send(&emulator, &button(defaults::PSID)).text, first);
}

#[test]
fn only_the_newest_are_kept() {
    let emulator = Emulator::builder()
        .keep_messages(2)
        .keep_requests(3)
        .start()
        .unwrap();
    for _ in 0..5 {
        send(&emulator, &button(defaults::PSID));
    }
    let ids: Vec<_> = emulator.messages().iter().map(|m| m.id).collect();
    assert_eq!(ids, [4, 5]);
    assert_eq!(emulator.requests().len(), 3);
    assert_eq!(emulator.posts(), 5);
}

#[test]
fn waiting_for_messages() {
    let emulator = Emulator::start().unwrap();
    assert!(
        emulator
            .wait_for_messages(1, Duration::from_millis(1))
            .is_none()
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            emulator
                .wait_for_messages(1, Duration::from_secs(30))
                .unwrap()
        });
        send(&emulator, &button(defaults::PSID));
        assert_eq!(waiting.join().unwrap().len(), 1);
    });
}
