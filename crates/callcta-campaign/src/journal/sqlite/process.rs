//! Forks: SQLite keeps locks and memory per process, which a child inherits in whatever state
//! they are. So a child of a process that had a journal open can't open any.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// How many journals are open, and above that the process in which they are.
static OPEN: AtomicU64 = AtomicU64::new(0);

const COUNT: u64 = 0xFFFF_FFFF;

/// A journal that is open.
pub(super) struct Opened(());

impl Opened {
    pub(super) fn new() -> Result<Self> {
        let process = u64::from(process::id());
        let add = |state: u64| match (state >> 32, state & COUNT) {
            (other, count) if other != process && count > 0 => None,
            (other, _) if other != process => Some(process << 32 | 1),
            _ => Some(state + 1),
        };
        let added = OPEN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        added.map(|_| Opened(())).map_err(|_| {
            Error::journal(
                "this process was forked while its parent had a journal open, and can't open \
                 any; start it anew instead (spawn)",
            )
        })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let process = u64::from(process::id());
        let remove = |state: u64| (state >> 32 == process).then(|| state - 1);
        // In the child of a fork it is its parent's.
        let _ = OPEN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, remove);
    }
}
