//! Who is next: the outboxes that share threads, and the workers that serve them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};
use std::{mem, process, ptr};

use super::counts::{Came, Counts};
use super::job::Job;
use super::tray::{Phase, Settings, Tray};
use crate::cancel::Wake;
use crate::client::{Client, Receipt};
use crate::error::{CancelReason, Delivery, Error, ErrorKind, Result};
use crate::message::Recipient;
use crate::pace::Start;

/// How often a worker that has nothing else to do sees to the idle connections.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "none says anything about another"
)]
struct State {
    trays: HashMap<u64, Tray>,
    /// Those of which something may be sent, in turn.
    runnable: VecDeque<u64>,
    /// How many workers could do something now.
    startable: usize,
    /// What happens later. Moments are told apart by numbers.
    timers: BTreeMap<(Instant, u64), Timer>,
    /// The worker that waits for the first timer, and until when. The others needn't.
    timekeeper: Option<(Arc<Condvar>, Instant)>,
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
    /// Workers that are telling an outcome briefly, and come back for more.
    telling: usize,
    /// The workers' threads, to be waited for.
    threads: Vec<JoinHandle<()>>,
    /// How many wait for progress.
    waiting: usize,
    last_number: u64,
    /// Nothing starts.
    paused: bool,
    closed: bool,
    /// What became of the messages of outboxes that are gone.
    gone: Counts,
}

enum Timer {
    /// An outbox's pace lets the next message start.
    Pace(u64),
    /// A recipient's next message may follow.
    Lane(u64, Arc<Recipient>),
}

/// A message to send.
pub(super) struct Turn {
    pub(super) tray: u64,
    pub(super) client: Client,
    pub(super) job: Job,
    /// If it keeps a pace.
    pub(super) paced: Option<Start>,
    /// Another worker should be started, which is counted already.
    pub(super) another: bool,
}

impl State {
    /// Changes an outbox, and sees to it that it has its turn.
    fn edit<R>(&mut self, id: u64, change: impl FnOnce(&mut Tray) -> R) -> Option<R> {
        let tray = self.trays.get_mut(&id)?;
        let before = tray.weight();
        let result = change(tray);
        if tray.phase == Phase::Idle && tray.is_ready() {
            tray.phase = Phase::Runnable;
            self.runnable.push_back(id);
        }
        self.startable = self.startable + tray.weight() - before;
        if tray.left && tray.queued + tray.busy == 0 {
            self.startable -= tray.weight();
            self.gone.add(&tray.counts);
            self.trays.remove(&id);
        }
        Some(result)
    }

    /// Whether those who come back at once see to all that can be done.
    fn is_seen_to(&self) -> bool {
        let startable = if self.paused { 0 } else { self.startable };
        let untimed = !self.timers.is_empty() && self.timekeeper.is_none();
        startable + usize::from(untimed) <= self.telling
    }

    /// A worker to be woken for what can be done, if there is one.
    fn next_worker(&mut self) -> Option<Arc<Condvar>> {
        if self.is_seen_to() {
            return None;
        }
        let keeper = || Some(self.timekeeper.take()?.0);
        self.idle.pop().or_else(keeper)
    }

    fn add_timer(&mut self, at: Instant, timer: Timer) {
        self.last_number += 1;
        self.timers.insert((at, self.last_number), timer);
        if let Some((worker, until)) = &self.timekeeper
            && at < *until
        {
            worker.notify_one();
        }
    }

    /// Does what is due.
    fn look_at_timers(&mut self) {
        while let Some(first) = self.timers.first_entry() {
            let at = first.key().0;
            // Only now, since most often there is none.
            let now = Instant::now();
            if at > now {
                return;
            }
            match first.remove() {
                Timer::Pace(id) => self.ask_again(id),
                Timer::Lane(id, recipient) => {
                    self.edit(id, |tray| tray.wake(&recipient, now));
                }
            }
        }
    }

    /// An outbox that waits for its pace doesn't any more.
    fn ask_again(&mut self, id: u64) {
        self.edit(id, |tray| {
            if tray.phase == Phase::Sleeping {
                tray.phase = Phase::Idle;
            }
        });
    }

