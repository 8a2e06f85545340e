//! What happens to a claim in an outbox: the last look before it is sent, and its outcome.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use callcta::{Dispatch, Follow, Receipt, Request};

use super::hours::{Door, Hours};
use super::page::Deadline;
use super::suppression::Suppression;
use super::verdict::{SUPPRESSED, WINDOW_CLOSED};
use crate::error::Error;
use crate::journal::Claim;
use crate::time;

/// What became of a claim.
pub(super) struct Told {
    pub(super) claim: Claim,
    pub(super) result: callcta::Result<Receipt>,
    /// Whether it was about to be sent.
    pub(super) started: bool,
    /// Why it was not to be sent any more.
    pub(super) skipped: Option<&'static str>,
}

/// What must be looked at before each message.
#[derive(Default)]
pub(super) struct Gate {
    hours: Hours,
    suppression: Option<Mutex<Suppression>>,
    /// Why nobody may be written to any more.
    lost: Mutex<Option<Error>>,
}

impl Gate {
    pub(super) fn new(hours: Hours, suppression: Option<Suppression>) -> Self {
        Gate {
            hours,
            suppression: suppression.map(Mutex::new),
            lost: Mutex::new(None),
        }
    }

    pub(super) fn lose(&self, error: Error) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.get_or_insert(error);
    }

    pub(super) fn lost(&self) -> Option<Error> {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a Page may be written to now.
    pub(super) fn door(&self, page_id: &str) -> Door {
        self.hours.door(page_id, SystemTime::now())
    }

    /// Whether somebody is on the list as it is now; `None` if that can't be known.
    fn suppresses(&self, psid: &str) -> Option<bool> {
        let Some(suppression) = &self.suppression else {
            return Some(false);
        };
        let mut suppression = suppression.lock().unwrap_or_else(PoisonError::into_inner);
        match suppression.has(psid) {
            Ok(yes) => Some(yes),
            Err(error) => {
                self.lose(error);
                None
            }
        }
    }
}

pub(super) struct Follower {
    pub(super) claim: Claim,
    pub(super) gate: Arc<Gate>,
    pub(super) deadline: Arc<Deadline>,
    /// How many of the Page were started.
    pub(super) starts: Arc<AtomicU64>,
    pub(super) sender: Sender<Told>,
    pub(super) started: bool,
    pub(super) skipped: Option<&'static str>,
}

impl Follow for Follower {
    fn before(&mut self, _: &Request, _: u32) -> Dispatch {
        // Somebody else may have the Page by now, and keep its pace.
        if self.deadline.has_passed() || self.gate.door(&self.claim.row.page) != Door::Open {
            return Dispatch::Skip;
        }
        let window = self.claim.window_until;
        if window.is_some_and(|until| until <= time::now()) {
            self.skipped = Some(WINDOW_CLOSED);
            return Dispatch::Skip;
        }
        match self.gate.suppresses(&self.claim.row.psid) {
            Some(false) => {}
            Some(true) => {
                self.skipped = Some(SUPPRESSED);
                return Dispatch::Skip;
            }
            None => return Dispatch::Skip,
        }
        if !self.started {
            self.started = true;
            self.starts.fetch_add(1, Ordering::Relaxed);
        }
        Dispatch::Send
    }

    fn done(self: Box<Self>, result: callcta::Result<Receipt>) {
        let told = Told {
            claim: self.claim,
            result,
            started: self.started,
            skipped: self.skipped,
        };
        // Nobody listens any more when the run has ended.
        let _ = self.sender.send(told);
    }
}
