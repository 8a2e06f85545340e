//! What an emulator is started with, and comes back to.

use std::time::Duration;

use super::site::Site;
use crate::platform::{Clock, Platform, State};
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
    /// The emulator's own URL.
    pub(crate) base: String,
    pub(crate) ready_line: String,
}

impl Settings {
    pub(super) fn platform(&self) -> Platform {
        let clock = Clock::new(self.start, self.run_clock);
        Platform::new(self.state.clone(), clock, self.keep_messages)
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic::new(self.keep_requests, self.seed)
    }
}
