#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod calls;
mod clock;
mod control;
pub mod defaults;
mod emulator;
mod events;
mod faults;
mod graph;
mod journal;
mod limits;
mod params;
mod people;
mod refusal;
mod server;
mod state;
mod unverified;
mod validate;
mod webhook;
mod wire;
mod world;

pub use calls::{CallDirection, CallStatus, PhoneCall};
pub use clock::START;
pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Apply, ArmedFault, Delay, Fault, FaultAction, FaultMatch};
pub use journal::{RecordedRequest, StoredMessage};
pub use people::{Action, PersonAction, Tap, TapRefused, TapTarget};
pub use refusal::Refusal;
pub use state::{
    AccessLevel, AnswerShape, App, AppMode, CallHours, Comment, OpenHours, Page, Person,
    RateLimits, RingTarget, State, Strangers, Token, TokenKind, WebhookTarget,
};
pub use unverified::{
    CallingNumbers, ErrorCode, LengthUnit, Overlong, SettingsAnswer, UnknownKeys, Unverified,
};
pub use webhook::{Attempt, ReleaseOrder, Signature, Webhook, WebhookStatus};
