//! The spellings in which a request may come, over real HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use callcta_emulator::{Emulator, defaults};
use serde_json::{Value, json};
use support::{Answer, agent, messages_url, post, read, send};

/// Sends with any method, content type and body.
fn raw(emulator: &Emulator, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", emulator.url()))
        .header("content-type", kind)
        .body(body.to_vec())
        .unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .build()
        .into();
    read(agent.run(request).unwrap()).unwrap()
}

fn form(emulator: &Emulator, path: &str, body: &str) -> Answer {
    let kind = "application/x-www-form-urlencoded";
    raw(emulator, "POST", path, kind, body.as_bytes())
}

fn token(path: &str) -> String {
    format!("{path}access_token={}", defaults::ACCESS_TOKEN)
}

/// The rule that the newest request broke, and what the log says of it.
fn why(emulator: &Emulator) -> (&'static str, String) {
    let refusal = emulator.requests().pop().unwrap().refusal.unwrap();
    (refusal.rule, refusal.detail)
}

/// The bodies of all messages, as Graph understood them.
fn bodies(emulator: &Emulator) -> Vec<Value> {
    emulator.messages().into_iter().map(|m| m.body).collect()
}

#[test]
fn the_send_api_references_own_sample() {
    let emulator = Emulator::start().unwrap();
    let psid = defaults::PSID;
    let understood = json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE",
        "message": {"text": "hello, world!"}});
    let path = format!("/v26.0/{}/messages", defaults::PAGE_ID);
    let pairs = [
        ("recipient", format!("{{'id':'{psid}'}}")),
        ("messaging_type", "RESPONSE".into()),
        ("message", "{'text':'hello, world!'}".into()),
        ("access_token", defaults::ACCESS_TOKEN.into()),
    ];
    let encoded = pairs
        .iter()
        .map(|(name, value)| {
            let value =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}")
        })
        .collect::<Vec<_>>()
        .join("&");
    assert_eq!(form(&emulator, &path, &encoded).status, 200);
    // The sample has it in the query.
    assert_eq!(
        form(&emulator, &format!("{path}?{encoded}"), "").status,
        200
    );
    let bare = format!(
        "recipient={{id:'{psid}'}}&message={{text:\"hello, world!\",}}&messaging_type=RESPONSE"
    );
    assert_eq!(
        form(&emulator, &token(&format!("{path}?")), &bare).status,
        200
    );
    assert_eq!(bodies(&emulator), vec![understood; 3]);
}

#[test]
fn json_bodies_stay_strict() {
    let emulator = Emulator::start().unwrap();
    let path = token("/v26.0/me/messages?");
    for body in [
        "{'recipient':{'id':'200000000000001'},'message':{'text':'x'}}",
        "{recipient:{id:\"200000000000001\"},message:{text:\"x\"}}",
        "{\"recipient\":{\"id\":\"200000000000001\"},\"message\":{\"text\":\"x\"},}",
    ] {
        let answer = raw(
            &emulator,
            "POST",
            &path,
            "application/json",
            body.as_bytes(),
        );
        assert_eq!(answer.error(), (100, None), "{body}");
        assert!(why(&emulator).1.contains("not JSON"), "{body}");
    }
    let body = json!({"recipient": "{'id':'200000000000001'}", "message": {"text": "x"}});
    assert_eq!(send(&emulator, &body).error(), (100, None));
    assert_eq!(why(&emulator).0, "type");
    // JSON in a string is what some clients send, as if it were a form; deeper it is a string.
    let body =
        json!({"recipient": "{\"id\":\"200000000000001\"}", "message": {"text": "{\"a\":1}"}});
    assert_eq!(send(&emulator, &body).status, 200);
    assert_eq!(bodies(&emulator)[0]["message"]["text"], "{\"a\":1}");
    emulator.with_state(|state| state.unverified.json_in_text = false);
    assert_eq!(send(&emulator, &body).error(), (100, None));
}

