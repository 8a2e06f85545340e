//! The queue of faults.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::delay::Dice;
use super::fault::{Fault, FaultAction};

/// A fault in the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ArmedFault {
    /// Its name, `fault_1` and so on.
    pub id: String,
    /// A short name for what it does, as the request log shows it.
    pub label: String,
    /// The fault as it was armed.
    pub fault: Fault,
    /// How many times it will still happen; `null`: for ever.
    pub remaining: Option<u32>,
    /// How many times it has happened.
    pub hits: u64,
}

/// A fault that a request has taken, with its delay drawn.
pub(crate) struct Struck {
    pub(crate) fault: Fault,
    pub(crate) delay: Option<Duration>,
}

/// The faults of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedFaults {
    queue: Vec<ArmedFault>,
    dice: u64,
    pub(crate) made: u64,
}

/// The queue.
pub(crate) struct Faults {
    queue: VecDeque<ArmedFault>,
    dice: Dice,
    counter: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            queue: VecDeque::new(),
            dice: Dice(seed),
            counter: 0,
        }
    }

    pub(crate) fn save(&self) -> SavedFaults {
        SavedFaults {
            queue: self.list(),
            dice: self.dice.0,
            made: self.counter,
        }
    }

    pub(crate) fn restore(saved: SavedFaults) -> Result<Self, String> {
        for armed in &saved.queue {
            armed.fault.check()?;
        }
        Ok(Self {
            queue: saved.queue.into(),
            dice: Dice(saved.dice),
            counter: saved.made,
        })
    }

    pub(crate) fn arm(&mut self, fault: Fault) -> String {
        self.counter += 1;
        let id = format!("fault_{}", self.counter);
        self.queue.push_back(ArmedFault {
            id: id.clone(),
            label: fault.label(),
            remaining: fault.times,
            fault,
            hits: 0,
        });
        id
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.dice = Dice(seed);
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.queue.len();
        self.queue.retain(|f| f.id != id);
        self.queue.len() < before
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<ArmedFault> {
        self.queue.iter().cloned().collect()
    }

    pub(crate) fn any_unread(&self) -> bool {
        self.queue
            .iter()
            .any(|f| f.fault.action == FaultAction::DropBeforeRead)
    }

    /// The first fault that matches a request.
    pub(crate) fn take(
        &mut self,
        method: &str,
        path: &str,
        recipient: Option<&str>,
    ) -> Option<Struck> {
        let position = self.queue.iter().position(|f| {
            f.fault.matches_line(method, path)
                && f.fault
                    .matching
                    .recipient
                    .as_deref()
                    .is_none_or(|psid| recipient == Some(psid))
        })?;
        self.strike(position)
    }

    /// Whether the first fault that would match a request of which only the first line has been
    /// seen is one that must not read it; if so, it is taken.
    pub(crate) fn take_unread(&mut self, method: &str, path: &str) -> Option<Struck> {
        let position = self
            .queue
            .iter()
            .position(|f| f.fault.matches_line(method, path))?;
        let fault = &self.queue[position].fault;
        if fault.action != FaultAction::DropBeforeRead || fault.matching.recipient.is_some() {
            return None;
        }
        self.strike(position)
    }

    fn strike(&mut self, position: usize) -> Option<Struck> {
        let armed = &mut self.queue[position];
        if armed.fault.probability < 1.0 && self.dice.unit() >= armed.fault.probability {
            return None;
        }
        armed.hits += 1;
        let delay = armed
            .fault
            .delay
            .as_ref()
            .map(|delay| delay.draw(&mut self.dice));
        let fault = match &mut armed.remaining {
            Some(1) => {
                let armed = self.queue.remove(position)?;
                armed.fault
            }
            Some(n) => {
                *n -= 1;
                armed.fault.clone()
            }
            None => armed.fault.clone(),
        };
        Some(Struck { fault, delay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_and_counted() {
        let mut faults = Faults::new(1);
        faults.arm(Fault::status(500).times(2));
        faults.arm(Fault::drop_after_read());
        let mut take = || {
            faults
                .take("POST", "/1/messages", None)
                .map(|s| s.fault.label())
        };
        assert_eq!(take().as_deref(), Some("status 500"));
        assert_eq!(take().as_deref(), Some("status 500"));
        assert_eq!(take().as_deref(), Some("drop_after_read"));
        assert_eq!(take(), None);
    }

    #[test]
    fn matches_what_it_should() {
        let mut faults = Faults::new(1);
        faults.arm(Fault::status(500).on_path("/messages").on_recipient("9"));
        faults.arm(Fault::status(501).on_path("/").on_method("POST"));
        assert!(faults.take("POST", "/1/messages", Some("8")).is_none());
        assert!(faults.take("GET", "/", None).is_none());
        assert_eq!(
            faults
                .take("POST", "/v26.0/", None)
                .map(|s| s.fault.label())
                .as_deref(),
            Some("status 501")
        );
        assert!(faults.take("POST", "/1/messages", Some("9")).is_some());
    }

    #[test]
    fn an_unread_drop_waits_for_its_turn() {
        let mut faults = Faults::new(1);
        faults.arm(Fault::status(500));
        faults.arm(Fault::drop_before_read());
        assert!(faults.take_unread("POST", "/1/messages").is_none());
        faults.take("POST", "/1/messages", None);
        assert!(faults.take_unread("POST", "/1/messages").is_some());
    }

    #[test]
    fn probability_is_seeded() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.arm(Fault::status(500).forever().probability(0.5));
            (0..64)
                .map(|_| faults.take("POST", "/", None).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((16..48).contains(&hits), "{hits}");
    }
}
