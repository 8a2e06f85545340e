//! The command line of `callcta settings` and `callcta calling`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Subcommand};

use super::help;
use crate::settings::Settings;

#[derive(Subcommand)]
pub enum SettingsCommand {
    /// Read the Page's call settings
    #[command(after_help = help::MORE, after_long_help = help::settings_get())]
    Get(Box<GetArgs>),

    /// Change the Page's call settings
    ///
    /// Only what is given is changed. The settings are checked first. Call hours are
    /// replaced as a whole: a day without hours is closed.
    #[command(after_help = help::MORE, after_long_help = help::settings_set())]
    Set(Box<SetArgs>),
}

/// `callcta settings get`.
#[derive(Args)]
pub struct GetArgs {
    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Print the settings as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta settings set`.
#[derive(Args)]
pub struct SetArgs {
    #[command(flatten, next_help_heading = "Call settings")]
    pub change: ChangeArgs,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Change them without checking first, for the day that Meta changes a rule
    #[arg(long)]
    pub unchecked: bool,

    /// Print the request body instead of sending it; needs no Page or token
    #[arg(long)]
    pub dry_run: bool,

    /// Print the outcome as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What is changed.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct ChangeArgs {
    /// A JSON file with settings, or with the line of `callcta settings get --json`;
    /// - is standard input. What flags say wins
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Whether people can call at all: the switch behind the call button
    #[arg(
        long,
        visible_alias = "audio",
        value_name = "ON|OFF",
        value_parser = BoolishValueParser::new(),
        action = ArgAction::Set,
        hide_possible_values = true
    )]
    pub audio_enabled: Option<bool>,

    /// Whether video calls are on
    #[arg(
        long,
        visible_alias = "video",
        value_name = "ON|OFF",
        value_parser = BoolishValueParser::new(),
        action = ArgAction::Set,
        hide_possible_values = true
    )]
    pub video_enabled: Option<bool>,

    /// Whether the call icon is shown in the conversation
    #[arg(
        long,
        visible_alias = "icon",
        value_name = "ON|OFF",
        value_parser = BoolishValueParser::new(),
        action = ArgAction::Set,
        hide_possible_values = true
    )]
    pub icon_enabled: Option<bool>,

    /// Who is rung: META, Meta's own inbox, or PARTNERS, the app by its webhook
    #[arg(long, visible_alias = "routing", value_name = "TARGET")]
    pub call_routing: Option<String>,

    /// The time zone of the hours, such as Africa/Lagos
    #[arg(long, visible_alias = "zone", value_name = "NAME")]
    pub timezone_id: Option<String>,

    /// When people can call on a day, such as MONDAY=0900-1700; repeatable
    #[arg(
        long,
        value_name = "DAY=FROM-UNTIL",
        requires = "timezone_id",
        conflicts_with = "closed"
    )]
    pub open: Vec<Open>,

    /// Nobody can call on any day
    #[arg(long, requires = "timezone_id")]
    pub closed: bool,
}

/// The hours of a day. Whether they are right is the check's to say.
#[derive(Clone)]
pub struct Open {
    pub day: String,
    pub from: String,
    pub until: String,
}

impl FromStr for Open {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split_once('=')
            .and_then(|(day, hours)| Some((day, hours.split_once('-')?)));
        let (day, (from, until)) =
            parts.ok_or("a day and its hours are needed, as MONDAY=0900-1700")?;
        Ok(Open {
            day: day.to_ascii_uppercase(),
            from: from.to_owned(),
            until: until.to_owned(),
        })
    }
}

#[derive(Subcommand)]
pub enum CallingCommand {
    /// Ask whether the Page may use the calling API
    #[command(after_help = help::MORE, after_long_help = help::calling_status())]
    Status(Box<StatusArgs>),

    /// Ask whether the Page may call a person, and ask them to be allowed to
    #[command(after_help = help::MORE, after_long_help = help::calling_permissions())]
    Permissions(Box<PermissionsArgs>),

    /// Subscribe the app to webhook fields of the Page
    ///
    /// What isn't named is not told any more: name all that are wanted.
    #[command(after_help = help::MORE, after_long_help = help::calling_subscribe())]
    Subscribe(Box<SubscribeArgs>),
}

/// `callcta calling subscribe`.
#[derive(Args)]
pub struct SubscribeArgs {
    /// Webhook fields, such as calls and messages
    #[arg(required = true, value_name = "FIELD")]
    pub fields: Vec<String>,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Print the outcome as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta calling status`.
#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Print the status as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// `callcta calling permissions`.
#[derive(Args)]
pub struct PermissionsArgs {
    /// The person, by Page-scoped ID
    #[arg(long, value_name = "PSID")]
    pub to: String,

    #[command(flatten, next_help_heading = "Page and connection")]
    pub settings: Settings,

    /// Print what is permitted as one line of JSON
    #[arg(long)]
    pub json: bool,
}
