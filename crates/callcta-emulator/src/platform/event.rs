//! News for those who watch the platform, in the order in which things happened.

use super::action::PersonAction;
use super::call::PhoneCall;
use super::clock::Clock;
use super::message::StoredMessage;
use super::person::Person;
use super::presence::Presence;
use super::webhook::Webhook;

/// Something that happened, with what is known about it now.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A message was stored.
    Message {
        message: StoredMessage,
        now: i64,
    },
    /// A message was deleted, by its number; `None`: all were.
    MessagesDeleted(Option<u64>),
    /// A person did something.
    Action(PersonAction),
    /// What a person did or what was done to one changed how things stand with the Page.
    Person {
        psid: String,
        page_id: String,
        person: Box<Person>,
        now: i64,
    },
    /// A Page shows something beside its messages.
    Presence(Presence),
    /// A call rings, was taken or has ended.
    Call(PhoneCall),
    /// A webhook was made or tried, or goes on its way.
    Webhook(Webhook),
    WebhooksDeleted,
    /// A Page's receiver has been failing for so long that Meta would write to its owner.
    WebhooksFailing {
        page_id: String,
        failing_ms: i64,
    },
    /// A Page's receiver has lost its subscription.
    WebhooksDisabled {
        page_id: String,
    },
    /// The clock was moved, started or stopped.
    Clock(Clock),
    /// The state was changed from outside.
    State,
}
