use callcta::{Button, Client, Delivery, Message};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let psid = var("CALLCTA_PSID")?;
    let message = Message::buttons("Need help?", [Button::audio_call("Call Now")]);
    // [begin three]
    if let Err(error) = client.send(psid, &message) {
        match error.delivery() {
            Delivery::NotSent => println!("mend the cause, then send it again"),
            Delivery::Rejected => println!("refused: {}", error.kind()),
            Delivery::Unknown => {
                println!("it may have arrived: look before you send it again")
            }
        }
    }
    // [end]
    Ok(())
}
