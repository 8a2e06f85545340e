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
mod compose;
mod demo;
mod doctor;
mod emulate;
mod exit;
mod output;
mod pages;
mod report;
mod send;
#[allow(clippy::doc_markdown, reason = "the comments are help texts")]
mod settings;
mod signals;
mod webhook;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let given = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&given) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut Cli::command()).exit(),
    };
    if cli.verbose {
        log_to_stderr();
    }
    let exit = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Check(args) => check::run(&args),
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
        Command::Man { command } => pages::man(command.as_deref()),
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
