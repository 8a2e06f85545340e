//! Answers in all the ways in which RFC 9110 and 9112 let them be written, and whether
//! their connections are used again.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callcta::transport::{
    HttpResponse, TransportConfig, TransportErrorKind as Kind, UreqTransport,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::answers::gzip;
use super::server::Server;
use super::{OK, client, plain, post, spoiled};

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It is used again.
    Kept,
    /// The client lets go of it.
    Dropped,
    /// The server closes it, which ends the answer.
    Closed,
}
use Then::{Closed, Dropped, Kept};

const CHUNKED: &str = "transfer-encoding: chunked\r\n";
const CHUNKS: &str = "2\r\n{}\r\n0\r\n\r\n";

/// Sends twice to a server with this answer.
#[track_caller]
fn told(answer: impl AsRef<[u8]>, then: Then) -> HttpResponse {
    let answer = answer.as_ref().to_vec();
    let server = Server::start(move |mut peer| {
        while peer.request().is_some() {
            peer.send(&answer);
            if then == Closed {
                break;
            }
        }
    });
    let client = client();
    let first = post(&client, &server.url()).unwrap();
    let second = post(&client, &server.url()).unwrap();
    assert_eq!(
        (second.status, &second.headers, &second.body),
        (first.status, &first.headers, &first.body)
    );
    assert_eq!(second.connection.is_reused(), then == Kept);
    let log = server.finish(client);
    let connections = if then == Kept { 1 } else { 2 };
    assert_eq!((log.connections, log.requests.len()), (connections, 2));
    first
}

#[track_caller]
fn is_read(answer: &str, then: Then) {
    let read = told(answer, then);
    assert_eq!(
        (read.status, read.body),
        (200, Ok(b"{}".to_vec())),
        "{answer:?}"
    );
}

#[test]
fn interim_answers_may_say_anything() {
    for interim in [
        "HTTP/1.1 100 Continue\r\ndate: Sat, 28 Nov 2026 12:00:00 GMT\r\n\r\n",
        "HTTP/1.1 100\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\nlink: b\r\n\r\n",
        "HTTP/1.0 199 x\r\nconnection: keep-alive\r\n\r\n",
    ] {
        is_read(&format!("{interim}{OK}"), Kept);
    }
    let many = "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n".repeat(5000);
    is_read(&format!("{many}{OK}"), Kept);
}

#[test]
fn heads_may_be_odd_or_long() {
    for (head, then) in [
        ("HTTP/1.1 200\r\n", Kept),
        ("HTTP/1.1 200 \r\n", Kept),
        ("HTTP/1.1 200 \u{e9}\r\nx:\r\ny: \u{e9}\t\r\n", Kept),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", Kept),
        ("HTTP/1.0 200 OK\r\n", Dropped),
        ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\n", Dropped),
        // Not as it should be, and so perhaps not what the next one takes it for.
        ("\r\n\r\nHTTP/1.1 200 OK\r\n", Dropped),
        ("HTTP/1.1 200 OK\nx: y\n", Dropped),
        ("HTTP/1.1 200 OK\r\nx : y\r\n", Dropped),
        ("HTTP/1.1 200 OK\r\nx: y\r\n z\r\n", Dropped),
        ("HTTP/1.1 200 OK\r\nx: y\rz\r\n", Dropped),
        ("HTTP/1.3 200 OK\r\n", Dropped),
    ] {
        is_read(&format!("{head}content-length: 2\r\n\r\n{{}}"), then);
    }
    let mut many = "HTTP/1.1 200 OK\r\n".to_owned();
    for number in 0..2000 {
        write!(many, "x-{number}: y\r\n").unwrap();
    }
    let answer = told(format!("{many}content-length: 2\r\n\r\n{{}}"), Kept);
    assert_eq!(
        (answer.headers.len(), answer.body),
        (2001, Ok(b"{}".to_vec()))
    );
    let folded = told(
        "HTTP/1.1 204\r\nX-Usage: {\"a\":1,\r\n\t  \"b\":2}\r\n\r\n",
        Dropped,
    );
    assert_eq!(
        folded.headers,
        [("x-usage".to_owned(), "{\"a\":1, \"b\":2}".to_owned())]
    );
}

