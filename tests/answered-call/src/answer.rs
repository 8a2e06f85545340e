//! The business: sends the button, hears the tap, answers the call.

use std::time::Duration;

use callcta::calling::{Accept, CALLS_FIELD, CallSettings, RingTarget};
use callcta::webhook::{CallStep, Deduplicator, Event, EventKind};
use callcta::{Button, Client, Message};

use crate::line::{Counts, Offer};
use crate::receiver::Receiver;
use crate::sound::Sound;

/// A call that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The platform's id of the call.
    pub call_id: String,
    /// Who called.
    pub psid: Option<String>,
    /// The card whose button was tapped, as far as that can be told: the platform doesn't link
    /// the two, so it is the last one that was sent to this person.
    pub message_id: String,
    /// What went each way.
    pub counts: Counts,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Switches calling on, sends a person a call button, answers the call that comes of it with an
/// echo, and hangs up when so many frames went each way.
///
/// # Errors
///
/// If any of it fails, or nobody calls within `patience`.
pub fn answer(
    client: &Client,
    receiver: &Receiver,
    psid: &str,
    frames: u64,
    patience: Duration,
) -> Result<Answered, Failed> {
    let calling = client.calling();
    calling.subscribe(["messages", "message_echoes", CALLS_FIELD])?;
    calling.set_settings(
        &CallSettings::new()
            .audio_enabled(true)
            .call_routing(RingTarget::Partners),
    )?;
    let card = Message::buttons("Talk to us", [Button::audio_call("Call Now")]);
    let receipt = client.send(psid, &card)?;

    let known = Deduplicator::new(1000);
    let ringing = loop {
        let event = receiver.next(patience)?;
        if known.is_new(&event) && event.psid.as_deref() == Some(psid) && is_ringing(&event) {
            break event;
        }
    };

    // The engine offers, and the platform answers for the person.
    let offer = Offer::new(Sound::Echo)?;
    let accept = Accept::of(&ringing, offer.sdp()).ok_or("the call can't be accepted")?;
    let session = calling.accept(&accept)?;
    let told = session.answer.ok_or("the platform sent no answer")?;
    let line = offer.answered(&told).ok_or("the answer can't be used")?;

    line.wait_for(frames, patience);
    calling.terminate(&session.call_id)?;
    Ok(Answered {
        call_id: session.call_id,
        psid: ringing.psid,
        message_id: receipt.message_id,
        counts: line.hang_up(),
    })
}

fn is_ringing(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Call(call) if call.event == CallStep::Connect)
}
