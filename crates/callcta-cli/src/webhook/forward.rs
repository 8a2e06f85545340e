//! Passes webhooks on, as they came, to a receiver that can't be reached from
//! outside.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::agent;
use crate::output::{BAD, WARN, plain, say, styled};

/// As many wait; more are not taken, so that the platform sends them again.
const WAITING_MAX: usize = 1_000;
/// The pauses before the second try and those after it.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// A request to pass on.
pub struct Request {
    pub body: Vec<u8>,
    pub signature: String,
}

/// Passes requests on, one after the other: so their order is kept, for each person
/// and for all.
pub struct Forwarder {
    waiting: Option<SyncSender<Request>>,
    worker: Option<JoinHandle<()>>,
}

impl Forwarder {
    pub fn start(url: String) -> std::io::Result<Self> {
        let (waiting, requests) = sync_channel(WAITING_MAX);
        let worker = thread::Builder::new()
            .name("callcta-forward".to_owned())
            .spawn(move || pass_on(&requests, &url))?;
        Ok(Forwarder {
            waiting: Some(waiting),
            worker: Some(worker),
        })
    }

    /// Whether there was room for it.
    pub fn take(&self, request: Request) -> bool {
        let waiting = self.waiting.as_ref().expect("it is there until the end");
        !matches!(waiting.try_send(request), Err(TrySendError::Full(_)))
    }
}

/// Waits until all that was taken is passed on, or given up.
impl Drop for Forwarder {
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(worker) = self.worker.take() {
            // A panic was told already.
            let _ = worker.join();
        }
    }
}

fn pass_on(requests: &Receiver<Request>, url: &str) {
    let agent = agent();
    for request in requests {
        let mut pauses = PAUSES.iter();
        loop {
            let outcome = agent
                .post(url)
                .header("content-type", "application/json")
                .header("x-hub-signature-256", &request.signature)
                .send(&request.body[..]);
            let why = match outcome {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => format!("answered {}", answer.status().as_u16()),
                Err(error) => error.to_string(),
            };
            let why = plain(&why).into_owned();
            let Some(pause) = pauses.next() else {
                say(format_args!(
                    "{} not forwarded: {why}",
                    styled(BAD, "lost:")
                ));
                break;
            };
            say(format_args!(
                "{} not forwarded yet: {why}",
                styled(WARN, "note:")
            ));
            thread::sleep(*pause);
        }
    }
}
