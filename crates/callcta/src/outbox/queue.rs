//! Who is next: lanes of one recipient each, and the workers that serve them.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};
use std::{mem, process, ptr};

use super::ignore_poison;
use crate::cancel::CancelToken;
use crate::client::Receipt;
use crate::error::{CancelReason, Delivery, Error, ErrorKind, Result};
use crate::message::{Recipient, Request};
use crate::pace::{Pacer, Start};

pub(super) type Done = Box<dyn FnOnce(Result<Receipt>) + Send>;

pub(super) struct Job {
    number: u64,
    pub(super) recipient: Arc<Recipient>,
    pub(super) request: Request,
    /// The ticket's, for when it is being sent.
    pub(super) cancel: CancelToken,
    pub(super) done: Done,
}

impl Job {
    /// A job, unless the request says nobody to send it to.
    pub(super) fn new(request: Request, done: Done) -> Result<Self> {
        match request.recipient.clone() {
            Some(recipient) => Ok(Job {
                number: 0,
                recipient: Arc::new(recipient),
                request,
                cancel: CancelToken::new(),
                done,
            }),
            None => Err(Error::invalid_message(request.validate())),
        }
    }

    pub(super) fn is(&self, ticket: &Ticket) -> bool {
        self.number == ticket.number
    }
}

fn aborted() -> Error {
    Error::cancelled(Delivery::NotSent, CancelReason::Aborted)
}

fn closed() -> Error {
    Error::cancelled(Delivery::NotSent, CancelReason::Closed).with_detail("the outbox is closed")
}

/// How long it may go unnoticed that the client, whose pace this is, was closed.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// How often a worker that has nothing else to do sees to the idle connections.
const ROUND: Duration = Duration::from_secs(1);

/// Messages of one recipient, in order. A lane exists while one of its messages
/// is queued or being sent, and is in `ready` unless one is being sent.
type Lane = VecDeque<Job>;

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "none says anything about another"
)]
struct State {
    lanes: HashMap<Arc<Recipient>, Lane>,
    ready: VecDeque<Arc<Recipient>>,
    /// Messages that wait.
    queued: usize,
    /// Messages being sent, or whose outcome is being told.
    busy: usize,
    /// Running workers, and the one that is being started.
    workers: usize,
    /// One is at most, and it starts the next one: so nobody who submits a
    /// thousand messages waits until all threads have been started.
    starting: bool,
    /// Workers that wait, each on its own. The last one is woken first, since its
    /// stack and its connection are the warmest.
    idle: Vec<Arc<Condvar>>,
    /// There may be idle connections, to which the worker that is woken last sees.
    untidy: bool,
    settings: Settings,
    /// Workers that are telling an outcome, and come back for more.
    telling: usize,
    /// The worker that waits until the next message may start. The others needn't.
    timekeeper: Option<Arc<Condvar>>,
    /// The workers' threads, to be waited for.
    threads: Vec<JoinHandle<()>>,
    /// How many wait for progress.
    waiting: usize,
    last_number: u64,
    /// Nothing more is taken.
    ending: bool,
    closed: bool,
}

/// What can change while the outbox is in use.
#[derive(Clone, Copy, Default)]
pub(super) struct Settings {
    /// Messages that may start per second, if that is bounded.
    pub(super) pace: Option<f64>,
    /// Whether telling an outcome takes no time.
    pub(super) brief: bool,
}

impl State {
    /// Whether those who come back at once see to all that is ready.
    fn is_seen_to(&self) -> bool {
        let coming = if self.settings.brief { self.telling } else { 0 };
        self.ready.len() <= coming || self.timekeeper.is_some()
    }

    /// Lanes are empty whose messages were all cancelled.
    fn drop_empty_lanes(&mut self) {
        while let Some(first) = self.ready.front()
            && self.lanes.get(first).is_none_or(VecDeque::is_empty)
        {
            self.lanes.remove(first);
            self.ready.pop_front();
        }
    }

    /// The next message.
    fn take(&mut self) -> Option<Job> {
        let lane = self.ready.pop_front()?;
        let job = self.lanes.get_mut(&lane)?.pop_front()?;
        self.queued -= 1;
        self.busy += 1;
        if !mem::replace(&mut self.untidy, true)
            && let Some(last) = self.idle.first()
        {
            last.notify_one();
        }
        Some(job)
    }

    /// A worker to be woken for what is ready, if there is one and it could do
    /// anything.
    fn next_worker(&mut self) -> Option<Arc<Condvar>> {
        if self.is_seen_to() {
            return None;
        }
        self.idle.pop()
    }

