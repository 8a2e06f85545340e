//! How a campaign stands: by state and kind, with what it means and what can be done.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use callcta::ErrorKind;
use callcta_campaign::{
    Command, Count, Ended, Facts, Hold, How, Journal as _, Result, SqliteJournal, State,
};
use serde::Serialize;

use super::{look, number, quoted, rows};
use crate::args::campaign::StatusCommand;
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, STRONG, WARN, after_writing, plain, say, styled};
use crate::report::line;

/// How often it is looked whether a run has ended.
const LOOK: Duration = Duration::from_millis(50);

pub struct Stand {
    facts: Facts,
    counts: Vec<Count>,
    journal: String,
    /// Whether a process has the journal.
    held: bool,
    pausing: bool,
}

pub fn status(args: &StatusCommand) -> Result<Exit> {
    let path = &args.journal.journal;
    let mut journal = look(path)?;
    let stand = Stand::of(&mut journal, path, false)?;
    let written = if args.json {
        stand.json(None, &mut io::stdout())
    } else {
        stand.words(None, &mut anstream::stdout())
    };
    Ok(after_writing(written, Exit::Done))
}

pub fn pause(path: &Path) -> Result<Exit> {
    let mut journal = look(path)?;
    if !SqliteJournal::is_held(path) {
        say("nothing runs with this journal");
        return Ok(Exit::Done);
    }
    let in_flight = |journal: &mut SqliteJournal| -> Result<u64> {
        let counts = journal.counts()?;
        let counts = counts.iter().filter(|count| count.state == State::InFlight);
        Ok(counts.map(|count| count.rows).sum())
    };
    journal.command(Command::Pause)?;
    let waited_for = in_flight(&mut journal)?;
    while SqliteJournal::is_held(path) {
        thread::sleep(LOOK);
    }
    let left = in_flight(&mut journal)?;
    say(format_args!(
        "{} nothing more is sent; {} under way were waited for",
        styled(GOOD, "paused:"),
        number(waited_for)
    ));
    if left > 0 {
        say(format_args!(
            "{} have no outcome: the run was ended",
            number(left)
        ));
    }
    say(format_args!(
        "  callcta campaign resume --journal {}",
        quoted(path)
    ));
    Ok(Exit::Done)
}

impl Stand {
    /// The stand of a journal; `ended` if this process has just ended its run.
    pub fn of(journal: &mut SqliteJournal, path: &Path, ended: bool) -> Result<Self> {
        Ok(Stand {
            facts: journal.facts().clone(),
            counts: journal.counts()?,
            journal: quoted(path),
            held: !ended && SqliteJournal::is_held(path),
            pausing: journal.orders()?.pause,
        })
    }

    fn rows_in(&self, state: State) -> u64 {
        let counts = self.counts.iter().filter(|count| count.state == state);
        counts.map(|count| count.rows).sum()
    }

    /// By state and kind, over all Pages.
    fn kinds(&self) -> BTreeMap<(State, &str), u64> {
        let mut kinds = BTreeMap::new();
        for count in &self.counts {
            *kinds.entry((count.state, count.kind.as_str())).or_default() += count.rows;
        }
        kinds
    }

