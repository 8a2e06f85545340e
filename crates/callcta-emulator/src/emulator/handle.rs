//! Asking and stopping an emulator.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::facts::Facts;
use super::runtime::runtime;
use crate::platform::{
    Action, AnswerShape, CallStatus, PersonAction, PhoneCall, ReleaseOrder, Signature, State,
    StoredMessage, Tap, TapRefused, TapTarget, Webhook, WebhookStatus,
};
use crate::server::{Core, Shared, Snapshot};
use crate::traffic::{ArmedFault, Entry, Fault, Faults, RecordedRequest};
use crate::{control, server};

/// A running emulator. It stops when it is dropped.
///
/// All methods block for no longer than it takes to get a lock, except those that say that they
/// wait. Share it between threads by reference.
pub struct Emulator {
    pub(super) shared: Arc<Shared>,
    pub(super) url: String,
    pub(super) facts: Facts,
    #[cfg(feature = "tls")]
    pub(super) ca_pem: Option<String>,
    pub(super) server: Mutex<Option<JoinHandle<()>>>,
    pub(super) stop: Arc<Notify>,
    pub(super) process: u32,
}

impl Emulator {
    /// `http://127.0.0.1:PORT` unless told otherwise: the base URL for clients, and the inbox page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// With `tls`, the certificate that clients have to trust, in PEM.
    #[cfg(feature = "tls")]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
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

