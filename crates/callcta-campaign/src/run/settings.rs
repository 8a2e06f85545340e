//! How a campaign is run.

use std::path::PathBuf;
use std::time::Duration;

use callcta::{Outbox, limits};

use crate::error::{Error, Result};
use crate::journal::LEASE_TIME;

/// How a campaign is run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunSettings {
    /// Most messages that each Page starts per second; `None` doesn't bound them. Defaults to
    /// [`limits::PACE`].
    pub pace: Option<f64>,
    /// Most messages that are under way at once, each on a thread. Defaults to 8 per Page, 64
    /// at least and 1024 at most; there are no more threads than are needed.
    pub workers: Option<usize>,
    /// A file with the PSIDs of those who must not be written to, one per line. It is looked
    /// at before each message. None by default.
    pub suppression: Option<PathBuf>,
    /// After how many unknown outcomes in a row a Page is paused. Defaults to 10.
    pub unknown_in_a_row: u32,
    /// At which share of unknown outcomes among the last 200 a Page is paused. Defaults to
    /// 20 %.
    pub unknown_percent: u32,
    /// How long a journal that can't be written is tried again before the run ends without
    /// it. Defaults to 60 s.
    pub journal_patience: Duration,
    /// How long a Page waits for a worker that went away without a word, in a journal that
    /// machines share. Defaults to 15 s.
    pub lease_time: Duration,
}

impl RunSettings {
    /// Checks a number of messages per second.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn check_pace(per_second: f64) -> Result<()> {
        let checked = Outbox::check_pace(Some(per_second));
        checked.map_err(|error| Error::invalid(error.to_string()))
    }

    /// Checks a number of threads.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn check_workers(workers: usize) -> Result<()> {
        if (1..=10_000).contains(&workers) {
            return Ok(());
        }
        Err(Error::invalid("workers must be a number from 1 to 10000"))
    }

    /// Checks how long a lease holds.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn check_lease_time(time: Duration) -> Result<()> {
        if (Duration::from_secs(2)..=Duration::from_secs(3600)).contains(&time) {
            return Ok(());
        }
        let text = "the lease time must be a number of seconds from 2 to 3600";
        Err(Error::invalid(text))
    }

    pub(super) fn workers_for(&self, pages: usize) -> usize {
        self.workers.unwrap_or((8 * pages).clamp(64, 1024))
    }
}

impl Default for RunSettings {
    fn default() -> Self {
        RunSettings {
            pace: Some(limits::PACE),
            workers: None,
            suppression: None,
            unknown_in_a_row: 10,
            unknown_percent: 20,
            journal_patience: Duration::from_secs(60),
            lease_time: LEASE_TIME,
        }
    }
}
