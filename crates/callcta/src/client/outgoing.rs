//! Sending one message.

use super::tries::{Errand, Step, Tries};
use super::{Client, Receipt, RetryEvent, log_line};
use crate::cancel::CancelToken;
use crate::error::{Addressee, CancelReason, Error, Result, Subject};
use crate::message::body::Body;
use crate::message::{Message, Recipient, SendOptions};
use crate::retry::Again;
use crate::transport::Method;
use crate::violation::{Severity, Violation};
use crate::{validate, wire};

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) recipient: &'a Recipient,
    pub(crate) message: &'a Message,
    pub(crate) options: &'a SendOptions,
}

impl Outgoing<'_> {
    /// Fails if a documented rule is broken, unless that isn't asked for.
    pub(crate) fn check(&self) -> Result<()> {
        if self.options.unchecked {
            return Ok(());
        }
        let violations = validate::request(Some(self.recipient), self.message, self.options);
        let wrong = |violation: &Violation| violation.severity == Severity::Error;
        if violations.iter().any(wrong) {
            return Err(Error::invalid_message(violations));
        }
        Ok(())
    }

    fn body<'a>(&'a self, parameters: &'a [(&'static str, &'a str)]) -> Body<'a> {
        Body {
            recipient: Some(self.recipient),
            message: self.message,
            options: self.options,
            parameters,
        }
    }

    pub(super) fn is_sender_action(&self) -> bool {
        self.body(&[]).is_sender_action()
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Message(addressee(self.recipient))
    }
}

impl Client {
    /// Sends a message that has been checked, and waits between tries.
    pub(super) fn post(
        &self,
        outgoing: Outgoing<'_>,
        cancel: Option<&CancelToken>,
    ) -> Result<Receipt> {
        let mut tries = Tries::default();
        loop {
            match self.try_message(outgoing, cancel, &mut tries) {
                Step::Done(outcome) => return outcome,
                Step::Again(wait) => self.pause(wait, cancel),
            }
        }
    }

    /// Makes the next try of a message that has been checked; see `step`.
    pub(crate) fn try_message(
        &self,
        outgoing: Outgoing<'_>,
        cancel: Option<&CancelToken>,
        tries: &mut Tries,
    ) -> Step<Receipt> {
        let options = outgoing.options;
        if let Err(error) = options.headers.check() {
            return Step::Done(Err(error));
        }
        let asked = wire::Asked {
            psid: outgoing.recipient.id(),
            message: !outgoing.is_sender_action(),
        };
        let write = |parameters: &[(&'static str, &str)]| {
            let mut body = Vec::with_capacity(512);
            serde_json::to_writer(&mut body, &outgoing.body(parameters))
                .expect("a request has only string keys");
            body
        };
        let on_retry = |error: &Error, attempt, wait| {
            if let Some(on_retry) = &self.inner.on_retry {
                on_retry(&RetryEvent {
                    to: outgoing.recipient,
                    message: outgoing.message,
                    key: options.key,
                    error,
                    attempt,
                    wait,
                });
            }
        };
        let errand = Errand {
            method: Method::Post,
            place: None,
            body: &write,
            about: outgoing.subject(),
            again: Again::Certain,
            deadline: options.deadline,
            timeout: options.timeout,
            headers: &options.headers,
            cancel,
            on_retry: &on_retry,
        };
        let calling = &self.inner.calling_not_enabled;
        let step = self.step(
            &errand,
            &|response, seen| wire::read(response, &asked, calling, seen.blank),
            tries,
        );
        let outcome = match step {
            Step::Done(Ok(answered)) => Ok(Receipt {
                message_id: answered.value.message_id,
                recipient_id: answered.value.recipient_id,
                usage: answered.usage,
                attempts: answered.attempts,
                elapsed: tries.elapsed(),
            }),
            Step::Done(Err(error)) => Err(timed(error, tries)),
            Step::Again(wait) => return Step::Again(wait),
        };
        log::debug!(target: "callcta", "{}", log_line(&outcome));
        Step::Done(outcome)
    }

    /// What is told of a message that nobody makes another try of.
    pub(crate) fn leave(
        &self,
        outgoing: Outgoing<'_>,
        mut tries: Tries,
        reason: CancelReason,
    ) -> Error {
        let left = tries.left(reason);
        let error = left.of(outgoing.subject(), &self.inner.host, tries.made());
        timed(error, &tries)
    }
}

fn timed(mut error: Error, tries: &Tries) -> Error {
    error.set_elapsed(tries.elapsed());
    error
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
