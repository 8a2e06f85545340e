//! Connections whose other side sends too slowly, or what can't be right.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use callcta_emulator::{Emulator, Fault};

/// How long a head may take here.
const LIMIT: Duration = Duration::from_millis(200);
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(60);

fn start() -> Emulator {
    Emulator::builder().head_timeout(LIMIT).start().unwrap()
}

fn connect(emulator: &Emulator) -> TcpStream {
    let stream = TcpStream::connect(emulator.url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Waits until the other side has closed; what it said before.
fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Ok(_) => text,
        // It was closed while something was under way to it.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => text,
        Err(error) => panic!("{error}"),
    }
}

/// Asks for something and reads the answer's head, its body having come with it.
fn ask(stream: &mut TcpStream) -> String {
    stream
        .write_all(b"GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut text = Vec::new();
    let mut bytes = [0; 4096];
    while !text.ends_with(b"}") {
        let length = stream.read(&mut bytes).unwrap();
        assert!(length > 0, "closed");
        text.extend_from_slice(&bytes[..length]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn a_connection_that_sends_nothing_is_closed() {
    let emulator = start();
    let started = Instant::now();
    assert_eq!(rest(&mut connect(&emulator)), "");
    assert!(started.elapsed() >= LIMIT);
}

#[test]
fn a_head_that_trickles_in_is_not_waited_for() {
    let emulator = start();
    let mut stream = connect(&emulator);
    stream
        .write_all(b"POST /v26.0/1/messages HTTP/1.1\r\nHost: localhost\r\n")
        .unwrap();
    // Each header is sent in time; the head as a whole is not.
    let started = Instant::now();
    while stream.write_all(b"X-Header: 1\r\n").is_ok() {
        assert!(started.elapsed() < PATIENCE, "it is still taken");
        std::thread::sleep(LIMIT / 10);
    }
    assert!(emulator.requests().is_empty());
}

#[test]
fn a_second_head_must_not_take_longer() {
    let emulator = start();
    let mut stream = connect(&emulator);
    ask(&mut stream);
    stream.write_all(b"GET /_emulator/clock HT").unwrap();
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn an_idle_connection_may_stay() {
    let emulator = start();
    let mut idle = connect(&emulator);
    ask(&mut idle);
    // The emulator has closed one that was opened later, so the time was up for this one, too.
    assert_eq!(rest(&mut connect(&emulator)), "");
    std::thread::sleep(LIMIT);
    assert!(ask(&mut idle).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_body_may_take_its_time() {
    let emulator = start();
    let mut stream = connect(&emulator);
    let head = "POST /_emulator/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Content-Length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(LIMIT * 2);
    stream.write_all(b"{}").unwrap();
    assert!(rest(&mut stream).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_fault_that_waits_for_a_request_waits_no_longer_than_others() {
    let emulator = start();
    emulator.arm(Fault::drop_before_read());
    assert_eq!(rest(&mut connect(&emulator)), "");
    assert_eq!(emulator.faults().len(), 1);
}

#[test]
fn two_hosts_are_one_too_many() {
    let emulator = Emulator::start().unwrap();
    for (target, hosts, status) in [
        ("/_emulator/clock", "Host: localhost\r\n", "200"),
        (
            "/_emulator/clock",
            "Host: localhost\r\nHost: localhost\r\n",
            "400",
        ),
        ("/", "Host: localhost\r\nhost: example.com\r\n", "400"),
        ("/v26.0/me", "Host: a\r\nHost: b\r\n", "400"),
    ] {
        let mut stream = connect(&emulator);
        let head = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let answer = rest(&mut stream);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    let requests = emulator.requests();
    assert_eq!(requests.len(), 1, "only Graph's side is logged");
    assert_eq!(requests[0].refusal.as_ref().unwrap().rule, "several_hosts");
}
