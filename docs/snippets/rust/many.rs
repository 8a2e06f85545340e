use callcta::{Button, Client, Message, Outbox, Request, SendOptions};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let outbox = Outbox::new(Client::from_env()?);
    let letter = Message::buttons("We are open.", [Button::audio_call("Call Now")]);

    let counts = Arc::new(Mutex::new(BTreeMap::new()));
    for psid in BufReader::new(File::open("psids.txt")?).lines() {
        let counts = Arc::clone(&counts);
        let request = Request::new(psid?, letter.clone(), SendOptions::new());
        // The callback is called once, on a thread of the outbox.
        outbox.submit(request, move |outcome| {
            let what = match outcome {
                Ok(_) => "sent".to_owned(),
                Err(error) => format!("{}: {}", error.delivery(), error.kind()),
            };
            *counts.lock().expect("no callback panics").entry(what).or_insert(0) += 1;
        })?;
    }
    outbox.drain(); // waits for all outcomes
    for (what, count) in counts.lock().expect("no callback panics").iter() {
        println!("{count} {what}");
    }
    Ok(())
}
