use callcta::{Button, ClientBuilder, Message};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let message = Message::buttons("Need help?", [Button::audio_call("Call Now")]);
    // [begin settings]
    let client = ClientBuilder::from_env()?
        .proxy(var("EXAMPLE_PROXY")?) // such as http://user:password@proxy.example:3128
        .extra_ca_pem(std::fs::read("company-ca.pem")?)
        .build()?;
    // [end]
    let receipt = client.send(var("CALLCTA_PSID")?, &message)?;
    println!("sent {}", receipt.message_id);
    Ok(())
}
