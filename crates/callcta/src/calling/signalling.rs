//! What is said about one call. Session descriptions (SDP) go through unchanged:
//! callcta has no media engine.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::lenient::{self, Object};
use crate::limits::CALL_RINGS;
use crate::webhook::{CallStep, Event, EventKind};

/// The acceptance of a call, for [`accept`](super::Calling::accept).
///
/// ```
/// use callcta::calling::Accept;
///
/// let offer = "v=0\r\n…"; // of the WebRTC stack
/// let accept = Accept::new("c_1", offer).rang_at(1_671_644_824_000);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Accept {
    pub(crate) call_id: String,
    pub(crate) offer: String,
    rang_at: Option<i64>,
}

impl Accept {
    /// Of a call with this id, with the Page's offer (SDP).
    pub fn new(call_id: impl Into<String>, offer: impl Into<String>) -> Self {
        Accept {
            call_id: call_id.into(),
            offer: offer.into(),
            rang_at: None,
        }
    }

    /// Of the call that a webhook's event told of, if that is one that rings: a
    /// `connect` of the person's. Its time becomes the deadline.
    pub fn of(event: &Event, offer: impl Into<String>) -> Option<Self> {
        match &event.kind {
            EventKind::Call(call)
                if call.event == CallStep::Connect
                    && call.direction.as_deref() != Some("business_initiated") =>
            {
                Some(Accept::new(&call.id, offer).rang_at(event.time))
            }
            _ => None,
        }
    }

    /// When the call began to ring, in Unix milliseconds: the time of its `connect`
    /// webhook. It can be accepted for [60 seconds](CALL_RINGS) from then on, by this
    /// machine's clock, and isn't accepted later. Without it nothing is known of that.
    pub fn rang_at(mut self, time: impl Into<Option<i64>>) -> Self {
        self.rang_at = time.into();
        self
    }

    /// Until when it can be accepted, if known.
    pub(super) fn deadline(&self) -> Option<SystemTime> {
        let rang = u64::try_from(self.rang_at?).unwrap_or(0);
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(rang) + CALL_RINGS)
    }
}

/// Shows no session description: it holds addresses.
impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept")
            .field("call_id", &self.call_id)
            .field("rang_at", &self.rang_at)
            .finish_non_exhaustive()
    }
}

/// What the platform answered to [`accept`](super::Calling::accept) or
/// [`connect`](super::Calling::connect).
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallSession {
    /// The call; of an accepted one the id that was given.
    pub call_id: String,
    /// The platform's answer to the offer (SDP), unchanged.
    pub answer: Option<String>,
    /// A session description (SDP) to go on with, if there is one, unchanged.
    pub renegotiation: Option<String>,
    /// The whole answer.
    pub raw: Value,
}

/// Shows no session description: it holds addresses.
impl fmt::Debug for CallSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSession")
            .field("call_id", &self.call_id)
            .finish_non_exhaustive()
    }
}

impl CallSession {
    /// Of an answer about the call that was asked for, or about a new one.
    pub(super) fn told(answer: &Object, asked: Option<&str>) -> Result<Self, &'static str> {
        let id = |name| lenient::text(answer, name).unwrap_or_default();
        let told = id("call_id").or(id("id"));
        let call_id = match (asked, told) {
            (Some(asked), Some(told)) if asked != told => {
                return Err("the answer is about another call");
            }
            (Some(asked), _) => asked.to_owned(),
            (None, Some(told)) => told,
            (None, None) => return Err("the answer has no id of the call"),
        };
        let session = answer.get("session").and_then(Value::as_object);
        // A text on one of Meta's pages, an object with `sdp` on two others.
        let sdp = |name| match session?.get(name)? {
            Value::String(sdp) => Some(sdp.clone()),
            Value::Object(description) => match description.get("sdp")? {
                Value::String(sdp) => Some(sdp.clone()),
                _ => None,
            },
            _ => None,
        };
        Ok(CallSession {
            call_id,
            answer: sdp("sdp_response"),
            renegotiation: sdp("sdp_renegotiation"),
            raw: Value::Object(answer.clone()),
        })
    }
}

/// A change of what is sent in a call, for
/// [`update_media`](super::Calling::update_media).
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct MediaUpdate {
    pub(crate) offer: Option<String>,
    pub(crate) tracks: Vec<MediaTrack>,
    from_version: Option<i64>,
    to_version: Option<i64>,
}

/// Shows no session description: it holds addresses.
impl fmt::Debug for MediaUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaUpdate")
            .field("tracks", &self.tracks)
            .field("from_version", &self.from_version)
            .field("to_version", &self.to_version)
            .finish_non_exhaustive()
    }
}

/// A track of a [`MediaUpdate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaTrack {
    pub(crate) msid: String,
    pub(crate) label: String,
    pub(crate) enabled: bool,
}

impl MediaTrack {
    pub(crate) const LABELS: &[&str] = &[
        "default_audio",
        "default_video",
        "screen_audio",
        "screen_video",
    ];
}

impl MediaUpdate {
    /// An update that changes nothing yet.
    pub fn new() -> Self {
        MediaUpdate::default()
    }

    /// The Page's new offer (SDP).
    pub fn offer(mut self, sdp: impl Into<String>) -> Self {
        self.offer = Some(sdp.into());
        self
    }

    /// Says whether a track is on, at most 4 of them. `label` is `default_audio`,
    /// `default_video`, `screen_audio` or `screen_video`.
    pub fn track(
        mut self,
        msid: impl Into<String>,
        label: impl Into<String>,
        enabled: bool,
    ) -> Self {
        self.tracks.push(MediaTrack {
            msid: msid.into(),
            label: label.into(),
            enabled,
        });
        self
    }

    /// The versions between which the session changes.
    pub fn versions(mut self, from: i64, to: i64) -> Self {
        self.from_version = Some(from);
        self.to_version = Some(to);
        self
    }

    pub(super) fn body(&self, call_id: &str) -> Map<String, Value> {
        let mut body = action("media_update", Some(call_id));
        if let Some(offer) = &self.offer {
            body.insert("session".to_owned(), session(offer));
        }
        if !self.tracks.is_empty() {
            let tracks: Vec<Value> = self
                .tracks
                .iter()
                .map(|track| {
                    let status = if track.enabled { "enabled" } else { "disabled" };
                    json!({"msid": track.msid, "label": track.label, "status": status})
                })
                .collect();
            body.insert("tracks".to_owned(), tracks.into());
        }
        for (name, version) in [
            ("from_version", self.from_version),
            ("to_version", self.to_version),
        ] {
            if let Some(version) = version {
                body.insert(name.to_owned(), version.into());
            }
        }
        body
    }
}

/// `{"action": …, "call_id": …}`.
pub(super) fn action(action: &str, call_id: Option<&str>) -> Map<String, Value> {
    let mut body = Map::from_iter([("action".to_owned(), action.into())]);
    if let Some(call_id) = call_id {
        body.insert("call_id".to_owned(), call_id.into());
    }
    body
}

/// The Page's offer, which goes with `accept`, `connect` and `media_update`.
pub(super) fn session(offer: &str) -> Value {
    json!({"sdp_type": "offer", "sdp": offer})
}
