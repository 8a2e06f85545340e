//! How a campaign stands: by state and kind, with what that means.

use std::collections::BTreeMap;

use callcta::ErrorKind;
use serde::Serialize;

use crate::error::Result;
use crate::journal::{Count, Facts, Journal, State};
use crate::run::Ended;

/// How a campaign stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// What was planned.
    pub facts: Facts,
    /// How many rows are in which state, for which reason.
    pub counts: Vec<Count>,
    /// Whether somebody runs or changes it.
    pub held: bool,
    /// Whether those who run it were asked to stop.
    pub pausing: bool,
    /// The Pages with queued rows that are paused, and why: somebody must see to them.
    pub paused: BTreeMap<String, String>,
}

impl Standing {
    /// How the campaign of a journal stands; `held` as [`Location::is_held`] says, which is
    /// false for who has just ended its run.
    ///
    /// [`Location::is_held`]: crate::Location::is_held
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](crate::ErrorKind::Journal).
    pub fn of(journal: &mut dyn Journal, held: bool) -> Result<Self> {
        let counts = journal.counts()?;
        let waits = |page_id: &str| {
            let mut queued = counts.iter().filter(|count| count.state == State::Queued);
            queued.any(|count| count.page_id == page_id)
        };
        let mut paused = journal.pauses()?;
        paused.retain(|page_id, _| waits(page_id));
        let facts = Facts {
            // Some may have been added since it was opened.
            rows: counts.iter().map(|count| count.rows).sum(),
            ..journal.facts().clone()
        };
        Ok(Standing {
            facts,
            counts,
            held,
            pausing: journal.orders()?.pause,
            paused,
        })
    }

    /// How many rows are in a state.
    pub fn rows_in(&self, state: State) -> u64 {
        let counts = self.counts.iter().filter(|count| count.state == state);
        counts.map(|count| count.rows).sum()
    }

    /// By state and kind, over all Pages; the kind is empty where there is no reason.
    pub fn kinds(&self) -> BTreeMap<(State, &str), u64> {
        let mut kinds = BTreeMap::new();
        for count in &self.counts {
            *kinds.entry((count.state, count.kind.as_str())).or_default() += count.rows;
        }
        kinds
    }

    /// `running`, `pausing`, `paused`, `finished` or `finished_needs_attention`: what the
    /// rows say, as no other truth is kept.
    pub fn word(&self) -> &'static str {
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

    /// The same as an object: `status`, `rows`, `states`, `kinds`, `paused` (Pages, and
    /// why) and what was planned; after a run also how that `ended`.
    pub fn told<'a>(&'a self, ended: Option<&'a Ended>) -> impl Serialize + 'a {
        let states = State::ALL
            .iter()
            .map(|state| (state.as_str(), self.rows_in(*state)));
        let kinds = self.kinds().into_iter();
        let kinds = kinds.filter(|((_, kind), _)| !kind.is_empty());
        Told {
            status: self.word(),
            ended: ended.map(|ended| ended.how.as_str()),
            rows: self.facts.rows,
            states: states.collect(),
            kinds: kinds
                .map(|((state, kind), rows)| OfKind {
                    state: state.as_str(),
                    kind,
                    rows,
                    meaning: meaning(state, kind),
                })
                .collect(),
            paused: &self.paused,
            campaign: &self.facts.id,
            input_hash: &self.facts.input_hash,
            message_hash: &self.facts.message_hash,
        }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'static str>,
    rows: u64,
    states: BTreeMap<&'static str, u64>,
    kinds: Vec<OfKind<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    paused: &'a BTreeMap<String, String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
}

/// What it means that rows are in a state for a reason, and what to do about the reason.
pub fn meaning(state: State, kind: &str) -> Option<&'static str> {
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

/// A count as people read it, such as `1,234`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
