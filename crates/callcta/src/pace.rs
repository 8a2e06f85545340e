//! How fast messages may start: no faster than the platform takes them.
//!
//! What counts there is when requests arrive. That is known here to within a moment: not
//! before a message may start, and not after its request has been given to the operating
//! system, or answered where the connection is new, but for what the network adds. So a
//! message starts when all but few enough of those before it have been written a second ago,
//! however long they took from their start to there: nothing that stalls here, a thread, a
//! connection or the machine, makes several arrive in the wrong second. What the network adds
//! is left room for.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::usage::Usage;

/// The fewest messages per second that a pace may be, one a day: whoever asks for fewer
/// would wait for what never comes. callcta's own number.
pub(crate) const SLOWEST_PACE: f64 = 1.0 / 86_400.0;

/// In how many seconds the messages of one second start, evenly. The rest is room for
/// requests that the network holds up. callcta's own number.
const SPREAD: f64 = 1.02;

/// In how many seconds they start when late ones are made up for. callcta's own number.
const SHORTEST_SPREAD: f64 = 1.015;

/// Starts that were late are made up for, but for no longer than this.
const CATCH_UP: Duration = Duration::from_millis(150);

/// How much faster than evenly they follow one another meanwhile. callcta's own number.
const HURRY: f64 = 3.0;

/// When to ask again while nobody knows when the messages before are written.
const UNKNOWN: Duration = Duration::from_millis(5);

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
    /// When the latest message should have started, and when it did.
    last: Option<(Instant, Instant)>,
    /// Messages that started and have perhaps not been written yet.
    unwritten: usize,
    /// When the others were written, as far as it matters, oldest first.
    written: VecDeque<Instant>,
    /// Before that none may start, since the platform asked to wait.
    held: Option<Instant>,
    /// What the platform's figures leave of the pace, at most 1.
    part: f64,
    /// When it told them last.
    told: Option<Instant>,
    lifted: bool,
}

impl State {
    fn new() -> Self {
        State {
            last: None,
            unwritten: 0,
            written: VecDeque::new(),
            held: None,
            part: 1.0,
            told: None,
            lifted: false,
        }
    }

    /// Lets a message start, which is then to be reported as written; otherwise tells how
    /// long to wait before asking again.
    fn start(&mut self, per_second: f64, now: Instant) -> Result<(), Duration> {
        if self.told.is_some_and(|told| now > told + LAPSES) {
            (self.told, self.part) = (None, 1.0);
        }
        let interval = seconds(SPREAD / (per_second * self.part));
        let (due, free) = match self.last {
            Some((due, started)) => (due + interval, started + interval.div_f64(HURRY)),
            None => (now, now),
        };
        // Whoever is later than that stood still.
        let due = if now > due + CATCH_UP { now } else { due };
        let at = due.max(free).max(self.room(per_second, now));
        let at = self.held.map_or(at, |held| held.max(at));
        if at > now && !self.lifted {
            return Err(at - now);
        }
        self.last = Some((due, now));
        self.unwritten += 1;
        Ok(())
    }

    /// When enough of the messages before have been written long enough ago.
    fn room(&mut self, per_second: f64, now: Instant) -> Instant {
        let most = per_second.ceil();
        let window = seconds(SHORTEST_SPREAD * most / per_second);
        while self.written.front().is_some_and(|at| *at + window <= now) {
            self.written.pop_front();
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
        let most = most as usize;
        match (self.written.len() + self.unwritten).checked_sub(most) {
            None => now,
            Some(first) => match self.written.get(first) {
                Some(at) => *at + window,
                None => now + UNKNOWN,
            },
        }
    }

    fn written(&mut self, now: Instant) {
        self.unwritten -= 1;
        self.written.push_back(now);
    }

    fn observe(&mut self, usage: &Usage, retry_after: Option<Duration>, now: Instant) {
        if !usage.is_empty() {
            let left = 100.0 - f64::from(usage.highest());
            self.part = (left / (100.0 - SLOWS_FROM)).clamp(SLOWEST, 1.0);
            self.told = Some(now);
        }
        if let Some(wait) = retry_after {
            let until = now + wait.min(LONGEST);
            self.held = Some(self.held.map_or(until, |held| held.max(until)));
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST);
    duration.min(LONGEST)
}

impl Pacer {
    pub(crate) fn new() -> Self {
        Pacer {
            state: Mutex::new(State::new()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message start; otherwise tells how long to wait before asking again.
    ///
    /// At most `per_second` messages, rounded up, start within a second, or those of a
    /// longer time than one second within that.
    pub(crate) fn start(
        self: &Arc<Self>,
        per_second: f64,
        now: Instant,
    ) -> Result<Start, Duration> {
        self.state().start(per_second, now)?;
        Ok(Start {
            pacer: Arc::clone(self),
            unwritten: Cell::new(true),
        })
    }

    /// From now on everything may start: nothing will be sent any more.
    pub(crate) fn lift(&self) {
        self.state().lifted = true;
    }

    /// Takes notice of what an answer says about limits.
    pub(crate) fn observe(&self, usage: &Usage, retry_after: Option<Duration>, now: Instant) {
        self.state().observe(usage, retry_after, now);
    }
}

/// A message that may start. Until it is reported as written, or dropped, it counts as one
/// that might arrive at any moment.
#[derive(Debug)]
pub(crate) struct Start {
    pacer: Arc<Pacer>,
    unwritten: Cell<bool>,
}

impl Start {
    /// Its request has been given to the operating system.
    pub(crate) fn written(&self) {
        if self.unwritten.replace(false) {
            self.pacer.state().written(Instant::now());
        }
    }

    /// No byte of it was, and none will be.
    pub(crate) fn unsent(&self) {
        if self.unwritten.replace(false) {
            self.pacer.state().unwritten -= 1;
        }
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        self.written();
    }
}

#[cfg(test)]
mod tests;
