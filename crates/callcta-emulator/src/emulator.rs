//! Starting, asking and stopping an emulator.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::calls::{CallStatus, PhoneCall};
use crate::control;
use crate::faults::{ArmedFault, Fault};
use crate::journal::{RecordedRequest, StoredMessage};
use crate::people::{Action, PersonAction, Tap, TapRefused, TapTarget};
use crate::server;
use crate::state::{AnswerShape, State};
use crate::webhook::{ReleaseOrder, Signature, Webhook, WebhookStatus};
use crate::world::{Settings, Shared};

/// A running emulator. It stops when it is dropped.
///
/// All methods block for no longer than it takes to get a lock, except those that say that they
/// wait. Share it between threads by reference.
pub struct Emulator {
    shared: Arc<Shared>,
    url: String,
    facts: Facts,
    server: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<Notify>,
    process: u32,
}

/// What the ready line says; fixed at the start.
struct Facts {
    page_id: String,
    access_token: String,
    app_secret: String,
    psids: Vec<String>,
}

/// How an emulator shall be started. Made by [`Emulator::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EmulatorBuilder {
    port: u16,
    threads: usize,
    settings: Settings,
    answer_shape: Option<AnswerShape>,
}

impl EmulatorBuilder {
    /// The port on 127.0.0.1. Default: 0, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The state to start from and to come back to. Default: [`crate::defaults::state`].
    pub fn state(mut self, state: State) -> Self {
        self.settings.state = state;
        self
    }

    /// The state to start from, read from a JSON file.
    ///
    /// Fails if the file can't be read, and with `InvalidData` if it is not a state.
    pub fn seed_file(self, path: impl AsRef<Path>) -> io::Result<Self> {
        let json = std::fs::read_to_string(path)?;
        let state = State::from_json(&json)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(self.state(state))
    }

    /// The form of the answer to a successful send. Default: what the state says, flat.
    pub fn answer_shape(mut self, shape: AnswerShape) -> Self {
        self.answer_shape = Some(shape);
        self
    }

    /// Lets the clock follow real time. Default: `false`, it stands until advanced.
    pub fn run_clock(mut self, run: bool) -> Self {
        self.settings.run_clock = run;
        self
    }

    /// The seed for faults with a probability or a drawn delay. Default: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How many of the newest messages are kept. Default: 500.
    pub fn keep_messages(mut self, count: usize) -> Self {
        self.settings.keep_messages = count;
        self
    }

    /// How many of the newest requests are kept in the log. Default: 500.
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.settings.keep_requests = count;
        self
    }

    /// Threads that serve requests. Default: 1, which leaves the other cores to the client.
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count.max(1);
        self
    }

    /// Starts the emulator; it answers as soon as this returns.
    ///
    /// Fails if the port is taken or a thread can't be started.
    pub fn start(mut self) -> io::Result<Emulator> {
        if let Some(shape) = self.answer_shape {
            self.settings.state.answer_shape = shape;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let facts = Facts::of(&self.settings.state);
        self.settings.ready_line = facts.ready_line(&url);
        self.settings.base.clone_from(&url);
        let runtime = runtime(self.threads)?;
        let shared = Arc::new(Shared::new(self.settings));
        let stop = Arc::new(Notify::new());
        let server = {
            let shared = Arc::clone(&shared);
            let stop = Arc::clone(&stop);
            std::thread::Builder::new()
                .name("callcta-emulator".into())
                .spawn(move || {
                    // Whatever ended the loop, dropping the runtime closes all connections.
                    let _ = runtime.block_on(server::serve(listener, shared, stop));
                    // Tasks own no blocking work, so this is over at once.
                    runtime.shutdown_timeout(Duration::from_secs(1));
                })?
        };
        Ok(Emulator {
            shared,
            url,
            facts,
            server: Mutex::new(Some(server)),
            stop,
            process: std::process::id(),
        })
    }
}

