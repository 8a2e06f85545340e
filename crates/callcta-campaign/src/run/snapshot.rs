//! How far a run is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::json;

use crate::journal::{State, Worker};

/// No estimate before this many rows have been settled, and this much time has passed.
const ENOUGH: (u64, Duration) = (20, Duration::from_secs(3));

/// Over how much time the rate is taken.
const WINDOW: Duration = Duration::from_secs(10);

/// What holds a Page up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hold {
    /// The platform takes nothing until then.
    LimitedUntil(SystemTime),
    /// The run is to begin then.
    StartsAt(SystemTime),
    /// Its quiet hours end then.
    QuietUntil(SystemTime),
    /// Somebody must see to this first.
    Paused(String),
}

/// How far a run is. The states add up to the rows.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// All rows of the campaign.
    pub rows: u64,
    /// How many are in each state, in the order of [`State::ALL`].
    pub states: [u64; 7],
    /// How many this run has settled.
    pub settled: u64,
    /// How many of them per second, lately.
    pub rate: f64,
    /// How many per second the open Pages may start together, if that is bounded.
    pub pace: Option<f64>,
    /// How long it will take, by this run alone; `None` until enough is known.
    pub left: Option<Duration>,
    /// The Pages that are held up, and by what.
    pub held: Vec<(String, Hold)>,
    /// Why the journal can't be written, as long as it can't.
    pub journal: Option<String>,
    /// Whether nothing more is started.
    pub draining: bool,
    /// Those who run it, where several may, as seen from outside.
    pub workers: Vec<Worker>,
}

impl Snapshot {
    /// How many rows are in a state.
    pub fn of(&self, state: State) -> u64 {
        self.states[state as usize]
    }

    /// How many are neither queued nor in flight.
    pub fn done(&self) -> u64 {
        self.rows - self.of(State::Queued) - self.of(State::InFlight)
    }
}

/// The states by name, how many are `done`, `left` in seconds, and of each Page that is `held` for how many
/// seconds it is `limited_for` or `quiet_for`, in how many it `starts_in`, or why it is `paused`.
impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let states: BTreeMap<_, _> = (State::ALL.iter())
            .map(|state| (state.as_str(), self.of(*state)))
            .collect();
        let left = |until: &SystemTime| {
            let left = until.duration_since(SystemTime::now()).unwrap_or_default();
            left.as_secs_f64()
        };
        let held = self.held.iter().map(|(page_id, hold)| match hold {
            Hold::LimitedUntil(until) => json!({"page": page_id, "limited_for": left(until)}),
            Hold::StartsAt(at) => json!({"page": page_id, "starts_in": left(at)}),
            Hold::QuietUntil(until) => json!({"page": page_id, "quiet_for": left(until)}),
            Hold::Paused(why) => json!({"page": page_id, "paused": why}),
        });
        let several = usize::from(!self.workers.is_empty());
        let mut told = serializer.serialize_struct("Snapshot", 10 + several)?;
        told.serialize_field("rows", &self.rows)?;
        told.serialize_field("done", &self.done())?;
        told.serialize_field("states", &states)?;
        told.serialize_field("settled", &self.settled)?;
        told.serialize_field("rate", &self.rate)?;
        told.serialize_field("pace", &self.pace)?;
        told.serialize_field("left", &self.left.map(|left| left.as_secs_f64()))?;
        told.serialize_field("draining", &self.draining)?;
        told.serialize_field("journal", &self.journal)?;
        told.serialize_field("held", &held.collect::<Vec<_>>())?;
        if several > 0 {
            told.serialize_field("workers", &self.workers)?;
        }
        told.end()
    }
}

/// Steers a run, and tells how far it is, from other threads.
#[derive(Clone, Default)]
pub struct Control(Arc<Shared>);

#[derive(Default)]
struct Shared {
    drain: AtomicBool,
    break_off: AtomicBool,
    snapshot: Mutex<Snapshot>,
}

impl Control {
    /// A control for one run.
    pub fn new() -> Self {
        Control::default()
    }

