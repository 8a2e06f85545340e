use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{callcta, run, run_with_input};

/// A file for one test.
fn file(name: &str, content: &str) -> String {
    let path: PathBuf = [env!("CARGO_TARGET_TMPDIR"), name].iter().collect();
    std::fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

fn sound() -> String {
    let payload = json!({
        "template_type": "button",
        "text": "Contact Support!",
        "buttons": [{"type": "audio_call", "title": "Call Now", "expires_in_days": 5}],
    });
    json!({"attachment": {"type": "template", "payload": payload}}).to_string()
}

#[test]
fn nine_mistakes_are_nine_violations() {
    let mistaken = json!({
        "recipient": {"id": "not-a-psid"},
        "messaging_type": "RESPONSE",
        "tag": "ACCOUNT_UPDATE",
        "message": {"attachment": {"type": "template", "payload": {
            "template_type": "generic",
            "elements": [
                {
                    "title": "T".repeat(81),
                    "subtitle": "S".repeat(81),
                    "image_url": "ftp://example.com/a.png",
                    "buttons": [
                        {"type": "audio_call", "title": "Call Now", "expires_in_days": 8},
                        {"type": "web_url", "title": "", "url": "https://example.com"},
                    ],
                },
                {"title": "Nothing else"},
            ],
        }}},
    });
    let file = file("nine.json", &mistaken.to_string());
    let elements = "message.attachment.payload.elements";
    let expected = [
        ("recipient.id".to_owned(), "invalid_id"),
        (format!("{elements}[0].title"), "too_long"),
        (format!("{elements}[0].subtitle"), "too_long"),
        (format!("{elements}[0].image_url"), "invalid_url"),
        (
            format!("{elements}[0].buttons[0].expires_in_days"),
            "out_of_range",
        ),
        (format!("{elements}[0].buttons[1].title"), "required"),
        (format!("{elements}[1]"), "incomplete_element"),
        ("tag".to_owned(), "retired_tag"),
        ("messaging_type".to_owned(), "tag_mismatch"),
    ];

    let as_json = run(&mut callcta(&["check", "--json", &file]));
    assert_eq!(as_json.code, 1);
    let json = as_json.json();
    assert_eq!((&json["ok"], &json["file"]), (&json!(false), &json!(file)));
    let found: Vec<_> = json["violations"].as_array().unwrap().iter().collect();
    for violation in &found {
        assert_eq!(violation["severity"], "error");
        assert_ne!(violation["message"], "");
    }
    let places = |violation: &&Value| {
        let text = |key: &str| violation[key].as_str().unwrap().to_owned();
        (text("path"), text("rule"))
    };
    assert_eq!(
        found.iter().map(places).collect::<Vec<_>>(),
        expected.clone().map(|(path, rule)| (path, rule.to_owned()))
    );

    let in_words = run(&mut callcta(&["check", &file]));
    assert_eq!(in_words.code, 1);
    let lines: Vec<_> = in_words.stdout.lines().collect();
    assert_eq!(lines.len(), 10, "{in_words:?}");
    for (line, (path, rule)) in lines.iter().zip(&expected) {
        assert!(line.starts_with(&format!("error: {path}: ")), "{line}");
        assert!(line.ends_with(&format!(" [{rule}]")), "{line}");
    }
    assert_eq!(lines[9], "9 errors");
}

#[test]
fn a_sound_message_passes() {
    let file = file("sound.json", &sound());
    let in_words = run(&mut callcta(&["check", &file]));
    assert_eq!(
        (in_words.code, in_words.stdout.as_str()),
        (0, "no rule is broken\n")
    );
    let as_json = run(&mut callcta(&["check", "--json", &file]));
    assert_eq!(as_json.code, 0);
    assert_eq!(as_json.json(), json!({"ok": true, "file": file}));
}

#[test]
fn warnings_are_listed_and_pass() {
    let file = file(
        "warning.json",
        &sound().replace("Call Now", "A title of more than twenty"),
    );
    let in_words = run(&mut callcta(&["check", &file]));
    assert_eq!(in_words.code, 0);
    assert!(
        in_words.stdout.starts_with("warning: message."),
        "{in_words:?}"
    );
    assert!(in_words.stdout.ends_with("\n1 warning\n"), "{in_words:?}");
    let as_json = run(&mut callcta(&["check", "--json", &file]));
    assert_eq!(as_json.code, 0);
    assert_eq!(as_json.json()["ok"], true);
    assert_eq!(as_json.json()["violations"][0]["severity"], "warning");
}

#[test]
fn a_request_needs_a_recipient_and_a_message_doesnt() {
    let message = run_with_input(&mut callcta(&["check", "-"]), &sound());
    assert_eq!(message.code, 0, "{message:?}");
    let request = format!(r#"{{"message": {}}}"#, sound());
    let request = run_with_input(&mut callcta(&["check", "-"]), &request);
    assert_eq!(request.code, 1);
    assert!(
        request.stdout.starts_with("error: recipient: "),
        "{request:?}"
    );
}

#[test]
fn syntax_errors_have_line_and_column() {
    let run = run_with_input(&mut callcta(&["check", "--json", "-"]), "{\n  \"a\": x\n}");
    assert_eq!(run.code, 1);
    let violation = &run.json()["violations"][0];
    assert_eq!(violation["rule"], "malformed_json");
    let message = violation["message"].as_str().unwrap();
    assert!(message.contains("line 2, column 8"), "{message}");
}

/// Ten names that are near to documented ones, and no other fault.
fn near_misses() -> String {
    json!({
        "recipient": {"id": "1254477777772919"},
        "messaging_type": "RESPONCE",
        "notifcation_type": "REGULAR",
        "message": {
            "attachment": {"type": "template", "payload": {
                "template_type": "genric",
                "shareable": true,
                "elements": [{
                    "title": "T",
                    "imageUrl": "https://example.com/a.png",
                    "buttons": [
                        {"type": "audio-call", "title": "Call Now", "expires_in_day": 5},
                        {
                            "type": "web_url", "title": "View Website", "url": "https://example.com",
                            "webview_hieght_ratio": "tall", "webview_height_ratio": "ful",
                        },
                    ],
                }],
            }},
            "quick_replies": [{"content_type": "user-email"}],
        },
    })
    .to_string()
}

#[test]
fn ten_near_misses_are_ten_warnings_that_name_the_right_word() {
    let payload = "message.attachment.payload";
    let buttons = format!("{payload}.elements[0].buttons");
    let expected = [
        (format!("{payload}.template_type"), "generic"),
        (format!("{payload}.shareable"), "sharable"),
        (format!("{payload}.elements[0].imageUrl"), "image_url"),
        (format!("{buttons}[0].type"), "audio_call"),
        (format!("{buttons}[0].expires_in_day"), "expires_in_days"),
        (
            format!("{buttons}[1].webview_hieght_ratio"),
            "webview_height_ratio",
        ),
        (format!("{buttons}[1].webview_height_ratio"), "full"),
        (
            "message.quick_replies[0].content_type".to_owned(),
            "user_email",
        ),
        ("notifcation_type".to_owned(), "notification_type"),
        ("messaging_type".to_owned(), "RESPONSE"),
    ];
    let file = file("near-misses.json", &near_misses());

    let in_words = run(&mut callcta(&["check", &file]));
    assert_eq!(in_words.code, 0, "{in_words:?}");
    let lines: Vec<_> = in_words.stdout.lines().collect();
    assert_eq!(lines.len(), 11, "{in_words:?}");
    assert_eq!(lines[10], "10 warnings");
    for (line, (path, meant)) in lines.iter().zip(&expected) {
        assert!(line.starts_with(&format!("warning: {path}: ")), "{line}");
        let named = format!(" did you mean {meant}? [unknown_name]");
        assert!(line.ends_with(&named), "{line}");
    }

    let as_json = run(&mut callcta(&["check", "--json", &file]));
    let violations = as_json.json()["violations"].as_array().unwrap().clone();
    assert_eq!((as_json.code, violations.len()), (0, 10));
    for (violation, (path, _)) in violations.iter().zip(&expected) {
        assert_eq!(
            (&violation["path"], &violation["severity"]),
            (&json!(path), &json!("warning"))
        );
    }
}

#[test]
fn strictly_a_warning_fails() {
    let near = file("strict-near.json", &near_misses());
    let good = file("strict-good.json", &sound());
    for (file, code) in [(&near, 1), (&good, 0)] {
        let in_words = run(&mut callcta(&["check", "--strict", file]));
        assert_eq!(in_words.code, code, "{in_words:?}");
        let as_json = run(&mut callcta(&["check", "--strict", "--json", file]));
        assert_eq!(as_json.code, code);
        assert_eq!(as_json.json()["ok"], code == 0);
    }
}

#[test]
fn what_there_are_no_rules_for_is_said() {
    let receipt = json!({"attachment": {"type": "template", "payload": {
        "template_type": "receipt", "recipient_name": "Ann",
    }}});
    let file = file("receipt.json", &receipt.to_string());
    let in_words = run(&mut callcta(&["check", "--strict", &file]));
    let said = "note: message.attachment.payload: not checked, callcta has no rules for it\n\
                no rule is broken\n";
    assert_eq!((in_words.code, in_words.stdout.as_str()), (0, said));
    let as_json = run(&mut callcta(&["check", "--json", &file])).json();
    assert_eq!(
        (&as_json["ok"], &as_json["unchecked"]),
        (&json!(true), &json!(["message.attachment.payload"]))
    );
}

#[test]
fn however_much_is_wrong_the_list_is_short() {
    let elements = vec![json!({"titel": "T"}); 30_000];
    let payload = json!({"template_type": "generic", "elements": elements});
    let message = json!({"attachment": {"type": "template", "payload": payload}});
    let as_json = run_with_input(
        &mut callcta(&["check", "--json", "-"]),
        &message.to_string(),
    );
    assert_eq!(as_json.code, 1);
    let violations = &as_json.json()["violations"];
    assert_eq!(violations.as_array().unwrap().len(), 101);
    assert_eq!(violations[100]["rule"], "more");
    let in_words = run_with_input(&mut callcta(&["check", "-"]), &message.to_string());
    assert_eq!(
        in_words.stdout.lines().last().unwrap(),
        "30001 errors, 30000 warnings"
    );
}

#[test]
fn a_file_may_have_any_line_ends_and_a_mark_but_only_one_encoding() {
    for (name, content, said) in [
        (
            "marked.json",
            "\u{feff}{\r\n\"text\": \"Hi\"}".as_bytes(),
            "no rule is broken",
        ),
        ("latin-1.json", b"{\"text\": \"Gr\xfc\xdfe\"}", "Latin-1"),
        ("utf-16.json", b"\xff\xfe{\0}\0", "UTF-16 (little-endian)"),
        (
            "comma.json",
            b"{\r\n\t\"text\": \"Hi\",\r\n}",
            "line 2, column 14: a trailing comma",
        ),
        (
            "twice.json",
            b"{\"text\": \"Hi\",\n\"text\": \"Ho\"}",
            "message.text: is there twice",
        ),
    ] {
        let path: PathBuf = [env!("CARGO_TARGET_TMPDIR"), name].iter().collect();
        std::fs::write(&path, content).unwrap();
        let run = run(&mut callcta(&["check", path.to_str().unwrap()]));
        assert!(run.stdout.contains(said), "{run:?}");
        assert!(!run.stdout.contains("Hi"), "{run:?}");
    }
}

#[test]
fn several_files_are_named_and_the_worst_decides() {
    let good = file("several-good.json", &sound());
    let bad = file("several-bad.json", "{}");
    let missing = file("several-missing.json", "");
    std::fs::remove_file(&missing).unwrap();

    let in_words = run(&mut callcta(&["check", &bad, &good]));
    assert_eq!(in_words.code, 1);
    let lines: Vec<_> = in_words.stdout.lines().collect();
    assert!(
        lines[0].starts_with(&format!("{bad}: error: ")),
        "{in_words:?}"
    );
    assert_eq!(lines.last().unwrap(), &format!("{good}: no rule is broken"));

    let with_missing = run(&mut callcta(&["check", "--json", &bad, &missing, &good]));
    assert_eq!(with_missing.code, 2);
    let lines: Vec<Value> = with_missing
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (&line["ok"], &line["file"]))
        .collect();
    let [no, yes] = [json!(false), json!(true)];
    let [bad, missing, good] = [json!(bad), json!(missing), json!(good)];
    assert_eq!(told, [(&no, &bad), (&no, &missing), (&yes, &good)]);
    assert_eq!(lines[1]["kind"], "invalid_argument");
    assert!(
        lines[1]["message"]
            .as_str()
            .unwrap()
            .contains("several-missing.json")
    );
}

#[test]
fn a_reader_that_went_away_is_no_failure_of_its_own() {
    let file = file("broken-pipe.json", "{}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = callcta(&["check", &file, &file])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
