use callcta::{
    Button, Client, ClientBuilder, Message, Outbox, Request, Result, RetryPolicy,
};
use callcta::{Receipt, SendOptions};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

const PSID: &str = "200000000000001";

fn card() -> Message {
    Message::buttons("Need help?", [Button::audio_call("Call Now")])
}

// [begin invalid_message]
fn invalid_message() -> Result<Receipt> {
    let button = Button::audio_call("Call Now").expires_in_days(8);
    Client::from_env()?.send(PSID, &Message::buttons("Need help?", [button]))
}
// [end]

// [begin invalid_argument]
fn invalid_argument() -> Result<Receipt> {
    Client::builder("my page", "EMULATED-PAGE-TOKEN").build()?.send(PSID, &card())
}
// [end]

// [begin authentication]
fn authentication() -> Result<Receipt> {
    let client = Client::from_env()?;
    client.set_access_token("EMULATED-EXPIRED-TOKEN")?;
    client.send(PSID, &card())
}
// [end]

// [begin permission_denied]
fn permission_denied() -> Result<Receipt> {
    let client = Client::from_env()?;
    client.set_access_token("EMULATED-TOKEN-WITHOUT-PERMISSION")?;
    client.send(PSID, &card())
}
// [end]

// [begin calling_not_enabled]
fn calling_not_enabled() -> Result<Receipt> {
    let client =
        Client::builder("100000000000002", "EMULATED-PAGE-TOKEN-WITHOUT-CALLING")
            .base_url(std::env::var("CALLCTA_BASE_URL").expect("the emulator's address"))
            .build()?;
    client.send("200000000000011", &card())
}
// [end]

// [begin outside_window]
fn outside_window() -> Result<Receipt> {
    Client::from_env()?.send("200000000000002", &card()) // whose window has closed
}
// [end]

// [begin invalid_recipient]
fn invalid_recipient() -> Result<Receipt> {
    Client::from_env()?.send("999999999999999", &card())
}
// [end]

// [begin recipient_unavailable]
fn recipient_unavailable() -> Result<Receipt> {
    Client::from_env()?.send("200000000000003", &card()) // who blocked the Page
}
// [end]

// [begin invalid_page]
fn invalid_page() -> Result<Receipt> {
    let client = Client::builder("999", "EMULATED-PAGE-TOKEN")
        .base_url(std::env::var("CALLCTA_BASE_URL").expect("the emulator's address"))
        .build()?;
    client.send(PSID, &card())
}
// [end]

// [begin invalid_request]
fn invalid_request() -> Result<Receipt> {
    let button = Button::audio_call("Call Now").expires_in_days(8);
    let card = Message::buttons("Need help?", [button]);
    Client::from_env()?.send_unchecked(PSID, &card, &SendOptions::new())
}
// [end]

// [begin rate_limited]
fn rate_limited() -> Result<Receipt> {
    let client = ClientBuilder::from_env()?.retry(RetryPolicy::none()).build()?;
    client.send(PSID, &card())
}
// [end]

// [begin service]
fn service() -> Result<Receipt> {
    Client::from_env()?.send(PSID, &card())
}
// [end]

// [begin api]
fn api() -> Result<Receipt> {
    Client::from_env()?.send(PSID, &card())
}
// [end]

// [begin connect]
fn connect() -> Result<Receipt> {
    let client = ClientBuilder::from_env()?
        .base_url("http://127.0.0.1:1") // nobody listens there
        .retry(RetryPolicy::none())
        .build()?;
    client.send(PSID, &card())
}
// [end]

// [begin timeout]
fn timeout() -> Result<Receipt> {
    let client =
        ClientBuilder::from_env()?.timeout(Duration::from_millis(200)).build()?;
    client.send(PSID, &card())
}
// [end]

// [begin network]
fn network() -> Result<Receipt> {
    Client::from_env()?.send(PSID, &card())
}
// [end]

// [begin invalid_response]
fn invalid_response() -> Result<Receipt> {
    Client::from_env()?.send(PSID, &card())
}
// [end]

// [begin cancelled]
fn cancelled() -> Result<Receipt> {
    let client = Client::from_env()?;
    client.close();
    client.send(PSID, &card())
}
// [end]

// [begin deadline_passed]
fn deadline_passed() -> Result<Receipt> {
    let options = SendOptions::new().deadline(SystemTime::now() - Duration::from_secs(1));
    Client::from_env()?.send_with(PSID, &card(), &options)
}
// [end]

// [begin queue_full]
fn queue_full() -> Result<Receipt> {
    // One thread, and room for one message that waits for it.
    let outbox = Outbox::with_limits(Client::from_env()?, 1, 1);
    let (outcome, outcomes) = channel();
    for _ in 0..4 {
        let outcome = outcome.clone();
        let request = Request::new(PSID, card(), SendOptions::new());
        outbox.try_submit(request, move |one| drop(outcome.send(one)))?;
    }
    outcomes.recv().expect("each message has an outcome")
}
// [end]

fn main() {
    let kind = std::env::args().next_back().expect("the name of a kind");
    let provoke = match kind.as_str() {
        "invalid_message" => invalid_message,
        "invalid_argument" => invalid_argument,
        "authentication" => authentication,
        "permission_denied" => permission_denied,
        "calling_not_enabled" => calling_not_enabled,
        "outside_window" => outside_window,
        "invalid_recipient" => invalid_recipient,
        "recipient_unavailable" => recipient_unavailable,
        "invalid_page" => invalid_page,
        "invalid_request" => invalid_request,
        "rate_limited" => rate_limited,
        "service" => service,
        "api" => api,
        "connect" => connect,
        "timeout" => timeout,
        "network" => network,
        "invalid_response" => invalid_response,
        "cancelled" => cancelled,
        "deadline_passed" => deadline_passed,
        "queue_full" => queue_full,
        _ => return,
    };
    if let Err(error) = provoke() {
        println!("{} {}", error.kind(), error.delivery());
    }
}
