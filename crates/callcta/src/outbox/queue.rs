//! Who is next: lanes of one recipient each, and the workers that serve them.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::{self, JoinHandle, ThreadId};

use super::ignore_poison;
use crate::client::Receipt;
use crate::error::{Delivery, Error, Result};
use crate::message::{Recipient, Request};

pub(super) type Done = Box<dyn FnOnce(Result<Receipt>) + Send>;

pub(super) struct Job {
    number: u64,
    pub(super) recipient: Recipient,
    pub(super) request: Request,
    pub(super) unchecked: bool,
    pub(super) done: Done,
}

impl Job {
    /// A job, unless the request says nobody to send it to.
    pub(super) fn new(request: Request, unchecked: bool, done: Done) -> Result<Self> {
        match request.recipient.clone() {
            Some(recipient) => Ok(Job {
                number: 0,
                recipient,
                request,
                unchecked,
                done,
            }),
            None => Err(Error::invalid_message(request.validate())),
        }
    }

    fn cancel(self, why: &str) {
        (self.done)(Err(Error::cancelled(Delivery::NotSent, why)));
    }
}

/// Messages of one recipient, in order. A lane exists while one of its messages
/// is queued or being sent, and is in `ready` unless one is being sent.
type Lane = VecDeque<Job>;

#[derive(Default)]
struct State {
    lanes: HashMap<Recipient, Lane>,
    ready: VecDeque<Recipient>,
    /// Messages that wait.
    queued: usize,
    /// Messages being sent, or whose outcome is being told.
    busy: usize,
    workers: usize,
    idle_workers: usize,
    /// The workers' threads, to be waited for.
    threads: Vec<JoinHandle<()>>,
    last_number: u64,
    closed: bool,
}

pub(super) struct Queue {
    state: Mutex<State>,
    max_workers: usize,
    capacity: usize,
    /// Workers wait here for something to send.
    work: Condvar,
    /// Submitters wait here for room, others for the end of everything.
    progress: Condvar,
}

thread_local! {
    /// This thread's id, if it is a worker: asking for it on a thread that Rust
    /// didn't start would allocate.
    static WORKER: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

impl Queue {
    pub(super) fn new(max_workers: usize, capacity: usize) -> Self {
        Queue {
            state: Mutex::default(),
            max_workers,
            capacity,
            work: Condvar::new(),
            progress: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        ignore_poison(self.state.lock())
    }

    /// Queues a job; also tells whether another worker should be started for it,
    /// which is then counted already.
    pub(super) fn push(self: &Arc<Self>, mut job: Job, wait: bool) -> Result<(Ticket, bool)> {
        let mut state = self.state();
        while wait && !state.closed && state.queued >= self.capacity {
            state = ignore_poison(self.progress.wait(state));
        }
        if state.closed {
            return Err(Error::cancelled(Delivery::NotSent, "the outbox is closed"));
        }
        if state.queued >= self.capacity {
            return Err(Error::cancelled(Delivery::NotSent, "the outbox is full"));
        }
        state.last_number += 1;
        job.number = state.last_number;
        let recipient = job.recipient.clone();
        let ticket = Ticket {
            queue: Arc::downgrade(self),
            recipient: recipient.clone(),
            number: job.number,
        };
        state.queued += 1;
        if let Some(lane) = state.lanes.get_mut(&recipient) {
            lane.push_back(job);
            return Ok((ticket, false));
        }
        state.lanes.insert(recipient.clone(), VecDeque::from([job]));
        state.ready.push_back(recipient);
        let start = state.idle_workers < state.ready.len() && state.workers < self.max_workers;
        state.workers += usize::from(start);
        drop(state);
        self.work.notify_one();
        Ok((ticket, start))
    }

    /// A counted worker could not be started; how many there are.
    pub(super) fn worker_failed(&self) -> usize {
        let mut state = self.state();
        state.workers -= 1;
        state.workers
    }

    /// The calling thread is that of a worker.
    pub(super) fn enter() {
        WORKER.set(Some(thread::current().id()));
    }

    /// The thread of a counted worker runs.
    pub(super) fn worker_started(&self, thread: JoinHandle<()>) {
        self.state().threads.push(thread);
    }

    /// Waits for the ends of all workers' threads but the calling one.
    pub(super) fn join(&self) {
        loop {
            // Not in the loop's head, where the lock would be kept.
            let thread = self.state().threads.pop();
            match thread {
                Some(thread) if Some(thread.thread().id()) != WORKER.get() => {
                    // Its panics were caught.
                    let _ = thread.join();
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Waits for a message to send; `None` when the worker should end.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(lane) = state.ready.pop_front() {
                // An empty lane is one whose messages were all cancelled.
                let job = state.lanes.get_mut(&lane).and_then(VecDeque::pop_front);
                let Some(job) = job else {
                    state.lanes.remove(&lane);
                    continue;
                };
                state.queued -= 1;
                state.busy += 1;
                self.progress.notify_all();
                return Some(job);
            }
            if state.closed {
                state.workers -= 1;
                return None;
            }
            state.idle_workers += 1;
            state = ignore_poison(self.work.wait(state));
            state.idle_workers -= 1;
        }
    }

    /// A message of this lane has been sent: the next one may go.
    pub(super) fn finished(&self, lane: &Recipient) {
        let mut state = self.state();
        if state.lanes.get(lane).is_some_and(|lane| !lane.is_empty()) {
            state.ready.push_back(lane.clone());
            drop(state);
            self.work.notify_one();
        } else {
            state.lanes.remove(lane);
        }
    }

    /// The outcome of a message has been told.
    pub(super) fn told(&self) {
        let mut state = self.state();
        state.busy -= 1;
        if state.busy == 0 {
            self.progress.notify_all();
        }
    }

    pub(super) fn wait_until_idle(&self) {
        let mut state = self.state();
        while state.queued + state.busy > 0 {
            state = ignore_poison(self.progress.wait(state));
        }
    }

    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.ready.clear();
        state.queued = 0;
        let mut jobs: Vec<Job> = state.lanes.drain().flat_map(|(_, lane)| lane).collect();
        drop(state);
        self.work.notify_all();
        self.progress.notify_all();
        jobs.sort_by_key(|job| job.number);
        for job in jobs {
            job.cancel("the outbox is closed");
        }
    }

    fn remove(&self, recipient: &Recipient, number: u64) -> Option<Job> {
        let mut state = self.state();
        let lane = state.lanes.get_mut(recipient)?;
        let position = lane.iter().position(|job| job.number == number)?;
        let job = lane.remove(position);
        state.queued -= 1;
        drop(state);
        self.progress.notify_all();
        job
    }

    /// Takes a job back out without telling anybody.
    pub(super) fn take_back(&self, ticket: &Ticket) {
        self.remove(&ticket.recipient, ticket.number);
    }
}

/// A message in an [`Outbox`](super::Outbox), by which it can be cancelled.
pub struct Ticket {
    queue: Weak<Queue>,
    recipient: Recipient,
    number: u64,
}

impl Ticket {
    /// Cancels the message if it still waits: its outcome is then
    /// [`Cancelled`](crate::ErrorKind::Cancelled) with delivery *not sent*, told
    /// before this returns. `false` if it is already being sent or done.
    pub fn cancel(&self) -> bool {
        let queue = self.queue.upgrade();
        let job = queue.and_then(|queue| queue.remove(&self.recipient, self.number));
        let cancelled = job.is_some();
        if let Some(job) = job {
            job.cancel("cancelled before it was sent");
        }
        cancelled
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.number).finish()
    }
}
