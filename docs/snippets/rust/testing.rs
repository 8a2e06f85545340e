use callcta::{Button, Client, Delivery, Element, ErrorKind, Message, Receipt};
use callcta_emulator::{Emulator, Fault, TapTarget, defaults};
use std::time::Duration;

/// The bot under test.
fn offer_call(client: &Client, psid: &str) -> callcta::Result<Receipt> {
    let call = Button::audio_call("Call Now").expires_in_days(5);
    client.send(psid, &Message::generic([Element::new("Contact Support!").button(call)]))
}

fn client_of(emulator: &Emulator) -> Client {
    Client::builder(emulator.page_id(), emulator.access_token())
        .base_url(emulator.url())
        .build()
        .expect("these settings can be used")
}

#[test]
fn a_card_that_rings_and_expires() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let receipt = offer_call(&client_of(&emulator), defaults::PSID)?;
    let sent = emulator.messages();
    let card = &sent[0].body["message"]["attachment"]["payload"]["elements"][0];
    assert_eq!(card["buttons"][0]["type"], "audio_call");

    let tap =
        emulator.tap(&TapTarget::call(&receipt.message_id)).expect("it is clickable");
    assert!(tap.call.is_some(), "it rings");
    emulator.advance(Duration::from_secs(6 * 24 * 60 * 60));
    assert!(
        emulator.tap(&TapTarget::call(&receipt.message_id)).is_err(),
        "it has expired"
    );
    Ok(())
}

#[test]
fn what_can_go_wrong() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let client = client_of(&emulator);
    let error = offer_call(&client, defaults::PSID_WINDOW_CLOSED).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutsideWindow);

    emulator.arm(Fault::drop_after_store());
    let error = offer_call(&client, defaults::PSID).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(emulator.posts(), 2, "what may have arrived is not sent again");
    Ok(())
}
