use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use callcta::webhook::Secrets;
use serde_json::Value;

use crate::support::{Run, SECRET, callcta, run, run_with_input};

/// A running `callcta webhook listen --json`, which ends with its standard input.
struct Listener {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Listener {
    fn start(args: &[&str]) -> Self {
        let mut child = callcta(&["webhook", "listen", "--json", "--exit-on-stdin-close"])
            .args(args)
            .env("CALLCTA_APP_SECRET", SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Listener { child, stdout, url }
    }

    /// The next event.
    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// What a request is answered with.
    fn exchange(&self, head: &str, body: &str) -> String {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head}\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        assert!(self.child.wait().unwrap().success());
        assert!(!stderr.contains(SECRET), "{stderr}");
        stderr
    }
}

fn send(args: &[&str]) -> Command {
    let mut command = callcta(&["webhook", "send", "--json"]);
    command.args(args).env("CALLCTA_APP_SECRET", SECRET);
    command
}

fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_sample_that_is_played_is_heard() {
    let mut listener = Listener::start(&[]);
    let url = listener.url.clone();
    let played = run(&mut send(&["--url", &url]));
    assert_eq!(played.code, 0, "{played:?}");
    let played = lines(&played);
    assert!(played.len() > 10, "{}", played.len());
    let mut kinds = Vec::new();
    for sample in &played {
        assert_eq!(sample["http_status"], 200, "{sample}");
        let event = listener.event();
        assert_eq!(
            (&event["again"], &event["secret"]),
            (&false.into(), &0.into()),
            "{event}"
        );
        kinds.push(event["type"].as_str().unwrap().to_owned());
    }
    assert!(!kinds.contains(&"unknown".to_owned()), "{kinds:?}");
    let again = run(&mut send(&["--url", &url, "--event", "call_connect"]));
    assert_eq!(again.code, 0, "{again:?}");
    let event = listener.event();
    assert_eq!(
        (&event["type"], &event["event"]),
        (&"call".into(), &"connect".into())
    );
    assert_eq!(event["again"], true);
    listener.end();
}

#[test]
fn what_is_not_signed_well_is_refused() {
    let listener = Listener::start(&[]);
    for how in ["wrong", "missing"] {
        let args = [
            "--url",
            &listener.url,
            "--event",
            "message",
            "--signature",
            how,
        ];
        let played = run(&mut send(&args));
        assert_eq!(played.code, 0, "{played:?}");
        assert_eq!(played.json()["http_status"], 401);
    }
    // Two signatures are none.
    let body = r#"{"object":"page","entry":[]}"#;
    let good = Secrets::new([SECRET]).unwrap().sign(body.as_bytes());
    let twice =
        format!("POST / HTTP/1.1\r\nx-hub-signature-256: {good}\r\nx-hub-signature-256: {good}");
    assert!(listener.exchange(&twice, body).starts_with("HTTP/1.1 401"));
    let once = format!("POST /any/path HTTP/1.1\r\nx-hub-signature-256: {good}");
    assert!(listener.exchange(&once, body).starts_with("HTTP/1.1 200"));
    let told = listener.end();
    assert_eq!(told.matches("refused:").count(), 3, "{told}");
}

#[test]
fn a_receiver_that_takes_everything_is_told_on() {
    let listener = Listener::start(&["--unverified"]);
    let args = [
        "--url",
        &listener.url,
        "--event",
        "message",
        "--signature",
        "wrong",
    ];
    let played = run(&mut send(&args));
    assert_eq!((played.code, &played.json()["ok"]), (1, &false.into()));
    assert!(listener.end().contains("not verified"));
    let nobody = run(&mut send(&[
        "--url",
        "http://127.0.0.1:1",
        "--event",
        "read",
    ]));
    assert_eq!((nobody.code, &nobody.json()["ok"]), (1, &false.into()));
}

#[test]
fn the_challenge_is_answered_and_nothing_else_taken_for_one() {
    let listener = Listener::start(&["--verify-token", "my token"]);
    let get = |target: &str| listener.exchange(&format!("GET {target} HTTP/1.1"), "");
    let query = "/hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let answer = get(&format!("{query}my%20token"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: text/plain"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n1158201444"), "{answer}");
    assert!(get(&format!("{query}other")).starts_with("HTTP/1.1 403"));
    assert!(get("/health").starts_with("HTTP/1.1 400"));
    assert!(
        listener
            .exchange("HEAD / HTTP/1.1", "")
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        listener
            .exchange("PUT / HTTP/1.1", "")
            .starts_with("HTTP/1.1 405")
    );
    listener.end();
}

#[test]
fn what_is_forwarded_arrives_as_it_came_and_in_order() {
    let mut receiver = Listener::start(&[]);
    let listener = Listener::start(&["--forward", &receiver.url]);
    let played = run(&mut send(&["--url", &listener.url]));
    assert_eq!(played.code, 0, "{played:?}");
    let names: Vec<Value> = lines(&played)
        .iter()
        .map(|line| line["event"].clone())
        .collect();
    // Only what is verified comes out of the second one.
    let arrived: Vec<Value> = names.iter().map(|_| receiver.event()).collect();
    let first = arrived.first().unwrap();
    assert_eq!(
        (&names[0], &first["type"]),
        (&"message".into(), &"message".into())
    );
    assert_eq!(arrived.last().unwrap()["event"], "terminate");
    listener.end();
    receiver.end();
}

#[test]
fn nothing_listens_without_a_secret() {
    let without = run(&mut callcta(&["webhook", "listen"]));
    assert_eq!(without.code, 2, "{without:?}");
    assert!(without.stderr.contains("CALLCTA_APP_SECRET"), "{without:?}");
}

#[test]
fn why_a_signature_does_not_fit_is_found() {
    let body = r#"{"object":"page","entry":[{"id":"1","time":5}]}"#;
    let signature = Secrets::new([SECRET]).unwrap().sign(body.as_bytes());
    let cause = |received: &str, own: &str| {
        let args = [
            "webhook",
            "verify",
            "--json",
            "--signature",
            &signature,
            "--other-secret",
            SECRET,
        ];
        let found = run_with_input(callcta(&args).env("CALLCTA_APP_SECRET", own), received);
        (
            found.code,
            found.json()["cause"].as_str().unwrap().to_owned(),
        )
    };
    let of = |code, cause: &str| (code, cause.to_owned());
    assert_eq!(cause(body, SECRET), of(0, "none"));
    assert_eq!(cause(&format!("{body}\n"), SECRET), of(1, "line_end"));
    assert_eq!(
        cause(&body.replace(':', ": "), SECRET),
        of(1, "reserialized")
    );
    assert_eq!(cause(body, "mine"), of(1, "other_secret"));
    assert_eq!(cause("{}", SECRET), of(1, "unknown"));
    let missing = run(
        callcta(&["webhook", "verify", "--signature", "x", "/no/such/file"])
            .env("CALLCTA_APP_SECRET", SECRET),
    );
    assert_eq!(missing.code, 2, "{missing:?}");
}

#[test]
fn samples_are_listed_and_unknown_ones_refused() {
    let listed = run(&mut callcta(&["webhook", "send", "--list"]));
    assert!(
        listed.stdout.lines().any(|name| name == "call_connect"),
        "{listed:?}"
    );
    let unknown = run(&mut send(&[
        "--url",
        "http://127.0.0.1:1",
        "--event",
        "nothing",
    ]));
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
}
