//! The client: builds requests, sends them, says what became of them.

mod access;
mod ask;
mod batch;
mod builder;
mod endpoint;
mod environment;
mod outgoing;
mod settings;
mod told;
mod tries;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

pub(crate) use self::ask::Ask;
pub use self::ask::RequestOptions;
pub(crate) use self::batch::BatchItem;
pub use self::builder::ClientBuilder;
pub use self::endpoint::TokenPlacement;
pub(crate) use self::endpoint::{Object, Place};
pub use self::environment::Environment;
pub(crate) use self::outgoing::Outgoing;
pub use self::told::{Receipt, RetryEvent, log_line};
pub(crate) use self::tries::{Step, Tries, time_left};

use self::access::Access;
use crate::cancel::{CancelToken, Wake};
use crate::credentials::AccessToken;
#[cfg(feature = "doctor")]
use crate::credentials::AppSecret;
use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::message::{Message, Recipient, Request, SendOptions};
use crate::pace::Pacer;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::transport::Transport;
use crate::transport::per_process::PerProcess;

type OnRetry = dyn Fn(&RetryEvent<'_>) + Send + Sync;

/// Sends messages for one Page.
///
/// A client is cheap to clone, and clones share their connections. It can be
/// used from several threads at once.
///
/// ```
/// # let emulator = callcta_emulator::Emulator::start()?;
/// # let (page_id, access_token) = (emulator.page_id(), emulator.access_token());
/// # let psid = &emulator.psids()[0];
/// use callcta::{Button, Client, Message};
///
/// let client = Client::builder(page_id, access_token)
/// #    .base_url(emulator.url())
///     .build()?;
/// let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
/// let receipt = client.send(psid, &message)?;
/// println!("{}", receipt.message_id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    page_id: String,
    host: String,
    access: Access,
    headers: Headers,
    connections: Arc<Connections>,
    retry: RetryPolicy,
    budget: RetryBudget,
    /// A child of a fork paces its own messages.
    pacers: PerProcess<Arc<Pacer>>,
    /// Who is woken by `close`.
    watching: PerProcess<Mutex<Vec<Weak<dyn Wake>>>>,
    on_retry: Option<Box<OnRetry>>,
    calling_not_enabled: Vec<(i64, Option<i64>)>,
    /// Read without a lock, which a fork might find taken by a thread that the
    /// child doesn't have.
    closed: AtomicBool,
    /// Where a wait before a retry is woken by `close` or a token.
    pause: Mutex<()>,
    wake: Condvar,
}

impl Client {
    /// The Page that the client sends for.
    pub fn page_id(&self) -> &str {
        &self.inner.page_id
    }

    /// Where it sends to: the host of the base URL, with its port if that has one.
    pub fn host(&self) -> &str {
        &self.inner.host
    }

    /// Sends a message and waits for the platform's answer.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](crate::ErrorKind::InvalidMessage) if a documented rule is
    /// broken, and every kind that an answer or a connection can lead to; see
    /// [`ErrorKind`](crate::ErrorKind). [`Error::delivery`] tells whether the message may have
    /// arrived.
    pub fn send(&self, to: impl Into<Recipient>, message: &Message) -> Result<Receipt> {
        self.send_with(to, message, &SendOptions::default())
    }

    /// Sends a message with options.
    ///
    /// # Errors
    ///
    /// As [`send`](Client::send).
    pub fn send_with(
        &self,
        to: impl Into<Recipient>,
        message: &Message,
        options: &SendOptions,
    ) -> Result<Receipt> {
        let recipient = to.into();
        self.check_and_post(&recipient, message, options, None)
    }

    /// Sends a message without checking it first, as with
    /// [`SendOptions::unchecked`].
    ///
    /// # Errors
    ///
    /// As [`send`](Client::send), without `InvalidMessage`.
    pub fn send_unchecked(
        &self,
        to: impl Into<Recipient>,
        message: &Message,
        options: &SendOptions,
    ) -> Result<Receipt> {
        let recipient = &to.into();
        let outgoing = Outgoing {
            recipient,
            message,
            options,
        };
        self.post(outgoing, None)
    }

    /// Sends a whole request.
    ///
    /// # Errors
    ///
    /// As [`send`](Client::send).
    pub fn send_request(&self, request: &Request) -> Result<Receipt> {
        self.request(request, None)
    }

