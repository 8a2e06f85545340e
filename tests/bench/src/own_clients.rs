//! The clients in Rust.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use callcta::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use callcta::{Button, Client, Element, Message};
use clap::{Args, ValueEnum};

use crate::{Result, protocol};

#[derive(Args)]
pub struct Settings {
    which: Which,
    url: String,
    page_id: String,
    token: String,
    psid: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Raw,
    Ureq,
    Callcta,
    /// Everything but the network.
    Offline,
}

pub fn run(settings: &Settings) -> Result<()> {
    match settings.which {
        Which::Raw => raw(settings),
        Which::Ureq => ureq(settings),
        Which::Callcta => callcta(settings),
        Which::Offline => offline(settings),
    }
}

/// The page's generic sample, as a user of callcta builds it.
pub fn sample() -> Message {
    Message::generic([
        Element::new("Contact Support!").button(Button::audio_call("Call Now").expires_in_days(5))
    ])
}

/// The same as somebody without callcta has it at hand: ready to be sent.
pub fn sample_body(psid: &str) -> String {
    format!(
        r#"{{"recipient":{{"id":"{psid}"}},"message":{{"attachment":{{"type":"template","payload":{{"template_type":"generic","elements":[{{"title":"Contact Support!","buttons":[{{"type":"audio_call","title":"Call Now","expires_in_days":5}}]}}]}}}}}}}}"#
    )
}

/// The floor: what is written is ready, what is read is only counted.
fn raw(settings: &Settings) -> Result<()> {
    let host = settings.url.strip_prefix("http://").ok_or("http only")?;
    let body = sample_body(&settings.psid);
    let request = format!(
        "POST /v26.0/{}/messages HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nuser-agent: raw\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        settings.page_id,
        settings.token,
        body.len()
    );
    let mut connected: Option<TcpStream> = None;
    let mut buffer = vec![0; 16 * 1024];
    // The server always answers alike, so the first answer tells the length.
    let mut length = None;
    protocol::serve("raw socket", || {
        let stream = match &mut connected {
            Some(stream) => stream,
            none => {
                let stream = none.insert(TcpStream::connect(host)?);
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request.as_bytes())?;
        let mut filled = 0;
        while length.is_none_or(|length| filled < length) {
            match stream.read(&mut buffer[filled..])? {
                0 => return Err("the server hung up".into()),
                count => filled += count,
            }
            length = length.or_else(|| whole(&buffer[..filled]));
        }
        if buffer.starts_with(b"HTTP/1.1 200 ") {
            Ok(())
        } else {
            Err("the answer is not a 200".into())
        }
    })
}

/// The length of an answer whose head is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let head = text.find("\r\n\r\n")?;
    let value = text[..head].split("content-length: ").nth(1)?;
    let length: usize = value.lines().next()?.parse().ok()?;
    Some(head + 4 + length)
}

/// ureq as it comes, with the client's settings.
fn ureq(settings: &Settings) -> Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .max_redirects(0)
        .proxy(None)
        .build()
        .into();
    let body = sample_body(&settings.psid);
    let url = format!("{}/v26.0/{}/messages", settings.url, settings.page_id);
    let authorization = format!("Bearer {}", settings.token);
    protocol::serve("ureq 3.5", || {
        let mut answer = agent
            .post(&url)
            .header("content-type", "application/json")
            .header("authorization", &authorization)
            .send(&body)?;
        let read = answer
            .body_mut()
            .with_config()
            .limit(1 << 20)
            .read_to_vec()?;
        if answer.status() == 200 && !read.is_empty() {
            Ok(())
        } else {
            Err("the answer is not a 200".into())
        }
    })
}

/// `Client::send`, the message built anew for each.
fn callcta(settings: &Settings) -> Result<()> {
    let client = Client::builder(&settings.page_id, &settings.token)
        .base_url(&settings.url)
        .build()?;
    serve_callcta("callcta", settings, &client)
}

/// `Client::send` over a transport that has the answer ready.
fn offline(settings: &Settings) -> Result<()> {
    #[derive(Debug)]
    struct Ready;
    impl Transport for Ready {
        fn exchange(
            &self,
            _: &HttpRequest<'_>,
        ) -> std::result::Result<HttpResponse, TransportError> {
            let body = r#"{"recipient_id":"1254477777772919","message_id":"m_1"}"#;
            let mut answer = HttpResponse::new(200, body);
            let json = "application/json; charset=UTF-8".to_owned();
            answer.headers.push(("content-type".to_owned(), json));
            Ok(answer)
        }
    }
    let client = Client::builder(&settings.page_id, &settings.token)
        .base_url(&settings.url)
        .transport(Arc::new(Ready))
        .build()?;
    serve_callcta("callcta without the network", settings, &client)
}

fn serve_callcta(title: &str, settings: &Settings, client: &Client) -> Result<()> {
    protocol::serve(title, || {
        let receipt = client.send(settings.psid.as_str(), &sample())?;
        if receipt.message_id.is_empty() {
            return Err("the receipt has no message id".into());
        }
        Ok(())
    })
}
