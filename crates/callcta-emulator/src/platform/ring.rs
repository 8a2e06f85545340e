//! A bounded list.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A bounded list of things with ascending numbers; the oldest fall out.
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
    bytes: usize,
    dropped: u64,
}

/// What a ring keeps.
pub(crate) trait Item {
    /// The number by which it is found.
    fn number(&self) -> u64;

    /// About how much memory it takes.
    fn bytes(&self) -> usize;
}

impl<T: Item> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::with_capacity(capacity.min(512)),
            capacity,
            bytes: 0,
            dropped: 0,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.capacity == 0 {
            self.dropped += 1;
            return;
        }
        if self.items.len() == self.capacity {
            self.drop_oldest();
        }
        self.bytes += item.bytes();
        self.items.push_back(item);
    }

    /// Lets the oldest fall out; false if there is none.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let Some(item) = self.items.pop_front() else {
            return false;
        };
        self.bytes -= item.bytes();
        self.dropped += 1;
        true
    }

    /// Changes the item with a number, if it is still there.
    pub(crate) fn change<R>(&mut self, number: u64, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        // Nearly always the newest one.
        let index = if self.items.back().is_some_and(|i| i.number() == number) {
            self.items.len() - 1
        } else {
            self.index(number)?
        };
        let item = &mut self.items[index];
        self.bytes -= item.bytes();
        let result = change(item);
        self.bytes += item.bytes();
        Some(result)
    }

    fn index(&self, number: u64) -> Option<usize> {
        self.items.binary_search_by_key(&number, T::number).ok()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.items.get(self.index(number)?)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(index) = self.index(number)
            && let Some(item) = self.items.remove(index)
        {
            self.bytes -= item.bytes();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
    }

    /// What is kept as it stands in a snapshot; `made` is the number of the newest one ever made.
    pub(crate) fn save<S>(&self, made: u64, save: impl Fn(&T) -> S) -> SavedRing<S> {
        SavedRing {
            kept: self.items.iter().map(save).collect(),
            made,
            dropped: self.dropped,
        }
    }

    /// A ring from a snapshot, and the number of the newest one ever made. Of more than there is
    /// room for, the newest are kept.
    pub(crate) fn restore(saved: SavedRing<T>, capacity: usize) -> Result<(Self, u64), String> {
        let mut ring = Self::new(capacity);
        ring.dropped = saved.dropped;
        let mut last = 0;
        for item in saved.kept {
            if item.number() <= last || item.number() > saved.made {
                return Err(format!("number {} is out of order", item.number()));
            }
            last = item.number();
            ring.push(item);
        }
        Ok((ring, saved.made))
    }

    pub(crate) fn held(&self) -> Held {
        Held {
            kept: self.items.len(),
            bytes: self.bytes,
            dropped: self.dropped,
        }
    }
}

/// A list as it stands in a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedRing<T> {
    pub(crate) kept: Vec<T>,
    pub(crate) made: u64,
    pub(crate) dropped: u64,
}

/// How much a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) kept: usize,
    /// About how much memory they take.
    pub(crate) bytes: usize,
    /// How many have fallen out for want of room.
    pub(crate) dropped: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct N(u64, usize);

    impl Item for N {
        fn number(&self) -> u64 {
            self.0
        }

        fn bytes(&self) -> usize {
            self.1
        }
    }

    #[test]
    fn the_ring_keeps_the_newest_and_knows_what_it_holds() {
        let mut ring = Ring::new(3);
        for n in 1..=5 {
            ring.push(N(n, 10));
        }
        let held = |ring: &Ring<N>| {
            let held = ring.held();
            (held.kept, held.bytes, held.dropped)
        };
        assert_eq!(ring.iter().map(|n| n.0).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(ring.get(2).is_none());
        assert_eq!(held(&ring), (3, 30, 2));
        ring.remove(4);
        ring.remove(4);
        assert_eq!(held(&ring), (2, 20, 2));
        assert_eq!(ring.change(3, |n| n.1 = 25), Some(()));
        assert_eq!(ring.change(4, |n| n.1 = 25), None);
        assert_eq!(held(&ring), (2, 35, 2));
        assert!(ring.drop_oldest());
        assert_eq!(held(&ring), (1, 10, 3));
        ring.clear();
        assert!(!ring.drop_oldest());
        assert_eq!(held(&ring), (0, 0, 3));
        let mut none = Ring::new(0);
        none.push(N(1, 1));
        assert_eq!(held(&none), (0, 0, 1));
    }
}
