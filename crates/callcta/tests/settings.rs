//! Settings, by their methods and by name; those that can't be used are refused.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use callcta::transport::{HttpResponse, ScriptedTransport};
use callcta::{
    Button, Client, ClientBuilder, Delivery, Element, ErrorKind, GenericTemplate, Message, Receipt,
    Request, Result, RetryPolicy, SendOptions,
};
use serde_json::{Value, json};

fn refused(client: ClientBuilder) -> String {
    let error = client.build().expect_err("the setting can't be used");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.delivery(), Delivery::NotSent);
    error.to_string()
}

#[test]
fn a_page_id_has_digits_only() {
    for page_id in ["", "me", "12a", "1/2", " 1"] {
        assert_eq!(
            refused(Client::builder(page_id, "t")),
            "the Page id must have digits only"
        );
    }
}

#[test]
fn a_token_fits_into_a_header() {
    for token in ["", "a b", "a\r\nX-Evil: 1", "ü", "a\u{7f}"] {
        let text = refused(Client::builder("1", token));
        assert!(text.starts_with("the access token must be"), "{text}");
    }
    assert!(refused(Client::builder("1", "t").app_secret("")).contains("app secret"));
}

#[test]
fn a_base_url_is_https_unless_it_is_this_machine() {
    let build = |url: &str| Client::builder("1", "t").base_url(url);
    for url in [
        "https://graph.facebook.com",
        "https://graph.facebook.com/",
        "https://proxy.example/graph",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://127.8.9.1",
        "http://[::1]:8080",
        "HTTPS://graph.facebook.com",
    ] {
        assert!(build(url).build().is_ok(), "{url}");
    }
    for url in [
        "",
        "graph.facebook.com",
        "ftp://graph.facebook.com",
        "http://graph.facebook.com",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://[::2]",
        "https://user:password@graph.facebook.com",
        "https://graph.facebook.com?x=1",
        "https://graph.facebook.com#x",
        "https://",
        "https:// example.com",
        "https://graph.facebook.com:99999",
        "http://127.0.0.1:",
    ] {
        let text = refused(build(url));
        assert!(text.starts_with("the base URL "), "{url}: {text}");
        assert!(!text.contains("password"), "{text}");
    }
}

#[test]
fn a_version_looks_like_one() {
    for version in ["26.0", "v26", "v26.", "v.0", "v26.0/x", "latest"] {
        let text = refused(Client::builder("1", "t").version(version));
        assert!(
            text.starts_with("the version must look like"),
            "{version}: {text}"
        );
    }
    for version in ["v26.0", "v20.0", ""] {
        assert!(
            Client::builder("1", "t").version(version).build().is_ok(),
            "{version}"
        );
    }
}

#[test]
fn what_no_request_could_use_is_refused_at_once() {
    for builder in [
        Client::builder("1", "t").base_url("https://graph.facebook.com/ä"),
        Client::builder("1", "t".repeat(40_000)),
        Client::builder("1", "t").proxy("http://user:password@127.0.0.1:99999"),
        Client::builder("1", "t").proxy(":::"),
    ] {
        let text = refused(builder);
        assert!(!text.contains("password"), "{text}");
    }
    let proxy = "http://user:password@127.0.0.1";
    assert!(Client::builder("1", "t").proxy(proxy).build().is_ok());
}

#[test]
fn a_ca_file_holds_certificates() {
    let text = refused(Client::builder("1", "t").extra_ca_pem("not a certificate"));
    assert!(text.contains("certificate"), "{text}");
}

#[test]
fn debug_shows_the_settings_but_no_secret() {
    let client = Client::builder("1", "EAAtoken")
        .app_secret("appsecret")
        .proxy("http://user:password@127.0.0.1:1")
        .timeout(Duration::from_secs(3))
        .build()
        .expect("the settings are right");
    let text = format!("{client:?}");
    for secret in ["EAAtoken", "appsecret", "password"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("timeout: 3s"), "{text}");
}

fn builder() -> ClientBuilder {
    Client::builder("1", "t")
}

#[test]
fn settings_by_name_do_what_their_methods_do() {
    let second = Duration::from_secs(1);
    let pem = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    let retry = |policy: RetryPolicy| builder().retry(policy);
    let settings = [
        ("timeout", json!(1), builder().timeout(second)),
        ("timeout_ms", json!(1000.0), builder().timeout(second)),
        (
            "connect_timeout",
            json!(0.5),
            builder().connect_timeout(second / 2),
        ),
        ("body_limit", json!(9), builder().body_limit(9)),
        (
            "max_idle_connections",
            json!(3),
            builder().max_idle_connections(3),
        ),
        ("user_agent", json!("mine"), builder().user_agent("mine")),
        (
            "proxy",
            json!("http://127.0.0.1:1"),
            builder().proxy("http://127.0.0.1:1"),
        ),
        (
            "proxy_from_env",
            json!(true),
            builder().proxy_from_env(true),
        ),
        ("extra_ca_pem", json!(pem), builder().extra_ca_pem(pem)),
        ("attempts", json!(7), retry(RetryPolicy::new().attempts(7))),
        (
            "base_delay_ms",
            json!(1000),
            retry(RetryPolicy::new().base_delay(second)),
        ),
        (
            "max_delay",
            json!(1),
            retry(RetryPolicy::new().max_delay(second)),
        ),
        (
            "retry_unknown",
            json!(true),
            retry(RetryPolicy::new().retry_unknown(true)),
        ),
        (
            "retry",
            json!({"attempts": 2, "max_delay_ms": 1000}),
            retry(RetryPolicy::new().attempts(2).max_delay(second)),
        ),
    ];
    let shown = |builder: ClientBuilder| format!("{:?}", builder.build());
    for (name, value, by_method) in settings {
        let by_name = builder().set(name, value).expect(name);
        let by_name = shown(by_name);
        assert_eq!(by_name, shown(by_method), "{name}");
        assert_ne!(by_name, shown(builder()), "{name}");
    }
}

