use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{
    PAGE_ID, PSID, Platform, SECRET, TOKEN, callcta, run, run_with_input, signal,
};

/// The shortest message that breaks no rule.
const CARD: [&str; 6] = ["--to", PSID, "--generic", "Hello", "--call", "Call Now"];

fn template(payload: &Value) -> Value {
    let message = json!({"attachment": {"type": "template", "payload": payload}});
    json!({"recipient": {"id": PSID}, "message": message})
}

fn call_button() -> Value {
    json!({"type": "audio_call", "title": "Call Now", "expires_in_days": 5})
}

fn generic_sample() -> Value {
    let element = json!({"title": "Contact Support!", "buttons": [call_button()]});
    template(&json!({"template_type": "generic", "elements": [element]}))
}

#[test]
fn both_samples_of_the_page_arrive_as_they_are_printed_there() {
    for (flag, body) in [
        ("--generic", generic_sample()),
        (
            "--button",
            template(&json!({
                "template_type": "button",
                "text": "Contact Support!",
                "buttons": [call_button()],
            })),
        ),
    ] {
        let platform = Platform::taking();
        let run = run(&mut platform.send(&[
            "--to",
            PSID,
            flag,
            "Contact Support!",
            "--call",
            "Call Now",
            "--expires-in-days",
            "5",
        ]));
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.starts_with("sent: "), "{run:?}");
        assert!(run.stdout.contains("m_1"), "{run:?}");
        let [request] = &platform.received()[..] else {
            panic!("one request was expected");
        };
        let first = request.head.lines().next().unwrap();
        assert_eq!(first, format!("POST /v26.0/{PAGE_ID}/messages HTTP/1.1"));
        assert!(request.head.contains(&format!("Bearer {TOKEN}")));
        assert_eq!(request.body, body);
    }
}

#[test]
fn buttons_keep_their_order() {
    let run = run(&mut callcta(&[
        "send",
        "--dry-run",
        "--json",
        "--to",
        PSID,
        "--button",
        "Hello",
        "--url",
        "Site=https://example.com/?a=b",
        "--call",
        "Today",
        "--expires-in-days",
        "1",
        "--phone",
        "Dial=+15105559999",
        "--call",
        "Later",
        "--postback",
        "More=A=B",
        "--call",
        "Week",
        "--expires-in-days",
        "7",
        "--unchecked",
    ]));
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        run.json()["message"]["attachment"]["payload"]["buttons"],
        json!([
            {"type": "web_url", "title": "Site", "url": "https://example.com/?a=b"},
            {"type": "audio_call", "title": "Today", "expires_in_days": 1},
            {"type": "phone_number", "title": "Dial", "payload": "+15105559999"},
            {"type": "audio_call", "title": "Later"},
            {"type": "postback", "title": "More", "payload": "A=B"},
            {"type": "audio_call", "title": "Week", "expires_in_days": 7},
        ])
    );
}

#[test]
fn days_belong_to_the_call_before_them() {
    for buttons in [
        &["--expires-in-days", "5"][..],
        &[
            "--url",
            "Site=https://example.com",
            "--expires-in-days",
            "5",
        ],
        &[
            "--call",
            "Call",
            "--expires-in-days",
            "5",
            "--expires-in-days",
            "6",
        ],
        &[
            "--call",
            "Call",
            "--url",
            "Site=https://example.com",
            "--expires-in-days",
            "5",
        ],
    ] {
        let mut command = callcta(&["send", "--dry-run", "--to", PSID, "--button", "Hello"]);
        let run = run(command.args(buttons));
        assert_eq!(run.code, 2, "{buttons:?} {run:?}");
        assert!(
            run.stderr.contains("--expires-in-days goes right behind"),
            "{run:?}"
        );
    }
}

#[test]
fn every_flag_of_a_card_and_of_the_request_is_sent() {
    let run = run(&mut callcta(&[
        "send",
        "--dry-run",
        "--json",
        "--user-ref",
        "ref-1",
        "--generic",
        "Title",
        "--subtitle",
        "Sub",
        "--image-url",
        "https://example.com/a.png",
        "--call",
        "Call",
        "--messaging-type",
        "MESSAGE_TAG",
        "--tag",
        "HUMAN_AGENT",
        "--notification-type",
        "NO_PUSH",
        "--persona-id",
        "77",
        "--reply-to",
        "m_0",
        "--metadata",
        "order 42",
    ]));
    assert_eq!(run.code, 0, "{run:?}");
    let payload = json!({"template_type": "generic", "elements": [{
        "title": "Title", "subtitle": "Sub", "image_url": "https://example.com/a.png",
        "buttons": [{"type": "audio_call", "title": "Call"}],
    }]});
    assert_eq!(
        run.json(),
        json!({
            "recipient": {"user_ref": "ref-1"},
            "messaging_type": "MESSAGE_TAG",
            "tag": "HUMAN_AGENT",
            "notification_type": "NO_PUSH",
            "persona_id": "77",
            "reply_to": {"mid": "m_0"},
            "message": {
                "attachment": {"type": "template", "payload": payload},
                "metadata": "order 42",
            },
        })
    );
}

