//! What became of an outbox's messages, in numbers.

use crate::client::Receipt;
use crate::error::{Delivery, ErrorKind, Result};

/// How many messages of an [`Outbox`](super::Outbox) are where.
///
/// Every message that was accepted is in exactly one of `queued`, `in_flight`, `sent`,
/// `rejected`, `not_sent` and `unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Waiting, for their turn or for another try.
    pub queued: usize,
    /// Being sent, or with a callback that hasn't returned.
    pub in_flight: usize,
    /// Sent, with a receipt.
    pub sent: u64,
    /// Refused by the platform.
    pub rejected: u64,
    /// Not sent: provably nobody got them.
    pub not_sent: u64,
    /// Of which nobody here can tell.
    pub unknown: u64,
    /// Those of the last three, by kind, in no particular order.
    pub kinds: Vec<(ErrorKind, Delivery, u64)>,
    /// Messages that had to wait because of the pace or of the platform's limits, so far.
    pub paced: u64,
    /// Tries that were followed by another one, so far.
    pub retried: u64,
}

impl Counts {
    pub(super) fn note(&mut self, outcome: Came) {
        match outcome.0 {
            Some((kind, delivery)) => self.failed(kind, delivery, 1),
            None => self.sent += 1,
        }
    }

    fn failed(&mut self, kind: ErrorKind, delivery: Delivery, count: u64) {
        *match delivery {
            Delivery::Rejected => &mut self.rejected,
            Delivery::NotSent => &mut self.not_sent,
            Delivery::Unknown => &mut self.unknown,
        } += count;
        let kinds = &mut self.kinds;
        match kinds.iter_mut().find(|it| (it.0, it.1) == (kind, delivery)) {
            Some((.., known)) => *known += count,
            None => kinds.push((kind, delivery, count)),
        }
    }

    /// Adds those of another outbox.
    pub(super) fn add(&mut self, other: &Counts) {
        self.queued += other.queued;
        self.in_flight += other.in_flight;
        self.sent += other.sent;
        self.paced += other.paced;
        self.retried += other.retried;
        for (kind, delivery, count) in &other.kinds {
            self.failed(*kind, *delivery, *count);
        }
    }
}

/// What an outcome counts as.
#[derive(Clone, Copy)]
pub(super) struct Came(Option<(ErrorKind, Delivery)>);

impl Came {
    pub(super) fn of(outcome: &Result<Receipt>) -> Self {
        let error = outcome.as_ref().err();
        Came(error.map(|error| (error.kind(), error.delivery())))
    }
}
