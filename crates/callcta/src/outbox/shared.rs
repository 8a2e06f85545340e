//! Threads that several outboxes share.

use std::fmt;
use std::sync::Arc;

use super::counts::Counts;
use super::queue::Queue;
use super::{CAPACITY_DEFAULT, Outbox, WORKERS_DEFAULT};
use crate::client::Client;
use crate::transport::per_process::PerProcess;

/// Outboxes of many Pages that share their threads.
///
/// Each Page has an [`Outbox`] of its own, with its own queue, pace and counters: what
/// slows one down, its pace, a limit of the platform's or a pause, slows no other one. The
/// threads go round all that may send. They are as many as there are messages on their way
/// at once, up to a bound: for a pace of 40 and answers that take 100 ms, 4 a Page.
///
/// Clients that [share connections](crate::ClientBuilder::share_connections) make the most
/// of it.
///
/// ```
/// # let emulator = callcta_emulator::Emulator::start()?;
/// # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
/// #     .base_url(emulator.url()).build()?;
/// # let clients = [client];
/// # let psid = emulator.psids()[0].clone();
/// use callcta::{Button, Message, Outboxes, Request, SendOptions};
///
/// let outboxes = Outboxes::builder().workers(200).build();
/// for client in clients {
///     let outbox = outboxes.outbox(client); // starts 40 messages per second
///     let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
///     let request = Request::new(psid.clone(), message, SendOptions::new());
///     outbox.submit(request, |outcome| println!("{}", outcome.is_ok()))?;
/// #   outbox.wait();
/// }
/// outboxes.drain();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Outboxes {
    threads: Arc<Threads>,
    capacity: usize,
}

/// Settings of [`Outboxes`].
#[derive(Clone, Copy, Debug)]
#[must_use = "outboxes come from build()"]
pub struct OutboxesBuilder {
    workers: usize,
    capacity: usize,
}

impl OutboxesBuilder {
    /// Most threads; 0 means 1. Defaults to 64.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Most messages that wait in each outbox; 0 means 1. Defaults to 100,000.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// The outboxes, none at first.
    pub fn build(self) -> Outboxes {
        Outboxes {
            threads: Arc::new(Threads::new(self.workers)),
            capacity: self.capacity,
        }
    }
}

impl Outboxes {
    /// The settings, to be finished with [`build`](OutboxesBuilder::build).
    pub fn builder() -> OutboxesBuilder {
        OutboxesBuilder {
            workers: WORKERS_DEFAULT,
            capacity: CAPACITY_DEFAULT,
        }
    }

    /// A new outbox with these threads, for the Page of a client. It starts
    /// [`limits::PACE`](crate::limits::PACE) messages per second;
    /// [`set_pace`](Outbox::set_pace) changes that. Outboxes with a pace over clones of one
    /// client keep it together; an order is kept within each.
    ///
    /// When its last clone is dropped, what waits in it is cancelled.
    pub fn outbox(&self, client: Client) -> Outbox {
        Outbox::over(Arc::clone(&self.threads), false, client, self.capacity)
    }

    /// Lets nothing start any more, in no outbox, until [`resume`](Outboxes::resume), and
    /// tells how many messages are being sent. Outboxes that are paused themselves stay so.
    pub fn pause(&self) -> usize {
        self.queue().pause(None, true)
    }

    /// Ends a pause of all. What was missed is not made up for.
    pub fn resume(&self) {
        self.queue().pause(None, false);
    }

    /// Cancels what waits, as [`Outbox::cancel`].
    pub fn cancel(&self) -> usize {
        self.queue().cancel(None, false)
    }

    /// Waits until nothing is queued or being sent.
    pub fn wait(&self) {
        self.queue().wait_until_idle(None);
    }

    /// Waits until nothing is being sent, as [`Outbox::settle`].
    pub fn settle(&self) {
        self.queue().join(None);
    }

    /// How many messages have no outcome yet.
    pub fn pending(&self) -> usize {
        self.queue().pending(None)
    }

    /// How many messages are where, those of outboxes that are gone included.
    pub fn counts(&self) -> Counts {
        self.queue().counts(None)
    }

    /// Ends gracefully, as [`Outbox::drain`].
    pub fn drain(&self) {
        self.queue().drain(None);
        self.close();
    }

    /// Ends abruptly, as [`Outbox::close`]: all outboxes, and the threads.
    pub fn close(&self) {
        self.queue().close();
    }

    /// Closes all and waits, as [`Outbox::join`].
    pub fn join(&self) {
        self.close();
        self.queue().join_threads();
        self.queue().join(None);
    }

    fn queue(&self) -> &Arc<Queue> {
        self.threads.queue()
    }
}

impl fmt::Debug for Outboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outboxes")
            .field("workers", &self.threads.workers)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// The threads of one or more outboxes. They end with it.
pub(super) struct Threads {
    pub(super) workers: usize,
    queues: PerProcess<Arc<Queue>>,
}

impl Threads {
    pub(super) fn new(workers: usize) -> Self {
        Threads {
            workers: workers.max(1),
            queues: PerProcess::new(),
        }
    }

    pub(super) fn queue(&self) -> &Arc<Queue> {
        let new = || Arc::new(Queue::new(self.workers));
        self.queues.get(std::process::id(), new)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue().close();
    }
}
