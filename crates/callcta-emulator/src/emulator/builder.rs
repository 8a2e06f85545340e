//! Starting an emulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::facts::Facts;
use super::handle::Emulator;
use super::runtime::runtime;
use crate::platform::{AnswerShape, State, defaults};
use crate::server::{Settings, Shared};
use crate::{control, server};

/// How an emulator shall be started. Made by [`Emulator::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EmulatorBuilder {
    port: u16,
    threads: usize,
    settings: Settings,
    answer_shape: Option<AnswerShape>,
}

impl EmulatorBuilder {
    /// The port on 127.0.0.1. Default: 0, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The state to start from and to come back to. Default: [`crate::defaults::state`].
    pub fn state(mut self, state: State) -> Self {
        self.settings.state = state;
        self
    }

    /// The state to start from, read from a JSON file.
    ///
    /// Fails if the file can't be read, and with `InvalidData` if it is not a state.
    pub fn seed_file(self, path: impl AsRef<Path>) -> io::Result<Self> {
        let json = std::fs::read_to_string(path)?;
        let state = State::from_json(&json)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(self.state(state))
    }

    /// The form of the answer to a successful send. Default: what the state says, flat.
    pub fn answer_shape(mut self, shape: AnswerShape) -> Self {
        self.answer_shape = Some(shape);
        self
    }

    /// Lets the clock follow real time. Default: `false`, it stands until advanced.
    pub fn run_clock(mut self, run: bool) -> Self {
        self.settings.run_clock = run;
        self
    }

    /// The seed for faults with a probability or a drawn delay. Default: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How many of the newest messages are kept. Default: 500.
    pub fn keep_messages(mut self, count: usize) -> Self {
        self.settings.keep_messages = count;
        self
    }

    /// How many of the newest requests are kept in the log. Default: 500.
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.settings.keep_requests = count;
        self
    }

    /// Threads that serve requests. Default: 1, which leaves the other cores to the client.
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count.max(1);
        self
    }

    /// Starts the emulator; it answers as soon as this returns.
    ///
    /// Fails if the port is taken or a thread can't be started.
    pub fn start(mut self) -> io::Result<Emulator> {
        if let Some(shape) = self.answer_shape {
            self.settings.state.answer_shape = shape;
        }
        let listener = bind((Ipv4Addr::LOCALHOST, self.port).into())?;
        listener.set_nonblocking(true)?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let facts = Facts::of(&self.settings.state);
        self.settings.ready_line = facts.ready_line(&url);
        self.settings.base.clone_from(&url);
        let runtime = runtime(self.threads)?;
        let shared = Arc::new(Shared::new(self.settings));
        let own = control::own_side(&shared);
        let stop = Arc::new(Notify::new());
        let server = {
            let shared = Arc::clone(&shared);
            let stop = Arc::clone(&stop);
            std::thread::Builder::new()
                .name("callcta-emulator".into())
                .spawn(move || {
                    // Whatever ended the loop, dropping the runtime closes all connections.
                    let _ = runtime.block_on(server::serve(listener, shared, own, stop));
                    // Tasks own no blocking work, so this is over at once.
                    runtime.shutdown_timeout(Duration::from_secs(1));
                })?
        };
        Ok(Emulator::new(shared, url, facts, server, stop))
    }
}

/// Listens; an error names the address.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let text = match error.kind() {
            io::ErrorKind::AddrInUse => {
                let (ip, port) = (address.ip(), address.port());
                format!("port {port} of {ip} is taken: another program listens there")
            }
            _ => format!("{address}: {error}"),
        };
        io::Error::new(error.kind(), text)
    })
}

impl Emulator {
    /// Starts with the default state on a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts otherwise.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            threads: 1,
            settings: Settings {
                state: defaults::state(),
                run_clock: false,
                seed: 1,
                keep_messages: 500,
                keep_requests: 500,
                base: String::new(),
                ready_line: String::new(),
            },
            answer_shape: None,
        }
    }
}
