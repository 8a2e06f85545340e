//! A bounded list.

use std::collections::VecDeque;

/// A bounded list of things with ascending numbers; the oldest fall out.
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

/// The number by which a ring finds its items.
pub(crate) trait Numbered {
    fn number(&self) -> u64;
}

impl<T: Numbered> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::with_capacity(capacity.min(512)),
            capacity,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.capacity == 0 {
            return;
        }
        if self.items.len() == self.capacity {
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        // Nearly always the newest one.
        if self.items.back().is_some_and(|i| i.number() == number) {
            return self.items.back_mut();
        }
        let index = self
            .items
            .binary_search_by_key(&number, Numbered::number)
            .ok()?;
        self.items.get_mut(index)
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let index = self
            .items
            .binary_search_by_key(&number, Numbered::number)
            .ok()?;
        self.items.get(index)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct N(u64);

    impl Numbered for N {
        fn number(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn the_ring_keeps_the_newest() {
        let mut ring = Ring::new(3);
        for n in 1..=5 {
            ring.push(N(n));
        }
        assert_eq!(ring.iter().map(|n| n.0).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(ring.get(2).is_none());
        ring.retain(|n| n.0 != 4);
        assert_eq!(ring.get_mut(3).map(|n| n.0), Some(3));
        assert_eq!(ring.len(), 2);
        let mut none = Ring::new(0);
        none.push(N(1));
        assert_eq!(none.len(), 0);
    }
}
