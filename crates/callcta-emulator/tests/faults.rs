//! Each fault as a client sees it, and how many POSTs the emulator saw.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use callcta_emulator::{Apply, Delay, Emulator, Fault, defaults};
use support::{button, messages_url, send, try_send};

fn stored(emulator: &Emulator) -> (usize, usize) {
    (emulator.posts(), emulator.messages().len())
}

/// A request as bytes, for tests that need the socket itself.
fn raw_request(emulator: &Emulator) -> Vec<u8> {
    let body = button(defaults::PSID).to_string();
    format!(
        "POST /v26.0/{}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        emulator.page_id(),
        emulator.access_token(),
        body.len()
    )
    .into_bytes()
}

fn connect(emulator: &Emulator) -> TcpStream {
    TcpStream::connect(emulator.url().trim_start_matches("http://")).unwrap()
}

/// Everything until the other side closes; what came before a reset counts, too.
fn read_to_close(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut part) {
        all.extend_from_slice(&part[..n]);
    }
    all
}

/// One answer on a connection that stays open.
fn read_answer(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut byte = [0; 1];
    while !all.ends_with(b"}") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed too early");
        all.push(byte[0]);
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn bare_status_n_times_then_normal() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::status(429).times(2).header("Retry-After", "3"));
    for _ in 0..2 {
        let answer = send(&emulator, &button(defaults::PSID));
        assert_eq!(answer.status, 429);
        assert_eq!(answer.headers["retry-after"], "3");
        assert_eq!(answer.text, "");
    }
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    assert_eq!(stored(&emulator), (3, 1));
    assert_eq!(emulator.requests()[0].fault.as_deref(), Some("status 429"));
}

#[test]
fn graph_errors() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::graph(400, 613, Some(1996)));
    let answer = send(&emulator, &button(defaults::PSID));
    assert_eq!(answer.error(), (613, Some(1996)));
    emulator.arm(Fault::graph(500, 1, Some(1_357_046)).applied(Apply::After));
    let answer = send(&emulator, &button(defaults::PSID));
    assert_eq!((answer.status, answer.error()), (500, (1, Some(1_357_046))));
    assert_eq!(stored(&emulator), (2, 1));
}

#[test]
fn a_delay_holds_the_answer_back_and_not_the_effect() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::delay(Duration::from_secs(600)));
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    emulator
        .wait_for_messages(1, Duration::from_secs(30))
        .expect("stored although nothing is answered");
    assert_eq!(emulator.requests()[0].status, None);
    assert_eq!(emulator.requests()[0].fault.as_deref(), Some("delay"));
    assert_eq!(stored(&emulator), (1, 1));
    // Stopping does not wait for the ten minutes.
    emulator.stop();
    assert_eq!(read_to_close(&mut stream), b"");
}

#[test]
fn a_short_delay_answers_in_the_end() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::delay(Duration::from_millis(30)));
    let started = Instant::now();
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    assert!(started.elapsed() >= Duration::from_millis(30));
    let drawn = Delay::Uniform {
        min_ms: 20,
        max_ms: 30,
    };
    emulator.arm(Fault::status(503).delayed(drawn));
    let started = Instant::now();
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 503);
    assert!(started.elapsed() >= Duration::from_millis(20));
}

#[test]
fn drops() {
    for (fault, label, stored_messages) in [
        (Fault::drop_before_read(), "drop_before_read", 0),
        (Fault::drop_after_read(), "drop_after_read", 0),
        (Fault::drop_after_store(), "drop_after_store", 1),
    ] {
        let emulator = Emulator::start().unwrap();
        emulator.arm(fault);
        let mut stream = connect(&emulator);
        stream.write_all(&raw_request(&emulator)).unwrap();
        assert_eq!(read_to_close(&mut stream), b"", "{label}: no HTTP answer");
        assert_eq!(stored(&emulator), (1, stored_messages), "{label}");
        let log = emulator.requests().pop().unwrap();
        assert_eq!(log.fault.as_deref(), Some(label));
        assert_eq!((log.status, log.method.as_str()), (None, "POST"));
        assert_eq!(log.body.is_empty(), label == "drop_before_read");
        assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    }
}

