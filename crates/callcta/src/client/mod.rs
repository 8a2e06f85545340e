//! The client: builds requests, sends them, says what became of them.

mod access;
mod builder;
mod endpoint;
mod environment;
mod settings;
mod told;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

pub use self::builder::ClientBuilder;
pub use self::endpoint::TokenPlacement;
pub use self::environment::Environment;
pub use self::told::{Receipt, RetryEvent, log_line};

use self::access::Access;
use self::endpoint::Endpoint;
use crate::cancel::{CancelToken, Wake};
use crate::error::{Addressee, CancelReason, Delivery, Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::message::body::Body;
use crate::message::{Message, Recipient, Request, SendOptions};
use crate::pace::Pacer;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::transport::per_process::PerProcess;
use crate::transport::{HttpRequest, Method, Transport};
use crate::violation::{Severity, Violation};
use crate::{validate, wire};

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
    transport: Arc<dyn Transport>,
    retry: RetryPolicy,
    budget: RetryBudget,
    /// A child of a fork paces its own messages.
    pacers: PerProcess<Arc<Pacer>>,
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
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) if a documented rule is
    /// broken, and every kind that an answer or a connection can lead to; see
    /// [`ErrorKind`]. [`Error::delivery`] tells whether the message may have
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
        self.post(&to.into(), message, options, None)
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
    /// As [`send`](Client::send), and [`Cancelled`](ErrorKind::Cancelled) when it is
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
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if it can't be one.
    pub fn set_access_token(&self, token: impl Into<String>) -> Result<()> {
        self.inner.access.set(token.into())
    }

    /// Closes every connection. Sends in flight end at once, later ones fail with
    /// [`Cancelled`](ErrorKind::Cancelled); both holds for all clones.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        self.inner.wake();
        self.pacer().lift();
        self.inner.transport.close();
    }

    /// As [`Transport::tidy`].
    pub(crate) fn tidy(&self) -> bool {
        self.inner.transport.tidy()
    }

    /// What paces this Page's messages, where that is asked for.
    pub(crate) fn pacer(&self) -> &Arc<Pacer> {
        let pacers = &self.inner.pacers;
        pacers.get(std::process::id(), || Arc::new(Pacer::new()))
    }

    fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
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
        if !options.unchecked {
            let violations = validate::request(Some(recipient), message, options);
            let wrong = |violation: &Violation| violation.severity == Severity::Error;
            if violations.iter().any(wrong) {
                return Err(Error::invalid_message(violations));
            }
        }
        self.post(recipient, message, options, cancel)
    }

    fn post(
        &self,
        recipient: &Recipient,
        message: &Message,
        options: &SendOptions,
        cancel: Option<&CancelToken>,
    ) -> Result<Receipt> {
        let started = Instant::now();
        let mut result = self.try_until_done(recipient, message, options, cancel);
        match &mut result {
            Ok(receipt) => receipt.elapsed = started.elapsed(),
            Err(error) => error.set_elapsed(started.elapsed()),
        }
        log::debug!(target: "callcta", "{}", log_line(&result));
        result
    }

    fn try_until_done(
        &self,
        recipient: &Recipient,
        message: &Message,
        options: &SendOptions,
        cancel: Option<&CancelToken>,
    ) -> Result<Receipt> {
        let inner = &*self.inner;
        options.headers.check()?;
        let parts = Body {
            recipient: Some(recipient),
            message,
            options,
            parameters: &[],
        };
        let asked = wire::Asked {
            psid: recipient.id(),
            message: !parts.is_sender_action(),
        };
        let headers = inner.headers.with(&options.headers);
        let mut endpoint = inner.access.last();
        let write = |endpoint: &Endpoint| {
            let mut body = Vec::with_capacity(512);
            let parameters = &endpoint.body_parameters();
            serde_json::to_writer(
                &mut body,
                &Body {
                    parameters,
                    ..parts
                },
            )
            .expect("a request has only string keys");
            body
        };
        let mut body = Vec::new();

        let of_send =
            |error: Error, attempts| error.of_send(addressee(recipient), &inner.host, attempts);
        let given_up = || cancel.is_some_and(CancelToken::is_cancelled);
        let mut attempt = 0;
        // Of the last try that may have arrived.
        let mut lost = None;
        let failed = loop {
            // First, since a provider may take its time.
            match inner.access.now() {
                Ok(now) => {
                    if body.is_empty() || !Arc::ptr_eq(&now, &endpoint) {
                        body = write(&now);
                        endpoint = now;
                    }
                }
                Err(error) => break error,
            }
            let timeout = match time_left(options.deadline) {
                Ok(timeout) => timeout,
                Err(passed) => break passed,
            };
            if self.is_closed() {
                break Error::cancelled(Delivery::NotSent, CancelReason::Closed);
            }
            if given_up() {
                break Error::cancelled(Delivery::NotSent, CancelReason::Aborted);
            }
            attempt += 1;
            let call = HttpRequest {
                method: Method::Post,
                url: &endpoint.url,
                authorization: endpoint.authorization.as_deref(),
                content_type: "application/json",
                headers: &headers,
                body: &body,
                timeout: timeout.into_iter().chain(options.timeout).min(),
                cancel,
            };
            let error = match self.post_once(&call, &asked, &endpoint) {
                Ok(answer) => {
                    inner.budget.refund();
                    return Ok(Receipt {
                        message_id: answer.message_id,
                        recipient_id: answer.recipient_id,
                        usage: answer.usage,
                        attempts: attempt,
                        elapsed: Duration::ZERO,
                    });
                }
                Err(error) => of_send(error, attempt),
            };
            let Some(wait) = inner.retry.wait(&error, attempt) else {
                break error;
            };
            let in_time = options
                .deadline
                .is_none_or(|deadline| end_of(wait).is_some_and(|end| end < deadline));
            if !in_time || !inner.budget.take() {
                break error;
            }
            if let Some(on_retry) = &inner.on_retry {
                on_retry(&RetryEvent {
                    to: recipient,
                    message,
                    key: options.key,
                    error: &error,
                    attempt,
                    wait,
                });
            }
            self.pause(wait, cancel);
            if self.is_closed() {
                break error;
            }
            if given_up() {
                break cancelled_after(error);
            }
            if error.delivery() == Delivery::Unknown {
                lost = Some(error);
            }
        };
        // No later try takes back that an earlier one may have arrived.
        let told = match lost {
            Some(lost) if failed.delivery() != Delivery::Unknown => {
                if failed.kind() == ErrorKind::Cancelled && given_up() {
                    cancelled_after(lost)
                } else {
                    lost
                }
            }
            _ => failed,
        };
        Err(of_send(told, attempt))
    }

    fn post_once(
        &self,
        request: &HttpRequest<'_>,
        asked: &wire::Asked<'_>,
        endpoint: &Endpoint,
    ) -> Result<wire::Answer> {
        let inner = &*self.inner;
        let response = inner
            .transport
            .exchange(request)
            .map_err(wire::of_transport)?;
        let blank = |text: &str| endpoint.blank(text);
        let answer = wire::read(response, asked, &inner.calling_not_enabled, &blank);
        let (usage, wait) = match &answer {
            Ok(answer) => (&answer.usage, None),
            Err(error) => (error.usage(), error.retry_after()),
        };
        if !usage.is_empty() || wait.is_some() {
            self.pacer().observe(usage, wait, Instant::now());
        }
        answer
    }

    /// Waits, but no longer than until the client is closed or the send given up.
    fn pause(&self, wait: Duration, cancel: Option<&CancelToken>) {
        let started = Instant::now();
        let _watch = cancel.and_then(|cancel| cancel.watch(Arc::clone(&self.inner) as _));
        let ended = || self.is_closed() || cancel.is_some_and(CancelToken::is_cancelled);
        let longest = cancel.and_then(CancelToken::longest_wait);
        while !ended() {
            let left = wait.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let pause = self.inner.pause.lock();
            let pause = pause.unwrap_or_else(PoisonError::into_inner);
            let left = longest.map_or(left, |longest| left.min(longest));
            drop((self.inner.wake).wait_timeout_while(pause, left, |()| !ended()));
            // Not under the lock, since a check may do anything.
            if let Some(cancel) = cancel {
                cancel.check();
            }
        }
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
            .field("transport", &self.inner.transport)
            .field("retry", &self.inner.retry)
            .finish_non_exhaustive()
    }
}

fn addressee(recipient: &Recipient) -> Addressee {
    match recipient {
        Recipient::Id(_) => Addressee::Person,
        Recipient::UserRef(_) => Addressee::UserRef,
        Recipient::CommentId(_) => Addressee::Comment,
        Recipient::PostId(_) => Addressee::Post,
        Recipient::Other(_) => Addressee::Other,
    }
}

fn end_of(wait: Duration) -> Option<SystemTime> {
    SystemTime::now().checked_add(wait)
}

/// What a send tells that is given up when it would have been tried again.
fn cancelled_after(failed: Error) -> Error {
    Error::cancelled(failed.delivery(), CancelReason::Aborted).with_source(failed)
}

/// The time until the deadline, if there is one.
fn time_left(deadline: Option<SystemTime>) -> Result<Option<Duration>> {
    let left = |deadline: SystemTime| {
        deadline
            .duration_since(SystemTime::now())
            .map_err(|_| Error::new(ErrorKind::DeadlinePassed, Delivery::NotSent))
    };
    deadline.map(left).transpose()
}
