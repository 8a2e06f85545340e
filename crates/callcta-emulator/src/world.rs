//! Everything that changes, behind one lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::calls::PhoneCall;
use crate::clock::Clock;
use crate::control::views;
use crate::events::Events;
use crate::faults::{Faults, Struck};
use crate::graph::{self, Outcome};
use crate::journal::{Call, Entry, Ring, StoredMessage};
use crate::limits::Usage;
use crate::params::Params;
use crate::people::PersonAction;
use crate::refusal::Refusal;
use crate::state::State;
use crate::webhook::{Outbox, Webhook};

/// What an emulator is started with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) state: State,
    pub(crate) run_clock: bool,
    pub(crate) seed: u64,
    pub(crate) keep_messages: usize,
    pub(crate) keep_requests: usize,
    /// The emulator's own URL.
    pub(crate) base: String,
    pub(crate) ready_line: String,
}

/// How many calls, webhooks and people's actions are kept.
const KEPT: usize = 500;

/// All that the emulator knows at a moment.
pub(crate) struct World {
    settings: Settings,
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) messages: Ring<StoredMessage>,
    pub(crate) requests: Ring<Entry>,
    pub(crate) calls: Ring<PhoneCall>,
    pub(crate) webhooks: Ring<Webhook>,
    pub(crate) outbox: Outbox,
    pub(crate) actions: Ring<PersonAction>,
    pub(crate) usage: Usage,
    pub(crate) events: Events,
    /// Wakes the sender of webhooks.
    pub(crate) wake: Arc<Notify>,
    pub(crate) posts: usize,
    pub(crate) call_count: u64,
    pub(crate) webhook_count: u64,
    pub(crate) action_count: u64,
    message_count: u64,
    request_count: u64,
    seq: u64,
    trace_count: u64,
    /// Goes up with each reset, so that what was under way before finds nothing to change.
    generation: u64,
}

/// Where a request stands in the log.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    generation: u64,
    pub(crate) id: u64,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            state: settings.state.clone(),
            clock: Clock::new(settings.run_clock),
            faults: Faults::new(settings.seed),
            messages: Ring::new(settings.keep_messages),
            requests: Ring::new(settings.keep_requests),
            calls: Ring::new(KEPT),
            webhooks: Ring::new(KEPT),
            outbox: Outbox::default(),
            actions: Ring::new(KEPT),
            usage: Usage::default(),
            events: Events::default(),
            wake: Arc::new(Notify::new()),
            posts: 0,
            call_count: 0,
            webhook_count: 0,
            action_count: 0,
            message_count: 0,
            request_count: 0,
            seq: 0,
            trace_count: 0,
            generation: 0,
            settings,
        }
    }

    pub(crate) fn reset(&mut self) {
        let mut new = Self::new(self.settings.clone());
        new.generation = self.generation + 1;
        // Those who listen and the sender of webhooks stay.
        new.events = std::mem::take(&mut self.events);
        new.wake = Arc::clone(&self.wake);
        *self = new;
        self.wake.notify_one();
        self.events.emit("reset", || json!({}));
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Moves the clock; calls that have rung for too long end at their time.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.tick();
        self.tell_clock();
    }

    /// Lets the clock follow real time, or stops it.
    pub(crate) fn run_clock(&mut self, run: bool) {
        self.clock.run(run);
        self.wake.notify_one();
        self.tell_clock();
    }

    fn tell_clock(&mut self) {
        let clock = self.clock;
        self.events.emit("clock", || views::clock(&clock));
    }

    /// Tells that the state was changed from outside.
    pub(crate) fn tell_state(&mut self) {
        self.events.emit("state", || json!({}));
    }

    pub(crate) fn next_message_id(&self) -> String {
        format!("m_emulated{:010}", self.message_count + 1)
    }

    pub(crate) fn next_trace_id(&mut self) -> String {
        self.trace_count += 1;
        format!("AEmulated{:010}", self.trace_count)
    }

    /// The next place in the order of all that happens.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Keeps a message; its number and its place are set here.
    pub(crate) fn store(&mut self, mut message: StoredMessage) {
        self.message_count += 1;
        message.id = self.message_count;
        message.seq = self.next_seq();
        let now = self.clock.now();
        self.events
            .emit("message", || views::message(&message, now));
        self.messages.push(message);
    }

    /// How many messages were ever stored.
    pub(crate) fn stored(&self) -> u64 {
        self.message_count
    }

    /// Writes a request into the log.
    pub(crate) fn log(&mut self, call: Arc<Call>, batch: Option<u64>) -> Place {
        if graph::is_message_post(&call.method, call.uri.path()) {
            self.posts += 1;
        }
        self.request_count += 1;
        let id = self.request_count;
        let seq = self.next_seq();
        self.requests.push(Entry {
            id,
            seq,
            received_at: self.clock.now(),
            call,
            batch,
            status: None,
            answer: Bytes::new(),
            fault: None,
            refusal: None,
            message_id: None,
            modelled: true,
        });
        Place {
            generation: self.generation,
            id,
        }
    }

    /// Handles a request that stands in the log.
    pub(crate) fn handle(
        &mut self,
        place: Place,
        call: &Arc<Call>,
        params: Params,
    ) -> graph::Answer {
        let Outcome {
            answer,
            refusal,
            message_id,
            modelled,
        } = graph::handle(self, call, params, place.id);
        if let Some(entry) = self.entry(place) {
            entry.refusal = refusal;
            entry.message_id = message_id;
            entry.modelled = modelled;
        }
        answer
    }

    /// Notes what was answered.
    pub(crate) fn answered(&mut self, place: Place, status: u16, body: &Bytes) {
        if let Some(entry) = self.entry(place) {
            entry.status = Some(status);
            entry.answer = body.clone();
        }
        self.tell_request(place);
    }

    /// Tells that a request is in the log, or that more is known about it.
    pub(crate) fn tell_request(&mut self, place: Place) {
        if place.generation != self.generation {
            return;
        }
        let (requests, base) = (&self.requests, &self.settings.base);
        self.events.emit("request", || {
            requests
                .get(place.id)
                .map_or_else(|| json!({}), |entry| views::request(entry, base))
        });
    }

    pub(crate) fn ready_line(&self) -> &str {
        &self.settings.ready_line
    }

    /// The emulator's own URL.
    pub(crate) fn base(&self) -> &str {
        &self.settings.base
    }

    pub(crate) fn entry(&mut self, place: Place) -> Option<&mut Entry> {
        if place.generation != self.generation {
            return None;
        }
        self.requests.get_mut(place.id)
    }

    /// The first fault for a request, noted in the log.
    pub(crate) fn strike(&mut self, place: Place, call: &Call, params: &Params) -> Option<Struck> {
        if self.faults.is_empty() {
            return None;
        }
        let recipient = params
            .map
            .get("recipient")
            .and_then(|r| r.get("id"))
            .and_then(Value::as_str);
        let struck = self
            .faults
            .take(call.method.as_str(), call.uri.path(), recipient)?;
        let label = struck.fault.label();
        if let Some(entry) = self.entry(place) {
            entry.fault = Some(label);
        }
        Some(struck)
    }

    /// Logs a request that a fault keeps from being read. `true`: close the connection.
    pub(crate) fn drop_unread(&mut self, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_ascii_whitespace();
        let (method, target) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or("/"),
        );
        let uri: Uri = target.parse().unwrap_or_default();
        if crate::server::is_own(method, uri.path()) {
            return false;
        }
        let Some(struck) = self.faults.take_unread(method, uri.path()) else {
            return false;
        };
        let call = Arc::new(Call {
            method: Method::from_bytes(method.as_bytes()).unwrap_or_default(),
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        });
        let place = self.log(call, None);
        let label = struck.fault.label();
        if let Some(entry) = self.entry(place) {
            entry.fault = Some(label);
        }
        self.tell_request(place);
        self.tell_faults();
        true
    }

    pub(crate) fn tell_faults(&mut self) {
        let faults = &self.faults;
        self.events
            .emit("faults", || json!({"faults": faults.list()}));
    }

    /// The refusal of a logged request.
    pub(crate) fn refuse_unhandled(&mut self, place: Place, refusal: Refusal) {
        if let Some(entry) = self.entry(place) {
            entry.refusal = Some(refusal);
        }
    }
}