    /// The next message that may be sent.
    fn take(&mut self) -> Option<(u64, Client, Job, Option<Start>)> {
        if self.paused {
            return None;
        }
        while let Some(id) = self.runnable.pop_front() {
            let Some(tray) = self.trays.get_mut(&id) else {
                continue;
            };
            self.startable -= tray.weight();
            tray.phase = Phase::Idle;
            let (paused, pace) = (tray.paused, tray.settings.pace);
            let Some(first) = tray.first().filter(|_| !paused) else {
                continue;
            };
            let mut started = None;
            if let Some(pace) = pace
                && !first.is_over()
            {
                let now = Instant::now();
                match tray.client.pacer().start(pace, now) {
                    Ok(start) => started = Some(start),
                    Err(wait) => {
                        tray.phase = Phase::Sleeping;
                        tray.delayed = true;
                        self.add_timer(now + wait, Timer::Pace(id));
                        continue;
                    }
                }
            }
            let (job, client) = (tray.take()?, tray.client.clone());
            // To the end of the row, if there is more.
            self.edit(id, |_| ());
            if !mem::replace(&mut self.untidy, true)
                && let Some(last) = self.idle.first()
            {
                last.notify_one();
            }
            return Some((id, client, job, started));
        }
        None
    }
}

thread_local! {
    /// The queue and the outbox of each outcome that this thread is telling.
    static TELLING: RefCell<Vec<(*const Queue, u64)>> = const { RefCell::new(Vec::new()) };
    /// The id of a worker's thread, so that it needn't be asked for, which in a thread
    /// that the standard library did not start makes something that other threads free.
    static WORKER: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

fn ignore_poison<T>(result: std::result::Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// An outbox is closed, or the client under it, of which more people know.
fn closed(client: Option<&Client>) -> Error {
    let closed = Error::cancelled(Delivery::NotSent, CancelReason::Closed);
    match client {
        Some(client) if client.is_closed() => closed,
        _ => closed.with_detail("the outbox is closed"),
    }
}

pub(super) struct Queue {
    /// A forked child must not even lock its parent's queue.
    pid: u32,
    state: Mutex<State>,
    max_workers: usize,
    /// Submitters wait here for room, others for the end of everything.
    progress: Condvar,
    /// As if the system had none left.
    #[cfg(test)]
    pub(super) no_threads: std::sync::atomic::AtomicBool,
}

impl Queue {
    pub(super) fn new(max_workers: usize) -> Self {
        Queue {
            pid: process::id(),
            state: Mutex::default(),
            max_workers,
            progress: Condvar::new(),
            #[cfg(test)]
            no_threads: std::sync::atomic::AtomicBool::new(false),
        }
    }

    pub(super) fn is_of_this_process(&self) -> bool {
        self.pid == process::id()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        ignore_poison(self.state.lock())
    }

    /// Makes a place for an outbox's messages.
    pub(super) fn add(self: &Arc<Self>, client: &Client, settings: Settings) -> u64 {
        let mut state = self.state();
        state.last_number += 1;
        let id = state.last_number;
        state.trays.insert(id, Tray::new(client.clone(), settings));
        drop(state);
        client.on_close(Arc::downgrade(self) as Weak<dyn Wake>);
        id
    }

    pub(super) fn set(&self, id: u64, settings: Settings) {
        let mut state = self.state();
        state.edit(id, |tray| tray.settings = settings);
        state.ask_again(id);
        wake_worker(state);
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
        // One must be there, also for what may not start yet.
        let needed = (!state.is_seen_to() || state.workers == 0)
            && state.idle.is_empty()
            && state.timekeeper.is_none()
            && !state.starting
            && state.workers < self.max_workers;
        state.workers += usize::from(needed);
        state.starting |= needed;
        needed
    }

    /// Queues a job; its number, and whether another worker should be started for it,
    /// which is then counted already.
    pub(super) fn push(
        &self,
        id: u64,
        mut job: Job,
        capacity: usize,
        wait: bool,
    ) -> Result<(u64, bool)> {
        let mut state = self.state();
        loop {
            let tray = state.trays.get(&id);
            match tray.filter(|tray| !tray.ending && !state.closed) {
                Some(tray) if tray.queued < capacity => break,
                Some(_) => {}
                None => return Err(closed(tray.map(|tray| &tray.client))),
            }
            if !wait {
                let full = Error::new(ErrorKind::QueueFull, Delivery::NotSent);
                return Err(full.with_may_retry(true));
            }
            state = self.wait_for_progress(state);
        }
        state.last_number += 1;
        let number = state.last_number;
        job.number = number;
        state.edit(id, |tray| tray.push(job));
        let start = self.needs_worker(&mut state);
        wake_worker(state);
        Ok((number, start))
    }

    /// A counted worker could not be started. Without any, nobody would ever get to
    /// what is queued: so it is taken back out.
    pub(super) fn worker_failed(&self) -> Vec<(u64, Job)> {
        let mut state = self.state();
        state.starting = false;
        state.workers -= 1;
        if state.workers > 0 {
            return Vec::new();
        }
        let ids: Vec<u64> = state.trays.keys().copied().collect();
        let take_all = |id: u64| (id, state.edit(id, Tray::take_all).unwrap_or_default());
        let taken: Vec<(u64, Vec<Job>)> = ids.into_iter().map(take_all).collect();
        self.progressed(state);
        let each = |(id, jobs): (u64, Vec<Job>)| jobs.into_iter().map(move |job| (id, job));
        taken.into_iter().flat_map(each).collect()
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

    /// Waits for the ends of all workers' threads.
    pub(super) fn join_threads(&self) {
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
    }

    /// Waits for what is being sent and for all callbacks, but for what calls this: of one
    /// outbox, or of all.
    pub(super) fn join(&self, id: Option<u64>) {
        let is_meant = |of: u64| id.is_none_or(|id| id == of);
        let own = TELLING.with_borrow(|telling| {
            let own = telling.iter();
            own.filter(|(queue, of)| ptr::eq(*queue, self) && is_meant(*of))
                .count()
        });
        let mut state = self.state();
        while busy(&state, id) > own {
            state = self.wait_for_progress(state);
        }
    }

    /// Waits for a message to send; `None` when the worker should end.
    pub(super) fn next(&self, worker: &Arc<Condvar>) -> Option<Turn> {
        let mut state = self.state();
        loop {
            if state.closed {
                state.workers -= 1;
                return None;
            }
            state.look_at_timers();
            if let Some((tray, client, job, paced)) = state.take() {
                let another = self.needs_worker(&mut state);
                // Where there is a pace, somebody else keeps the time from now on.
                let next = state.next_worker();
                self.progressed(state);
                if let Some(next) = next {
                    next.notify_one();
                }
                return Some(Turn {
                    tray,
                    client,
                    job,
                    paced,
                    another,
                });
            }
            if state.timekeeper.is_none()
                && let Some((until, _)) = state.timers.keys().next().copied()
            {
                state.timekeeper = Some((Arc::clone(worker), until));
                let wait = until.saturating_duration_since(Instant::now());
                state = ignore_poison(worker.wait_timeout(state, wait)).0;
                if (state.timekeeper.as_ref()).is_some_and(|keeper| Arc::ptr_eq(&keeper.0, worker))
                {
                    state.timekeeper = None;
                }
                continue;
            }
            state = self.idle(state, worker);
        }
    }

    /// Waits until there may be something to do, and sees to idle connections meanwhile.
    fn idle<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        worker: &Arc<Condvar>,
    ) -> MutexGuard<'a, State> {
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
                let mut clients: Vec<Client> = Vec::new();
                for Tray { client, .. } in state.trays.values() {
                    if !clients.iter().any(|known| known.shares_connections(client)) {
                        clients.push(client.clone());
                    }
                }
                drop(state);
                let untidy = clients.iter().filter(|client| client.tidy()).count() > 0;
                drop(clients);
                state = self.state();
                state.untidy |= untidy;
            }
        }
        state
    }

    /// A worker has made a try that is to be followed by another one, or none. The message
    /// is given back if that has no time.
    pub(super) fn put_back(&self, id: u64, job: Job, wait: Duration, tried: bool) -> Option<Job> {
        let mut state = self.state();
        let tray = state.trays.get(&id).filter(|tray| !tray.closed);
        if job.cancel.is_cancelled() || tray.is_none_or(|tray| tray.client.is_closed()) {
            return Some(job);
        }
        let now = Instant::now();
        let at = now.checked_add(wait).unwrap_or(now + ROUND);
        let recipient = Arc::clone(&job.recipient);
        state.edit(id, |tray| {
            tray.counts.retried += u64::from(tried);
            tray.put_back(job, at);
        });
        state.add_timer(at, Timer::Lane(id, recipient));
        self.progressed(state);
        None
    }

    /// A worker has sent a message. The next one to this recipient may go out while the
    /// outcome is told.
    pub(super) fn finish(&self, id: u64, job: Job, outcome: Result<Receipt>) {
        let mut state = self.state();
        let told = state.edit(id, |tray| {
            let next = tray.done(&job.recipient, Instant::now());
            (tray.settings.brief, next)
        });
        let (brief, next) = told.unwrap_or_default();
        state.telling += usize::from(brief);
        if let Some(at) = next {
            state.add_timer(at, Timer::Lane(id, Arc::clone(&job.recipient)));
        }
        wake_worker(state);
        TELLING.with_borrow_mut(|telling| telling.push((self, id)));
        self.tell(id, job, outcome, brief);
    }

    /// Tells the outcomes of messages that were counted as busy.
    pub(super) fn tell_all(
        &self,
        jobs: Vec<(u64, Job)>,
        mut outcome: impl FnMut(u64, &mut Job) -> Result<Receipt>,
    ) {
        let queue = ptr::from_ref(self);
        TELLING.with_borrow_mut(|telling| telling.extend(jobs.iter().map(|(id, _)| (queue, *id))));
        for (id, mut job) in jobs {
            let outcome = outcome(id, &mut job);
            self.tell(id, job, outcome, false);
        }
    }

    fn tell(&self, id: u64, job: Job, outcome: Result<Receipt>, brief: bool) {
        let came = Came::of(&outcome);
        let _ = catch_unwind(AssertUnwindSafe(|| job.follower.done(outcome)));
        TELLING.with_borrow_mut(Vec::pop);
        self.ended(id, came, brief);
    }

    /// The outcome of a message has been told, by a worker that comes back at once or by
    /// somebody else.
    pub(super) fn ended(&self, id: u64, came: Came, brief: bool) {
        let mut state = self.state();
        state.telling -= usize::from(brief);
        state.edit(id, |tray| {
            tray.busy -= 1;
            tray.counts.note(came);
        });
        self.progressed(state);
    }

    /// Waits until nothing is queued or being sent, in one outbox or in all.
    pub(super) fn wait_until_idle(&self, id: Option<u64>) {
        let mut state = self.state();
        while pending(&state, id) > 0 {
            state = self.wait_for_progress(state);
        }
    }

    pub(super) fn pending(&self, id: Option<u64>) -> usize {
        pending(&self.state(), id)
    }

    pub(super) fn counts(&self, id: Option<u64>) -> Counts {
        let state = self.state();
        let mut all = match id {
            None => state.gone.clone(),
            Some(_) => Counts::default(),
        };
        for tray in meant(&state, id) {
            all.add(&tray.counts);
            all.queued += tray.queued;
            all.in_flight += tray.busy;
        }
        all
    }

    /// From now on nothing starts, or something may again. Tells how many messages are
    /// being sent.
    pub(super) fn pause(&self, id: Option<u64>, yes: bool) -> usize {
        let mut state = self.state();
        match id {
            Some(id) => drop(state.edit(id, |tray| tray.paused = yes)),
            None => state.paused = yes,
        }
        let busy = busy(&state, id);
        wake_all_workers(state);
        busy
    }

    /// Takes no more, and lets what is there go out.
    pub(super) fn drain(&self, id: Option<u64>) {
        let mut state = self.state();
        for id in ids(&state, id) {
            state.edit(id, |tray| tray.ending = true);
        }
        self.progressed(state);
        self.wait_until_idle(id);
    }

    /// Cancels what waits; tells how many that were.
    pub(super) fn cancel(&self, id: Option<u64>, close: bool) -> usize {
        let reason = if close {
            CancelReason::Closed
        } else {
            CancelReason::Aborted
        };
        let mut state = self.state();
        let mut jobs = Vec::new();
        let mut clients = HashMap::new();
        for id in ids(&state, id) {
            state.edit(id, |tray| {
                tray.ending |= close;
                tray.closed |= close;
                jobs.extend(tray.take_all().into_iter().map(|job| (id, job)));
                clients.insert(id, tray.client.clone());
            });
        }
        jobs.sort_by_key(|(_, job)| job.number);
        self.progressed(state);
        let count = jobs.len();
        self.tell_all(jobs, |id, job| {
            let untried = job.tries.made() == 0;
            Err(if close && untried {
                closed(clients.get(&id))
            } else {
                job.leave(&clients[&id], reason)
            })
        });
        count
    }

    /// Nobody can ask for an outbox any more.
    pub(super) fn leave(&self, id: u64) {
        self.cancel(Some(id), true);
        self.state().edit(id, |tray| tray.left = true);
    }

    /// Ends the workers as soon as what they send is done.
    pub(super) fn close(&self) {
        self.cancel(None, true);
        let mut state = self.state();
        state.closed = true;
        wake_all_workers(state);
    }

    /// Takes a message out that still waits.
    pub(super) fn remove(
        &self,
        id: u64,
        recipient: &Arc<Recipient>,
        number: u64,
    ) -> Option<(Client, Job)> {
        let mut state = self.state();
        let job = state
            .edit(id, |tray| tray.remove(recipient, number))
            .flatten()?;
        let client = state.trays.get(&id)?.client.clone();
        self.progressed(state);
        Some((client, job))
    }
}

