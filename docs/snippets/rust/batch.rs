use callcta::{Batch, Button, Client, Message, Request, SendOptions};
use std::fs;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let letter = Message::buttons("We are open.", [Button::audio_call("Call Now")]);
    let mut batch = Batch::new();
    for psid in fs::read_to_string("psids.txt")?.lines() {
        batch.add(&client, Request::new(psid, letter.clone(), SendOptions::new()))?;
    }
    // In the order in which they were added.
    for outcome in batch.send() {
        match outcome {
            Ok(_receipt) => println!("sent"),
            Err(error) => println!("{}: {}", error.delivery(), error.kind()),
        }
    }
    Ok(())
}
