//! What can be wrong at the platform, and on the way to it.

use std::net::TcpListener;
use std::time::Duration;

use callcta::doctor::CheckStatus;
use callcta::{Client, RetryPolicy};
use callcta_emulator::{Fault, Page, defaults};

use super::server::{Server, answer};
use super::{ago, assert_cause, assert_look, builder, client, start};

/// What needs the Page's calling to be in order.
const AFTER_AUDIO: [&str; 5] = ["icon", "hours", "routing", "person", "window"];
const AFTER_PAGE: [&str; 8] = [
    "feature",
    "audio",
    "icon",
    "hours",
    "routing",
    "subscription",
    "person",
    "window",
];
const AFTER_TOKEN: [&str; 10] = [
    "page",
    "permissions",
    "feature",
    "audio",
    "icon",
    "hours",
    "routing",
    "subscription",
    "person",
    "window",
];
const AFTER_CONNECTION: [&str; 14] = [
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
    "clock",
    "version",
    "person",
    "window",
];

fn on_loopback(port: u16) -> Client {
    Client::builder(defaults::PAGE_ID, "test-token")
        .base_url(format!("http://127.0.0.1:{port}"))
        .retry(RetryPolicy::new().attempts(1))
        .build()
        .unwrap()
}

#[test]
fn the_way_to_the_platform() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    let diagnosis = on_loopback(port).doctor().person("1").examine();
    assert_cause(
        &diagnosis,
        "connection",
        "can't be reached",
        &AFTER_CONNECTION,
    );

    let html = "<html>Please log in to the network</html>";
    for status in ["200 OK", "403 Forbidden"] {
        let gateway = Server::answering(answer(status, "content-type: text/html\r\n", html));
        let client = on_loopback(gateway.port());
        let diagnosis = client.doctor().person("1").examine();
        let said = "doesn't answer as the Graph API does";
        assert_cause(&diagnosis, "connection", said, &AFTER_CONNECTION);
        drop((gateway.finish(client), diagnosis));
    }

    let silent = Server::start(|mut peer| peer.wait_for_close());
    let client = on_loopback(silent.port());
    let doctor = client
        .doctor()
        .person("1")
        .timeout(Duration::from_millis(100));
    let diagnosis = doctor.examine();
    assert_cause(
        &diagnosis,
        "connection",
        "doesn't answer in time",
        &AFTER_CONNECTION,
    );
    assert_eq!(diagnosis.cause().unwrap().kind, Some("timeout"));
    silent.finish((client, doctor));
}

#[test]
fn what_answers_with_trouble_of_its_own_leaves_it_open() {
    let emulator = start();
    emulator.arm(Fault::status(503).times(100));
    let diagnosis = client(&emulator).doctor().examine();
    assert_eq!(
        diagnosis.check("connection").unwrap().status,
        CheckStatus::Ok,
        "{diagnosis}"
    );
    assert_eq!(
        diagnosis.check("token").unwrap().status,
        CheckStatus::Unknown,
        "{diagnosis}"
    );
    assert_eq!(diagnosis.status, CheckStatus::Unknown, "{diagnosis}");
    assert!(
        diagnosis.verdict.starts_with("can't be told"),
        "{diagnosis}"
    );
}

#[test]
fn the_token() {
    let emulator = start();
    for token in [defaults::EXPIRED_TOKEN, "NO-SUCH-TOKEN"] {
        let client = builder(&emulator, token).build().unwrap();
        let diagnosis = client.doctor().person(defaults::PSID).examine();
        assert_cause(
            &diagnosis,
            "token",
            "refuses the access token",
            &AFTER_TOKEN,
        );
    }
    emulator.with_state(|state| {
        state.page_mut(defaults::PAGE_ID).require_appsecret_proof = true;
    });
    let diagnosis = client(&emulator).doctor().person(defaults::PSID).examine();
    assert_cause(
        &diagnosis,
        "token",
        "refuses the access token",
        &AFTER_TOKEN,
    );
    let fix = diagnosis.cause().unwrap().fix.as_deref().unwrap();
    assert!(fix.contains("app secret"), "{fix}");
}

#[test]
fn a_token_that_ends_soon() {
    let emulator = start();
    let soon = emulator.now() + 24 * 3600 * 1000;
    emulator.with_state(|state| {
        state.page_mut(defaults::PAGE_ID).tokens[0].expires_at = Some(soon);
    });
    let diagnosis = client(&emulator).doctor().examine();
    assert_look(&diagnosis, "token", "it ends");
}

#[test]
fn whose_token_it_is() {
    let emulator = start();
    let user = builder(&emulator, defaults::USER_TOKEN).build().unwrap();
    let diagnosis = user.doctor().person(defaults::PSID).examine();
    assert_cause(&diagnosis, "page", "a user's", &AFTER_PAGE);

    let other = builder(&emulator, defaults::TOKEN_WITHOUT_CALLING)
        .build()
        .unwrap();
    let diagnosis = other.doctor().person(defaults::PSID).examine();
    assert_cause(&diagnosis, "page", "of another Page", &AFTER_PAGE);
}

