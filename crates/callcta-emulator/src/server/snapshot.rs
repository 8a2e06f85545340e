//! Everything that an emulator knows and remembers, as one piece of JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::exchange::target;
use crate::platform::{Platform, SavedPlatform, with_hint};
use crate::traffic::{SavedTraffic, Traffic};

/// What says that a file is a snapshot.
const FORMAT: &str = "callcta-emulator-snapshot";
/// Goes up when older emulators could not read it any more.
const VERSION: u64 = 1;

/// A snapshot. It holds tokens, secrets and texts.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snapshot {
    format: String,
    version: u64,
    pub(crate) platform: SavedPlatform,
    traffic: SavedTraffic,
}

impl Snapshot {
    pub(super) fn new(platform: SavedPlatform, traffic: SavedTraffic) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            platform,
            traffic,
        }
    }

    /// Reads a snapshot; what is none, or of another version, is refused with a reason.
    pub(crate) fn read(json: Value) -> Result<Self, String> {
        if json["format"] != FORMAT {
            return Err(format!("it is no snapshot: its format is not {FORMAT:?}"));
        }
        let version = &json["version"];
        if *version != VERSION {
            return Err(format!(
                "its version is {version}; this emulator reads {VERSION}"
            ));
        }
        let snapshot: Self =
            serde_json::from_value(json).map_err(|error| with_hint(error.to_string()))?;
        if let Some(url) = &snapshot.platform.state.webhook.url {
            target(url)?;
        }
        Ok(snapshot)
    }

    /// The parts of an emulator with this in mind, or what in it can't be.
    pub(super) fn restore(
        self,
        keep_messages: usize,
        keep_requests: usize,
    ) -> Result<(Platform, Traffic), String> {
        Ok((
            Platform::restore(self.platform, keep_messages)?,
            Traffic::restore(self.traffic, keep_requests)?,
        ))
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
