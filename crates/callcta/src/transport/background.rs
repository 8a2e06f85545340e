//! Work that cannot be interrupted, made abandonable.
//!
//! A name look-up can't be called off. It is rare (a kept connection needs none), so
//! it runs on a thread of its own, and the caller stops waiting when its time is up,
//! the call is given up or the transport is closed.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::call;
use crate::cancel::{CancelToken, Wake};

/// Why a wait ended without a result.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// The transport was closed or the call given up.
    Closed,
    TimedOut,
}

/// No thread could be started.
#[derive(Debug)]
pub(crate) struct NoThread(pub(crate) io::Error);

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.0.to_string().to_ascii_lowercase();
        write!(f, "no thread can be started: {why}")
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
    ) -> Result<(), NoThread> {
        let this = Arc::clone(self);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                work();
                this.announce();
            })
            .map(drop)
            .map_err(NoThread)
    }

    /// Waits until `poll` has something, the deadline passes, the thread's call is
    /// given up or `close` is called.
    pub(super) fn wait<R>(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        mut poll: impl FnMut() -> Option<R>,
    ) -> Result<R, Interrupted> {
        let cancel = call::cancel_token();
        let mut watch = None;
        if !call::heed(&mut watch, self) {
            return Err(Interrupted::Closed);
        }
        loop {
            let closed = lock(&self.closed);
            if *closed || cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
                return Err(Interrupted::Closed);
            }
            if let Some(result) = poll() {
                return Ok(result);
            }
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Interrupted::TimedOut);
            }
            let longest = cancel.as_ref().and_then(CancelToken::longest_wait);
            match left.into_iter().chain(longest).min() {
                None => drop(self.changed.wait(closed)),
                Some(left) => drop(self.changed.wait_timeout(closed, left)),
            }
            // Not under the lock, since a check may do anything.
            if let Some(cancel) = &cancel {
                cancel.check();
            }
        }
    }

    /// Fails once the thread's call is given up or `close` was called.
    pub(super) fn check(&self) -> Result<(), Interrupted> {
        let given_up = call::cancel_token().is_some_and(|token| token.check());
        if given_up || *lock(&self.closed) {
            return Err(Interrupted::Closed);
        }
        Ok(())
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

impl Wake for Background {
    fn wake(&self) {
        self.announce();
    }
}
