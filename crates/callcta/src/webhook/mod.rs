//! What comes back: verifying and reading webhooks.
//!
//! Meta posts what happens on a Page to the app's webhook: somebody tapped the
//! button and calls, answered a request, wrote, read. [`verify_and_parse`] is the
//! one function that a receiver needs; it takes the body **as the bytes that came
//! in**, since a body that was parsed and written again has another signature.
//!
//! ```
//! use callcta::webhook::{self, EventKind, Secrets};
//!
//! let secrets = Secrets::new(["the app secret"])?;
//! # let body = br#"{"object":"page","entry":[{"id":"1","time":1671644824,"calls":[{"id":"c_1",
//! #   "from":"2","to":"1","event":"connect","timestamp":1671644824,
//! #   "call_direction":"user_initiated"}]}]}"#;
//! # let signature = secrets.sign(body);
//! # let header = Some(signature.as_bytes());
//! // body: the bytes of the request; header: its X-Hub-Signature-256, if it has one
//! let received = match webhook::verify_and_parse(body, header, &secrets) {
//!     Ok(received) => received,
//!     Err(error) => {
//!         // answer with this status, and do nothing else
//!         let _status = error.http_status();
//!         return Err(error.into());
//!     }
//! };
//! for event in &received.events {
//!     match &event.kind {
//!         EventKind::Call(call) => println!("call {} {}", call.id, call.event),
//!         other => println!("{}", other.name()),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Answer with 200 within 5 seconds and do the work later: Meta sends again what
//! isn't answered in time, and in the end takes the subscription away. What comes
//! twice has the same [`Event::identity`]; [`Deduplicator`] remembers those. Order
//! isn't promised either: [`sort`] puts events into the platform's own.
//!
//! `examples/webhook_axum.rs` is a whole server.

mod body;
mod cause;
mod challenge;
mod dedup;
mod event;
mod order;
mod parse;
mod refusal;
mod signature;

pub use self::body::decode_body;
pub use self::cause::{Cause, likely_cause};
pub use self::challenge::{answer_challenge, challenge};
pub use self::dedup::Deduplicator;
pub use self::event::{
    Attachment, Call, CallEnd, CallPermissionReply, CallSettingsUpdate, CallStep, Delivered,
    Description, Event, EventKind, Message, Postback, Reaction, Read, Referral,
};
pub use self::order::sort;
pub use self::parse::{Webhook, parse_unverified};
pub use self::refusal::{Refusal, RefusalKind};
pub use self::signature::{Secrets, ascii_json};

/// Longest body that is hashed and read, in bytes. callcta's own bound: Meta
/// documents none.
pub const BODY_MAX: usize = 1 << 20;

/// Most things in a body that could be events, whose records take far more memory than
/// their text. callcta's own bound: Meta documents none.
pub const EVENTS_MAX: usize = 10_000;

/// Verifies a webhook's signature over the bytes that came in, and reads its
/// events: all of them, of every entry.
///
/// `header` is the value of `X-Hub-Signature-256`; `None` when the request has
/// none. More than one such header is to be refused: pass `None`.
///
/// # Errors
///
/// A [`Refusal`] that says which check failed and with which status to answer. It
/// names neither the expected signature nor the secret nor the body.
pub fn verify_and_parse(
    body: &[u8],
    header: Option<&[u8]>,
    secrets: &Secrets,
) -> Result<Webhook, Refusal> {
    let secret = secrets.verify(body, header)?;
    let mut webhook = parse_unverified(body)?;
    webhook.secret = Some(secret);
    Ok(webhook)
}
