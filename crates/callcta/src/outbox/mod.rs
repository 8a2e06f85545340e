//! Sending many messages at once.

mod counts;
mod job;
mod queue;
mod shared;
mod ticket;
mod tray;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use self::counts::Counts;
pub use self::job::{Dispatch, Follow};
pub use self::shared::{Outboxes, OutboxesBuilder};
pub use self::ticket::Ticket;

use self::counts::Came;
use self::job::{Job, Told};
use self::queue::Queue;
use self::shared::Threads;
use self::tray::Settings;
use crate::client::{Client, Receipt};
use crate::error::{Error, Result};
use crate::limits;
use crate::message::Request;
use crate::pace::SLOWEST_PACE;
use crate::transport::NoThread;
use crate::transport::per_process::PerProcess;

/// Most threads an [`Outbox`] runs unless told otherwise. callcta's own number.
pub const WORKERS_DEFAULT: usize = 64;

/// Most messages that wait in an [`Outbox`] unless told otherwise. callcta's own
/// number.
pub const CAPACITY_DEFAULT: usize = 100_000;

/// Sends many messages at once over one [`Client`].
///
/// Messages wait in a bounded queue and are sent by a bounded number of threads.
/// Messages to the same recipient go out one after another, in the order in
/// which they were submitted; those to different recipients in parallel. Each
/// outcome is passed to a function of the caller's, on a thread of the outbox.
///
/// Threads start when there is work for them, and end with the outbox: when the
/// last clone is dropped, by [`drain`](Outbox::drain), which waits for what is there, or
/// by [`close`](Outbox::close), which cancels it.
///
/// ```
/// # let emulator = callcta_emulator::Emulator::start()?;
/// # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
/// #     .base_url(emulator.url()).build()?;
/// # let psid = emulator.psids()[0].clone();
/// use callcta::{Button, Message, Outbox, Request, SendOptions};
///
/// let outbox = Outbox::new(client);
/// let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
/// let request = Request::new(psid, message, SendOptions::new());
/// outbox.submit(request, |outcome| match outcome {
///     Ok(receipt) => println!("{}", receipt.message_id),
///     Err(error) => println!("{}: {error}", error.delivery()),
/// })?;
/// outbox.wait();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Outbox {
    handle: Arc<Handle>,
}

/// Gives the outbox up when nobody has it any more.
struct Handle {
    threads: Arc<Threads>,
    /// Nobody else uses them.
    alone: bool,
    client: Client,
    capacity: usize,
    pace: Pace,
    person_pace: Pace,
    brief: AtomicBool,
    /// Threads and what they hold don't survive a fork: a child starts anew, and
    /// leaves what its parent queued to the parent.
    trays: PerProcess<u64>,
}

impl Outbox {
    /// An outbox with at most 64 threads and 100,000 waiting messages, which starts
    /// [`limits::PACE`] messages per second.
    pub fn new(client: Client) -> Self {
        Outbox::with_limits(client, WORKERS_DEFAULT, CAPACITY_DEFAULT)
    }

    /// An outbox with at most `workers` threads and `capacity` waiting messages; 0
    /// means 1. It starts [`limits::PACE`] messages per second. [`Outboxes`] share threads.
    pub fn with_limits(client: Client, workers: usize, capacity: usize) -> Self {
        Outbox::over(Arc::new(Threads::new(workers)), true, client, capacity)
    }

    fn over(threads: Arc<Threads>, alone: bool, client: Client, capacity: usize) -> Self {
        Outbox {
            handle: Arc::new(Handle {
                threads,
                alone,
                client,
                capacity: capacity.max(1),
                pace: Pace::of(Some(limits::PACE)),
                person_pace: Pace::of(None),
                brief: AtomicBool::new(false),
                trays: PerProcess::new(),
            }),
        }
    }

    /// The client that sends.
    pub fn client(&self) -> &Client {
        &self.handle.client
    }

    /// Bounds how many messages are started per second, or doesn't. Defaults to
    /// [`limits::PACE`], what a Page can keep up; [`limits::PACE_MAX`] is the most.
    /// Outboxes with a pace over clones of one client keep it together; a client's own
    /// `send` doesn't count.
    ///
    /// It is kept as the platform counts: whatever stalls here, at most so many messages,
    /// rounded up, arrive within any second. To leave room for what the network adds, they
    /// start 2 % further apart. What was missed in a pause isn't made up for.
    ///
    /// When the platform's answers of the last minute say that three quarters of a
    /// limit are used up, fewer start, down to a tenth of the pace; while it asks to
    /// wait, none.
    ///
    /// # Errors
    ///
    /// As [`check_pace`](Outbox::check_pace).
    pub fn set_pace(&self, per_second: Option<f64>) -> Result<()> {
        self.handle.pace.set(per_second)?;
        self.set();
        Ok(())
    }

