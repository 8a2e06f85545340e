use callcta::{Button, Client, Message};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // [begin short]
    let call = Button::audio_call("Call Now").expires_in_days(5);
    let client = Client::from_env()?;
    let psid = std::env::var("CALLCTA_PSID")?;
    let receipt = client.send(psid, &Message::buttons("Need help?", [call]))?;
    println!("{}", receipt.message_id);
    // [end]
    Ok(())
}
