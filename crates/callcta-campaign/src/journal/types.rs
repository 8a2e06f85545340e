//! The words of a journal.

use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::input::Row;

/// What is known about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It waits to be sent.
    Queued = 0,
    /// It is being sent.
    InFlight = 1,
    /// The platform took it.
    Sent = 2,
    /// The platform refused it.
    Rejected = 3,
    /// It may or may not have been delivered.
    Unknown = 4,
    /// It is not to be sent, for a reason.
    Skipped = 5,
    /// It was unknown, and somebody decided to take it for sent.
    AssumedSent = 6,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[
        State::Queued,
        State::InFlight,
        State::Sent,
        State::Rejected,
        State::Unknown,
        State::Skipped,
        State::AssumedSent,
    ];

    /// The state's stable name, such as `in_flight`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::InFlight => "in_flight",
            State::Sent => "sent",
            State::Rejected => "rejected",
            State::Unknown => "unknown",
            State::Skipped => "skipped",
            State::AssumedSent => "assumed_sent",
        }
    }

    /// Its stable number, used in journals.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The state with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.number() == number)
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == name)
    }
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was planned, and doesn't change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Facts {
    /// What tells the campaign from all others; part of its send keys.
    pub id: String,
    /// When it was planned, in Unix milliseconds.
    pub planned_at: i64,
    /// How the input was called.
    pub input: String,
    /// The input's hash.
    pub input_hash: String,
    /// The planned message's hash.
    pub message_hash: String,
    /// The planned message, as JSON.
    pub message: String,
    /// The input's columns, in their order.
    pub columns: Vec<String>,
    /// The Page of rows that name none.
    pub page: Option<String>,
    /// How many rows there are.
    pub rows: u64,
    /// How many of them were skipped from the beginning.
    pub skipped: u64,
}

/// The right to send for a Page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The Page's number in the journal.
    pub page: i64,
    /// The Page's id.
    pub page_id: String,
    /// Which holder of the lease this is.
    pub epoch: i64,
    /// When nothing more may be started unless it was renewed; `None`: never.
    pub until: Option<Instant>,
    /// Whether nothing of the Page was queued when it was claimed last, as far as the journal
    /// remembers that.
    pub idle: bool,
}

/// How many rows of a Page are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Want {
    /// The Page's number.
    pub page: i64,
    /// The epoch of its lease.
    pub epoch: i64,
    /// How many.
    pub count: usize,
}

impl Want {
    /// So many rows of a leased Page.
    pub fn new(lease: &Lease, count: usize) -> Self {
        Want {
            page: lease.page,
            epoch: lease.epoch,
            count,
        }
    }
}

/// A row that is now in flight.
#[derive(Clone)]
#[non_exhaustive]
pub struct Claim {
    /// The row's number.
    pub id: i64,
    /// Its Page's number.
    pub page: i64,
    /// The epoch of the lease under which it was claimed.
    pub epoch: i64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The number of its message.
    pub message: i64,
    /// When its window closes, in Unix milliseconds.
    pub window_until: Option<i64>,
    /// What was frozen of its row.
    pub row: Row,
}

/// Why a row is where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The kind of error, `worker_lost`, or why it was skipped.
    pub kind: String,
    /// The Graph API's code.
    pub code: Option<i64>,
    /// Its subcode.
    pub subcode: Option<i64>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// The trace id, for Meta's support.
    pub trace_id: Option<String>,
}

impl Reason {
    /// A reason that is only a word.
    pub fn new(kind: impl Into<String>) -> Self {
        Reason {
            kind: kind.into(),
            ..Reason::default()
        }
    }

    /// The reason that an error is.
    pub fn of(error: &callcta::Error) -> Self {
        // An answer without a code reads as code 0.
        let graph = error.graph().filter(|graph| graph.code != 0);
        Reason {
            kind: error.kind().as_str().to_owned(),
            code: graph.map(|graph| graph.code),
            subcode: graph.and_then(|graph| graph.subcode),
            http_status: error.http_status(),
            trace_id: graph.and_then(|graph| graph.trace_id.clone()),
        }
    }
}

/// What became of a claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was sent, as a message with this id.
    Sent {
        /// The message's id.
        message_id: String,
    },
    /// It was refused.
    Rejected(Reason),
    /// It may or may not have been delivered.
    Unknown(Reason),
    /// It was not to be sent any more.
    Skipped(Reason),
    /// It provably did not leave, and waits again. No attempt is counted.
    Back,
}

impl Outcome {
    /// The state that the row goes to.
    pub fn state(&self) -> State {
        match self {
            Outcome::Sent { .. } => State::Sent,
            Outcome::Rejected(_) => State::Rejected,
            Outcome::Unknown(_) => State::Unknown,
            Outcome::Skipped(_) => State::Skipped,
            Outcome::Back => State::Queued,
        }
    }

    /// Why, unless it was sent or waits again.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Outcome::Rejected(reason) | Outcome::Unknown(reason) | Outcome::Skipped(reason) => {
                Some(reason)
            }
            Outcome::Sent { .. } | Outcome::Back => None,
        }
    }
}

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The row's number.
    pub id: i64,
    /// Its Page's number.
    pub page: i64,
    /// The epoch of the lease under which it was claimed.
    pub epoch: i64,
    /// What became of it.
    pub outcome: Outcome,
}

impl Settlement {
    /// What became of a claim.
    pub fn new(claim: &Claim, outcome: Outcome) -> Self {
        Settlement {
            id: claim.id,
            page: claim.page,
            epoch: claim.epoch,
            outcome,
        }
    }
}

