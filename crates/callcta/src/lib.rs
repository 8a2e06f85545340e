//! Puts a **Call Now** button into a Messenger conversation, and tells truthfully
//! what became of it.
//!
//! A business writes to a person; the card carries an `audio_call` button; the
//! person taps it and is talking to the business. This crate builds such
//! messages, checks them against Meta's documented rules, sends them with
//! `POST /<PAGE_ID>/messages`, and reads every documented answer.
//!
//! # Sending a button
//!
//! ```
//! # let emulator = callcta_emulator::Emulator::start()?;
//! # let (page_id, access_token) = (emulator.page_id(), emulator.access_token());
//! # let psids = emulator.psids();
//! # let psid = psids[0].as_str();
//! use callcta::{Button, Client, Element, Message};
//!
//! let client = Client::builder(page_id, access_token)
//! #    .base_url(emulator.url())
//!     .build()?;
//! let card = Message::generic([Element::new("Contact Support!")
//!     .button(Button::web_url("View Website", "https://example.com"))
//!     .button(Button::audio_call("Call Now").expires_in_days(5))]);
//! let receipt = client.send(psid, &card)?;
//! println!("{}", receipt.message_id);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `page_id` is the Page that writes, `access_token` one of its Page access
//! tokens, and `psid` the person's Page-scoped ID. The button is clickable for 1
//! to 7 days, 7 unless said. A [`Client`] is cheap to clone, works from several
//! threads, and keeps its connections open.
//!
//! # Knowing what is wrong before sending
//!
//! [`Message::validate`] returns every broken rule at once, each with its path in
//! the request. [`Client::send`] refuses a message that breaks a documented rule
//! before anything leaves the machine; [warnings](Severity::Warning) pass.
//!
//! ```
//! use callcta::{Button, Message};
//!
//! let message = Message::buttons("", [Button::audio_call("Call Now").expires_in_days(8)]);
//! let found: Vec<String> = message.validate().iter().map(ToString::to_string).collect();
//! assert_eq!(found, [
//!     "message.attachment.payload.text: is required and must not be empty",
//!     "message.attachment.payload.buttons[0].expires_in_days: must be 1 to 7 days, is 8",
//! ]);
//! ```
//!
//! A name that no page of Meta's has passes, since Meta may be ahead of this crate, but
//! it is a [warning](Rule::UnknownName), which names the one that is likely meant. A
//! part in the wrong place is [told](Rule::Misplaced), and what it holds is checked
//! all the same. [`check_json`] checks a text; JSON that can't be read says why, and
//! where. However much is wrong, the list is [short](limits::VIOLATIONS_MAX).
//!
//! # Knowing what became of it
//!
//! A message is not idempotent: sent twice, it arrives twice. So every [`Error`]
//! says what is known about its message: it was [not sent](Delivery::NotSent),
//! [rejected](Delivery::Rejected), or nobody here can tell
//! ([unknown](Delivery::Unknown)). That rests on evidence: *not sent* means that
//! not one byte of the request was handed to the operating system.
//!
//! ```
//! # let emulator = callcta_emulator::Emulator::start()?;
//! # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
//! #     .base_url(emulator.url()).build()?;
//! use callcta::{Button, Delivery, ErrorKind, Message};
//!
//! let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
//! let stranger = "999999999999999";
//! let error = client.send(stranger, &message).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InvalidRecipient);
//! assert_eq!(error.delivery(), Delivery::Rejected);
//! match error.delivery() {
//!     Delivery::NotSent => { /* nobody got it: fix the cause and send it again */ }
//!     Delivery::Rejected => { /* the platform refused it: see error.kind() */ }
//!     Delivery::Unknown => { /* it may have arrived: don't just send it again */ }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! By itself a client tries again only what was not sent or was refused by a rate
//! limit; see [`RetryPolicy`]. Decide by [`Error::kind`], never by texts: the
//! platform localizes them.
//!
//! # Sending many
//!
//! An [`Outbox`] sends many messages at once over one client, with a bounded
//! number of threads, in order for each recipient, and at a pace that the Page's
//! inbox can take ([`Outbox::set_pace`], [`limits::PACE`]). [`Outboxes`] do so for many
//! Pages with the same threads. A [`Batch`] puts up to 50 messages into one request, which
//! seldom pays.
//!
//! # When Meta is ahead of this crate
//!
//! Unknown things pass through: [`Button::raw`], [`Message::raw`], the `field`
//! methods, and [`Message::from_json`] keep whatever they are given, or refuse it if
//! they can't keep it exactly.
//! [`Client::send_unchecked`] skips the check on the day a limit changes.
//!
//! # Learning more
//!
//! - [`Message`], [`Element`], [`Button`]: what can be said
//! - [`SendOptions`], [`Recipient`]: how, and to whom
//! - [`ErrorKind`]: what can go wrong, each with a name and a number that stay
//! - [`CancelToken`]: giving up a send that is under way
//! - [`limits`]: every documented number with its source
//! - [`calling`]: the Page's call settings, what it may do, accepting and ending calls
//! - [`webhook`]: verifying and reading what comes back, such as a tap on the button
//! - [`transport`]: another HTTP stack, or none in tests
//!
//! # Logging
//!
//! One line per send goes to the [`log`] facade, target `callcta`, level debug:
//! kind, status, duration, trace id, message id. callcta logs no token, PSID or
//! text at any level, and no request is logged by anything below it. At level
//! trace, though, ureq dumps answers byte by byte, and a receipt names a PSID:
//! leave the targets `ureq` and `ureq_proto` below trace where that matters.
//!
//! # Features
//!
//! - `platform-verifier`: lets the operating system judge certificates. Off by
//!   default; certificates are judged by Mozilla's roots, which are built in.

#![forbid(unsafe_code)]

pub mod calling;
#[cfg(feature = "doctor")]
pub mod doctor;
pub mod limits;
pub mod transport;
pub mod webhook;

mod batch;
mod cancel;
mod client;
mod credentials;
mod error;
mod graph_error;
mod headers;
mod identity;
mod json;
mod lenient;
mod message;
mod named;
mod names;
mod near;
mod outbox;
mod pace;
mod path;
mod read;
mod retry;
mod usage;
mod validate;
mod violation;
mod wire;

pub use batch::Batch;
pub use cancel::CancelToken;
pub use client::{
    Client, ClientBuilder, Environment, Receipt, RequestOptions, RetryEvent, TokenPlacement,
    log_line,
};
pub use credentials::{AccessToken, AppSecret};
pub use error::{CancelReason, Delivery, Error, ErrorKind, GraphError, Result};
pub use identity::{Identity, Profile, TokenError, TokenInfo};
pub use message::{
    Button, ButtonParts, ButtonTemplate, ButtonType, CallPrompt, Element, ElementParts, Extra,
    GenericTemplate, Message, MessageParts, MessageTag, MessagingType, NotificationType, Recipient,
    Request, SendOptions, Template,
};
pub use near::nearest;
pub use outbox::{
    CAPACITY_DEFAULT, Counts, Dispatch, Follow, Outbox, Outboxes, OutboxesBuilder, Ticket,
    WORKERS_DEFAULT,
};
pub use read::{check_json, parse_json};
pub use retry::{ATTEMPTS_DEFAULT, RetryPolicy};
pub use usage::{AppUsage, BusinessUsage, Usage};
pub use validate::Report;
pub use violation::{Rule, Severity, Violation};
