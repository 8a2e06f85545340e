//! Where the business hears of calls: the smallest receiver of webhooks that does it right.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Events, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use callcta::webhook::{self, Event, Secrets};

/// Longest head and body that are read.
const MOST: u64 = 1 << 20;

/// Listens for webhooks, verifies them, and keeps their events.
///
/// A framework does this better; see the examples of each. This one has a thread and no
/// dependencies.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    events: Events<Event>,
}

impl Receiver {
    /// Listens on a free port of this machine; takes what is signed with this secret.
    ///
    /// # Errors
    ///
    /// If it can't listen.
    pub fn start(secrets: Secrets, verify_token: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/webhook", listener.local_addr()?);
        let (send, events) = channel();
        let verify_token = verify_token.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = serve(stream, &secrets, &verify_token).unwrap_or_default();
                if taken.into_iter().any(|event| send.send(event).is_err()) {
                    break;
                }
            }
        });
        Ok(Receiver { url, events })
    }

    /// Where webhooks are to be sent.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// If there is none in this time.
    pub fn next(&self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        self.events.recv_timeout(timeout)
    }
}

/// Answers one request; its events.
fn serve(stream: TcpStream, secrets: &Secrets, verify_token: &str) -> io::Result<Vec<Event>> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(MOST));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut signatures) = (0, Vec::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-hub-signature-256" => signatures.push(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut parts = first.split(' ');
    let (method, target) = (parts.next(), parts.next().unwrap_or_default());
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let (status, text, events) = match method {
        Some("GET") => match webhook::answer_challenge(query, verify_token) {
            Ok(text) => (200, text, Vec::new()),
            Err(refusal) => (refusal.http_status(), String::new(), Vec::new()),
        },
        Some("POST") => {
            let mut body = vec![0; usize::min(length, 1 << 20)];
            reader.read_exact(&mut body)?;
            // More than one signature is none.
            let signature = match signatures.as_slice() {
                [one] => Some(one.as_bytes()),
                _ => None,
            };
            match webhook::verify_and_parse(&body, signature, secrets) {
                Ok(received) => (200, String::new(), received.events),
                Err(refusal) => (refusal.http_status(), String::new(), Vec::new()),
            }
        }
        _ => (405, String::new(), Vec::new()),
    };
    let mut stream = stream;
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} -\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{text}"
    )?;
    stream.shutdown(Shutdown::Write)?;
    Ok(events)
}