    /// Variables for programs that talk to the emulator: `CALLCTA_BASE_URL`, `CALLCTA_PAGE_ID`,
    /// `CALLCTA_ACCESS_TOKEN`, `CALLCTA_APP_SECRET`, `CALLCTA_PSID` (somebody who can be written
    /// to), `CALLCTA_VERIFY_TOKEN` and `CALLCTA_CONTROL_URL`, under which the control API is. What
    /// the state doesn't have is empty.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let facts = &self.facts;
        vec![
            ("CALLCTA_BASE_URL", self.url.clone()),
            ("CALLCTA_PAGE_ID", facts.page_id.clone()),
            ("CALLCTA_ACCESS_TOKEN", facts.access_token.clone()),
            ("CALLCTA_APP_SECRET", facts.app_secret.clone()),
            (
                "CALLCTA_PSID",
                facts.psids.first().cloned().unwrap_or_default(),
            ),
            ("CALLCTA_VERIFY_TOKEN", facts.verify_token.clone()),
            ("CALLCTA_CONTROL_URL", format!("{}/_emulator", self.url)),
        ]
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
        let core = self.shared.look();
        core.traffic.log().iter().map(Entry::record).collect()
    }

    /// The newest accepted messages, oldest first.
    pub fn messages(&self) -> Vec<StoredMessage> {
        messages(&self.shared.look())
    }

    /// Waits until at least `count` messages are kept, and returns them; `None` if that takes
    /// longer than `timeout` (of real time).
    pub fn wait_for_messages(&self, count: usize, timeout: Duration) -> Option<Vec<StoredMessage>> {
        self.shared.wait(timeout, |core| {
            (core.platform.messages().len() >= count).then(|| messages(core))
        })
    }

    /// How many POSTs to a messages edge have arrived, those that a fault dropped included.
    pub fn posts(&self) -> usize {
        self.shared.look().traffic.log().posts()
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
        let mut core = self.shared.change();
        core.traffic.change_faults(|faults| faults.arm(fault))
    }

    /// The faults that are still armed.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.shared.look().traffic.faults().list()
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.change().traffic.change_faults(Faults::clear);
    }

    /// Back to the beginning: initial state, clock, seed, counters, empty logs, no faults.
    /// Connections stay open.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Everything as JSON: state, clock, messages, calls, webhooks, the log of requests, faults and
    /// all that counts. It contains tokens and secrets. [`EmulatorBuilder::snapshot_file`] starts
    /// from it, and `callcta emulate --import`.
    ///
    /// [`EmulatorBuilder::snapshot_file`]: crate::EmulatorBuilder::snapshot_file
    pub fn snapshot(&self) -> String {
        let snapshot = self.shared.look().save();
        serde_json::to_string(&snapshot).expect("a snapshot has only string keys")
    }

    /// Puts what [`snapshot`](Self::snapshot) wrote in place of everything. Fails with a sentence,
    /// and changes nothing, if it is anything else.
    pub fn restore(&self, snapshot: &str) -> Result<(), String> {
        let json = serde_json::from_str(snapshot).map_err(|error| error.to_string())?;
        self.shared.restore(Snapshot::read(json)?)
    }

    /// Reads or changes pages, people and tokens. No request is handled meanwhile, and the closure
    /// must not call the emulator, or both wait for ever.
    pub fn with_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.shared.change().platform.change_state(change)
    }

    /// Moves the emulator's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.change().platform.advance(by);
    }

    /// Lets the clock follow real time, or stops it.
    pub fn run_clock(&self, run: bool) {
        self.shared.change().platform.run_clock(run);
    }

    /// What the emulator's clock shows, in Unix milliseconds.
    pub fn now(&self) -> i64 {
        self.shared.look().platform.now()
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
        let mut tap = self.shared.change().platform.tap(target)?;
        tap.webhook = self.settled(tap.webhook.map(|webhook| webhook.id));
        Ok(tap)
    }

    /// Somebody does something else. `None` if nobody has that PSID.
    ///
    /// Waits for the webhook as [`tap`](Self::tap) does.
    pub fn act(&self, psid: &str, action: Action) -> Option<PersonAction> {
        let done = self.shared.change().platform.act(psid, action)?;
        self.settled(done.webhook_id);
        Some(done)
    }

    fn settled(&self, webhook: Option<u64>) -> Option<Webhook> {
        let id = webhook?;
        // Longer than all attempts together can take.
        let patience = {
            let core = self.shared.look();
            let target = &core.platform.state().webhook;
            let attempts = target.retries.saturating_add(1);
            Duration::from_millis(target.timeout_ms)
                .saturating_mul(attempts)
                .saturating_add(Duration::from_secs(60))
        };
        self.shared
            .wait(patience, |core| match core.platform.webhooks().get(id) {
                Some(w) if w.status == WebhookStatus::Queued => None,
                settled => Some(settled.cloned()),
            })
            .flatten()
    }

    /// All calls, oldest first.
    pub fn calls(&self) -> Vec<PhoneCall> {
        let mut core = self.shared.change();
        core.platform.tick();
        core.platform.calls().iter().cloned().collect()
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
        let mut core = self.shared.change();
        let platform = &mut core.platform;
        platform.tick();
        match platform.calls().find(call_id).map(|call| call.id) {
            Some(id) if accept => platform.accept(id),
            Some(id) => platform.end(id),
            None => Ok(()),
        }
    }

    /// Sends webhooks to `url` from now on (until [`reset`](Self::reset)): plain HTTP on this
    /// machine. Fails with a sentence if it is anything else.
    pub fn set_webhook_url(&self, url: &str) -> Result<(), String> {
        server::target(url)?;
        self.with_state(|state| state.webhook.url = Some(url.to_owned()));
        Ok(())
    }

    /// The newest webhooks, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        let core = self.shared.look();
        core.platform.webhooks().iter().cloned().collect()
    }

    /// Waits until at least `count` webhooks have been delivered, and returns those; `None` if that
    /// takes longer than `timeout` (of real time).
    pub fn wait_for_webhooks(&self, count: usize, timeout: Duration) -> Option<Vec<Webhook>> {
        self.shared.wait(timeout, |core| {
            let webhooks = core.platform.webhooks();
            let delivered: Vec<_> = webhooks
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
        let mut core = self.shared.change();
        core.platform
            .change_state(|state| state.webhook.hold = false);
        core.platform.release(order)
    }

    /// Sends a webhook once more, as a new one whose number is returned; `None` if there is none
    /// with that number. Does not wait.
    pub fn redeliver_webhook(&self, id: u64, signature: Signature) -> Option<u64> {
        self.shared.change().platform.redeliver(id, signature)
    }

    /// Closes all open connections at once, as a server that crashes would.
    pub fn close_connections(&self) {
        self.shared.hang_up();
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

fn messages(core: &Core) -> Vec<StoredMessage> {
    core.platform.messages().iter().cloned().collect()
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
