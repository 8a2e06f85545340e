//! The real transport over real sockets: what it tells, and what the server saw.

#![allow(clippy::unwrap_used)] // In helpers too, a panic is how a test fails.

mod answers;
mod authority;
mod closing;
mod failures;
mod framing;
mod pool;
mod proxy;
mod server;
mod tls;

use std::env;
use std::process::Command;
use std::time::Duration;

use callcta::transport::{
    HttpRequest, HttpResponse, Method, Transport, TransportConfig, TransportError,
    TransportErrorKind, UreqTransport,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Settings under which loopback may be spoken to without TLS.
fn plain() -> TransportConfig {
    TransportConfig {
        https_only: false,
        ..TransportConfig::default()
    }
}

fn client() -> UreqTransport {
    UreqTransport::new(plain()).unwrap()
}

/// A client whose calls end after 1.5 s, within which a busy machine gets a request to
/// the server.
fn hasty_client() -> UreqTransport {
    UreqTransport::new(TransportConfig {
        timeout: Duration::from_millis(1500),
        ..plain()
    })
    .unwrap()
}

fn request(url: &str) -> HttpRequest<'_> {
    HttpRequest {
        method: Method::Post,
        url,
        authorization: Some("Bearer abc"),
        content_type: "application/json",
        headers: &[],
        body: b"{\"a\":1}",
        timeout: None,
        cancel: None,
    }
}

fn post(client: &UreqTransport, url: &str) -> Result<HttpResponse, TransportError> {
    client.exchange(&request(url))
}

/// Runs `test` again in a process of its own, for what belongs to a whole process.
/// `prepare` sets what tells it that it is there.
fn alone(test: &str, prepare: impl FnOnce(&mut Command) -> &mut Command) {
    let mut child = Command::new(env::current_exe().unwrap());
    let output = prepare(child.args(["--exact", test])).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

/// Asserts what a call failed with, and returns its message.
#[track_caller]
fn failed(
    outcome: Result<HttpResponse, TransportError>,
    kind: TransportErrorKind,
    request_written: bool,
) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind, error.request_written),
        (kind, request_written),
        "{error}"
    );
    assert_eq!(error.message.lines().count(), 1, "{error}");
    for secret in ["Bearer", "abc", "messages", "{"] {
        assert!(!error.message.contains(secret), "{error}");
    }
    error.message
}

/// Asserts what was wrong with the body of an answer that had a status.
#[track_caller]
fn spoiled(
    outcome: Result<HttpResponse, TransportError>,
    status: u16,
    kind: TransportErrorKind,
) -> String {
    let answer = outcome.unwrap();
    assert_eq!(answer.status, status);
    failed(
        answer.body.map(|body| HttpResponse::new(0, body)),
        kind,
        true,
    )
}
