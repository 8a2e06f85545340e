//! What people and echoes decide about rows.

use std::collections::BTreeMap;
use std::env;
use std::time::SystemTime;

use serde::Serialize;

use crate::echo::{echo_of, events_of};
use crate::error::{Error, Result};
use crate::journal::{Echo, Echoed, Filter, Journal, State};

/// What can be put back.
const RETRIED: [State; 3] = [State::Rejected, State::Unknown, State::Skipped];

/// How many echoes are settled in one step.
const TOGETHER: usize = 1000;

/// Rows that could be put back into the queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retrial {
    /// Which.
    pub filter: Filter,
    /// How many.
    pub rows: u64,
    /// How many of them may have arrived: those people could get the message twice.
    pub doubtful: u64,
}

impl Retrial {
    /// Counts what would be put back: of a filter without states what was rejected.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for states that
    /// can't be put back, else [`Journal`](crate::ErrorKind::Journal).
    pub fn of(journal: &mut dyn Journal, mut filter: Filter) -> Result<Self> {
        if filter.states.is_empty() {
            filter.states = vec![State::Rejected];
        }
        if let Some(other) = filter.states.iter().find(|state| !RETRIED.contains(state)) {
            let text = format!(
                "rows that are {other} can't be put back; rejected, skipped and unknown can"
            );
            return Err(Error::invalid(text));
        }
        let mut doubtful = 0;
        if filter.states.contains(&State::Unknown) {
            let mut unknown = filter.clone();
            unknown.states = vec![State::Unknown];
            doubtful = journal.count(&unknown)?;
        }
        let rows = journal.count(&filter)?;
        Ok(Retrial {
            filter,
            rows,
            doubtful,
        })
    }

    /// Puts them back, and returns how many. Some may be sent twice then, if some are
    /// [doubtful](Retrial::doubtful).
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](crate::ErrorKind::Journal).
    pub fn put_back(&self, journal: &mut dyn Journal) -> Result<u64> {
        journal.requeue(&self.filter, &who(), SystemTime::now())
    }
}

/// Takes unknown rows for sent, those with one of these kinds or all, and returns how many.
///
/// # Errors
///
/// Of the kind [`Journal`](crate::ErrorKind::Journal).
pub fn assume_sent(journal: &mut dyn Journal, kinds: &[String]) -> Result<u64> {
    let mut filter = Filter::state(State::Unknown);
    filter.kinds = kinds.to_vec();
    journal.assume_sent(&filter, &who(), SystemTime::now())
}

/// What echoes did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Settled {
    /// How many rows are sent now, by what they were before.
    pub settled: BTreeMap<State, u64>,
    /// Echoes of rows that were known to be sent.
    pub known: u64,
    /// Echoes that fit no row.
    pub strangers: u64,
    /// Lines that are neither bodies nor events.
    pub unread: u64,
}

/// Turns the rows into sent whose echoes are among these lines, as [`events_of`] reads them.
///
/// # Errors
///
/// Those of the lines, and of the kind [`Journal`](crate::ErrorKind::Journal).
pub fn settle(
    journal: &mut dyn Journal,
    lines: &mut dyn Iterator<Item = Result<String>>,
) -> Result<Settled> {
    let facts = journal.facts().clone();
    let mut told = Settled::default();
    let mut echoes = Vec::new();
    for line in lines {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match events_of(&line) {
            Some(events) => echoes.extend(events.iter().filter_map(|event| echo_of(&facts, event))),
            None => told.unread += 1,
        }
        if echoes.len() >= TOGETHER {
            told.settle(journal, &mut echoes)?;
        }
    }
    told.settle(journal, &mut echoes)?;
    Ok(told)
}

impl Settled {
    fn settle(&mut self, journal: &mut dyn Journal, echoes: &mut Vec<Echo>) -> Result<()> {
        let told = journal.echo(echoes, SystemTime::now())?;
        for (told, echo) in told.into_iter().zip(echoes.iter()) {
            match told {
                Echoed::Known => self.known += 1,
                Echoed::Settled(before) => *self.settled.entry(before).or_default() += 1,
                // One of another campaign, most likely.
                Echoed::Stranger if echo.sent_as.is_some() => {}
                Echoed::Stranger => self.strangers += 1,
            }
        }
        echoes.clear();
        Ok(())
    }
}

/// Who decides, for the journal.
pub fn who() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| env::var(name).ok());
    user.filter(|user| !user.is_empty())
        .unwrap_or_else(|| "somebody".to_owned())
}
