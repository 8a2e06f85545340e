//! The native half of the Python package `callcta`. What users see is in
//! `python/callcta`; this module is private to it.

// The documentation of classes and methods is Python's, in Google style.
#![allow(clippy::doc_markdown, rustdoc::all)]
// Python's constructors take many, by keyword.
#![allow(clippy::too_many_arguments, clippy::type_complexity)]

mod argument;
mod button;
mod callback;
mod calling;
mod campaign;
mod client;
mod convert;
mod declare;
mod doctor;
mod emulator;
mod error;
mod interpreter;
mod interrupt;
mod items;
mod log;
mod message;
mod model;
mod outbox;
mod program;
mod record;
mod repr;
mod request;
mod webhook;

/// What `callcta` is made of.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::{
        button::{
            AccountLinkButton, AccountUnlinkButton, AudioCallButton, Button, GamePlayButton,
            PhoneNumberButton, PostbackButton, RawButton, WebUrlButton,
        },
        callback::end,
        calling::{Cancel, ask, calling_optin, read_settings, validate_settings},
        campaign::{Run, campaign, campaign_kinds, end_runs, place, plan, settle},
        client::{Client, environment},
        doctor::examine,
        emulator::Emulator,
        error::{error_kinds, out_of_resources},
        log::log,
        message::{ButtonTemplate, CallPrompt, Element, GenericTemplate, Message},
        message::{RawMessage, Recipient},
        model::Model,
        outbox::{Completions, Outbox, Outboxes, Ticket},
        program::run,
        record::{AppUsage, BusinessUsage, Counts, GraphError, Receipt, Usage, Violation},
        request::validate_request,
        webhook::{
            Attachment, CallEnd, CallEvent, CallPermissionReplyEvent, CallSettingsUpdateEvent,
            Cause, Deduplicator, DeliveryEvent, Description, EchoEvent, Event, MessageEvent,
            PostbackEvent, ReactionEvent, ReadEvent, Referral, ReferralEvent, Secrets,
            UnknownEvent, Webhook,
        },
        webhook::{
            answer_challenge, challenge, decode_body, likely_cause, parse_unverified,
            refusal_kinds, sort, verify_and_parse,
        },
    };

    /// Messages per second that a Page can keep up: above 40, its inbox stops showing messages.
    #[pymodule_export]
    const PACE: f64 = callcta::limits::PACE;

    /// Longest body of a webhook that is hashed and read, in bytes.
    #[pymodule_export]
    const BODY_MAX: usize = callcta::webhook::BODY_MAX;

    #[pymodule_init]
    fn init(py: pyo3::Python<'_>) -> pyo3::PyResult<()> {
        crate::interpreter::refuse_others(py)
    }

    /// The version of callcta.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
