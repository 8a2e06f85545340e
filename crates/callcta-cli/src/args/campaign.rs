//! The command line of `callcta campaign`.

use std::path::PathBuf;
use std::time::Duration;

use callcta_campaign::RunSettings;
use clap::{Args, Subcommand, ValueEnum};

use super::help;
use crate::settings::Settings;

#[derive(Subcommand)]
pub enum CampaignCommand {
    /// Read, fill in and check everything, without sending
    ///
    /// Puts a row per recipient into a new journal, which is left alone if anything is
    /// wrong. What is wrong is counted per rule, with its first lines.
    #[command(
        visible_alias = "load",
        after_help = help::MORE,
        after_long_help = help::CAMPAIGN_PLAN
    )]
    Plan(PlanCommand),

    /// Plan, if that was not done yet, and send
    ///
    /// With a journal that is there already, input and message must be those that were
    /// planned, and the run goes on where the last one ended.
    #[command(after_help = help::MORE, after_long_help = help::campaign_run())]
    Run(Box<RunCommand>),

    /// Go on with a journal: send what is queued, and nothing that may have arrived
    #[command(after_help = help::MORE, after_long_help = help::campaign_resume())]
    Resume(Box<ResumeCommand>),

    /// Ask a run to stop, and wait until nothing more will be sent
    #[command(after_help = help::CAMPAIGN_PAUSE)]
    Pause(LookArgs),

    /// Tell how a campaign stands, while it runs or not
    #[command(after_help = help::CAMPAIGN_STATUS)]
    Status(StatusCommand),

    /// Change the message of all that is sent from now on, or the pace of a run
    ///
    /// While it runs or not. The message is filled in and checked for each row that may get
    /// it, and the change is written down.
    #[command(after_help = help::MORE, after_long_help = help::CAMPAIGN_CHANGE)]
    Change(ChangeCommand),

    /// Put rows back into the queue, by your word
    ///
    /// Shows how many first. Those that are unknown may have arrived: putting them back can
    /// send the message twice, and needs a flag of its own.
    #[command(after_help = help::MORE, after_long_help = help::CAMPAIGN_RETRY)]
    Retry(RetryCommand),

    /// Settle what is unknown: by the echoes that came in, or by your word
    ///
    /// While the campaign runs or not.
    #[command(after_help = help::MORE, after_long_help = help::CAMPAIGN_SETTLE)]
    Settle(SettleCommand),

    /// Write the rows out, with what became of each
    ///
    /// CSV or JSON lines, in the columns that came in and callcta's own. Read in again as
    /// an input, they are the same rows.
    #[command(after_help = help::CAMPAIGN_EXPORT)]
    Export(ExportCommand),

    /// Make the tables of journals in PostgreSQL, or bring them to this callcta's layout
    ///
    /// To be run with the role that shall own the tables. The others need less, which
    /// --grants prints.
    #[cfg(feature = "postgres")]
    #[command(after_help = help::CAMPAIGN_MIGRATE)]
    Migrate(MigrateCommand),

    /// Write a page of HTML with how the campaign stands, and plots
    ///
    /// What became of the rows, over time and by Page, and how long they waited. The page
    /// needs nothing but itself, and names no people.
    #[command(after_help = help::CAMPAIGN_REPORT)]
    Report(ReportCommand),
}

/// What is sent to whom.
#[derive(Args)]
pub struct PlanArgs {
    /// The recipients: CSV, TSV or JSON lines with a column psid; - is standard input
    #[arg(value_name = "RECIPIENTS", required = true)]
    pub recipients: Option<PathBuf>,

    /// A JSON file with a message or a whole request; its {{placeholders}} are columns
    #[arg(long, value_name = "FILE", required = true)]
    pub message: Option<PathBuf>,

    /// How the recipients are written
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub format: InputFormat,

    /// Skip rows that can't be sent, instead of planning nothing
    #[arg(long)]
    pub skip_invalid: bool,

    /// Allow several messages from one Page to the same person
    #[arg(long)]
    pub allow_repeated: bool,

    /// The ids are right although most look rounded, as after a spreadsheet
    #[arg(long)]
    pub ids_confirmed: bool,
}

/// The journal of a command that changes it.
#[derive(Args)]
pub struct JournalArgs {
    #[command(flatten)]
    pub place: LookArgs,

    /// The journal was moved or restored, and no other copy of it was used since
    #[arg(long)]
    pub journal_moved: bool,
}

/// The journal of a command that only looks.
#[derive(Args)]
pub struct LookArgs {
    /// The campaign's journal: a file, or postgresql://… for one that machines share
    #[arg(long, value_name = "FILE|URL")]
    pub journal: PathBuf,

    /// The campaign's name in a journal in PostgreSQL, unless the URL has it
    #[arg(long, value_name = "NAME")]
    pub campaign: Option<String>,
}

