use callcta::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // [begin diagnosis]
    let diagnosis = Client::from_env()?.doctor().examine();
    println!("{}: {}", diagnosis.status, diagnosis.verdict);
    if let Some(cause) = diagnosis.cause() {
        println!("{}: {}", cause.id, cause.fix.as_deref().unwrap_or_default());
    }
    // [end]
    Ok(())
}