#[test]
fn chunks_may_be_odd_or_long() {
    let extension = format!("2;{}=\"a;b\"\r\n{{}}\r\n0;c\r\n\r\n", "x".repeat(10_000));
    let trailer = format!("2\r\n{{}}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for (chunks, then) in [
        (CHUNKS, Kept),
        (&extension, Kept),
        (&trailer, Kept),
        (
            "0000000000000000000000001 ; a\r\n{\r\n01\r\n}\r\n000\r\n\r\n",
            Kept,
        ),
        ("2\r\n{}\r\n0\r\nno trailer\r\n\r\n", Kept),
        ("2\r\n{}\r\n0\r\nx: a\rb\r\n\r\n", Dropped),
        ("2\r\n{}\r\n0\r\nx: a\r\r\n\r\n", Dropped),
        ("2\n{}\n0\n\n", Dropped),
        (
            "2\r\n{}\r\n0\r\n\r\nHTTP/1.1 500 Another\r\ncontent-length: 0\r\n\r\n",
            Dropped,
        ),
        // The body is there, what follows it isn't.
        ("2\r\n{}\r\n0\r\n", Closed),
        ("2\r\n{}\r\n0\r\nx: y\r\n", Closed),
    ] {
        is_read(&format!("HTTP/1.1 200 OK\r\n{CHUNKED}\r\n{chunks}"), then);
    }
    is_read(
        &format!("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n{CHUNKED}\r\n{CHUNKS}"),
        Dropped,
    );
}

#[test]
fn nobody_waits_long_for_the_end_of_a_trailer() {
    for end in [
        "2\r\n{}\r\n0\r\n",
        "2\r\n{}\r\n0\r\n\r",
        "2\r\n{}\r\n0\r\nx: a\r\r\n",
    ] {
        let begun = Instant::now();
        is_read(&format!("HTTP/1.1 200 OK\r\n{CHUNKED}\r\n{end}"), Dropped);
        assert!(begun.elapsed() < Duration::from_secs(20), "{end:?}");
    }
}

#[test]
fn lengths_may_be_said_in_many_ways() {
    for (lines, rest, then) in [
        ("content-length: 002\r\n", "{}", Kept),
        ("content-length: 2\r\nContent-Length: 2\r\n", "{}", Dropped),
        ("content-length: 2, 2\r\n", "{}", Dropped),
        ("transfer-encoding: , CHUNKED\r\n", CHUNKS, Kept),
        (
            "content-length: 1\r\ntransfer-encoding: chunked\r\n",
            CHUNKS,
            Dropped,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 70\r\n",
            CHUNKS,
            Dropped,
        ),
        (
            "content-length: 2\r\ntransfer-encoding: identity\r\n",
            "{}",
            Dropped,
        ),
        ("content-length: 2\r\n", "{}{}", Dropped),
        ("", "{}", Closed),
        ("transfer-encoding: identity\r\n", "{}", Closed),
    ] {
        is_read(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n{rest}"), then);
    }
}

#[test]
fn some_answers_have_no_body() {
    for (status, then) in [(204, Kept), (304, Kept), (101, Dropped)] {
        for lines in [
            "",
            "content-length: 5\r\n",
            CHUNKED,
            "content-encoding: br\r\n",
        ] {
            let answer = told(format!("HTTP/1.1 {status} x\r\n{lines}\r\n"), then);
            assert_eq!(
                (answer.status, answer.body),
                (status, Ok(Vec::new())),
                "{lines}"
            );
        }
    }
}

#[test]
fn gzip_has_many_names() {
    let packed = gzip(b"{}");
    let length = format!("content-length: {}\r\n", packed.len());
    let chunk = |body: &[u8]| {
        [
            format!("{:x}\r\n", body.len()).as_bytes(),
            body,
            b"\r\n0\r\n\r\n",
        ]
        .concat()
    };
    for (lines, body, then) in [
        ("content-encoding: GZIP\r\n", packed.clone(), Kept),
        ("content-encoding: x-gzip\r\n", packed.clone(), Kept),
        (
            "content-encoding: identity\r\ncontent-encoding: , X-Gzip\r\n",
            packed.clone(),
            Kept,
        ),
        ("transfer-encoding: gzip, chunked\r\n", chunk(&packed), Kept),
        ("transfer-encoding: x-gzip\r\n", packed.clone(), Closed),
    ] {
        let length = if lines.starts_with('c') { &length } else { "" };
        let head = format!("HTTP/1.1 200 OK\r\n{lines}{length}\r\n");
        let answer = told([head.as_bytes(), &body].concat(), then);
        assert_eq!(answer.body, Ok(b"{}".to_vec()), "{lines}");
    }
    for lines in [
        "content-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
        "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let answer = told(format!("HTTP/1.1 200 OK\r\n{lines}"), Kept);
        assert_eq!(answer.body, Ok(Vec::new()), "{lines}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let head_only = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    for (lines, rest, text) in [
        (
            "content-encoding: br\r\n",
            "x",
            "the answer is encoded with br, which wasn't asked for",
        ),
        ("content-encoding: deflate\r\n", "x", "encoded with deflate"),
        ("content-encoding: Zstd\r\n", "x", "encoded with zstd"),
        (
            "content-encoding: gzip, gzip\r\n",
            "x",
            "encoded with gzip and gzip",
        ),
        (
            "transfer-encoding: br, chunked\r\n",
            CHUNKS,
            "encoded with br",
        ),
        (
            "content-encoding: \u{e9}\r\n",
            "x",
            "encoded with something",
        ),
        (
            "transfer-encoding: chunked, gzip\r\n",
            CHUNKS,
            "how long it is",
        ),
        (
            "transfer-encoding: chunked, chunked\r\n",
            CHUNKS,
            "how long it is",
        ),
        (
            "content-length: 2\r\ncontent-length: 3\r\n",
            "{}",
            "how long it is",
        ),
        ("content-length: 2;\r\n", "{}", "how long it is"),
        ("content-length: -1\r\n", "{}", "how long it is"),
        (CHUNKED, "2\r\n{}}\r\n0\r\n\r\n", "a chunk of it is broken"),
        (CHUNKED, "x\r\n{}\r\n0\r\n\r\n", "a chunk of it is broken"),
        (
            CHUNKED,
            "fffffffffffffffff\r\n{}",
            "a chunk of it is broken",
        ),
    ] {
        let answer = head_only(lines) + rest;
        let server = Server::answering(answer.as_bytes());
        let client = client();
        for _ in 0..2 {
            let outcome = post(&client, &server.url());
            assert!(
                !outcome.as_ref().unwrap().connection.is_reused(),
                "{answer:?}"
            );
            let message = spoiled(outcome, 200, Kind::InvalidResponse);
            assert!(message.contains(text), "{answer:?}: {message}");
        }
        server.finish(client);
    }
    for (lines, rest) in [
        ("content-length: 3\r\n", "{}"),
        (CHUNKED, "2\r\n{}"),
        (CHUNKED, "2\r\n{}\r\n0"),
    ] {
        let answer = head_only(lines) + rest;
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(&answer);
        });
        let client = client();
        let message = spoiled(post(&client, &server.url()), 200, Kind::InvalidResponse);
        assert_eq!(message, "the answer was cut short: unexpected end of file");
        server.finish(client);
    }
}

