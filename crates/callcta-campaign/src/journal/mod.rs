//! Where a campaign stands: one row per recipient, and no position anywhere.
//!
//! A row goes from *queued* to *in flight* once, which is committed before its first byte
//! leaves, and from there to what became of it. Nobody moves it back to *queued* but a proof
//! that it was not sent, or somebody's explicit word.

mod cells;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod types;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresAddress, PostgresJournal, PostgresLoader, grants, migrate};
pub use self::sqlite::{Access, SqliteJournal, SqliteLoader};
pub use self::types::{
    Claim, Command, Count, Decision, Echo, Echoed, Facts, Filter, Known, Lease, Orders, Outcome,
    Reason, Recipient, Settlement, State, Want, Worker,
};
use crate::error::{Error, Result};
use crate::input::Row;

/// How long a lease holds from when it was renewed, unless something else is said. A worker
/// that hears nothing from the server stops after four fifths of it.
pub(crate) const LEASE_TIME: Duration = Duration::from_secs(15);

/// Takes in the rows of a plan. Nothing of it counts before [`commit`](Loader::commit); a
/// loader that is dropped leaves nothing behind.
pub trait Loader {
    /// Adds a row, whose key and Page are filled in, and which is skipped from the
    /// beginning if a reason is given.
    fn add(&mut self, row: &Row, window_until: Option<i64>, skipped: Option<&str>) -> Result<()>;

    /// Whether rows may be added to those that are there, by others too. Then only their keys
    /// tell them apart, and what an export says about a row is kept. By default not.
    fn takes_more(&self) -> bool {
        false
    }

    /// Adds a row of which it is known what became of it elsewhere.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the journal
    /// takes in new rows only, as by default.
    fn add_known(&mut self, row: &Row, window_until: Option<i64>, known: &Known) -> Result<()> {
        let _ = (row, window_until, known);
        Err(Error::invalid("this journal takes in new rows only"))
    }

    /// The rows whose key is another's, and those that go to somebody to whom another one
    /// of the same Page goes: how many, and the lines of the first.
    fn duplicates(&mut self) -> Result<[(u64, Vec<u64>); 2]>;

    /// Makes the plan count, and returns how many rows were not there already.
    fn commit(self: Box<Self>, facts: &Facts) -> Result<u64>;
}

/// The rows of one campaign and what is known about each.
///
/// What a method changed has been committed when it returns, and survives a loss of power;
/// what was settled may do so with the next claim only, and is unknown otherwise.
/// While some process runs the campaign, others may look at it, settle what is unknown by
/// [`echo`](Journal::echo) or [`assume_sent`](Journal::assume_sent), change the message and
/// say something to the run.
///
/// Several journals of one campaign may be in use at once, on several machines, if the
/// storage is shared; then each works on the Pages that it has leased.
pub trait Journal: Send {
    /// What was planned.
    fn facts(&self) -> &Facts;

    /// The messages by their numbers: the planned one first, then those it was changed to.
    fn message(&mut self, number: i64) -> Result<String>;

    /// How many messages there are. Whatever is claimed gets the last one.
    fn messages(&mut self) -> Result<i64>;

    /// Changes the message of all that is claimed from now on, by somebody's word.
    fn change_message(&mut self, json: &str, hash: &str, who: &str, now: SystemTime) -> Result<()>;

    /// Keeps the leases that it has, takes over the Pages that are free, and returns all that
    /// it holds now. What a holder that is gone had in flight becomes unknown, with the kind
    /// `worker_lost`, in the same step. To be called again and again.
    fn lease(&mut self) -> Result<Vec<Lease>>;

    /// Says how long a Page waits for a holder that went away without a word, where there are
    /// others for whom it waits. To be said before anything is leased.
    fn set_lease_time(&mut self, time: Duration) {
        let _ = time;
    }

    /// Only keeps the leases that it has, from now on, as somebody does who is about to end.
    fn take_no_more(&mut self) {}

    /// Gives all leases back.
    fn release(&mut self) -> Result<()>;

    /// Whether others have Pages that may still leave something to this holder, so that it
    /// should stay. By default there are no others.
    fn remains(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// Whether others may change it meanwhile. By default nobody does.
    fn is_shared(&self) -> bool {
        false
    }

    /// Takes queued rows into flight, at most so many of each Page.
    fn claim(&mut self, wants: &[Want], now: SystemTime) -> Result<Vec<Claim>>;

    /// Writes down what became of claimed rows. A late answer counts even if the row was
    /// taken for lost meanwhile.
    fn settle(&mut self, settlements: &[Settlement], now: SystemTime) -> Result<()>;

    /// How many rows of each Page are in which state, for which reason.
    fn counts(&mut self) -> Result<Vec<Count>>;

    /// How many rows a filter finds.
    fn count(&mut self, filter: &Filter) -> Result<u64>;

    /// Calls a function for each row that a filter finds, in the order of the plan, until it
    /// says false.
    fn list(
        &mut self,
        filter: &Filter,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()>;

    /// The same for the rows behind the one with a number.
    fn list_after(
        &mut self,
        filter: &Filter,
        after: i64,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()> {
        self.list(filter, &mut |recipient| {
            if recipient.id > after {
                each(recipient)
            } else {
                Ok(true)
            }
        })
    }

    /// Puts rows back into the queue, by somebody's word, and returns how many.
    fn requeue(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64>;

    /// Takes unknown rows for sent, by somebody's word, and returns how many.
    fn assume_sent(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64>;

    /// Turns the rows into sent whose echo came in.
    fn echo(&mut self, echoes: &[Echo], now: SystemTime) -> Result<Vec<Echoed>>;

    /// What was decided by somebody's word, in order.
    fn decisions(&mut self) -> Result<Vec<Decision>>;

    /// Says something to those who run the campaign. It counts until their run has ended.
    fn command(&mut self, command: Command) -> Result<()>;

    /// What was said to those who run the campaign.
    fn orders(&mut self) -> Result<Orders>;

    /// Keeps why a Page is paused, or that it isn't any more, for whoever asks how the campaign
    /// stands. Whoever leases the Page next begins without.
    fn keep_pause(&mut self, page_id: &str, why: Option<&str>) -> Result<()>;

    /// The Pages that are paused, and why.
    fn pauses(&mut self) -> Result<BTreeMap<String, String>>;

    /// Those who run the campaign now, as far as the journal knows.
    fn workers(&mut self) -> Result<Vec<Worker>> {
        Ok(Vec::new())
    }
}