#[test]
fn names_in_brackets() {
    let emulator = Emulator::start().unwrap();
    let body = "recipient[id]=200000000000001&message%5Battachment%5D%5Btype%5D=template&\
                message[attachment][payload][template_type]=generic&\
                message[attachment][payload][elements][0][title]=5&\
                message[attachment][payload][elements][0][buttons][0][type]=audio_call&\
                message[attachment][payload][elements][0][buttons][0][title]=Call&\
                message[attachment][payload][elements][0][buttons][0][expires_in_days]=5";
    assert_eq!(form(&emulator, &token("/me/messages?"), body).status, 200);
    let button = json!({"type": "audio_call", "title": "Call", "expires_in_days": 5});
    let payload =
        json!({"template_type": "generic", "elements": [{"title": "5", "buttons": [button]}]});
    assert_eq!(
        bodies(&emulator),
        [json!({"recipient": {"id": defaults::PSID},
            "message": {"attachment": {"type": "template", "payload": payload}}})]
    );
    // As deep as it likes: it does no harm.
    let deep = format!("message{}=x", "[a]".repeat(200_000));
    assert_eq!(
        form(&emulator, &token("/me/messages?"), &deep).error(),
        (100, None)
    );
}

#[test]
fn a_body_full_of_nulls() {
    let emulator = Emulator::start().unwrap();
    // As fbmq writes it.
    let body = json!({
        "recipient": {"id": defaults::PSID, "phone_number": null},
        "message": {"text": null, "metadata": null, "quick_replies": null, "attachment": {
            "type": "template", "payload": {"template_type": "generic", "elements": [{
                "title": "Contact Support!", "subtitle": null, "item_url": null, "image_url": null,
                "buttons": [{"type": "audio_call", "title": "Call Now", "payload": null,
                    "url": null, "expires_in_days": null}]}]}}},
        "sender_action": null, "notification_type": null, "tag": null, "persona_id": null,
        "messaging_type": null,
    });
    assert_eq!(send(&emulator, &body).status, 200);
    let stored = bodies(&emulator).remove(0);
    assert!(!stored.to_string().contains("null"), "{stored}");
    let button = &stored["message"]["attachment"]["payload"]["elements"][0]["buttons"][0];
    assert_eq!(*button, json!({"type": "audio_call", "title": "Call Now"}));

    emulator.with_state(|state| state.unverified.null_is_absent = false);
    assert_eq!(send(&emulator, &body).error(), (100, None));
    assert_eq!(emulator.messages().len(), 1);
}

