//! Opens connections: to a server, or through a proxy to one.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Type};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector as _, RustlsConnector, ShutdownHandle, Transport,
};
use ureq::{Error, Timeout};

use super::background::Background;
use super::call;
use super::proxy::{Proxies, Proxy};
use super::resolver::CachingResolver;
use super::socket::{Socket, SocketTransport};
use super::target::place;
use super::tunnel;
use super::unreached::{Unreached, is_exhausted};
use crate::cancel::CHECK_INTERVAL;

/// How long an address has for itself before the next one is tried beside it
/// (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Opens connections.
pub(super) struct Dialer {
    pub(super) background: Arc<Background>,
    pub(super) resolver: Arc<CachingResolver>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) tls: RustlsConnector,
    pub(super) user_agent: String,
}

/// Names whom an error is about.
fn reaching<T>(whom: &str, result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|error| {
        let whom = whom.to_owned();
        Error::Other(Box::new(Unreached { whom, error }))
    })
}

/// A connection, as far as the request can be written to it, and its socket.
pub(super) type Opened = (Box<dyn Transport>, Arc<Socket>);

impl Dialer {
    pub(super) fn open(&self, details: &ConnectionDetails<'_>) -> Result<Opened, Error> {
        let unusable = |error| Error::Other(Box::new(error));
        let proxy = self.proxies.of(details.uri).map_err(unusable)?;
        let (host, port) = place(details.uri);
        let (whom, (transport, socket)) = match proxy {
            None => {
                let whom = format!("{host}:{port}");
                let connected = reaching(&whom, self.connect(details, host, port))?;
                (whom, connected)
            }
            Some(proxy) => {
                let through = self.through(proxy, details);
                let tunnel = reaching(&format!("the proxy {proxy}"), through)?;
                (format!("{host}:{port} through the proxy {proxy}"), tunnel)
            }
        };
        let secured = reaching(&whom, self.secure(details, transport))?;
        Ok((secured, socket))
    }

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        host: &str,
        port: u16,
    ) -> Result<Opened, Error> {
        let deadline = call::deadline();
        let addresses = self.resolver.addresses(host, port, deadline)?;
        let connected = connect_any(&addresses, deadline, &self.background);
        let (stream, address) = connected.inspect_err(|_| self.resolver.forget(host, port))?;
        if addresses.first() != Some(&address) {
            self.resolver.prefer(host, port, address);
        }
        stream.set_nodelay(true)?;
        let transport = SocketTransport::over(
            stream,
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let socket = transport.socket();
        let handle: Weak<dyn ShutdownHandle> = Arc::<Socket>::downgrade(&socket);
        (details.register_shutdown)(handle)?;
        Ok((transport.boxed(), socket))
    }

    /// Adds TLS where the URL says so.
    fn secure(
        &self,
        details: &ConnectionDetails<'_>,
        transport: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, Error> {
        let secured = self.tls.connect(details, Some(transport))?;
        secured.map(Transport::boxed).ok_or(Error::ConnectionFailed)
    }

    /// A tunnel, up to the point where the proxy says that it stands.
    fn through(&self, proxy: &Proxy, details: &ConnectionDetails<'_>) -> Result<Opened, Error> {
        let (host, port) = place(&proxy.uri);
        let (transport, socket) = self.connect(details, host, port)?;
        let to_proxy = ConnectionDetails {
            uri: &proxy.uri,
            addrs: details.resolver.empty(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        let secured = self.secure(&to_proxy, transport)?;
        let (host, port) = place(details.uri);
        let connect = tunnel::Connect {
            host,
            port,
            user_agent: &self.user_agent,
            authorization: proxy.authorization.as_deref(),
        };
        let tunnel = tunnel::open(secured, &connect, details.timeout)?;
        Ok((tunnel, socket))
    }
}

/// Connects to whichever address answers first. Each has a head start over the
/// next one, unless it fails sooner.
fn connect_any(
    addresses: &[SocketAddr],
    deadline: Option<Instant>,
    background: &Background,
) -> Result<(TcpStream, SocketAddr), Error> {
    let mut waiting = addresses.iter();
    let mut begun: Vec<(socket2::Socket, SocketAddr)> = Vec::new();
    let mut failure = None;
    let mut next = Instant::now();
    loop {
        background.check()?;
        let now = Instant::now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Error::Timeout(Timeout::Connect));
        }
        if begun.is_empty() || next <= now {
            match waiting.next().map(|address| (begin(*address), *address)) {
                Some((Ok(socket), address)) => {
                    begun.push((socket, address));
                    next = now + HEAD_START;
                }
                Some((Err(error), _)) => {
                    keep_the_more_telling(&mut failure, error);
                    continue;
                }
                None if begun.is_empty() => {
                    return Err(failure.map_or(Error::HostNotFound, Error::Io));
                }
                None => {}
            }
        }
        // Between two looks whether the connection is still wanted.
        let mut wait = CHECK_INTERVAL;
        if let Some(deadline) = deadline {
            wait = wait.min(deadline.saturating_duration_since(now));
        }
        if waiting.len() > 0 {
            wait = wait.min(next.saturating_duration_since(now));
        }
        for at in ready(&begun, wait)?.into_iter().rev() {
            let (socket, address) = begun.swap_remove(at);
            match finish(socket, address) {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    keep_the_more_telling(&mut failure, error);
                    next = now;
                }
            }
        }
    }
}

