//! `callcta emulate`: runs the emulator until told to stop, or as long as a program runs.

use std::fs;
use std::io;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use callcta_emulator::{AnswerShape, Emulator, START, State, defaults};
use ureq::tls::TlsConfig;

use self::ca::CaFile;
use crate::args::emulate::{EmulateArgs, Shape};
use crate::exit::Exit;
use crate::output::{GOOD, WARN, after_writing, complain, say, styled};
use crate::signals;

mod ca;
mod log;
mod program;
mod ready;

/// How often a waiting program looks whether an emulator is ready.
const PERIOD: Duration = Duration::from_millis(50);

/// A running emulator, and with --tls the file with the certificate to trust.
struct Running {
    emulator: Emulator,
    ca: Option<CaFile>,
}

/// Runs an emulator, with a program or alone, or waits for one that somebody else runs.
pub fn run(args: &EmulateArgs, verbose: bool) -> u8 {
    if let Some(url) = &args.wait_ready {
        return wait_ready(url, args.timeout.0).into();
    }
    match args.command.split_first() {
        Some((program, arguments)) => with_program(args, verbose, |running| {
            program::run(program, arguments, ready::environment(running))
        }),
        None => alone(args).into(),
    }
}

/// Runs an emulator as long as a program runs.
fn with_program(args: &EmulateArgs, verbose: bool, program: impl FnOnce(&Running) -> u8) -> u8 {
    let running = match start(args) {
        Ok(running) => running,
        Err(exit) => return exit.into(),
    };
    let exit = if !verbose || args.quiet {
        program(&running)
    } else {
        let (over, stop) = channel();
        thread::scope(|scope| {
            let emulator = &running.emulator;
            scope.spawn(move || log::requests(emulator, &stop));
            let exit = program(&running);
            drop(over);
            exit
        })
    };
    match export(args, &running.emulator) {
        Exit::Done => exit,
        failed => failed.into(),
    }
}

/// Writes what `--export` asks for.
fn export(args: &EmulateArgs, emulator: &Emulator) -> Exit {
    let Some(file) = &args.export else {
        return Exit::Done;
    };
    match fs::write(file, emulator.snapshot()) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(format_args!("can't export to {}: {error}", file.display()));
            Exit::Usage
        }
    }
}

/// Runs an emulator until told to stop.
fn alone(args: &EmulateArgs) -> Exit {
    let stop = match signals::stop(args.exit_on_stdin_close) {
        Ok(stop) => stop,
        Err(error) => {
            complain(format_args!("can't listen to signals: {error}"));
            return Exit::Usage;
        }
    };
    let running = match start(args) {
        Ok(running) => running,
        Err(exit) => return exit,
    };
    let emulator = &running.emulator;
    let written = ready::tell(&running, args.format);
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
        if !args.listen.is_loopback() {
            let text = "whoever reaches this address can send as the emulated Pages";
            say(format_args!("{} {text}", styled(WARN, "warning:")));
        }
        log::requests(emulator, &stop);
    }
    emulator.stop();
    export(args, emulator)
}

/// Starts an emulator; why that can't be has been said.
fn start(args: &EmulateArgs) -> Result<Running, Exit> {
    try_start(args).map_err(|error| {
        complain(format_args!("can't start the emulator: {error}"));
        if error.kind() == io::ErrorKind::AddrInUse {
            say("  give another --port, or --port 0 for any free one");
        }
        Exit::Usage
    })
}

fn try_start(args: &EmulateArgs) -> io::Result<Running> {
    let start = args.clock.map_or(START, |start| start.0.as_millisecond());
    let mut state = match &args.seed_file {
        Some(file) => fs::read_to_string(file)
            .and_then(|json| State::from_json(&json).map_err(io::Error::other))
            .map_err(|error| io::Error::other(format!("can't use {}: {error}", file.display())))?,
        None => defaults::state_at(start),
    };
    // In the state, so that it outlives a reset.
    state.webhook.url = args.webhook.clone().or(state.webhook.url);
    let mut builder = Emulator::builder()
        .state(state)
        .listen(args.listen)
        .port(args.port)
        .clock(start)
        .tls(args.tls)
        .threads(args.threads)
        .run_clock(args.run_clock);
    for name in &args.allow_host {
        builder = builder.allow_host(name);
    }
    for origin in &args.allow_origin {
        builder = builder.allow_origin(origin);
    }
    if let Some(path) = &args.prefix {
        builder = builder.prefix(path);
    }
    if let Some(shape) = args.shape {
        builder = builder.answer_shape(shape.into());
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(count) = args.keep_messages {
        builder = builder.keep_messages(count);
    }
    if let Some(bytes) = args.keep_bytes {
        builder = builder.keep_bytes(bytes);
    }
    if let Some(file) = &args.import {
        builder = builder.snapshot_file(file).map_err(|error| {
            io::Error::other(format!("can't import {}: {error}", file.display()))
        })?;
    }
    let emulator = builder.start()?;
    if let Some(url) = &args.webhook {
        emulator.set_webhook_url(url).map_err(io::Error::other)?;
    }
    let ca = emulator
        .ca_pem()
        .map(|pem| CaFile::write(pem, args.ca_file.as_deref()))
        .transpose()?;
    Ok(Running { emulator, ca })
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

/// Asks an emulator until it answers that it is ready.
fn wait_ready(url: &str, timeout: Duration) -> Exit {
    let url = format!("{}/_emulator/ready", url.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout.clamp(PERIOD, Duration::from_secs(1))))
        .proxy(None)
        // All that counts is that somebody answers.
        .tls_config(TlsConfig::builder().disable_verification(true).build())
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
