//! A server on loopback that does to a connection exactly what a test says.

// Each test program uses its part, and may panic.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use socket2::{Domain, Socket, Type};

/// What arrived, in order, over all connections.
#[derive(Debug, Default)]
pub struct Log {
    pub connections: usize,
    pub requests: Vec<Received>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Received {
    /// Number of its connection, from 0.
    pub connection: usize,
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// The server's end of one connection.
pub struct Peer {
    pub connection: usize,
    stream: BufReader<Box<dyn Stream>>,
    log: Arc<Mutex<Log>>,
}

impl Peer {
    /// Reads one request and notes it; `None` when the client closed the connection.
    pub fn request(&mut self) -> Option<Received> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut received = Received {
            connection: self.connection,
            head,
            body: Vec::new(),
        };
        let length = received.header("content-length");
        let length = length.map_or(0, |length| length.parse().unwrap());
        received.body.resize(length, 0);
        self.stream.read_exact(&mut received.body).ok()?;
        self.log.lock().unwrap().requests.push(received.clone());
        Some(received)
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The client may have gone, which some tests want.
        let _ = self.try_send(bytes);
    }

    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref())?;
        stream.flush()
    }

    /// Reads until the client closes the connection.
    pub fn wait_for_close(&mut self) {
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }

    /// Goes on over a layer, such as TLS within a tunnel.
    pub fn over<S: Stream + 'static>(self, layer: impl FnOnce(Box<dyn Stream>) -> S) -> Self {
        assert!(self.stream.buffer().is_empty());
        let stream: Box<dyn Stream> = Box::new(layer(self.stream.into_inner()));
        Self {
            stream: BufReader::new(stream),
            ..self
        }
    }
}

pub struct Server {
    address: SocketAddr,
    /// The other end of the connection that is the last one.
    last: Arc<Mutex<Option<SocketAddr>>>,
    log: Arc<Mutex<Log>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Runs `serve` for every connection, each on its own thread.
    pub fn start(serve: impl Fn(Peer) + Send + Sync + 'static) -> Self {
        Self::start_over(|stream| Some(Box::new(stream)), serve)
    }

    /// As [`Server::start`], with a layer such as TLS around each connection.
    pub fn start_over(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
        serve: impl Fn(Peer) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let last = Arc::<Mutex<Option<SocketAddr>>>::default();
        let log = Arc::<Mutex<Log>>::default();
        let (end, shared) = (Arc::clone(&last), Arc::clone(&log));
        let accepting = thread::spawn(move || {
            thread::scope(|scope| {
                for stream in listener.incoming() {
                    let stream = stream.unwrap();
                    let peer = stream.peer_addr().ok();
                    if peer.is_some() && peer == *end.lock().unwrap() {
                        break;
                    }
                    let connection = {
                        let mut log = shared.lock().unwrap();
                        log.connections += 1;
                        log.connections - 1
                    };
                    let (wrap, serve, log) = (&wrap, &serve, Arc::clone(&shared));
                    scope.spawn(move || {
                        stream.set_nodelay(true).unwrap();
                        if let Some(stream) = wrap(stream) {
                            serve(Peer {
                                connection,
                                stream: BufReader::new(stream),
                                log,
                            });
                        }
                    });
                }
            });
        });
        Self {
            address,
            last,
            log,
            accepting,
        }
    }

    /// Answers every request with `answer`.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |mut peer| {
            while peer.request().is_some() {
                peer.send(&answer);
            }
        })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1/messages", self.address)
    }

    /// What arrived so far.
    pub fn requests(&self) -> Vec<Received> {
        self.log.lock().unwrap().requests.clone()
    }

    /// Waits until every connection has been served. Connections in `client`'s
    /// pool would keep it waiting, so the client is dropped first.
    pub fn finish<T>(self, client: T) -> Log {
        drop(client);
        // Behind every earlier connection, which may not have been accepted yet.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        *self.last.lock().unwrap() = socket.local_addr().unwrap().as_socket();
        socket.connect(&self.address.into()).unwrap();
        self.accepting.join().unwrap();
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

/// An answer with a `content-length`.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
