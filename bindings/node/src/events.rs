//! The way from the threads that send to the event loop.

use std::collections::{HashMap, VecDeque};
use std::mem::replace;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use callcta::{Receipt, Result, RetryEvent, Ticket, log_line};
use napi::bindgen_prelude::{FnArgs, Function, JsValuesTupleIntoVec};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;

use crate::outcome::{NativeError, NativeReceipt, not_begun, to_milliseconds};

/// A send that failed and is tried again.
#[napi(object, object_from_js = false)]
pub struct Retry {
    /// Which try failed, from 1.
    pub attempt: u32,
    pub wait_ms: f64,
}

pub enum Event {
    /// What became of the send with this id, which JavaScript gave it.
    Settled(i64, std::result::Result<NativeReceipt, NativeError>),
    /// What goes before another try of it.
    Retrying(i64, Retry, NativeError),
    /// What is logged of a send.
    Logged(String),
}

/// How many events are passed on before other things have their turn in the event
/// loop.
const TURN: usize = 64;

/// What the listener gets: five values for each event, which cost a fraction of what an
/// object does, or JSON.
pub struct Args(Vec<Event>);

pub type Listener<'a> = Function<'a, Args, ()>;

impl JsValuesTupleIntoVec for Args {
    fn into_vec(self, env: sys::napi_env) -> napi::Result<Vec<sys::napi_value>> {
        let mut values = Vec::with_capacity(5 * self.0.len());
        for event in self.0 {
            values.append(&mut match event {
                Event::Settled(id, Ok(it)) => {
                    let values = (id, it.message_id, it.recipient_id, it.attempts, it.usage);
                    FnArgs::from(values).into_vec(env)?
                }
                Event::Settled(id, Err(error)) => {
                    FnArgs::from((id, error, (), (), ())).into_vec(env)?
                }
                Event::Retrying(id, retry, error) => {
                    FnArgs::from((id, error, retry, (), ())).into_vec(env)?
                }
                Event::Logged(line) => FnArgs::from(((), line, (), (), ())).into_vec(env)?,
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
}

/// How far a send is, which decides how it is given up.
enum Stage {
    Waiting,
    Starting,
    Started(Ticket),
    GivenUp,
}

/// Collects events, and wakes the event loop once for all that wait.
pub struct Events {
    shared: Mutex<Shared>,
    /// Whether somebody wants to know what is logged.
    logs: AtomicBool,
    /// They take turns: one that wakes itself is called again before the event loop comes
    /// to anything else. JavaScript's timers won't do, which tests put others in place of.
    wakes: [Wake; 2],
}

impl Events {
    /// Passes events to `listener`, on its own thread.
    pub fn new(listener: &Listener<'_>) -> napi::Result<Arc<Self>> {
        // Not one that keeps the events, which keep it.
        let events = Arc::new(OnceLock::<Weak<Events>>::new());
        let wake = |other: usize| {
            let events = Arc::clone(&events);
            let waker = listener.build_threadsafe_function::<()>().weak::<true>();
            waker.build_callback(move |context| {
                let events = events.get().and_then(Weak::upgrade);
                let next = events.map(|events| events.next(context.env, other));
                Ok(Args(next.unwrap_or_default()))
            })
        };
        let made = Arc::new(Events {
            shared: Mutex::default(),
            logs: AtomicBool::default(),
            wakes: [wake(1)?, wake(0)?],
        });
        // Set before anything could wake it.
        let _ = events.set(Arc::downgrade(&made));
        Ok(made)
    }

    /// The next events for the listener, on its thread; `other` wakes it if there are more.
    fn next(&self, env: Env, other: usize) -> Vec<Event> {
        let mut shared = self.lock();
        let count = shared.events.len().min(TURN);
        let events: Vec<Event> = shared.events.drain(..count).collect();
        for event in &events {
            if let Event::Settled(id, _) = event {
                shared.stages.remove(id);
            }
        }
        if shared.stages.is_empty() {
            // SAFETY: on the thread of the environment, which is there as it calls this.
            unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.wakes[0].raw()) };
        }
        shared.called = !shared.events.is_empty();
        let more = shared.called;
        drop(shared);
        if more {
            self.wake(other);
        }
        events
    }

    fn push(&self, event: Event) {
        let mut shared = self.lock();
        shared.events.push_back(event);
        let called = replace(&mut shared.called, true);
        drop(shared);
        if !called {
            self.wake(0);
        }
    }

    /// Has the event loop call the listener.
    fn wake(&self, which: usize) {
        // Fails only when the environment is gone, and everybody who waits with it.
        self.wakes[which].call((), ThreadsafeFunctionCallMode::NonBlocking);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn log(&self, yes: bool) {
        self.logs.store(yes, Ordering::Relaxed);
    }

    pub fn settled(&self, id: i64, outcome: Result<Receipt>) {
        if self.logs.load(Ordering::Relaxed) {
            self.push(Event::Logged(log_line(&outcome)));
        }
        let outcome = outcome.map(Into::into).map_err(|error| (&error).into());
        self.push(Event::Settled(id, outcome));
    }

    pub fn retrying(&self, event: &RetryEvent<'_>) {
        let retry = Retry {
            attempt: event.attempt,
            wait_ms: to_milliseconds(event.wait),
        };
        // Which every send has from here.
        let id = event.key.and_then(|key| i64::try_from(key).ok());
        self.push(Event::Retrying(id.unwrap_or(0), retry, event.error.into()));
    }

    /// Sends wait to be started, and keep the process alive until their outcomes are
    /// passed on; whether there is more than one now.
    pub fn wait(&self, env: Env, ids: impl Iterator<Item = i64>) -> bool {
        let mut shared = self.lock();
        shared.stages.extend(ids.map(|id| (id, Stage::Waiting)));
        let count = shared.stages.len();
        drop(shared);
        let wake = &self.wakes[0];
        wake.handle.with_read_aborted(|aborted| {
            if !aborted && count > 0 {
                // SAFETY: called on the thread of `env`, whose threadsafe function has
                // not been finalized: that would have set `aborted`.
                unsafe { sys::napi_ref_threadsafe_function(env.raw(), wake.raw()) };
            }
        });
        count > 1
    }

    /// Whether a send should be started: it may have been given up.
    pub fn starts(&self, id: i64) -> bool {
        let mut shared = self.lock();
        match shared.stages.get_mut(&id) {
            Some(stage @ Stage::Waiting) => {
                *stage = Stage::Starting;
                true
            }
            _ => false,
        }
    }

    /// Keeps the ticket until the send's outcome has been passed on.
    pub fn started(&self, id: i64, ticket: Ticket) {
        let mut shared = self.lock();
        match shared.stages.get_mut(&id) {
            Some(stage @ Stage::Starting) => *stage = Stage::Started(ticket),
            Some(_) => {
                drop(shared);
                // Tells the outcome, as does the send.
                ticket.cancel();
            }
            None => {}
        }
    }

    /// Gives sends up, by cancelling their tickets, which is left to the caller.
    pub fn give_up(&self, ids: &[i64]) -> Vec<Ticket> {
        let mut begun = Vec::new();
        let mut shared = self.lock();
        let mut waiting = Vec::new();
        for id in ids {
            if let Some(stage) = shared.stages.get_mut(id) {
                match replace(stage, Stage::GivenUp) {
                    Stage::Waiting => waiting.push(*id),
                    Stage::Started(ticket) => begun.push(ticket),
                    Stage::Starting | Stage::GivenUp => {}
                }
            }
        }
        drop(shared);
        for id in waiting {
            self.push(Event::Settled(id, Err(not_begun())));
        }
        begun
    }
}