#[test]
fn a_drop_before_read_hits_a_kept_connection_too() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    assert!(read_answer(&mut stream).contains("200 OK"));
    emulator.arm(Fault::drop_before_read());
    stream.write_all(&raw_request(&emulator)).unwrap();
    assert_eq!(read_to_close(&mut stream), b"");
    assert_eq!(stored(&emulator), (2, 1));
    assert_eq!(emulator.requests()[1].path, emulator.requests()[0].path);
}

#[test]
fn a_drop_before_read_waits_for_its_match() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::drop_before_read().on_path("/calls"));
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
    assert_eq!(emulator.faults().len(), 1);
    emulator.clear_faults();
    assert!(emulator.faults().is_empty());
}

#[test]
fn spoilt_bodies() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::truncated_body());
    assert!(try_send(&emulator, &button(defaults::PSID)).is_err());
    emulator.arm(Fault::truncated_body());
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    let half = String::from_utf8(read_to_close(&mut stream)).unwrap();
    assert!(half.starts_with("HTTP/1.1 200 OK"));
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    assert!(
        body.starts_with("{\"recip") && !body.ends_with('}'),
        "{body}"
    );
    let promised = head.to_lowercase();
    let promised = promised.split("content-length: ").nth(1).unwrap();
    let promised: usize = promised.lines().next().unwrap().parse().unwrap();
    assert!(promised > body.len());

    emulator.arm(Fault::content_type("text/html"));
    let answer = send(&emulator, &button(defaults::PSID));
    assert_eq!(answer.headers["content-type"], "text/html");
    assert!(answer.json()["message_id"].is_string());

    emulator.arm(Fault::html_body());
    let answer = send(&emulator, &button(defaults::PSID));
    assert_eq!(answer.status, 200);
    assert!(answer.text.starts_with("<!DOCTYPE html>"));

    emulator.arm(Fault::oversize_body(2_000_000));
    let answer = send(&emulator, &button(defaults::PSID));
    assert!(answer.text.len() >= 2_000_000);
    assert!(answer.json()["message_id"].is_string());
    assert_eq!(stored(&emulator), (5, 5));
}

#[test]
fn a_connection_closed_after_its_answer() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::close_after_answer());
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    let all = String::from_utf8(read_to_close(&mut stream)).unwrap();
    assert!(all.contains("message_id"));
    assert!(!all.to_lowercase().contains("connection: close"));
    assert_eq!(stored(&emulator), (1, 1));
}

#[test]
fn all_connections_can_be_closed() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    read_answer(&mut stream);
    emulator.close_connections();
    assert_eq!(read_to_close(&mut stream), b"");
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 200);
}

#[test]
fn faults_choose_their_requests() {
    let emulator = Emulator::start().unwrap();
    emulator.arm(Fault::status(500).on_recipient("1").forever());
    emulator.arm(Fault::status(502).on_path("/messages").on_method("POST"));
    assert_eq!(send(&emulator, &button(defaults::PSID)).status, 502);
    assert_eq!(send(&emulator, &button("1")).status, 500);
    assert_eq!(send(&emulator, &button("1")).status, 500);
    assert_eq!(emulator.faults()[0].hits, 2);
    emulator.reset();
    assert!(emulator.faults().is_empty());
}

#[test]
#[should_panic(expected = "status must lie between")]
fn a_fault_that_cannot_be_is_refused() {
    Emulator::start().unwrap().arm(Fault::status(42));
}

#[test]
fn stopping_closes_everything() {
    let emulator = Emulator::start().unwrap();
    let url = messages_url(&emulator);
    let mut stream = connect(&emulator);
    stream.write_all(&raw_request(&emulator)).unwrap();
    read_answer(&mut stream);
    emulator.stop();
    emulator.stop();
    assert_eq!(read_to_close(&mut stream), b"");
    assert!(TcpStream::connect(url.split('/').nth(2).unwrap()).is_err());
    assert_eq!(emulator.messages().len(), 1);
}
