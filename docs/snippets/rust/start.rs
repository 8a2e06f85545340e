use callcta::{Button, Client, Element, Message};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let card = Message::generic([Element::new("Contact Support!")
        .button(Button::web_url("View Website", "https://example.com"))
        .button(Button::audio_call("Call Now").expires_in_days(5))]);
    let receipt = client.send(var("CALLCTA_PSID")?, &card)?;
    println!("sent {}", receipt.message_id);
    Ok(())
}
