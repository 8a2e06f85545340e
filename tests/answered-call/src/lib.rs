//! A call that is really answered: how a media engine is joined to callcta.
//!
//! callcta carries the signalling of a call; sound is WebRTC's. Here str0m brings it, for both
//! sides: [`answer`] is the business, which answers a tap on its button, and [`Person`] is the one
//! who tapped, for the emulator. The sound is a tone or an echo in Opus, which is the only codec
//! that Messenger's calls have.
#![forbid(unsafe_code)]

mod answer;
mod line;
mod person;
mod receiver;
mod sound;

pub use self::answer::{Answered, answer};
pub use self::line::{Counts, Line, Offer};
pub use self::person::Person;
pub use self::receiver::Receiver;
pub use self::sound::Sound;
