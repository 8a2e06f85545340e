//! Those who watch, and what they are told.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{platform, traffic};

/// How many events a listener may lag behind before it is cut off. An `EventSource` comes back by
/// itself and finds a `hello` that tells it to read everything anew.
const BACKLOG: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The emulator is back at its beginning.
    Reset,
    Platform(platform::Event),
    Traffic(traffic::Event),
}

/// An event with its number.
pub(crate) type Told = Arc<(u64, Event)>;

/// Those who listen.
#[derive(Default)]
pub(crate) struct Hub {
    listeners: Vec<mpsc::Sender<Told>>,
    count: u64,
}

impl Hub {
    pub(crate) fn listen(&mut self) -> mpsc::Receiver<Told> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.listeners.push(sender);
        receiver
    }

    pub(crate) fn anybody_listens(&self) -> bool {
        !self.listeners.is_empty()
    }

    /// Tells everybody.
    pub(crate) fn tell(&mut self, event: Event) {
        self.count += 1;
        let told = Arc::new((self.count, event));
        self.listeners
            .retain(|listener| listener.try_send(Arc::clone(&told)).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_lags_is_cut_off() {
        let mut hub = Hub::default();
        let mut receiver = hub.listen();
        for _ in 0..=BACKLOG {
            hub.tell(Event::Reset);
        }
        assert!(!hub.anybody_listens());
        assert_eq!(receiver.try_recv().unwrap().0, 1);
        let mut heard = 1;
        while receiver.try_recv().is_ok() {
            heard += 1;
        }
        assert_eq!(heard, BACKLOG);
    }
}