/// How many rows of a Page are in a state, for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// The Page's id.
    pub page_id: String,
    /// The state.
    pub state: State,
    /// The reason's kind; empty where there is none.
    pub kind: String,
    /// How many.
    pub rows: u64,
}

/// Which rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Those in one of these states; all if there are none.
    pub states: Vec<State>,
    /// Those with one of these kinds; all if there are none.
    pub kinds: Vec<String>,
    /// Those of this Page.
    pub page_id: Option<String>,
}

impl Filter {
    /// All rows in a state.
    pub fn state(state: State) -> Self {
        Filter {
            states: vec![state],
            ..Filter::default()
        }
    }
}

/// As the program takes it: `--state rejected --kind service`.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.states.iter().map(|state| ("state", state.as_str()));
        let kinds = self.kinds.iter().map(|kind| ("kind", kind.as_str()));
        let page = self
            .page_id
            .iter()
            .map(|page_id| ("page", page_id.as_str()));
        for (index, (name, value)) in states.chain(kinds).chain(page).enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}--{name} {value}")?;
        }
        Ok(())
    }
}

/// What became of a row elsewhere, before it came into a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// What is known about it.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// The message's id, once it was sent.
    pub message_id: Option<String>,
    /// Why it is in its state; an empty kind where there is no reason.
    pub reason: Reason,
    /// When it was claimed last, in Unix milliseconds.
    pub claimed_at: Option<i64>,
    /// When it was settled, in Unix milliseconds.
    pub settled_at: Option<i64>,
    /// The `metadata` of its last message, by which its echo is known.
    pub sent_as: Option<String>,
}

impl Known {
    /// Nothing: the row is new.
    pub fn new() -> Self {
        Known {
            state: State::Queued,
            attempts: 0,
            message_id: None,
            reason: Reason::default(),
            claimed_at: None,
            settled_at: None,
            sent_as: None,
        }
    }

    /// The row is not to be sent, for a reason.
    pub fn skipped(kind: &str) -> Self {
        Known {
            state: State::Skipped,
            reason: Reason::new(kind),
            ..Known::new()
        }
    }
}

impl Default for Known {
    fn default() -> Self {
        Known::new()
    }
}

/// Everything that is known about a row.
#[derive(Clone)]
#[non_exhaustive]
pub struct Recipient {
    /// The row's number.
    pub id: i64,
    /// The Page's id.
    pub page_id: String,
    /// What was frozen of its row.
    pub row: Row,
    /// When its window closes, in Unix milliseconds.
    pub window_until: Option<i64>,
    /// What is known about it.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// The message's id, once it was sent.
    pub message_id: Option<String>,
    /// Why it is in its state; an empty kind where there is no reason.
    pub reason: Reason,
    /// When it was claimed last, in Unix milliseconds.
    pub claimed_at: Option<i64>,
    /// When it was settled, in Unix milliseconds.
    pub settled_at: Option<i64>,
    /// The number of the message that it was claimed with last.
    pub message: i64,
    /// The `metadata` of its last message, if that was sent before the row came into this
    /// journal.
    pub sent_as: Option<String>,
}

/// An echo of a message of this campaign.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Echo {
    /// The row's number; of no meaning if it was [sent elsewhere](Echo::sent_as).
    pub id: i64,
    /// The message's `metadata`, if it was sent from another journal, where the row perhaps
    /// was before.
    pub sent_as: Option<String>,
    /// The person, as the echo says.
    pub psid: Option<String>,
    /// The message's id.
    pub message_id: String,
}

impl Echo {
    /// An echo of a row.
    pub fn new(id: i64, psid: Option<String>, message_id: impl Into<String>) -> Self {
        Echo {
            id,
            sent_as: None,
            psid,
            message_id: message_id.into(),
        }
    }

    /// An echo of a message that was sent from another journal.
    pub fn elsewhere(
        sent_as: impl Into<String>,
        psid: Option<String>,
        message_id: impl Into<String>,
    ) -> Self {
        Echo {
            sent_as: Some(sent_as.into()),
            ..Echo::new(0, psid, message_id)
        }
    }
}

/// What an echo did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Echoed {
    /// The row was known to be sent.
    Known,
    /// The row is sent now; this is what it was before.
    Settled(State),
    /// There is no such row, or it goes to somebody else.
    Stranger,
}

/// A process that runs a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Worker {
    /// The machine.
    pub host: String,
    /// The process's number there.
    pub pid: u32,
    /// Since when, in Unix milliseconds.
    pub since: i64,
    /// How many rows it has settled, if the journal knows.
    pub settled: Option<u64>,
    /// The Pages that it has leased, if the journal knows.
    pub pages: Vec<String>,
}

/// What is said to those who run the campaign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// To send nothing more.
    Pause,
    /// To send again, after a pause.
    Resume,
    /// To start this many messages per second for each Page; infinitely many: without bounds.
    Pace(f64),
}

/// What was said to those who run the campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Orders {
    /// To send nothing more.
    pub pause: bool,
    /// Another pace than the run began with.
    pub pace: Option<f64>,
}

/// What somebody decided about rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decision {
    /// When, in Unix milliseconds.
    pub at: i64,
    /// Who.
    pub who: String,
    /// What: `retry`, `assume_sent` or `change_message`, and about which rows.
    pub what: String,
    /// About how many rows.
    pub rows: u64,
}