#[test]
fn a_file_holds_a_message_or_a_whole_request_and_flags_win() {
    let whole = generic_sample();
    let message = whole["message"].to_string();
    let cases = [
        (message, &["--to", PSID][..], whole.clone()),
        (whole.to_string(), &[], whole.clone()),
        (
            whole.to_string(),
            &["--comment-id", "9_9", "--messaging-type", "UPDATE"],
            json!({
                "recipient": {"comment_id": "9_9"},
                "messaging_type": "UPDATE",
                "message": whole["message"],
            }),
        ),
    ];
    for (input, flags, expected) in cases {
        let platform = Platform::taking();
        let mut command = platform.send(&["--json", "--file", "-"]);
        let run = run_with_input(command.args(flags), &input);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(platform.received()[0].body, expected);
    }
}

#[test]
fn a_file_without_a_recipient_is_not_sent() {
    let message = generic_sample()["message"].to_string();
    let platform = Platform::taking();
    let checked = run_with_input(&mut platform.send(&["--json", "--file", "-"]), &message);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.json()["violations"][0]["path"], "recipient");
    let mut command = platform.send(&["--json", "--file", "-", "--unchecked"]);
    let unchecked = run_with_input(&mut command, &message);
    assert_eq!(unchecked.code, 2);
    assert_eq!(unchecked.json()["kind"], "invalid_argument");
    assert!(platform.received().is_empty());
}

