//! What the calling thread's exchange may do and has done.
//!
//! ureq runs a whole exchange on the thread that asked for it, but hands its
//! connectors neither the caller's deadline and token nor a place for evidence. All
//! travel beside it, in a thread-local that lives for one call.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Connection;
use crate::cancel::{CancelToken, Wake, Watch};

#[derive(Default)]
struct Call {
    deadline: Option<Instant>,
    connect_deadline: Option<Instant>,
    cancel: Option<CancelToken>,
    /// Request line and the headers that ureq must not see, until they are taken.
    head: Vec<u8>,
    head_taken: bool,
    /// Bytes given to sockets for writing: TLS handshake and `CONNECT` included.
    queued: u64,
    /// Those of them that the operating system took.
    accepted: u64,
    /// The value of `queued` when the first byte of the request itself came.
    request_from: Option<u64>,
    /// What the request goes out on.
    connection: Option<Connection>,
    /// The header lines of the answer.
    headers: Vec<(String, String)>,
    /// Who is told, once, when all of the request that is there has been written.
    written: Option<Rc<dyn Fn()>>,
}

thread_local! {
    /// For the next call.
    static WRITTEN: RefCell<Option<Rc<dyn Fn()>>> = RefCell::default();
    static CALL: RefCell<Call> = RefCell::default();
    /// The last call's buffer for its head.
    static SPARE: RefCell<Vec<u8>> = RefCell::default();
}

/// The current thread's call, from its start to the end of its answer.
pub(super) struct CallScope {
    /// The one that it interrupts: a token's check may send.
    outer: Call,
}

impl CallScope {
    /// Starts a call. `write_head` gets an empty buffer for the request line and
    /// the headers that go in beside ureq's own.
    pub(super) fn enter(
        deadline: Option<Instant>,
        connect_deadline: Option<Instant>,
        cancel: Option<&CancelToken>,
        write_head: impl FnOnce(&mut Vec<u8>),
    ) -> Self {
        let mut head = SPARE.take();
        write_head(&mut head);
        Self {
            outer: CALL.replace(Call {
                deadline,
                connect_deadline,
                cancel: cancel.cloned(),
                head,
                written: WRITTEN.take(),
                ..Call::default()
            }),
        }
    }

    /// Whether the operating system took at least one byte of the request.
    #[expect(clippy::unused_self, reason = "only a running call has evidence")]
    pub(super) fn request_written(&self) -> bool {
        CALL.with_borrow(|call| call.request_from.is_some_and(|from| call.accepted > from))
    }

    /// The header lines that came with the answer.
    #[expect(clippy::unused_self, reason = "only a running call has an answer")]
    pub(super) fn take_headers(&self) -> Vec<(String, String)> {
        CALL.with_borrow_mut(|call| mem::take(&mut call.headers))
    }

    /// What the request went out on.
    #[expect(clippy::unused_self, reason = "only a running call has a connection")]
    pub(super) fn connection(&self) -> Connection {
        CALL.with_borrow(|call| call.connection.clone().unwrap_or_default())
    }
}

impl Drop for CallScope {
    fn drop(&mut self) {
        let mut head = CALL.replace(mem::take(&mut self.outer)).head;
        head.clear();
        SPARE.set(head);
    }
}

/// When socket work of this call must end: the connect deadline until the first
/// byte of the request, then the deadline of the whole call.
pub(super) fn deadline() -> Option<Instant> {
    CALL.with_borrow(|call| {
        if call.request_from.is_some() {
            call.deadline
        } else {
            call.connect_deadline
        }
    })
}

/// What the call can be given up by.
pub(super) fn cancel_token() -> Option<CancelToken> {
    CALL.with_borrow(|call| call.cancel.clone())
}

/// How long a wait may be at most, because of the token's check.
pub(super) fn longest_wait() -> Option<Duration> {
    CALL.with_borrow(|call| call.cancel.as_ref()?.longest_wait())
}

/// Has `who` woken when the call is given up; `false` if it is already. What it is
/// given and leaves in `watch` is kept from one wait to the next.
pub(super) fn heed<W: Wake + 'static>(watch: &mut Option<Watch>, who: &Arc<W>) -> bool {
    CALL.with_borrow(|call| {
        let Some(token) = &call.cancel else {
            *watch = None;
            return true;
        };
        if watch.as_ref().is_none_or(|watch| !watch.is_of(token)) {
            *watch = token.watch(Arc::clone(who) as _);
        }
        watch.is_some()
    })
}

