use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use callcta::{Button, Client, Delivery, Message};

async fn offer(
    State(client): State<Client>,
    Path(psid): Path<String>,
) -> (StatusCode, String) {
    // A send waits for the platform, so it has a thread of its own.
    let sending = tokio::task::spawn_blocking(move || {
        let message = Message::buttons("Need help?", [Button::audio_call("Call Now")]);
        client.send(psid, &message)
    });
    match sending.await.expect("a send doesn't panic") {
        Ok(receipt) => (StatusCode::OK, receipt.message_id),
        Err(error) => {
            let status = match error.delivery() {
                Delivery::NotSent => StatusCode::SERVICE_UNAVAILABLE,
                Delivery::Rejected => StatusCode::CONFLICT,
                Delivery::Unknown => StatusCode::BAD_GATEWAY,
            };
            (status, error.kind().to_string())
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One client for all requests; it is cheap to clone.
    let client = Client::from_env()?;
    let app = Router::new().route("/offer/{psid}", post(offer)).with_state(client);
    let port = std::env::var("PORT")?.parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
