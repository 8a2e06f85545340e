//! The client over real sockets.

mod answers;
mod batch;
mod credentials;
mod delivery;
mod outbox;
mod outboxes;
mod pace;
mod retry;
mod samples;
#[path = "../transport/server.rs"]
mod server;
mod texts;

use callcta::{Button, Client, ClientBuilder, Message, RetryPolicy};

use self::server::{Server, answer};

const PSID: &str = "1254477777772919";
const OK: &str = r#"{"recipient_id":"1254477777772919","message_id":"m_1"}"#;

fn message() -> Message {
    Message::buttons("Contact Support!", [Button::audio_call("Call Now")])
}

fn ok() -> Vec<u8> {
    answer("200 OK", "content-type: application/json\r\n", OK)
}

fn builder(server: &Server) -> ClientBuilder {
    Client::builder("1234567890", "test-token").base_url(base_url(server))
}

/// A client that makes one request per send.
fn client(server: &Server) -> Client {
    builder(server)
        .retry(RetryPolicy::none())
        .build()
        .expect("the settings are right")
}

fn base_url(server: &Server) -> String {
    format!("http://127.0.0.1:{}", server.port())
}
