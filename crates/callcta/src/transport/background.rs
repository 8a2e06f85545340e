//! Work that cannot be interrupted, made abandonable.
//!
//! Neither a name look-up nor a TCP connect can be called off. Both are rare (a
//! pooled connection needs neither), so they run on a thread of their own, and
//! the caller stops waiting when its time is up or the transport is closed.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Why a wait ended without a result.
#[derive(Debug)]
pub(super) enum Interrupted {
    Closed,
    TimedOut,
    NoThread(NoThread),
}

/// No thread could be started.
#[derive(Debug)]
pub(super) struct NoThread(pub(super) io::Error);

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no thread can be started: {}", self.0.kind())
    }
}

impl Error for NoThread {}

/// Where waiting callers meet finished work and `close`.
#[derive(Debug, Default)]
pub(super) struct Background {
    closed: Mutex<bool>,
    changed: Condvar,
}

/// Nothing in these critical sections leaves data half changed, so a panic
/// elsewhere is no reason to fail.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Background {
    /// Runs `work` on a new thread, which calls [`Background::announce`] at its end.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), Interrupted> {
        let this = Arc::clone(self);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                work();
                this.announce();
            })
            .map(drop)
            .map_err(|error| Interrupted::NoThread(NoThread(error)))
    }

    /// Waits until `poll` has something, the deadline passes or `close` is called.
    pub(super) fn wait<R>(
        &self,
        deadline: Option<Instant>,
        mut poll: impl FnMut() -> Option<R>,
    ) -> Result<R, Interrupted> {
        let mut closed = lock(&self.closed);
        loop {
            if *closed {
                return Err(Interrupted::Closed);
            }
            if let Some(result) = poll() {
                return Ok(result);
            }
            closed = match deadline {
                None => self
                    .changed
                    .wait(closed)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Interrupted::TimedOut);
                    }
                    let (guard, _) = self
                        .changed
                        .wait_timeout(closed, left)
                        .unwrap_or_else(PoisonError::into_inner);
                    guard
                }
            };
        }
    }

    /// Runs `work` on a new thread and waits for what it returns.
    pub(super) fn run<R: Send + 'static>(
        self: &Arc<Self>,
        name: &str,
        deadline: Option<Instant>,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Interrupted> {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        self.spawn(name, move || *lock(&filled) = Some(work()))?;
        self.wait(deadline, || lock(&slot).take())
    }

    /// Wakes every waiter to look again.
    pub(super) fn announce(&self) {
        // Taken so that no waiter is between its look and its sleep.
        let _closed = lock(&self.closed);
        self.changed.notify_all();
    }

    /// Ends every wait, now and later.
    pub(super) fn close(&self) {
        *lock(&self.closed) = true;
        self.changed.notify_all();
    }
}