/// What is posted, and what comes of it, with one setting set by its name.
fn send_with(name: &str, value: Value, answer: HttpResponse) -> (String, Result<Receipt>) {
    let transport = Arc::new(ScriptedTransport::new([Ok(answer)]));
    let client = builder().set(name, value).expect(name);
    let client = client.transport(transport.clone()).build().expect(name);
    let outcome = client.send("2", &Message::call_prompt());
    (transport.requests().remove(0).url, outcome)
}

#[test]
fn the_address_can_be_set_by_name() {
    for (name, value, part) in [
        (
            "base_url",
            json!("http://localhost:1"),
            "http://localhost:1/",
        ),
        ("version", json!("v99.0"), "/v99.0/1/"),
        ("use_me", json!(true), "/me/messages"),
        ("token_placement", json!("query"), "access_token=t"),
        ("app_secret", json!("s"), "appsecret_proof="),
    ] {
        let (url, _) = send_with(name, value, HttpResponse::new(200, "{}"));
        assert!(url.contains(part), "{name}: {url}");
    }
}

#[test]
fn codes_can_be_set_by_name() {
    let answer = r#"{"error":{"message":"x","code":10,"error_subcode":7}}"#;
    for (codes, kind) in [
        (
            json!([{"code": 10, "subcode": 7}]),
            ErrorKind::CallingNotEnabled,
        ),
        (json!([[1, null], [10, 7]]), ErrorKind::CallingNotEnabled),
        (
            json!([{"code": 10, "subcode": 8}, {"code": 11}]),
            ErrorKind::PermissionDenied,
        ),
    ] {
        let answer = HttpResponse::new(400, answer);
        let (_, outcome) = send_with("calling_not_enabled_codes", codes, answer);
        assert_eq!(outcome.expect_err("it is refused").kind(), kind);
    }
}

#[test]
fn what_is_no_setting_is_refused_by_its_name() {
    let options = || SendOptions::new();
    let codes = "calling_not_enabled_codes";
    for (refused, text) in [
        (
            builder().set("tiemout", 1).map(drop),
            "no such setting: tiemout; did you mean timeout?",
        ),
        (
            builder().set("baseDelayMs", 1).map(drop),
            "no such setting: baseDelayMs; did you mean base_delay_ms?",
        ),
        (
            builder().set("retry", json!({"attempt": 1})).map(drop),
            "no such setting: attempt; did you mean attempts?",
        ),
        (
            builder().set("retry", json!({"x": 1})).map(drop),
            "no such setting: x",
        ),
        (
            builder().set("retry", 3).map(drop),
            "retry must be an object",
        ),
        (
            builder().set("timeout", "1").map(drop),
            "timeout must be a number of seconds",
        ),
        (
            builder().set("timeout", -1).map(drop),
            "timeout must be a number of seconds",
        ),
        (
            builder().set("timeout_ms", true).map(drop),
            "timeout_ms must be a number of milliseconds",
        ),
        (
            builder().set("attempts", 1.5).map(drop),
            "attempts must be a whole number",
        ),
        (
            builder().set("attempts", 1_u64 << 32).map(drop),
            "attempts must be a whole number",
        ),
        (
            builder().set("version", 26.0).map(drop),
            "version must be a text",
        ),
        (
            builder().set("use_me", "yes").map(drop),
            "use_me must be true or false",
        ),
        (
            builder().set("token_placement", "url").map(drop),
            "token_placement must be header,",
        ),
        (
            builder().set(codes, json!({"code": 1})).map(drop),
            "calling_not_enabled_codes must be",
        ),
        (
            builder().set(codes, json!([{"subcode": 1}])).map(drop),
            "calling_not_enabled_codes must be",
        ),
        (
            builder()
                .set(codes, json!([{"code": 1, "subCode": 2}]))
                .map(drop),
            "calling_not_enabled_codes must be",
        ),
        (
            options().set("tga", "x").map(drop),
            "no such option: tga; did you mean tag?",
        ),
        (options().set("tag", 1).map(drop), "tag must be a text"),
        (
            options().set("deadline", "soon").map(drop),
            "deadline must be a number of seconds",
        ),
        (
            options().set("deadline", 1e30).map(drop),
            "deadline must be",
        ),
        (
            options().set("fields", "x").map(drop),
            "fields must be an object",
        ),
        (
            options()
                .set("fields", json!({"folder": "x", "tag": "HUMAN_AGENT"}))
                .map(drop),
            "fields must not hold tag, which is set by itself",
        ),
    ] {
        let error = refused.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        let shown = error.to_string();
        assert!(shown.contains(text), "{shown}");
    }
}

