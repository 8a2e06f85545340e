//! The socket below TLS: waits, deadlines, and what the operating system took.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[cfg(unix)]
use socket2::SockRef;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, ShutdownHandle, Transport};
use ureq::{Error, Timeout};

use super::{Connection, call};
use crate::cancel::{Wake, Watch};

/// How much written data is held back before it goes out without waiting for
/// more. A whole request is far smaller.
const HOLD: usize = 64 * 1024;

/// Up to here a socket's timeout ends on time, to a tick of the system's clock.
/// Longer ones end up to an eighth too late on Linux.
const EXACT: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// Tells an end of the stream that was caused here from the peer's.
    closed: AtomicBool,
}

impl Socket {
    /// Whether it was not the peer who closed it.
    pub(super) fn is_closed_here(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl ShutdownHandle for Socket {
    fn shutdown(&self) {
        self.closed.store(true, Ordering::Release);
        // It fails only when the connection is gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Wake for Socket {
    fn wake(&self) {
        self.shutdown();
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
    /// It has carried a request.
    used: bool,
    /// By which the call that uses the connection can be given up.
    watch: Option<Watch>,
}

impl SocketTransport {
    pub(super) fn over(stream: TcpStream, input_size: usize, output_size: usize) -> Self {
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
            used: false,
            watch: None,
        }
    }

    /// What shuts the connection down from another thread.
    pub(super) fn socket(&self) -> Arc<Socket> {
        Arc::clone(&self.socket)
    }

    /// Lets the call's token reach this socket.
    fn heed(&mut self) -> Result<(), Error> {
        if call::heed(&mut self.watch, &self.socket) {
            Ok(())
        } else {
            Err(given_up())
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.heed()?;
        let reused = self.used;
        self.used |= call::goes_out_on(|| Connection {
            reused,
            socket: Some(Arc::downgrade(&self.socket) as _),
        });
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
                    check()?;
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
        call::written();
        self.answered = true;
        let input = self.buffers.input_append_buf();
        let count = loop {
            let left = time_left()?;
            limit(&mut self.read_timeout, left, |limit| {
                self.socket.stream.set_read_timeout(limit)
            })?;
            match (&self.socket.stream).read(input) {
                Ok(count) => break count,
                Err(error) if is_retried(&error) => {
                    self.read_timeout = Some(Duration::MAX);
                    check()?;
                }
                Err(error) => return Err(error.into()),
            }
        };
        if count == 0 && self.socket.is_closed_here() {
            // Not an end of the body, which ureq would take it for.
            return Err(given_up());
        }
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        // From here on it may be another call's.
        self.watch = None;
        if !self.held.is_empty() || !self.buffers.input().is_empty() {
            return false;
        }
        // Asked twice: when the connection goes into the pool, straight after an
        // answer, and when it is taken out. Only the second time says something
        // about the next request.
        if std::mem::take(&mut self.answered) {
            return true;
        }
        self.is_quiet()
    }
}

/// How long to wait at most before looking around; `None` is for ever.
fn time_left() -> Result<Option<Duration>, Error> {
    let left = call::deadline().map(|at| at.saturating_duration_since(Instant::now()));
    if left.is_some_and(|left| left.is_zero()) {
        return Err(Error::Timeout(Timeout::Global));
    }
    Ok(left.into_iter().chain(call::longest_wait()).min())
}

/// Runs the check of the call's token, which may do anything.
fn check() -> Result<(), Error> {
    match call::cancel_token() {
        Some(token) if token.check() => Err(given_up()),
        _ => Ok(()),
    }
}

/// What ureq is told, as when it is shut down.
fn given_up() -> Error {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

/// The socket's timeout ran out (which says nothing yet about the call's), or a
/// signal came in.
fn is_retried(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Sets the socket's timeout when with the present one a blocked call could end too
/// late: more than a tenth of a short time, or after a long one at all. Too early does
/// no harm, the caller looks at its clock and waits again; so of a long time seven
/// eighths are set, within which the next calls over this connection are served too.
fn limit(
    present: &mut Option<Duration>,
    left: Option<Duration>,
    set: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
    let (latest, limit) = match left {
        None => (None, None),
        Some(left) if left > EXACT => (Some(left / 9 * 8), Some(left / 8 * 7)),
        Some(left) => (Some(left + left / 10), Some(left)),
    };
    let keep = match (*present, latest) {
        (Some(present), Some(latest)) => present <= latest,
        (present, latest) => present == latest,
    };
    if !keep {
        set(limit)?;
        *present = limit;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_timeout_is_set_only_when_it_matters() {
        let [second, ms] = [1000, 1].map(Duration::from_millis);
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
        assert_eq!(set(None, Some(second)), [Some(875 * ms)]);
        assert_eq!(set(Some(second), None), [None]);
        assert_eq!(set(Some(second), Some(second * 30)), []);
        // The next call is a little later than the one for which it was set.
        assert_eq!(set(Some(875 * ms), Some(985 * ms)), []);
        assert_eq!(
            set(Some(875 * ms), Some(980 * ms)),
            [Some(980 * ms * 7 / 8)]
        );
        assert_eq!(set(Some(110 * ms), Some(100 * ms)), []);
        assert_eq!(set(Some(111 * ms), Some(100 * ms)), [Some(100 * ms)]);
    }

    #[test]
    fn late_timers_make_no_late_end() {
        let ms = Duration::from_millis(1);
        for total in [1, 150, 250, 1000, 10_000, 30_000, 90_000, 3_600_000].map(|count| count * ms)
        {
            // What an earlier call left behind, and by which part timers are late.
            for (before, late) in [(None, 8), (Some(total), 8), (None, 1000), (Some(ms), 16)] {
                let (mut now, mut present, mut waits) = (Duration::ZERO, before, 0);
                while now < total {
                    let left = total.checked_sub(now);
                    limit(&mut present, left, |_| Ok(())).unwrap();
                    let timer = present.unwrap();
                    now += timer + 10 * ms;
                    if timer > EXACT {
                        now += timer / late;
                    }
                    present = Some(Duration::MAX);
                    waits += 1;
                }
                assert!(now < total + 50 * ms, "{total:?} {before:?} {late}");
                assert!(waits <= 8, "{total:?} {before:?} {late}");
            }
        }
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
        let call = call::CallScope::enter(None, None, None, |_| {});
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
        let call = call::CallScope::enter(None, None, None, |_| {});
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
        let _call = call::CallScope::enter(Some(deadline), Some(deadline), None, |_| {});
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
