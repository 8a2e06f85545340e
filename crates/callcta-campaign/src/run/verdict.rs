//! What an outcome means for its row, and for its Page.

use std::time::Duration;

use callcta::{Delivery, ErrorKind, Receipt, Result};

use crate::journal::{Outcome, Reason};

/// What an outcome means for the Page that sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: others can go on.
    None,
    /// It says nothing about the Page that the message may have arrived; several together do.
    Doubt,
    /// Nothing can be sent until somebody has seen to the cause.
    Pause,
    /// Nothing is taken for a while, as long as the platform says, if it does.
    Freeze(Option<Duration>),
}

/// Where a row goes, and what else follows.
pub(super) fn of(result: &Result<Receipt>) -> (Outcome, Effect) {
    let error = match result {
        Ok(receipt) => {
            let message_id = receipt.message_id.clone();
            return (Outcome::Sent { message_id }, Effect::None);
        }
        Err(error) => error,
    };
    let reason = Reason::of(error);
    match (error.delivery(), error.kind()) {
        (Delivery::Unknown, _) => (Outcome::Unknown(reason), Effect::Doubt),
        (_, kind) if is_systemic(kind) => (Outcome::Back, Effect::Pause),
        (_, ErrorKind::Cancelled) => (Outcome::Back, Effect::None),
        (_, ErrorKind::OutOfResources | ErrorKind::QueueFull) => {
            (Outcome::Back, Effect::Freeze(None))
        }
        (Delivery::Rejected, ErrorKind::RateLimited) if error.may_retry() => {
            (Outcome::Back, Effect::Freeze(error.retry_after()))
        }
        (Delivery::Rejected, _) => (Outcome::Rejected(reason), Effect::None),
        (Delivery::NotSent, ErrorKind::DeadlinePassed) => {
            (Outcome::Skipped(Reason::new(WINDOW_CLOSED)), Effect::None)
        }
        (Delivery::NotSent, ErrorKind::InvalidMessage) => (Outcome::Skipped(reason), Effect::None),
        // Whatever it is, it would be the same for the next row.
        (Delivery::NotSent, _) => (Outcome::Back, Effect::Pause),
    }
}

/// The row's window is over.
pub(super) const WINDOW_CLOSED: &str = "window_closed";
/// The person is on the suppression list.
pub(super) const SUPPRESSED: &str = "suppressed";

/// Whether an error is about the Page, the token or the way, rather than about the person.
fn is_systemic(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Authentication
            | ErrorKind::PermissionDenied
            | ErrorKind::CallingNotEnabled
            | ErrorKind::InvalidPage
            | ErrorKind::Connect
    )
}
