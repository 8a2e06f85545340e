use callcta::{Button, Client, Message, SendOptions};
use std::env::var;

// [begin lines]
/// The simplest logger there is; `env_logger` and `tracing-log` are better ones.
struct ToStandardError;

impl log::Log for ToStandardError {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "callcta"
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            eprintln!("{} {}", record.level(), record.args());
        }
    }

    fn flush(&self) {}
}
// [end]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    log::set_logger(&ToStandardError).expect("there is no other one");
    log::set_max_level(log::LevelFilter::Debug);
    let client = Client::from_env()?;
    let psid = var("CALLCTA_PSID")?;
    let message = Message::buttons("Need help?", [Button::audio_call("Call Now")]);
    // [begin trace]
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let options = SendOptions::new().header("traceparent", trace);
    client.send_with(psid, &message, &options)?;
    // [end]
    Ok(())
}
