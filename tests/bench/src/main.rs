//! Measures callcta side by side with what else one would use: same message,
//! same server, same run.
//!
//! The program is the driver and the server. What is measured are its children,
//! one process for each client; see `protocol` for what they say to each other.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what it is for"
)]

mod campaign;
mod figures;
mod leak;
mod many;
mod micro;
mod one_by_one;
mod own_clients;
mod pace;
mod processors;
mod protocol;
mod roster;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::roster::Group;

/// What can go wrong here is told, never handled.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures callcta side by side with what else one would use.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends one message after another: µs per send.
    OneByOne(one_by_one::Settings),
    /// A thousand sends at once to a server that is far away.
    Many(many::Settings),
    /// Sends for a long time: memory.
    Leak(leak::Settings),
    /// Building and checking a message, import times, sizes.
    Micro(micro::Settings),
    /// A pace as a server counts it.
    Pace(pace::Settings),
    /// Everybody in a file.
    Campaign(campaign::Settings),
    /// Is one of the clients; started by the other commands.
    #[command(hide = true)]
    Client(own_clients::Settings),
}

/// Who takes part, and where the parts are that others built.
#[derive(Args)]
struct Field {
    /// Languages; all unless given.
    #[arg(long = "group", value_enum)]
    groups: Vec<Group>,
    /// Only clients whose name contains one of these.
    #[arg(long)]
    only: Vec<String>,
    /// The folder with the built clients of the other languages.
    #[arg(long)]
    built: PathBuf,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::OneByOne(settings) => one_by_one::run(&settings),
        Command::Many(settings) => many::run(&settings),
        Command::Leak(settings) => leak::run(&settings),
        Command::Micro(settings) => {
            micro::run(&settings);
            Ok(())
        }
        Command::Pace(settings) => pace::run(&settings),
        Command::Campaign(settings) => campaign::run(&settings),
        Command::Client(settings) => own_clients::run(&settings),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("callcta-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
