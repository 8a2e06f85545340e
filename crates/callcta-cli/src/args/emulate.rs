//! The command line of `callcta emulate`.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::settings::Seconds;

/// The port behind `--port` alone: "callc" on the keys of a phone.
const PORT: &str = "22552";

/// `callcta emulate`.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "they are flags")]
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

    /// The address to listen on; on another than this machine's own, whoever reaches
    /// it can send, and with an allowed host see and change everything
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CALLCTA_EMULATOR_LISTEN",
        hide_env_values = true,
        default_value = "127.0.0.1"
    )]
    pub listen: IpAddr,

    /// Another name for inbox page and control API, such as a container's or a
    /// reverse proxy's, with or without a port; repeatable
    #[arg(
        long,
        value_name = "HOST",
        env = "CALLCTA_EMULATOR_ALLOW_HOST",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub allow_host: Vec<String>,

    /// Let pages of this origin, such as http://localhost:3000, use and read
    /// everything, the control API included (CORS); * lets in every page that is open
    /// in a browser here; repeatable [default: none]
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "CALLCTA_EMULATOR_ALLOW_ORIGIN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub allow_origin: Vec<String>,

    /// A path below which everything is, such as /emulator; a reverse proxy may pass
    /// it on or take it off
    #[arg(
        long,
        value_name = "PATH",
        env = "CALLCTA_EMULATOR_PREFIX",
        hide_env_values = true
    )]
    pub prefix: Option<String>,

    /// Speak https, for clients that insist on it, with a certificate made anew for
    /// this machine and the allowed hosts
    #[arg(
        long,
        env = "CALLCTA_EMULATOR_TLS",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub tls: bool,

    /// Where --tls writes the certificate to trust [default: a temporary file]
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_EMULATOR_CA_FILE",
        hide_env_values = true
    )]
    pub ca_file: Option<PathBuf>,

    /// A JSON file with the Pages, tokens and people to start with
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_EMULATOR_SEED_FILE",
        hide_env_values = true,
        visible_alias = "state"
    )]
    pub seed_file: Option<PathBuf>,

    /// A snapshot to start from: all that another emulator knew and remembered
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_EMULATOR_IMPORT",
        hide_env_values = true,
        conflicts_with_all = ["seed_file", "shape", "clock", "run_clock", "seed"]
    )]
    pub import: Option<PathBuf>,

    /// Where to write a snapshot at the end, for --import; it holds tokens and texts
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_EMULATOR_EXPORT",
        hide_env_values = true
    )]
    pub export: Option<PathBuf>,

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

    /// Where the clock starts: now, or a time such as 2026-10-01T12:00:00Z, which is
    /// the default
    #[arg(
        long,
        value_name = "TIME",
        env = "CALLCTA_EMULATOR_CLOCK",
        hide_env_values = true
    )]
    pub clock: Option<Start>,

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

    /// About how many bytes all logs together may take [default: 64 MiB]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CALLCTA_EMULATOR_KEEP_BYTES",
        hide_env_values = true
    )]
    pub keep_bytes: Option<usize>,

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

/// Where a clock starts.
#[derive(Clone, Copy)]
pub struct Start(pub jiff::Timestamp);

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = match text {
            "now" => Ok(jiff::Timestamp::now()),
            time => time.parse(),
        };
        time.map(Start)
            .map_err(|_| "now, or a time such as 2026-10-01T12:00:00Z, is needed")
    }
}