    /// Everything that waits, in the order in which it was submitted, to be told what
    /// becomes of it.
    fn drain(&mut self) -> Vec<Job> {
        self.ready.clear();
        self.queued = 0;
        let mut jobs: Vec<Job> = self.lanes.drain().flat_map(|(_, lane)| lane).collect();
        jobs.sort_by_key(|job| job.number);
        self.busy += jobs.len();
        jobs
    }
}

pub(super) struct Queue {
    /// A forked child must not even lock its parent's queue.
    pid: u32,
    state: Mutex<State>,
    max_workers: usize,
    capacity: usize,
    /// Submitters wait here for room, others for the end of everything.
    progress: Condvar,
    /// As if the system had none left.
    #[cfg(test)]
    pub(super) no_threads: std::sync::atomic::AtomicBool,
}

thread_local! {
    /// This thread's id, if it is a worker: asking for it on a thread that Rust
    /// didn't start would allocate.
    static WORKER: Cell<Option<ThreadId>> = const { Cell::new(None) };
    /// Whose outcomes this thread is telling or about to tell, each one by itself.
    static TELLING: RefCell<Vec<*const Queue>> = const { RefCell::new(Vec::new()) };
}

impl Queue {
    pub(super) fn new(max_workers: usize, capacity: usize, settings: Settings) -> Self {
        let state = State {
            settings,
            ..State::default()
        };
        Queue {
            pid: process::id(),
            state: Mutex::new(state),
            max_workers,
            capacity,
            progress: Condvar::new(),
            #[cfg(test)]
            no_threads: false.into(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        ignore_poison(self.state.lock())
    }

    pub(super) fn set(&self, settings: Settings) {
        let mut state = self.state();
        state.settings = settings;
        let timekeeper = state.timekeeper.clone();
        drop(state);
        if let Some(worker) = timekeeper {
            worker.notify_one();
        }
    }

    /// Waits until something was sent or cancelled.
    fn wait_for_progress<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let mut state = ignore_poison(self.progress.wait(state));
        state.waiting -= 1;
        state
    }

    /// Lets go of the state, and wakes those who wait for progress.
    fn progressed(&self, state: MutexGuard<'_, State>) {
        let anybody = state.waiting > 0;
        drop(state);
        if anybody {
            self.progress.notify_all();
        }
    }

    /// Whether another worker should be started, which is then counted already.
    fn needs_worker(&self, state: &mut State) -> bool {
        let needed = !state.is_seen_to()
            && state.idle.is_empty()
            && !state.starting
            && state.workers < self.max_workers;
        state.workers += usize::from(needed);
        state.starting |= needed;
        needed
    }

    /// Queues a job; also tells whether another worker should be started for it,
    /// which is then counted already.
    pub(super) fn push(self: &Arc<Self>, mut job: Job, wait: bool) -> Result<(Ticket, bool)> {
        let mut state = self.state();
        while wait && !state.ending && state.queued >= self.capacity {
            state = self.wait_for_progress(state);
        }
        if state.ending {
            return Err(closed());
        }
        if state.queued >= self.capacity {
            let full = Error::new(ErrorKind::QueueFull, Delivery::NotSent);
            return Err(full.with_may_retry(true));
        }
        state.last_number += 1;
        job.number = state.last_number;
        let recipient = Arc::clone(&job.recipient);
        let ticket = Ticket {
            queue: Arc::downgrade(self),
            recipient: Arc::clone(&recipient),
            number: job.number,
            cancel: job.cancel.clone(),
        };
        state.queued += 1;
        if let Some(lane) = state.lanes.get_mut(&recipient) {
            lane.push_back(job);
            return Ok((ticket, false));
        }
        state
            .lanes
            .insert(Arc::clone(&recipient), VecDeque::from([job]));
        state.ready.push_back(recipient);
        let start = self.needs_worker(&mut state);
        wake_worker(state);
        Ok((ticket, start))
    }

    /// A counted worker could not be started. Without any, nobody would ever get to
    /// what is queued: so it is taken back out.
    pub(super) fn worker_failed(&self) -> Vec<Job> {
        let mut state = self.state();
        state.starting = false;
        state.workers -= 1;
        if state.workers > 0 {
            return Vec::new();
        }
        let jobs = state.drain();
        self.progressed(state);
        jobs
    }

    /// The calling thread is that of a counted worker.
    pub(super) fn enter(&self) {
        WORKER.set(Some(thread::current().id()));
        self.state().starting = false;
    }

    /// The thread of a counted worker runs.
    pub(super) fn worker_started(&self, thread: JoinHandle<()>) {
        self.state().threads.push(thread);
    }

    /// Waits for the ends of all workers' threads and of all callbacks, but for what
    /// calls this.
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
                None => break,
            }
        }
        let own = TELLING.with_borrow(|queues| {
            let own = queues.iter().filter(|queue| ptr::eq(**queue, self));
            own.count()
        });
        let mut state = self.state();
        while state.busy > own {
            state = self.wait_for_progress(state);
        }
    }

    /// Waits for a message to send, which the pace lets start if there is one, and tells
    /// whether another worker should be started; `None` when the worker should end. Meanwhile `tidy` sees to idle
    /// connections and tells whether there are any left.
    pub(super) fn next(
        &self,
        worker: &Arc<Condvar>,
        pacer: &Arc<Pacer>,
        tidy: impl Fn() -> bool,
    ) -> Option<(Job, Option<Start>, bool)> {
        let mut state = self.state();
        loop {
            if state.closed {
                state.workers -= 1;
                return None;
            }
            state.drop_empty_lanes();
            let pace = state.settings.pace.filter(|_| !state.ready.is_empty());
            let started = pace.map(|pace| pacer.start(pace, Instant::now()));
            let (granted, wait) = match started {
                Some(Ok(start)) => (Some(start), Duration::ZERO),
                Some(Err(wait)) => (None, wait),
                None => (None, Duration::ZERO),
            };
            if wait.is_zero()
                && let Some(job) = state.take()
            {
                let start = self.needs_worker(&mut state);
                // Where there is a pace, somebody else keeps the time from now on.
                let next = state.next_worker();
                self.progressed(state);
                if let Some(next) = next {
                    next.notify_one();
                }
                return Some((job, granted, start));
            }
            if !wait.is_zero() && state.timekeeper.is_none() {
                state.timekeeper = Some(Arc::clone(worker));
                let wait = wait.min(LONGEST_WAIT);
                state = ignore_poison(worker.wait_timeout(state, wait)).0;
                state.timekeeper = None;
                continue;
            }
            state.idle.push(Arc::clone(worker));
            while let Some(at) = state.idle.iter().position(|idle| Arc::ptr_eq(idle, worker)) {
                if at > 0 || !state.untidy {
                    state = ignore_poison(worker.wait(state));
                    continue;
                }
                let (waited, result) = ignore_poison(worker.wait_timeout(state, ROUND));
                state = waited;
                if result.timed_out() {
                    state.untidy = false;
                    drop(state);
                    let untidy = tidy();
                    state = self.state();
                    state.untidy |= untidy;
                }
            }
        }
    }

    /// A worker has sent a message. The next one to this recipient may go out while the
    /// outcome is told.
    pub(super) fn finish(&self, job: Job, outcome: Result<Receipt>) {
        let mut state = self.state();
        state.telling += 1;
        let lane = &job.recipient;
        if state.lanes.get(lane).is_some_and(|lane| !lane.is_empty()) {
            state.ready.push_back(Arc::clone(lane));
            wake_worker(state);
        } else {
            state.lanes.remove(lane);
            drop(state);
        }
        TELLING.with_borrow_mut(|queues| queues.push(self));
        self.tell(job, outcome, true);
    }

    /// Tells the outcomes of messages that were counted as busy.
    pub(super) fn tell_all(&self, jobs: Vec<Job>, outcome: impl Fn() -> Result<Receipt>) {
        TELLING.with_borrow_mut(|queues| queues.extend(jobs.iter().map(|_| ptr::from_ref(self))));
        for job in jobs {
            self.tell(job, outcome(), false);
        }
    }

    fn tell(&self, job: Job, outcome: Result<Receipt>, worker: bool) {
        let _ = catch_unwind(AssertUnwindSafe(|| (job.done)(outcome)));
        TELLING.with_borrow_mut(Vec::pop);
        self.ended(worker);
    }

    /// The outcome of a message has been told, by a worker or by somebody else.
    pub(super) fn ended(&self, worker: bool) {
        let mut state = self.state();
        state.telling -= usize::from(worker);
        state.busy -= 1;
        self.progressed(state);
    }

    pub(super) fn wait_until_idle(&self) {
        let mut state = self.state();
        while state.queued + state.busy > 0 {
            state = self.wait_for_progress(state);
        }
    }

    pub(super) fn pending(&self) -> usize {
        let state = self.state();
        state.queued + state.busy
    }

    pub(super) fn drain(&self) {
        let mut state = self.state();
        state.ending = true;
        self.progressed(state);
        self.wait_until_idle();
        self.close();
    }

    pub(super) fn close(&self) {
        let mut state = self.state();
        state.ending = true;
        state.closed = true;
        let jobs = state.drain();
        let idle = mem::take(&mut state.idle);
        let workers = idle.into_iter().chain(state.timekeeper.take());
        self.progressed(state);
        for worker in workers {
            worker.notify_one();
        }
        self.tell_all(jobs, || Err(closed()));
    }

    fn remove(&self, recipient: &Arc<Recipient>, number: u64) -> Option<Job> {
        let mut state = self.state();
        let lane = state.lanes.get_mut(recipient)?;
        let position = lane.iter().position(|job| job.number == number)?;
        let job = lane.remove(position);
        state.queued -= 1;
        state.busy += 1;
        self.progressed(state);
        job
    }
}

