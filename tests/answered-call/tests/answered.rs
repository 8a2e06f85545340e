//! The whole loop: switched on, sent, tapped, heard, accepted, spoken, ended.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::thread;
use std::time::{Duration, SystemTime};

use answered_call::{Line, Offer, Person, Receiver, Sound, answer};
use callcta::Client;
use callcta::calling::Accept;
use callcta::webhook::Secrets;
use callcta_emulator::{CallStatus, Emulator, TapTarget, defaults};

const PATIENCE: Duration = Duration::from_secs(60);
/// A second of sound.
const FRAMES: u64 = 50;

fn start(person: &Person) -> Emulator {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_millis()).unwrap();
    let builder = Emulator::builder().clock(now).run_clock(true);
    builder.media(person.clone()).start().unwrap()
}

#[test]
fn a_tap_is_answered_and_sound_flows_both_ways() {
    let person = Person::new();
    let emulator = start(&person);
    emulator.with_state(|state| state.page_mut(defaults::PAGE_ID).audio_enabled = false);
    let secrets = Secrets::new([emulator.app_secret()]).unwrap();
    let receiver = Receiver::start(secrets, "token").unwrap();
    emulator.set_webhook_url(receiver.url()).unwrap();
    let client = Client::builder(emulator.page_id(), emulator.access_token())
        .base_url(emulator.url())
        .build()
        .unwrap();

    let answered = thread::scope(|scope| {
        let business =
            scope.spawn(move || answer(&client, &receiver, defaults::PSID, FRAMES, PATIENCE));
        let messages = emulator.wait_for_messages(1, PATIENCE).unwrap();
        let button = TapTarget::call(messages[0].message_id.clone());
        emulator.tap(&button).unwrap();
        business.join().unwrap().unwrap()
    });

    let heard = person.counts(&answered.call_id).unwrap();
    println!("business {:?}, person {heard:?}", answered.counts);
    assert!(answered.counts.received >= FRAMES, "{answered:?}");
    assert!(answered.counts.sent >= FRAMES, "{answered:?}");
    assert!(heard.sent >= FRAMES && heard.received > 0, "{heard:?}");
    assert_eq!(answered.psid.as_deref(), Some(defaults::PSID));
    assert_eq!(answered.message_id, emulator.messages()[0].message_id);
    let call = emulator.calls().pop().unwrap();
    assert_eq!(
        (call.call_id, call.status),
        (answered.call_id, CallStatus::Completed)
    );
}

#[test]
fn an_offer_that_no_engine_can_use_is_refused() {
    let person = Person::new();
    let emulator = start(&person);
    let client = Client::builder(emulator.page_id(), emulator.access_token())
        .base_url(emulator.url())
        .build()
        .unwrap();
    let card = callcta::Message::buttons("Talk to us", [callcta::Button::audio_call("Call Now")]);
    let receipt = client.send(defaults::PSID, &card).unwrap();
    emulator.tap(&TapTarget::call(receipt.message_id)).unwrap();
    let call_id = emulator.calls()[0].call_id.clone();
    let accept = Accept::new(call_id, "v=0\r\nnothing that could be used");
    let error = client.calling().accept(&accept).unwrap_err();
    assert_eq!(
        error.graph().map(|graph| graph.code),
        Some(2_018_392),
        "{error}"
    );
    assert_eq!(emulator.calls()[0].status, CallStatus::Ringing);
}

#[test]
fn each_side_hears_the_other() {
    let offer = Offer::new(Sound::Tone).unwrap();
    let (other, answer) = Line::answering(Sound::Echo, offer.sdp()).unwrap();
    let line = offer.answered(&answer).unwrap();
    let counts = line.wait_for(10, PATIENCE);
    assert!(counts.sent >= 10 && counts.received >= 10, "{counts:?}");
    let heard = other.hang_up();
    assert!(heard.received >= 10 && heard.sent >= 10, "{heard:?}");
}
