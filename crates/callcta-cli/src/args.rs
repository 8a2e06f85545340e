//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::buttons::Buttons;
use crate::code::{self, Language};
use crate::settings::Settings;
use emulate::EmulateArgs;

pub mod calling;
pub mod campaign;
pub mod doctor;
pub mod emulate;
mod help;
pub mod webhook;

/// Put a Call Now button into a Messenger conversation.
///
/// callcta sends generic and button templates with audio_call buttons to
/// Messenger, checks messages against Meta's documented rules, and emulates the
/// platform on this machine.
#[derive(Parser)]
#[command(name = "callcta", version, after_help = help::MORE, after_long_help = help::callcta())]
pub struct Cli {
    /// Log what callcta does to standard error
    #[arg(short, long, global = true, display_order = 100)]
    pub verbose: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// See what callcta does, on this machine alone
    ///
    /// Starts an emulator of the platform, sends both samples of Meta's page Call
    /// Audio CTA to it, makes each of the page's five errors happen, and shows what
    /// people see.
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),

    /// Send a message and tell what became of it
    ///
    /// The message comes from a file or from flags. It is checked first, sent
    /// once, and sent again only when it provably did not arrive.
    #[command(after_help = help::MORE, after_long_help = help::send())]
    Send(Box<SendArgs>),

    /// Check messages against Meta's documented rules, without sending them
    ///
    /// Lists every broken rule of every file, with its place in the JSON, and what
    /// callcta has no rules for. Warnings are listed, but are no failure unless
    /// --strict is given.
    #[command(after_help = help::MORE, after_long_help = help::CHECK)]
    Check(CheckArgs),

    /// Write a page that shows a message as people see it, and what is wrong with it
    ///
    /// One HTML file that needs no network: the card as the emulator's inbox draws it,
    /// each broken rule at its place, and the code that builds it in Rust, Python,
    /// TypeScript and C.
    #[command(after_help = help::MORE, after_long_help = help::PREVIEW)]
    Preview(PreviewArgs),

    /// Print a message as code that builds it
    ///
    /// The code is what one would write by hand: constructors with what they need, and
    /// nothing that is the default. Whatever the message says is kept, also fields that
    /// callcta doesn't know.
    #[command(after_help = help::MORE, after_long_help = help::CODE)]
    Code(CodeArgs),

    /// Emulate the platform on this machine, for trying and testing
    ///
    /// Answers like the Graph API, from its own state of Pages, tokens and people.
    /// With a command, runs it with all CALLCTA_ variables set and ends with it;
    /// nothing else is written to standard output. Without one, says first what a
    /// client needs, then logs requests to standard error.
    #[command(after_help = help::MORE, after_long_help = help::EMULATE)]
    Emulate(Box<EmulateArgs>),

    /// Read and change the Page's call settings
    #[command(subcommand)]
    Settings(calling::SettingsCommand),

    /// Ask what the Page may do about calls
    #[command(subcommand)]
    Calling(calling::CallingCommand),

    /// Find out why this Page can't send a working call button
    ///
    /// Looks at token, Page, permissions, calling, webhooks, clock and version, and at
    /// the person with --to; says what is wrong, why it matters and what mends it.
    #[command(after_help = help::MORE, after_long_help = help::doctor())]
    Doctor(Box<doctor::DoctorArgs>),

    /// Send a message to everybody in a file, nobody twice, through any interruption
    #[command(subcommand)]
    Campaign(campaign::CampaignCommand),

    /// Hear what comes back: receive, verify and play webhooks
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),

    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Print the manual page of callcta or of one of its commands
    #[command(after_help = help::MAN)]
    Man {
        /// The command, such as "send" or "webhook verify" [default: the program itself]
        command: Vec<String>,

        /// Write all pages into a folder that is there, one file each
        #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
        all: Option<PathBuf>,
    },
}

/// `callcta preview`.
#[derive(Args)]
pub struct PreviewArgs {
    /// A JSON file with a message or a whole request; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,

    /// Where the page goes; - is standard output
    #[arg(short, long, value_name = "OUT")]
    pub out: Option<PathBuf>,
}

