//! An emulator that speaks https.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use callcta_emulator::{Emulator, Fault, defaults};
use serde_json::json;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use support::read;

/// A client that trusts one certificate alone.
fn trusting(ca_pem: &str) -> ureq::Agent {
    let certificate = Certificate::from_pem(ca_pem.as_bytes()).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[certificate]))
        .build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(tls)
        .build()
        .into()
}

fn send(agent: &ureq::Agent, emulator: &Emulator) -> Result<support::Answer, ureq::Error> {
    let url = format!("{}/v26.0/me/messages", emulator.url());
    let request = agent.post(&url).header(
        "Authorization",
        format!("Bearer {}", defaults::ACCESS_TOKEN),
    );
    let body = json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x"}});
    read(request.send_json(&body)?)
}

#[test]
fn only_its_own_certificate_is_trusted() {
    let emulator = Emulator::builder().tls(true).start().unwrap();
    assert!(emulator.url().starts_with("https://127.0.0.1:"));
    let agent = trusting(emulator.ca_pem().unwrap());
    assert_eq!(send(&agent, &emulator).unwrap().status, 200);
    assert_eq!(emulator.messages().len(), 1);

    let other = Emulator::builder().tls(true).start().unwrap();
    let stranger = trusting(other.ca_pem().unwrap());
    assert!(send(&stranger, &emulator).is_err());
    assert_eq!(emulator.posts(), 1);
    assert!(Emulator::start().unwrap().ca_pem().is_none());
}

#[test]
fn faults_strike_here_too() {
    let emulator = Emulator::builder().tls(true).start().unwrap();
    let agent = trusting(emulator.ca_pem().unwrap());
    for (fault, stored) in [
        (Fault::drop_before_read(), 0),
        (Fault::drop_after_read(), 0),
        (Fault::drop_after_store(), 1),
        (Fault::truncated_body(), 2),
    ] {
        emulator.arm(fault);
        assert!(send(&agent, &emulator).is_err());
        assert_eq!(emulator.messages().len(), stored);
    }
    emulator.arm(Fault::close_after_answer());
    assert_eq!(send(&agent, &emulator).unwrap().status, 200);
    assert_eq!(emulator.posts(), 5);
    // The control side is there as well, over a connection that isn't about to close.
    let agent = trusting(emulator.ca_pem().unwrap());
    let ready = agent.get(format!("{}/_emulator/ready", emulator.url()));
    let ready = read(ready.call().unwrap()).unwrap().json();
    assert_eq!(ready["url"], emulator.url());
}
