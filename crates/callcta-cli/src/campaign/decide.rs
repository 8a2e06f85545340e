//! `callcta campaign retry` and `settle`: what people and echoes decide.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::SystemTime;

use callcta_campaign::{Echo, Echoed, Error, Filter, Journal, Result, State, echo_of, events_of};

use super::{ask, number, open, open_beside, quoted, rows, who};
use crate::args::campaign::{RetryCommand, SettleCommand};
use crate::exit::Exit;
use crate::output::{GOOD, WARN, after_writing, say, styled};

/// What can be put back.
const RETRIED: [State; 3] = [State::Rejected, State::Unknown, State::Skipped];

/// How many echoes are settled in one step.
const TOGETHER: usize = 1000;

pub fn retry(args: &RetryCommand) -> Result<Exit> {
    let mut journal = open(&args.journal)?;
    let mut filter = args.filter.filter();
    if filter.states.is_empty() {
        filter.states = vec![State::Rejected];
    }
    if let Some(other) = filter.states.iter().find(|state| !RETRIED.contains(state)) {
        let text =
            format!("rows that are {other} can't be put back; rejected, skipped and unknown can");
        return Err(Error::invalid(text));
    }
    let unknown = of_unknown(&filter);
    let doubtful = match &unknown {
        Some(unknown) => journal.count(unknown)?,
        None => 0,
    };
    let count = journal.count(&filter)?;
    say(format_args!(
        "{} would be put back into the queue",
        rows(count)
    ));
    if doubtful > 0 {
        say(format_args!(
            "{} {} of them may have arrived: those people can get the message twice",
            styled(WARN, "risk:"),
            number(doubtful)
        ));
        if !args.risk_duplicates {
            return Err(Error::invalid(
                "nothing was changed; --risk-duplicates accepts that",
            ));
        }
    }
    if count == 0 {
        return Ok(Exit::Done);
    }
    if !args.yes && !ask("Put them back?") {
        say("nothing was changed; --yes answers the question");
        return Ok(Exit::NotSent);
    }
    let moved = journal.requeue(&filter, &who(), SystemTime::now())?;
    say(format_args!(
        "{} {}",
        styled(GOOD, "put back:"),
        rows(moved)
    ));
    let path = quoted(&args.journal.journal);
    say(format_args!("  callcta campaign resume --journal {path}"));
    Ok(Exit::Done)
}

/// The part of a filter that finds unknown rows, if it has one.
fn of_unknown(filter: &Filter) -> Option<Filter> {
    filter.states.contains(&State::Unknown).then(|| {
        let mut unknown = filter.clone();
        unknown.states = vec![State::Unknown];
        unknown
    })
}

pub fn settle(args: &SettleCommand) -> Result<Exit> {
    let mut journal = open_beside(&args.journal)?;
    if let Some(path) = &args.events {
        return by_echoes(&mut journal, path);
    }
    let mut filter = Filter::state(State::Unknown);
    filter.kinds.clone_from(&args.kind);
    let count = journal.count(&filter)?;
    say(format_args!(
        "{} would be taken for sent; those to whom it was not delivered won't get it",
        rows(count)
    ));
    if count == 0 {
        return Ok(Exit::Done);
    }
    if !args.yes && !ask("Take them for sent?") {
        say("nothing was changed; --yes answers the question");
        return Ok(Exit::NotSent);
    }
    let moved = journal.assume_sent(&filter, &who(), SystemTime::now())?;
    say(format_args!(
        "{} {}",
        styled(GOOD, "taken for sent:"),
        rows(moved)
    ));
    Ok(Exit::Done)
}

fn by_echoes(journal: &mut dyn Journal, path: &Path) -> Result<Exit> {
    let unreadable =
        |error: io::Error| Error::invalid(format!("can't read {}: {error}", path.display()));
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    let facts = journal.facts().clone();
    let mut tally = Tally::default();
    let mut echoes = Vec::new();
    for line in reader.lines() {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        match events_of(&line) {
            Some(events) => echoes.extend(events.iter().filter_map(|event| echo_of(&facts, event))),
            None => tally.unread += 1,
        }
        if echoes.len() >= TOGETHER {
            tally.settle(journal, &mut echoes)?;
        }
    }
    tally.settle(journal, &mut echoes)?;
    Ok(after_writing(
        tally.write(&mut anstream::stdout()),
        Exit::Done,
    ))
}

/// What echoes did.
#[derive(Default)]
struct Tally {
    settled: BTreeMap<State, u64>,
    known: u64,
    strangers: u64,
    /// Lines that are neither bodies nor events.
    unread: u64,
}

impl Tally {
    fn settle(&mut self, journal: &mut dyn Journal, echoes: &mut Vec<Echo>) -> Result<()> {
        for told in journal.echo(echoes, SystemTime::now())? {
            match told {
                Echoed::Known => self.known += 1,
                Echoed::Settled(before) => *self.settled.entry(before).or_default() += 1,
                Echoed::Stranger => self.strangers += 1,
            }
        }
        echoes.clear();
        Ok(())
    }

    fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        let settled: u64 = self.settled.values().sum();
        write!(
            out,
            "{} {} by their echoes",
            styled(GOOD, "settled:"),
            rows(settled)
        )?;
        for (before, count) in &self.settled {
            write!(out, "; {} were {before}", number(*count))?;
        }
        writeln!(out)?;
        for (count, what) in [
            (self.known, "echoes of rows that were known to be sent"),
            (self.strangers, "echoes that fit no row"),
            (self.unread, "lines that are no events"),
        ] {
            if count > 0 {
                writeln!(out, "  {} {what}", number(count))?;
            }
        }
        Ok(())
    }
}