    /// What the rows say; no other truth is kept.
    fn word(&self) -> &'static str {
        let has = |state| self.rows_in(state) > 0;
        let attention = [State::Rejected, State::Unknown, State::Skipped]
            .into_iter()
            .any(has);
        match (self.held, has(State::Queued) || has(State::InFlight)) {
            (true, _) if self.pausing => "pausing",
            (true, true) => "running",
            (_, true) => "paused",
            (_, false) if attention => "finished_needs_attention",
            (_, false) => "finished",
        }
    }

    pub fn words(&self, ended: Option<&Ended>, out: &mut impl Write) -> io::Result<()> {
        let word = self.word();
        let style = match word {
            "finished" => GOOD,
            "finished_needs_attention" | "paused" => WARN,
            _ => STRONG,
        };
        let sent = self.rows_in(State::Sent);
        writeln!(
            out,
            "{} {} of {} sent",
            styled(
                style,
                format_args!("{}:", word.replacen('_', ", ", 1).replace('_', " "))
            ),
            number(sent),
            rows(self.facts.rows)
        )?;
        if let Some(ended) = ended {
            for (page_id, hold) in &ended.snapshot.held {
                if let Hold::Paused(why) = hold {
                    let page = styled(WARN, format_args!("Page {page_id} is paused:"));
                    writeln!(out, "  {page} {}", plain(why))?;
                }
            }
            if let How::JournalFailed { unwritten, why } = &ended.how {
                let why = plain(why);
                writeln!(
                    out,
                    "  {} {why}; {unwritten} outcomes could not be written, their rows will be \
                     unknown",
                    styled(BAD, "journal:")
                )?;
            }
        }
        for ((state, kind), count) in self.kinds() {
            let name = if kind.is_empty() {
                state.as_str().to_owned()
            } else {
                format!("{state}: {kind}")
            };
            writeln!(out, "  {:>9}  {}", number(count), styled(STRONG, name))?;
            if let Some(meaning) = meaning(state, kind) {
                writeln!(out, "             {}", styled(DIM, meaning))?;
            }
            for command in self.commands(state, kind) {
                writeln!(out, "             {command}")?;
            }
        }
        Ok(())
    }

    /// What can be done about rows in a state, as it is typed.
    fn commands(&self, state: State, kind: &str) -> Vec<String> {
        let journal = &self.journal;
        let retry = format!(
            "callcta campaign retry --journal {journal} --state {state}{}",
            if kind.is_empty() {
                String::new()
            } else {
                format!(" --kind {kind}")
            }
        );
        match state {
            State::Queued if !self.held || self.pausing => {
                vec![format!("callcta campaign resume --journal {journal}")]
            }
            State::Rejected => vec![retry],
            State::Skipped if kind != "invalid_message" => vec![retry],
            State::Unknown => vec![
                format!("callcta campaign settle --journal {journal} --events EVENTS"),
                format!("{retry} --risk-duplicates"),
            ],
            _ => Vec::new(),
        }
    }

    pub fn json(&self, ended: Option<&Ended>, out: &mut impl Write) -> io::Result<()> {
        let states = State::ALL
            .iter()
            .map(|state| (state.as_str(), self.rows_in(*state)));
        let kinds = self.kinds().into_iter();
        let kinds = kinds.filter(|((_, kind), _)| !kind.is_empty());
        let held = ended
            .map(|ended| &ended.snapshot.held)
            .into_iter()
            .flatten();
        let told = Told {
            status: self.word(),
            rows: self.facts.rows,
            states: states.collect(),
            kinds: kinds
                .map(|((state, kind), rows)| OfKind {
                    state: state.as_str(),
                    kind,
                    rows,
                })
                .collect(),
            paused: held
                .filter_map(|(page_id, hold)| match hold {
                    Hold::Paused(why) => Some((page_id.as_str(), why.as_str())),
                    _ => None,
                })
                .collect(),
            campaign: &self.facts.id,
            input_hash: &self.facts.input_hash,
            message_hash: &self.facts.message_hash,
        };
        line(&told, out)
    }
}

#[derive(Serialize)]
struct Told<'a> {
    status: &'static str,
    rows: u64,
    states: BTreeMap<&'static str, u64>,
    kinds: Vec<OfKind<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    paused: BTreeMap<&'a str, &'a str>,
    campaign: &'a str,
    input_hash: &'a str,
    message_hash: &'a str,
}

/// Rows of a kind.
#[derive(Serialize)]
struct OfKind<'a> {
    state: &'static str,
    kind: &'a str,
    rows: u64,
}

/// What it means that rows are in a state for a reason, and what to do about the reason.
fn meaning(state: State, kind: &str) -> Option<&'static str> {
    Some(match (state, kind) {
        (State::Queued, _) => "not sent yet",
        (State::InFlight, _) => "being sent, or lost with the process that sent them",
        (State::Sent, _) => "the platform took the message",
        (State::AssumedSent, _) => "unknown, and taken for sent by somebody's word",
        (State::Unknown, "worker_lost") => {
            "the process that sent them is gone; the message may or may not have been delivered"
        }
        (State::Skipped, "suppressed") => "on the suppression list when their turn came",
        (State::Skipped, "window_closed") => "their window was over when their turn came",
        (State::Skipped, "invalid_message") => "could not be sent as they were planned",
        (_, kind) => {
            let known = ErrorKind::ALL.iter().find(|known| known.as_str() == kind)?;
            known.advice()
        }
    })
}