#[test]
fn success_as_json() {
    let platform = Platform::taking();
    let run = run(platform.send(&CARD).arg("--json"));
    assert_eq!(run.code, 0);
    assert_eq!(
        run.json(),
        json!({"ok": true, "host": platform.host(), "message_id": "m_1", "recipient_id": PSID})
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn success_without_a_recipient_id_leaves_the_key_out() {
    let platform = Platform::answering("200 OK", "", r#"{"message_id":"m_2"}"#);
    let run = run(platform.send(&CARD).arg("--json"));
    let host = platform.host();
    assert_eq!(
        run.json(),
        json!({"ok": true, "host": host, "message_id": "m_2"})
    );
}

#[test]
fn whoever_was_spoken_to_is_named() {
    let taking = Platform::taking();
    let sent = run(&mut taking.send(&CARD));
    assert!(sent.stdout.contains(taking.host()), "{sent:?}");
    for (platform, codes) in [
        (
            Platform::answering("405 Method Not Allowed", "", "<p>no</p>"),
            [4, 4],
        ),
        (Platform::hanging_up(), [4, 4]),
    ] {
        let in_words = run(&mut platform.send(&CARD));
        let as_json = run(platform.send(&CARD).arg("--json"));
        assert_eq!([in_words.code, as_json.code], codes);
        assert!(in_words.stderr.contains(platform.host()), "{in_words:?}");
        assert_eq!(as_json.json()["host"], platform.host());
    }
    // Nobody was.
    let bad = ["--to", PSID, "--button", "Hi", "--json"];
    assert!(run(&mut taking.send(&bad)).json().get("host").is_none());
}

#[test]
fn an_empty_base_url_is_not_meta() {
    let platform = Platform::taking();
    let mut by_variable = platform.send(&CARD);
    by_variable.env("CALLCTA_BASE_URL", "");
    let mut by_flag = platform.send(&CARD);
    by_flag.args(["--base-url", ""]);
    for command in [&mut by_variable, &mut by_flag] {
        let run = run(command);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("the base URL is empty"), "{run:?}");
    }
}

#[test]
fn an_invalid_message_is_not_sent_unless_unchecked() {
    let platform = Platform::taking();
    let mut command = platform.send(&CARD);
    command.args(["--expires-in-days", "8"]);
    let in_words = run(&mut command);
    assert_eq!(in_words.code, 1);
    assert!(
        in_words.stderr.contains("invalid_message: "),
        "{in_words:?}"
    );
    assert!(in_words.stderr.contains("not sent; "), "{in_words:?}");
    let as_json = run(command.arg("--json"));
    assert_eq!(as_json.code, 1);
    let json = as_json.json();
    let message = json["message"].as_str().unwrap();
    assert!(message.contains("expires_in_days"), "{message}");
    let path = "message.attachment.payload.elements[0].buttons[0].expires_in_days";
    assert_eq!(
        json,
        json!({
            "ok": false,
            "kind": "invalid_message",
            "delivery": "not_sent",
            "message": message,
            "violations": [{
                "path": path,
                "rule": "out_of_range",
                "severity": "error",
                "message": json["violations"][0]["message"],
            }],
            "docs": "docs/errors/invalid_message.md",
        })
    );
    assert!(platform.received().is_empty());

    assert_eq!(run(command.arg("--unchecked")).code, 0);
    let sent = &platform.received()[0].body;
    let button = &sent["message"]["attachment"]["payload"]["elements"][0]["buttons"][0];
    assert_eq!(button["expires_in_days"], 8);
}

#[test]
fn a_file_with_a_key_twice_is_not_sent_and_one_with_a_near_miss_is() {
    let platform = Platform::taking();
    let send =
        |content: &str| run_with_input(&mut platform.send(&["--to", PSID, "--file", "-"]), content);
    let twice = send(r#"{"text": "Hi", "text": "Ho"}"#);
    assert_eq!(twice.code, 1, "{twice:?}");
    assert!(
        twice.stderr.contains("message.text: is there twice"),
        "{twice:?}"
    );
    assert!(platform.received().is_empty());
    let near = send(r#"{"text": "Hi", "metdata": "m"}"#);
    assert_eq!(near.code, 0, "{near:?}");
    let warning = "warning: message.metdata: is not known, did you mean metadata?";
    assert!(near.stderr.starts_with(warning), "{near:?}");
    assert_eq!(platform.received().len(), 1);
}

#[test]
fn a_warning_is_told_and_the_message_sent() {
    let platform = Platform::taking();
    let run = run(&mut platform.send(&[
        "--json",
        "--to",
        PSID,
        "--generic",
        "Hello",
        "--call",
        "A title of more than twenty",
    ]));
    assert_eq!(run.code, 0);
    assert_eq!(run.json()["ok"], true);
    assert!(run.stderr.starts_with("warning: "), "{run:?}");
    assert!(run.stderr.contains("[too_long]"), "{run:?}");
}

#[test]
fn rejected() {
    let body = json!({"error": {
        "message": "(#10) outside \u{1b}[31mof allowed window",
        "type": "OAuthException",
        "code": 10,
        "error_subcode": 2_018_278,
        "fbtrace_id": "AbCdEf",
    }});
    let platform = Platform::answering("400 Bad Request", "", &body.to_string());
    let in_words = run(&mut platform.send(&CARD));
    assert_eq!(in_words.code, 3);
    assert_eq!(in_words.stdout, "");
    for part in [
        "outside_window: ",
        "rejected; ",
        "2018278",
        "AbCdEf",
        "what to do",
        "docs/errors/outside_window.md",
        "(#10)",
    ] {
        assert!(in_words.stderr.contains(part), "{part}: {in_words:?}");
    }
    // The platform's text doesn't get to steer the terminal.
    assert!(!in_words.stderr.contains('\u{1b}'), "{in_words:?}");

    let as_json = run(platform.send(&CARD).arg("--json"));
    assert_eq!(as_json.code, 3);
    assert_eq!(as_json.stderr, "");
    let json = as_json.json();
    assert_eq!(
        json,
        json!({
            "ok": false,
            "host": platform.host(),
            "kind": "outside_window",
            "delivery": "rejected",
            "message": json["message"],
            "code": 10,
            "subcode": 2_018_278,
            "platform": ["(#10) outside \u{1b}[31mof allowed window"],
            "trace_id": "AbCdEf",
            "http_status": 400,
            "docs": "docs/errors/outside_window.md",
        })
    );
    assert_eq!(platform.received().len(), 2);
}

#[test]
fn a_rate_limit_is_tried_again_as_often_as_allowed() {
    let body = r#"{"error":{"message":"slow","type":"OAuthException","code":613}}"#;
    let platform = Platform::answering("429 Too Many Requests", "Retry-After: 0\r\n", body);
    let run_it = |attempts: &[&str]| {
        let before = platform.received().len();
        let run = run(platform.send(&CARD).arg("--json").args(attempts));
        assert_eq!(run.code, 3, "{run:?}");
        assert_eq!(run.json()["kind"], "rate_limited");
        assert_eq!(run.json()["retry_after"], 0);
        platform.received().len() - before
    };
    assert_eq!(run_it(&["--attempts", "1"]), 1);
    assert_eq!(run_it(&["--attempts", "2"]), 2);
    // The default, as the help has it.
    assert_eq!(run_it(&[]), 3);
}

#[test]
fn unknown_delivery_after_one_request() {
    let platform = Platform::hanging_up();
    let as_json = run(platform.send(&CARD).arg("--json"));
    assert_eq!(as_json.code, 4);
    assert_eq!(as_json.json()["kind"], "network");
    assert_eq!(as_json.json()["delivery"], "unknown");
    assert_eq!(platform.received().len(), 1);
    let in_words = run(&mut platform.send(&CARD));
    assert_eq!(in_words.code, 4);
    assert!(
        in_words
            .stderr
            .contains("unknown; the message may or may not"),
        "{in_words:?}"
    );
    assert_eq!(platform.received().len(), 2);
}

#[test]
fn not_sent_when_nobody_listens() {
    // Nobody listens on the port of a server that is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut command = Platform::taking().send(&CARD);
    command.args(["--json", "--attempts", "1"]);
    let run = run(command.env("CALLCTA_BASE_URL", url));
    assert_eq!(run.code, 5);
    assert_eq!(run.json()["kind"], "connect");
    assert_eq!(run.json()["delivery"], "not_sent");
}

#[test]
fn usage_errors() {
    let missing_page = run(callcta(&["send", "--json"]).args(CARD));
    assert_eq!(missing_page.code, 2);
    assert_eq!(missing_page.json()["kind"], "invalid_argument");
    assert!(
        missing_page.stdout.contains("CALLCTA_PAGE_ID"),
        "{missing_page:?}"
    );

    let missing_token = run(callcta(&["send", "--page-id", "1"]).args(CARD));
    assert_eq!(missing_token.code, 2);
    assert!(
        missing_token.stderr.contains("CALLCTA_ACCESS_TOKEN"),
        "{missing_token:?}"
    );

    let platform = Platform::taking();
    for flags in [
        &["--generic", "Hello"][..],                                 // to nobody
        &["--to", PSID],                                             // nothing to say
        &["--to", PSID, "--generic", "Hello", "--button", "Hello"],  // two messages
        &["--to", PSID, "--user-ref", "r", "--generic", "Hello"],    // two recipients
        &["--to", PSID, "--button", "Hello", "--subtitle", "there"], // of the other template
        &["--to", PSID, "--file", "-", "--call", "Call"],            // into a file
        &["--to", PSID, "--file", "no-such-file.json"],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--url",
            "https://example.com",
        ], // no title
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--base-url",
            "http://example.com",
        ],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--timeout",
            "0",
        ],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--attempts",
            "0",
        ],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--api-version",
            "26",
        ],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--calling-not-enabled-code",
            "x",
        ],
        &[
            "--to",
            PSID,
            "--generic",
            "Hello",
            "--call",
            "C",
            "--ca-file",
            "no-such-file.pem",
        ],
    ] {
        let run = run(&mut platform.send(flags));
        assert_eq!(run.code, 2, "{flags:?} {run:?}");
        assert!(run.stderr.starts_with("error: "), "{flags:?} {run:?}");
    }
    assert!(platform.received().is_empty());
}

