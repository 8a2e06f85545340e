#![allow(clippy::needless_pass_by_value, reason = "shorter to read")]

use serde_json::{Value, json};

use super::parts::Content;
use super::send::send;
use crate::graph::params::Params;
use crate::platform::{ErrorCode, UnknownKeys, Unverified};

fn check(request: Value) -> Result<Content, (i64, Option<i64>, &'static str, String)> {
    check_with(request, &Unverified::default())
}

fn check_with(
    request: Value,
    rules: &Unverified,
) -> Result<Content, (i64, Option<i64>, &'static str, String)> {
    let Value::Object(map) = request else {
        panic!("a request is an object")
    };
    let params = Params {
        map,
        ..Params::default()
    };
    match send(&params, rules) {
        Ok(send) => Ok(send.content),
        Err(e) => Err((e.code, e.subcode, e.refusal.rule, e.refusal.path)),
    }
}

fn message(message: Value) -> Value {
    json!({"recipient": {"id": "1"}, "message": message})
}

fn payload(payload: Value) -> Value {
    message(json!({"attachment": {"type": "template", "payload": payload}}))
}

fn with_button(button: Value) -> Value {
    payload(json!({"template_type": "button", "text": "T", "buttons": [button]}))
}

fn element(element: Value) -> Value {
    payload(json!({"template_type": "generic", "elements": [element]}))
}

const PAYLOAD: &str = "message.attachment.payload";

#[track_caller]
fn refused(request: Value, code: i64, subcode: Option<i64>, rule: &str, path: &str) {
    let (c, s, r, p) = check(request).expect_err("should be refused");
    assert_eq!((c, s, r, p.as_str()), (code, subcode, rule, path));
}

#[test]
fn the_page_samples_are_taken() {
    let call = json!({"type": "audio_call", "title": "Call Now", "expires_in_days": 5});
    let generic = element(json!({"title": "Contact Support!", "buttons": [call]}));
    assert_eq!(check(generic), Ok(Content::AudioCall));
    assert_eq!(check(with_button(call)), Ok(Content::AudioCall));
    assert_eq!(
        check(payload(
            json!({"template_type": "call_prompt", "ttl_days": 5})
        )),
        Ok(Content::CallPrompt)
    );
    assert_eq!(check(message(json!({"text": "hello"}))), Ok(Content::Plain));
}

#[test]
fn recipients() {
    let to = |r: Value| json!({"recipient": r, "message": {"text": "T"}});
    for good in [
        json!({"id": "1"}),
        json!({"id": 12}),
        json!({"user_ref": "u"}),
        json!({"comment_id": "1_2"}),
        json!({"post_id": "1_2"}),
    ] {
        assert!(check(to(good)).is_ok());
    }
    refused(
        json!({"message": {"text": "T"}}),
        100,
        None,
        "required",
        "recipient",
    );
    refused(to(json!("1")), 100, None, "type", "recipient");
    refused(
        to(json!({"id": "x1"})),
        100,
        None,
        "recipient_id_digits",
        "recipient.id",
    );
    refused(to(json!({})), 100, None, "required", "recipient.id");
    refused(
        to(json!({"id": "1", "name": "x"})),
        100,
        None,
        "unknown_keys",
        "recipient.name",
    );
    refused(
        to(json!({"phone_number": "+1"})),
        230,
        None,
        "recipient_phone_number",
        "recipient.phone_number",
    );
}

