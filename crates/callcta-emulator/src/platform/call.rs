//! Telephone calls as far as their signalling goes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ring::{Held, Item, Ring, SavedRing};
use super::size::ENTRY;

/// How long a call rings before it counts as missed.
const RINGING_MS: i64 = 60_000;

/// A call between a person and a Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// How often the person has changed what is sent.
    pub media_version: u64,
    /// The person's last offer (SDP), after such a change.
    pub offer: Option<String>,
    /// Why its ringing made no webhook.
    pub no_webhook: Option<String>,
}

impl Item for PhoneCall {
    fn number(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        ENTRY + self.psid.len() + self.offer.as_ref().map_or(0, String::len)
    }
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// The person.
    UserInitiated,
    /// The Page.
    BusinessInitiated,
}

/// How far a call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The calls of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedCalls {
    pub(super) log: SavedRing<PhoneCall>,
    measured: BTreeSet<u64>,
}

/// The newest calls.
pub(crate) struct Calls {
    kept: Ring<PhoneCall>,
    count: u64,
    /// Those whose measurements were reported.
    measured: BTreeSet<u64>,
}

impl Calls {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
            measured: BTreeSet::new(),
        }
    }

    /// The measurements of a call are reported; false if they were before.
    pub(super) fn measure(&mut self, id: u64) -> bool {
        if let Some(oldest) = self.kept.iter().next() {
            self.measured = self.measured.split_off(&oldest.id);
        }
        self.measured.insert(id)
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &PhoneCall> {
        self.kept.iter()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&PhoneCall> {
        self.kept.get(number)
    }

    pub(crate) fn held(&self) -> Held {
        self.kept.held()
    }

    pub(super) fn save(&self) -> SavedCalls {
        SavedCalls {
            log: self.kept.save(self.count, Clone::clone),
            measured: self.measured.clone(),
        }
    }

    pub(super) fn restore(saved: SavedCalls, keep: usize) -> Result<Self, String> {
        let (kept, count) = Ring::restore(saved.log, keep)?;
        Ok(Self {
            kept,
            count,
            measured: saved.measured,
        })
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        self.kept.drop_oldest()
    }

    /// A call by the id that Graph uses.
    pub(crate) fn find(&self, call_id: &str) -> Option<&PhoneCall> {
        self.iter().rev().find(|call| call.call_id == call_id)
    }

    /// Notes why nobody was told that it rings.
    pub(super) fn untold(&mut self, number: u64, why: String) {
        self.kept.change(number, |call| call.no_webhook = Some(why));
    }

    /// A call begins to ring.
    pub(super) fn begin(
        &mut self,
        page_id: &str,
        psid: &str,
        direction: CallDirection,
        message_id: Option<String>,
        (seq, now): (u64, i64),
    ) -> PhoneCall {
        self.count += 1;
        let call = PhoneCall {
            id: self.count,
            seq,
            call_id: format!("c_emulated{:010}", self.count),
            page_id: page_id.into(),
            psid: psid.into(),
            direction,
            status: CallStatus::Ringing,
            message_id,
            started_at: now,
            accepted_at: None,
            ended_at: None,
            media_version: 0,
            offer: None,
            no_webhook: None,
        };
        self.kept.push(call.clone());
        call
    }

    /// The other side takes a call, which must ring; `None` if there is no such call.
    pub(super) fn accept(&mut self, id: u64, now: i64) -> Result<Option<PhoneCall>, CallStatus> {
        self.change(id, |call| {
            if call.status != CallStatus::Ringing {
                return Err(call.status);
            }
            call.status = CallStatus::Accepted;
            call.accepted_at = Some(now);
            Ok(())
        })
    }

    /// The person changes what is sent in a call, which must have been accepted; `None` if there
    /// is no such call.
    pub(super) fn change_media(
        &mut self,
        id: u64,
        offer: String,
    ) -> Result<Option<PhoneCall>, CallStatus> {
        self.change(id, |call| {
            if call.status != CallStatus::Accepted {
                return Err(call.status);
            }
            call.media_version += 1;
            call.offer = Some(offer);
            Ok(())
        })
    }

    /// Either side ends a call, which must not be over; `None` if there is no such call.
    pub(super) fn end(&mut self, id: u64, at: i64) -> Result<Option<PhoneCall>, CallStatus> {
        self.change(id, |call| {
            call.status = match call.status {
                CallStatus::Ringing => CallStatus::Failed,
                CallStatus::Accepted => CallStatus::Completed,
                ended => return Err(ended),
            };
            call.ended_at = Some(at);
            Ok(())
        })
    }

    fn change(
        &mut self,
        id: u64,
        change: impl FnOnce(&mut PhoneCall) -> Result<(), CallStatus>,
    ) -> Result<Option<PhoneCall>, CallStatus> {
        let changed = self
            .kept
            .change(id, |call| change(call).map(|()| call.clone()));
        changed.transpose()
    }

    /// Calls that have rung for too long, and when each was missed.
    pub(super) fn missed(&self, now: i64) -> Vec<(u64, i64)> {
        self.iter()
            .filter(|c| {
                c.status == CallStatus::Ringing && c.started_at.saturating_add(RINGING_MS) <= now
            })
            .map(|c| (c.id, c.started_at.saturating_add(RINGING_MS)))
            .collect()
    }
}
