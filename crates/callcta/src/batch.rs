//! Several messages in one request.

use std::fmt;
use std::time::Instant;

use crate::client::{BatchItem, Client, Receipt};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::limits::BATCH_MAX;
use crate::message::Request;

/// Up to 50 messages that go out in one request, a Graph batch, each with an outcome of its
/// own; of one Page, or of several with a token each.
///
/// It saves requests and connections, nothing else: the platform counts every message as a
/// call, and 50 at once are more than a Page's inbox takes in a second
/// ([`limits::PACE`](crate::limits::PACE)). One answer that is lost makes all of them
/// *unknown*. So it pays where one process sends for hundreds of Pages; an
/// [`Outbox`](crate::Outbox) makes none, and no pace is kept by itself.
///
/// The platform works on the messages of a batch side by side, in no order: two to one
/// person are refused.
///
/// ```
/// # let emulator = callcta_emulator::Emulator::start()?;
/// # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
/// #     .base_url(emulator.url()).build()?;
/// # let psid = emulator.psids()[0].clone();
/// use callcta::{Batch, Button, Message, Request, SendOptions};
///
/// let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
/// let mut batch = Batch::new();
/// batch.add(&client, Request::new(psid, message, SendOptions::new()))?;
/// for outcome in batch.send() {
///     match outcome {
///         Ok(receipt) => println!("{}", receipt.message_id),
///         Err(error) => println!("{}: {error}", error.delivery()),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Batch {
    items: Vec<BatchItem>,
}

impl Batch {
    /// A batch without messages.
    pub fn new() -> Self {
        Batch::default()
    }

    /// How many messages it has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a message of a client's Page.
    ///
    /// # Errors
    ///
    /// [`QueueFull`](ErrorKind::QueueFull) if there are [50](BATCH_MAX) already;
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) if the request has no recipient;
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if the Page has another message to
    /// this recipient in it, if the client has another base URL or version than the others,
    /// or if the request has headers of its own, which a message in a batch can't.
    pub fn add(&mut self, client: &Client, request: Request) -> Result<()> {
        if self.items.len() >= BATCH_MAX {
            return Err(Error::new(ErrorKind::QueueFull, Delivery::NotSent).with_may_retry(true));
        }
        if request.recipient.is_none() {
            return Err(Error::invalid_message(request.validate()));
        }
        if !request.options.headers.is_empty() {
            let what = "a message in a batch can't have headers of its own";
            return Err(Error::invalid_argument(what));
        }
        let twice = |item: &BatchItem| {
            item.client.page_id() == client.page_id() && item.request.recipient == request.recipient
        };
        if self.items.iter().any(twice) {
            let what = "a batch has one message to a person, since it keeps no order";
            return Err(Error::invalid_argument(what));
        }
        if let Some(first) = self.items.first()
            && !first.client.is_beside(client)
        {
            let what = "the clients of a batch have one base URL and version";
            return Err(Error::invalid_argument(what));
        }
        let client = client.clone();
        self.items.push(BatchItem { client, request });
        Ok(())
    }

    /// Sends the batch, once, over the connections of its first client, and tells what became
    /// of each message, in order. Messages that break a rule or whose deadline has passed
    /// are left out of the request. The shortest time limit holds for all.
    ///
    /// When there is no whole answer, what it tells stands, and all other messages are
    /// *unknown*; so are those that the platform didn't get to in its time.
    pub fn send(self) -> Vec<Result<Receipt>> {
        let started = Instant::now();
        let Some(first) = self.items.first().map(|item| item.client.clone()) else {
            return Vec::new();
        };
        first.send_batch(&self.items, started)
    }
}

/// Leaves out who is written to and what is said.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("len", &self.items.len())
            .finish_non_exhaustive()
    }
}