#[test]
fn what_the_token_was_granted() {
    let emulator = start();
    let token = defaults::TOKEN_WITHOUT_PERMISSION;
    let client = builder(&emulator, token).build().unwrap();
    let diagnosis = client.doctor().person(defaults::PSID).examine();
    assert_cause(
        &diagnosis,
        "permissions",
        "pages_messaging was not granted",
        &AFTER_PAGE,
    );
}

/// What the doctor says of the default Page, changed.
fn with_page(change: impl Fn(&mut Page)) -> callcta::doctor::Diagnosis {
    let emulator = start();
    emulator.with_state(|state| change(state.page_mut(defaults::PAGE_ID)));
    let client = client(&emulator);
    let doctor = client.doctor().person(defaults::PSID).last_action(ago(1));
    doctor.examine()
}

#[test]
fn the_pages_calling() {
    let diagnosis = with_page(|page| page.calling_eligible = false);
    let skipped = ["audio", "icon", "hours", "routing", "person", "window"];
    assert_cause(
        &diagnosis,
        "feature",
        "may not use the calling API",
        &skipped,
    );
    let country = diagnosis.check("country").unwrap();
    assert_eq!(country.status, CheckStatus::Unknown);

    let diagnosis = with_page(|page| page.audio_enabled = false);
    assert_cause(&diagnosis, "audio", "audio calling is off", &AFTER_AUDIO);
    assert_eq!(
        diagnosis.verdict,
        "the button can't work: audio calling is off"
    );

    let diagnosis = with_page(|page| page.subscribed_fields = vec!["messages".into()]);
    assert_cause(&diagnosis, "subscription", "isn't subscribed to calls", &[]);
    assert!(
        diagnosis
            .verdict
            .starts_with("people can call, but you don't hear it")
    );
    let fix = diagnosis.cause().unwrap().fix.as_deref().unwrap();
    assert!(fix.ends_with("subscribe messages calls"), "{fix}");
    let diagnosis = with_page(|page| page.subscribed_fields.clear());
    assert_cause(&diagnosis, "subscription", "isn't subscribed to calls", &[]);
}

#[test]
fn what_works_and_deserves_a_look() {
    assert_look(
        &with_page(|page| page.icon_enabled = false),
        "icon",
        "is off",
    );
    let routing = with_page(|page| page.call_routing = callcta_emulator::RingTarget::Meta);
    assert_look(&routing, "routing", "Meta's own inbox");
    let never = r#"{"timezone_id": "Africa/Lagos", "weekly_operating_hours": []}"#;
    let hours = with_page(|page| page.call_hours = serde_json::from_str(never).unwrap());
    assert_look(&hours, "hours", "closed now");
    let scopes = with_page(|page| {
        let scopes = &mut page.tokens[0].scopes;
        scopes.retain(|scope| scope != "pages_manage_metadata");
    });
    assert_look(&scopes, "permissions", "pages_manage_metadata");
    assert_eq!(
        scopes.check("subscription").unwrap().status,
        CheckStatus::Unknown
    );
}

#[test]
fn the_person() {
    let emulator = start();
    let client = client(&emulator);
    let diagnosis = client.doctor().person("999").examine();
    assert_cause(&diagnosis, "person", "knows no such person", &["window"]);
    let diagnosis = client.doctor().person("somebody").examine();
    assert_cause(&diagnosis, "person", "knows no such person", &["window"]);
    let closed = client
        .doctor()
        .person(defaults::PSID)
        .last_action(ago(24 * 7));
    assert_cause(&closed.examine(), "window", "closed since", &[]);
    // Nothing but a card tells it.
    let blocked = client
        .doctor()
        .person(defaults::PSID_BLOCKED)
        .last_action(ago(1));
    let diagnosis = blocked.send_test(true).examine();
    assert_cause(&diagnosis, "test", "recipient_unavailable", &[]);
}

#[test]
fn the_clock_and_the_version() {
    // A platform that lives in another time and has dropped this version.
    let head = "content-type: application/json\r\nfacebook-api-version: v99.0\r\n\
                date: Tue, 03 Nov 2020 08:00:00 GMT\r\n";
    let server = Server::answering(answer("200 OK", head, r#"{"id":"100000000000001"}"#));
    let client = on_loopback(server.port());
    let diagnosis = client.doctor().examine();
    let clock = diagnosis.check("clock").unwrap();
    assert_eq!(clock.status, CheckStatus::Warn, "{diagnosis}");
    assert!(clock.result.contains("ahead of"), "{diagnosis}");
    let version = diagnosis.check("version").unwrap();
    assert_eq!(version.status, CheckStatus::Warn, "{diagnosis}");
    assert!(version.result.contains("v99.0 answers"), "{diagnosis}");
    server.finish(client);

    let emulator = start();
    let builder = builder(&emulator, defaults::ACCESS_TOKEN).version("");
    let diagnosis = builder.build().unwrap().doctor().examine();
    assert_look(&diagnosis, "version", "the platform chooses one");
}
