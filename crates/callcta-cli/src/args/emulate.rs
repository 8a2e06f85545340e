//! The command line of `callcta emulate`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::settings::Seconds;

/// The port behind `--port` alone: "callc" on the keys of a phone.
const PORT: &str = "22552";

/// `callcta emulate`.
#[derive(Args)]
pub struct EmulateArgs {
    /// The port: any free one unless given, 22552 if given without a number
    #[arg(
        long,
        value_name = "PORT",
        env = "CALLCTA_EMULATOR_PORT",
        hide_env_values = true,
        num_args = 0..=1,
        default_value_t = 0,
        default_missing_value = PORT,
        hide_default_value = true
    )]
    pub port: u16,

    /// A JSON file with the Pages, tokens and people to start with
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_EMULATOR_SEED_FILE",
        hide_env_values = true,
        visible_alias = "state"
    )]
    pub seed_file: Option<PathBuf>,

    /// The form of the answer to a send [default: as the state says, else flat]
    #[arg(
        long,
        value_name = "SHAPE",
        env = "CALLCTA_EMULATOR_SHAPE",
        hide_env_values = true
    )]
    pub shape: Option<Shape>,

    /// Where webhooks go: plain http on this machine
    #[arg(
        long,
        value_name = "URL",
        env = "CALLCTA_EMULATOR_WEBHOOK",
        hide_env_values = true
    )]
    pub webhook: Option<String>,

    /// Let the clock follow real time; otherwise it stands until advanced
    #[arg(
        long,
        env = "CALLCTA_EMULATOR_RUN_CLOCK",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub run_clock: bool,

    /// The seed of whatever is random, such as faults with a probability
    #[arg(
        long,
        value_name = "N",
        env = "CALLCTA_EMULATOR_SEED",
        hide_env_values = true
    )]
    pub seed: Option<u64>,

    /// How many of the newest messages are kept [default: 500]
    #[arg(
        long,
        value_name = "N",
        env = "CALLCTA_EMULATOR_KEEP_MESSAGES",
        hide_env_values = true
    )]
    pub keep_messages: Option<usize>,

    /// How many threads serve requests
    #[arg(
        long,
        value_name = "N",
        env = "CALLCTA_EMULATOR_THREADS",
        hide_env_values = true,
        default_value_t = 1
    )]
    pub threads: usize,

    /// What is written first [default: on a terminal words, otherwise json]
    #[arg(
        long,
        value_name = "FORMAT",
        env = "CALLCTA_EMULATOR_FORMAT",
        hide_env_values = true
    )]
    pub format: Option<Format>,

    /// Log nothing
    #[arg(
        short,
        long,
        env = "CALLCTA_EMULATOR_QUIET",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub quiet: bool,

    /// End when standard input ends, too: with the script that started it
    #[arg(long, conflicts_with = "command")]
    pub exit_on_stdin_close: bool,

    /// Start nothing, but wait until the emulator at this URL is ready
    #[arg(long, value_name = "URL", conflicts_with = "command")]
    pub wait_ready: Option<String>,

    /// How long to wait for --wait-ready
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        requires = "wait_ready"
    )]
    pub timeout: Seconds,

    /// A program to run with the emulator, which ends with it; its requests are
    /// logged only with --verbose
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// How it is said what a client needs.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// One line of JSON
    Json,
    /// Lines for a shell or a file of variables; then standard output is closed
    Env,
}

/// The documented forms of the answer to a send.
#[derive(Clone, Copy, ValueEnum)]
pub enum Shape {
    /// recipient_id and message_id: the standard
    Flat,
    /// recipient with id and message_id: the page Call Audio CTA
    NestedBoth,
    /// recipient with id, and message_id beside it: call permission requests
    NestedId,
    /// message_id alone: sends by user_ref
    MessageIdOnly,
}
