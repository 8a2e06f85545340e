//! `callcta emulate`: runs the emulator until told to stop.

use std::fs;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use callcta_emulator::{AnswerShape, Emulator, RecordedRequest, State, defaults};

use crate::args::{EmulateArgs, Shape};
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, WARN, after_writing, complain, plain, say, styled};
use crate::signals;

/// How often it is looked whether something happened.
const PERIOD: Duration = Duration::from_millis(50);

/// Runs an emulator, or waits for one that somebody else runs.
pub fn run(args: &EmulateArgs) -> Exit {
    if let Some(url) = &args.wait_ready {
        return wait_ready(url, args.timeout.0);
    }
    let stop = match signals::stop(args.exit_on_stdin_close) {
        Ok(stop) => stop,
        Err(error) => {
            complain(format_args!("can't listen to signals: {error}"));
            return Exit::Usage;
        }
    };
    let emulator = match start(args) {
        Ok(emulator) => emulator,
        Err(error) => {
            complain(format_args!("can't start the emulator: {error}"));
            return Exit::Usage;
        }
    };
    let mut out = io::stdout();
    let written = writeln!(out, "{}", emulator.ready_line()).and_then(|()| out.flush());
    if written.is_err() {
        return after_writing(written, Exit::Done);
    }
    if args.quiet {
        // An error means that nothing can stop it any more, which is no reason to stop.
        let _ = stop.recv();
    } else {
        say(format_args!(
            "{} listens at {}; Ctrl-C ends it",
            styled(GOOD, "emulator"),
            emulator.url()
        ));
        log_requests(&emulator, &stop);
    }
    emulator.stop();
    Exit::Done
}

fn start(args: &EmulateArgs) -> io::Result<Emulator> {
    let mut state = match &args.seed_file {
        Some(file) => fs::read_to_string(file)
            .and_then(|json| State::from_json(&json).map_err(io::Error::other))
            .map_err(|error| io::Error::other(format!("can't use {}: {error}", file.display())))?,
        None => defaults::state(),
    };
    // In the state, so that it outlives a reset.
    state.webhook.url = args.webhook.clone().or(state.webhook.url);
    let mut builder = Emulator::builder()
        .state(state)
        .port(args.port)
        .threads(args.threads)
        .run_clock(args.run_clock);
    if let Some(shape) = args.shape {
        builder = builder.answer_shape(shape.into());
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(count) = args.keep_messages {
        builder = builder.keep_messages(count);
    }
    let emulator = builder.start()?;
    if let Some(url) = &args.webhook {
        emulator.set_webhook_url(url).map_err(io::Error::other)?;
    }
    Ok(emulator)
}

impl From<Shape> for AnswerShape {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Flat => AnswerShape::Flat,
            Shape::NestedBoth => AnswerShape::NestedBoth,
            Shape::NestedId => AnswerShape::NestedId,
            Shape::MessageIdOnly => AnswerShape::MessageIdOnly,
        }
    }
}

/// Tells each request on standard error until told to stop.
fn log_requests(emulator: &Emulator, stop: &Receiver<()>) {
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

/// Asks an emulator until it answers that it is ready.
fn wait_ready(url: &str, timeout: Duration) -> Exit {
    let url = format!("{}/_emulator/ready", url.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout.clamp(PERIOD, Duration::from_secs(1))))
        .proxy(None)
        .build()
        .into();
    // A time beyond the clock's end is for ever.
    let deadline = Instant::now().checked_add(timeout);
    loop {
        let why = match agent.get(&url).call() {
            Ok(_) => return Exit::Done,
            Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
                complain(format_args!("{url} can't be used: {error}"));
                return Exit::Usage;
            }
            Err(error) => error,
        };
        if deadline.is_some_and(|deadline| Instant::now() + PERIOD >= deadline) {
            complain(format_args!("no emulator was ready in time: {why}"));
            return Exit::Failed;
        }
        thread::sleep(PERIOD);
    }
}
