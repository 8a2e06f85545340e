//! How a campaign is run.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use callcta::{Outbox, limits};

use super::hours::{Hours, QuietHours};
use crate::error::{Error, Result};
use crate::journal::LEASE_TIME;
use crate::time;

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
    /// Nothing is sent before this moment; `None` doesn't wait. One that is more than an hour
    /// past when the run begins, or when a machine that slept wakes up, is not acted on.
    pub start_at: Option<SystemTime>,
    /// Hours in which nobody is written to. None by default.
    pub quiet: Option<QuietHours>,
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

    /// Sets the start, a time with an offset or a zone, such as `2026-12-01T12:00:00+01:00` or
    /// `2026-12-01T12:00[Africa/Lagos]`.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument), also if it is long
    /// past.
    pub fn set_start(&mut self, at: &str) -> Result<()> {
        let millis = time::read(at).and_then(|at| u64::try_from(at).ok());
        let at = millis.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_millis(at)));
        self.start_at = Some(at.ok_or_else(|| {
            Error::invalid("the start must be a time with an offset, such as 2026-12-01T12:00:00Z")
        })?);
        self.hours().check(SystemTime::now())
    }

    /// Sets quiet hours, such as `21:00-08:00`, with time zones: that of all Pages, such as
    /// `Africa/Lagos`, or that of one, such as `1234567890=Asia/Tokyo`.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument), also for zones without
    /// quiet hours.
    pub fn set_quiet<'a>(
        &mut self,
        hours: Option<&str>,
        zones: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let mut quiet = hours.map(QuietHours::new).transpose()?;
        for zone in zones {
            let known = quiet.take().ok_or_else(|| {
                Error::invalid("a time zone is for quiet hours, and there are none")
            })?;
            quiet = Some(match zone.split_once('=') {
                Some((page_id, zone)) => known.page_zone(page_id, zone)?,
                None => known.zone(zone)?,
            });
        }
        self.quiet = quiet;
        Ok(())
    }

    pub(super) fn hours(&self) -> Hours {
        Hours {
            start_at: self.start_at,
            quiet: self.quiet.clone(),
        }
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
            start_at: None,
            quiet: None,
            unknown_in_a_row: 10,
            unknown_percent: 20,
            journal_patience: Duration::from_secs(60),
            lease_time: LEASE_TIME,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_quiet_hours_are_read() {
        let mut settings = RunSettings::default();
        settings
            .set_start("2999-12-01T12:00[Africa/Lagos]")
            .unwrap();
        assert!(settings.start_at > Some(SystemTime::now()));
        for wrong in ["2999-12-01T12:00:00", "noon", "1999-12-01T12:00:00Z"] {
            assert!(settings.set_start(wrong).is_err(), "{wrong}");
        }
        let zones = ["Africa/Lagos", "7=Asia/Tokyo"];
        settings.set_quiet(Some("21:00-08:00"), zones).unwrap();
        let expected = QuietHours::new("21:00-08:00").unwrap();
        let expected = expected.zone("Africa/Lagos").unwrap();
        let expected = expected.page_zone("7", "Asia/Tokyo").unwrap();
        assert_eq!(settings.quiet, Some(expected));
        assert!(settings.set_quiet(None, ["UTC"]).is_err());
        settings.set_quiet(None, []).unwrap();
        assert_eq!(settings.quiet, None);
    }
}