impl Wake for Queue {
    /// A client was closed: its messages needn't wait for anything any more.
    fn wake(&self) {
        let mut state = self.state();
        let all = state.trays.iter();
        let closed = all.filter(|(_, tray)| tray.client.is_closed());
        let closed: Vec<u64> = closed.map(|(id, _)| *id).collect();
        for id in closed {
            state.edit(id, Tray::wake_all);
            state.ask_again(id);
        }
        wake_worker(state);
    }
}

fn meant(state: &State, id: Option<u64>) -> impl Iterator<Item = &Tray> {
    let trays = state.trays.iter();
    let meant = trays.filter(move |(of, _)| id.is_none_or(|id| id == **of));
    meant.map(|(_, tray)| tray)
}

fn ids(state: &State, id: Option<u64>) -> Vec<u64> {
    match id {
        Some(id) => vec![id],
        None => state.trays.keys().copied().collect(),
    }
}

fn busy(state: &State, id: Option<u64>) -> usize {
    meant(state, id).map(|tray| tray.busy).sum()
}

fn pending(state: &State, id: Option<u64>) -> usize {
    meant(state, id).map(|tray| tray.queued + tray.busy).sum()
}

/// Lets go of the state, and wakes a worker for what can be done.
fn wake_worker(mut state: MutexGuard<'_, State>) {
    let worker = state.next_worker();
    drop(state);
    if let Some(worker) = worker {
        worker.notify_one();
    }
}

/// Lets go of the state, and wakes everybody to look around.
fn wake_all_workers(mut state: MutexGuard<'_, State>) {
    let idle = mem::take(&mut state.idle);
    let keeper = state.timekeeper.take().map(|(worker, _)| worker);
    drop(state);
    for worker in idle.into_iter().chain(keeper) {
        worker.notify_one();
    }
}

#[cfg(test)]
mod tests;
