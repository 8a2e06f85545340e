//! A webhook receiver that records what it gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Channel, channel};
use std::time::Duration;

use callcta_emulator::Emulator;
use serde_json::Value;

/// A webhook as it came.
pub struct Hook {
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Hook {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn signature(&self) -> Option<&str> {
        self.header("x-hub-signature-256")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Receiver {
    pub url: String,
    hooks: Channel<Hook>,
}

impl Receiver {
    /// Answers with these statuses, one after the other, then with 200.
    pub fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
        let statuses = statuses.to_vec();
        let (sender, hooks) = channel();
        std::thread::spawn(move || {
            let mut statuses = statuses.into_iter();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let hook = read(&stream);
                let challenge = hook.line.split("hub.challenge=").nth(1).map(|rest| {
                    let end = rest.find(['&', ' ']).unwrap_or(rest.len());
                    rest[..end].to_owned()
                });
                let body = challenge.unwrap_or_else(|| "ok".into());
                let status = statuses.next().unwrap_or(200);
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes());
                if sender.send(hook).is_err() {
                    return;
                }
            }
        });
        Self { url, hooks }
    }

    /// Starts one and points an emulator at it.
    pub fn of(emulator: &Emulator) -> Self {
        let receiver = Self::start(&[]);
        emulator.set_webhook_url(&receiver.url).unwrap();
        receiver
    }

    pub fn next(&self) -> Hook {
        self.hooks
            .recv_timeout(Duration::from_secs(30))
            .expect("a webhook")
    }

    pub fn nothing_came(&self) -> bool {
        self.hooks.try_recv().is_err()
    }
}

fn read(stream: &TcpStream) -> Hook {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut hook = Hook {
        line,
        headers,
        body: String::new(),
    };
    let length = hook.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    hook.body = String::from_utf8(body).unwrap();
    hook
}
