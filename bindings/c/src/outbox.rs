//! Sending many messages at once.

use std::ffi::c_void;
use std::ptr;

use callcta::{CAPACITY_DEFAULT, Outbox, Ticket, WORKERS_DEFAULT};

use crate::client::callcta_client;
use crate::ffi::{call_back, not_in_callback, null, output};
use crate::memory::new;
use crate::request::callcta_request;
use crate::status::callcta_status;
use crate::told::{self, callcta_error, callcta_receipt};

/// Sends many messages at once with a bounded number of threads. Messages to one
/// recipient keep their order.
///
/// Threads: any number may use it at once.
pub struct callcta_outbox(pub(crate) Outbox);

/// Messages per second above which a Page's inbox stops showing and sending them.
#[expect(dead_code, reason = "for C only")]
pub const CALLCTA_PACE: u32 = 40;

/// A message in an outbox, by which it can be cancelled.
///
/// Threads: any number may use it at once.
pub struct callcta_ticket(Ticket);

/// Is told what became of a message: exactly once for each that was accepted, with
/// a receipt, or else with an error; the other one is NULL, and both live until the
/// callback returns.
///
/// It is called on a thread of the outbox, several at once for several messages,
/// maybe before the call that submitted the message returns; or on the thread that
/// cancels the message or frees the outbox. It should be short: the outbox has no
/// more threads than it has. It may submit more messages, but neither wait nor free
/// the outbox.
pub type callcta_on_done = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        receipt: *const callcta_receipt,
        error: *const callcta_error,
    ),
>;

/// Makes an outbox that sends with `client`, with at most `workers` threads and
/// `capacity` waiting messages; 0 means the default, 64 and 100,000. It starts
/// `CALLCTA_PACE` messages per second; `callcta_outbox_set_pace` changes that. Threads
/// start when there is work for them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_new(
    client: *const callcta_client, workers: usize, capacity: usize,
    outbox: *mut *mut callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    let or = |number, default| if number == 0 { default } else { number };
    let (workers, capacity) = (or(workers, WORKERS_DEFAULT), or(capacity, CAPACITY_DEFAULT));
    give!(outbox, error, {
        let client = arg!(handle client).0.clone();
        let outbox = Outbox::with_limits(client, workers, capacity);
        new(callcta_outbox(outbox))
    })
}

/// Bounds how many messages are started per second; 0 bounds nothing. Defaults to
/// `CALLCTA_PACE`, what a Page can keep up; 300 is the most. Outboxes with a pace that
/// were made of one client keep it together; `callcta_client_send` doesn't count. When
/// the platform says that most of a limit is used up, fewer are started, and none while it
/// asks to wait. Fails with `CALLCTA_INVALID_ARGUMENT` if it is neither 0 nor a number
/// from one message a day (1/86400) to 300.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_set_pace(
    outbox: *const callcta_outbox, per_second: f64, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let pace = Some(per_second).filter(|pace| *pace != 0.0);
        arg!(handle outbox).0.set_pace(pace)?;
    })
}

/// Puts a copy of a request into the queue. If that is full, waits for room, or fails
/// with `CALLCTA_QUEUE_FULL` unless `wait`. `user_data` comes back in the callback; it
/// may be NULL, and so may `ticket`. If this fails, the callback is not called.
/// Waiting for room is refused in a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_submit(
    outbox: *const callcta_outbox, request: *const callcta_request, wait: bool,
    on_done: callcta_on_done, user_data: *mut c_void, ticket: *mut *mut callcta_ticket,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let ticket = output(ticket);
        let (callcta_outbox(outbox), request) = (arg!(handle outbox), arg!(handle request));
        let tell = on_done.ok_or_else(|| null("on_done"))?;
        // As an address it may cross threads; the header says which.
        let user_data = user_data.expose_provenance();
        let done = move |outcome: callcta::Result<_>| {
            let user_data = ptr::with_exposed_provenance_mut(user_data);
            // SAFETY: the header says how it is called.
            call_back(|| match outcome {
                Ok(it) => tell(user_data, &told::receipt(&it).record, ptr::null()),
                Err(it) => tell(user_data, ptr::null(), &told::error(&it).record),
            });
        };
        let accepted = if wait {
            not_in_callback()?;
            outbox.submit(request.0.clone(), done)?
        } else {
            outbox.try_submit(request.0.clone(), done)?
        };
        if let Some(ticket) = ticket {
            *ticket = new(callcta_ticket(accepted));
        }
    })
}

/// Waits until every message has been sent and its callback has returned. Refused in
/// a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_wait(
    outbox: *const callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let outbox = arg!(handle outbox);
        not_in_callback()?;
        outbox.0.wait();
    })
}

/// How many messages have no outcome yet: those that wait, those being sent, and those
/// whose callback hasn't returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_pending(outbox: *const callcta_outbox) -> usize {
    let mut pending = 0;
    body!({ pending = arg!(handle outbox).0.pending() });
    pending
}

/// Ends gracefully: takes no more messages, so that submitting fails with
/// `CALLCTA_CANCELLED`, waits until every message has been sent and its callback has
/// returned, and ends the threads. Refused in a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_drain(
    outbox: *const callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let outbox = arg!(handle outbox);
        not_in_callback()?;
        outbox.0.drain();
    })
}

/// Ends abruptly: cancels the messages that wait, with delivery not sent, waits until
/// those being sent are done, every callback has returned and every thread has ended,
/// and frees the outbox. To send everything first, call `callcta_outbox_drain`. Not from
/// a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_free(outbox: *mut callcta_outbox) {
    // A callback may still submit, so this is a shared borrow until they are over.
    body!({ arg!(handle outbox).0.join() });
    free!(outbox);
}

/// Gives the message up. If it still waits, its callback is called, with
/// `CALLCTA_CANCELLED`, before this returns `true`. If it is being sent, that is broken
/// off, and the callback is called soon after, with the delivery that is known. `false`
/// then, and if it is done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_ticket_cancel(ticket: *const callcta_ticket) -> bool {
    let mut cancelled = false;
    body!({ cancelled = arg!(handle ticket).0.cancel() });
    cancelled
}

/// Frees a ticket. Its message is not touched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_ticket_free(ticket: *mut callcta_ticket) {
    free!(ticket);
}