#[test]
fn no_answer_takes_more_memory_than_it_may() {
    // Each of these would go on for ever.
    let endless = |start: &'static str, more: &'static str| {
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(start);
            while peer.try_send(more.repeat(100)).is_ok() {}
        });
        let client = UreqTransport::new(TransportConfig {
            max_body: 1000,
            ..plain()
        })
        .unwrap();
        let outcome = post(&client, &server.url());
        server.finish(client);
        outcome
    };
    let too_long = spoiled(
        endless("HTTP/1.1 200 OK\r\n\r\n", "x"),
        200,
        Kind::InvalidResponse,
    );
    assert_eq!(too_long, "the answer is longer than 1000 bytes");
    let chunks = endless(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "1\r\nx\r\n",
    );
    assert_eq!(spoiled(chunks, 200, Kind::InvalidResponse), too_long);
    let chunk = endless(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1",
        ";x",
    );
    let message = spoiled(chunk, 200, Kind::InvalidResponse);
    assert!(message.contains("a chunk of it is broken"), "{message}");
    let trailer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n";
    assert_eq!(endless(trailer, "x: y\r\n").unwrap().body.unwrap(), b"{}");
    let head = super::failed(
        endless("HTTP/1.1 200 OK\r\n", "x: y\r\n"),
        Kind::InvalidResponse,
        true,
    );
    assert_eq!(head, "the answer's head is longer than 65536 bytes");
}

/// A valid answer, and what it says.
#[derive(Clone, Debug)]
struct Written {
    bytes: Vec<u8>,
    closes: bool,
    status: u16,
    body: Vec<u8>,
    lines: usize,
}

fn line() -> impl Strategy<Value = String> {
    let value = select(vec![
        "",
        " y",
        "\t y z ",
        " caf\u{e9}",
        "y,z",
        " y\r\n z",
        ": \"y\"",
    ]);
    ("[xX]-[a-zA-Z0-9!#$%&'*+.^_`|~-]{0,20}", value)
        .prop_map(|(name, value)| format!("{name}:{value}\r\n"))
}

fn lines(most: usize) -> impl Strategy<Value = Vec<String>> {
    vec(line(), 0..most)
}

fn interim() -> impl Strategy<Value = String> {
    let status = select(vec!["100 Continue", "100", "102 ", "103 Early Hints"]);
    (status, lines(3))
        .prop_map(|(status, lines)| format!("HTTP/1.1 {status}\r\n{}\r\n", lines.concat()))
}

