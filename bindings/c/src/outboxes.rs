//! Outboxes of many Pages, which share threads.

use callcta::{CAPACITY_DEFAULT, Counts, Outboxes, WORKERS_DEFAULT};

use crate::client::callcta_client;
use crate::ffi::not_in_callback;
use crate::memory::new;
use crate::outbox::callcta_outbox;
use crate::status::callcta_status;
use crate::told::callcta_error;

/// Outboxes of many Pages that share their threads: each has its own queue, pace and
/// counters, so that what slows one Page down slows no other.
///
/// Threads: any number may use it at once.
pub struct callcta_outboxes(Outboxes);

/// How many messages are where. Every message that was accepted is in exactly one of the
/// first six.
#[repr(C)]
#[derive(Default)]
pub struct callcta_counts {
    /// Waiting, for their turn or for another try.
    pub queued: u64,
    /// Being sent, or with a callback that hasn't returned.
    pub in_flight: u64,
    /// Sent, with a receipt.
    pub sent: u64,
    /// Refused by the platform.
    pub rejected: u64,
    /// Not sent: provably nobody got them.
    pub not_sent: u64,
    /// Of which nobody here can tell.
    pub unknown: u64,
    /// Messages that had to wait because of the pace or of the platform's limits, so far.
    pub paced: u64,
    /// Tries that were followed by another one, so far.
    pub retried: u64,
}

impl From<Counts> for callcta_counts {
    fn from(counts: Counts) -> Self {
        callcta_counts {
            queued: counts.queued as u64,
            in_flight: counts.in_flight as u64,
            sent: counts.sent,
            rejected: counts.rejected,
            not_sent: counts.not_sent,
            unknown: counts.unknown,
            paced: counts.paced,
            retried: counts.retried,
        }
    }
}

/// Makes outboxes, none at first, with at most `workers` threads for all of them and
/// `capacity` waiting messages for each; 0 means the default, 64 and 100,000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_new(
    workers: usize, capacity: usize, outboxes: *mut *mut callcta_outboxes,
    error: *mut *mut callcta_error,
) -> callcta_status {
    let or = |number, default| if number == 0 { default } else { number };
    let (workers, capacity) = (or(workers, WORKERS_DEFAULT), or(capacity, CAPACITY_DEFAULT));
    give!(outboxes, error, {
        let outboxes = Outboxes::builder().workers(workers).capacity(capacity);
        new(callcta_outboxes(outboxes.build()))
    })
}

/// Makes an outbox with these threads, for the Page of `client`. It starts `CALLCTA_PACE`
/// messages per second; `callcta_outbox_set_pace` changes that. It keeps what it needs, and
/// is freed by itself: what waits in it is cancelled then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_outbox(
    outboxes: *const callcta_outboxes, client: *const callcta_client,
    outbox: *mut *mut callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(outbox, error, {
        let (outboxes, client) = (arg!(handle outboxes), arg!(handle client));
        new(callcta_outbox(outboxes.0.outbox(client.0.clone())))
    })
}

/// Lets nothing start any more, in none of them, and tells how many messages are being sent.
/// Outboxes that are paused themselves stay so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_pause(outboxes: *const callcta_outboxes) -> usize {
    let mut sending = 0;
    body!({ sending = arg!(handle outboxes).0.pause() });
    sending
}

/// Ends a pause of all. What was missed is not made up for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_resume(outboxes: *const callcta_outboxes) {
    body!({ arg!(handle outboxes).0.resume() });
}

/// Cancels what waits, with delivery not sent unless it waits for another try, and tells how
/// many messages that were. Their callbacks have returned then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_cancel(outboxes: *const callcta_outboxes) -> usize {
    let mut cancelled = 0;
    body!({ cancelled = arg!(handle outboxes).0.cancel() });
    cancelled
}

/// How many messages are where, those of outboxes that are gone included; all 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_counts(
    outboxes: *const callcta_outboxes,
) -> callcta_counts {
    let mut counts = callcta_counts::default();
    body!({ counts = arg!(handle outboxes).0.counts().into() });
    counts
}

/// Ends gracefully: takes no more messages, waits until every one has been sent and its
/// callback has returned, and ends the threads. Refused in a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_drain(
    outboxes: *const callcta_outboxes, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let outboxes = arg!(handle outboxes);
        not_in_callback()?;
        outboxes.0.drain();
    })
}

/// Ends abruptly: cancels what waits in all of them, waits until what is being sent is done,
/// every callback has returned and every thread has ended, and frees this. The outboxes are
/// closed then, and still to be freed. Not from a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outboxes_free(outboxes: *mut callcta_outboxes) {
    // A callback may still submit, so this is a shared borrow until they are over.
    body!({ arg!(handle outboxes).0.join() });
    free!(outboxes);
}

/// Lets nothing of this outbox start any more until `callcta_outbox_resume`, and tells how
/// many messages are being sent. What waits keeps its place and its deadline, and more may be
/// submitted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_pause(outbox: *const callcta_outbox) -> usize {
    let mut sending = 0;
    body!({ sending = arg!(handle outbox).0.pause() });
    sending
}

/// Ends a pause. What was missed is not made up for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_resume(outbox: *const callcta_outbox) {
    body!({ arg!(handle outbox).0.resume() });
}

/// Waits until nothing is being sent and all callbacks have returned: for after a pause.
/// Refused in a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_settle(
    outbox: *const callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let outbox = arg!(handle outbox);
        not_in_callback()?;
        outbox.0.settle();
    })
}

/// Cancels what waits, as `callcta_outboxes_cancel`; the outbox stays open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_cancel(outbox: *const callcta_outbox) -> usize {
    let mut cancelled = 0;
    body!({ cancelled = arg!(handle outbox).0.cancel() });
    cancelled
}

/// How many messages of this outbox are where; all 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_counts(outbox: *const callcta_outbox) -> callcta_counts {
    let mut counts = callcta_counts::default();
    body!({ counts = arg!(handle outbox).0.counts().into() });
    counts
}

/// Bounds how many messages to each person are started per second, as
/// `callcta_outbox_set_pace` does for all: the next one starts that much later than the one
/// before was answered. 0, as at first, bounds nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_set_person_pace(
    outbox: *const callcta_outbox, per_second: f64, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let pace = Some(per_second).filter(|pace| *pace != 0.0);
        arg!(handle outbox).0.set_person_pace(pace)?;
    })
}
