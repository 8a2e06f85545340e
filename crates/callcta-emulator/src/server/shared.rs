//! The lock, and the ways to wait for something to change.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};

use super::core::Core;
use super::hub::Told;
use super::settings::Settings;
use super::site::Site;
use super::snapshot::Snapshot;

/// Everything that connections, the sender of webhooks and the emulator's own side share.
pub(crate) struct Shared {
    settings: Settings,
    core: Mutex<Core>,
    changed: Condvar,
    /// Goes up with every change.
    changes: watch::Sender<u64>,
    /// Wakes the sender of webhooks.
    pub(super) wake: Notify,
    /// Set while a fault is armed that must see a request before it is read.
    pub(super) unread_armed: AtomicBool,
    /// Tells all connections to close at once.
    pub(super) hang_up: Notify,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            core: Mutex::new(Core::new(&settings)),
            settings,
            changed: Condvar::new(),
            changes: watch::Sender::new(0),
            wake: Notify::new(),
            unread_armed: AtomicBool::new(false),
            hang_up: Notify::new(),
        }
    }

    /// What an emulator says when it is ready.
    pub(crate) fn ready_line(&self) -> &str {
        &self.settings.ready_line
    }

    /// Where the emulator is, and who may ask.
    pub(crate) fn site(&self) -> &Site {
        &self.settings.site
    }

    /// The emulator's own URL.
    pub(crate) fn base(&self) -> &str {
        &self.settings.base
    }

    /// How long the head of a request may take to arrive.
    pub(super) fn head_timeout(&self) -> Duration {
        self.settings.head_timeout
    }

    /// Looks at what the lock guards.
    pub(crate) fn look(&self) -> impl Deref<Target = Core> {
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A panic in somebody's `with_state` must not take the emulator with it.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the lock guards. When the guard goes, all who listen are told what happened
    /// and all who wait are woken.
    pub(crate) fn change(&self) -> Change<'_> {
        let core = self.lock();
        Change {
            shared: self,
            clock_ran: core.platform.clock().is_running(),
            core,
        }
    }

    pub(crate) fn reset(&self) {
        let beginning = self.settings.beginning();
        self.change().replace(beginning);
    }

    /// Puts a snapshot in place of everything; if that can't be, nothing is changed and the reason
    /// is returned.
    pub(crate) fn restore(&self, snapshot: Snapshot) -> Result<(), String> {
        let parts = self.settings.restore(snapshot)?;
        self.change().replace(parts);
        Ok(())
    }

    /// Closes all open connections at once.
    pub(crate) fn hang_up(&self) {
        self.hang_up.notify_waiters();
    }

    /// Blocks until `ready` gives something, or the time is up.
    pub(crate) fn wait<T>(
        &self,
        timeout: Duration,
        mut ready: impl FnMut(&Core) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut core = self.lock();
        loop {
            if let Some(result) = ready(&core) {
                return Some(result);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            core = self
                .changed
                .wait_timeout(core, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits without blocking until `ready` gives something.
    pub(crate) async fn until<T>(&self, mut ready: impl FnMut(&Core) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(result) = ready(&self.look()) {
                return result;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Begins to listen; what `first` says is true just before the first event.
    pub(crate) fn listen<T>(&self, first: impl FnOnce(&Core) -> T) -> (T, mpsc::Receiver<Told>) {
        let mut core = self.change();
        let first = first(&core);
        (first, core.hub.listen())
    }
}

/// The lock, held in order to change something.
pub(crate) struct Change<'a> {
    shared: &'a Shared,
    core: MutexGuard<'a, Core>,
    clock_ran: bool,
}

impl Deref for Change<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.core
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let shared = self.shared;
        self.core.trim();
        self.core.publish();
        let unread = self.core.traffic.faults().any_unread();
        shared.unread_armed.store(unread, Ordering::SeqCst);
        let runs = self.core.platform.clock().is_running();
        if self.core.platform.webhooks().any_queued() || runs != self.clock_ran {
            shared.wake.notify_one();
        }
        // Those who wait look again as soon as the lock is free, which is when this is over.
        shared.changed.notify_all();
        if shared.changes.receiver_count() > 0 {
            shared.changes.send_modify(|n| *n += 1);
        }
    }
}
