//! The command line of `callcta webhook`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::help;

#[derive(Subcommand)]
pub enum WebhookCommand {
    /// Receive webhooks and print their events as they come
    ///
    /// Verifies each request, answers it at once, and prints its events: a line in
    /// words, or with --json a line of JSON. Answers the platform's challenge.
    #[command(after_help = help::MORE, after_long_help = help::WEBHOOK_LISTEN)]
    Listen(ListenArgs),

    /// Find out whether a signature fits a body, and why not
    ///
    /// The body is taken as the bytes that are in the file.
    #[command(after_help = help::MORE, after_long_help = help::WEBHOOK_VERIFY)]
    Verify(VerifyArgs),

    /// Play sample webhooks, signed, at a receiver
    ///
    /// One of each kind, as Meta's pages show them; each is to be answered with 200
    /// within 5 seconds.
    #[command(after_help = help::MORE, after_long_help = help::WEBHOOK_SEND)]
    Send(SendArgs),
}

/// With what webhooks are signed.
#[derive(Args)]
pub struct SecretArgs {
    /// The app's secret; visible in the list of processes when given here
    #[arg(
        long,
        value_name = "SECRET",
        env = "CALLCTA_APP_SECRET",
        hide_env_values = true
    )]
    pub app_secret: Option<String>,

    /// A file with the app's secret; wins over the secret itself
    #[arg(long, value_name = "FILE")]
    pub app_secret_file: Option<PathBuf>,
}

/// `callcta webhook listen`.
#[derive(Args)]
pub struct ListenArgs {
    /// The port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,

    #[command(flatten)]
    pub secret: SecretArgs,

    /// Another secret that may have signed, while the app's is replaced; repeatable
    #[arg(long, value_name = "SECRET")]
    pub other_secret: Vec<String>,

    /// The token with which the platform's challenge must come
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CALLCTA_VERIFY_TOKEN",
        hide_env_values = true
    )]
    pub verify_token: Option<String>,

    /// Verify nothing; for tests only
    #[arg(long)]
    pub unverified: bool,

    /// Pass each request on to this address, as it came
    #[arg(long, value_name = "URL")]
    pub forward: Option<String>,

    /// Print one line of JSON per event, after a first one with the address
    #[arg(long)]
    pub json: bool,

    /// End when standard input ends, too: with the script that started it
    #[arg(long)]
    pub exit_on_stdin_close: bool,
}

/// `callcta webhook verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// The file with the body, byte for byte; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,

    /// The value of the header X-Hub-Signature-256
    #[arg(long, value_name = "SIGNATURE")]
    pub signature: String,

    #[command(flatten)]
    pub secret: SecretArgs,

    /// A secret that may have been mistaken for the app's; repeatable
    #[arg(long, value_name = "SECRET")]
    pub other_secret: Vec<String>,

    /// Print the outcome as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta webhook send`.
#[derive(Args)]
pub struct SendArgs {
    /// The receiver's address
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Which sample to play; repeatable [default: all]
    #[arg(long, value_name = "NAME")]
    pub event: Vec<String>,

    /// List the samples instead of playing them
    #[arg(long)]
    pub list: bool,

    /// The Page they are about
    #[arg(
        long,
        value_name = "ID",
        env = "CALLCTA_PAGE_ID",
        hide_env_values = true,
        default_value = "1234567890"
    )]
    pub page_id: String,

    /// The person they are about
    #[arg(
        long,
        value_name = "PSID",
        env = "CALLCTA_PSID",
        hide_env_values = true,
        default_value = "1254477777772919"
    )]
    pub psid: String,

    #[command(flatten)]
    pub secret: SecretArgs,

    /// How they are signed; what isn't signed well must be refused
    #[arg(long, value_name = "HOW", default_value = "valid")]
    pub signature: Signature,

    /// Print one line of JSON per sample
    #[arg(long)]
    pub json: bool,
}

/// How a webhook is signed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Signature {
    /// With the app's secret
    Valid,
    /// With something else
    Wrong,
    /// Not at all
    Missing,
}
