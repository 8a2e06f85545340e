//! The way from the threads that send to the event loop.

use std::collections::{HashMap, VecDeque};
use std::mem::replace;
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callcta::{CancelReason, Delivery, Error, Receipt, Result, RetryEvent, Ticket};
use napi::bindgen_prelude::{FnArgs, Function, JsValuesTupleIntoVec};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;

use crate::not_begun;
use crate::outcome::{NativeError, NativeReceipt, to_milliseconds};

/// A send that failed and is tried again.
#[napi(object, object_from_js = false)]
pub struct Retry {
    /// Which try failed, from 1.
    pub attempt: u32,
    pub wait_ms: f64,
}

enum Event {
    /// What became of the send with this id, which JavaScript gave it.
    Settled(i64, std::result::Result<NativeReceipt, NativeError>),
    Retrying(Retry, NativeError),
}

/// How many events are passed on before other things have their turn in the event
/// loop.
const TURN: usize = 64;

/// What the listener gets: whether there are more events than these, and five values
/// for each, which cost a fraction of what an object does, or JSON.
pub struct Args {
    more: bool,
    events: Vec<Event>,
}

pub type Listener<'a> = Function<'a, Args, ()>;

impl JsValuesTupleIntoVec for Args {
    fn into_vec(self, env: sys::napi_env) -> napi::Result<Vec<sys::napi_value>> {
        let mut values = self.more.into_vec(env)?;
        for event in self.events {
            values.append(&mut match event {
                Event::Settled(id, Ok(it)) => {
                    let values = (id, it.message_id, it.recipient_id, it.attempts, it.usage);
                    FnArgs::from(values).into_vec(env)?
                }
                Event::Settled(id, Err(error)) => {
                    FnArgs::from((id, error, (), (), ())).into_vec(env)?
                }
                Event::Retrying(retry, error) => {
                    FnArgs::from(((), error, retry, (), ())).into_vec(env)?
                }
            });
        }
        Ok(values)
    }
}

// Not handled by the callee: there is no error to pass. Weak: sends keep the process
// alive, not their client.
type Wake = ThreadsafeFunction<(), (), Args, Status, false, true>;

#[derive(Default)]
struct Shared {
    events: VecDeque<Event>,
    /// The listener is going to be called.
    called: bool,
    /// Of the sends whose outcome has not been passed on.
    stages: HashMap<i64, Stage>,
    /// What `Events::wake` holds.
    waker: AtomicPtr<sys::napi_threadsafe_function__>,
}

/// How far a send is, which decides how it is given up.
enum Stage {
    Waiting,
    Starting,
    Started(Ticket),
    /// While it was being started, or too late.
    GivenUp,
}

fn under_way() -> Error {
    let what = "cancelled while it was being sent";
    Error::cancelled(Delivery::Unknown, CancelReason::Aborted, what)
}

/// Collects events, and wakes the event loop once for all that wait.
pub struct Events {
    shared: Arc<Mutex<Shared>>,
    wake: Wake,
}

impl Events {
    /// Passes events to `listener`, on its own thread.
    pub fn new(listener: &Listener<'_>) -> napi::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        // Only the queue goes into the callback: a reference to `wake` would keep
        // itself alive.
        let queue = Arc::clone(&shared);
        let wake = listener
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |context| {
                let mut shared = lock(&queue);
                shared.called = false;
                let count = shared.events.len().min(TURN);
                let events: Vec<Event> = shared.events.drain(..count).collect();
                for event in &events {
                    if let Event::Settled(id, _) = event {
                        shared.stages.remove(id);
                    }
                }
                if shared.stages.is_empty() {
                    // Of sends that were given up.
                    shared.events.clear();
                    // SAFETY: on the thread of the environment, by the very function,
                    // which has been set before anything could wake it.
                    unsafe {
                        let waker = *shared.waker.get_mut();
                        sys::napi_unref_threadsafe_function(context.env.raw(), waker);
                    }
                }
                let more = !shared.events.is_empty();
                Ok(Args { more, events })
            })?;
        *lock(&shared).waker.get_mut() = wake.raw();
        Ok(Events { shared, wake })
    }

    fn push(&self, event: Event) {
        let mut shared = lock(&self.shared);
        shared.events.push_back(event);
        self.notify(shared);
    }

    /// Has the listener called if it isn't going to be.
    fn notify(&self, mut shared: MutexGuard<'_, Shared>) {
        let called = replace(&mut shared.called, true);
        drop(shared);
        if !called {
            self.wake();
        }
    }

    /// Has the event loop call the listener.
    pub fn wake(&self) {
        // Fails only when the environment is gone, and everybody who waits with it.
        self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }

    pub fn settled(&self, id: i64, outcome: Result<Receipt>) {
        let outcome = outcome.map(Into::into).map_err(|error| (&error).into());
        self.push(Event::Settled(id, outcome));
    }

    pub fn retrying(&self, event: &RetryEvent<'_>) {
        let retry = Retry {
            attempt: event.attempt,
            wait_ms: to_milliseconds(event.wait),
        };
        self.push(Event::Retrying(retry, event.error.into()));
    }

    /// Sends wait to be started, and keep the process alive until their outcomes are
    /// passed on; whether there is more than one now.
    pub fn wait(&self, env: Env, first: i64, count: usize) -> bool {
        self.wake.handle.with_read_aborted(|aborted| {
            if !aborted {
                // SAFETY: called on the thread of `env`, whose threadsafe function has
                // not been finalized: that would have set `aborted`.
                unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.wake.raw()) };
            }
        });
        let ids = (first..).take(count);
        let mut shared = lock(&self.shared);
        shared.stages.extend(ids.map(|id| (id, Stage::Waiting)));
        shared.stages.len() > 1
    }

    /// Whether a send should be started: it may have been given up.
    pub fn starts(&self, id: i64) -> bool {
        let mut shared = lock(&self.shared);
        let stage = shared.stages.get_mut(&id);
        stage.map(|stage| *stage = Stage::Starting).is_some()
    }

    /// Keeps the ticket until the send's outcome has been passed on.
    pub fn started(&self, id: i64, ticket: Ticket) {
        let mut shared = lock(&self.shared);
        match shared.stages.get_mut(&id) {
            Some(stage @ Stage::Starting) => *stage = Stage::Started(ticket),
            Some(_) => {
                drop(shared);
                if !ticket.cancel() {
                    self.settled(id, Err(under_way()));
                }
            }
            None => {}
        }
    }

    /// Gives a send up; what is known about it then, or none if its outcome is on
    /// its way to the listener.
    pub fn cancel(&self, id: i64) -> Option<NativeError> {
        let mut shared = lock(&self.shared);
        let known = match shared.stages.remove(&id)? {
            Stage::Waiting => Some(not_begun()),
            Stage::Starting | Stage::GivenUp => {
                shared.stages.insert(id, Stage::GivenUp);
                None
            }
            Stage::Started(ticket) => {
                drop(shared);
                // Cancelling tells the outcome before it returns.
                let queued = ticket.cancel();
                shared = lock(&self.shared);
                let told = shared
                    .events
                    .iter()
                    .rposition(|event| matches!(event, Event::Settled(it, _) if *it == id));
                match told {
                    Some(index) if queued => match shared.events.remove(index)? {
                        Event::Settled(_, outcome) => outcome.err(),
                        Event::Retrying(..) => None,
                    },
                    Some(_) => {
                        shared.stages.insert(id, Stage::GivenUp);
                        None
                    }
                    None => Some((&under_way()).into()),
                }
            }
        };
        // It might have been the last one that kept the process alive.
        self.notify(shared);
        known
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
