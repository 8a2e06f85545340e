//! Live news for pages and scripts: server-sent events.

use axum::body::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

/// How many events a listener may lag behind before it is cut off. An `EventSource` comes back by
/// itself and finds a `hello` that tells it to read everything anew.
const BACKLOG: usize = 1024;

/// Those who listen.
#[derive(Default)]
pub(crate) struct Events {
    listeners: Vec<mpsc::Sender<Bytes>>,
    count: u64,
}

impl Events {
    pub(crate) fn listen(&mut self) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.listeners.push(sender);
        receiver
    }

    /// Tells everybody. The data is made only if somebody listens.
    pub(crate) fn emit(&mut self, event: &str, data: impl FnOnce() -> Value) {
        if self.listeners.is_empty() {
            return;
        }
        self.count += 1;
        let text = format!("id: {}\nevent: {event}\ndata: {}\n\n", self.count, data());
        let text = Bytes::from(text);
        self.listeners
            .retain(|listener| listener.try_send(text.clone()).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_listener_that_lags_is_cut_off() {
        let mut events = Events::default();
        events.emit("unheard", || unreachable!("nobody listens"));
        let mut receiver = events.listen();
        for n in 0..=BACKLOG {
            events.emit("n", || json!(n));
        }
        let first = receiver.try_recv().unwrap();
        assert_eq!(first, "id: 1\nevent: n\ndata: 0\n\n");
        while receiver.try_recv().is_ok() {}
        assert!(events.listeners.is_empty());
    }
}
