//! A journal in PostgreSQL, for several machines.
//!
//! Everything that must not happen twice is decided by the table: a row goes from queued to
//! in flight in one statement, which is committed on disk before its message leaves. Leases
//! only keep the pace of a Page to one worker, and say who is gone. A worker that can't
//! renew its leases stops by its own clock.

mod address;
mod cells;
mod decide;
mod hold;
mod layout;
mod load;
mod look;
mod server;
mod tls;
mod work;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

pub use self::address::PostgresAddress;
use self::hold::Holder;
pub use self::layout::{grants, migrate};
pub use self::load::PostgresLoader;
use self::server::Server;
use super::types::{
    Claim, Command, Count, Decision, Echo, Echoed, Facts, Filter, Lease, Orders, Recipient,
    Settlement, Want, Worker,
};
use super::{Journal, LEASE_TIME};
use crate::error::Result;

/// A campaign in the tables of a PostgreSQL server.
pub struct PostgresJournal {
    server: Server,
    campaign: i32,
    facts: Facts,
    ttl: Duration,
    /// `None` until something is leased.
    holder: Option<Holder>,
}

impl PostgresJournal {
    /// Opens the campaign of this name. Any number of processes may.
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](crate::ErrorKind::Journal).
    pub fn open(address: &PostgresAddress, campaign: &str) -> Result<Self> {
        let mut server = Server::new(address.clone())?;
        let (campaign, facts) = look::campaign(&mut server, campaign)?;
        Ok(PostgresJournal {
            server,
            campaign,
            facts,
            ttl: LEASE_TIME,
            holder: None,
        })
    }

    /// The names of all campaigns, in the order in which they came.
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](crate::ErrorKind::Journal).
    pub fn campaigns(address: &PostgresAddress) -> Result<Vec<String>> {
        look::campaigns(&mut Server::new(address.clone())?)
    }
}

impl Journal for PostgresJournal {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn message(&mut self, number: i64) -> Result<String> {
        look::message(&mut self.server, self.campaign, number)
    }

    fn messages(&mut self) -> Result<i64> {
        look::messages(&mut self.server, self.campaign)
    }

    fn change_message(&mut self, json: &str, hash: &str, who: &str, now: SystemTime) -> Result<()> {
        decide::change_message(&mut self.server, self.campaign, (json, hash), (who, now))
    }

    fn lease(&mut self) -> Result<Vec<Lease>> {
        let (campaign, ttl) = (self.campaign, self.ttl);
        let holder = self
            .holder
            .get_or_insert_with(|| Holder::new(campaign, ttl));
        holder.lease(&mut self.server)
    }

    fn set_lease_time(&mut self, time: Duration) {
        self.ttl = time;
    }

    fn take_no_more(&mut self) {
        if let Some(holder) = &mut self.holder {
            holder.leaving = true;
        }
    }

    fn release(&mut self) -> Result<()> {
        match self.holder.take() {
            Some(mut holder) => holder.release(&mut self.server),
            None => Ok(()),
        }
    }

    fn remains(&mut self) -> Result<bool> {
        match &mut self.holder {
            Some(holder) => holder.remains(&mut self.server),
            None => Ok(false),
        }
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn claim(&mut self, wants: &[Want], now: SystemTime) -> Result<Vec<Claim>> {
        match &mut self.holder {
            Some(holder) => work::claim(&mut self.server, holder, wants, now),
            None => Ok(Vec::new()),
        }
    }

    fn settle(&mut self, settlements: &[Settlement], now: SystemTime) -> Result<()> {
        let (campaign, ttl) = (self.campaign, self.ttl);
        let holder = self
            .holder
            .get_or_insert_with(|| Holder::new(campaign, ttl));
        work::settle(&mut self.server, holder, settlements, now)
    }

    fn counts(&mut self) -> Result<Vec<Count>> {
        look::counts(&mut self.server, self.campaign)
    }

    fn count(&mut self, filter: &Filter) -> Result<u64> {
        let counts = self.counts()?;
        let counts = counts.iter().filter(|count| look::finds(filter, count));
        Ok(counts.map(|count| count.rows).sum())
    }

    fn list(
        &mut self,
        filter: &Filter,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()> {
        look::list(&mut self.server, self.campaign, filter, each)
    }

    fn requeue(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        decide::requeue(&mut self.server, self.campaign, filter, (who, now))
    }

    fn assume_sent(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        decide::assume_sent(&mut self.server, self.campaign, filter, (who, now))
    }

    fn echo(&mut self, echoes: &[Echo], now: SystemTime) -> Result<Vec<Echoed>> {
        decide::echo(&mut self.server, self.campaign, echoes, now)
    }

    fn decisions(&mut self) -> Result<Vec<Decision>> {
        look::decisions(&mut self.server, self.campaign)
    }

    fn command(&mut self, command: Command) -> Result<()> {
        decide::command(&mut self.server, self.campaign, command)
    }

    fn orders(&mut self) -> Result<Orders> {
        look::orders(&mut self.server, self.campaign)
    }

    fn keep_pause(&mut self, page_id: &str, why: Option<&str>) -> Result<()> {
        decide::keep_pause(&mut self.server, self.campaign, page_id, why)
    }

    fn pauses(&mut self) -> Result<BTreeMap<String, String>> {
        look::pauses(&mut self.server, self.campaign)
    }

    fn workers(&mut self) -> Result<Vec<Worker>> {
        look::workers(&mut self.server, self.campaign)
    }
}