/// Lets go of the state, and wakes a worker for what is ready.
fn wake_worker(mut state: MutexGuard<'_, State>) {
    let worker = state.next_worker();
    drop(state);
    if let Some(worker) = worker {
        worker.notify_one();
    }
}

/// A message in an [`Outbox`](super::Outbox), by which it can be cancelled.
pub struct Ticket {
    queue: Weak<Queue>,
    recipient: Arc<Recipient>,
    number: u64,
    cancel: CancelToken,
}

impl Ticket {
    /// Gives the message up. If it still waits, its outcome is
    /// [`Cancelled`](crate::ErrorKind::Cancelled) with delivery *not sent*, told
    /// before this returns `true`.
    ///
    /// If it is being sent already, that is broken off, and its thread and its
    /// recipient are free for the next message. Its outcome is then told soon, by its
    /// thread: `Cancelled` with the delivery that is known, *unknown* once a byte of
    /// the request went out; or what became of it, if the answer was first. `false`
    /// is returned then, and if it is done; and in a forked child, whose parent may
    /// send it.
    pub fn cancel(&self) -> bool {
        let queue = self.queue.upgrade();
        let Some(queue) = queue.filter(|queue| queue.pid == process::id()) else {
            return false;
        };
        let Some(job) = queue.remove(&self.recipient, self.number) else {
            self.cancel.cancel();
            return false;
        };
        queue.tell_all(vec![job], || Err(aborted()));
        true
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.number).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::message::{Message, SendOptions};

