//! What can be wrong with the address of the webhooks.

use std::time::Duration;

use callcta::doctor::Diagnosis;
use callcta::webhook::{Secrets, answer_challenge, verify_and_parse};
use callcta_emulator::defaults;

use super::server::{Peer, Received, Server, answer};
use super::{assert_cause, assert_look, builder};

pub const VERIFY_TOKEN: &str = "the verify token";

/// How a receiver behaves.
#[derive(Clone)]
pub struct Manner {
    pub verify_token: Option<&'static str>,
    pub secret: Option<&'static str>,
    pub quoted: bool,
    pub method: &'static str,
}

impl Default for Manner {
    fn default() -> Self {
        Manner {
            verify_token: Some(VERIFY_TOKEN),
            secret: Some(defaults::APP_SECRET),
            quoted: false,
            method: "any",
        }
    }
}

pub fn start(manner: Manner) -> Server {
    Server::start(move |mut peer: Peer| {
        while let Some(request) = peer.request() {
            let (status, body) = answered(&manner, &request);
            peer.send(answer(status, "content-type: text/plain\r\n", body));
        }
    })
}

fn answered(manner: &Manner, request: &Received) -> (&'static str, String) {
    let (method, rest) = request.head.split_once(' ').unwrap();
    if manner.method != "any" && manner.method != method {
        return ("405 Method Not Allowed", String::new());
    }
    let target = rest.split(' ').next().unwrap();
    if method == "GET" {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let token = manner.verify_token.unwrap_or_else(|| {
            if query.contains("wrong") {
                "callcta-doctor-wrong"
            } else {
                VERIFY_TOKEN
            }
        });
        return match answer_challenge(query, token) {
            Ok(text) if manner.quoted => ("200 OK", format!("\"{text}\"")),
            Ok(text) => ("200 OK", text),
            Err(_) => ("403 Forbidden", String::new()),
        };
    }
    let Some(secret) = manner.secret else {
        return ("200 OK", String::new());
    };
    let secrets = Secrets::new([secret]).unwrap();
    let header = request.header("x-hub-signature-256").map(str::as_bytes);
    match verify_and_parse(&request.body, header, &secrets) {
        Ok(received) => {
            assert!(received.events.is_empty());
            ("200 OK", String::new())
        }
        Err(_) => ("401 Unauthorized", String::new()),
    }
}

fn examine(url: &str) -> Diagnosis {
    let emulator = super::start();
    let client = builder(&emulator, defaults::ACCESS_TOKEN)
        .app_secret(defaults::APP_SECRET)
        .build()
        .unwrap();
    let doctor = client.doctor().webhook(url).verify_token(VERIFY_TOKEN);
    doctor.timeout(Duration::from_secs(5)).examine()
}

#[test]
fn a_receiver_that_is_wrong() {
    let manner = Manner::default;
    for (wrong, id, result, skipped) in [
        (
            Manner {
                verify_token: Some("another"),
                ..manner()
            },
            "challenge",
            "status 403",
            &["signature"][..],
        ),
        (
            Manner {
                quoted: true,
                ..manner()
            },
            "challenge",
            "quotes",
            &["signature"],
        ),
        (
            Manner {
                method: "POST",
                ..manner()
            },
            "challenge",
            "status 405",
            &["signature"],
        ),
    ] {
        let server = start(wrong);
        assert_cause(&examine(&server.url()), id, result, skipped);
        server.finish(());
    }
    let server = start(Manner {
        secret: Some("another"),
        ..manner()
    });
    let diagnosis = examine(&server.url());
    let cause = diagnosis.cause().unwrap();
    assert_eq!(
        (cause.id, cause.result.contains("status 401")),
        ("signature", true)
    );
    assert!(
        cause
            .fix
            .as_deref()
            .unwrap()
            .contains("callcta webhook verify")
    );
    server.finish(());
}

#[test]
fn a_receiver_that_is_not_there() {
    let gone = start(Manner::default());
    let url = gone.url();
    gone.finish(());
    let diagnosis = examine(&url);
    assert_cause(&diagnosis, "challenge", "can't be reached", &["signature"]);
}

#[test]
fn a_receiver_that_takes_anything() {
    let server = start(Manner {
        verify_token: None,
        ..Manner::default()
    });
    assert_look(&examine(&server.url()), "challenge", "any verify token");
    server.finish(());
    let server = start(Manner {
        secret: None,
        ..Manner::default()
    });
    let diagnosis = examine(&server.url());
    let signature = diagnosis.check("signature").unwrap();
    assert_eq!(
        signature.status,
        callcta::doctor::CheckStatus::Warn,
        "{diagnosis}"
    );
    assert!(signature.result.contains("another secret"), "{diagnosis}");
    server.finish(());
}

#[test]
fn a_receiver_never_gets_the_token() {
    let server = start(Manner::default());
    let diagnosis = examine(&server.url());
    let log = server.finish(diagnosis);
    assert_eq!(log.requests.len(), 4);
    for request in &log.requests {
        let body = String::from_utf8_lossy(&request.body);
        assert!(
            !request.head.contains(defaults::ACCESS_TOKEN),
            "{}",
            request.head
        );
        assert!(!body.contains(defaults::ACCESS_TOKEN), "{body}");
    }
}
