//! An emulator whose person has a voice: prints what a client needs as a line of JSON, and
//! when its input ends what went each way in each call.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::io::{self, Read, Write};

use answered_call::Person;
use callcta_emulator::{CallStatus, Emulator};
use serde_json::json;

fn main() -> io::Result<()> {
    let person = Person::new();
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let emulator = Emulator::builder()
        .clock(i64::try_from(now.as_millis()).unwrap_or_default())
        .run_clock(true)
        .media(person.clone())
        .start()?;
    println!("{}", emulator.ready_line());
    io::stdout().flush()?;

    // Until whoever started it has what it wants.
    io::stdin().read_to_end(&mut Vec::new())?;
    for call in emulator.calls() {
        let counts = person.counts(&call.call_id).unwrap_or_default();
        let over = call.status == CallStatus::Completed;
        println!(
            "{}",
            json!({"call_id": call.call_id, "completed": over, "sent": counts.sent, "received": counts.received})
        );
    }
    Ok(())
}
