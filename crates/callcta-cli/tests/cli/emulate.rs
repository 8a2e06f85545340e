use std::io::{BufRead, BufReader};

use serde_json::json;

use crate::running::Running;
use crate::support::{Platform, callcta, run};

#[test]
fn the_ready_line_is_all_that_a_client_needs() {
    let emulator = Running::start(&[]);
    let sent = emulator.send(emulator.psid());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(sent.json()["recipient_id"], emulator.psid());
    let refused = emulator.send("1");
    assert_eq!(refused.code, 3, "{refused:?}");
    assert_eq!(refused.json()["kind"], "invalid_recipient");

    let page_id = emulator.text("page_id").to_owned();
    let token = emulator.text("access_token").to_owned();
    let (status, log) = emulator.close();
    assert_eq!(status.code(), Some(0));
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    let request = format!("POST /v26.0/{page_id}/messages ");
    assert!(lines[1].starts_with(&format!("200 {request}")), "{log}");
    assert!(lines[2].starts_with(&format!("400 {request}")), "{log}");
    assert!(lines[2].contains("nobody has this PSID"), "{log}");
    assert!(!log.contains(&token), "{log}");
}

#[test]
fn a_quiet_one_logs_nothing() {
    let emulator = Running::start(&["--quiet"]);
    assert_eq!(emulator.send(emulator.psid()).code, 0);
    let (status, log) = emulator.close();
    assert_eq!((status.code(), log.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn signals_end_it() {
    use crate::support::signal;

    for name in ["INT", "TERM"] {
        let emulator = Running::start(&["--quiet"]);
        signal(&emulator.child, name);
        let (status, log) = emulator.end();
        assert_eq!((status.code(), log.as_str()), (Some(0), ""), "{name}");
    }
}

#[test]
fn it_starts_from_a_seed_file_and_answers_in_the_shape_asked_for() {
    let file = format!("{}/seed.json", env!("CARGO_TARGET_TMPDIR"));
    let seed = json!({
        "pages": {"7": {"tokens": [{"token": "T"}]}},
        "people": {"9": {}},
    });
    std::fs::write(&file, seed.to_string()).unwrap();
    let emulator = Running::start(&["--seed-file", &file, "--shape", "message-id-only"]);
    assert_eq!((emulator.text("page_id"), emulator.psid()), ("7", "9"));
    let sent = emulator.send("9");
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(sent.json().get("recipient_id"), None);
    emulator.close();
}

#[test]
fn what_one_exports_another_imports() {
    let file = format!("{}/snapshot.json", env!("CARGO_TARGET_TMPDIR"));
    let emulator = Running::start(&["--quiet", "--export", &file]);
    let psid = emulator.psid().to_owned();
    assert_eq!(emulator.send(&psid).code, 0);
    assert_eq!(emulator.close().0.code(), Some(0));

    let again = Running::start(&["--quiet", "--import", &file]);
    assert_eq!(again.psid(), psid);
    let url = format!("{}/_emulator/messages", again.text("url"));
    let messages = ureq::get(url)
        .call()
        .unwrap()
        .into_body()
        .read_to_string()
        .unwrap();
    assert!(messages.contains(r#""stored":1"#), "{messages}");
    again.close();

    std::fs::write(&file, "{}").unwrap();
    let foreign = run(&mut callcta(&["emulate", "--import", &file]));
    assert_eq!(foreign.code, 2, "{foreign:?}");
    assert!(foreign.stderr.contains("it is no snapshot"), "{foreign:?}");
    let nowhere = format!("{file}/nowhere");
    let emulator = Running::start(&["--quiet", "--export", &nowhere]);
    let (status, log) = emulator.close();
    assert_eq!(status.code(), Some(2), "{log}");
    assert!(log.contains("can't export to"), "{log}");
}

#[test]
fn a_tap_reaches_the_webhook() {
    let receiver = Platform::taking();
    let emulator = Running::start(&["--webhook", &receiver.url]);
    let sent = emulator.send(emulator.psid()).json();
    ureq::post(format!("{}/_emulator/tap", emulator.text("url")))
        .content_type("application/json")
        .send(json!({"message_id": sent["message_id"]}).to_string())
        .unwrap();
    let requests = receiver.received();
    let webhook = requests.last().unwrap();
    assert!(
        webhook
            .head
            .to_lowercase()
            .contains("x-hub-signature-256: sha256="),
        "{webhook:?}"
    );
    let call = &webhook.body["entry"][0]["calls"][0];
    assert_eq!(call["event"], "connect");
    assert_eq!(call["from"], emulator.psid());
    emulator.close();
}

#[test]
fn requests_are_logged_after_a_reset_too() {
    let mut emulator = Running::start(&[]);
    for _ in 0..2 {
        emulator.send(emulator.psid());
    }
    // Not before the first ones are in the log.
    let mut log = BufReader::new(emulator.child.stderr.take().unwrap());
    for _ in 0..3 {
        log.read_line(&mut String::new()).unwrap();
    }
    ureq::post(format!("{}/_emulator/reset", emulator.text("url")))
        .send_empty()
        .unwrap();
    emulator.send("1");
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.contains("nobody has this PSID"), "{line}");
    drop(emulator.child.stdin.take());
    assert_eq!(emulator.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_started_is_a_usage_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let busy = run(&mut callcta(&["emulate", "--port", &port]));
    assert_eq!((busy.code, busy.stdout.as_str()), (2, ""), "{busy:?}");

    let file = format!("{}/bad-seed.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, r#"{"page": {}}"#).unwrap();
    let misspelt = run(&mut callcta(&["emulate", "--seed-file", &file]));
    assert_eq!(misspelt.code, 2);
    assert!(misspelt.stderr.contains("bad-seed.json"), "{misspelt:?}");
    let missing = run(&mut callcta(&[
        "emulate",
        "--seed-file",
        "no-such-file.json",
    ]));
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("no-such-file.json"), "{missing:?}");
    let far = run(&mut callcta(&[
        "emulate",
        "--webhook",
        "https://example.com",
    ]));
    assert_eq!((far.code, far.stdout.as_str()), (2, ""), "{far:?}");
}

#[test]
fn waiting_for_one_that_is_there() {
    let emulator = Running::start(&[]);
    let url = emulator.text("url");
    let ready = run(&mut callcta(&["emulate", "--wait-ready", url]));
    assert_eq!(
        (ready.code, ready.stdout.as_str(), ready.stderr.as_str()),
        (0, "", "")
    );
    emulator.close();
}

#[test]
fn waiting_for_one_that_is_not_there_ends() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let run_it = |url: &str| {
        run(&mut callcta(&[
            "emulate",
            "--wait-ready",
            url,
            "--timeout",
            "0.1",
        ]))
    };
    let nobody = run_it(&url);
    assert_eq!(nobody.code, 1, "{nobody:?}");
    assert!(
        nobody.stderr.contains("no emulator was ready in time"),
        "{nobody:?}"
    );
    assert_eq!(run_it("not a url").code, 2);
}
