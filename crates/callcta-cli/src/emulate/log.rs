//! Tells what an emulator is asked.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use callcta_emulator::{Emulator, RecordedRequest};

use crate::output::{BAD, DIM, GOOD, WARN, plain, say, styled};

/// How often it is looked whether something happened.
const PERIOD: Duration = Duration::from_millis(50);

/// Tells each request on standard error until told to stop.
pub fn requests(emulator: &Emulator, stop: &Receiver<()>) {
    let mut told = 0;
    loop {
        let stopped = stop.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout);
        let requests = emulator.requests();
        if requests.last().is_none_or(|newest| newest.id < told) {
            // Numbers begin anew after a reset.
            told = 0;
        }
        for request in &requests {
            // What is not answered yet is told with its answer, in order.
            if !stopped && !is_done(request) {
                break;
            }
            if request.id > told {
                say(request_line(request));
                told = request.id;
            }
        }
        if stopped {
            return;
        }
    }
}

fn is_done(request: &RecordedRequest) -> bool {
    request.status.is_some() || request.fault.is_some()
}

/// One line about a request: no query, which may hold a token, and no text.
fn request_line(request: &RecordedRequest) -> String {
    let status = match request.status {
        Some(status @ 200..300) => styled(GOOD, status),
        Some(status) => styled(BAD, status),
        None => styled(WARN, "---"),
    };
    let path = plain(&request.path).into_owned();
    let mut parts = vec![status, request.method.clone(), path];
    if let Some(id) = &request.message_id {
        parts.push(styled(DIM, id));
    }
    if let Some(refusal) = &request.refusal {
        parts.push(styled(WARN, refusal.rule));
        parts.push(format!("{}: {}", refusal.path, plain(&refusal.detail)));
    }
    if let Some(fault) = &request.fault {
        parts.push(styled(WARN, format_args!("fault {fault}")));
    }
    parts.join(" ")
}
