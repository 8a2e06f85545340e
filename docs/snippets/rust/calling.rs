use callcta::Client;
use callcta::calling::CallSettings;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // [begin settings]
    let calling = Client::from_env()?.calling();
    println!("may call: {}", calling.feature_status()?.is_enabled());
    if calling.settings()?.is_audio_enabled() != Some(true) {
        calling.set_settings(&CallSettings::new().audio_enabled(true))?;
    }
    println!("audio: {}", calling.settings()?.is_audio_enabled() == Some(true));
    // [end]
    Ok(())
}
