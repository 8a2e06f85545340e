//! Faults: what goes wrong on purpose.

mod delay;
mod fault;
mod queue;
mod spoil;

pub use self::delay::Delay;
pub use self::fault::{Apply, Fault, FaultAction, FaultMatch};
pub use self::queue::ArmedFault;
pub(crate) use self::queue::{Faults, SavedFaults, Struck};
pub(crate) use self::spoil::{Spoilt, spoil};
