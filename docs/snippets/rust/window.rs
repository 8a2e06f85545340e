use callcta::{Button, Client, ErrorKind, Message};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let psid = var("CALLCTA_PSID")?;
    let message =
        Message::buttons("Shall we talk about it?", [Button::audio_call("Call Now")]);
    // [begin catch]
    match client.send(psid, &message) {
        Ok(_) => println!("sent"),
        Err(error) if error.kind() == ErrorKind::OutsideWindow => {
            println!("kept until the person writes again");
        }
        Err(error) => return Err(error.into()),
    }
    // [end]
    Ok(())
}