/// How fast, and what is shown.
#[derive(Args)]
pub struct SendingArgs {
    /// Most messages that each Page starts per second, or none
    #[arg(long, value_name = "N", default_value_t = Pace(Some(callcta::limits::PACE)))]
    pub pace: Pace,

    /// Most messages under way at once, each on a thread [default: 8 per Page, at least 64]
    #[arg(long, value_name = "N", value_parser = workers)]
    pub workers: Option<usize>,

    /// A file with the PSIDs that must not be written to; read anew before each message
    #[arg(long, value_name = "FILE")]
    pub suppress: Option<PathBuf>,

    /// Send nothing before: a time such as 2026-12-01T12:00:00Z or 2026-12-01T12:00[Africa/Lagos]
    #[arg(long, value_name = "TIME")]
    pub start_at: Option<String>,

    /// Hours in which nobody is written to, such as 21:00-08:00, by each Page's time zone
    #[arg(long, value_name = "FROM-UNTIL", requires = "time_zone")]
    pub quiet: Option<String>,

    /// The time zone of all Pages, such as Africa/Lagos, or of one, such as
    /// 1234567890=Asia/Tokyo (repeatable); a Page without one is held up in --quiet
    #[arg(long, value_name = "ZONE|ID=ZONE", requires = "quiet")]
    pub time_zone: Vec<String>,

    /// A folder with an access token per Page, in files named by the Page's id
    #[arg(long, value_name = "FOLDER")]
    pub tokens: Option<PathBuf>,

    /// A program that is called with a Page's id and prints its access token
    #[arg(long, value_name = "PROGRAM", conflicts_with = "tokens")]
    pub token_command: Option<PathBuf>,

    /// How many seconds a journal that can't be written is tried again before the run ends
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub journal_patience: u32,

    /// How many seconds a Page waits for a worker that went away without a word, in a journal
    /// that machines share
    #[arg(
        long,
        value_name = "N",
        default_value_t = RunSettings::default().lease_time.as_secs(),
        value_parser = lease_time
    )]
    pub lease_time: u64,

    /// What is shown on standard error meanwhile
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub progress: Progress,

    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta campaign plan`.
#[derive(Args)]
pub struct PlanCommand {
    #[command(flatten)]
    pub plan: PlanArgs,

    /// The campaign's journal: a file that must not be there yet, or postgresql://…, where
    /// what is new is added
    #[arg(long, value_name = "FILE|URL", required_unless_present = "check")]
    pub journal: Option<PathBuf>,

    /// The campaign's name in a journal in PostgreSQL, unless the URL has it
    #[arg(long, value_name = "NAME")]
    pub campaign: Option<String>,

    /// Keep nothing: only tell what is wrong
    #[arg(long)]
    pub check: bool,

    /// The Page of rows that name none
    #[arg(
        long,
        value_name = "ID",
        env = "CALLCTA_PAGE_ID",
        hide_env_values = true
    )]
    pub page_id: Option<String>,

    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta campaign run`.
#[derive(Args)]
#[command(mut_arg("attempts", |it| it.hide(true)), mut_arg("me", |it| it.hide(true)))]
// With a journal that machines share, the rows may be there already.
#[command(mut_arg("recipients", |it| it.required(false)), mut_arg("message", |it| it.required(false)))]
pub struct RunCommand {
    #[command(flatten)]
    pub plan: PlanArgs,

    #[command(flatten)]
    pub journal: JournalArgs,

    #[command(flatten, next_help_heading = "Way of sending")]
    pub sending: SendingArgs,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,
}

/// `callcta campaign resume`.
#[derive(Args)]
#[command(mut_arg("attempts", |it| it.hide(true)), mut_arg("me", |it| it.hide(true)))]
pub struct ResumeCommand {
    #[command(flatten)]
    pub journal: JournalArgs,

    #[command(flatten, next_help_heading = "Way of sending")]
    pub sending: SendingArgs,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,
}

/// `callcta campaign migrate`.
#[cfg(feature = "postgres")]
#[derive(Args)]
pub struct MigrateCommand {
    /// Where the tables are, or shall be: postgresql://…
    #[arg(long, value_name = "URL", required_unless_present = "grants")]
    pub journal: Option<String>,

    /// Only print the statements that give three roles what they need: one that loads, one
    /// that sends, one that looks
    #[arg(long, num_args = 3, value_names = ["LOADER", "WORKER", "READER"])]
    pub grants: Option<Vec<String>>,
}

/// `callcta campaign status`.
#[derive(Args)]
pub struct StatusCommand {
    #[command(flatten)]
    pub journal: LookArgs,

