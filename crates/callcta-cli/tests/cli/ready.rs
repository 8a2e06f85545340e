//! What `callcta emulate` says first.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{callcta, program, run};

#[cfg(unix)]
#[test]
fn variables_for_a_shell_that_goes_on_while_the_emulator_runs() {
    let script = r#"
        eval "$("$0" emulate --quiet --format env &)"
        "$0" send --to "$CALLCTA_PSID" --generic Hello --call Call > /dev/null || exit 9
        echo "$CALLCTA_VERIFY_TOKEN $CALLCTA_APP_SECRET $CALLCTA_CONTROL_URL"
        kill "$CALLCTA_EMULATOR_PID"
    "#;
    let shell = run(Command::new("sh").args(["-c", script, &program()]));
    assert_eq!((shell.code, shell.stderr.as_str()), (0, ""), "{shell:?}");
    let start = "emulated-verify-token emulated-app-secret http://127.0.0.1:";
    assert!(shell.stdout.starts_with(start), "{shell:?}");
    assert!(shell.stdout.ends_with("/_emulator\n"), "{shell:?}");
}

#[cfg(unix)]
#[test]
fn variables_are_quoted_for_a_shell() {
    let file = format!("{}/odd-token.json", env!("CARGO_TARGET_TMPDIR"));
    let token = "it's $(date) `x` \"y\"";
    let seed = serde_json::json!({"pages": {"7": {"tokens": [{"token": token}]}}});
    std::fs::write(&file, seed.to_string()).unwrap();
    let script = r#"
        eval "$("$0" emulate --quiet --format env --seed-file "$1" &)"
        kill "$CALLCTA_EMULATOR_PID"
        printf '%s' "$CALLCTA_ACCESS_TOKEN"
    "#;
    let shell = run(Command::new("sh").args(["-c", script, &program(), &file]));
    assert_eq!((shell.code, shell.stdout.as_str()), (0, token), "{shell:?}");
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_says_where_the_inbox_page_is() {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let mut child = callcta(&["emulate", "--quiet", "--exit-on-stdin-close"])
        .stdin(Stdio::piped())
        .stdout(terminal.slave)
        .spawn()
        .unwrap();
    let mut words = BufReader::new(std::fs::File::from(terminal.master));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        words.read_line(&mut line).unwrap();
        lines.push(line.trim_end().to_owned());
        if line.starts_with("inbox page: ") {
            break;
        }
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let url = lines[0].strip_prefix("export CALLCTA_BASE_URL=").unwrap();
    assert_eq!(lines.last().unwrap(), &format!("inbox page: {url}/"));
    let token = "export CALLCTA_ACCESS_TOKEN=EMULATED-PAGE-TOKEN";
    assert!(lines.iter().any(|line| line == token), "{lines:?}");
}

#[test]
fn settings_come_from_variables_too() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    let mut child = callcta(&["emulate", "--exit-on-stdin-close"])
        .env("CALLCTA_EMULATOR_PORT", &port)
        .env("CALLCTA_EMULATOR_QUIET", "true")
        .env("CALLCTA_EMULATOR_FORMAT", "json")
        .env("CALLCTA_EMULATOR_RUN_CLOCK", "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["url"], format!("http://127.0.0.1:{port}"));
    let clock = ureq::get(format!("http://127.0.0.1:{port}/_emulator/clock"));
    let clock = clock.call().unwrap().body_mut().read_to_string().unwrap();
    let clock: Value = serde_json::from_str(&clock).unwrap();
    assert_eq!(clock["running"], true);

    // A flag wins, and waiting minds no settings.
    let taken = run(callcta(&["emulate", "--port", &port]).env("CALLCTA_EMULATOR_PORT", "0"));
    assert_eq!(taken.code, 2, "{taken:?}");
    let named = format!("port {port} of 127.0.0.1 is taken");
    assert!(taken.stderr.contains(&named), "{taken:?}");
    assert!(taken.stderr.contains("--port 0"), "{taken:?}");
    let ready = ready["url"].as_str().unwrap();
    let waited =
        run(callcta(&["emulate", "--wait-ready", ready]).env("CALLCTA_EMULATOR_PORT", &port));
    assert_eq!(waited.code, 0, "{waited:?}");

    drop(child.stdin.take());
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), log.as_str()), (Some(0), ""));
}
