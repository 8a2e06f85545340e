//! The two ends of ureq's connector chain: the socket below TLS, and the place
//! above TLS where the request's head is completed.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

#[cfg(unix)]
use socket2::SockRef;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, ShutdownHandle,
    Transport,
};
use ureq::{Error, Timeout};

use super::background::Background;
use super::call;

/// How much written data is held back before it goes out without waiting for
/// more. A whole request is far smaller.
const HOLD: usize = 64 * 1024;

/// How long a blocked socket call may outlast its deadline, so that the socket's
/// timeout needn't be set anew for every call.
const SLACK: Duration = Duration::from_millis(50);

/// Opens TCP connections, unless an earlier connector (a proxy's) has.
#[derive(Debug)]
pub(super) struct SocketConnector {
    pub(super) background: Arc<Background>,
}

impl<In: Transport> Connector<In> for SocketConnector {
    type Out = Either<In, SocketTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if chained.is_some() {
            return Ok(chained.map(Either::A));
        }
        let addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        let deadline = call::deadline();
        let stream = self.background.run("callcta-connect", deadline, move || {
            connect_any(&addresses, deadline)
        })??;
        stream.set_nodelay(true)?;
        let transport = SocketTransport::over(
            stream,
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let socket: Weak<dyn ShutdownHandle> = Arc::downgrade(&transport.socket) as _;
        (details.register_shutdown)(socket)?;
        Ok(Some(Either::B(transport)))
    }
}

/// Tries the addresses in order. Each but the last may use half of the time that
/// is left, so that one that swallows packets leaves time for the others.
fn connect_any(addresses: &[SocketAddr], deadline: Option<Instant>) -> Result<TcpStream, Error> {
    let mut last = Error::HostNotFound;
    for (at, address) in addresses.iter().enumerate() {
        let connected = match deadline {
            None => TcpStream::connect(address),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Error::Timeout(Timeout::Connect));
                }
                let is_last = at + 1 == addresses.len();
                let budget = if is_last { left } else { left / 2 };
                TcpStream::connect_timeout(address, budget)
            }
        };
        last = match connected {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Error::Timeout(Timeout::Connect)
            }
            Err(error) => error.into(),
        };
    }
    Err(last)
}

#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    /// Tells an end of the stream that `close` caused from the peer's.
    closed: AtomicBool,
}

