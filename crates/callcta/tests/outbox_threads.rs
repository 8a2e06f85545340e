//! How many threads the outboxes of many Pages make. On its own, since it counts those of
//! its process.

#![cfg(target_os = "linux")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callcta::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use callcta::{Client, Message, Outboxes, Request, SendOptions};

#[derive(Debug, Default)]
struct FarAway(Mutex<usize>);

fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("there is a list");
    tasks.count()
}

impl Transport for FarAway {
    fn exchange(&self, _: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        std::thread::sleep(Duration::from_millis(5));
        let mut most = self.0.lock().expect("nobody panicked");
        *most = threads().max(*most);
        Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
    }
}

#[test]
fn five_hundred_pages_share_their_threads() {
    let before = threads();
    let transport = Arc::<FarAway>::default();
    let outboxes = Outboxes::builder().workers(16).build();
    let first = Client::builder("1", "t").transport(transport.clone());
    let first = first.build().expect("the settings are right");
    let pages: Vec<_> = (0..500)
        .map(|page: u32| {
            let client = Client::builder(page.to_string(), "t").share_connections(&first);
            outboxes.outbox(client.build().expect("the settings are right"))
        })
        .collect();
    for outbox in &pages {
        for psid in ["1", "2", "3"] {
            let options = SendOptions::new().unchecked(true);
            let request = Request::new(psid, Message::call_prompt(), options);
            let done = |outcome: callcta::Result<_>| drop(outcome.expect("it is sent"));
            outbox.submit(request, done).expect("it is open");
        }
    }
    outboxes.drain();
    assert_eq!(outboxes.counts().sent, 1500);
    let most = *transport.0.lock().expect("nobody panicked");
    assert!(
        most <= before + 16,
        "{most} threads, {before} of them before"
    );
    outboxes.join();
    // The kernel lists a thread for a moment longer than joining it takes.
    let patience = Instant::now() + Duration::from_secs(10);
    while threads() > before && Instant::now() < patience {
        std::thread::yield_now();
    }
    assert!(threads() <= before);
}
