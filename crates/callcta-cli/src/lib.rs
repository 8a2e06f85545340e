//! The program `callcta`: sends Call Now buttons, checks messages, and emulates
//! the platform.
#![forbid(unsafe_code)]

#[allow(clippy::doc_markdown, reason = "the comments are help texts")]
mod args;
mod buttons;
mod call_settings;
mod calling;
mod campaign;
mod card;
mod check;
mod code;
mod compose;
mod demo;
mod doctor;
mod emulate;
mod exit;
mod misplaced;
mod output;
mod pages;
mod preview;
mod report;
mod send;
#[allow(clippy::doc_markdown, reason = "the comments are help texts")]
mod settings;
mod signals;
mod webhook;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// Runs the program: takes its arguments, its name first, and returns the exit code. For a
/// process of its own, since it reads standard input and sets signal handlers and a logger.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let code = match Cli::command().try_get_matches_from(&arguments) {
        Ok(given) => match Cli::from_arg_matches(&given) {
            Ok(cli) => execute(cli, &given),
            Err(error) => said(&error.format(&mut Cli::command())),
        },
        Err(error) => said(&misplaced::explain(error, Cli::command(), &arguments)),
    };
    // Rust does so only at the end of a `main` of its own.
    let _ = io::stdout().flush();
    code
}

/// Prints help, the version or what is wrong with the arguments.
fn said(error: &clap::Error) -> u8 {
    // As clap itself does: nobody listens.
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.into())
}

fn execute(cli: Cli, given: &ArgMatches) -> u8 {
    if cli.verbose {
        log_to_stderr();
    }
    let exit = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Code(args) => code::run(&args),
        Command::Preview(args) => preview::run(&args),
        Command::Emulate(args) => return emulate::run(&args, cli.verbose),
        Command::Settings(command) => call_settings::run(&command),
        Command::Calling(command) => calling::run(&command),
        Command::Doctor(args) => {
            let (_, given) = given.subcommand().expect("it is one");
            doctor::run(&args, given, cli.verbose)
        }
        Command::Campaign(command) => campaign::run(&command),
        Command::Webhook(command) => webhook::run(&command),
        Command::Completions { shell } => pages::completions(shell),
        Command::Man {
            all: Some(folder), ..
        } => pages::all(&folder),
        Command::Man { command, .. } => pages::man(&command),
    };
    exit.into()
}

/// Shows callcta's own log lines, which hold no token, PSID or text. Nobody
/// else's: an HTTP library may log whole requests.
fn log_to_stderr() {
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Off)
        .filter_module("callcta", log::LevelFilter::Trace)
        .init();
}
