//! The way from the threads that send to the event loop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callcta::{Delivery, Error, Receipt, Result, RetryEvent, Ticket};
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;

use crate::outcome::{NativeError, NativeReceipt, to_milliseconds};

/// A settled send (the `id` that JavaScript gave it, with `receipt` or `error`) or an
/// announced retry (`retry` with its `error`).
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeEvent {
    pub id: Option<i64>,
    pub receipt: Option<NativeReceipt>,
    pub error: Option<NativeError>,
    pub retry: Option<NativeRetry>,
}

#[napi(object, object_from_js = false)]
pub struct NativeRetry {
    pub attempt: u32,
    pub wait_ms: f64,
}

type Args = FnArgs<(Vec<NativeEvent>,)>;
// Not handled by the callee: there is no error to pass. Weak: see `keep_alive`.
type Wake = ThreadsafeFunction<(), (), Args, Status, false, true>;

#[derive(Default)]
struct Shared {
    events: Vec<NativeEvent>,
    tickets: HashMap<i64, Ticket>,
}

/// Collects events, and wakes the event loop once for all that wait.
pub struct Events {
    shared: Arc<Mutex<Shared>>,
    wake: Wake,
}

impl Events {
    /// Passes events to `listener`, on its own thread.
    pub fn new(listener: &Function<'_, Args, ()>) -> napi::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        // Only the queue goes into the callback: a reference to `wake` would keep
        // itself alive.
        let queue = Arc::clone(&shared);
        let wake = listener
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| {
                let mut shared = lock(&queue);
                let events = std::mem::take(&mut shared.events);
                for id in events.iter().filter_map(|event| event.id) {
                    shared.tickets.remove(&id);
                }
                Ok(FnArgs::from((events,)))
            })?;
        Ok(Events { shared, wake })
    }

    fn push(&self, event: NativeEvent) {
        let mut shared = lock(&self.shared);
        shared.events.push(event);
        let first = shared.events.len() == 1;
        drop(shared);
        if first {
            // Fails only when the environment is gone, and everybody who waits with it.
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    pub fn settled(&self, id: i64, outcome: Result<Receipt>) {
        let (receipt, error) = match outcome {
            Ok(receipt) => (Some(receipt.into()), None),
            Err(error) => (None, Some(NativeError::from(&error))),
        };
        self.push(NativeEvent {
            id: Some(id),
            receipt,
            error,
            ..NativeEvent::default()
        });
    }

    pub fn retrying(&self, event: &RetryEvent<'_>) {
        self.push(NativeEvent {
            error: Some(event.error.into()),
            retry: Some(NativeRetry {
                attempt: event.attempt,
                wait_ms: to_milliseconds(event.wait),
            }),
            ..NativeEvent::default()
        });
    }

    /// Keeps the ticket until the send's outcome has been passed on. To be called
    /// on the listener's thread.
    pub fn remember(&self, id: i64, ticket: Ticket) {
        lock(&self.shared).tickets.insert(id, ticket);
    }

    /// Gives a send up; what is known about it then, or none if its outcome is on
    /// its way to the listener already.
    pub fn cancel(&self, id: i64) -> Option<NativeError> {
        let ticket = lock(&self.shared).tickets.remove(&id)?;
        // Cancelling tells the outcome before it returns.
        let queued = ticket.cancel();
        let mut shared = lock(&self.shared);
        let told = shared.events.iter().position(|event| event.id == Some(id));
        match told {
            Some(index) if queued => shared.events.remove(index).error,
            Some(_) => None,
            None => {
                let what = "cancelled while it was being sent";
                Some((&Error::cancelled(Delivery::Unknown, what)).into())
            }
        }
    }

    /// Whether waiting for events keeps the process alive; it doesn't at first.
    pub fn keep_alive(&self, env: Env, yes: bool) {
        self.wake.handle.with_read_aborted(|aborted| {
            if aborted {
                return;
            }
            // SAFETY: called on the thread of `env`, whose threadsafe function has not
            // been finalized: that would have set `aborted`.
            unsafe {
                if yes {
                    sys::napi_ref_threadsafe_function(env.raw(), self.wake.raw());
                } else {
                    sys::napi_unref_threadsafe_function(env.raw(), self.wake.raw());
                }
            }
        });
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
