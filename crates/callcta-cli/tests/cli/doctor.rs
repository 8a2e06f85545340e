//! `callcta doctor`, with the emulator.

use std::net::TcpListener;
use std::process::Command;

use callcta_emulator::{Emulator, defaults};

use crate::support::{Run, callcta, run};

fn doctor(emulator: &Emulator, args: &[&str]) -> Command {
    let mut command = callcta(&[&["doctor"], args].concat());
    command
        .env("CALLCTA_BASE_URL", emulator.url())
        .env("CALLCTA_PAGE_ID", defaults::PAGE_ID)
        .env("CALLCTA_ACCESS_TOKEN", defaults::ACCESS_TOKEN);
    command
}

fn examine(emulator: &Emulator, args: &[&str]) -> Run {
    run(&mut doctor(emulator, args))
}

/// The id of the first check that failed.
fn cause(json: &serde_json::Value) -> &str {
    let checks = json["checks"].as_array().unwrap();
    let cause = checks.iter().find(|check| check["status"] == "fail");
    cause.unwrap()["id"].as_str().unwrap()
}

#[test]
fn a_healthy_page_is_all_ticks() {
    let emulator = Emulator::start().unwrap();
    let told = examine(&emulator, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let (checks, verdict) = told.stdout.trim_end().rsplit_once("\n\n").unwrap();
    let checks = checks.split_once("\n\n").unwrap().1;
    assert!(
        checks.lines().all(|line| line.starts_with('\u{2713}')),
        "{told:?}"
    );
    assert_eq!(
        verdict,
        "\u{2713} nothing was found that keeps the button from working"
    );
    assert!(!told.stdout.contains(defaults::ACCESS_TOKEN));
}

#[test]
fn the_cause_comes_with_what_mends_it_and_mending_it_helps() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| {
        let page = state.page_mut(defaults::PAGE_ID);
        page.audio_enabled = false;
        page.subscribed_fields = vec!["messages".to_owned()];
    });
    let told = examine(&emulator, &["--to", defaults::PSID]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(
        told.stdout.ends_with("can't work: audio calling is off\n"),
        "{told:?}"
    );
    assert!(
        told.stdout
            .contains("- Person: skipped, because of: Audio calling"),
        "{told:?}"
    );
    // What is said to mend it.
    let said = told
        .stdout
        .lines()
        .filter_map(|line| line.trim().strip_prefix("to mend it: "));
    for command in said.filter(|line| line.starts_with("callcta ")) {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        let mut mend = callcta(&args);
        mend.env("CALLCTA_BASE_URL", emulator.url())
            .env("CALLCTA_PAGE_ID", defaults::PAGE_ID)
            .env("CALLCTA_ACCESS_TOKEN", defaults::ACCESS_TOKEN);
        let mended = run(&mut mend);
        assert_eq!(mended.code, 0, "{command}: {mended:?}");
    }
    let told = examine(&emulator, &["--to", defaults::PSID]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn one_line_of_json_for_programs() {
    let emulator = Emulator::start().unwrap();
    let told = examine(
        &emulator,
        &["--json", "--access-token", defaults::EXPIRED_TOKEN],
    );
    assert_eq!((told.code, told.stdout.lines().count()), (1, 1), "{told:?}");
    let json = told.json();
    assert_eq!((cause(&json), &json["ok"]), ("token", &false.into()));
    assert_eq!(json["checks"][1]["kind"], "authentication");
    assert_eq!(json["checks"][2]["because"], "token");
    let source = json["settings"].as_array().unwrap();
    let source = source
        .iter()
        .find(|it| it["name"] == "access token")
        .unwrap();
    let from = "--access-token, which wins over CALLCTA_ACCESS_TOKEN";
    assert_eq!(source["from"], from);
}

#[test]
fn nobody_answers() {
    let emulator = Emulator::start().unwrap();
    let mut command = doctor(&emulator, &["--json", "--attempts", "1"]);
    emulator.stop();
    let told = run(&mut command);
    assert_eq!(
        (told.code, cause(&told.json())),
        (1, "connection"),
        "{told:?}"
    );
}

#[test]
fn a_test_card_is_sent_only_when_asked_for() {
    let emulator = Emulator::start().unwrap();
    let told = examine(&emulator, &["--to", defaults::PSID]);
    assert_eq!((told.code, emulator.messages().len()), (0, 0), "{told:?}");
    let told = examine(&emulator, &["--to", defaults::PSID, "--send-test", "-v"]);
    assert_eq!((told.code, emulator.messages().len()), (0, 1), "{told:?}");
    assert!(told.stdout.contains("why it matters: "), "{told:?}");
    let told = examine(&emulator, &["--send-test"]);
    assert_eq!(told.code, 2, "{told:?}");
}

#[test]
fn a_certificate_that_is_not_trusted_and_a_proxy_that_is_not_there() {
    let emulator = Emulator::builder().tls(true).start().unwrap();
    let told = examine(&emulator, &["--json", "--attempts", "1"]);
    let json = told.json();
    assert_eq!((told.code, cause(&json)), (1, "connection"), "{told:?}");
    let seen = json["checks"][0]["evidence"].as_str().unwrap();
    assert!(seen.contains("certificate"), "{seen}");
    let file = format!("{}/doctor-ca.pem", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, emulator.ca_pem().unwrap()).unwrap();
    let told = examine(&emulator, &["--ca-file", &file]);
    assert_eq!(told.code, 0, "{told:?}");

    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let args = [
        "--json",
        "--attempts",
        "1",
        "--ca-file",
        &file,
        "--proxy",
        &proxy,
    ];
    let told = examine(&emulator, &args);
    let json = told.json();
    assert_eq!((told.code, cause(&json)), (1, "connection"), "{told:?}");
    assert_eq!(json["checks"][0]["kind"], "connect", "{told:?}");
}
