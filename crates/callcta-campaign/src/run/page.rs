//! One Page in a run: how much it may start, and what holds it up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use callcta::Outbox;

use super::hours::Door;
use super::settings::RunSettings;
use super::snapshot::Hold;
use crate::journal::Lease;

/// What starts within this time may be claimed, and no more: a row that is claimed when the
/// process is killed is unknown, whether or not it left.
pub(super) const AHEAD: Duration = Duration::from_millis(100);

/// How long a Page rests that somebody else may have had until now: what the two send within one
/// second is together no more than the pace allows, even if the other made up for late starts,
/// which a pace does for 150 ms.
const HANDOVER: Duration = Duration::from_millis(200);

/// The first wait after a refusal for too many calls that says nothing about how long.
const FREEZE: Duration = Duration::from_secs(1);
const FREEZE_MAX: Duration = Duration::from_secs(300);

/// How many of the last outcomes the breaker looks at.
const LAST: usize = 200;

/// Until when messages may be started, read by the threads that start them.
pub(super) struct Deadline(Mutex<Option<Instant>>);

impl Deadline {
    fn new(until: Option<Instant>) -> Self {
        Deadline(Mutex::new(until))
    }

    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    pub(super) fn has_passed(&self) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() >= until)
    }
}

pub(super) struct Page {
    pub(super) lease: Lease,
    pub(super) outbox: Outbox,
    /// Messages that may be claimed, at most what starts within [`AHEAD`].
    credit: f64,
    credited: Instant,
    /// Claimed, and no outcome yet.
    pub(super) outstanding: usize,
    /// Claimed at all, started, and settled without having been started.
    pub(super) claimed: u64,
    pub(super) starts: Arc<AtomicU64>,
    pub(super) unstarted: u64,
    /// Whether the journal had nothing more to claim.
    pub(super) exhausted: bool,
    pub(super) frozen: Option<Instant>,
    freezes: u32,
    pub(super) paused: Option<String>,
    /// Why it isn't written to at this time of day.
    pub(super) shut: Option<Hold>,
    /// Until then it rests, since somebody else may have sent for it a moment ago.
    rests: Option<Instant>,
    /// Whether this run has the Page's lease.
    pub(super) held: bool,
    /// Until when messages may be started.
    pub(super) deadline: Arc<Deadline>,
    /// Unknown outcomes without any other between them.
    doubts: u32,
    /// Whether each of the last outcomes was unknown.
    last: VecDeque<bool>,
    /// How many had an outcome since the rate was taken last.
    pub(super) done: u64,
    rate: f64,
    rated: Instant,
}

impl Page {
    pub(super) fn new(lease: Lease, outbox: Outbox, now: Instant) -> Self {
        let rests = lease.until.map(|_| now + HANDOVER);
        Page {
            deadline: Arc::new(Deadline::new(lease.until)),
            held: true,
            lease,
            outbox,
            credit: 1.0,
            credited: now,
            outstanding: 0,
            claimed: 0,
            starts: Arc::default(),
            unstarted: 0,
            exhausted: false,
            frozen: None,
            freezes: 0,
            paused: None,
            shut: None,
            rests,
            doubts: 0,
            last: VecDeque::new(),
            done: 0,
            rate: 0.0,
            rated: now,
        }
    }

