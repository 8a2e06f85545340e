//! The threads that send.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::job::{Dispatch, Job};
use super::queue::{Queue, Turn};
use crate::client::{Client, Receipt, Step};
use crate::error::{CancelReason, Delivery, Error, Result};
use crate::pace::Start;
use crate::transport::telling_written;

/// Starts a worker that has been counted.
pub(super) fn start(queue: &Arc<Queue>) -> io::Result<()> {
    #[cfg(test)]
    if queue.no_threads.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let worker = Arc::clone(queue);
    let thread = thread::Builder::new()
        .name("callcta-outbox".to_owned())
        .spawn(move || work(&worker))?;
    queue.worker_started(thread);
    Ok(())
}

fn work(queue: &Arc<Queue>) {
    queue.enter();
    let worker = Arc::default();
    while let Some(turn) = queue.next(&worker) {
        if turn.another && start(queue).is_err() {
            // This one gets to everything in time.
            queue.worker_failed();
        }
        take_turn(queue, turn);
    }
}

fn take_turn(queue: &Queue, turn: Turn) {
    let Turn {
        tray,
        client,
        mut job,
        paced,
        ..
    } = turn;
    let made = catch_unwind(AssertUnwindSafe(|| make(&client, &mut job, paced)));
    let made = made.unwrap_or_else(|_| {
        let error = Error::internal(Delivery::Unknown, "a panic during the send");
        Made::Done(Err(error))
    });
    let (wait, tried) = match made {
        Made::Done(outcome) => return queue.finish(tray, job, outcome),
        Made::Again(wait) => (wait, true),
        Made::Postponed(wait) => (wait, false),
    };
    if let Some(mut job) = queue.put_back(tray, job, wait, tried) {
        let reason = if job.cancel.is_cancelled() {
            CancelReason::Aborted
        } else {
            CancelReason::Closed
        };
        let error = job.leave(&client, reason);
        queue.finish(tray, job, Err(error));
    }
}

enum Made {
    Done(Result<Receipt>),
    Again(Duration),
    Postponed(Duration),
}

/// Makes a try, unless there should be none, and keeps the pacer informed.
fn make(client: &Client, job: &mut Job, paced: Option<Start>) -> Made {
    let Some(start) = paced else {
        return prevented(client, job).unwrap_or_else(|| step(client, job));
    };
    let start = Rc::new(start);
    let made = prevented(client, job).unwrap_or_else(|| {
        let written = Rc::clone(&start);
        telling_written(Rc::new(move || written.written()), || step(client, job))
    });
    // It counts as sent when it is dropped.
    let is_unsent = match &made {
        Made::Done(Ok(_)) => false,
        Made::Done(Err(error)) => error.delivery() == Delivery::NotSent,
        Made::Again(_) => job.tries.is_unsent(),
        Made::Postponed(_) => true,
    };
    if is_unsent {
        start.unsent();
    }
    made
}

/// What is made instead of a try.
fn prevented(client: &Client, job: &mut Job) -> Option<Made> {
    if let Err(error) = job.check() {
        return Some(Made::Done(Err(error)));
    }
    if job.is_over() || client.is_closed() {
        return None;
    }
    let attempt = job.tries.made() + 1;
    let told = catch_unwind(AssertUnwindSafe(|| {
        job.follower.before(&job.request, attempt)
    }));
    let skipped = |job: &mut Job| job.leave(client, CancelReason::Aborted);
    match told {
        Ok(Dispatch::Send) => None,
        Ok(Dispatch::Skip) => Some(Made::Done(Err(skipped(job)))),
        Ok(Dispatch::Postpone(wait)) => Some(Made::Postponed(wait)),
        Err(_) => {
            let error = Error::internal(skipped(job).delivery(), "a panic before the send");
            Some(Made::Done(Err(error)))
        }
    }
}

fn step(client: &Client, job: &mut Job) -> Made {
    match job.step(client) {
        Step::Done(outcome) => Made::Done(outcome),
        Step::Again(wait) => Made::Again(wait),
    }
}