    /// Starts nothing more; the run ends when all that is under way has been settled.
    pub fn drain(&self) {
        self.0.drain.store(true, Ordering::Relaxed);
    }

    /// Drains, and doesn't wait for what is being sent: that becomes unknown. The clients are
    /// closed by it.
    pub fn break_off(&self) {
        self.drain();
        self.0.break_off.store(true, Ordering::Relaxed);
    }

    /// How far the run is.
    pub fn snapshot(&self) -> Snapshot {
        self.lock().clone()
    }

    pub(super) fn is_broken_off(&self) -> bool {
        self.0.break_off.load(Ordering::Relaxed)
    }

    /// Whether nothing more is to be started.
    pub fn is_draining(&self) -> bool {
        self.0.drain.load(Ordering::Relaxed)
    }

    pub(super) fn publish(&self, snapshot: Snapshot) {
        *self.lock() = snapshot;
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        self.0
            .snapshot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Measures how fast rows are settled.
pub(super) struct Meter {
    began: Instant,
    points: VecDeque<(Instant, u64)>,
}

impl Meter {
    pub(super) fn new(now: Instant) -> Self {
        Meter {
            began: now,
            points: VecDeque::from([(now, 0)]),
        }
    }

    /// The rate of the last seconds, when so many have been settled by now.
    #[allow(clippy::cast_precision_loss)] // nobody sends so many
    pub(super) fn rate(&mut self, settled: u64, now: Instant) -> f64 {
        let newest = self.points.back().map_or(self.began, |(at, _)| *at);
        if now.saturating_duration_since(newest) >= Duration::from_millis(250) {
            self.points.push_back((now, settled));
        }
        while self.points.len() > 2 && now.saturating_duration_since(self.points[1].0) > WINDOW {
            self.points.pop_front();
        }
        let (since, before) = self.points[0];
        let time = now.saturating_duration_since(since).as_secs_f64();
        if time > 0.0 {
            settled.saturating_sub(before) as f64 / time
        } else {
            0.0
        }
    }

    /// How long so many rows will take: no less than the pace allows.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn left(
        &self,
        rows: u64,
        settled: u64,
        rate: f64,
        pace: Option<f64>,
        now: Instant,
    ) -> Option<Duration> {
        let enough = settled >= ENOUGH.0 && now.saturating_duration_since(self.began) >= ENOUGH.1;
        if rows == 0 || !enough || rate <= 0.0 {
            return None;
        }
        let speed = pace.map_or(rate, |pace| rate.min(pace));
        if speed <= 0.0 {
            return None;
        }
        Duration::try_from_secs_f64(rows as f64 / speed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_estimate_without_data_and_none_below_what_the_pace_allows() {
        let began = Instant::now();
        let mut meter = Meter::new(began);
        let at = |seconds: u64| began + Duration::from_secs(seconds);
        assert_eq!(meter.left(100, 0, 0.0, Some(40.0), at(60)), None);
        assert_eq!(meter.left(100, 19, 19.0, Some(40.0), at(60)), None);
        assert_eq!(meter.left(100, 30, 30.0, Some(40.0), at(1)), None);
        let rate = meter.rate(100, at(2));
        assert!((rate - 50.0).abs() < 1e-9);
        assert_eq!(
            meter.left(80, 100, rate, Some(40.0), at(4)),
            Some(Duration::from_secs(2))
        );
        assert_eq!(
            meter.left(100, 100, rate, None, at(4)),
            Some(Duration::from_secs(2))
        );
        assert_eq!(meter.left(0, 100, rate, None, at(4)), None);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let began = Instant::now();
        let mut meter = Meter::new(began);
        for second in 1..=60 {
            meter.rate(second * 10, began + Duration::from_secs(second));
        }
        for second in 61..=80 {
            meter.rate(
                600 + (second - 60) * 100,
                began + Duration::from_secs(second),
            );
        }
        let rate = meter.rate(2600, began + Duration::from_secs(80));
        assert!((rate - 100.0).abs() < 1e-9, "{rate}");
    }
}
