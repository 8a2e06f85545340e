//! The platform as it stands in a snapshot.

use serde::{Deserialize, Serialize};

use super::action::{Actions, PersonAction};
use super::call::{Calls, SavedCalls};
use super::clock::Clock;
use super::message::{Messages, StoredMessage};
use super::news::News;
use super::presence::{Presence, Presences};
use super::ring::SavedRing;
use super::state::State;
use super::usage::Usage;
use super::webhook::{SavedWebhooks, Webhooks};
use super::whole::{KEPT, Platform};

/// Nothing counts so far; a file that says so is none of ours.
pub(crate) const COUNT_MAX: u64 = 1 << 53;

/// All that the platform knows and remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedPlatform {
    pub(crate) state: State,
    pub(crate) clock: SavedClock,
    seq: u64,
    traces: u64,
    made: u64,
    messages: SavedRing<StoredMessage>,
    actions: SavedRing<PersonAction>,
    calls: SavedCalls,
    webhooks: SavedWebhooks,
    presences: Vec<Presence>,
    usage: Usage,
    uploads: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedClock {
    pub(crate) start: i64,
    pub(crate) now: i64,
    pub(crate) running: bool,
}

impl Platform {
    pub(crate) fn save(&self) -> SavedPlatform {
        SavedPlatform {
            state: self.state.clone(),
            clock: SavedClock {
                start: self.clock.start(),
                now: self.clock.now(),
                running: self.clock.is_running(),
            },
            seq: self.seq,
            traces: self.traces,
            made: self.made,
            messages: self.messages.save(),
            actions: self.actions.save(),
            calls: self.calls.save(),
            webhooks: self.webhooks.save(),
            presences: self.presences.save(),
            usage: self.usage.clone(),
            uploads: self.uploads.iter().cloned().collect(),
        }
    }

    /// A platform from a snapshot, or what in it can't be.
    pub(crate) fn restore(saved: SavedPlatform, keep_messages: usize) -> Result<Self, String> {
        let clock = saved.clock;
        let clock = Clock::at(clock.start, clock.now, clock.running)
            .ok_or("the clock shows no time that it can show")?;
        if !saved.usage.is_sound(clock.now()) {
            return Err("the usage does not add up".into());
        }
        let made = [
            saved.messages.made,
            saved.actions.made,
            saved.calls.log.made,
            saved.webhooks.log.made,
        ];
        if made
            .into_iter()
            .chain([saved.seq, saved.traces, saved.made])
            .any(|n| n > COUNT_MAX)
        {
            return Err("a count is out of range".into());
        }
        let of = |log: &str, why: String| format!("{log}: {why}");
        Ok(Self {
            state: saved.state,
            clock,
            messages: Messages::restore(saved.messages, keep_messages)
                .map_err(|why| of("messages", why))?,
            actions: Actions::restore(saved.actions, KEPT).map_err(|why| of("actions", why))?,
            calls: Calls::restore(saved.calls, KEPT).map_err(|why| of("calls", why))?,
            webhooks: Webhooks::restore(saved.webhooks, KEPT).map_err(|why| of("webhooks", why))?,
            presences: Presences::restore(saved.presences),
            news: News::default(),
            usage: saved.usage,
            seq: saved.seq,
            traces: saved.traces,
            made: saved.made,
            uploads: saved.uploads.into(),
            media: None,
        })
    }
}