/// Makes a call, and has `tell` called as soon as its request has been given to the
/// operating system, on a connection over which the other side has answered before: on
/// another one it may wait there to be let in. Transports that aren't callcta's own don't
/// tell.
pub(crate) fn telling_written<R>(tell: Rc<dyn Fn()>, call: impl FnOnce() -> R) -> R {
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            WRITTEN.set(None);
        }
    }
    WRITTEN.set(Some(tell));
    let _over = Over;
    call()
}

/// Everything was written that was queued.
pub(super) fn written() {
    let tell = CALL.with_borrow_mut(|call| {
        let known = call.connection.as_ref().is_some_and(Connection::is_reused);
        known.then(|| call.written.take()).flatten()
    });
    if let Some(tell) = tell {
        tell();
    }
}

/// Notes `count` bytes given to a socket for writing.
pub(super) fn queued(count: usize) {
    CALL.with_borrow_mut(|call| call.queued += count as u64);
}

/// Notes `count` bytes taken by the operating system.
pub(super) fn accepted(count: usize) {
    CALL.with_borrow_mut(|call| call.accepted += count as u64);
}

/// Leaves the call no longer than `time` from now.
pub(super) fn hurry(time: Duration) {
    let end = Instant::now() + time;
    CALL.with_borrow_mut(|call| {
        call.deadline = Some(call.deadline.map_or(end, |deadline| deadline.min(end)));
    });
}

/// Notes the header lines of the answer.
pub(super) fn answered(headers: Vec<(String, String)>) {
    CALL.with_borrow_mut(|call| call.headers = headers);
}

/// Notes what the request goes out on, once a call; `true` if that is now.
pub(super) fn goes_out_on(connection: impl FnOnce() -> Connection) -> bool {
    CALL.with_borrow_mut(|call| {
        let first = call.request_from.is_some() && call.connection.is_none();
        if first {
            call.connection = Some(connection());
        }
        first
    })
}

/// Marks the start of the request and runs `replace` with its head, once a call.
pub(super) fn take_head<R>(replace: impl FnOnce(&[u8]) -> R) -> Option<R> {
    CALL.with_borrow_mut(|call| {
        if call.head_taken {
            return None;
        }
        call.head_taken = true;
        call.request_from = Some(call.queued);
        Some(replace(&call.head))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_the_request_is_written_is_told_once_and_to_nobody_else() {
        let told = Rc::new(std::cell::Cell::new(0));
        let tells = Rc::clone(&told);
        telling_written(Rc::new(move || tells.set(tells.get() + 1)), || {
            let call = CallScope::enter(None, None, None, |_| {});
            written(); // a TLS handshake
            let write = |connection: Connection| {
                take_head(|_| ());
                goes_out_on(|| connection);
                written();
            };
            {
                // A token's check sends.
                let _inner = CallScope::enter(None, None, None, |_| {});
                write(Connection::reused());
            }
            assert_eq!(told.get(), 0);
            write(Connection::reused());
            written();
            drop(call);
            let _later = CallScope::enter(None, None, None, |_| {});
            write(Connection::reused());
        });
        assert_eq!(told.get(), 1);
        telling_written(Rc::new(|| unreachable!("it may wait there")), || {
            let _call = CallScope::enter(None, None, None, |_| {});
            take_head(|_| ());
            goes_out_on(Connection::default);
            written();
        });
    }

    #[test]
    fn bytes_before_the_request_are_no_evidence() {
        let call = CallScope::enter(None, None, None, |head| head.extend_from_slice(b"POST"));
        queued(100); // a TLS handshake, its last flight still held back
        accepted(60);
        assert!(!call.request_written());
        assert_eq!(take_head(<[u8]>::to_vec), Some(b"POST".to_vec()));
        assert_eq!(take_head(<[u8]>::to_vec), None);
        queued(500);
        assert!(!call.request_written());
        accepted(40);
        assert!(!call.request_written());
        accepted(1);
        assert!(call.request_written());
        drop(call);
        let next = CallScope::enter(None, None, None, |head| assert!(head.is_empty()));
        assert!(!next.request_written());
    }
}