#[test]
fn null_sets_nothing() {
    let unset = format!("{:?}", builder().build());
    for name in ["timeout", "proxy", "attempts", "retry"] {
        let set = builder().set(name, Value::Null).expect(name);
        assert_eq!(format!("{:?}", set.build()), unset, "{name}");
    }
    let options = SendOptions::new().set("tag", Value::Null);
    assert_eq!(options.expect("there is a tag"), SendOptions::new());
}

#[test]
fn options_by_name_are_those_of_the_methods() {
    let given = json!({
        "messaging_type": "UPDATE", "tag": "HUMAN_AGENT", "notification_type": "NO_PUSH",
        "persona_id": "3", "reply_to": "m_1", "metadata": "x", "deadline_ms": 1500,
        "unchecked": true, "fields": {"a": [1], "b": null},
    });
    let mut by_name = SendOptions::new();
    for (name, value) in given.as_object().expect("it is one") {
        let before = by_name.clone();
        by_name = by_name.set(name, value.clone()).expect(name);
        assert_ne!(by_name, before, "{name}");
    }
    let by_method = SendOptions::new()
        .messaging_type("UPDATE")
        .tag("HUMAN_AGENT")
        .notification_type("NO_PUSH")
        .persona_id("3")
        .reply_to("m_1")
        .metadata("x")
        .deadline(SystemTime::UNIX_EPOCH + Duration::from_millis(1500))
        .unchecked(true)
        .field("a", json!([1]))
        .field("b", Value::Null);
    assert_eq!(by_name, by_method);
    let seconds = by_name.clone().set("deadline", 1.5);
    assert_eq!(seconds.expect("it is the same moment"), by_name);
}

#[test]
fn a_known_field_is_no_further_one() {
    let button = Button::audio_call("Call")
        .field("expires_in_days", 3)
        .field("title", "Another");
    let element = Element::new("T").button(button).field("subtitle", "S");
    let template = GenericTemplate::new([element])
        .sharable(true)
        .field("sharable", false)
        .field("template_type", "button");
    let message = Message::from(template)
        .field("attachment", json!({"type": "image"}))
        .field("metadata", "m");
    let options = SendOptions::new()
        .field("tag", "HUMAN_AGENT")
        .field("recipient", json!({"id": "2"}));
    let found = Request::new("1", message, options).validate();
    let found: Vec<_> = found
        .iter()
        .map(|violation| {
            let own = "is no further field: it has a method or an option of its own";
            assert_eq!(violation.message, own);
            violation.path.as_str()
        })
        .collect();
    let payload = "message.attachment.payload";
    let expected = [
        "recipient",
        "message.metadata",
        "message.attachment",
        &format!("{payload}.sharable"),
        &format!("{payload}.template_type"),
        &format!("{payload}.elements[0].subtitle"),
        &format!("{payload}.elements[0].buttons[0].expires_in_days"),
        &format!("{payload}.elements[0].buttons[0].title"),
        "tag",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_a_wire_form_lacks_is_found() {
    let card = json!({"title": "T", "default_action": {"url": "https://example.com"}});
    let payload = json!({"template_type": "generic", "elements": [card]});
    let request = json!({
        "recipient": {"id": "somebody", "x": 1},
        "message": {"attachment": {"type": "template", "payload": payload}},
    });
    let request = Request::from_json(request.to_string()).expect("it is an object");
    let found = request.validate();
    let paths: Vec<_> = found.iter().map(|it| it.path.as_str()).collect();
    let action = "message.attachment.payload.elements[0].default_action.type";
    assert_eq!(paths, ["recipient.x", "recipient.id", action]);
}

#[test]
fn headers_and_a_time_limit_can_be_set_by_name() {
    let transport = Arc::new(ScriptedTransport::new([Ok(HttpResponse::new(
        200,
        r#"{"message_id":"m"}"#,
    ))]));
    let client = Client::builder("1", "t")
        .set("headers", json!({"x-shop": "7"}))
        .and_then(|builder| builder.transport(transport.clone()).build())
        .expect("the settings are right");
    let options = SendOptions::new()
        .set("headers", json!({"x-trace": "a"}))
        .and_then(|options| options.set("timeout_ms", 1500))
        .expect("the options are right");
    let message = Message::buttons("Hi", [Button::audio_call("Call")]);
    client
        .send_with("1", &message, &options)
        .expect("it is taken");
    let request = &transport.requests()[0];
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        request.headers,
        [header("x-shop", "7"), header("x-trace", "a")]
    );
    assert_eq!(request.timeout, Some(Duration::from_millis(1500)));
    let wrong = Client::builder("1", "t").set("headers", json!({"x": 1}));
    assert!(
        wrong
            .err()
            .expect("it is no text")
            .to_string()
            .contains("object of texts")
    );
}
