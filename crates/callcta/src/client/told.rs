//! What is told about a send: its receipt, its retries, its line in a log.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::message::{Message, Recipient};
use crate::usage::Usage;

/// What a send that worked returned.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The id of the message (mid); empty when a sender action was sent, which makes
    /// none.
    pub message_id: String,
    /// The PSID of the person, unless the platform left it out, as it does for
    /// sends by `user_ref`.
    pub recipient_id: Option<String>,
    /// The usage figures that came with the answer.
    pub usage: Usage,
    /// How many requests were made, retries included.
    pub attempts: u32,
    /// How long the send took, retries and the waits before them included.
    pub elapsed: Duration,
}

/// Leaves out who got the message.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("message_id", &self.message_id)
            .field("usage", &self.usage)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// What [`ClientBuilder::on_retry`](crate::ClientBuilder::on_retry) is told.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// Who the message is for.
    pub to: &'a Recipient,
    /// The message.
    pub message: &'a Message,
    /// The number that the caller gave to the send, if any; see
    /// [`SendOptions::key`](crate::SendOptions::key).
    pub key: Option<u64>,
    /// Why there will be another try.
    pub error: &'a Error,
    /// Which try failed, from 1.
    pub attempt: u32,
    /// How long until the next one.
    pub wait: Duration,
}

/// Leaves out who the message is for and what it says.
impl fmt::Debug for RetryEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryEvent")
            .field("key", &self.key)
            .field("error", &self.error)
            .field("attempt", &self.attempt)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// What is logged of a send at its end: one line without token, PSID or text, for
/// languages with a log of their own.
pub fn log_line(outcome: &Result<Receipt>) -> String {
    match outcome {
        Ok(receipt) => format!(
            "send: ok, attempts {}, {} ms, message id {}",
            receipt.attempts,
            receipt.elapsed.as_millis(),
            receipt.message_id.escape_debug(),
        ),
        Err(error) => failure_line("send", error),
    }
}

/// The same of anything that failed.
pub(super) fn failure_line(what: &str, error: &Error) -> String {
    let status = error.http_status().map(|status| status.to_string());
    let trace_id = error.graph().and_then(|graph| graph.trace_id.as_deref());
    format!(
        "{what}: {}, delivery {}, status {}, attempts {}, {} ms, trace id {}",
        error.kind(),
        error.delivery(),
        status.as_deref().unwrap_or("-"),
        error.attempts(),
        error.elapsed().as_millis(),
        trace_id.unwrap_or("-"),
    )
}
