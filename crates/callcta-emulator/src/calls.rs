//! Telephone calls as far as their signalling goes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::DAY;
use crate::journal::Numbered;
use crate::state::RingTarget;
use crate::world::World;

/// How long a call rings before it counts as missed.
const RINGING_MS: i64 = 60_000;

/// A call between a person and a Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhoneCall {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// The id that Graph and webhooks use.
    pub call_id: String,
    /// The Page's side.
    pub page_id: String,
    /// The person's side.
    pub psid: String,
    /// Who called whom.
    pub direction: CallDirection,
    /// How far it got.
    pub status: CallStatus,
    /// The message whose button was tapped. Meta's webhooks do not tell it.
    pub message_id: Option<String>,
    /// When it began to ring, in Unix milliseconds of the emulator's clock.
    pub started_at: i64,
    /// When it was accepted.
    pub accepted_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

impl Numbered for PhoneCall {
    fn number(&self) -> u64 {
        self.id
    }
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// The person.
    UserInitiated,
    /// The Page.
    BusinessInitiated,
}

impl CallDirection {
    fn name(self) -> &'static str {
        match self {
            Self::UserInitiated => "user_initiated",
            Self::BusinessInitiated => "business_initiated",
        }
    }
}

/// How far a call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// Nobody has answered yet.
    Ringing,
    /// Both sides talk.
    Accepted,
    /// It was accepted and has ended.
    Completed,
    /// It was never accepted: declined, given up, or a minute passed.
    Failed,
}

impl World {
    /// A call begins to ring; its number and that of the `connect` webhook.
    pub(crate) fn ring(
        &mut self,
        page_id: &str,
        psid: &str,
        direction: CallDirection,
        message_id: Option<String>,
    ) -> (u64, Option<u64>) {
        let now = self.clock.now();
        self.call_count += 1;
        let id = self.call_count;
        let seq = self.next_seq();
        let call = PhoneCall {
            id,
            seq,
            call_id: format!("c_emulated{id:010}"),
            page_id: page_id.into(),
            psid: psid.into(),
            direction,
            status: CallStatus::Ringing,
            message_id,
            started_at: now,
            accepted_at: None,
            ended_at: None,
        };
        if self.state.unverified.call_opens_window
            && direction == CallDirection::UserInitiated
            && let Some(person) = self.state.people.get_mut(psid)
        {
            person.last_action = Some(now);
        }
        let event = json!({
            "id": call.call_id,
            "to": if direction == CallDirection::UserInitiated { page_id } else { psid },
            "from": if direction == CallDirection::UserInitiated { psid } else { page_id },
            "event": "connect",
            "timestamp": now / 1000,
            "call_direction": direction.name(),
        });
        self.calls.push(call);
        let webhook = self.call_webhook(page_id, &event, now);
        if direction == CallDirection::BusinessInitiated {
            self.call_status_webhook(id, "ringing");
        }
        self.tell_call(id);
        (id, webhook)
    }

    /// The other side takes the call.
    pub(crate) fn accept(&mut self, id: u64) -> Result<(), CallStatus> {
        let now = self.clock.now();
        let Some(call) = self.calls.get_mut(id) else {
            return Ok(());
        };
        if call.status != CallStatus::Ringing {
            return Err(call.status);
        }
        call.status = CallStatus::Accepted;
        call.accepted_at = Some(now);
        let (psid, direction) = (call.psid.clone(), call.direction);
        if direction == CallDirection::BusinessInitiated {
            self.call_status_webhook(id, "accepted");
        }
        // A connected call is an implicit permission to call back.
        self.permit_calls(&psid, now);
        self.tell_call(id);
        Ok(())
    }

    /// Either side ends the call, or nobody answered in time.
    pub(crate) fn end(&mut self, id: u64, at: i64) -> Result<(), CallStatus> {
        let Some(call) = self.calls.get_mut(id) else {
            return Ok(());
        };
        let was = call.status;
        call.status = match was {
            CallStatus::Ringing => CallStatus::Failed,
            CallStatus::Accepted => CallStatus::Completed,
            ended => return Err(ended),
        };
        call.ended_at = Some(at);
        let call = call.clone();
        let user = call.direction == CallDirection::UserInitiated;
        if user && was == CallStatus::Ringing {
            // So is a call of theirs that went unanswered.
            self.permit_calls(&call.psid, at);
        }
        let mut event = json!({
            "id": call.call_id,
            "to": if user { &call.page_id } else { &call.psid },
            "from": if user { &call.psid } else { &call.page_id },
            "event": "terminate",
            "timestamp": at / 1000,
            "call_direction": call.direction.name(),
            "status": if was == CallStatus::Accepted { "Completed" } else { "Failed" },
        });
        if let Some(accepted) = call.accepted_at {
            event["start_time"] = json!(accepted / 1000);
            event["end_time"] = json!(at / 1000);
            event["duration"] = json!(at.saturating_sub(accepted) / 1000);
        }
        self.call_webhook(&call.page_id, &event, at);
        self.tell_call(id);
        Ok(())
    }

    /// Ends calls that have rung for too long; true if there were any.
    pub(crate) fn tick(&mut self) -> bool {
        let now = self.clock.now();
        let due: Vec<_> = self
            .calls
            .iter()
            .filter(|c| c.status == CallStatus::Ringing && c.started_at + RINGING_MS <= now)
            .map(|c| (c.id, c.started_at + RINGING_MS))
            .collect();
        for (id, at) in &due {
            // It was ringing a moment ago, under the same lock.
            let _ = self.end(*id, *at);
        }
        !due.is_empty()
    }

    /// The number of a call by the id that Graph uses.
    pub(crate) fn call_number(&self, call_id: &str) -> Option<u64> {
        self.calls
            .iter()
            .rev()
            .find(|c| c.call_id == call_id)
            .map(|c| c.id)
    }

    pub(crate) fn permit_calls(&mut self, psid: &str, now: i64) {
        if let Some(person) = self.state.people.get_mut(psid) {
            person.call_permission_until = Some(now + 7 * DAY);
        }
    }

    fn call_status_webhook(&mut self, id: u64, status: &str) {
        let now = self.clock.now();
        if let Some(call) = self.calls.get(id) {
            let page_id = call.page_id.clone();
            let event = json!({
                "id": call.call_id,
                "recipient_id": call.psid,
                "event": "call_status",
                "timestamp": now / 1000,
                "call_status": status,
            });
            self.call_webhook(&page_id, &event, now);
        }
    }

    fn call_webhook(&mut self, page_id: &str, event: &Value, at: i64) -> Option<u64> {
        let page = self.state.pages.get(page_id)?;
        let user = event["call_direction"] == "user_initiated";
        if user && page.call_routing == RingTarget::Meta {
            return None;
        }
        self.webhook(
            page_id,
            "calls",
            &json!({"id": page_id, "time": at / 1000, "calls": [event]}),
        )
    }

    fn tell_call(&mut self, id: u64) {
        if let Some(call) = self.calls.get(id) {
            self.events.emit("call", || json!(call));
        }
    }
}
