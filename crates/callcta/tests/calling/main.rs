//! Settings, permissions and calls, over real sockets and with the emulator.

// The tests may panic.
#![allow(clippy::unwrap_used)]

mod cases;
mod emulated;
#[path = "../transport/server.rs"]
mod server;
mod settings;
mod sockets;
mod vectors;

use std::time::Duration;

use callcta::{Client, ClientBuilder, RetryPolicy};

use self::server::{Server, answer};

const PSID: &str = "1254477777772919";

fn builder(server: &Server) -> ClientBuilder {
    Client::builder("1234567890", "test-token")
        .base_url(format!("http://127.0.0.1:{}", server.port()))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
}

fn client(server: &Server) -> Client {
    builder(server).build().unwrap()
}

/// Answers with this JSON.
fn json(body: &str) -> Vec<u8> {
    answer("200 OK", "content-type: application/json\r\n", body)
}
