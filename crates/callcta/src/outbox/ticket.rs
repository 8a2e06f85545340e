use std::fmt;
use std::sync::{Arc, Weak};

use super::job::Job;
use super::queue::Queue;
use crate::cancel::CancelToken;
use crate::error::CancelReason;
use crate::message::Recipient;

/// A message in an [`Outbox`](super::Outbox), by which it can be cancelled.
pub struct Ticket {
    queue: Weak<Queue>,
    outbox: u64,
    recipient: Arc<Recipient>,
    number: u64,
    cancel: CancelToken,
}

impl Ticket {
    /// Of a job that is about to be queued.
    pub(super) fn new(queue: Weak<Queue>, outbox: u64, job: &Job) -> Self {
        Ticket {
            queue,
            outbox,
            recipient: Arc::clone(&job.recipient),
            number: job.number,
            cancel: job.cancel.clone(),
        }
    }

    /// With the number that the job got in the queue.
    pub(super) fn numbered(self, number: u64) -> Self {
        Ticket { number, ..self }
    }

    /// Gives the message up. If it still waits, its outcome is
    /// [`Cancelled`](crate::ErrorKind::Cancelled), told before this returns `true`; its
    /// delivery is *not sent*, or what is known if it waits for another try.
    ///
    /// If it is being sent already, that is broken off, and its thread and its
    /// recipient are free for the next message. Its outcome is then told soon, by its
    /// thread: `Cancelled` with the delivery that is known, *unknown* once a byte of
    /// the request went out; or what became of it, if the answer was first. `false`
    /// is returned then, and if it is done; and in a forked child, whose parent may
    /// send it.
    pub fn cancel(&self) -> bool {
        let queue = self.queue.upgrade();
        let Some(queue) = queue.filter(|queue| queue.is_of_this_process()) else {
            return false;
        };
        self.take_out(&queue) || {
            self.cancel.cancel();
            // It may just have been put back, to be tried again.
            self.take_out(&queue)
        }
    }

    /// Gives the message up only if it still waits, as [`cancel`](Ticket::cancel) does; if it
    /// is being sent already, that goes on, and `false` is returned.
    pub fn withdraw(&self) -> bool {
        let queue = self.queue.upgrade();
        let queue = queue.filter(|queue| queue.is_of_this_process());
        queue.is_some_and(|queue| self.take_out(&queue))
    }

    /// Cancels it if it waits.
    fn take_out(&self, queue: &Queue) -> bool {
        let taken = queue.remove(self.outbox, &self.recipient, self.number);
        let Some((client, job)) = taken else {
            return false;
        };
        queue.tell_all(vec![(self.outbox, job)], |_, job| {
            Err(job.leave(&client, CancelReason::Aborted))
        });
        true
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.number).finish()
    }
}