    /// The same for the messages to each recipient: the next one starts that much later
    /// than the one before was answered. Not bounded at first.
    ///
    /// # Errors
    ///
    /// As [`check_pace`](Outbox::check_pace).
    pub fn set_person_pace(&self, per_second: Option<f64>) -> Result<()> {
        self.handle.person_pace.set(per_second)?;
        self.set();
        Ok(())
    }

    /// Checks a pace: a number of messages per second, or `None` for no bound.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is less than one message
    /// a day, more than [`limits::PACE_MAX`] or not a number.
    pub fn check_pace(per_second: Option<f64>) -> Result<()> {
        let most = limits::PACE_MAX;
        if per_second.is_none_or(|pace| (SLOWEST_PACE..=most).contains(&pace)) {
            return Ok(());
        }
        Err(Error::invalid_argument(format!(
            "the pace must be a number of messages per second from one a day (1/86400) to \
             {most}, or none"
        )))
    }

    /// Whether all callbacks take no time, as those that only put the outcome into
    /// somebody's queue. A message that is submitted while one of them runs then
    /// waits for its thread, which is cheaper than to wake another one. Not so at
    /// first.
    pub fn set_brief_callbacks(&self, yes: bool) {
        self.handle.brief.store(yes, Ordering::Relaxed);
        self.set();
    }

    /// Puts a message into the queue, and waits for room if it is full.
    ///
    /// `done` is called exactly once, on a thread of the outbox or, when the
    /// message is cancelled before it is sent, on the one that cancels. It should
    /// be short, and must not wait for the outbox.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](crate::ErrorKind::InvalidMessage) if the request has no
    /// recipient, [`Cancelled`](crate::ErrorKind::Cancelled) if the outbox is
    /// closed, [`OutOfResources`](crate::ErrorKind::OutOfResources) if no thread can be
    /// started; `done` is not called then.
    pub fn submit(
        &self,
        request: Request,
        done: impl FnOnce(Result<Receipt>) + Send + 'static,
    ) -> Result<Ticket> {
        self.push(request, Box::new(Told(done)), true)
    }

    /// Puts a message into the queue, or fails at once if it is full.
    ///
    /// # Errors
    ///
    /// As [`submit`](Outbox::submit), and
    /// [`QueueFull`](crate::ErrorKind::QueueFull) if the queue is full.
    pub fn try_submit(
        &self,
        request: Request,
        done: impl FnOnce(Result<Receipt>) + Send + 'static,
    ) -> Result<Ticket> {
        self.push(request, Box::new(Told(done)), false)
    }

    /// As [`submit`](Outbox::submit), for who wants to be asked before it is sent.
    ///
    /// # Errors
    ///
    /// As [`submit`](Outbox::submit).
    pub fn submit_with(&self, request: Request, follower: impl Follow + 'static) -> Result<Ticket> {
        self.push(request, Box::new(follower), true)
    }

    /// As [`try_submit`](Outbox::try_submit), for who wants to be asked before it is sent.
    ///
    /// # Errors
    ///
    /// As [`try_submit`](Outbox::try_submit).
    pub fn try_submit_with(
        &self,
        request: Request,
        follower: impl Follow + 'static,
    ) -> Result<Ticket> {
        self.push(request, Box::new(follower), false)
    }

    /// Lets nothing start any more until [`resume`](Outbox::resume), and tells how many
    /// messages are being sent; [`settle`](Outbox::settle) waits for them. What waits
    /// keeps its place and its deadline, and more may be submitted.
    pub fn pause(&self) -> usize {
        self.queue().pause(Some(self.tray()), true)
    }

    /// Ends a pause. What was missed is not made up for.
    pub fn resume(&self) {
        self.queue().pause(Some(self.tray()), false);
    }

    /// Cancels what waits, with delivery *not sent* unless it waits for another try, and
    /// tells how many messages that were. The outbox stays open.
    pub fn cancel(&self) -> usize {
        self.queue().cancel(Some(self.tray()), false)
    }

