//! What comes in and goes out: the log of requests, and faults.

mod event;
mod faults;
mod log;
mod saved;
mod whole;

pub(crate) use self::event::Event;
pub use self::faults::{Apply, ArmedFault, Delay, Fault, FaultAction, FaultMatch};
pub(crate) use self::faults::{Faults, Spoilt, Struck, spoil};
pub(crate) use self::log::Entry;
pub use self::log::RecordedRequest;
pub(crate) use self::saved::SavedTraffic;
pub(crate) use self::whole::Traffic;