/// `callcta code`.
#[derive(Args)]
pub struct CodeArgs {
    /// A JSON file with a message or a whole request; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The language
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub lang: Language,

    /// Print a whole program, which sends the message as the request says
    #[arg(long)]
    pub program: bool,

    /// The variable that gets the message; in C the function make_NAME does
    #[arg(long, value_name = "NAME", default_value = "message", value_parser = code::name)]
    pub name: String,
}

/// `callcta demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// Keep the emulator running afterwards, to look at its inbox page
    #[arg(long)]
    pub keep_open: bool,
}

/// `callcta send`.
#[derive(Args)]
pub struct SendArgs {
    #[command(flatten, next_help_heading = "Recipient")]
    pub recipient: RecipientArgs,

    #[command(flatten, next_help_heading = "Message")]
    pub content: ContentArgs,

    /// The line under the title of --generic
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with_all = ["button", "file"],
        help_heading = "Message"
    )]
    pub subtitle: Option<String>,

    /// The picture above the title of --generic
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["button", "file"],
        help_heading = "Message"
    )]
    pub image_url: Option<String>,

    #[command(flatten, next_help_heading = "Buttons, in the order given")]
    pub buttons: Buttons,

    #[command(flatten, next_help_heading = "Way of sending")]
    pub options: OptionArgs,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Send without checking first, for the day that Meta changes a limit
    #[arg(long, help_heading = "Way of sending")]
    pub unchecked: bool,

    /// Print the request body instead of sending it; needs no Page or token
    #[arg(long, help_heading = "Way of sending")]
    pub dry_run: bool,

    /// Print the outcome as one line of JSON
    #[arg(long, help_heading = "Way of sending")]
    pub json: bool,
}

/// Who the message goes to.
#[derive(Args)]
#[group(multiple = false)]
pub struct RecipientArgs {
    /// A person, by Page-scoped ID
    #[arg(
        long,
        value_name = "PSID",
        required_unless_present_any = ["user_ref", "comment_id", "post_id", "file"]
    )]
    pub to: Option<String>,

    /// A person, by the reference of a plugin such as the checkbox
    #[arg(long, value_name = "REF")]
    pub user_ref: Option<String>,

    /// The writer of a comment, in private
    #[arg(long, value_name = "ID")]
    pub comment_id: Option<String>,

    /// The writer of a post, in private
    #[arg(long, value_name = "ID")]
    pub post_id: Option<String>,
}

/// Where the message comes from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct ContentArgs {
    /// A JSON file with a message or a whole request; - is standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// A card (generic template) with this title
    #[arg(long, value_name = "TITLE")]
    pub generic: Option<String>,

    /// A text with buttons under it (button template)
    #[arg(long, value_name = "TEXT")]
    pub button: Option<String>,
}

/// The request's other fields. Nothing is sent unless given.
#[derive(Args)]
pub struct OptionArgs {
    /// Why it is sent: RESPONSE, UPDATE, MESSAGE_TAG or UTILITY
    #[arg(long, value_name = "TYPE")]
    pub messaging_type: Option<String>,

    /// What allows it outside the window: HUMAN_AGENT or CUSTOMER_FEEDBACK
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,

    /// How it is announced: REGULAR, SILENT_PUSH or NO_PUSH
    #[arg(long, value_name = "TYPE")]
    pub notification_type: Option<String>,

    /// The persona that it comes from
    #[arg(long, value_name = "ID")]
    pub persona_id: Option<String>,

    /// The message that it answers
    #[arg(long, value_name = "MESSAGE_ID")]
    pub reply_to: Option<String>,

    /// A text that comes back in the message's echo
    #[arg(long, value_name = "TEXT")]
    pub metadata: Option<String>,
}

/// `callcta check`.
#[derive(Args)]
pub struct CheckArgs {
    /// JSON files with a message or a whole request each; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Let warnings fail, too
    #[arg(long)]
    pub strict: bool,

    /// Print one line of JSON per file
    #[arg(long)]
    pub json: bool,
}
