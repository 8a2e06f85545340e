use serde_json::json;

use crate::support::{Run, callcta, run, run_with_input};

fn code_of(message: &str, arguments: &[&str]) -> Run {
    let arguments = [&["code", "-", "--lang"], arguments].concat();
    run_with_input(&mut callcta(&arguments), message)
}

/// What `callcta code` prints for a card with a call button.
fn code(arguments: &[&str]) -> String {
    let card = json!({"attachment": {"type": "template", "payload": {
        "template_type": "generic",
        "elements": [{
            "title": "Contact Support!",
            "subtitle": "It's \"free\"",
            "buttons": [{"type": "audio_call", "title": "Call Now", "expires_in_days": 5}],
        }],
    }}});
    let outcome = code_of(&card.to_string(), arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

#[test]
fn a_card_is_what_one_would_write() {
    insta::assert_snapshot!("code_rust", code(&["rust"]));
    insta::assert_snapshot!("code_python", code(&["python"]));
    insta::assert_snapshot!("code_typescript", code(&["typescript"]));
    insta::assert_snapshot!("code_javascript", code(&["js", "--name", "card"]));
    insta::assert_snapshot!("code_c", code(&["c", "--name", "card"]));
}

#[test]
fn a_program_sends_what_the_request_says() {
    let request = json!({
        "recipient": {"user_ref": "ref 1"},
        "message": {"text": "Hello"},
        "messaging_type": "RESPONSE",
        "reply_to": {"mid": "m_1"},
        "later": {"a": [1, null]},
    });
    let programs = ["rust", "python", "typescript", "javascript", "c"].map(|language| {
        let outcome = code_of(&request.to_string(), &[language, "--program"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    });
    insta::assert_snapshot!("code_programs", programs.join("\n"));
}

#[test]
fn what_is_no_message_has_no_code() {
    let outcome = code_of("{\"text\": \"hi\",}", &["c"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    assert!(
        outcome.stderr.contains("a trailing comma"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_no_call_says_has_no_program() {
    let request = json!({"recipient": {"phone_number": "+15105550100"}, "message": {"text": "a"}});
    let outcome = code_of(&request.to_string(), &["python", "--program"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    assert!(
        !outcome.stderr.contains("15105550100"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_name_is_one_in_every_language() {
    for name in ["1st", "a-b", "", "a b", "é"] {
        let outcome = run(&mut callcta(&["code", "-", "--lang", "c", "--name", name]));
        assert_eq!(outcome.code, 2, "{name}");
    }
}
