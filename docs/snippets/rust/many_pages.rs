use callcta::{Button, Client, Message, Outboxes, Request, SendOptions};
use std::env;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let first = Client::from_env()?;
    let second =
        Client::builder(env::var("SECOND_PAGE_ID")?, env::var("SECOND_ACCESS_TOKEN")?)
            .base_url(env::var("CALLCTA_BASE_URL")?)
            .share_connections(&first)
            .build()?;
    let letter = Message::buttons("We are open.", [Button::audio_call("Call Now")]);

    // One set of threads; a queue, a pace of 40 and counters for each Page.
    let outboxes = Outboxes::builder().workers(200).build();
    let pages = [(first, "200000000000001"), (second, "200000000000011")];
    let pages = pages.map(|(client, psid)| (outboxes.outbox(client), psid));
    for (outbox, psid) in &pages {
        let request = Request::new(*psid, letter.clone(), SendOptions::new());
        outbox.submit(request, |_outcome| { /* write it down */ })?;
    }
    outboxes.drain(); // waits for all outcomes
    for (outbox, _) in &pages {
        let counts = outbox.counts();
        println!("{}: {} sent", outbox.client().page_id(), counts.sent);
        for (kind, delivery, count) in counts.kinds {
            println!("  {count} {delivery}: {kind}");
        }
    }
    Ok(())
}
