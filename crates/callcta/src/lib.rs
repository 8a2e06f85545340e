//! .
#![forbid(unsafe_code)]

pub mod limits;
pub mod transport;

mod client;
mod credentials;
mod error;
mod graph_error;
mod message;
mod outbox;
mod retry;
mod usage;
mod validate;
mod wire;

pub use client::{Client, ClientBuilder, Receipt, RetryEvent, TokenPlacement};
pub use credentials::{AccessToken, AppSecret};
pub use error::{Delivery, Error, ErrorKind, GraphError, Result};
pub use message::{
    Button, ButtonParts, ButtonTemplate, ButtonType, CallPrompt, Element, ElementParts, Extra,
    GenericTemplate, Message, MessageParts, MessageTag, MessagingType, NotificationType, Recipient,
    Request, SendOptions, Template,
};
pub use outbox::{CAPACITY_DEFAULT, Outbox, Ticket, WORKERS_DEFAULT};
pub use retry::RetryPolicy;
pub use usage::{AppUsage, BusinessUsage, Usage};
pub use validate::{Rule, Severity, Violation};
