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
    use crate::button::{
        AccountLinkButton, AccountUnlinkButton, AudioCallButton, Button, GamePlayButton,
        PhoneNumberButton, PostbackButton, RawButton, WebUrlButton,
    };
    #[pymodule_export]
    use crate::client::{Client, Ticket, validate_request};
    #[pymodule_export]
    use crate::completions::Completions;
    #[pymodule_export]
    use crate::emulator::Emulator;
    #[pymodule_export]
    use crate::error::error_kinds;
    #[pymodule_export]
    use crate::message::{
        ButtonTemplate, CallPrompt, Element, GenericTemplate, Message, RawMessage, Recipient,
    };
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::record::{AppUsage, BusinessUsage, GraphError, Receipt, Usage, Violation};

    /// The version of callcta.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