#[test]
fn types_and_tags() {
    let with = |extra: Value| {
        let mut request = message(json!({"text": "T"}));
        for (key, value) in extra.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    };
    assert!(check(with(json!({"messaging_type": "RESPONSE"}))).is_ok());
    assert!(
        check(with(
            json!({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
        ))
        .is_ok()
    );
    refused(
        with(json!({"messaging_type": "REPLY"})),
        100,
        None,
        "enum_value",
        "messaging_type",
    );
    refused(
        with(json!({"messaging_type": "MESSAGE_TAG"})),
        100,
        None,
        "required",
        "tag",
    );
    refused(
        with(json!({"tag": "HUMAN_AGENT"})),
        100,
        None,
        "tag_without_message_tag",
        "tag",
    );
    for tag in [
        "ACCOUNT_UPDATE",
        "CONFIRMED_EVENT_UPDATE",
        "POST_PURCHASE_UPDATE",
    ] {
        refused(
            with(json!({"messaging_type": "MESSAGE_TAG", "tag": tag})),
            100,
            None,
            "tag_retired",
            "tag",
        );
    }
    refused(
        with(json!({"messaging_type": "MESSAGE_TAG", "tag": "X"})),
        100,
        None,
        "tag_unknown",
        "tag",
    );
    refused(
        with(json!({"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"})),
        100,
        None,
        "tag_needs_feedback_template",
        "tag",
    );
    refused(
        with(json!({"sender_action": "typing_on"})),
        100,
        Some(2_018_014),
        "message_and_action",
        "sender_action",
    );
    refused(
        json!({"recipient": {"id": "1"}}),
        100,
        Some(2_018_015),
        "message_required",
        "message",
    );
    refused(
        with(json!({"notification_type": "LOUD"})),
        100,
        None,
        "enum_value",
        "notification_type",
    );
    refused(
        with(json!({"reply_to": {}})),
        100,
        None,
        "required",
        "reply_to.mid",
    );
    refused(
        with(json!({"messaging_type": "UTILITY"})),
        100,
        None,
        "required",
        "message.template.name",
    );
    let required = Unverified {
        messaging_type_required: true,
        ..Unverified::default()
    };
    assert!(check_with(with(json!({})), &required).is_err());
}

#[test]
fn messages() {
    refused(
        message(json!({})),
        100,
        Some(2_018_034),
        "message_empty",
        "message",
    );
    refused(message(json!("x")), 100, None, "type", "message");
    refused(
        message(json!({"text": "x".repeat(2001)})),
        100,
        None,
        "text_length",
        "message.text",
    );
    assert!(check(message(json!({"text": "é".repeat(2000)}))).is_ok());
    refused(
        message(json!({"type": "x", "title": "y", "text": "T"})),
        100,
        None,
        "unknown_keys",
        "message.title",
    );
    refused(
        message(json!({"text": "T", "metadata": "m".repeat(1000)})),
        100,
        None,
        "metadata_length",
        "message.metadata",
    );
    refused(
        message(json!({"attachment": {"type": "template"}})),
        100,
        None,
        "required",
        "message.attachment.payload",
    );
    refused(
        message(json!({"attachment": {"type": "card", "payload": {}}})),
        100,
        None,
        "attachment_type",
        "message.attachment.type",
    );
}

#[test]
fn templates() {
    let path = |end: &str| format!("{PAYLOAD}{end}");
    refused(
        payload(json!({})),
        100,
        None,
        "required",
        &path(".template_type"),
    );
    refused(
        payload(json!({"template_type": "list"})),
        100,
        None,
        "template_type",
        &path(".template_type"),
    );
    refused(
        payload(json!({"template_type": "generic", "elements": []})),
        194,
        None,
        "elements_count",
        &path(".elements"),
    );
    let many: Vec<Value> = (0..11)
        .map(|_| json!({"title": "T", "subtitle": "S"}))
        .collect();
    refused(
        payload(json!({"template_type": "generic", "elements": many})),
        105,
        None,
        "elements_count",
        &path(".elements"),
    );
    refused(
        element(json!({"title": "T"})),
        100,
        Some(2_018_035),
        "element_incomplete",
        &path(".elements[0]"),
    );
    refused(
        element(json!({"title": "T", "subtitle": ""})),
        100,
        Some(2_018_035),
        "element_incomplete",
        &path(".elements[0]"),
    );
    refused(
        element(json!({"subtitle": "S"})),
        100,
        None,
        "required",
        &path(".elements[0].title"),
    );
    refused(
        element(json!({"title": "x".repeat(81), "subtitle": "S"})),
        100,
        None,
        "length",
        &path(".elements[0].title"),
    );
    let call = json!({"type": "audio_call", "title": "C"});
    refused(
        element(json!({"title": "T", "buttons": [call, call, call, call]})),
        105,
        None,
        "buttons_count",
        &path(".elements[0].buttons"),
    );
    refused(
        payload(json!({"template_type": "button", "buttons": [call]})),
        100,
        None,
        "required",
        &path(".text"),
    );
    refused(
        payload(json!({"template_type": "button", "text": "T"})),
        100,
        None,
        "required",
        &path(".buttons"),
    );
    refused(
        payload(json!({"template_type": "button", "text": "T", "buttons": []})),
        100,
        None,
        "buttons_count",
        &path(".buttons"),
    );
    refused(
        payload(json!({"template_type": "button", "text": "x".repeat(641), "buttons": [call]})),
        100,
        None,
        "length",
        &path(".text"),
    );
    refused(
        element(
            json!({"title": "T", "default_action": {"type": "web_url", "title": "T",
            "url": "https://example.com"}}),
        ),
        100,
        None,
        "unknown_keys",
        &path(".elements[0].default_action.title"),
    );
    refused(
        payload(json!({"template_type": "call_prompt", "ttl_days": "5"})),
        100,
        None,
        "type",
        &path(".ttl_days"),
    );
}

#[test]
fn media_templates() {
    let call = json!({"type": "audio_call", "title": "C"});
    let media = payload(json!({"template_type": "media", "elements":
        [{"media_type": "image", "attachment_id": "1", "buttons": [call]}]}));
    assert_eq!(check(media.clone()), Ok(Content::AudioCall));
    let strict = Unverified {
        audio_call_in_media: false,
        ..Unverified::default()
    };
    assert!(check_with(media, &strict).is_err());
    refused(
        payload(json!({"template_type": "media", "elements":
            [{"media_type": "image", "attachment_id": "1", "url": "https://example.com"}]})),
        100,
        None,
        "media_source",
        &format!("{PAYLOAD}.elements[0]"),
    );
}

#[test]
fn buttons() {
    let at = |field: &str| format!("{PAYLOAD}.buttons[0].{field}");
    for (button, code, subcode, rule, field) in [
        (json!({}), 100, None, "required", "type"),
        (json!({"type": "call"}), 100, None, "button_type", "type"),
        (
            json!({"type": "audio_call"}),
            100,
            Some(2_018_053),
            "button_title",
            "title",
        ),
        (
            json!({"type": "audio_call", "title": ""}),
            100,
            None,
            "non_empty_string",
            "title",
        ),
        (
            json!({"type": "audio_call", "title": "C", "payload": "p"}),
            100,
            None,
            "unknown_keys",
            "payload",
        ),
        (
            json!({"type": "web_url", "title": "x".repeat(21), "url": "https://example.com"}),
            100,
            None,
            "length",
            "title",
        ),
        (
            json!({"type": "web_url", "title": "T"}),
            100,
            Some(2_018_041),
            "url_required",
            "url",
        ),
        (
            json!({"type": "web_url", "title": "T", "url": "ftp://example.com"}),
            100,
            None,
            "url",
            "url",
        ),
        (
            json!({"type": "web_url", "title": "T", "url": "http://example.com",
                "messenger_extensions": true}),
            100,
            None,
            "https",
            "url",
        ),
        (
            json!({"type": "web_url", "title": "T", "url": "https://example.com",
                "fallback_url": "https://example.com"}),
            100,
            None,
            "fallback_url",
            "fallback_url",
        ),
        (
            json!({"type": "postback", "title": "T"}),
            100,
            Some(2_018_040),
            "postback_payload",
            "payload",
        ),
        (
            json!({"type": "postback", "title": "T", "payload": "x".repeat(1001)}),
            100,
            None,
            "length",
            "payload",
        ),
        (
            json!({"type": "phone_number", "title": "T", "payload": "15105559999"}),
            100,
            None,
            "phone_number",
            "payload",
        ),
        (
            json!({"type": "account_link", "url": "http://example.com"}),
            100,
            None,
            "https",
            "url",
        ),
        (
            json!({"type": "account_unlink", "title": ""}),
            100,
            None,
            "unknown_keys",
            "title",
        ),
        (
            json!({"type": "game_play", "title": "T",
                "game_metadata": {"player_id": "1", "context_id": "2"}}),
            100,
            None,
            "type",
            "game_metadata",
        ),
    ] {
        refused(with_button(button), code, subcode, rule, &at(field));
    }
}

#[test]
fn expires_in_days() {
    let days = |value: Value| {
        with_button(json!({"type": "audio_call", "title": "C", "expires_in_days": value}))
    };
    let path = format!("{PAYLOAD}.buttons[0].expires_in_days");
    for good in [json!(1), json!(7), json!(7.0)] {
        assert!(check(days(good)).is_ok());
    }
    for bad in [json!(8), json!(0), json!(-1), json!(2.5)] {
        refused(days(bad), 100, None, "expires_in_days_range", &path);
    }
    refused(days(json!("5")), 100, None, "type", &path);
    let lax = Unverified {
        expires_in_days_min: None,
        expires_in_days_fractions: true,
        expires_in_days: ErrorCode::new(100, Some(7)),
        ..Unverified::default()
    };
    assert!(check_with(days(json!(0)), &lax).is_ok());
    assert!(check_with(days(json!(0.5)), &lax).is_ok());
    let (code, subcode, ..) = check_with(days(json!(8)), &lax).unwrap_err();
    assert_eq!((code, subcode), (100, Some(7)));
}

#[test]
fn knobs() {
    let unknown = element(json!({"title": "T", "subtitle": "S", "colour": "red"}));
    assert!(check(unknown.clone()).is_err());
    let in_message = Unverified {
        unknown_keys: UnknownKeys::RefuseInMessage,
        ..Unverified::default()
    };
    assert!(check_with(unknown, &in_message).is_ok());
    assert!(check_with(message(json!({"text": "T", "x": 1})), &in_message).is_err());

    let long = with_button(json!({"type": "audio_call", "title": "x".repeat(21)}));
    assert!(check(long.clone()).is_ok());
    let capped = Unverified {
        audio_call_title_max: Some(20),
        ..Unverified::default()
    };
    assert!(check_with(long, &capped).is_err());

    let call = json!({"type": "audio_call", "title": "C"});
    let two = element(json!({"title": "T", "buttons": [call, call]}));
    assert!(check(two.clone()).is_ok());
    let single = Unverified {
        audio_call_max: Some(1),
        ..Unverified::default()
    };
    assert!(check_with(two, &single).is_err());
}

#[test]
fn what_bots_were_told() {
    let path = |end: &str| format!("{PAYLOAD}{end}");
    refused(
        element(json!({"title": "T", "subtitle": "S", "buttons": []})),
        194,
        None,
        "buttons_count",
        &path(".elements[0].buttons"),
    );
    // Whatever the attachment is, and whether it is one or many.
    for attached in ["attachment", "attachments"] {
        refused(
            message(json!({"text": "T", attached: "x"})),
            100,
            Some(2_018_018),
            "text_and_attachment",
            "message.text",
        );
    }
    let web = json!({"type": "web_url", "title": "T", "url": "https://example.com"});
    let template = json!({"template_type": "button", "text": "T", "buttons": [web]});
    let both = json!({"text": "", "attachment": {"type": "template", "payload": template}});
    assert!(check(message(both)).is_ok(), "an empty text is none");
    let old = json!({"title": "T", "subtitle": "S", "item_url": "https://example.com"});
    assert!(check(element(old)).is_ok());
    refused(
        element(json!({"title": "T", "item_url": "https://example.com"})),
        100,
        Some(2_018_035),
        "element_incomplete",
        &path(".elements[0]"),
    );
}

#[test]
fn urls() {
    for good in [
        "https://example.com",
        "HTTP://localhost:8080/a?b=c#d",
        "https://m.me/1?ref=x",
        "https://müller.example/ä",
    ] {
        let button = json!({"type": "web_url", "title": "T", "url": good});
        assert!(check(with_button(button)).is_ok(), "{good}");
    }
    for bad in [
        "example.com",
        "//example.com",
        "/relative",
        "tel:+15105559999",
        "https://",
        "https:///path",
        "https://?x",
        "https://:80/",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://example.com\n",
    ] {
        let button = json!({"type": "web_url", "title": "T", "url": bad});
        refused(
            with_button(button),
            100,
            None,
            "url",
            &format!("{PAYLOAD}.buttons[0].url"),
        );
    }
    let media =
        |payload: Value| message(json!({"attachment": {"type": "image", "payload": payload}}));
    assert!(check(media(json!({"url": "https://example.com/a.png"}))).is_ok());
    refused(
        media(json!({"url": "a.png"})),
        100,
        None,
        "url",
        &format!("{PAYLOAD}.url"),
    );
    for none_or_two in [
        json!({}),
        json!({"url": "https://example.com/a.png", "attachment_id": "1"}),
    ] {
        refused(media(none_or_two), 100, None, "media_source", PAYLOAD);
    }
}

#[test]
fn games() {
    let game = |data: Value| {
        let mut button = json!({"type": "game_play", "title": "Play"});
        for (key, value) in data.as_object().unwrap() {
            button[key] = value.clone();
        }
        with_button(button)
    };
    for good in [
        json!({}),
        json!({"payload": "{\"level\":3}"}),
        json!({"payload": "not JSON"}),
        json!({"game_metadata": {"player_id": "1"}}),
        json!({"game_metadata": {"context_id": "1"}}),
    ] {
        assert!(check(game(good.clone())).is_ok(), "{good}");
    }
    for (bad, field) in [
        (json!({"payload": {"level": 3}}), "payload"),
        (
            json!({"game_metadata": {"player_id": "1", "context_id": "2"}}),
            "game_metadata",
        ),
        (json!({"game_metadata": {"player_id": 1}}), "game_metadata"),
        (json!({"game_metadata": {"level": "1"}}), "game_metadata"),
        (json!({"game_metadata": "1"}), "game_metadata"),
    ] {
        refused(
            game(bad),
            100,
            None,
            "type",
            &format!("{PAYLOAD}.buttons[0].{field}"),
        );
    }
}
