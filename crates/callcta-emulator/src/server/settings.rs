//! What an emulator is started with, and comes back to.

use std::sync::Arc;
use std::time::Duration;

use super::site::Site;
use super::snapshot::Snapshot;
use crate::platform::{Clock, Media, Platform, State};
use crate::traffic::Traffic;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) state: State,
    /// Where the clock starts.
    pub(crate) start: i64,
    pub(crate) run_clock: bool,
    pub(crate) seed: u64,
    pub(crate) keep_messages: usize,
    pub(crate) keep_requests: usize,
    /// About how much memory all logs together may take.
    pub(crate) keep_bytes: usize,
    /// How long the head of a request may take to arrive.
    pub(crate) head_timeout: Duration,
    pub(crate) site: Site,
    /// What to start from instead of `state`, `start` and `run_clock`.
    pub(crate) snapshot: Option<Snapshot>,
    /// The emulator's own URL.
    pub(crate) base: String,
    pub(crate) ready_line: String,
    pub(crate) media: Option<Arc<dyn Media>>,
}

impl Settings {
    /// What an emulator begins with, and comes back to.
    pub(super) fn beginning(&self) -> (Platform, Traffic) {
        // Whoever starts an emulator has looked whether the snapshot can be used.
        let restored = self
            .snapshot
            .clone()
            .and_then(|saved| self.restore(saved).ok());
        restored.unwrap_or_else(|| {
            let clock = Clock::new(self.start, self.run_clock);
            let platform = Platform::new(self.state.clone(), clock, self.keep_messages);
            (
                platform.with_media(self.media.clone()),
                Traffic::new(self.keep_requests, self.seed),
            )
        })
    }

    /// What is in a snapshot, or why that can't be.
    pub(crate) fn restore(&self, saved: Snapshot) -> Result<(Platform, Traffic), String> {
        let (platform, traffic) = saved.restore(self.keep_messages, self.keep_requests)?;
        Ok((platform.with_media(self.media.clone()), traffic))
    }
}
