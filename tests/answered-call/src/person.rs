//! The person's side, for the emulator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callcta_emulator::Media;

use crate::line::{Counts, Line};
use crate::sound::Sound;

/// Somebody who taps the button and hums a tone into the telephone.
#[derive(Clone, Debug, Default)]
pub struct Person {
    lines: Arc<Mutex<HashMap<String, Arc<Line>>>>,
}

impl Person {
    /// Nobody calls yet.
    pub fn new() -> Self {
        Person::default()
    }

    /// What went each way in a call so far, once it was accepted.
    pub fn counts(&self, call_id: &str) -> Option<Counts> {
        Some(self.line(call_id)?.counts())
    }

    /// As [`Line::wait_for`], in a call that was accepted.
    pub fn wait_for(&self, call_id: &str, frames: u64, timeout: Duration) -> Option<Counts> {
        Some(self.line(call_id)?.wait_for(frames, timeout))
    }

    fn line(&self, call_id: &str) -> Option<Arc<Line>> {
        self.lines().get(call_id).cloned()
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<String, Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Media for Person {
    fn answer(&self, call_id: &str, offer: &str) -> Option<String> {
        let (line, answer) = Line::answering(Sound::Tone, offer)?;
        self.lines().insert(call_id.to_owned(), Arc::new(line));
        Some(answer)
    }

    fn hang_up(&self, call_id: &str) {
        if let Some(line) = self.line(call_id) {
            line.close();
        }
    }
}