impl ShutdownHandle for Socket {
    fn shutdown(&self) {
        self.closed.store(true, Ordering::Release);
        // It fails only when the connection is gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// A TCP connection that sends a request's head and body together and keeps
/// count of what the operating system took.
#[derive(Debug)]
pub(super) struct SocketTransport {
    socket: Arc<Socket>,
    buffers: LazyBuffers,
    /// Written by ureq, not yet given to the operating system.
    held: Vec<u8>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    /// Something was read since the last probe.
    answered: bool,
}

impl SocketTransport {
    fn over(stream: TcpStream, input_size: usize, output_size: usize) -> Self {
        Self {
            socket: Arc::new(Socket {
                stream,
                closed: AtomicBool::new(false),
            }),
            buffers: LazyBuffers::new(input_size, output_size),
            held: Vec::new(),
            read_timeout: None,
            write_timeout: None,
            answered: false,
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        while !self.held.is_empty() {
            let left = time_left()?;
            limit(&mut self.write_timeout, left, |limit| {
                self.socket.stream.set_write_timeout(limit)
            })?;
            match (&self.socket.stream).write(&self.held) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => {
                    call::accepted(count);
                    self.held.drain(..count);
                }
                Err(error) if is_retried(&error) => {
                    // Woken early; the next round sets what is left of the time.
                    self.write_timeout = Some(Duration::MAX);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the peer has neither closed the connection nor sent anything.
    #[cfg(unix)]
    fn is_quiet(&self) -> bool {
        // One system call; with the standard library alone it is three, a
        // twentieth of what a send costs here.
        let socket = SockRef::from(&self.socket.stream);
        would_block(&socket.recv_with_flags(&mut [MaybeUninit::uninit()], libc::MSG_DONTWAIT))
    }

    /// Whether the peer has neither closed the connection nor sent anything.
    #[cfg(not(unix))]
    fn is_quiet(&self) -> bool {
        let mut stream = &self.socket.stream;
        stream.set_nonblocking(true).is_ok()
            & would_block(&stream.read(&mut [0]))
            & stream.set_nonblocking(false).is_ok()
    }
}

fn would_block(read: &io::Result<usize>) -> bool {
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl Transport for SocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        self.held
            .extend_from_slice(&self.buffers.output()[..amount]);
        call::queued(amount);
        if self.held.len() > HOLD {
            self.flush()?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.flush()?;
        self.answered = true;
        let input = self.buffers.input_append_buf();
        let count = loop {
            let left = time_left()?;
            limit(&mut self.read_timeout, left, |limit| {
                self.socket.stream.set_read_timeout(limit)
            })?;
            match (&self.socket.stream).read(input) {
                Ok(count) => break count,
                Err(error) if is_retried(&error) => self.read_timeout = Some(Duration::MAX),
                Err(error) => return Err(error.into()),
            }
        };
        if count == 0 && self.socket.closed.load(Ordering::Acquire) {
            // Not an end of the body, which ureq would take it for.
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        }
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        if !self.held.is_empty() || !self.buffers.input().is_empty() {
            return false;
        }
        // ureq asks twice: when it puts a connection into the pool, straight
        // after an answer, and when it takes one out. Only the second time says
        // something about the next request.
        if std::mem::take(&mut self.answered) {
            return true;
        }
        self.is_quiet()
    }
}

/// What the call may still take; `None` is for ever.
fn time_left() -> Result<Option<Duration>, Error> {
    match call::deadline() {
        None => Ok(None),
        Some(deadline) => match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Error::Timeout(Timeout::Global)),
            left => Ok(Some(left)),
        },
    }
}

/// The socket's timeout ran out (which says nothing yet about the call's), or a
/// signal came in.
fn is_retried(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Sets the socket's timeout to `left` when with the present one a blocked call
/// would end more than [`SLACK`] (a tenth of `left`, if that is less) too late.
/// Too early does no harm: the caller looks at its clock and waits again.
fn limit(
    present: &mut Option<Duration>,
    left: Option<Duration>,
    set: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
    let keep = match (*present, left) {
        (None, None) => true,
        (Some(present), Some(left)) => present <= left.saturating_add(SLACK.min(left / 10)),
        _ => false,
    };
    if !keep {
        set(left)?;
        *present = left;
    }
    Ok(())
}

/// Last in the chain: completes the head of the request.
///
/// ureq-proto logs every byte of a request's head at trace level and ureq the
/// path and query, with no way to switch either off. So ureq is given a head
/// without path, query and `Authorization`, and they are put in here.
#[derive(Debug)]
pub(super) struct HeadConnector {
    /// Whether connections go through a proxy, unless excepted.
    pub(super) proxied: bool,
}

impl<In: Transport> Connector<In> for HeadConnector {
    type Out = HeadTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // ureq runs the chain a second time, with the proxy taken out of the
        // settings, for the connection to the proxy itself. What is written
        // there is a `CONNECT`, not the request.
        let to_proxy = self.proxied && details.config.proxy().is_none();
        Ok(chained.map(|inner| HeadTransport { inner, to_proxy }))
    }
}

#[derive(Debug)]
pub(super) struct HeadTransport<T> {
    inner: T,
    to_proxy: bool,
}

impl<T: Transport> Transport for HeadTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let amount = if self.to_proxy {
            amount
        } else {
            let output = self.inner.buffers().output();
            call::take_head(|head| complete(output, amount, head)).unwrap_or(Ok(amount))?
        };
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Replaces the first line of the `amount` bytes in `output` with `head`.
fn complete(output: &mut [u8], amount: usize, head: &[u8]) -> Result<usize, Error> {
    let line = output[..amount]
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .map_or(amount, |end| end + 2);
    let total = head.len() + amount - line;
    if total > output.len() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    }
    output.copy_within(line..amount, head.len());
    output[..head.len()].copy_from_slice(head);
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_replaced() {
        let mut output = *b"POST / HTTP/1.1\r\nhost: h\r\n\r\n______________________________";
        let amount = b"POST / HTTP/1.1\r\nhost: h\r\n\r\n".len();
        let head = b"POST /longer HTTP/1.1\r\nx: y\r\n";
        let total = complete(&mut output, amount, head).unwrap();
        assert_eq!(
            &output[..total],
            b"POST /longer HTTP/1.1\r\nx: y\r\nhost: h\r\n\r\n"
        );
        assert!(complete(&mut output[..30], amount, head).is_err());
    }

    #[test]
    fn a_socket_timeout_is_set_only_when_it_matters() {
        let second = Duration::from_secs(1);
        let set = |mut present: Option<Duration>, left: Option<Duration>| {
            let mut calls = Vec::new();
            limit(&mut present, left, |limit| {
                calls.push(limit);
                Ok(())
            })
            .unwrap();
            calls
        };
        assert_eq!(set(None, None), []);
        assert_eq!(set(None, Some(second)), [Some(second)]);
        assert_eq!(set(Some(second), None), [None]);
        assert_eq!(set(Some(second), Some(second * 30)), []);
        assert_eq!(set(Some(second + SLACK), Some(second)), []);
        let over = second + SLACK + Duration::from_millis(1);
        assert_eq!(set(Some(over), Some(second)), [Some(second)]);
        // A short time left is kept to a tenth.
        let short = Duration::from_millis(10);
        assert_eq!(
            set(Some(Duration::from_millis(12)), Some(short)),
            [Some(short)]
        );
    }

    /// A connection to a peer that does nothing.
    fn connected() -> (SocketTransport, TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        (SocketTransport::over(stream, 1024, 1024), peer)
    }

    fn queue(transport: &mut SocketTransport, bytes: &[u8]) {
        transport.buffers().output()[..bytes.len()].copy_from_slice(bytes);
        let timeout = NextTimeout::default();
        transport.transmit_output(bytes.len(), timeout).unwrap();
    }

    #[test]
    fn head_and_body_leave_together_when_an_answer_is_awaited() {
        let (mut transport, mut peer) = connected();
        let call = call::CallScope::enter(None, None, |_| {});
        call::take_head(|_| ());
        queue(&mut transport, b"head ");
        queue(&mut transport, b"body");
        peer.set_nonblocking(true).unwrap();
        assert!(peer.read(&mut [0; 9]).is_err());
        assert!(!call.request_written());
        // What is held back must not be lost in a pool.
        assert!(!transport.is_open());
        peer.set_nonblocking(false).unwrap();
        peer.write_all(b"answer").unwrap();
        assert!(transport.await_input(NextTimeout::default()).unwrap());
        assert!(call.request_written());
        let mut received = [0; 9];
        peer.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"head body");
        assert_eq!(transport.buffers().input(), b"answer");
    }

    #[test]
    fn a_write_that_fails_at_once_is_no_evidence() {
        let (mut transport, _peer) = connected();
        let call = call::CallScope::enter(None, None, |_| {});
        call::take_head(|_| ());
        transport.socket.stream.shutdown(Shutdown::Write).unwrap();
        queue(&mut transport, b"request");
        let error = transport.await_input(NextTimeout::default()).unwrap_err();
        assert!(matches!(error, Error::Io(e) if e.kind() == io::ErrorKind::BrokenPipe));
        assert!(!call.request_written());
    }

    #[test]
    fn a_socket_that_wakes_too_early_is_waited_for_again() {
        let (mut transport, _peer) = connected();
        let deadline = Instant::now() + Duration::from_millis(50);
        let _call = call::CallScope::enter(Some(deadline), Some(deadline), |_| {});
        // Left over from a call with little time.
        let short = Some(Duration::from_millis(1));
        transport.socket.stream.set_read_timeout(short).unwrap();
        transport.read_timeout = short;
        let error = transport.await_input(NextTimeout::default()).unwrap_err();
        assert!(matches!(error, Error::Timeout(_)), "{error}");
        assert!(Instant::now() >= deadline);
    }

    #[test]
    fn only_a_quiet_connection_is_open() {
        let (mut transport, peer) = connected();
        assert!(transport.is_open());
        // Straight after an answer the question is not yet asked of the socket.
        transport.answered = true;
        drop(peer);
        assert!(transport.is_open());
        assert!(!transport.is_open());
        let (mut transport, mut peer) = connected();
        peer.write_all(b"?").unwrap();
        assert!(!transport.is_open());
    }
}
