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
