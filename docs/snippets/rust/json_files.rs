use callcta::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let message = Message::from_json(&std::fs::read_to_string("card.json")?)?;
    for violation in message.validate() {
        println!("{} {} {}", violation.severity, violation.path, violation.message);
    }
    Ok(())
}