/// The world and the ways to wait for it to change.
pub(crate) struct Shared {
    world: Mutex<World>,
    changed: Condvar,
    /// Goes up with every stored message and every reset.
    stored: watch::Sender<u64>,
    /// Set while a fault is armed that must see a request before it is read.
    pub(crate) unread_armed: AtomicBool,
    /// Tells all connections to close at once.
    pub(crate) hang_up: Notify,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            world: Mutex::new(World::new(settings)),
            changed: Condvar::new(),
            stored: watch::Sender::new(0),
            unread_armed: AtomicBool::new(false),
            hang_up: Notify::new(),
        }
    }

    /// The world. A panic in somebody's `with_state` must not take the emulator with it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the faults and keeps the connections' shortcut in step.
    pub(crate) fn with_faults<T>(&self, change: impl FnOnce(&mut Faults) -> T) -> T {
        let mut world = self.lock();
        let result = change(&mut world.faults);
        world.tell_faults();
        self.unread_armed
            .store(world.faults.any_unread(), Ordering::SeqCst);
        result
    }

    /// Whether an arriving request must be left unread.
    pub(crate) fn drop_unread(&self, line: &[u8]) -> bool {
        let mut world = self.lock();
        let drop = world.drop_unread(line);
        self.unread_armed
            .store(world.faults.any_unread(), Ordering::SeqCst);
        drop
    }

    pub(crate) fn reset(&self) {
        let mut world = self.lock();
        world.reset();
        self.unread_armed.store(false, Ordering::SeqCst);
        drop(world);
        self.notify();
    }

    /// Wakes whoever waits for messages or requests.
    pub(crate) fn notify(&self) {
        self.changed.notify_all();
        if self.stored.receiver_count() > 0 {
            self.stored.send_modify(|n| *n += 1);
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.stored.subscribe()
    }

    /// Blocks until `ready` gives something, or the time is up.
    pub(crate) fn wait<T>(
        &self,
        timeout: Duration,
        mut ready: impl FnMut(&World) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut world = self.lock();
        loop {
            if let Some(result) = ready(&world) {
                return Some(result);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            world = self
                .changed
                .wait_timeout(world, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
