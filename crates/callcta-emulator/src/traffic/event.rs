//! News for those who watch the traffic.

use super::faults::ArmedFault;
use super::log::Entry;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A request is in the log, or more is known about it.
    Request(Box<Entry>),
    RequestsDeleted,
    /// The faults that are armed now.
    Faults(Vec<ArmedFault>),
}
