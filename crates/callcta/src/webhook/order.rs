//! What makes events the same, and what comes before what.

use serde_json::Value;

use super::event::{CallStep, Event, EventKind};
use crate::credentials::hex;

/// Longest id that stands in an identity as it is.
const ID_MAX: usize = 96;

/// What tells an event from all others.
pub(super) fn identity(page_id: Option<&str>, kind: &EventKind, raw: &Value) -> String {
    let name = kind.name();
    let own = match kind {
        EventKind::Message(message) | EventKind::Echo(message) => Some(message.message_id.clone()),
        EventKind::Postback(postback) => postback.message_id.clone(),
        EventKind::Call(call) => {
            let step = call.event.as_str();
            let mark = match (&call.status, call.version) {
                (Some(status), _) => format!(":{status}"),
                (None, Some(version)) => format!(":{version}"),
                (None, None) => String::new(),
            };
            Some(format!("{}:{step}{mark}", call.id))
        }
        _ => None,
    };
    match own.filter(|id| id.len() <= ID_MAX && id.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some(id) => format!("{name}:{id}"),
        None => format!("{name}:{}", digest(page_id, raw)),
    }
}

/// The same for the same content, whatever the order of its fields.
fn digest(page_id: Option<&str>, raw: &Value) -> String {
    let text = format!("{} {raw}", page_id.unwrap_or_default());
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    hex(&digest.as_ref()[..16])
}

impl Event {
    /// By what [`sort`] orders: the platform's time, then the life of a call
    /// (connect, status, media updates by their version, terminate). An event that
    /// tells no time comes first.
    pub fn order(&self) -> (i64, u8, i64) {
        let time = self.time.unwrap_or(i64::MIN);
        let (rank, version) = match &self.kind {
            EventKind::Call(call) => (rank(&call.event), call.version.unwrap_or(0)),
            _ => (0, 0),
        };
        (time, rank, version)
    }
}

fn rank(step: &CallStep) -> u8 {
    match step {
        CallStep::Connect => 0,
        CallStep::Status => 1,
        CallStep::MediaUpdate | CallStep::Other(_) => 2,
        CallStep::Terminate => 3,
    }
}

/// Puts events into the order in which they happened, as far as the platform tells:
/// by [`Event::order`], and as they came where that is the same. When they came
/// decides nothing: the end of a call may come before its beginning.
pub fn sort(events: &mut [Event]) {
    events.sort_by_key(Event::order);
}
