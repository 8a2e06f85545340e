//! A connection that can be cut before a request is read from it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::shared::Shared;

/// What the connection and the handler of its requests tell each other.
pub(super) struct Flags {
    /// Between two requests.
    idle: AtomicBool,
    /// A head is on its way: it has begun, or the connection is new. It must not take for ever.
    awaits_head: AtomicBool,
    /// Close after the answer that is about to be written.
    close: AtomicBool,
}

impl Flags {
    pub(super) fn new() -> Self {
        Self {
            idle: AtomicBool::new(true),
            awaits_head: AtomicBool::new(true),
            close: AtomicBool::new(false),
        }
    }

    /// The handler has got a request.
    pub(super) fn begun(&self) {
        self.awaits_head.store(false, Ordering::Relaxed);
    }

    /// The handler is done with a request.
    pub(super) fn answered(&self) {
        self.idle.store(true, Ordering::Relaxed);
    }

    /// The connection shall be closed once the answer is out, without announcing it.
    pub(super) fn close_after_answer(&self) {
        self.close.store(true, Ordering::Relaxed);
    }
}

/// What carries bytes.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The TCP stream, if the bytes on it are those of HTTP.
    fn peekable(&self) -> Option<&TcpStream>;
}

impl Socket for TcpStream {
    fn peekable(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

/// A stream under the HTTP parser.
pub(super) struct Wire<S> {
    stream: S,
    shared: Arc<Shared>,
    /// Whether a request is for the emulator's own side, which no fault touches.
    is_own: fn(&str, &str) -> bool,
    flags: Arc<Flags>,
    /// Something was written since `close` was set.
    written: bool,
    head_timeout: Duration,
    /// Runs while a head is awaited.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S: Socket> Wire<S> {
    pub(super) fn new(
        stream: S,
        shared: Arc<Shared>,
        is_own: fn(&str, &str) -> bool,
        flags: Arc<Flags>,
    ) -> Self {
        Self {
            head_timeout: shared.head_timeout(),
            timer: None,
            stream,
            shared,
            is_own,
            flags,
            written: false,
        }
    }

    /// Whether a head that is awaited has taken too long.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.flags.awaits_head.load(Ordering::Relaxed) {
            self.timer = None;
            return false;
        }
        let timeout = self.head_timeout;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        timer.as_mut().poll(cx).is_ready()
    }

    /// Looks at an arriving request without taking it off the socket.
    fn must_drop(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Some(stream) = self.stream.peekable() else {
            return Poll::Ready(Ok(false));
        };
        let mut bytes = [0; 2048];
        let mut peeked = ReadBuf::new(&mut bytes);
        ready!(stream.poll_peek(cx, &mut peeked))?;
        let seen = peeked.filled();
        if seen.is_empty() {
            return Poll::Ready(Ok(false));
        }
        let line = seen.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_ascii_whitespace();
        let (method, target) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or("/"),
        );
        let target = self.shared.site().inside(target);
        let path = target.split('?').next().unwrap_or_default();
        let drop = !(self.is_own)(method, path) && self.shared.change().drop_unread(method, target);
        Poll::Ready(Ok(drop))
    }
}

impl<S: Socket> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.flags.idle.load(Ordering::Relaxed) {
            if self.written && self.flags.close.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
            if self.shared.unread_armed.load(Ordering::Relaxed) {
                match self.must_drop(cx) {
                    Poll::Pending if !self.is_late(cx) => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    Poll::Ready(drop) => {
                        if drop? {
                            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                        }
                    }
                }
            }
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_pending() && self.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(read)?;
        if buf.filled().len() > before && self.flags.idle.swap(false, Ordering::Relaxed) {
            self.flags.awaits_head.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written |= self.flags.close.load(Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written |= self.flags.close.load(Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
