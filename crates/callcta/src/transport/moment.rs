//! A clock for what ages while the machine sleeps.

use std::time::{Duration, Instant, SystemTime};

/// A point in time whose age counts a suspended machine.
///
/// `Instant` stands still then (on Linux and macOS), and so does Linux's
/// `CLOCK_BOOTTIME` while a virtual machine is paused. The wall clock stands
/// still in neither case. One that is set forward meanwhile makes things look
/// older than they are, which costs a new connection or look-up; one that is set
/// back is overruled by `Instant`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// The time from `earlier` to this moment, suspension included.
    pub(super) fn since(&self, earlier: &Self) -> Duration {
        let by_wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        self.awake_since(earlier).max(by_wall)
    }

    /// The same without suspension: no more than what has passed in any case.
    pub(super) fn awake_since(&self, earlier: &Self) -> Duration {
        self.steady.saturating_duration_since(earlier.steady)
    }

    /// Whether this was before `other`.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.steady < other.steady
    }

    /// This moment as seen `asleep` of sleep and `awake` of running later.
    #[cfg(test)]
    pub(super) fn later(&self, awake: Duration, asleep: Duration) -> Self {
        Self {
            steady: self.steady + awake,
            wall: self.wall + awake + asleep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_counts_and_a_clock_set_back_does_not() {
        let start = Moment::now();
        let second = Duration::from_secs(1);
        let woken = start.later(second, 3600 * second);
        assert_eq!(woken.since(&start), 3601 * second);
        assert_eq!(woken.awake_since(&start), second);
        let set_back = Moment {
            steady: start.steady + second,
            wall: start.wall - 3600 * second,
        };
        assert_eq!(set_back.since(&start), second);
    }
}
