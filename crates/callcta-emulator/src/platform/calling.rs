//! Calls ring, are taken and end.

use std::time::Duration;

use super::call::{CallDirection, CallStatus};
use super::clock::DAY;
use super::event::Event;
use super::media::ANSWER;
use super::notice::Notice;
use super::whole::Platform;

impl Platform {
    /// A call begins to ring; its number, and that of the `connect` webhook or why there is none.
    pub(crate) fn ring(
        &mut self,
        page_id: &str,
        psid: &str,
        direction: CallDirection,
        message_id: Option<String>,
    ) -> (u64, Result<u64, String>) {
        let now = self.clock.now();
        let seq = self.next_seq();
        let mut call = self
            .calls
            .begin(page_id, psid, direction, message_id, (seq, now));
        if self.state.unverified.call_opens_window
            && direction == CallDirection::UserInitiated
            && let Some(person) = self.state.people.get_mut(psid)
        {
            person.last_action = Some(now);
            self.tell_person(psid);
        }
        let webhook = self.tell(page_id, &Notice::CallConnect(&call), now);
        if let Err(why) = &webhook {
            call.no_webhook = Some(why.clone());
            self.calls.untold(call.id, why.clone());
        }
        if direction == CallDirection::BusinessInitiated {
            let _ = self.tell(page_id, &Notice::CallStatus(&call, "ringing"), now);
        }
        let id = call.id;
        self.news.tell(|| Event::Call(call));
        (id, webhook)
    }

    /// The person's answer (SDP) to the Page's offer; `None` if the offer can't be used.
    pub(crate) fn answer(&self, call_id: &str, offer: &str) -> Option<String> {
        match &self.media {
            Some(media) => media.answer(call_id, offer),
            None => Some(ANSWER.to_owned()),
        }
    }

    /// The other side takes the call.
    pub(crate) fn accept(&mut self, id: u64) -> Result<(), CallStatus> {
        let now = self.clock.now();
        let Some(call) = self.calls.accept(id, now)? else {
            return Ok(());
        };
        if call.direction == CallDirection::BusinessInitiated {
            let notice = Notice::CallStatus(&call, "accepted");
            let _ = self.tell(&call.page_id, &notice, now);
        }
        // A connected call is an implicit permission to call back.
        self.permit_calls(&call.psid, now);
        self.news.tell(|| Event::Call(call));
        Ok(())
    }

    /// The person changes what is sent, by a new offer (SDP); the number of the webhook, or why
    /// there is none. `None` if there is no such call.
    pub(crate) fn change_media(
        &mut self,
        id: u64,
        offer: String,
    ) -> Result<Option<Result<u64, String>>, CallStatus> {
        let Some(call) = self.calls.change_media(id, offer)? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let told = self.tell(&call.page_id, &Notice::CallMedia(&call), now);
        self.news.tell(|| Event::Call(call));
        Ok(Some(told))
    }

    /// The measurements of a call are reported; false if they were before.
    pub(crate) fn measure(&mut self, id: u64) -> bool {
        self.calls.measure(id)
    }

    /// Either side ends the call.
    pub(crate) fn end(&mut self, id: u64) -> Result<(), CallStatus> {
        self.end_at(id, self.clock.now())
    }

    fn end_at(&mut self, id: u64, at: i64) -> Result<(), CallStatus> {
        let Some(call) = self.calls.end(id, at)? else {
            return Ok(());
        };
        if let Some(media) = &self.media {
            media.hang_up(&call.call_id);
        }
        if call.direction == CallDirection::UserInitiated && call.status == CallStatus::Failed {
            // A call of theirs that went unanswered is an implicit permission, too.
            self.permit_calls(&call.psid, at);
        }
        let _ = self.tell(&call.page_id, &Notice::CallTerminate(&call), at);
        self.news.tell(|| Event::Call(call));
        Ok(())
    }

    /// Moves the clock; calls that have rung for too long end at their time.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.tick();
        self.tell_clock();
    }

    /// Whether calls have rung for too long.
    pub(crate) fn is_due(&self) -> bool {
        !self.calls.missed(self.clock.now()).is_empty()
    }

    /// Ends calls that have rung for too long; true if there were any.
    pub(crate) fn tick(&mut self) -> bool {
        let missed = self.calls.missed(self.clock.now());
        for (id, at) in &missed {
            // It was ringing a moment ago, under the same lock.
            let _ = self.end_at(*id, *at);
        }
        !missed.is_empty()
    }

    fn permit_calls(&mut self, psid: &str, now: i64) {
        if let Some(person) = self.state.people.get_mut(psid) {
            person.call_permission_until = Some(now + 7 * DAY);
            self.tell_person(psid);
        }
    }
}
