//! The emulator's own clock: it stands still until somebody advances it or lets it run.

use std::time::{Duration, Instant};

/// Where the clock starts unless told otherwise: 2026-10-01T12:00:00Z, in Unix milliseconds.
pub const START: i64 = 1_790_856_000_000;

/// Where it ends: the last millisecond of the year 9999, so that sums of times can't overflow.
const END: i64 = 253_402_300_799_999;

/// Milliseconds in a day.
pub(crate) const DAY: i64 = 86_400_000;

/// A clock in Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: i64,
    base: i64,
    running_since: Option<Instant>,
}

impl Clock {
    pub(crate) fn new(start: i64, run: bool) -> Self {
        let start = start.clamp(0, END);
        Self {
            start,
            base: start,
            running_since: run.then(Instant::now),
        }
    }

    /// A clock that shows `now`.
    pub(super) fn at(start: i64, now: i64, run: bool) -> Option<Self> {
        let is_sound = (0..=END).contains(&start) && (start..=END).contains(&now);
        is_sound.then(|| Self {
            base: now,
            ..Self::new(start, run)
        })
    }

    /// Where it started.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    pub(crate) fn now(&self) -> i64 {
        match self.running_since {
            None => self.base,
            Some(since) => self.base.saturating_add(millis(since.elapsed())).min(END),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running_since.is_some()
    }

    /// Moves the clock; it never goes back.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.base = self.base.saturating_add(millis(by)).min(END);
    }

    pub(crate) fn run(&mut self, run: bool) {
        self.base = self.now();
        self.running_since = run.then(Instant::now);
    }
}

/// A duration in whole milliseconds, as far as they fit.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_until_advanced() {
        let mut clock = Clock::new(START, false);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), START);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), START + 60_000);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), END);
    }

    #[test]
    fn runs_only_while_told_to() {
        let mut clock = Clock::new(START, true);
        assert!(clock.is_running());
        std::thread::sleep(Duration::from_millis(2));
        clock.run(false);
        let stopped = clock.now();
        assert!(stopped > START);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), stopped);
    }
}
