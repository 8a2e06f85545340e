//! A webhook in axum: `PORT=3000 cargo run -p callcta --example webhook_axum`.
//!
//! The trap is the extractor: with `Json` the body is parsed and its bytes are gone,
//! with `Bytes` it stays as it came in.
#![allow(clippy::print_stdout)] // it is what the example does

use std::env::var;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use callcta::webhook::{self, Deduplicator, Event, Refusal, Secrets};

struct App {
    secrets: Secrets,
    verify_token: String,
    seen: Deduplicator,
}

/// The work, after the answer.
fn handle(event: &Event) {
    println!("{} {}", event.identity, event.kind.name());
}

/// Meta checks the address.
async fn challenge(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    match webhook::answer_challenge(&query.unwrap_or_default(), &app.verify_token) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain")], text).into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Something happened on the Page.
async fn receive(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut signatures = headers.get_all("x-hub-signature-256").iter();
    let signature = match (signatures.next(), signatures.next()) {
        (Some(one), None) => Some(one.as_bytes()),
        _ => None,
    };
    match webhook::verify_and_parse(&body, signature, &app.secrets) {
        Ok(received) => {
            tokio::spawn(async move {
                let events = received.events.iter();
                events
                    .filter(|event| app.seen.is_new(event))
                    .for_each(handle);
            });
            StatusCode::OK
        }
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.http_status()).unwrap_or(StatusCode::BAD_REQUEST)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App {
        secrets: Secrets::new([var("CALLCTA_APP_SECRET")?])?,
        verify_token: var("CALLCTA_VERIFY_TOKEN")?,
        seen: Deduplicator::new(10_000),
    };
    let routes = Router::new()
        .route("/webhook", get(challenge).post(receive))
        .with_state(Arc::new(app));
    let port: u16 = var("PORT").unwrap_or_default().parse().unwrap_or(3000);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
            println!("listening on http://{}/webhook", listener.local_addr()?);
            axum::serve(listener, routes).await
        })?;
    Ok(())
}
