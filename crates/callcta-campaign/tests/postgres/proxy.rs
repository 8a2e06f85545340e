//! A way to the server on which an answer can be lost.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

pub struct Proxy {
    pub url: String,
    swallow: Arc<AtomicBool>,
}

impl Proxy {
    /// To the server of an address `postgresql://user@host:port/database`.
    pub fn new(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let swallow = Arc::new(AtomicBool::new(false));
        let (flag, server) = (Arc::clone(&swallow), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(&server).unwrap();
                let ways = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || carry(ways.0, ways.1, None));
                let flag = Arc::clone(&flag);
                thread::spawn(move || carry(server, client, Some(&flag)));
            }
        });
        Proxy {
            url: format!("{user}@{address}/{database}?sslmode=disable"),
            swallow,
        }
    }

    /// The next thing that the server says is lost, and the connection with it.
    pub fn swallow_next_answer(&self) {
        self.swallow.store(true, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, swallow: Option<&AtomicBool>) {
    let mut buffer = [0; 16384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if swallow.is_some_and(|flag| flag.swap(false, Ordering::SeqCst)) {
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