    /// Waits until nothing is queued or being sent.
    pub fn wait(&self) {
        self.queue().wait_until_idle(Some(self.tray()));
    }

    /// Waits until nothing is being sent and all callbacks have returned, but for what calls
    /// this. For after a [`pause`](Outbox::pause).
    pub fn settle(&self) {
        self.queue().join(Some(self.tray()));
    }

    /// How many messages have no outcome yet: those that wait, those that are being sent
    /// and those whose callback hasn't returned.
    pub fn pending(&self) -> usize {
        self.queue().pending(Some(self.tray()))
    }

    /// How many messages are where, and what became of the others.
    pub fn counts(&self) -> Counts {
        self.queue().counts(Some(self.tray()))
    }

    /// Ends gracefully: takes no more messages, waits for the outcomes of all that are
    /// there, then closes the outbox. The client stays open.
    ///
    /// From its beginning [`submit`](Outbox::submit) fails as after
    /// [`close`](Outbox::close), by which somebody else may cut it short. A callback must
    /// not call it, as it would wait for itself.
    pub fn drain(&self) {
        self.queue().drain(Some(self.tray()));
        self.close();
    }

    /// Ends abruptly: cancels what is queued, with delivery *not sent* unless it waits for
    /// another try, and ends the threads, unless others share them, as soon as what is
    /// being sent is done. The client stays open.
    pub fn close(&self) {
        self.queue().cancel(Some(self.tray()), true);
        if self.handle.alone {
            self.queue().close();
        }
    }

    /// Closes the outbox and waits until its threads have ended, unless others share them,
    /// and all callbacks have returned; from one of them, for the others only.
    pub fn join(&self) {
        self.close();
        if self.handle.alone {
            self.queue().join_threads();
        }
        self.queue().join(Some(self.tray()));
    }

    fn queue(&self) -> &Arc<Queue> {
        self.handle.threads.queue()
    }

    fn tray(&self) -> u64 {
        self.handle.tray()
    }

    fn set(&self) {
        self.queue().set(self.tray(), self.handle.settings());
    }

    fn push(&self, request: Request, follower: Box<dyn Follow>, wait: bool) -> Result<Ticket> {
        let job = Job::new(request, follower)?;
        let (queue, tray) = (self.queue(), self.tray());
        let ticket = Ticket::new(Arc::downgrade(queue), tray, &job);
        let (number, start) = queue.push(tray, job, self.handle.capacity, wait)?;
        let ticket = ticket.numbered(number);
        if start && let Err(error) = worker::start(queue) {
            let error = NoThread(error);
            let failed = || Error::out_of_resources(error.to_string());
            let (own, others): (Vec<(u64, Job)>, _) =
                (queue.worker_failed().into_iter()).partition(|(_, job)| job.number == number);
            queue.tell_all(others, |_, _| Err(failed()));
            if !own.is_empty() {
                // The caller is told here.
                let failed = Err(failed().with_source(error));
                queue.ended(tray, Came::of(&failed), false);
                return failed.map(|_| ticket);
            }
        }
        Ok(ticket)
    }
}

impl Handle {
    fn tray(&self) -> u64 {
        let add = || self.threads.queue().add(&self.client, self.settings());
        *self.trays.get(std::process::id(), add)
    }

    fn settings(&self) -> Settings {
        Settings {
            pace: self.pace.get(),
            person_pace: self.person_pace.get(),
            brief: self.brief.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.threads.queue().leave(self.tray());
    }
}

/// Messages per second, if that is bounded.
struct Pace(AtomicU64);

impl Pace {
    fn of(per_second: Option<f64>) -> Self {
        Pace(AtomicU64::new(Pace::bits(per_second)))
    }

    fn set(&self, per_second: Option<f64>) -> Result<()> {
        Outbox::check_pace(per_second)?;
        self.0.store(Pace::bits(per_second), Ordering::Relaxed);
        Ok(())
    }

    fn bits(per_second: Option<f64>) -> u64 {
        per_second.unwrap_or(f64::INFINITY).to_bits()
    }

    fn get(&self) -> Option<f64> {
        let pace = f64::from_bits(self.0.load(Ordering::Relaxed));
        pace.is_finite().then_some(pace)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("workers", &self.handle.threads.workers)
            .field("capacity", &self.handle.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
