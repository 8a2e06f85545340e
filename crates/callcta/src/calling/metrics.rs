//! What the business tells the platform about a call after its end.

use serde_json::{Map, Value};

use crate::message::Extra;

/// The measurements of one call, for [`report_metrics`](super::Calling::report_metrics):
/// once, within 24 hours of its end.
///
/// The names inside the statistics differ between Meta's pages (milliseconds in the
/// table, seconds in the sample), so they are passed on as they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CallMetrics {
    pub(crate) body: Map<String, Value>,
}

impl CallMetrics {
    /// The required ones: the call, why it ended (such as `Hangup_Call`), when it ended
    /// and when the first audio packet came, both as the platform wants them, and the
    /// statistics of its audio.
    pub fn new(
        call_id: impl Into<String>,
        end_call_reason: impl Into<String>,
        call_ended_time: i64,
        first_audio_packet_received_time: i64,
        audio_stats: Extra,
    ) -> Self {
        CallMetrics { body: Map::new() }
            .field("call_id", call_id.into())
            .field("end_call_reason", end_call_reason.into())
            .field("call_ended_time", call_ended_time)
            .field(
                "first_audio_packet_received_time",
                first_audio_packet_received_time,
            )
            .field("audio_stats", audio_stats)
    }

    /// Measurements from their wire form. `platform` is `messenger` if it isn't there.
    pub fn raw(json: Map<String, Value>) -> Self {
        CallMetrics { body: json }
    }

    /// Sets a field, such as `end_call_subreason` or `video_stats`.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }
}
