//! A thousand posts in a row: one connection, no thread. In a program of its
//! own, because other tests' threads would be counted.

#![allow(clippy::unwrap_used)] // In helpers too, a panic is how a test fails.

#[path = "transport/server.rs"]
mod server;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::sync::{Arc, Mutex};

use callcta::transport::{HttpRequest, Method, Transport, TransportConfig, UreqTransport};

use server::Server;

/// The ids of this program's threads; none where they cannot be listed.
fn threads() -> HashSet<OsString> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    tasks.map(|task| task.unwrap().file_name()).collect()
}

#[test]
fn posts_in_a_row_use_one_connection_and_no_thread() {
    let samples = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&samples);
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
        let answer = client.exchange(&HttpRequest {
            method: Method::Post,
            url: &url,
            authorization: Some("Bearer abc"),
            content_type: "application/json",
            headers: &[],
            body: b"{}",
            timeout: None,
            cancel: None,
        });
        assert_eq!(answer.unwrap().status, 200);
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 1000));
    let samples = samples.lock().unwrap();
    assert_eq!(samples[0].is_empty(), !cfg!(target_os = "linux"));
    for threads in &samples[1..] {
        // Threads of the first call may still be there, but no new ones.
        assert!(threads.is_subset(&samples[0]), "{threads:?}");
    }
}
