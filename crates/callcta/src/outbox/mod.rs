//! Sending many messages at once.

mod queue;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;

pub use self::queue::Ticket;
use self::queue::{Job, Queue, Settings};
use crate::client::{Client, Receipt};
use crate::error::{Delivery, Error, Result};
use crate::message::Request;
use crate::pace::{SLOWEST_PACE, Start};
use crate::transport::per_process::PerProcess;
use crate::transport::{NoThread, telling_written};

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

/// Ends the threads when the last outbox is gone.
struct Handle {
    client: Client,
    workers: usize,
    capacity: usize,
    /// The bits of an `f64`: messages per second, infinity if that isn't bounded.
    pace: AtomicU64,
    brief: AtomicBool,
    /// Threads and what they hold don't survive a fork: a child starts anew, and
    /// leaves what its parent queued to the parent.
    queues: PerProcess<Arc<Queue>>,
}

impl Outbox {
    /// An outbox with at most 64 threads and 100,000 waiting messages.
    pub fn new(client: Client) -> Self {
        Outbox::with_limits(client, WORKERS_DEFAULT, CAPACITY_DEFAULT)
    }

    /// An outbox with at most `workers` threads and `capacity` waiting messages; 0
    /// means 1.
    pub fn with_limits(client: Client, workers: usize, capacity: usize) -> Self {
        Outbox {
            handle: Arc::new(Handle {
                client,
                workers: workers.max(1),
                capacity: capacity.max(1),
                pace: AtomicU64::new(f64::INFINITY.to_bits()),
                brief: AtomicBool::new(false),
                queues: PerProcess::new(),
            }),
        }
    }

    /// The client that sends.
    pub fn client(&self) -> &Client {
        &self.handle.client
    }

    /// Bounds how many messages are started per second, or doesn't, as at first.
    /// [`limits::PACE`](crate::limits::PACE) is what a Page can keep up. Outboxes
    /// with a pace over clones of one client keep it together; a client's own `send`
    /// doesn't count.
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
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it isn't a finite
    /// number, or less than one message a day.
    pub fn set_pace(&self, per_second: Option<f64>) -> Result<()> {
        if per_second.is_some_and(|pace| !pace.is_finite() || pace < SLOWEST_PACE) {
            return Err(Error::invalid_argument(
                "the pace must be a number of messages per second, one a day (1/86400) or more",
            ));
        }
        let pace = per_second.unwrap_or(f64::INFINITY);
        self.handle.pace.store(pace.to_bits(), Ordering::Relaxed);
        self.queue().set(self.handle.settings());
        Ok(())
    }

    /// Whether all callbacks take no time, as those that only put the outcome into
    /// somebody's queue. A message that is submitted while one of them runs then
    /// waits for its thread, which is cheaper than to wake another one. Not so at
    /// first.
    pub fn set_brief_callbacks(&self, yes: bool) {
        self.handle.brief.store(yes, Ordering::Relaxed);
        self.queue().set(self.handle.settings());
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
        self.push(Job::new(request, Box::new(done))?, true)
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
        self.push(Job::new(request, Box::new(done))?, false)
    }

    /// Waits until nothing is queued or being sent.
    pub fn wait(&self) {
        self.queue().wait_until_idle();
    }

    /// How many messages have no outcome yet: those that wait, those that are being sent
    /// and those whose callback hasn't returned.
    pub fn pending(&self) -> usize {
        self.queue().pending()
    }

    /// Ends gracefully: takes no more messages, waits for the outcomes of all that are
    /// there, then closes the outbox. The client stays open.
    ///
    /// From its beginning [`submit`](Outbox::submit) fails as after
    /// [`close`](Outbox::close), by which somebody else may cut it short. A callback must
    /// not call it, as it would wait for itself.
    pub fn drain(&self) {
        self.queue().drain();
    }

    /// Ends abruptly: cancels what is queued, with delivery *not sent*, and ends the
    /// threads as soon as what is being sent is done. The client stays open.
    pub fn close(&self) {
        self.queue().close();
    }

    /// Closes the outbox and waits until its threads have ended and all callbacks have
    /// returned; from one of them, for the others only.
    pub fn join(&self) {
        self.close();
        self.queue().join();
    }

    fn queue(&self) -> &Arc<Queue> {
        self.handle.queue()
    }

