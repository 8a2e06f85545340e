//! How many sends a second the emulator takes over kept connections, how fast it starts, and
//! whether its memory stays flat.
//!
//! `cargo bench -p callcta-emulator -- [messages] [connections]`; defaults: 200000 and 4.
//! The load comes from this process, so both share its cores.
#![allow(
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for a terminal"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use callcta_emulator::{Emulator, defaults};

fn request(emulator: &Emulator) -> Vec<u8> {
    let body = format!(
        r#"{{"recipient":{{"id":"{}"}},"message":{{"attachment":{{"type":"template","payload":{{"template_type":"generic","elements":[{{"title":"Contact Support!","buttons":[{{"type":"audio_call","title":"Call Now","expires_in_days":5}}]}}]}}}}}}}}"#,
        defaults::PSID
    );
    format!(
        "POST /v26.0/{}/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        emulator.page_id(),
        emulator.access_token(),
        body.len()
    )
    .into_bytes()
}

/// Sends one after the other; each answer is read whole before the next request.
fn client(emulator: &Emulator, count: usize) {
    let mut stream = TcpStream::connect(emulator.url().trim_start_matches("http://")).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = request(emulator);
    let mut answer = [0; 2048];
    for _ in 0..count {
        stream.write_all(&request).unwrap();
        let mut length = 0;
        while !answer[..length].ends_with(b"\"}") {
            let n = stream.read(&mut answer[length..]).unwrap();
            assert!(n > 0, "closed");
            length += n;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

fn round(emulator: &Emulator, messages: usize, connections: usize) -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| client(emulator, messages / connections));
        }
    });
    started.elapsed()
}

/// Resident memory of this process in KiB, where /proc tells it.
fn memory() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
            line.split_ascii_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or(0)
}

fn main() {
    // Cargo adds `--bench`.
    let mut numbers = std::env::args().filter_map(|arg| arg.parse().ok());
    let messages: usize = numbers.next().unwrap_or(200_000);
    let connections: usize = numbers.next().unwrap_or(4);

    let mut starts: Vec<Duration> = (0..50)
        .map(|_| {
            let started = Instant::now();
            let emulator = Emulator::start().unwrap();
            client(&emulator, 1);
            started.elapsed()
        })
        .collect();
    starts.sort();
    println!(
        "start to first answer: median {:?}, worst {:?}",
        starts[25], starts[49]
    );

    let emulator = Emulator::start().unwrap();
    round(&emulator, 20_000, connections);
    let before = memory();
    let took = round(&emulator, messages, connections);
    let rate = messages as f64 / took.as_secs_f64();
    println!("{messages} messages over {connections} connections in {took:.2?}: {rate:.0} sends/s");
    println!(
        "resident memory: {before} KiB before, {} KiB after",
        memory()
    );
    assert_eq!(emulator.messages().len(), 500);
}
