//! What Messenger is and remembers: pages, people, tokens, a clock, messages, calls, usage, and the
//! webhooks that wait. It knows no request and no socket.
//!
//! Each part is a type with its own rules in a file of its own; [`Platform`] holds them. What
//! people and Pages do touches several parts and stands in files named after the doing.

mod acting;
mod action;
mod attachment;
mod call;
mod calling;
mod clock;
pub mod defaults;
mod event;
mod media;
mod message;
mod near;
mod news;
mod notice;
mod page;
mod person;
mod persona;
mod presence;
mod profile;
mod ring;
mod saved;
mod sending;
mod settings;
mod sign;
mod size;
mod state;
mod tap;
mod tapping;
mod target;
mod token;
mod unverified;
mod uploading;
mod usage;
mod webhook;
mod whole;

pub use self::action::{Action, PersonAction};
pub use self::attachment::{Attachment, AttachmentKind};
pub use self::call::{CallDirection, CallStatus, PhoneCall};
pub use self::clock::START;
pub(crate) use self::clock::{Clock, DAY, millis};
pub(crate) use self::event::Event;
pub use self::media::Media;
pub(crate) use self::message::NewMessage;
pub use self::message::StoredMessage;
pub(crate) use self::near::{near, with_hint};
pub(crate) use self::news::News;
pub use self::page::{CallHours, OpenHours, Page, RateLimits, RingTarget};
pub use self::person::{Comment, Person};
pub use self::persona::Persona;
pub(crate) use self::presence::SenderAction;
pub use self::profile::{GetStarted, Greeting, Menu, MessengerProfile};
pub(crate) use self::ring::{Held, Item, Ring, SavedRing};
pub(crate) use self::saved::{COUNT_MAX, SavedPlatform};
pub(crate) use self::sign::hex_hmac;
pub(crate) use self::size::{PART, start};
pub use self::state::{AnswerShape, App, AppMode, State, Strangers};
pub use self::tap::{Tap, TapRefused, TapTarget};
pub use self::target::{Signature, WebhookTarget};
pub use self::token::{AccessLevel, Token, TokenKind};
pub use self::unverified::{
    CallPermissionKeys, CallingNumbers, ErrorCode, LengthUnit, Overlong, SettingsAnswer,
    UnknownKeys, Unverified,
};
pub(crate) use self::usage::OverLimit;
pub use self::webhook::{Attempt, ReleaseOrder, Webhook, WebhookStatus};
pub(crate) use self::whole::Platform;
