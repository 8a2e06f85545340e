//! How far a run is that goes on in another process, as its journal tells.

use std::time::Instant;

use super::snapshot::{Hold, Meter, Snapshot};
use crate::error::Result;
use crate::journal::Journal;

/// Watches a run from outside: what only that process knows, such as the Pages that are at a
/// limit, is left out.
pub struct Watch {
    meter: Meter,
    /// How many rows were done at the first look.
    before: Option<u64>,
}

impl Watch {
    /// A watch that begins now.
    pub fn new() -> Self {
        Watch {
            meter: Meter::new(Instant::now()),
            before: None,
        }
    }

    /// How far it is now.
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](crate::ErrorKind::Journal).
    pub fn look(&mut self, journal: &mut dyn Journal) -> Result<Snapshot> {
        let now = Instant::now();
        let paused = journal.pauses()?.into_iter();
        let mut snapshot = Snapshot {
            rows: journal.facts().rows,
            draining: journal.orders()?.pause,
            workers: if journal.is_shared() {
                journal.workers()?
            } else {
                Vec::new()
            },
            held: paused
                .map(|(page_id, why)| (page_id, Hold::Paused(why)))
                .collect(),
            ..Snapshot::default()
        };
        for count in journal.counts()? {
            snapshot.states[count.state as usize] += count.rows;
        }
        let done = snapshot.done();
        // Somebody may put rows back meanwhile.
        snapshot.settled = done.saturating_sub(*self.before.get_or_insert(done));
        snapshot.rate = self.meter.rate(snapshot.settled, now);
        let left = snapshot.rows - done;
        let (settled, rate) = (snapshot.settled, snapshot.rate);
        snapshot.left = self.meter.left(left, settled, rate, None, now);
        Ok(snapshot)
    }
}

impl Default for Watch {
    fn default() -> Self {
        Watch::new()
    }
}
