//! `callcta emulate -- COMMAND`.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::support::{SECRET, TOKEN, callcta, program, run, run_with_input, signal};

/// The emulator with a shell that runs a script; `$0` is the program itself.
fn with_shell(flags: &[&str], script: &str) -> Command {
    let mut command = callcta(&["emulate"]);
    command.args(flags).args(["--", "sh", "-c", script]);
    command.arg(program());
    // What is set already must not win: it may be a real Page.
    command
        .env("CALLCTA_PAGE_ID", "1")
        .env("CALLCTA_ACCESS_TOKEN", TOKEN)
        .env("CALLCTA_APP_SECRET", SECRET)
        .env("CALLCTA_BASE_URL", "https://graph.example.com")
        .env("CALLCTA_PSID", "2");
    command
}

#[test]
fn a_program_finds_all_that_it_needs() {
    let script = r#"
        printf 'for %s: ' "$CALLCTA_PSID"
        "$0" send --to "$CALLCTA_PSID" --generic Hello --call Call --json
        "$0" emulate --wait-ready "${CALLCTA_CONTROL_URL%/_emulator}" && cat
    "#;
    let program = run_with_input(&mut with_shell(&[], script), "its own input");
    assert_eq!(
        (program.code, program.stderr.as_str()),
        (0, ""),
        "{program:?}"
    );
    let (sent, input) = program.stdout.split_once('\n').unwrap();
    assert!(
        sent.starts_with(r#"for 200000000000001: {"ok":true"#),
        "{sent}"
    );
    assert_eq!(input, "its own input");
}

#[test]
fn it_ends_as_the_program_does() {
    let ended = |script| run(&mut with_shell(&[], script)).code;
    assert_eq!(ended("exit 0"), 0);
    assert_eq!(ended("exit 7"), 7);
    assert_eq!(ended("kill -s KILL $$"), 128 + 9);

    let missing = run(&mut callcta(&["emulate", "--", "no-such-program-anywhere"]));
    assert_eq!(missing.code, 127);
    assert!(
        missing.stderr.contains("no-such-program-anywhere"),
        "{missing:?}"
    );
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_eq!(run(&mut callcta(&["emulate", "--", manifest])).code, 126);
    assert_eq!(
        run(&mut callcta(&[
            "emulate",
            "--wait-ready",
            "x",
            "--",
            "true"
        ]))
        .code,
        2
    );
}

#[test]
fn the_emulator_is_gone_afterwards() {
    let program = run(&mut with_shell(&[], r#"printf %s "$CALLCTA_BASE_URL""#));
    let address = program.stdout.strip_prefix("http://").unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_program_that_needs_a_port_that_is_taken_does_not_run() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let program = run(&mut with_shell(&["--port", &port], "echo ran"));
    assert_eq!(
        (program.code, program.stdout.as_str()),
        (2, ""),
        "{program:?}"
    );
}

#[test]
fn requests_are_logged_when_asked_for() {
    let send = r#""$0" send --to 5 --generic Hello --call Call 2> /dev/null"#;
    let logged = |flags| run(&mut with_shell(flags, send)).stderr;
    assert_eq!(logged(&[]), "");
    assert_eq!(logged(&["-v", "--quiet"]), "");
    let log = logged(&["-v"]);
    assert!(log.contains("nobody has this PSID"), "{log}");
}

/// A running program, once it has said its first line.
fn running(script: &str) -> (Child, BufReader<impl Read>) {
    let mut child = with_shell(&[], script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, out)
}

#[test]
fn signals_reach_the_program() {
    for (name, number) in [("HUP", 1), ("INT", 2), ("TERM", 15), ("USR1", 10)] {
        // Waits in small steps, as a shell hears signals only between two commands.
        let script =
            format!("trap 'echo heard; exit 3' {name}; echo ready; while :; do sleep 0.05; done");
        let (mut child, mut out) = running(&script);
        signal(&child, name);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "heard\n", "{name}");
        assert_eq!(child.wait().unwrap().code(), Some(3), "{name}");

        // A program that doesn't mind it ends by it.
        let (mut child, _out) = running("echo ready; exec sleep 600");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
    }
}