/// A multipart body from names and values, and files from names, types and contents.
fn multipart(values: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in values {
        body.extend_from_slice(
            format!(
                "--B0und\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    for (name, kind, content) in files {
        body.extend_from_slice(
            format!(
                "--B0und\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.bin\"\r\n\
                 Content-Type: {kind}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B0und--\r\n");
    body
}

const MULTIPART: &str = "multipart/form-data; boundary=B0und";

#[test]
fn multipart_bodies_are_read() {
    let emulator = Emulator::start().unwrap();
    let recipient = format!("{{\"id\":\"{}\"}}", defaults::PSID);
    let values = [
        ("access_token", defaults::ACCESS_TOKEN),
        ("recipient", recipient.as_str()),
        ("message", "{'text':'x'}"),
    ];
    let body = multipart(&values, &[]);
    let answer = raw(&emulator, "POST", "/me/messages", MULTIPART, &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        bodies(&emulator),
        [json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x"}})]
    );
    let cut = &body[..body.len() - 20];
    let answer = raw(&emulator, "POST", &token("/me/messages?"), MULTIPART, cut);
    assert_eq!(answer.error(), (100, None));
    assert!(why(&emulator).1.contains("multipart"));
    let listed = emulator.control("GET", "requests", None).1.to_string();
    assert!(!listed.contains(defaults::ACCESS_TOKEN));
}

#[test]
fn files_are_kept_by_type_and_size_and_sent_by_id() {
    let emulator = Emulator::start().unwrap();
    let upload = |message: &str, kind: &str, content: &[u8]| {
        let body = multipart(&[("message", message)], &[("filedata", kind, content)]);
        let path = token("/v26.0/me/message_attachments?");
        raw(&emulator, "POST", &path, MULTIPART, &body)
    };
    let reusable = r#"{"attachment":{"type":"image","payload":{"is_reusable":true}}}"#;
    let id =
        upload(reusable, "image/png", b"\x89PNG\r\n--B0un\r\n").json()["attachment_id"].clone();
    let id = id.as_str().unwrap().to_owned();
    let kept = emulator.with_state(|state| state.attachments[&id].clone());
    assert_eq!(kept.content_type.as_deref(), Some("image/png"));
    assert_eq!(kept.size, Some(14));
    assert!(kept.reusable);

    let by_id = |id: &str| {
        json!({"recipient": {"id": defaults::PSID}, "message": {"attachment": {
            "type": "image", "payload": {"attachment_id": id}}}})
    };
    assert_eq!(send(&emulator, &by_id(&id)).status, 200);
    let media = json!({"recipient": {"id": defaults::PSID}, "message": {"attachment": {
        "type": "template", "payload": {"template_type": "media", "elements": [
            {"media_type": "image", "attachment_id": id}]}}}});
    assert_eq!(send(&emulator, &media).status, 200);
    assert_eq!(send(&emulator, &by_id("7")).error(), (100, Some(2_018_074)));
    assert_eq!(why(&emulator).0, "attachment_unknown");

    // One that was sent with its message is used up by it, unless it is reusable.
    let recipient = format!("{{\"id\":\"{}\"}}", defaults::PSID);
    let with_message = |message: &str| {
        let values = [("recipient", recipient.as_str()), ("message", message)];
        let body = multipart(&values, &[("filedata", "image/gif", b"GIF89a")]);
        raw(&emulator, "POST", &token("/me/messages?"), MULTIPART, &body).json()
    };
    let once = with_message(r#"{"attachment":{"type":"image","payload":{}}}"#);
    assert!(once["message_id"].is_string() && once.get("attachment_id").is_none());
    let again = with_message(reusable)["attachment_id"].clone();
    assert_eq!(send(&emulator, &by_id(again.as_str().unwrap())).status, 200);
    emulator.advance(std::time::Duration::from_secs(90 * 86_400));
    emulator.with_state(|state| state.person_mut(defaults::PSID).last_action = Some(i64::MAX / 2));
    assert_eq!(send(&emulator, &by_id(&id)).error(), (100, Some(2_018_074)));

    // What says little is taken, what says something else is not.
    assert_eq!(upload(reusable, "text/plain", b"x").status, 200);
    let wrong = upload(reusable, "video/mp4", b"x");
    assert_eq!(wrong.error(), (100, Some(2_018_047)));
    let large = upload(reusable, "image/png", &vec![0; (25 << 20) + 1]);
    assert_eq!(large.error(), (100, Some(2_018_109)));
    let none = post(
        &format!("{}/me/message_attachments", emulator.url()),
        emulator.access_token(),
        &json!({"message": {"attachment": {"type": "image", "payload": {}}}}),
    );
    assert_eq!(none.error(), (100, None));
    let by_url = post(
        &format!("{}/me/message_attachments", emulator.url()),
        emulator.access_token(),
        &json!({"message": {"attachment": {"type": "video",
            "payload": {"url": "https://example.com/a.mp4", "is_reusable": true}}}}),
    );
    assert!(
        by_url.json()["attachment_id"].is_string(),
        "{}",
        by_url.text
    );
}

#[test]
fn files_in_a_batch_go_to_the_items_that_name_them() {
    let emulator = Emulator::start().unwrap();
    let message = "recipient={id:'200000000000001'}&message={attachment:{type:'image',payload:{}}}";
    let item = |files: Option<&str>| {
        json!({"method": "POST", "relative_url": "me/messages", "body": message,
            "attached_files": files})
    };
    let batch = json!([item(Some("cat")), item(None)]).to_string();
    let values = [
        ("batch", batch.as_str()),
        ("access_token", defaults::ACCESS_TOKEN),
    ];
    let body = multipart(&values, &[("cat", "image/png", b"x")]);
    let answers = raw(&emulator, "POST", "/v26.0/", MULTIPART, &body).json();
    assert_eq!(answers[0]["code"], 200, "{answers}");
    assert_eq!(answers[1]["code"], 400, "{answers}");
}

#[test]
fn a_body_that_is_too_large_is_refused_for_good() {
    let emulator = Emulator::start().unwrap();
    let answer = agent()
        .post(messages_url(&emulator))
        .header(
            "Authorization",
            format!("Bearer {}", defaults::ACCESS_TOKEN),
        )
        .send(vec![b'x'; (26 << 20) + 1]);
    // The emulator answers before it has read all, so the client may see the connection break.
    if let Ok(answer) = answer {
        let answer = read(answer).unwrap();
        assert_eq!(answer.status, 413);
        // Not 1 or 2, after which nobody knows what became of the message.
        assert_eq!(answer.error(), (100, None));
    }
    let logged = emulator.requests().pop().unwrap();
    assert_eq!(logged.status, Some(413));
    assert_eq!(logged.refusal.unwrap().rule, "body_too_large");
    assert_eq!(emulator.messages().len(), 0);
}

#[test]
fn a_parameter_may_name_the_method_until_v28() {
    let emulator = Emulator::start().unwrap();
    let subscribed =
        || emulator.with_state(|state| state.page_mut(defaults::PAGE_ID).subscribed_fields.len());
    let read_settings = |version: &str| {
        let path = token(&format!(
            "/{version}/me/messenger_call_settings?method=get&"
        ));
        form(&emulator, &path, "")
    };
    assert_eq!(read_settings("v27.0").json()["audio_enabled"], true);
    assert_eq!(
        read_settings("v28.0").error(),
        (100, None),
        "a POST that sets nothing"
    );
    assert!(subscribed() > 0);
    let path = token("/v26.0/me/subscribed_apps?");
    assert_eq!(
        form(&emulator, &path, "method=delete").json(),
        json!({"success": true})
    );
    assert_eq!(subscribed(), 0);

    emulator.with_state(|state| state.unverified.method_override = false);
    assert_eq!(read_settings("v26.0").error(), (100, None));
}

#[test]
fn fields_may_be_empty() {
    let emulator = Emulator::start().unwrap();
    let get =
        |path: &str| support::get(&format!("{}{path}", emulator.url()), defaults::ACCESS_TOKEN);
    assert_eq!(
        get("/me?fields=").json(),
        json!({"id": defaults::PAGE_ID, "name": "Example Page"})
    );
    assert_eq!(
        get("/me/messenger_call_settings?fields=").json()["icon_enabled"],
        true
    );
    // As Meta's own client for Node sends.
    let body = "fields=&recipient={\"id\":\"200000000000001\"}&message={\"text\":\"x\"}";
    assert_eq!(
        form(&emulator, &token("/v26.0/me/messages?"), body).status,
        200
    );
}

#[test]
fn numbers() {
    let emulator = Emulator::start().unwrap();
    // A whole number is one however it is written, and a text is none.
    let days = |days: &str| {
        let body = format!(
            r#"{{"recipient":{{"id":"{}"}},"message":{{"attachment":{{"type":"template","payload":{{
                "template_type":"button","text":"T","buttons":[
                {{"type":"audio_call","title":"C","expires_in_days":{days}}}]}}}}}}}}"#,
            defaults::PSID
        );
        let path = token("/me/messages?");
        raw(
            &emulator,
            "POST",
            &path,
            "application/json",
            body.as_bytes(),
        )
        .status
    };
    for (text, status) in [
        ("5.0", 200),
        ("5e0", 200),
        ("7.0", 200),
        ("5.5", 400),
        ("7.0001", 400),
        ("-0", 400),
        ("1e20", 400),
        ("\"5\"", 400),
    ] {
        assert_eq!(days(text), status, "{text}");
    }
    let view = emulator.control("GET", "messages?limit=1", None).1;
    let sent_at = view["messages"][0]["sent_at"].as_i64().unwrap();
    let expires_at = &view["messages"][0]["buttons"][0]["expires_at"];
    assert_eq!(*expires_at, sent_at + 7 * 86_400_000);

    let prompt = |days: Value| {
        json!({"recipient": {"id": defaults::PSID}, "message": {"attachment": {"type": "template",
            "payload": {"template_type": "call_prompt", "ttl_days": days}}}})
    };
    assert_eq!(send(&emulator, &prompt(json!(5.0))).status, 200);
    assert_eq!(send(&emulator, &prompt(json!(5.5))).error(), (100, None));

    let psid: u64 = defaults::PSID.parse().unwrap();
    let body = json!({"recipient": {"id": psid}, "message": {"text": "x"}});
    assert_eq!(send(&emulator, &body).status, 200);
    emulator.with_state(|state| state.unverified.numeric_recipient_id = false);
    assert_eq!(send(&emulator, &body).error(), (100, None));
    assert_eq!(why(&emulator).0, "recipient_id_digits");
}
