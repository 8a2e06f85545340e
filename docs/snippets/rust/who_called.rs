use callcta::calling::{Accept, CallSettings, RingTarget};
use callcta::webhook::{self, Secrets};
use callcta::{Button, Client, Message};
use std::env::var;
use std::time::{SystemTime, UNIX_EPOCH};

/// Stands for what your WebRTC stack offers.
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

/// A card that was sent: a row of your database. `at` is in Unix seconds.
struct Sent {
    psid: String,
    at: i64,
    title: &'static str,
    message_id: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let calling = client.calling();
    // All fields that you want: what isn't named is not told any more.
    calling.subscribe(["calls", "messages"])?;
    let settings =
        CallSettings::new().audio_enabled(true).call_routing(RingTarget::Partners);
    calling.set_settings(&settings)?;
    println!("calls come to the app");

    let psid = var("CALLCTA_PSID")?;
    let mut sent = Vec::new();
    for title in ["Call Now", "Talk to Sales"] {
        let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
        let card = Message::buttons("Need help?", [Button::audio_call(title)]);
        let message_id = client.send(&psid, &card)?.message_id;
        println!("sent {message_id}: \"{title}\"");
        sent.push(Sent { psid: psid.clone(), at, title, message_id });
    }

    // What a webhook brings. Here the header is a line, and the rest is the body.
    let request = std::io::read_to_string(std::io::stdin())?;
    let (header, body) = request.split_once('\n').ok_or("there is no webhook")?;
    let secrets = Secrets::new([var("CALLCTA_APP_SECRET")?])?;
    let header = Some(header.as_bytes());
    for event in webhook::verify_and_parse(body.as_bytes(), header, &secrets)?.events {
        // Of a call that rings, and that a person makes.
        let Some(accept) = Accept::of(&event, OFFER) else { continue };
        let (Some(psid), Some(time)) = (&event.psid, event.time) else { continue };
        let before = |card: &&Sent| card.psid == *psid && card.at <= time / 1000;
        match sent.iter().rfind(before) {
            Some(card) => {
                println!("{psid} called after \"{}\" of {}", card.title, card.message_id)
            }
            None => println!("{psid} called, and was sent no card before"),
        }
        let session = calling.accept(&accept)?;
        println!("accepted");
        calling.terminate(&session.call_id)?;
        println!("ended");
    }
    Ok(())
}
