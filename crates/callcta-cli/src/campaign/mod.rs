//! `callcta campaign`: a message to everybody in a file, nobody twice.

mod change;
mod decide;
#[cfg(feature = "postgres")]
mod migrate;
mod plan;
mod progress;
mod report;
mod send;
mod stand;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use callcta_campaign::{
    Campaign, Error, ErrorKind, ExportSettings, Journal, Location, Result, export, number,
};

use crate::args::campaign::{CampaignCommand, ExportCommand, JournalArgs, LookArgs, OutputFormat};
use crate::exit::Exit;
use crate::output::{after_writing, complain, plain};

/// Runs one of the commands.
pub fn run(command: &CampaignCommand) -> Exit {
    let done = match command {
        CampaignCommand::Plan(args) => plan::run(args),
        CampaignCommand::Run(args) => send::run(args),
        CampaignCommand::Resume(args) => send::resume(args),
        CampaignCommand::Pause(args) => stand::pause(args),
        CampaignCommand::Status(args) => stand::status(args),
        CampaignCommand::Change(args) => change::run(args),
        CampaignCommand::Retry(args) => decide::retry(args),
        CampaignCommand::Settle(args) => decide::settle(args),
        CampaignCommand::Export(args) => write_out(args),
        #[cfg(feature = "postgres")]
        CampaignCommand::Migrate(args) => migrate::run(args),
        CampaignCommand::Report(args) => report::run(args),
    };
    done.unwrap_or_else(|error| {
        complain(plain(&error.to_string()));
        exit_of(&error)
    })
}

fn exit_of(error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::Journal => Exit::Journal,
        _ => Exit::Usage,
    }
}

fn campaign(place: &LookArgs) -> Result<Campaign> {
    let location = match place.journal.to_str() {
        Some(text) => Location::of_campaign(text, place.campaign.as_deref())?,
        None => Location::file(&place.journal),
    };
    Ok(Campaign::new(location))
}

/// A campaign's journal as it is typed.
fn journal_of(campaign: &Campaign) -> String {
    quoted(&campaign.location().to_string())
}

/// The command with which it goes on, as it is typed. Where others may run it, `resume` is only
/// for who ends a pause.
fn going_on(campaign: &Campaign) -> String {
    let shared = campaign.location().is_shared();
    let verb = if shared { "run" } else { "resume" };
    format!("callcta campaign {verb} --journal {}", journal_of(campaign))
}

fn open(args: &JournalArgs) -> Result<Box<dyn Journal>> {
    let campaign = campaign(&args.place)?.journal_moved(args.journal_moved);
    campaign.open().map_err(|error| match error.kind() {
        ErrorKind::Moved => Error::new(error.kind(), format!("{error} (--journal-moved)")),
        _ => error,
    })
}

/// To do what may be done while another process runs the campaign.
fn open_beside(args: &JournalArgs) -> Result<Box<dyn Journal>> {
    match open(args) {
        Err(error) if error.kind() == ErrorKind::InUse => campaign(&args.place)?.look(),
        opened => opened,
    }
}

fn write_out(args: &ExportCommand) -> Result<Exit> {
    let mut journal = campaign(&args.journal)?.look()?;
    let mut settings = ExportSettings::default();
    settings.json_lines = args.format == OutputFormat::JsonLines;
    settings.excel = args.excel;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let filter = args.filter.filter();
    match export(&mut *journal, &filter, settings, &mut out) {
        Err(error) => Err(error),
        Ok(_) => Ok(after_writing(out.flush(), Exit::Done)),
    }
}

/// Asks a yes-or-no question. Only a clear yes is one: not an interruption, not the end of
/// the input, and not silence, as where nobody is there to answer.
fn ask(question: impl Display) -> bool {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    eprint(format_args!("{question} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn eprint(text: impl Display) {
    let mut err = anstream::stderr();
    let _ = write!(err, "{text}");
    let _ = err.flush();
}

fn rows(count: u64) -> String {
    format!(
        "{} {}",
        number(count),
        if count == 1 { "row" } else { "rows" }
    )
}

/// How many others run it, where that is possible.
fn others(campaign: &Campaign, journal: &mut dyn Journal) -> Result<usize> {
    if campaign.location().is_shared() {
        Ok(journal.workers()?.len())
    } else {
        Ok(0)
    }
}

fn workers(count: usize) -> String {
    match count {
        1 => "1 worker that runs it".to_owned(),
        _ => format!("{count} workers that run it"),
    }
}

/// A text as a shell takes it.
fn quoted(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c);
    if text.chars().all(bare) && !text.is_empty() {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_threes() {
        let told = [0, 7, 999, 1000, 12_345, 1_000_000].map(number);
        assert_eq!(told, ["0", "7", "999", "1,000", "12,345", "1,000,000"]);
    }

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("a/b-1.journal"), "a/b-1.journal");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
