//! How a campaign stands: by state and kind, with what it means and what can be done.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use callcta_campaign::{
    Campaign, Ended, Filter, Result, Snapshot, Standing, State, Watch, meaning,
};

use super::progress::Drawing;
use super::{campaign, going_on, journal_of, number, rows};
use crate::args::campaign::{LookArgs, Progress, StatusCommand};
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, STRONG, WARN, after_writing, plain, say, styled};
use crate::report::line;

/// How often it is looked whether a run has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How often it is looked how far a run is.
const WATCH: Duration = Duration::from_millis(200);

pub struct Stand {
    standing: Standing,
    journal: String,
    going_on: String,
}

pub fn status(args: &StatusCommand) -> Result<Exit> {
    let campaign = campaign(&args.journal)?;
    if args.watch {
        watch(&campaign, args.json)?;
    }
    let stand = Stand::of(campaign.standing()?, &campaign);
    let written = if args.json {
        stand.json(None, &mut io::stdout())
    } else {
        stand.words(None, &mut anstream::stdout())
    };
    Ok(after_writing(written, Exit::Done))
}

/// Shows how far a run is until it has ended, whoever runs it.
fn watch(campaign: &Campaign, json: bool) -> Result<()> {
    let mut journal = campaign.look()?;
    let mut watch = Watch::new();
    let latest = Arc::new(Mutex::new(watch.look(&mut *journal)?));
    let told = Arc::clone(&latest);
    let how = if json { Progress::Json } else { Progress::Auto };
    let drawing = Drawing::start(how, move || lock(&told).clone());
    while !journal.workers()?.is_empty() {
        *lock(&latest) = watch.look(&mut *journal)?;
        thread::sleep(WATCH);
    }
    *lock(&latest) = watch.look(&mut *journal)?;
    drawing.end();
    Ok(())
}

fn lock(latest: &Mutex<Snapshot>) -> MutexGuard<'_, Snapshot> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn pause(args: &LookArgs) -> Result<Exit> {
    let campaign = campaign(args)?;
    let Some(waited_for) = campaign.pause()? else {
        say("nothing runs with this journal");
        return Ok(Exit::Done);
    };
    let mut journal = campaign.look()?;
    let shared = campaign.location().is_shared();
    while if shared {
        !journal.workers()?.is_empty()
    } else {
        campaign.location().is_held()
    } {
        thread::sleep(LOOK);
    }
    let left = journal.count(&Filter::state(State::InFlight))?;
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
        journal_of(&campaign)
    ));
    Ok(Exit::Done)
}

impl Stand {
    pub fn of(standing: Standing, campaign: &Campaign) -> Self {
        Stand {
            standing,
            journal: journal_of(campaign),
            going_on: going_on(campaign),
        }
    }

    pub fn words(&self, ended: Option<&Ended>, out: &mut impl Write) -> io::Result<()> {
        let word = self.standing.word();
        let style = match word {
            "finished" => GOOD,
            "finished_needs_attention" | "paused" => WARN,
            _ => STRONG,
        };
        let sent = self.standing.rows_in(State::Sent);
        writeln!(
            out,
            "{} {} of {} sent",
            styled(
                style,
                format_args!("{}:", word.replacen('_', ", ", 1).replace('_', " "))
            ),
            number(sent),
            rows(self.standing.facts.rows)
        )?;
        for (page_id, why) in &self.standing.paused {
            let page = styled(WARN, format_args!("Page {page_id} is paused:"));
            writeln!(out, "  {page} {}", plain(why))?;
        }
        if let Some(failure) = ended.and_then(Ended::failure) {
            let why = failure.to_string();
            writeln!(out, "  {} {}", styled(BAD, "journal:"), plain(&why))?;
        }
        for ((state, kind), count) in self.standing.kinds() {
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
            State::Queued if self.standing.pausing => {
                vec![format!("callcta campaign resume --journal {journal}")]
            }
            State::Queued if !self.standing.held => vec![self.going_on.clone()],
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
        line(&self.standing.told(ended), out)
    }
}
