//! How fast messages may start, so that the platform needn't slow them down.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::usage::Usage;

/// The fewest messages per second that a pace may be, one a day: whoever asks for fewer
/// would wait for what never comes. callcta's own number.
pub(crate) const SLOWEST_PACE: f64 = 1.0 / 86_400.0;

/// Starts that were late are made up for, but for no longer than this.
const CATCH_UP: Duration = Duration::from_millis(100);

/// From this percentage of a limit on, starts become fewer. callcta's own number.
const SLOWS_FROM: f64 = 75.0;

/// The part of the pace that is left when a limit is used up. callcta's own number.
const SLOWEST: f64 = 0.1;

/// How long the platform's figures count: it leaves them out of answers when little is
/// used up. callcta's own number.
const LAPSES: Duration = Duration::from_secs(60);

/// Longer waits can't be told from this one, and would not fit into an `Instant`.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The starts of one Page's messages.
#[derive(Debug)]
pub(crate) struct Pacer {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the latest message started, or should have.
    last: Option<Instant>,
    /// Before that none may, since the platform asked to wait.
    held: Option<Instant>,
    /// What the platform's figures leave of the pace, at most 1.
    part: f64,
    /// When it told them last.
    told: Option<Instant>,
    lifted: bool,
}

impl Pacer {
    pub(crate) fn new() -> Self {
        Pacer {
            state: Mutex::new(State {
                last: None,
                held: None,
                part: 1.0,
                told: None,
                lifted: false,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message start; otherwise tells how long to wait before asking again.
    pub(crate) fn start(&self, per_second: f64, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        if state.told.is_some_and(|told| now > told + LAPSES) {
            (state.told, state.part) = (None, 1.0);
        }
        let interval = Duration::try_from_secs_f64(1.0 / (per_second * state.part));
        let interval = interval.unwrap_or(LONGEST).min(LONGEST);
        let earliest = now.checked_sub(CATCH_UP).unwrap_or(now);
        let due = state
            .last
            .map_or(now, |last| (last + interval).max(earliest));
        let due = state.held.map_or(due, |held| held.max(due));
        if due > now && !state.lifted {
            return Err(due - now);
        }
        state.last = Some(due);
        Ok(())
    }

    /// From now on everything may start: nothing will be sent any more.
    pub(crate) fn lift(&self) {
        self.state().lifted = true;
    }

    /// Takes notice of what an answer says about limits.
    pub(crate) fn observe(&self, usage: &Usage, retry_after: Option<Duration>, now: Instant) {
        let mut state = self.state();
        if !usage.is_empty() {
            let left = 100.0 - f64::from(usage.highest());
            state.part = (left / (100.0 - SLOWS_FROM)).clamp(SLOWEST, 1.0);
            state.told = Some(now);
        }
        if let Some(wait) = retry_after {
            let until = now + wait.min(LONGEST);
            state.held = Some(state.held.map_or(until, |held| held.max(until)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::AppUsage;

    const MS: Duration = Duration::from_millis(1);

    /// When messages start that are all there from the beginning, in ms.
    fn starts(pacer: &Pacer, per_second: f64, from: Instant, count: usize) -> Vec<u128> {
        let mut now = from;
        let mut starts = Vec::new();
        while starts.len() < count {
            match pacer.start(per_second, now) {
                Ok(()) => starts.push((now - from).as_millis()),
                Err(wait) => now += wait,
            }
        }
        starts
    }

    fn used(percent: u32) -> Usage {
        Usage {
            app: Some(AppUsage {
                call_count: percent,
                ..AppUsage::default()
            }),
            ..Usage::default()
        }
    }

    #[test]
    fn starts_keep_their_distance() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        assert_eq!(starts(&pacer, 40.0, begin, 5), [0, 25, 50, 75, 100]);
        // Nobody saves up what wasn't used.
        let later = begin + 60_000 * MS;
        assert_eq!(starts(&pacer, 10.0, later, 4), [0, 0, 100, 200]);
    }

    #[test]
    fn however_long_a_wait_is_it_is_one() {
        let begin = Instant::now();
        for per_second in [1e-9, 1e-15, 1e-30, 1e-300] {
            let pacer = Pacer::new();
            pacer.start(per_second, begin).expect("the first may start");
            assert!(pacer.start(per_second, begin).is_err(), "{per_second}");
        }
        let pacer = Pacer::new();
        pacer.observe(&Usage::default(), Some(Duration::MAX), begin);
        assert!(pacer.start(40.0, begin).is_err());
    }

    #[test]
    fn another_pace_holds_from_the_next_message_on() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        pacer.start(0.001, begin).expect("the first may start");
        assert_eq!(starts(&pacer, 40.0, begin, 3), [25, 50, 75]);
    }

    #[test]
    fn somebody_late_catches_up() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        pacer.start(40.0, begin).expect("the first may start");
        let late = starts(&pacer, 40.0, begin + 40 * MS, 3);
        assert_eq!(late, [0, 10, 35]);
    }

    #[test]
    fn the_platforms_figures_slow_it_down_and_let_it_go_again() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        let at = |percent, from: u32| {
            let now = begin + from * 600_000 * MS;
            pacer.observe(&used(percent), None, now);
            let starts = starts(&pacer, 40.0, now, 9);
            starts[8] - starts[7]
        };
        assert_eq!(at(75, 0), 25);
        assert_eq!(at(95, 1), 125);
        assert_eq!(at(100, 2), 250);
        assert_eq!(at(250, 3), 250);
        assert_eq!(at(1, 4), 25);
    }

    #[test]
    fn old_figures_slow_nothing_down() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        pacer.observe(&used(100), None, begin);
        assert_eq!(starts(&pacer, 40.0, begin, 3)[2], 500);
        let later = begin + 2 * LAPSES;
        assert_eq!(starts(&pacer, 40.0, later, 9)[8], 100);
    }

    #[test]
    fn a_wait_that_is_asked_for_holds_everything() {
        let (pacer, begin) = (Pacer::new(), Instant::now());
        pacer.observe(&Usage::default(), Some(5000 * MS), begin);
        pacer.observe(&Usage::default(), Some(2000 * MS), begin);
        assert_eq!(starts(&pacer, 40.0, begin, 2), [5000, 5025]);
    }
}
