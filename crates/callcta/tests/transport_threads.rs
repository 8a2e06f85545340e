//! A thousand posts in a row: one connection, no thread. In a program of its
//! own, because other tests' threads would be counted.

#![allow(clippy::unwrap_used)] // In helpers too, a panic is how a test fails.

#[path = "transport/server.rs"]
mod server;

use std::sync::{Arc, Mutex};

use callcta::transport::{HttpRequest, Transport, TransportConfig, UreqTransport};

use server::Server;

#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(not(target_os = "linux"))]
fn threads() -> usize {
    0
}

#[test]
fn posts_in_a_row_use_one_connection_and_no_thread() {
    let counts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&counts);
    let server = Server::start(move |mut peer| {
        while peer.request().is_some() {
            // During the call, so that a thread that lives no longer is seen.
            seen.lock().unwrap().push(threads());
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    let client = UreqTransport::new(TransportConfig {
        https_only: false,
        ..TransportConfig::default()
    })
    .unwrap();
    // By name: resolving is what might take a thread.
    let url = format!("http://localhost:{}/", server.port());
    for _ in 0..1000 {
        let answer = client.post(&HttpRequest {
            url: &url,
            authorization: Some("Bearer abc"),
            content_type: "application/json",
            body: b"{}",
            timeout: None,
        });
        assert_eq!(answer.unwrap().status, 200);
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 1000));
    let counts = counts.lock().unwrap();
    // The first call may still have its resolving and connecting threads.
    assert!(
        counts[1..].iter().all(|count| count <= &counts[999]),
        "{counts:?}"
    );
}