    fn push(&self, job: Job, wait: bool) -> Result<Ticket> {
        let queue = self.queue();
        let (ticket, start) = queue.push(job, wait)?;
        if start && let Err(error) = start_worker(&self.handle.client, queue) {
            let error = NoThread(error);
            let failed = || Error::out_of_resources(error.to_string());
            let (own, others): (Vec<Job>, _) =
                (queue.worker_failed().into_iter()).partition(|job| job.is(&ticket));
            queue.tell_all(others, || Err(failed()));
            if !own.is_empty() {
                // The caller is told here.
                queue.ended(false);
                return Err(failed().with_source(error));
            }
        }
        Ok(ticket)
    }
}

impl Handle {
    fn queue(&self) -> &Arc<Queue> {
        self.queues.get(std::process::id(), || {
            Arc::new(Queue::new(self.workers, self.capacity, self.settings()))
        })
    }

    fn settings(&self) -> Settings {
        let pace = f64::from_bits(self.pace.load(Ordering::Relaxed));
        Settings {
            pace: pace.is_finite().then_some(pace),
            brief: self.brief.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue().close();
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("workers", &self.handle.workers)
            .field("capacity", &self.handle.capacity)
            .finish_non_exhaustive()
    }
}

fn start_worker(client: &Client, queue: &Arc<Queue>) -> io::Result<()> {
    #[cfg(test)]
    if queue.no_threads.load(Ordering::Relaxed) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let (client, worker) = (client.clone(), Arc::clone(queue));
    let thread = thread::Builder::new()
        .name("callcta-outbox".to_owned())
        .spawn(move || work(&client, &worker))?;
    queue.worker_started(thread);
    Ok(())
}

fn work(client: &Client, queue: &Arc<Queue>) {
    queue.enter();
    let (worker, pacer) = (Arc::default(), client.pacer());
    while let Some((job, paced, another)) = queue.next(&worker, pacer, || client.tidy()) {
        if another && start_worker(client, queue).is_err() {
            // This one gets to everything in time.
            queue.worker_failed();
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let send = || client.send_request_until(&job.request, &job.cancel);
            match paced {
                Some(start) => send_paced(start, send),
                None => send(),
            }
        }))
        .unwrap_or_else(|_| {
            Err(Error::internal(
                Delivery::Unknown,
                "a panic during the send",
            ))
        });
        queue.finish(job, outcome);
    }
}

/// Sends, and keeps the pacer informed of when that happens.
fn send_paced(start: Start, send: impl FnOnce() -> Result<Receipt>) -> Result<Receipt> {
    let start = Rc::new(start);
    let written = Rc::clone(&start);
    let outcome = telling_written(Rc::new(move || written.written()), send);
    if let Err(error) = &outcome
        && error.delivery() == Delivery::NotSent
    {
        start.unsent();
    }
    outcome
}

fn ignore_poison<T>(result: std::result::Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::error::ErrorKind;
    use crate::message::{Message, SendOptions};
    use crate::transport::{HttpResponse, ScriptedTransport};

    #[test]
    fn without_more_threads_those_that_run_go_on() {
        let (arrived, arrivals) = channel();
        let (open, gate) = channel();
        let transport = ScriptedTransport::from_fn(move |_| {
            arrived.send(()).expect("the test waits");
            gate.recv().expect("the test opens it");
            Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
        });
        let client = Client::builder("1", "t").transport(Arc::new(transport));
        let outbox = Outbox::with_limits(client.build().expect("it can be built"), 4, 100);
        let (told, outcomes) = channel();
        let submit = |psid: u32| {
            let request = Request::new(
                psid.to_string(),
                Message::call_prompt(),
                SendOptions::new().unchecked(true),
            );
            let told = told.clone();
            outbox.submit(request, move |outcome| {
                told.send(outcome.map(|_| psid)).expect("the test waits");
            })
        };
        let no_threads = |yes| outbox.queue().no_threads.store(yes, Ordering::Relaxed);

        no_threads(true);
        for psid in 0..3 {
            let error = submit(psid).expect_err("nobody can send it");
            assert_eq!(error.kind(), ErrorKind::OutOfResources);
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert!(error.may_retry());
        }
        no_threads(false);
        submit(10).expect("there is a thread again");
        arrivals.recv().expect("it is being sent");
        no_threads(true);
        for psid in 11..20 {
            submit(psid).expect("it waits for the thread that there is");
        }
        for _ in 10..20 {
            open.send(()).expect("the transport waits");
        }
        outbox.wait();
        let outcomes: Result<Vec<u32>> = outcomes.try_iter().collect();
        assert!(outcomes.expect("all were sent").into_iter().eq(10..20));
    }
}
