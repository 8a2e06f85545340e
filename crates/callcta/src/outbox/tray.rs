//! What one outbox holds: lanes of one recipient each.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counts::Counts;
use super::job::Job;
use crate::client::Client;
use crate::message::Recipient;

/// Messages of one recipient, in order. A lane exists while one of its messages is queued
/// or being sent, or while none may be.
#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    place: Place,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    /// Among those that are ready, be it that its messages were all cancelled.
    #[default]
    Ready,
    /// One of its messages is being sent.
    Busy,
    /// The next one may not be sent before then.
    Waiting(Instant),
}

/// Where an outbox is among those that share threads.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Phase {
    /// Nothing of it may be sent.
    #[default]
    Idle,
    /// Something may be.
    Runnable,
    /// Something may be as soon as the pace allows.
    Sleeping,
}

/// What can change while the outbox is in use.
#[derive(Clone, Copy, Default)]
pub(super) struct Settings {
    /// Messages that may start per second, if that is bounded.
    pub(super) pace: Option<f64>,
    /// The same to each person.
    pub(super) person_pace: Option<f64>,
    /// Whether telling an outcome takes no time.
    pub(super) brief: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "none says anything about another"
)]
pub(super) struct Tray {
    pub(super) client: Client,
    pub(super) settings: Settings,
    lanes: HashMap<Arc<Recipient>, Lane>,
    ready: VecDeque<Arc<Recipient>>,
    pub(super) phase: Phase,
    /// Messages that wait.
    pub(super) queued: usize,
    /// Messages being sent, or whose outcome is being told.
    pub(super) busy: usize,
    /// All but the two above.
    pub(super) counts: Counts,
    /// The next message had to wait for the pace.
    pub(super) delayed: bool,
    pub(super) paused: bool,
    /// Nothing more is taken.
    pub(super) ending: bool,
    pub(super) closed: bool,
    /// Nobody can ask for it any more.
    pub(super) left: bool,
}

impl Tray {
    pub(super) fn new(client: Client, settings: Settings) -> Self {
        Tray {
            client,
            settings,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            phase: Phase::Idle,
            queued: 0,
            busy: 0,
            counts: Counts::default(),
            delayed: false,
            paused: false,
            ending: false,
            closed: false,
            left: false,
        }
    }

    /// Whether there is something that may be sent, but for the pace.
    pub(super) fn is_ready(&self) -> bool {
        !self.paused && !self.ready.is_empty()
    }

    /// How many workers could do something for it now.
    pub(super) fn weight(&self) -> usize {
        match (self.phase, self.settings.pace) {
            (Phase::Runnable, Some(_)) => 1,
            (Phase::Runnable, None) => self.ready.len(),
            _ => 0,
        }
    }

    pub(super) fn push(&mut self, job: Job) {
        self.queued += 1;
        if let Some(lane) = self.lanes.get_mut(&job.recipient) {
            lane.jobs.push_back(job);
            return;
        }
        let recipient = Arc::clone(&job.recipient);
        self.ready.push_back(Arc::clone(&recipient));
        let lane = Lane {
            jobs: VecDeque::from([job]),
            place: Place::Ready,
        };
        self.lanes.insert(recipient, lane);
    }

    /// The message whose turn it is.
    pub(super) fn first(&mut self) -> Option<&Job> {
        // Lanes are empty whose messages were all cancelled.
        while let Some(first) = self.ready.front()
            && self
                .lanes
                .get(first)
                .is_none_or(|lane| lane.jobs.is_empty())
        {
            self.lanes.remove(first);
            self.ready.pop_front();
        }
        self.lanes.get(self.ready.front()?)?.jobs.front()
    }

    /// Takes the message whose turn it is.
    pub(super) fn take(&mut self) -> Option<Job> {
        let lane = self.lanes.get_mut(&self.ready.pop_front()?)?;
        let job = lane.jobs.pop_front()?;
        lane.place = Place::Busy;
        self.queued -= 1;
        self.busy += 1;
        self.counts.paced += u64::from(mem::take(&mut self.delayed));
        Some(job)
    }

    /// A message to this recipient is done. Tells from when on the next one may follow, if
    /// that is later.
    pub(super) fn done(&mut self, recipient: &Arc<Recipient>, now: Instant) -> Option<Instant> {
        let pause = self.settings.person_pace;
        let wait = pause.and_then(|pace| Duration::try_from_secs_f64(1.0 / pace).ok());
        let at = wait.and_then(|wait| now.checked_add(wait));
        let lane = self.lanes.get_mut(recipient)?;
        if let Some(at) = at {
            lane.place = Place::Waiting(at);
        } else {
            self.make_ready(recipient);
        }
        at
    }

    /// Takes a message back that is to be sent later.
    pub(super) fn put_back(&mut self, job: Job, at: Instant) {
        self.busy -= 1;
        self.queued += 1;
        let lane = self.lanes.entry(Arc::clone(&job.recipient)).or_default();
        lane.place = Place::Waiting(at);
        lane.jobs.push_front(job);
    }

    /// A recipient's next message may be sent, if it needn't wait for longer.
    pub(super) fn wake(&mut self, recipient: &Arc<Recipient>, now: Instant) {
        let place = self.lanes.get(recipient).map(|lane| lane.place);
        if matches!(place, Some(Place::Waiting(at)) if at <= now) {
            self.make_ready(recipient);
        }
    }

    /// No message has to wait any more.
    pub(super) fn wake_all(&mut self) {
        let waiting = self.lanes.iter();
        let waiting = waiting.filter(|(_, lane)| matches!(lane.place, Place::Waiting(_)));
        let waiting: Vec<_> = waiting
            .map(|(recipient, _)| Arc::clone(recipient))
            .collect();
        for recipient in waiting {
            self.make_ready(&recipient);
        }
    }

    fn make_ready(&mut self, recipient: &Arc<Recipient>) {
        let Some(lane) = self.lanes.get_mut(recipient) else {
            return;
        };
        if lane.jobs.is_empty() {
            self.lanes.remove(recipient);
        } else {
            lane.place = Place::Ready;
            self.ready.push_back(Arc::clone(recipient));
        }
    }

    /// Takes a message out that still waits.
    pub(super) fn remove(&mut self, recipient: &Arc<Recipient>, number: u64) -> Option<Job> {
        let lane = self.lanes.get_mut(recipient)?;
        let position = lane.jobs.iter().position(|job| job.number == number)?;
        let job = lane.jobs.remove(position);
        self.queued -= 1;
        self.busy += 1;
        job
    }

    /// Takes out everything that waits, in the order in which it was submitted, to be told
    /// what becomes of it.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        self.ready.clear();
        let mut jobs = Vec::with_capacity(mem::take(&mut self.queued));
        self.lanes.retain(|_, lane| {
            jobs.extend(lane.jobs.drain(..));
            lane.place != Place::Ready
        });
        jobs.sort_by_key(|job| job.number);
        self.busy += jobs.len();
        jobs
    }
}
