//! What an emulator is started with, and comes back to.

use crate::platform::{Platform, State};
use crate::traffic::Traffic;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) state: State,
    pub(crate) run_clock: bool,
    pub(crate) seed: u64,
    pub(crate) keep_messages: usize,
    pub(crate) keep_requests: usize,
    /// The emulator's own URL.
    pub(crate) base: String,
    pub(crate) ready_line: String,
}

impl Settings {
    pub(super) fn platform(&self) -> Platform {
        Platform::new(self.state.clone(), self.run_clock, self.keep_messages)
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic::new(self.keep_requests, self.seed)
    }
}
