use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use callcta::webhook::{self, Deduplicator, EventKind, Secrets};
use std::env::var;
use std::sync::Arc;

struct Webhook {
    secrets: Secrets,
    verify_token: String,
    seen: Deduplicator,
}

/// Meta checks the address, once.
async fn challenge(
    State(webhook): State<Arc<Webhook>>,
    RawQuery(query): RawQuery,
) -> (StatusCode, String) {
    match webhook::answer_challenge(&query.unwrap_or_default(), &webhook.verify_token) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(refusal) => (status(refusal.http_status()), String::new()),
    }
}

/// `Bytes` is the body as it came in; `Json` would be too late.
async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let signatures: Vec<_> = headers.get_all("x-hub-signature-256").iter().collect();
    let signature = match signatures[..] {
        [one] => Some(one.as_bytes()),
        _ => None,
    };
    let received = match webhook::verify_and_parse(&body, signature, &webhook.secrets) {
        Ok(received) => received,
        Err(refusal) => return status(refusal.http_status()),
    };
    // The work is for later: Meta waits 5 seconds.
    tokio::spawn(async move {
        for event in received.events.iter().filter(|event| webhook.seen.is_new(event)) {
            match &event.kind {
                EventKind::Call(call) => println!("call {}: {}", call.id, call.event),
                other => println!("{}", other.name()),
            }
        }
    });
    StatusCode::OK
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let webhook = Arc::new(Webhook {
        secrets: Secrets::new([var("CALLCTA_APP_SECRET")?])?,
        verify_token: var("CALLCTA_VERIFY_TOKEN")?,
        seen: Deduplicator::new(10_000),
    });
    let app =
        Router::new().route("/webhook", get(challenge).post(receive)).with_state(webhook);
    let port = var("PORT")?.parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
