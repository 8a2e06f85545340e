//! The native half of the Python package `callcta`. What users see is in
//! `python/callcta`; this module is private to it.

// The documentation of classes and methods is Python's, in Google style.
#![allow(clippy::doc_markdown, rustdoc::all)]

mod button;
mod client;
mod completions;
mod convert;
mod emulator;
mod error;
mod message;
mod model;
mod record;

/// What `callcta` is made of.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::{
        button::{
            AccountLinkButton, AccountUnlinkButton, AudioCallButton, Button, GamePlayButton,
            PhoneNumberButton, PostbackButton, RawButton, WebUrlButton,
        },
        client::{Client, Ticket, validate_request},
        completions::Completions,
        emulator::Emulator,
        error::error_kinds,
        message::{ButtonTemplate, CallPrompt, Element, GenericTemplate, Message},
        message::{RawMessage, Recipient},
        model::Model,
        record::{AppUsage, BusinessUsage, GraphError, Receipt, Usage, Violation},
    };

    /// The version of callcta.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
