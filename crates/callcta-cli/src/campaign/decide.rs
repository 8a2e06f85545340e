//! `callcta campaign retry` and `settle`: what people and echoes decide.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use callcta_campaign::{
    Error, Filter, Journal, Result, Retrial, Settled, State, assume_sent, settle as by_lines,
};

use super::{ask, campaign, going_on, number, open, open_beside, others, rows, workers};
use crate::args::campaign::{RetryCommand, SettleCommand};
use crate::exit::Exit;
use crate::output::{GOOD, WARN, after_writing, say, styled};

pub fn retry(args: &RetryCommand) -> Result<Exit> {
    let campaign = campaign(&args.journal.place)?;
    let mut journal = open(&args.journal)?;
    let retrial = Retrial::of(&mut *journal, args.filter.filter())?;
    say(format_args!(
        "{} would be put back into the queue",
        rows(retrial.rows)
    ));
    if retrial.doubtful > 0 {
        say(format_args!(
            "{} {} of them may have arrived: those people can get the message twice",
            styled(WARN, "risk:"),
            number(retrial.doubtful)
        ));
        if !args.risk_duplicates {
            return Err(Error::invalid(
                "nothing was changed; --risk-duplicates accepts that",
            ));
        }
    }
    if retrial.rows == 0 {
        return Ok(Exit::Done);
    }
    let running = others(&campaign, &mut *journal)?;
    if running > 0 {
        say(format_args!("{} would send them at once", workers(running)));
    }
    if !args.yes && !ask("Put them back?") {
        say("nothing was changed; --yes answers the question");
        return Ok(Exit::NotSent);
    }
    let moved = retrial.put_back(&mut *journal)?;
    say(format_args!(
        "{} {}",
        styled(GOOD, "put back:"),
        rows(moved)
    ));
    if running == 0 {
        say(format_args!("  {}", going_on(&campaign)));
    }
    Ok(Exit::Done)
}

pub fn settle(args: &SettleCommand) -> Result<Exit> {
    let mut journal = open_beside(&args.journal)?;
    if let Some(path) = &args.events {
        return by_echoes(&mut *journal, path);
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
    let moved = assume_sent(&mut *journal, &args.kind)?;
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
    let settled = by_lines(
        journal,
        &mut reader.lines().map(|line| line.map_err(unreadable)),
    )?;
    Ok(after_writing(
        write(&settled, &mut anstream::stdout()),
        Exit::Done,
    ))
}

fn write(told: &Settled, out: &mut impl io::Write) -> io::Result<()> {
    let settled: u64 = told.settled.values().sum();
    write!(
        out,
        "{} {} by their echoes",
        styled(GOOD, "settled:"),
        rows(settled)
    )?;
    for (before, count) in &told.settled {
        write!(out, "; {} were {before}", number(*count))?;
    }
    writeln!(out)?;
    for (count, what) in [
        (told.known, "echoes of rows that were known to be sent"),
        (told.strangers, "echoes that fit no row"),
        (told.unread, "lines that are no events"),
    ] {
        if count > 0 {
            writeln!(out, "  {} {what}", number(count))?;
        }
    }
    Ok(())
}