fn written() -> impl Strategy<Value = Written> {
    let head = (
        vec(interim(), 0..3).prop_map(|all| all.concat()),
        select(vec!["HTTP/1.1", "HTTP/1.0"]),
        select(vec![200_u16, 201, 400, 429, 503]),
        select(vec!["", " ", " OK", " Some Thing \u{e9}"]),
        prop_oneof![lines(4), lines(200)],
    );
    let body = (
        vec(any::<u8>(), 0..3000),
        select(vec!["", "gzip", "x-gzip", "GZip", "identity"]),
        0..3,
        vec(any::<Index>(), 0..6),
        select(vec![
            "",
            ";a",
            " ; a=b ;c=\"d;e\"",
            "  ",
            ";a-very-long-extension-of-this-chunk=indeed",
        ]),
        lines(3),
    );
    (head, body).prop_map(|(head, body)| {
        let (interim, version, status, reason, lines) = head;
        let (body, coding, framing, cuts, extension, trailer) = body;
        let mut text = format!("{interim}{version} {status}{reason}\r\n{}", lines.concat());
        let mut sent = body.clone();
        if !coding.is_empty() {
            write!(text, "content-encoding: {coding}\r\n").unwrap();
            if coding != "identity" {
                sent = gzip(&body);
            }
        }
        match framing {
            0 => write!(text, "Content-Length: {}\r\n", sent.len()).unwrap(),
            1 => text += "Transfer-Encoding: Chunked\r\n",
            _ => {}
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        if framing == 1 {
            let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(sent.len() + 1)).collect();
            at.extend([0, sent.len()]);
            at.sort_unstable();
            at.dedup();
            for chunk in at.windows(2).map(|ends| &sent[ends[0]..ends[1]]) {
                write!(bytes, "{:X}{extension}\r\n", chunk.len()).unwrap();
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            write!(bytes, "00{extension}\r\n{}\r\n", trailer.concat()).unwrap();
        } else {
            bytes.extend(sent);
        }
        let lines = lines.len() + usize::from(!coding.is_empty()) + usize::from(framing != 2);
        Written {
            bytes,
            closes: framing == 2,
            status,
            body,
            lines,
        }
    })
}

/// Answers, and where each of them is cut.
type Script = VecDeque<(Written, Vec<usize>)>;

/// A server that answers with what is in the list, in pieces, and a client for it.
struct Scripted {
    server: Server,
    script: Arc<Mutex<Script>>,
    client: UreqTransport,
}

impl Scripted {
    fn start() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let answers = Arc::clone(&script);
        let server = Server::start(move |mut peer| {
            while peer.request().is_some() {
                let (answer, cuts) = answers.lock().unwrap().pop_front().unwrap();
                let mut from = 0;
                for to in cuts.into_iter().chain([answer.bytes.len()]) {
                    peer.send(&answer.bytes[from..to]);
                    thread::yield_now();
                    from = to;
                }
                if answer.closes {
                    break;
                }
            }
        });
        let client = client();
        Self {
            server,
            script,
            client,
        }
    }

    fn check(&self, answer: &Written, cuts: Vec<usize>) {
        self.script
            .lock()
            .unwrap()
            .push_back((answer.clone(), cuts));
        let read = post(&self.client, &self.server.url()).unwrap();
        assert_eq!(
            (read.status, read.headers.len()),
            (answer.status, answer.lines)
        );
        assert_eq!(read.body.as_ref(), Ok(&answer.body));
    }
}

#[test]
fn every_valid_answer_is_read_in_whatever_pieces_it_comes() {
    let scripted = Scripted::start();
    let config = ProptestConfig::with_cases(100);
    proptest!(config, |(answer in written(), cuts in vec(any::<Index>(), 0..20))| {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(answer.bytes.len())).collect();
        cuts.sort_unstable();
        scripted.check(&answer, cuts);
    });
    scripted.server.finish(scripted.client);
}

#[test]
fn a_cut_anywhere_makes_no_difference() {
    let scripted = Scripted::start();
    let text = "HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\nx-a: b\r\n c\r\n\
        Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1 \r\n}\r\n0;c\r\nx: y\r\n\r\n";
    let answer = Written {
        bytes: text.into(),
        closes: false,
        status: 200,
        body: b"{}".to_vec(),
        lines: 2,
    };
    for cut in 0..text.len() {
        scripted.check(&answer, vec![cut]);
    }
    scripted.check(&answer, (0..text.len()).collect());
    scripted.server.finish(scripted.client);
}