fn runtime(threads: usize) -> io::Result<tokio::runtime::Runtime> {
    let mut builder = if threads > 1 {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder
        .thread_name("callcta-emulator")
        .enable_io()
        .enable_time()
        .build()
}

impl Facts {
    fn of(state: &State) -> Self {
        let page_id = state.default_page_id().unwrap_or_default().to_owned();
        let page = state.pages.get(&page_id);
        let token = page.and_then(|p| p.working_token(crate::START));
        Self {
            access_token: token.map(|t| t.token.clone()).unwrap_or_default(),
            app_secret: page.map(|p| p.app_secret.clone()).unwrap_or_default(),
            psids: state.psids_of(&page_id, crate::START),
            page_id,
        }
    }

    fn ready_line(&self, url: &str) -> String {
        // Written by hand to keep this order of the keys.
        format!(
            "{{\"url\":{},\"page_id\":{},\"access_token\":{},\"app_secret\":{},\"psids\":{}}}",
            json!(url),
            json!(self.page_id),
            json!(self.access_token),
            json!(self.app_secret),
            json!(self.psids),
        )
    }
}

impl Emulator {
    /// Starts with the default state on a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts otherwise.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            threads: 1,
            settings: Settings {
                state: crate::defaults::state(),
                run_clock: false,
                seed: 1,
                keep_messages: 500,
                keep_requests: 500,
                base: String::new(),
                ready_line: String::new(),
            },
            answer_shape: None,
        }
    }

    /// `http://127.0.0.1:PORT`: the base URL for clients, and the inbox page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of the default Page.
    pub fn page_id(&self) -> &str {
        &self.facts.page_id
    }

    /// A token of the default Page that works.
    pub fn access_token(&self) -> &str {
        &self.facts.access_token
    }

    /// The app secret of the default Page.
    pub fn app_secret(&self) -> &str {
        &self.facts.app_secret
    }

    /// Everybody who was in conversation with the default Page at the start; those who can be
    /// written to come first.
    pub fn psids(&self) -> Vec<String> {
        self.facts.psids.clone()
    }

    /// What a script needs, as JSON on one line:
    /// `{"url":…,"page_id":…,"access_token":…,"app_secret":…,"psids":[…]}`.
    pub fn ready_line(&self) -> String {
        self.facts.ready_line(&self.url)
    }

    /// Asks the control API from within this process: everything that the other methods do, and
    /// more, in JSON. Paths are those of `GET /_emulator/openapi.json` without `/_emulator/`, for
    /// instance `messages?limit=1`. Returns the HTTP status and the answer, null if that isn't
    /// JSON; it waits where the path says so.
    ///
    /// ```
    /// # let emulator = callcta_emulator::Emulator::start()?;
    /// let fault = serde_json::json!({"action": {"type": "drop"}});
    /// let (status, answer) = emulator.control("POST", "faults", Some(&fault));
    /// assert_eq!((status, &answer["id"]), (201, &"fault_1".into()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let bad = || (400, json!({"error": "no such method or path"}));
        let Ok(method) = method.parse() else {
            return bad();
        };
        let path = format!("/_emulator/{path}");
        let shared = Arc::clone(&self.shared);
        // A thread of its own, as this one may belong to a runtime already.
        let answer = std::thread::scope(|scope| {
            let ask = || runtime(1).map(|r| r.block_on(control::call(shared, method, &path, body)));
            let thread = std::thread::Builder::new().spawn_scoped(scope, ask)?;
            let failed = |_| Err(io::Error::other("the emulator panicked"));
            thread.join().unwrap_or_else(failed)
        });
        match answer {
            Ok(Ok((status, answer))) => (status.as_u16(), answer),
            Ok(Err(_)) => bad(),
            Err(error) => (500, json!({"error": error.to_string()})),
        }
    }

    /// The newest Graph requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let world = self.shared.lock();
        world
            .requests
            .iter()
            .map(crate::journal::Entry::record)
            .collect()
    }

    /// The newest accepted messages, oldest first.
    pub fn messages(&self) -> Vec<StoredMessage> {
        self.shared.lock().messages.iter().cloned().collect()
    }

    /// Waits until at least `count` messages are kept, and returns them; `None` if that takes
    /// longer than `timeout` (of real time).
    pub fn wait_for_messages(&self, count: usize, timeout: Duration) -> Option<Vec<StoredMessage>> {
        self.shared.wait(timeout, |world| {
            (world.messages.len() >= count).then(|| world.messages.iter().cloned().collect())
        })
    }

    /// How many POSTs to a messages edge have arrived, those that a fault dropped included.
    pub fn posts(&self) -> usize {
        self.shared.lock().posts
    }

    /// Puts a fault at the end of the queue and returns its id.
    ///
    /// # Panics
    ///
    /// On a fault that can't be carried out: a status outside 200–599, a probability outside 0–1,
    /// `times(0)`, a header that HTTP forbids.
    pub fn arm(&self, fault: Fault) -> String {
        if let Err(why) = fault.check() {
            panic!("this fault can't be armed: {why}");
        }
        self.shared.with_faults(|faults| faults.arm(fault))
    }

    /// The faults that are still armed.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.shared.lock().faults.list()
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.with_faults(crate::faults::Faults::clear);
    }

    /// Back to the beginning: initial state, clock, seed, counters, empty logs, no faults.
    /// Connections stay open.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Reads or changes pages, people and tokens. No request is handled meanwhile, and the closure
    /// must not call the emulator, or both wait for ever.
    pub fn with_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut world = self.shared.lock();
        let result = change(&mut world.state);
        world.tell_state();
        result
    }

    /// Moves the emulator's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().advance(by);
        self.shared.notify();
    }

    /// Lets the clock follow real time, or stops it.
    pub fn run_clock(&self, run: bool) {
        self.shared.lock().run_clock(run);
    }

    /// What the emulator's clock shows, in Unix milliseconds.
    pub fn now(&self) -> i64 {
        self.shared.lock().clock.now()
    }

    /// The form of the answer to a successful send, from now on (until [`reset`](Self::reset)).
    pub fn set_answer_shape(&self, shape: AnswerShape) {
        self.with_state(|state| state.answer_shape = shape);
    }

    /// Somebody taps a button of a message they got. A call button rings: a `calls` webhook is made,
    /// and another one a minute of the emulator's clock later if nobody has accepted by then.
    ///
    /// Waits until the webhook has been delivered or has failed, unless webhooks are held.
    pub fn tap(&self, target: &TapTarget) -> Result<Tap, TapRefused> {
        let mut tap = self.shared.lock().tap(target)?;
        self.shared.notify();
        tap.webhook = self.settled(tap.webhook.map(|webhook| webhook.id));
        Ok(tap)
    }

    /// Somebody does something else. `None` if nobody has that PSID.
    ///
    /// Waits for the webhook as [`tap`](Self::tap) does.
    pub fn act(&self, psid: &str, action: Action) -> Option<PersonAction> {
        let done = self.shared.lock().act(psid, action)?;
        self.shared.notify();
        self.settled(done.webhook_id);
        Some(done)
    }

    fn settled(&self, webhook: Option<u64>) -> Option<Webhook> {
        let id = webhook?;
        // Longer than all attempts together can take.
        let patience = {
            let target = &self.shared.lock().state.webhook;
            Duration::from_millis(target.timeout_ms) * (target.retries + 1)
        } + Duration::from_secs(60);
        self.shared
            .wait(patience, |world| {
                let webhook = world.webhooks.get(id);
                match webhook {
                    Some(w) if w.status == WebhookStatus::Queued => None,
                    settled => Some(settled.cloned()),
                }
            })
            .flatten()
    }

    /// All calls, oldest first.
    pub fn calls(&self) -> Vec<PhoneCall> {
        let mut world = self.shared.lock();
        world.tick();
        world.calls.iter().cloned().collect()
    }

    /// Whoever is rung takes the call. Fails with the call's status if it does not ring, and does
    /// nothing if there is no such call.
    pub fn accept_call(&self, call_id: &str) -> Result<(), CallStatus> {
        self.change_call(call_id, true)
    }

    /// Whoever is rung declines, or either side hangs up. Fails with the call's status if it is
    /// over, and does nothing if there is no such call.
    pub fn end_call(&self, call_id: &str) -> Result<(), CallStatus> {
        self.change_call(call_id, false)
    }

    fn change_call(&self, call_id: &str, accept: bool) -> Result<(), CallStatus> {
        let mut world = self.shared.lock();
        world.tick();
        let now = world.clock.now();
        let result = match world.call_number(call_id) {
            Some(id) if accept => world.accept(id),
            Some(id) => world.end(id, now),
            None => Ok(()),
        };
        drop(world);
        self.shared.notify();
        result
    }

    /// Sends webhooks to `url` from now on (until [`reset`](Self::reset)): plain HTTP on this
    /// machine. Fails with a sentence if it is anything else.
    pub fn set_webhook_url(&self, url: &str) -> Result<(), String> {
        crate::webhook::target(url)?;
        self.with_state(|state| state.webhook.url = Some(url.to_owned()));
        Ok(())
    }

    /// The newest webhooks, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.lock().webhooks.iter().cloned().collect()
    }

    /// Waits until at least `count` webhooks have been delivered, and returns those; `None` if that
    /// takes longer than `timeout` (of real time).
    pub fn wait_for_webhooks(&self, count: usize, timeout: Duration) -> Option<Vec<Webhook>> {
        self.shared.wait(timeout, |world| {
            let delivered: Vec<_> = world
                .webhooks
                .iter()
                .filter(|w| w.status == WebhookStatus::Delivered)
                .cloned()
                .collect();
            (delivered.len() >= count).then_some(delivered)
        })
    }

    /// Keeps webhooks back until they are released.
    pub fn hold_webhooks(&self) {
        self.with_state(|state| state.webhook.hold = true);
    }

    /// Lets held webhooks go in this order, and holds no more; how many went.
    pub fn release_webhooks(&self, order: &ReleaseOrder) -> usize {
        let mut world = self.shared.lock();
        world.state.webhook.hold = false;
        let released = world.release(order);
        drop(world);
        self.shared.notify();
        released
    }

    /// Sends a webhook once more, as a new one whose number is returned; `None` if there is none
    /// with that number. Does not wait.
    pub fn redeliver_webhook(&self, id: u64, signature: Signature) -> Option<u64> {
        self.shared.lock().redeliver(id, signature)
    }

    /// Closes all open connections at once, as a server that crashes would.
    pub fn close_connections(&self) {
        self.shared.hang_up.notify_waiters();
    }

    /// Stops the emulator: all connections are closed and its thread has ended when this returns.
    /// What it recorded can still be read. Stopping twice does no harm, nor does a forked child,
    /// which has no server thread: the emulator is its parent's.
    pub fn stop(&self) {
        if self.process != std::process::id() {
            return;
        }
        let server = self
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(server) = server {
            self.stop.notify_one();
            // A server thread that panicked has stopped as well.
            let _ = server.join();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("url", &self.url)
            .field("page_id", &self.facts.page_id)
            .finish_non_exhaustive()
    }
}
