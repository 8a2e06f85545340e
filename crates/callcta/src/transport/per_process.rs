//! A value per process, for what must not be shared with a forked child.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// One value for each process that asks, told apart by process id.
///
/// A child sees its parent's value but never uses it. Nor does it touch a lock
/// that some thread of the parent may have held when it forked, as that thread
/// does not exist in the child to let go of it: a child claims a slot of its own
/// with one atomic exchange, and only its own threads ever wait for that slot.
///
/// Values of ancestors stay in memory, unused, until the whole is dropped.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    slots: [Slot<T>; GENERATIONS],
    /// For children of children of children; see `slots`.
    more: OnceLock<Box<PerProcess<T>>>,
}

/// Generations of forks that need no further allocation.
const GENERATIONS: usize = 8;

#[derive(Debug)]
struct Slot<T> {
    /// 0 while free; no process has this id.
    owner: AtomicU32,
    value: OnceLock<T>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| Slot {
                owner: AtomicU32::new(0),
                value: OnceLock::new(),
            }),
            more: OnceLock::new(),
        }
    }

    /// The value of process `pid`, made now if this is its first call.
    pub(crate) fn get(&self, pid: u32, make: impl FnOnce() -> T) -> &T {
        for slot in &self.slots {
            let owner =
                match slot
                    .owner
                    .compare_exchange(0, pid, Ordering::AcqRel, Ordering::Acquire)
                {
                    Ok(_) => pid,
                    Err(owner) => owner,
                };
            if owner == pid {
                return slot.value.get_or_init(make);
            }
        }
        self.more
            .get_or_init(|| Box::new(Self::new()))
            .get(pid, make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_own() {
        let values = PerProcess::new();
        // More generations than slots, each looked up twice.
        for pid in (1..=20).chain(1..=20) {
            assert_eq!(*values.get(pid, || pid * 10), pid * 10);
        }
        assert_eq!(*values.get(7, || unreachable!("made before")), 70);
    }

    #[test]
    fn a_slot_caught_half_made_by_a_fork_is_left_alone() {
        let values: PerProcess<u32> = PerProcess::new();
        // What a child sees when another thread of its parent was in `get`:
        // an owner, and a value that nobody will ever finish.
        values.slots[0].owner.store(1, Ordering::Release);
        assert_eq!(*values.get(2, || 20), 20);
        assert!(values.slots[0].value.get().is_none());
    }
}