    fn job(psid: &str) -> Job {
        let request = Request::new(psid, Message::call_prompt(), SendOptions::new());
        Job::new(request, Box::new(|_| {})).expect("it has a recipient")
    }

    #[test]
    fn nothing_is_left_behind_without_workers() {
        let queue = Arc::new(Queue::new(2, 10, Settings::default()));
        let (first, start) = queue.push(job("1"), false).expect("there is room");
        assert!(start);
        // The one that is being started will see to it.
        let (second, start) = queue.push(job("2"), false).expect("there is room");
        assert!(!start);
        let jobs = queue.worker_failed();
        assert!(jobs.len() == 2 && jobs[0].is(&first) && jobs[1].is(&second));
        assert!(queue.push(job("3"), false).expect("there is room").1);
    }

    #[test]
    fn who_tells_an_outcome_briefly_sees_to_the_next_message() {
        for brief in [false, true] {
            let settings = Settings { brief, pace: None };
            let queue = Arc::new(Queue::new(9, 10, settings));
            queue.push(job("1"), false).expect("there is room");
            queue.enter();
            let next = || {
                queue
                    .next(&Arc::default(), &Arc::new(Pacer::new()), || false)
                    .expect("there is work")
            };
            let (mut first, ..) = next();
            let another = Arc::new(AtomicBool::new(false));
            let (told, submits) = (Arc::clone(&another), Arc::clone(&queue));
            first.done = Box::new(move |_| {
                let (_, start) = submits.push(job("2"), false).expect("there is room");
                told.store(start, Ordering::Relaxed);
            });
            queue.finish(first, Err(aborted()));
            assert_eq!(another.load(Ordering::Relaxed), !brief);
            // Nobody else comes back, unless another one has been started.
            let another = queue.push(job("3"), false).expect("there is room").1;
            assert_eq!(another, brief);
            next();
            next();
        }
    }

    #[test]
    fn workers_start_one_another_up_to_their_number() {
        let queue = Arc::new(Queue::new(2, 10, Settings::default()));
        let starts = ["1", "2", "3"].map(|psid| queue.push(job(psid), false).expect("room").1);
        assert_eq!(starts, [true, false, false]);
        queue.enter();
        let next = || {
            queue
                .next(&Arc::default(), &Arc::new(Pacer::new()), || false)
                .expect("there is work")
                .2
        };
        assert!(next());
        queue.enter();
        assert!(!next());
        assert_eq!(queue.worker_failed().len(), 0, "the other one is there");
        assert!(queue.push(job("4"), false).expect("there is room").1);
    }
}
