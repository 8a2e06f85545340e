use callcta::{Button, ClientBuilder, Message, RetryPolicy, SendOptions};
use std::env::var;
use std::time::{Duration, SystemTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let psid = var("CALLCTA_PSID")?;
    let message = Message::buttons("Need help?", [Button::audio_call("Call Now")]);
    // [begin settings]
    let policy = RetryPolicy::new()
        .attempts(5)
        .base_delay(Duration::from_millis(200))
        .max_delay(Duration::from_secs(10));
    let client = ClientBuilder::from_env()?
        .retry(policy)
        .on_retry(|event| {
            println!("try {} failed: {}", event.attempt, event.error.kind())
        })
        .build()?;
    let until = SystemTime::now() + Duration::from_secs(120);
    let receipt =
        client.send_with(psid, &message, &SendOptions::new().deadline(until))?;
    println!("requests: {}", receipt.attempts);
    // [end]
    Ok(())
}