    /// Whether anything may be claimed at all.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.held
            && self.paused.is_none()
            && self.shut.is_none()
            && self.rests.is_none_or(|until| until <= now)
            && self.frozen.is_none_or(|until| until <= now)
            && self.lease.until.is_none_or(|until| now < until)
    }

    /// Whether it has nothing more to do in this run.
    pub(super) fn is_done(&self) -> bool {
        // What others may have added since counts, where that can be.
        let empty = if self.lease.until.is_some() {
            self.lease.idle
        } else {
            self.exhausted
        };
        self.outstanding == 0 && (empty || self.paused.is_some() || !self.held)
    }

    /// How many rows to claim now.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    pub(super) fn wanted(&mut self, settings: &RunSettings, now: Instant) -> usize {
        let since = now.saturating_duration_since(self.credited).as_secs_f64();
        self.credited = now;
        if !self.is_open(now) || self.exhausted {
            self.credit = 0.0;
            return 0;
        }
        let Some(pace) = settings.pace else {
            return self.room(now);
        };
        let most = (pace * AHEAD.as_secs_f64()).max(1.0);
        self.credit = (self.credit + since * pace).min(most);
        let room = (most as usize).saturating_sub(self.waiting());
        let wanted = (self.credit as usize).min(room);
        self.credit -= wanted as f64;
        wanted
    }

    /// Claimed, and not started yet.
    #[allow(clippy::cast_possible_truncation)]
    fn waiting(&self) -> usize {
        let over = self.starts.load(Ordering::Relaxed) + self.unstarted;
        self.claimed.saturating_sub(over) as usize
    }

    /// Without a pace: what keeps everybody busy for [`AHEAD`] at the speed so far.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    fn room(&mut self, now: Instant) -> usize {
        let since = now.saturating_duration_since(self.rated);
        if since >= AHEAD {
            self.rate = self.done as f64 / since.as_secs_f64();
            self.done = 0;
            self.rated = now;
        }
        let ahead = ((self.rate * AHEAD.as_secs_f64()) as usize).clamp(32, 4000);
        let room = ahead.saturating_sub(self.waiting());
        // Not one by one, since each claim is a write that is waited for.
        if room * 4 >= ahead { room } else { 0 }
    }

    /// The lease was renewed, or taken again.
    pub(super) fn hold(&mut self, lease: Lease, now: Instant) {
        self.deadline.set(lease.until);
        if !self.held {
            self.rests = lease.until.map(|_| now + HANDOVER);
        }
        if lease.until.is_some() {
            self.exhausted = lease.idle;
        }
        self.held = true;
        self.lease = lease;
    }

    /// A row waits again.
    pub(super) fn came_back(&mut self) {
        self.exhausted = false;
        self.lease.idle = false;
    }

    /// Somebody else has the Page now, or may have it.
    pub(super) fn let_go(&mut self) {
        if self.held {
            self.held = false;
            self.recall();
        }
    }

    /// Takes back what hasn't started.
    pub(super) fn recall(&self) {
        self.outbox.cancel();
    }

    pub(super) fn pause(&mut self, why: String) {
        self.recall();
        self.paused.get_or_insert(why);
    }

    /// It may be written to, or not, by the clock.
    pub(super) fn look(&mut self, door: Door) {
        let shut = match door {
            Door::Open => None,
            Door::StartsAt(at) => Some(Hold::StartsAt(at)),
            Door::QuietUntil(until) => Some(Hold::QuietUntil(until)),
            Door::Unknown => {
                let why = "invalid_argument: there are quiet hours, and its time zone is unknown";
                return self.pause(why.to_owned());
            }
        };
        if shut.is_some() && self.shut.is_none() {
            self.recall();
        }
        self.shut = shut;
    }

    pub(super) fn freeze(&mut self, wait: Option<Duration>, now: Instant) {
        // Others that were under way are refused alike.
        if self.frozen.is_none_or(|until| until <= now) {
            let doubled = FREEZE.saturating_mul(1 << self.freezes.min(16));
            self.freezes += 1;
            let wait = wait
                .unwrap_or(doubled)
                .clamp(FREEZE, wait.unwrap_or(FREEZE_MAX).max(FREEZE));
            self.frozen = now.checked_add(wait);
        }
        self.recall();
    }

    /// An outcome that says something about the Page; why it must stop, if it must.
    pub(super) fn judge(&mut self, unknown: bool, settings: &RunSettings) -> Option<String> {
        self.last.push_back(unknown);
        if self.last.len() > LAST {
            self.last.pop_front();
        }
        if !unknown {
            self.doubts = 0;
            self.freezes = 0;
            return None;
        }
        self.doubts += 1;
        if self.doubts >= settings.unknown_in_a_row {
            return Some(format!("{} in a row came back unknown", self.doubts));
        }
        let doubts = self.last.iter().filter(|unknown| **unknown).count();
        let full = self.last.len() == LAST;
        let many = doubts * 100 >= LAST * settings.unknown_percent as usize;
        (full && many).then(|| format!("{doubts} of the last {LAST} came back unknown"))
    }

    /// After somebody has seen to it, or at the end of a freeze.
    pub(super) fn thaw(&mut self, now: Instant) {
        if self.frozen.is_some_and(|until| until <= now) {
            self.frozen = None;
        }
    }
}
