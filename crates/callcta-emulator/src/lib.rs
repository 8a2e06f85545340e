#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Built in layers. A file imports from its own layer and from those below it, never the other way
// round, and no file imports one that imports it; `tests/architecture.rs` holds the crate to that.
// So a layer's `mod.rs` only says what the others may use, and its files name each other directly.
//
// From the ground up:
// - platform: what Messenger is and remembers. Each part is a type with its own rules
//   (`message.rs`, `call.rs`, `webhook.rs`, `usage.rs`, the state's types); `whole.rs` holds them.
//   What touches several parts stands in a file named after the doing (`sending.rs`, `acting.rs`,
//   `tapping.rs`, `calling.rs`, `settings.rs`). `notice.rs` writes the events of webhooks,
//   `event.rs` names the news for those who watch, `unverified.rs` what Meta does not document.
// - graph: a request and the platform in, an answer out. `route.rs` finds the handler, `auth.rs`
//   the caller, `validate/` has the documented rules of a send.
// - traffic: the log of requests, and faults.
// - server: sockets, the lock and the waiting, the sender of webhooks. `core.rs` lets a request pass
//   through traffic and graph; whoever changes something under the lock of `shared.rs` tells all
//   who watch and wakes all who wait just by letting go of it.
// - control: the control API, its views, the stream of events and the inbox page.
// - emulator: the handle that starts and asks.
//
// A message: graph_side.rs reads it, core.rs logs it and looks for a fault, route.rs leads it to
// graph/messages.rs, which checks it and has sending.rs store it; the answer goes back the same
// way, and stream.rs tells the page. A tap: control/people.rs or handle.rs, tapping.rs finds the
// button, calling.rs lets the call ring, notice.rs writes the webhook, sender.rs sends it.
mod control;
mod emulator;
mod graph;
mod platform;
mod server;
mod traffic;

pub use control::{Drawing, drawing};
pub use emulator::{Emulator, EmulatorBuilder};
pub use graph::Refusal;
pub use platform::{
    AccessLevel, Action, AnswerShape, App, AppMode, Attachment, AttachmentKind, Attempt,
    CallDirection, CallHours, CallPermissionKeys, CallStatus, CallingNumbers, Comment, ErrorCode,
    GetStarted, Greeting, LengthUnit, Media, Menu, MessengerProfile, OpenHours, Overlong, Page,
    Person, PersonAction, Persona, PhoneCall, RateLimits, ReleaseOrder, RingTarget, START,
    SettingsAnswer, Signature, State, StoredMessage, Strangers, Tap, TapRefused, TapTarget, Token,
    TokenKind, UnknownKeys, Unverified, Webhook, WebhookStatus, WebhookTarget, defaults,
};
pub use traffic::{Apply, ArmedFault, Delay, Fault, FaultAction, FaultMatch, RecordedRequest};
