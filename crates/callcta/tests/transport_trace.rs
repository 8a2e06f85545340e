//! Nothing secret gets into a log, at the finest level, whatever happens. In a
//! program of its own, because a program has one logger.

#![allow(clippy::unwrap_used)] // In helpers too, a panic is how a test fails.

#[path = "transport/authority.rs"]
mod authority;
#[path = "transport/server.rs"]
mod server;

use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use callcta::transport::{HttpRequest, Method, Transport, TransportConfig, UreqTransport};
use log::{LevelFilter, Log, Metadata, Record};

use authority::{authority, serve, trusting};
use server::{Server, answer};

const TOKEN: &str = "TOKEN0123456789abcdefghijklmnopqrstuvwxyzTOKEN";
const TEXT: &str = "a text that is nobody else's business";
const PASSWORD: &str = "proxypassword0123456789";

/// Keeps every line, and every byte that a line shows in hexadecimal: ureq's
/// parser logs the wire in rows of 16 bytes, which would cut a token in pieces.
#[derive(Default)]
struct Recorder {
    lines: Mutex<String>,
    bytes: Mutex<Vec<u8>>,
}

static RECORDER: Recorder = Recorder {
    lines: Mutex::new(String::new()),
    bytes: Mutex::new(Vec::new()),
};

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let text = record.args().to_string();
        if record.target().starts_with("ureq_proto")
            && let Some(row) = hex_row(&text)
        {
            self.bytes.lock().unwrap().extend(row);
        }
        let mut lines = self.lines.lock().unwrap();
        writeln!(lines, "{} {} {text}", record.level(), record.target()).unwrap();
    }

    fn flush(&self) {}
}

/// The bytes of a row such as `504f 5354 …  POST…`.
fn hex_row(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.get(..40)?.split(' ').filter(|group| !group.is_empty()) {
        for pair in [group.get(..2)?, group.get(2..)?] {
            if pair != "--" {
                bytes.push(u8::from_str_radix(pair, 16).ok()?);
            }
        }
    }
    Some(bytes)
}

fn post(client: &UreqTransport, url: &str) -> String {
    let mut outcomes = String::new();
    let body = format!("{{\"text\":\"{TEXT}\",\"access_token\":\"{TOKEN}\"}}");
    let bearer = format!("Bearer {TOKEN}");
    for (query, authorization) in [("", Some(&bearer)), ("?access_token=", None)] {
        let url = match query {
            "" => url.to_owned(),
            query => format!("{url}{query}{TOKEN}"),
        };
        let request = HttpRequest {
            method: Method::Post,
            url: &url,
            authorization: authorization.map(String::as_str),
            content_type: "application/json",
            headers: &[],
            body: body.as_bytes(),
            timeout: None,
            cancel: None,
        };
        let outcome = client.exchange(&request);
        writeln!(outcomes, "{request:?} {outcome:?}").unwrap();
        if let Err(error) = outcome {
            writeln!(outcomes, "{error}").unwrap();
        }
    }
    outcomes
}

#[test]
fn no_log_line_shows_a_secret() {
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let plain = TransportConfig {
        https_only: false,
        timeout: Duration::from_millis(150),
        ..TransportConfig::default()
    };
    let client = UreqTransport::new(plain.clone()).unwrap();
    let mut outcomes = String::new();

    // Answered, in each way ureq logs differently.
    for bytes in [
        answer("200 OK", "", "{}"),
        answer("400 Bad Request", "", "{\"error\":{}}"),
        answer("302 Found", "location: /elsewhere\r\n", ""),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec(),
        b"SSH-2.0-server\r\n\r\n".to_vec(),
    ] {
        let server = Server::answering(bytes);
        outcomes += &post(&client, &server.url());
    }

    // Refused, not found, not allowed, malformed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    outcomes += &post(&client, &refusing);
    outcomes += &post(&client, "http://callcta.invalid/");
    outcomes += &post(&client, &format!("http://{TOKEN}@127.0.0.1/"));
    outcomes += &post(&client, &format!("http://127.0.0.1/ {TOKEN}"));
    let strict = UreqTransport::new(TransportConfig::default()).unwrap();
    outcomes += &post(&strict, &refusing);

    // Dropped before and after reading, and not in time.
    for reads in [false, true] {
        let server = Server::start(move |mut peer| {
            if reads {
                peer.request();
            }
        });
        outcomes += &post(&client, &server.url());
    }
    let (given_up, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let server = Server::start(move |mut peer| {
        peer.request();
        let _ = wait.lock().unwrap().recv();
    });
    outcomes += &post(&client, &server.url());
    drop(given_up);

    // Over TLS, trusted and not.
    let (config, ca_pem) = authority(rustls::ALL_VERSIONS);
    let server = serve(config, |mut peer| {
        while peer.request().is_some() {
            peer.send(answer("200 OK", "", "{}"));
        }
    });
    let url = format!("https://localhost:{}/", server.port());
    let trusting = UreqTransport::new(trusting(&ca_pem)).unwrap();
    let trusted = post(&trusting, &url);
    assert!(trusted.contains("status: 200"), "{trusted}");
    outcomes += &trusted;
    outcomes += &post(&strict, &url);

    // Through a proxy with a password.
    let proxy = Server::start(|mut peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while peer.request().is_some() {
            peer.send(answer("200 OK", "", "{}"));
        }
    });
    let proxied = UreqTransport::new(TransportConfig {
        proxy: Some(format!("http://user:{PASSWORD}@127.0.0.1:{}", proxy.port())),
        ..plain
    })
    .unwrap();
    outcomes += &post(&proxied, "http://callcta.invalid/");
    writeln!(outcomes, "{client:?} {proxied:?}").unwrap();
    client.close();
    outcomes += &post(&client, &refusing);

    let lines = RECORDER.lines.lock().unwrap().clone();
    let bytes = String::from_utf8_lossy(&RECORDER.bytes.lock().unwrap()).into_owned();
    // The recorder works: ureq's parser did log what it was given and what came.
    assert!(lines.contains("TRACE ureq_proto"), "{lines}");
    assert!(lines.contains("TRACE rustls"), "{lines}");
    assert!(bytes.contains("POST / HTTP/1.1\r\n"), "{bytes}");
    assert!(bytes.contains("HTTP/1.1 400\r\n"), "{bytes}");
    assert!(outcomes.contains("status: 200"), "{outcomes}");
    for text in [&lines, &bytes, &outcomes] {
        for secret in [
            TOKEN,
            &TOKEN[..16],
            TEXT,
            "nobody else",
            PASSWORD,
            "cHJveHlw",
        ] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}
