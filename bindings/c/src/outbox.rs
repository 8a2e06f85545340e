//! Sending many messages at once.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use callcta::{CAPACITY_DEFAULT, Error, Outbox, Receipt, Ticket, WORKERS_DEFAULT};

use crate::callcta_status;
use crate::client::{UserData, callcta_client};
use crate::ffi::{Give, New, Result, body, free, get, give, null, read, start_null};
use crate::request::callcta_request;
use crate::told::{self, callcta_error, callcta_receipt};

/// Sends many messages at once with a bounded number of threads. Messages to one
/// recipient keep their order.
///
/// Threads: any number may use it at once.
pub struct callcta_outbox(Outbox);

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

thread_local! {
    /// Whether this thread is inside a callback, where waiting would never end.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Makes an outbox that sends with `client`, with at most `workers` threads and
/// `capacity` waiting messages; 0 means the default, 64 and 100,000. Threads start
/// when there is work for them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_new(
    client: *const callcta_client, workers: usize, capacity: usize,
    outbox: *mut *mut callcta_outbox, error: *mut *mut callcta_error,
) -> callcta_status {
    let or = |number, default| if number == 0 { default } else { number };
    let (workers, capacity) = (or(workers, WORKERS_DEFAULT), or(capacity, CAPACITY_DEFAULT));
    give!(outbox, error, {
        let client = get!(client).0.clone();
        New(callcta_outbox(Outbox::with_limits(
            client, workers, capacity,
        )))
    })
}

/// Puts a copy of a request into the queue. If that is full, waits for room, or fails
/// with `CALLCTA_CANCELLED` unless `wait`. `user_data` comes back in the callback; it
/// may be NULL, and so may `ticket`. If this fails, the callback is not called.
/// Waiting for room is refused in a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_submit(
    outbox: *const callcta_outbox, request: *const callcta_request, wait: bool,
    on_done: callcta_on_done, user_data: *mut c_void, ticket: *mut *mut callcta_ticket,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let ticket = start_null(ticket);
        let (callcta_outbox(outbox), request) = (get!(outbox), get!(request));
        let done = teller(on_done, UserData(user_data))?;
        if wait {
            not_in_callback()?;
        }
        let submit = match (wait, request.unchecked) {
            (true, true) => Outbox::submit_unchecked,
            (true, false) => Outbox::submit,
            (false, true) => Outbox::try_submit_unchecked,
            (false, false) => Outbox::try_submit,
        };
        let accepted = submit(outbox, request.request.clone(), done)?;
        if let Some(ticket) = ticket {
            *ticket = New(callcta_ticket(accepted)).into_raw();
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
        let outbox = get!(outbox);
        not_in_callback()?;
        outbox.0.wait();
    })
}

/// Cancels the messages that wait, with delivery not sent, waits until those being
/// sent are done, every callback has returned and every thread has ended, and frees
/// the outbox. To send everything first, call `callcta_outbox_wait`. Not from a
/// callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_outbox_free(outbox: *mut callcta_outbox) {
    // A callback may still submit, so this is a shared borrow until they are over.
    read!(outbox, (), |outbox| outbox.0.join());
    free!(outbox);
}

/// Cancels the message if it still waits: its callback is then called, with
/// `CALLCTA_CANCELLED`, before this returns. `false` if it is being sent or done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_ticket_cancel(ticket: *const callcta_ticket) -> bool {
    read!(ticket, false, |ticket| ticket.0.cancel())
}

/// Frees a ticket. Its message is not touched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_ticket_free(ticket: *mut callcta_ticket) {
    free!(ticket);
}

fn not_in_callback() -> Result {
    if IN_CALLBACK.get() {
        return Err(Error::invalid_argument("a callback can't wait"));
    }
    Ok(())
}

/// What tells the outcome to C.
fn teller(
    on_done: callcta_on_done, user_data: UserData,
) -> Result<impl FnOnce(callcta::Result<Receipt>) + Send + 'static> {
    let tell = on_done.ok_or_else(|| null("on_done"))?;
    Ok(move |outcome: callcta::Result<Receipt>| {
        // Moved as a whole: the pointer in it may not cross threads by itself.
        let UserData(user_data) = { user_data };
        let receipt = outcome.as_ref().ok().map(told::receipt);
        let error = outcome.as_ref().err().map(told::error);
        let nested = IN_CALLBACK.replace(true);
        // SAFETY: the header says how it is called.
        unsafe {
            tell(
                user_data,
                receipt
                    .as_ref()
                    .map_or(ptr::null(), |told| &raw const told.record),
                error
                    .as_ref()
                    .map_or(ptr::null(), |told| &raw const told.record),
            );
        }
        IN_CALLBACK.set(nested);
    })
}