#[test]
fn flags_win_over_the_environment_and_files_over_both() {
    let platform = Platform::taking();
    let mut command = platform.send(&CARD);
    command.env("CALLCTA_BASE_URL", "http://127.0.0.1:9");
    command.args([
        "--base-url",
        &platform.url,
        "--page-id",
        "42",
        "--access-token",
        "other",
    ]);
    assert_eq!(run(&mut command).code, 0);
    let head = &platform.received()[0].head;
    assert!(head.starts_with("POST /v26.0/42/messages "), "{head}");
    assert!(head.contains("Bearer other\r\n"), "{head}");

    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("token.txt");
    std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
    command.arg("--access-token-file").arg(path);
    assert_eq!(run(&mut command).code, 0);
    let head = &platform.received()[1].head;
    assert!(head.contains(&format!("Bearer {TOKEN}\r\n")), "{head}");
}

#[test]
fn an_empty_variable_counts_as_none() {
    let mut command = Platform::taking().send(&CARD);
    let run = run(command.env("CALLCTA_ACCESS_TOKEN", ""));
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("the access token is missing"),
        "{run:?}"
    );
}

#[test]
fn connection_settings_reach_the_wire() {
    let platform = Platform::taking();
    let mut command = platform.send(&CARD);
    command.env("CALLCTA_APP_SECRET", SECRET);
    command.args(["--me", "--api-version", "", "--token-in", "body"]);
    assert_eq!(run(&mut command).code, 0);
    let request = &platform.received()[0];
    assert!(
        request.head.starts_with("POST /me/messages HTTP"),
        "{request:?}"
    );
    assert!(!request.head.contains(TOKEN), "{request:?}");
    assert_eq!(request.body["access_token"], TOKEN);
    assert_eq!(request.body["appsecret_proof"].as_str().unwrap().len(), 64);
}

