//! Sends a card with a call button; the README shows it.
#![allow(clippy::print_stdout)] // it is a program

use callcta::{Button, Client, Element, Message};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?; // without CALLCTA_BASE_URL it reaches Meta
    let card = Message::generic([Element::new("Contact Support!")
        .button(Button::web_url("View Website", "https://example.com"))
        .button(Button::audio_call("Call Now").expires_in_days(5))]);
    let receipt = client.send(var("CALLCTA_PSID")?, &card)?;
    println!("{}", receipt.message_id);
    Ok(())
}