    /// Sends a whole request, unless and until it is given up: then it ends at once,
    /// whatever it waits for, and isn't tried again.
    ///
    /// # Errors
    ///
    /// As [`send`](Client::send), and [`Cancelled`](crate::ErrorKind::Cancelled) when it is
    /// given up, with the delivery that is known: *unknown* once a byte of a request
    /// went out. If an earlier try had failed, that error is its
    /// [`source`](std::error::Error::source).
    pub fn send_request_until(&self, request: &Request, cancel: &CancelToken) -> Result<Receipt> {
        self.request(request, Some(cancel))
    }

    /// Makes requests with another access token from now on, in all clones; those that
    /// are under way keep theirs.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if it can't be one.
    pub fn set_access_token(&self, token: impl Into<String>) -> Result<()> {
        self.inner.access.set(token.into())
    }

    /// Closes every connection. Sends in flight end at once, later ones fail with
    /// [`Cancelled`](crate::ErrorKind::Cancelled); both holds for all clones. Connections that are
    /// [shared](ClientBuilder::share_connections) are closed with the last client; until then
    /// sends in flight go on.
    pub fn close(&self) {
        self.inner.close();
        self.inner.wake();
        self.pacer().lift();
        let watching = std::mem::take(&mut *self.watching());
        for waiting in watching.iter().filter_map(Weak::upgrade) {
            waiting.wake();
        }
    }

    /// Has `who` woken when the client is closed.
    pub(crate) fn on_close(&self, who: Weak<dyn Wake>) {
        let mut watching = self.watching();
        watching.retain(|known| known.strong_count() > 0 && !known.ptr_eq(&who));
        watching.push(who);
    }

    fn watching(&self) -> MutexGuard<'_, Vec<Weak<dyn Wake>>> {
        let watching = self.inner.watching.get(std::process::id(), Mutex::default);
        watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether both have the same connections.
    pub(crate) fn shares_connections(&self, other: &Client) -> bool {
        Arc::ptr_eq(&self.inner.connections, &other.inner.connections)
    }

    /// As [`Transport::tidy`].
    pub(crate) fn tidy(&self) -> bool {
        self.inner.connections.transport.tidy()
    }

    /// What paces this Page's messages, where that is asked for.
    pub(crate) fn pacer(&self) -> &Arc<Pacer> {
        let pacers = &self.inner.pacers;
        pacers.get(std::process::id(), || Arc::new(Pacer::new()))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
    }

    /// The token that requests are made with, as far as one was asked for.
    pub(crate) fn last_token(&self) -> AccessToken {
        self.inner.access.last().token().clone()
    }

    /// With which requests are proved, if they are.
    #[cfg(feature = "doctor")]
    pub(crate) fn app_secret(&self) -> Option<AppSecret> {
        self.inner.access.last().secret().cloned()
    }

    /// The version that is asked for, if one is.
    #[cfg(feature = "doctor")]
    pub(crate) fn version(&self) -> Option<String> {
        self.inner.access.last().version().map(str::to_owned)
    }

    #[cfg(feature = "doctor")]
    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.inner.connections.transport
    }

    fn request(&self, request: &Request, cancel: Option<&CancelToken>) -> Result<Receipt> {
        let Some(recipient) = &request.recipient else {
            return Err(Error::invalid_message(request.validate()));
        };
        self.check_and_post(recipient, &request.message, &request.options, cancel)
    }

    fn check_and_post(
        &self,
        recipient: &Recipient,
        message: &Message,
        options: &SendOptions,
        cancel: Option<&CancelToken>,
    ) -> Result<Receipt> {
        let outgoing = Outgoing {
            recipient,
            message,
            options,
        };
        outgoing.check()?;
        self.post(outgoing, cancel)
    }
}

impl Inner {
    fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) && self.connections.left() {
            self.connections.transport.close();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            self.connections.left();
        }
    }
}

/// The connections of one or more clients.
struct Connections {
    transport: Arc<dyn Transport>,
    clients: AtomicUsize,
}

impl Connections {
    fn new(transport: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Connections {
            transport,
            clients: AtomicUsize::new(0),
        })
    }

    fn joined(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether that was the last one.
    fn left(&self) -> bool {
        self.clients.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

impl Wake for Inner {
    fn wake(&self) {
        // Taken so that no send is between its look and its wait.
        drop(self.pause.lock());
        self.wake.notify_all();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("page_id", &self.page_id())
            .field("transport", &self.inner.connections.transport)
            .field("retry", &self.inner.retry)
            .finish_non_exhaustive()
    }
}
