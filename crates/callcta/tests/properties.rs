//! What must hold for any message.

use callcta::{
    Button, ButtonTemplate, Element, GenericTemplate, Message, Request, SendOptions, Severity,
    limits,
};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON, with the documented keys and values among others.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("template".to_owned()),
        Just("generic".to_owned()),
        Just("button".to_owned()),
        Just("call_prompt".to_owned()),
        Just("audio_call".to_owned()),
        Just("web_url".to_owned()),
        Just("https://example.com".to_owned()),
        Just(SAID.to_owned()),
        ".{0,30}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        let key = prop_oneof![
            3 => proptest::sample::select(KEYS).prop_map(str::to_owned),
            1 => "[a-z_]{0,8}",
            1 => Just(SAID.to_owned()),
        ];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            hash_map(key, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What no violation may repeat.
const SAID: &str = "Dear Ann, call 1254477777772919";

const KEYS: &[&str] = &[
    "recipient",
    "id",
    "message",
    "attachment",
    "type",
    "payload",
    "template_type",
    "elements",
    "buttons",
    "title",
    "subtitle",
    "image_url",
    "default_action",
    "text",
    "url",
    "payload",
    "expires_in_days",
    "ttl_days",
    "sharable",
    "metadata",
    "messaging_type",
    "tag",
    "reply_to",
    "mid",
    "user_ref",
    "game_metadata",
    "messenger_extensions",
    "fallback_url",
    "persona_id",
    "notification_type",
    "webview_height_ratio",
    "webview_share_button",
];

/// A template message around any JSON, so that deep places are reached.
fn template() -> impl Strategy<Value = Value> {
    let kind = proptest::sample::select(vec!["generic", "button", "call_prompt", "media"]);
    (
        kind,
        hash_map(
            proptest::sample::select(KEYS).prop_map(str::to_owned),
            json(),
            0..5,
        ),
    )
        .prop_map(|(kind, fields)| {
            let mut payload: Map<String, Value> = fields.into_iter().collect();
            payload.insert("template_type".to_owned(), kind.into());
            json!({"attachment": {"type": "template", "payload": payload}})
        })
}

fn button() -> impl Strategy<Value = Button> {
    (".{0,25}", option::of(-2..10i64)).prop_map(|(title, days)| {
        let button = Button::audio_call(title);
        match days {
            Some(days) => button.expires_in_days(days),
            None => button,
        }
    })
}

/// Whether two values are the same but for how whole numbers are written.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() != other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

proptest! {
    // A failure is printed with its input; a test of its own keeps it from coming back.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_and_writing_loses_nothing(json in prop_oneof![json(), template()]) {
        let Value::Object(object) = &json else { return Ok(()) };
        // An empty message says as much as none.
        prop_assume!(object.get("message") != Some(&json!({})));
        let request = Request::from_json(json.to_string()).unwrap();
        let written: Value = serde_json::from_str(&request.to_json()).unwrap();
        let alone = json!({"message": json});
        prop_assert!(
            [&json, &alone].iter().any(|read| same(&written, read)) || object.is_empty(),
            "{written}"
        );
        prop_assert_eq!(Request::from_json(request.to_json()).unwrap(), request);
    }

    #[test]
    fn a_message_is_read_as_it_was_written(
        json in prop_oneof![json(), template()],
        fields in vec((proptest::sample::select(KEYS), json()), 0..3),
    ) {
        let Value::Object(object) = json else { return Ok(()) };
        let mut message = Message::raw(object);
        for (name, value) in fields {
            message = message.field(name, value);
        }
        let sent = |message: &Message| {
            let request = Request::new("1", message.clone(), SendOptions::new());
            serde_json::from_str::<Value>(&request.to_json()).unwrap()
        };
        let back = Message::from_json(message.to_json()).unwrap();
        prop_assert_eq!(sent(&back), sent(&message));
        prop_assert_eq!(back.to_json(), message.to_json());
        let Value::Object(wire) = message.to_value() else { panic!("it is an object") };
        prop_assert_eq!(Message::raw(wire), back);
    }

    #[test]
    fn checking_never_panics_and_its_errors_keep_a_message_from_being_sent(json in template()) {
        let message = Message::from_json(json.to_string()).unwrap();
        let by_itself = message.validate();
        let request = Request::new("1", message, SendOptions::new());
        prop_assert_eq!(by_itself, request.validate());
        for violation in request.validate() {
            prop_assert!(violation.path.starts_with("message"), "{}", violation.path);
            prop_assert!(!violation.message.is_empty());
        }
    }

    #[test]
    fn whatever_is_checked_nothing_that_it_says_is_repeated(json in prop_oneof![json(), template()]) {
        let report = callcta::check_json(json.to_string());
        for violation in &report.violations {
            let text = violation.to_string();
            prop_assert!(!text.contains("Ann") && !text.contains("125447"), "{text}");
            prop_assert!(text.len() < 1000 && !text.contains('\n'), "{text}");
        }
        let count = |severity| report.violations.iter().filter(|v| v.severity == severity).count();
        prop_assert_eq!((count(Severity::Error), count(Severity::Warning)), (report.errors, report.warnings));
    }

    #[test]
    fn a_violation_is_where_it_says(buttons in vec(button(), 0..6), text in ".{0,20}") {
        let message: Message = ButtonTemplate::new(text, buttons).into();
        let wire = json!({"message": message.to_value()});
        for violation in message.validate() {
            let pointer = violation.path.replace(['.', '['], "/").replace(']', "");
            prop_assert!(wire.pointer(&format!("/{pointer}")).is_some(), "{}", violation.path);
        }
    }

    #[test]
    fn days_are_refused_exactly_outside_of_the_limits(days in any::<i64>()) {
        let call = Button::audio_call("Call Now").expires_in_days(days);
        let message: Message = GenericTemplate::new([Element::new("T").button(call)]).into();
        let refused = message.validate().iter().any(|v| v.severity == Severity::Error);
        let allowed = limits::EXPIRES_IN_DAYS_MIN..=limits::EXPIRES_IN_DAYS_MAX;
        prop_assert_eq!(refused, !allowed.contains(&days));
    }

    #[test]
    fn lengths_count_code_points(length in 1..1300usize, text in "[a-zäß📞]{1}") {
        let message = Message::buttons(text.repeat(length), [Button::audio_call("Call Now")]);
        let refused = !message.validate().is_empty();
        prop_assert_eq!(refused, length > limits::BUTTON_TEMPLATE_TEXT_MAX);
    }
}
