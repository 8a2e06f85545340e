//! A message in an outbox, and who follows it.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::client::{Client, Outgoing, Receipt, Step, Tries, time_left};
use crate::error::{CancelReason, Error, Result};
use crate::message::{Recipient, Request};

/// What becomes of a message whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// It is sent now.
    Send,
    /// It isn't sent: its outcome is [`Cancelled`](crate::ErrorKind::Cancelled), with what
    /// is known about it.
    Skip,
    /// Its turn comes again after this time. Other messages to its recipient wait for it.
    Postpone(Duration),
}

/// Follows one message through an [`Outbox`](super::Outbox), for those who have more to do
/// than to take notice of its outcome.
pub trait Follow: Send {
    /// The message is about to be sent: when this returns, its request is written, unless
    /// a check or a deadline prevents it. Called on a thread of the outbox before each try,
    /// `attempt` being 1 for the first; nothing is sent meanwhile on that thread. The place
    /// to note that it may have been sent, and to look once more whether it should be.
    ///
    /// Not called when the message is cancelled before.
    fn before(&mut self, request: &Request, attempt: u32) -> Dispatch {
        let _ = (request, attempt);
        Dispatch::Send
    }

    /// What became of it, told once; see [`Outbox::submit`](super::Outbox::submit).
    fn done(self: Box<Self>, outcome: Result<Receipt>);
}

/// Follows by a function for the outcome.
pub(super) struct Told<F>(pub(super) F);

impl<F: FnOnce(Result<Receipt>) + Send> Follow for Told<F> {
    fn done(self: Box<Self>, outcome: Result<Receipt>) {
        (self.0)(outcome);
    }
}

pub(super) struct Job {
    /// In the order in which messages were submitted.
    pub(super) number: u64,
    pub(super) recipient: Arc<Recipient>,
    pub(super) request: Request,
    /// The ticket's, for when it is being sent.
    pub(super) cancel: CancelToken,
    pub(super) tries: Tries,
    pub(super) follower: Box<dyn Follow>,
    checked: bool,
}

impl Job {
    /// A job, unless the request says nobody to send it to.
    pub(super) fn new(request: Request, follower: Box<dyn Follow>) -> Result<Self> {
        match request.recipient.clone() {
            Some(recipient) => Ok(Job {
                number: 0,
                recipient: Arc::new(recipient),
                request,
                cancel: CancelToken::new(),
                tries: Tries::default(),
                follower,
                checked: false,
            }),
            None => Err(Error::invalid_message(request.validate())),
        }
    }

    /// Whether nothing will be sent, so that no pace has to be kept.
    pub(super) fn is_over(&self) -> bool {
        let deadline = self.request.options.deadline;
        self.cancel.is_cancelled() || deadline.is_some() && time_left(deadline).is_err()
    }

    /// Fails if a documented rule is broken. Looks only once.
    pub(super) fn check(&mut self) -> Result<()> {
        if !self.checked {
            self.outgoing().check()?;
            self.checked = true;
        }
        Ok(())
    }

    /// Makes the next try.
    pub(super) fn step(&mut self, client: &Client) -> Step<Receipt> {
        let mut tries = mem::take(&mut self.tries);
        let step = client.try_message(self.outgoing(), Some(&self.cancel), &mut tries);
        self.tries = tries;
        step
    }

    /// What is told of it if there is no other try.
    pub(super) fn leave(&mut self, client: &Client, reason: CancelReason) -> Error {
        let tries = mem::take(&mut self.tries);
        client.leave(self.outgoing(), tries, reason)
    }

    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            recipient: &self.recipient,
            message: &self.request.message,
            options: &self.request.options,
        }
    }
}
