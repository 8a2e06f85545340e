//! Starting an emulator.

#[cfg(feature = "tls")]
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::facts::Facts;
use super::handle::Emulator;
use super::runtime::runtime;
use crate::platform::{AnswerShape, Media, START, State, defaults};
use crate::server::{Settings, Shared, Site, Snapshot, Tls};
use crate::{control, server};

/// How an emulator shall be started. Made by [`Emulator::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EmulatorBuilder {
    listen: IpAddr,
    port: u16,
    prefix: String,
    hosts: Vec<String>,
    origins: Vec<String>,
    tls: bool,
    threads: usize,
    state: Option<State>,
    settings: Settings,
    answer_shape: Option<AnswerShape>,
}

impl EmulatorBuilder {
    /// The address to listen on. Default: 127.0.0.1.
    ///
    /// On another one than a loopback address, whoever reaches it can use the Graph side. The
    /// control API and the page answer by the address given here and by names of this machine;
    /// others need [`allow_host`](Self::allow_host).
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = address;
        self
    }

    /// Another name by which the control API and the page may be reached, such as a container's
    /// or that of a reverse proxy; with a port, only there.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Lets pages of an origin, such as `http://localhost:3000`, use and read everything, the
    /// control API included, from any browser that reaches the emulator; `*` lets in every page
    /// that is open there. Default: none.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// A path below which the emulator is, such as `/emulator`; [`Emulator::url`] has it. A
    /// reverse proxy may pass it on or take it off. Default: none.
    pub fn prefix(mut self, path: impl Into<String>) -> Self {
        self.prefix = path.into();
        self
    }

    /// Speaks `https`, with a certificate for this machine and the allowed hosts that is made anew
    /// at each start; clients have to trust [`Emulator::ca_pem`]. Default: `false`.
    ///
    /// A `drop_before_read` reads the request after all.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// The port. Default: 0, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The state to start from and to come back to. Default: [`crate::defaults::state_at`] where
    /// the clock starts.
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
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

    /// What to start from and to come back to, read from a file that [`Emulator::snapshot`] or
    /// `GET /_emulator/snapshot` wrote: state, clock, messages and all else. State, clock and seed of
    /// this builder count for nothing then.
    ///
    /// Fails if the file can't be read, and with `InvalidData` if it is not such a file.
    pub fn snapshot_file(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let json = std::fs::read(path)?;
        let snapshot = serde_json::from_slice(&json)
            .map_err(|error| error.to_string())
            .and_then(Snapshot::read)
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
        self.settings.snapshot = Some(snapshot);
        Ok(self)
    }

    /// The form of the answer to a successful send. Default: what the state says, flat.
    pub fn answer_shape(mut self, shape: AnswerShape) -> Self {
        self.answer_shape = Some(shape);
        self
    }

    /// Where the clock starts, in Unix milliseconds. Default: [`START`]. What the state says to be
    /// when the clock starts moves along.
    pub fn clock(mut self, start: i64) -> Self {
        self.settings.start = start;
        self
    }

    /// Lets the clock follow real time. Default: `false`, it stands until advanced.
    pub fn run_clock(mut self, run: bool) -> Self {
        self.settings.run_clock = run;
        self
    }

    /// Who takes the person's part in the media of calls. Default: nobody, and each offer is
    /// answered with the same text.
    pub fn media(mut self, media: impl Media + 'static) -> Self {
        self.settings.media = Some(Arc::new(media));
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

    /// About how many bytes all logs together may take: requests, messages, webhooks, calls and
    /// what people did. Beyond that, the log that takes most forgets its oldest, of requests the
    /// long bodies first. Default: 64 MiB.
    pub fn keep_bytes(mut self, bytes: usize) -> Self {
        self.settings.keep_bytes = bytes;
        self
    }

    /// How long the head of a request may take to arrive, from its first byte on, or on a new
    /// connection from its beginning. Then the connection is closed; one that has been used may be
    /// idle for as long as it likes. Default: 30 seconds.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.settings.head_timeout = timeout;
        self
    }

    /// Threads that serve requests. Default: 1, which leaves the other cores to the client.
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count.max(1);
        self
    }

    /// Starts the emulator; it answers as soon as this returns.
    ///
    /// Fails if the port is taken, with `AddrInUse`; with `InvalidInput` if a prefix, host or
    /// origin is none; or if a thread can't be started.
    pub fn start(mut self) -> io::Result<Emulator> {
        if let Some(snapshot) = &self.settings.snapshot {
            let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, why);
            self.settings.restore(snapshot.clone()).map_err(invalid)?;
            self.state = Some(snapshot.platform.state.clone());
            self.settings.start = snapshot.platform.clock.now;
        }
        let start = self.settings.start;
        let mut state = self.state.unwrap_or_else(|| defaults::state_at(start));
        state.begin(start);
        if let Some(shape) = self.answer_shape {
            state.answer_shape = shape;
        }
        let listener = bind(SocketAddr::new(self.listen, self.port))?;
        listener.set_nonblocking(true)?;
        let address = SocketAddr::new(reachable(self.listen), listener.local_addr()?.port());
        self.hosts.push(address.to_string());
        let site = Site::new(&self.prefix, &self.hosts, &self.origins)
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let tls = self.tls.then(|| tls(&site)).transpose()?;
        let scheme = if self.tls { "https" } else { "http" };
        let url = format!("{scheme}://{address}{}", site.prefix());
        let facts = Facts::of(&state, start);
        self.settings.state = state;
        self.settings.site = site;
        self.settings.ready_line = facts.ready_line(&url);
        self.settings.base.clone_from(&url);
        let runtime = runtime(self.threads)?;
        let shared = Arc::new(Shared::new(self.settings));
        let own = control::own_side(&shared);
        let stop = Arc::new(Notify::new());
        #[cfg(feature = "tls")]
        let ca_pem = tls.as_ref().map(|tls| tls.ca_pem().to_owned());
        let server = {
            let shared = Arc::clone(&shared);
            let stop = Arc::clone(&stop);
            std::thread::Builder::new()
                .name("callcta-emulator".into())
                .spawn(move || {
                    // Whatever ended the loop, dropping the runtime closes all connections.
                    let _ = runtime.block_on(server::serve(listener, shared, own, tls, stop));
                    // Tasks own no blocking work, so this is over at once.
                    runtime.shutdown_timeout(Duration::from_secs(1));
                })?
        };
        Ok(Emulator {
            shared,
            url,
            facts,
            #[cfg(feature = "tls")]
            ca_pem,
            server: Mutex::new(Some(server)),
            stop,
            process: std::process::id(),
        })
    }
}

/// An address of this machine for one that means all of them.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// A certificate for all names under which the emulator is.
#[cfg(feature = "tls")]
fn tls(site: &Site) -> io::Result<Tls> {
    let names = ["localhost", "127.0.0.1", "::1"].into_iter();
    let names: BTreeSet<&str> = names.chain(site.names()).collect();
    Tls::new(names.into_iter().map(str::to_owned).collect())
}

#[cfg(not(feature = "tls"))]
fn tls(_: &Site) -> io::Result<Tls> {
    Err(io::ErrorKind::Unsupported.into())
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
            listen: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            prefix: String::new(),
            hosts: Vec::new(),
            origins: Vec::new(),
            tls: false,
            threads: 1,
            state: None,
            settings: Settings {
                state: State::default(),
                start: START,
                run_clock: false,
                seed: 1,
                keep_messages: 500,
                keep_requests: 500,
                keep_bytes: 64 << 20,
                head_timeout: Duration::from_secs(30),
                site: Site::default(),
                snapshot: None,
                base: String::new(),
                ready_line: String::new(),
                media: None,
            },
            answer_shape: None,
        }
    }
}
