use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::event::Event;

/// Remembers which events were there before: the platform sends again what wasn't
/// answered in time.
///
/// It is bounded, may be shared by threads, and of two that ask about the same event
/// at the same time only one is told that it is new. It knows this process only: where
/// several receive, put [`Event::identity`] into a database under a unique key.
pub struct Deduplicator {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    known: HashSet<String>,
    /// Oldest first.
    order: VecDeque<String>,
}

impl Deduplicator {
    /// Remembers the last `capacity` events, at least 1; each takes some 200 bytes.
    pub fn new(capacity: usize) -> Self {
        Deduplicator {
            capacity: capacity.max(1),
            seen: Mutex::default(),
        }
    }

    /// Whether this event is here for the first time; from now on it isn't.
    pub fn is_new(&self, event: &Event) -> bool {
        self.is_new_identity(&event.identity)
    }

    /// As [`is_new`](Deduplicator::is_new), by the event's identity.
    pub fn is_new_identity(&self, identity: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.known.contains(identity) {
            return false;
        }
        if seen.order.len() >= self.capacity
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.known.remove(&oldest);
        }
        seen.known.insert(identity.to_owned());
        seen.order.push_back(identity.to_owned());
        true
    }

    /// Forgets an event, so that it counts as new again: when what was begun because
    /// of it failed, and shall be done when it is sent again.
    pub fn forget(&self, identity: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.known.remove(identity) {
            seen.order.retain(|known| known != identity);
        }
    }
}

impl fmt::Debug for Deduplicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicator")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn only_the_last_are_remembered() {
        let seen = Deduplicator::new(2);
        let new = |identity| seen.is_new_identity(identity);
        assert_eq!(
            ["a", "a", "b", "a", "c"].map(new),
            [true, false, true, false, true]
        );
        // `a` was the oldest.
        assert_eq!(["b", "c", "a"].map(new), [false, false, true]);
        seen.forget("c");
        assert_eq!(["c", "a"].map(new), [true, false]);
    }

    #[test]
    fn one_of_many_is_told_that_it_is_new() {
        let seen = Deduplicator::new(1000);
        let new = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for event in 0..500 {
                        if seen.is_new_identity(&event.to_string()) {
                            new.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(new.into_inner(), 500);
    }
}
