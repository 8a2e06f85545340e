//! Answers one call, as the business: settings as for `callcta`, the person to call in
//! `CALLCTA_PSID`. With an emulator the receiver's address is told to it; with the platform it
//! stands in the app's settings.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::env;
use std::time::Duration;

use answered_call::{Receiver, answer};
use callcta::Client;
use callcta::webhook::Secrets;

/// Two seconds of sound.
const FRAMES: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::from_env()?;
    let secrets = Secrets::new([env::var("CALLCTA_APP_SECRET")?])?;
    let receiver = Receiver::start(
        secrets,
        &env::var("CALLCTA_VERIFY_TOKEN").unwrap_or_default(),
    )?;
    println!("webhooks go to {}", receiver.url());
    let answered = answer(
        &client,
        &receiver,
        &env::var("CALLCTA_PSID")?,
        FRAMES,
        PATIENCE,
    )?;
    println!(
        "{}: {} frames heard, {} sent",
        answered.call_id, answered.counts.received, answered.counts.sent
    );
    Ok(())
}