#[test]
fn a_code_can_be_said_to_mean_that_calling_is_not_enabled() {
    let body = r#"{"error":{"message":"no","type":"OAuthException","code":100,"error_subcode":7}}"#;
    let platform = Platform::answering("400 Bad Request", "", body);
    let kind = |flags: &[&str]| {
        let run = run(platform.send(&CARD).arg("--json").args(flags));
        run.json()["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind(&[]), "invalid_request");
    assert_eq!(
        kind(&["--calling-not-enabled-code", "100/7"]),
        "calling_not_enabled"
    );
    assert_eq!(
        kind(&["--calling-not-enabled-code", "100/8"]),
        "invalid_request"
    );
    assert_eq!(
        kind(&["--calling-not-enabled-code", "100"]),
        "calling_not_enabled"
    );
}

#[test]
fn neither_token_nor_psid_nor_text_is_logged() {
    let error = format!(
        r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190,"error_subcode":467}}}}"#
    );
    for (platform, code) in [
        (Platform::taking(), 0),
        (Platform::answering("400 Bad Request", "", &error), 3),
        (
            Platform::answering("200 OK", "", &format!("<html>{TOKEN}")),
            4,
        ),
        (Platform::hanging_up(), 4),
    ] {
        for place in ["header", "query", "body"] {
            let mut command = platform.send(&["--verbose", "--to", PSID, "--button", "a-text"]);
            command.args(["--call", "a-title", "--token-in", place]);
            // That variable must not open the logs of libraries either.
            command
                .env("RUST_LOG", "trace")
                .env("CALLCTA_APP_SECRET", SECRET);
            let run = run(&mut command);
            assert_eq!(run.code, code, "{run:?}");
            let log = run
                .stderr
                .lines()
                .filter(|line| line.starts_with('['))
                .collect::<Vec<_>>();
            assert!(!log.is_empty(), "{run:?}");
            for line in log {
                assert!(line.contains(" callcta"), "{line}");
                for secret in [PSID, "a-text", "a-title"] {
                    assert!(!line.contains(secret), "{line}");
                }
            }
        }
    }
}

#[test]
fn a_dry_run_tells_what_speaks_against_the_message() {
    let mut command = callcta(&["send", "--dry-run", "--to", PSID, "--generic", "Hello"]);
    let run = run(&mut command);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("[incomplete_element]"), "{run:?}");
    let body: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(body["recipient"]["id"], PSID);
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Platform::taking()
        .send(&CARD)
        .arg("--json")
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn colour_is_for_terminals() {
    let plain = run(&mut Platform::taking().send(&CARD));
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
    let forced = run(Platform::taking().send(&CARD).env("CLICOLOR_FORCE", "1"));
    assert!(forced.stdout.contains('\u{1b}'), "{forced:?}");
    let mut command = Platform::taking().send(&CARD);
    let refused = run(command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!refused.stdout.contains('\u{1b}'), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_send_that_waits() {
    use std::os::unix::process::ExitStatusExt;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut send = callcta(&[&["send"], &CARD[..]].concat())
        .env("CALLCTA_PAGE_ID", PAGE_ID)
        .env("CALLCTA_ACCESS_TOKEN", TOKEN)
        .env(
            "CALLCTA_BASE_URL",
            format!("http://{}", silent.local_addr().unwrap()),
        )
        .spawn()
        .unwrap();
    let _unanswered = silent.accept().unwrap();
    signal(&send, "INT");
    assert_eq!(send.wait().unwrap().signal(), Some(2));
}