/// Starts to connect. The socket becomes writable when that has ended.
fn begin(address: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::from(address)) {
        Ok(()) => Ok(socket),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::INPROGRESS | Errno::WOULDBLOCK | Errno::INTR) => Ok(socket),
            _ => Err(error),
        },
    }
}

/// The places of those that have ended, after `wait` at most.
fn ready(begun: &[(socket2::Socket, SocketAddr)], wait: Duration) -> Result<Vec<usize>, Error> {
    let mut polled: Vec<PollFd<'_>> = begun
        .iter()
        .map(|(socket, _)| PollFd::new(socket, PollFlags::OUT))
        .collect();
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    match poll(&mut polled, Some(&wait)) {
        // A signal: whoever gave it may want the call to end.
        Err(Errno::INTR) => Ok(Vec::new()),
        Err(error) => Err(io::Error::from(error).into()),
        Ok(_) => {
            let ended = polled.iter().map(|polled| !polled.revents().is_empty());
            let ended = ended.enumerate().filter(|(_, ended)| *ended);
            Ok(ended.map(|(at, _)| at).collect())
        }
    }
}

/// A connection from a socket that has ended connecting.
fn finish(socket: socket2::Socket, address: SocketAddr) -> io::Result<TcpStream> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    socket.set_nonblocking(false)?;
    let stream = TcpStream::from(socket);
    let own = stream.local_addr()?;
    // Where nobody listens on a port from the range of outgoing connections, one
    // can connect to itself.
    if (own.ip(), own.port()) == (address.ip(), address.port()) {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// Of several addresses' failures, the first of those that say most: that this
/// machine has run out of something, or what the other end did, rather than that
/// there is no way to one of them.
fn keep_the_more_telling(kept: &mut Option<io::Error>, error: io::Error) {
    let weight = |error: &io::Error| match error.kind() {
        _ if is_exhausted(error) => 2,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable => 0,
        _ => 1,
    };
    if kept
        .as_ref()
        .is_none_or(|kept| weight(kept) < weight(&error))
    {
        *kept = Some(error);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// An address that neither accepts nor refuses, while the rest is held.
    pub(in super::super) fn swallowing() -> (SocketAddr, socket2::Socket, Vec<TcpStream>) {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&loopback.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            queued.push(stream);
            assert!(queued.len() < 100, "this system's listeners are never full");
        }
        (address, socket, queued)
    }

    fn listening() -> (SocketAddr, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (listener.local_addr().unwrap(), listener)
    }

    /// An address where nobody listens.
    fn refusing() -> SocketAddr {
        listening().0
    }

    fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, Error> {
        let deadline = Instant::now() + PATIENCE;
        let connected = connect_any(addresses, Some(deadline), &Background::default());
        connected.map(|(stream, address)| {
            assert_eq!(stream.peer_addr().unwrap(), address);
            address
        })
    }

    #[test]
    fn the_first_that_answers_is_taken_and_none_is_waited_for_long() {
        let (dead, _socket, _queued) = swallowing();
        let (good, _listener) = listening();
        let started = Instant::now();
        assert_eq!(connect(&[good, dead]).unwrap(), good);
        assert_eq!(connect(&[refusing(), dead, good]).unwrap(), good);
        assert!(started.elapsed() >= HEAD_START);
        assert!(started.elapsed() < PATIENCE / 4);
    }

    #[test]
    fn nobody_answers() {
        let refused = |result: Result<SocketAddr, Error>| match result.unwrap_err() {
            Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            _ => false,
        };
        let nowhere: SocketAddr = "255.255.255.255:1".parse().unwrap();
        assert!(refused(connect(&[refusing()])));
        assert!(refused(connect(&[nowhere, refusing(), nowhere])));
        assert!(matches!(connect(&[]), Err(Error::HostNotFound)));
    }

    #[test]
    fn a_wait_ends_with_its_time_or_when_nobody_wants_it() {
        let (dead, _socket, _queued) = swallowing();
        let background = Background::default();
        let soon = Instant::now() + Duration::from_millis(100);
        let late = connect_any(&[dead, dead], Some(soon), &background);
        assert!(matches!(late, Err(Error::Timeout(_))));
        assert!(Instant::now() >= soon);
        thread::scope(|scope| {
            let call = scope.spawn(|| connect_any(&[dead], None, &background));
            background.close();
            let error = call.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Io(e) if e.kind() == io::ErrorKind::NotConnected));
        });
    }

    #[test]
    fn a_connection_to_itself_is_refused() {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&loopback.into()).unwrap();
        let own = socket.local_addr().unwrap().as_socket().unwrap();
        socket.connect(&own.into()).unwrap();
        let error = finish(socket, own).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