    /// Show on standard error how far the run is, until it has ended
    #[arg(long)]
    pub watch: bool,

    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta campaign change`.
#[derive(Args)]
#[group(id = "changed", required = true, multiple = true, args = ["message", "pace"])]
pub struct ChangeCommand {
    #[command(flatten)]
    pub journal: JournalArgs,

    /// A JSON file with another message; its {{placeholders}} are columns of the campaign
    #[arg(long, value_name = "FILE")]
    pub message: Option<PathBuf>,

    /// Most messages that each Page starts per second, or none; until this run ends
    #[arg(long, value_name = "N")]
    pub pace: Option<Pace>,

    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// Which rows.
#[derive(Args)]
pub struct FilterArgs {
    /// Only those in this state; repeatable
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub state: Vec<callcta_campaign::State>,

    /// Only those of this kind, such as outside_window; repeatable
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,

    /// Only those of this Page
    #[arg(long, value_name = "ID")]
    pub page: Option<String>,
}

impl FilterArgs {
    pub fn filter(&self) -> callcta_campaign::Filter {
        let mut filter = callcta_campaign::Filter::default();
        filter.states.clone_from(&self.state);
        filter.kinds.clone_from(&self.kind);
        filter.page_id.clone_from(&self.page);
        filter
    }
}

/// `callcta campaign retry`.
#[derive(Args)]
pub struct RetryCommand {
    #[command(flatten)]
    pub journal: JournalArgs,

    #[command(flatten)]
    pub filter: FilterArgs,

    /// Put back what is unknown, too: people may get the message twice
    #[arg(long)]
    pub risk_duplicates: bool,

    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// `callcta campaign settle`.
#[derive(Args)]
pub struct SettleCommand {
    #[command(flatten)]
    pub journal: JournalArgs,

    /// Bodies of webhooks, or events as webhook listen --json prints them, one per line; -
    /// is standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "assume_sent",
        conflicts_with = "assume_sent"
    )]
    pub events: Option<PathBuf>,

    /// Take what is unknown for sent
    #[arg(long)]
    pub assume_sent: bool,

    /// With --assume-sent: only what is unknown for this reason; repeatable
    #[arg(long, value_name = "KIND", requires = "assume_sent")]
    pub kind: Vec<String>,

    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}

/// `callcta campaign export`.
#[derive(Args)]
pub struct ExportCommand {
    #[command(flatten)]
    pub journal: LookArgs,

    #[command(flatten)]
    pub filter: FilterArgs,

    /// How the rows are written
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: OutputFormat,

    /// For Excel: with a byte order mark, and ids as texts
    #[arg(long)]
    pub excel: bool,
}

/// `callcta campaign report`.
#[derive(Args)]
pub struct ReportCommand {
    #[command(flatten)]
    pub journal: LookArgs,

    /// Where the page goes; - is standard output [default: beside the journal]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Show it in a browser
    #[arg(long)]
    pub open: bool,
}

/// How recipients are written.
#[derive(Clone, Copy, ValueEnum)]
pub enum InputFormat {
    /// Found from the name, else from the first byte
    Auto,
    /// With a header; comma, semicolon or tab is found from it
    Csv,
    /// Separated by tabs
    Tsv,
    /// One object per line
    JsonLines,
}

/// How rows are written out.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum OutputFormat {
    /// With a header
    Csv,
    /// One object per line
    JsonLines,
}

/// What is shown while a campaign runs.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, else plain
    Auto,
    /// Lines, at growing intervals
    Plain,
    /// A line of JSON each second
    Json,
    /// Nothing
    None,
}

/// Messages per second.
#[derive(Clone, Copy)]
pub struct Pace(pub Option<f64>);

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(pace) => pace.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl std::str::FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Pace(None));
        }
        // What is no number is as wrong as one out of bounds.
        let pace = text.parse().unwrap_or(f64::NAN);
        let checked = RunSettings::check_pace(pace);
        checked
            .map(|()| Pace(Some(pace)))
            .map_err(|error| error.to_string())
    }
}

fn workers(text: &str) -> Result<usize, String> {
    let workers = text.parse().unwrap_or(0);
    let checked = RunSettings::check_workers(workers);
    checked.map(|()| workers).map_err(|error| error.to_string())
}

fn lease_time(text: &str) -> Result<u64, String> {
    let seconds = text.parse().unwrap_or(0);
    let checked = RunSettings::check_lease_time(Duration::from_secs(seconds));
    checked.map(|()| seconds).map_err(|error| error.to_string())
}

fn state(text: &str) -> Result<callcta_campaign::State, String> {
    callcta_campaign::State::from_name(text).ok_or_else(|| {
        let names = callcta_campaign::State::ALL
            .iter()
            .map(|state| state.as_str());
        format!("is none of: {}", names.collect::<Vec<_>>().join(", "))
    })
}
