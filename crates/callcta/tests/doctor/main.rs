//! The doctor names the cause first, in each state that keeps a button from working.

// The tests may panic.
#![allow(clippy::unwrap_used)]

mod platform;
mod receiver;
#[path = "../transport/server.rs"]
mod server;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta::doctor::{CheckStatus, Diagnosis};
use callcta::{CancelToken, Client, ClientBuilder, Delivery, ErrorKind};
use callcta_emulator::{Emulator, defaults};

/// An emulator whose clock is this machine's.
fn start() -> Emulator {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_millis()).unwrap();
    Emulator::builder().clock(now).start().unwrap()
}

fn builder(emulator: &Emulator, token: &str) -> ClientBuilder {
    Client::builder(defaults::PAGE_ID, token).base_url(emulator.url())
}

fn client(emulator: &Emulator) -> Client {
    builder(emulator, defaults::ACCESS_TOKEN).build().unwrap()
}

/// The checks with this status.
fn with_status(diagnosis: &Diagnosis, status: CheckStatus) -> Vec<&'static str> {
    let found = diagnosis.checks.iter().filter(|it| it.status == status);
    found.map(|check| check.id).collect()
}

/// That a check is the cause and says this, and that all which failed or was skipped is
/// what was to be expected.
#[track_caller]
fn assert_cause(diagnosis: &Diagnosis, id: &str, result: &str, skipped: &[&str]) {
    let cause = diagnosis.cause().expect("something fails");
    assert_eq!(cause.id, id, "{diagnosis}");
    assert!(cause.result.contains(result), "{diagnosis}");
    assert!(cause.fix.is_some(), "{diagnosis}");
    assert_eq!(
        with_status(diagnosis, CheckStatus::Fail),
        [id],
        "{diagnosis}"
    );
    assert_eq!(
        with_status(diagnosis, CheckStatus::Skipped),
        skipped,
        "{diagnosis}"
    );
    for check in &diagnosis.checks {
        let because = (check.status == CheckStatus::Skipped).then_some(id);
        assert_eq!(check.because, because, "{diagnosis}");
    }
    assert_eq!(diagnosis.status, CheckStatus::Fail);
    assert!(diagnosis.verdict.ends_with(&cause.result), "{diagnosis}");
    let told = format!("{diagnosis} {}", diagnosis.to_json());
    assert!(told.trim_end().contains(result));
    for secret in [
        defaults::ACCESS_TOKEN,
        defaults::APP_SECRET,
        defaults::PSID,
        defaults::PSID_BLOCKED,
    ] {
        assert!(!told.contains(secret), "{told}");
    }
}

/// That nothing fails, and one check asks for a look.
#[track_caller]
fn assert_look(diagnosis: &Diagnosis, id: &str, result: &str) {
    assert_eq!(
        with_status(diagnosis, CheckStatus::Fail),
        [""; 0],
        "{diagnosis}"
    );
    assert_eq!(
        with_status(diagnosis, CheckStatus::Warn),
        [id],
        "{diagnosis}"
    );
    assert!(
        diagnosis.check(id).unwrap().result.contains(result),
        "{diagnosis}"
    );
    assert!(diagnosis.check(id).unwrap().fix.is_some(), "{diagnosis}");
    assert_eq!(diagnosis.status, CheckStatus::Warn);
}

fn ago(hours: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(hours * 3600)
}

#[test]
fn a_healthy_page_is_all_ticks() {
    let emulator = start();
    let receiver = receiver::start(receiver::Manner::default());
    let client = builder(&emulator, defaults::ACCESS_TOKEN)
        .app_secret(defaults::APP_SECRET)
        .build()
        .unwrap();
    let diagnosis = client
        .doctor()
        .person(defaults::PSID)
        .last_action(ago(1))
        .webhook(receiver.url())
        .verify_token(receiver::VERIFY_TOKEN)
        .send_test(true)
        .examine();
    // A receiver on this machine has no certificate.
    assert_look(&diagnosis, "challenge", "https");
    let ids: Vec<_> = diagnosis.checks.iter().map(|check| check.id).collect();
    let all = [
        "connection",
        "token",
        "page",
        "permissions",
        "feature",
        "country",
        "audio",
        "icon",
        "hours",
        "routing",
        "subscription",
        "challenge",
        "signature",
        "clock",
        "version",
        "person",
        "window",
        "test",
    ];
    assert_eq!(ids, all);
    let ok = with_status(&diagnosis, CheckStatus::Ok);
    assert_eq!(ok.len(), all.len() - 1, "{diagnosis}");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn nothing_is_changed_or_sent_unless_asked_for() {
    let emulator = start();
    let before = emulator.with_state(|state| state.to_json());
    let diagnosis = client(&emulator).doctor().person(defaults::PSID).examine();
    assert_eq!(diagnosis.status, CheckStatus::Ok, "{diagnosis}");
    assert!(
        diagnosis.verdict.contains("nothing tells about: Window"),
        "{diagnosis}"
    );
    assert_eq!(emulator.with_state(|state| state.to_json()), before);
    assert_eq!(emulator.messages().len(), 0);
}

#[test]
fn a_test_card_is_not_sent_where_something_speaks_against_it() {
    let emulator = start();
    let diagnosis = client(&emulator)
        .doctor()
        .person(defaults::PSID)
        .last_action(ago(25))
        .send_test(true)
        .examine();
    assert_cause(&diagnosis, "window", "closed since", &["test"]);
    assert_eq!(emulator.messages().len(), 0);
}

#[test]
fn a_last_action_that_is_yet_to_come_opens_no_window() {
    let emulator = start();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = u64::try_from(now.unwrap().as_millis()).unwrap();
    let doctor = client(&emulator).doctor().person(defaults::PSID);
    // In another unit than that of the name.
    let diagnosis = doctor.set("last_action", now).unwrap().examine();
    let window = diagnosis.check("window").unwrap();
    assert_eq!(window.status, CheckStatus::Unknown, "{diagnosis}");
    assert!(window.result.contains("yet to come"), "{diagnosis}");
}

#[test]
fn an_examination_can_be_given_up() {
    let (asked, was_asked) = mpsc::channel();
    let silent = server::Server::start(move |mut peer: server::Peer| {
        let _ = peer.request();
        let _ = asked.send(());
        peer.wait_for_close();
    });
    let client = Client::builder("1", "t")
        .base_url(silent.url())
        .build()
        .unwrap();
    let token = CancelToken::new();
    let doctor = client.doctor().timeout(Duration::from_secs(60));
    let started = Instant::now();
    let error = thread::scope(|scope| {
        let examined = scope.spawn(|| doctor.examine_until(&token));
        was_asked.recv().unwrap();
        token.cancel();
        examined.join().unwrap().unwrap_err()
    });
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::NotSent);

    let emulator = start();
    let token = CancelToken::new();
    let doctor = crate::client(&emulator).doctor();
    let diagnosis = doctor.examine_until(&token).unwrap();
    token.cancel();
    assert_eq!(diagnosis.status, CheckStatus::Ok, "{diagnosis}");
}

#[test]
fn options_can_be_set_by_their_names() {
    let emulator = start();
    let doctor = client(&emulator).doctor();
    let doctor = doctor.set("person", defaults::PSID_BLOCKED).unwrap();
    let doctor = doctor
        .set("last_action", 1_000)
        .unwrap()
        .set("webhook", ())
        .unwrap();
    let diagnosis = doctor.clone().examine();
    assert!(diagnosis.check("window").is_some());
    let error = doctor.set("persn", "1").unwrap_err();
    assert!(
        error.to_string().contains("did you mean person?"),
        "{error}"
    );
}
