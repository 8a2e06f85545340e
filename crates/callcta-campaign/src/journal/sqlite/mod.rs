//! A journal in one SQLite file, for one machine.

mod decide;
mod failure;
mod load;
mod lock;
mod look;
mod place;
mod process;
mod schema;
mod space;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};

use self::failure::{Step, StepExt as _};
pub use self::load::SqliteLoader;
use self::lock::Lock;
use self::place::{Place, moved};
use self::process::Opened;
use super::Journal;
use super::cells::Columns;
use super::types::{
    Claim, Command, Count, Decision, Echo, Echoed, Facts, Filter, Lease, Orders, Recipient,
    Settlement, State, Want, Worker,
};
use crate::error::{Error, Result};

/// How long another connection is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To look, and to do what may be done [beside a run](Journal). Any number of processes
    /// may.
    Look,
    /// To change it: one process at a time.
    Change,
    /// As [`Change`](Access::Change), by the word of somebody who knows that the journal was
    /// moved and that no other copy was used since.
    ChangeMoved,
}

/// A journal in one SQLite file.
pub struct SqliteJournal {
    connection: Connection,
    path: PathBuf,
    facts: Facts,
    columns: Columns,
    /// `None` if it was opened to look only.
    lock: Option<Lock>,
    /// The number of this process's run, once it has leased.
    run: Option<i64>,
    _opened: Opened,
}

impl SqliteJournal {
    /// Opens the journal at `path`.
    ///
    /// # Errors
    ///
    /// Of the kind [`InUse`](crate::ErrorKind::InUse) if another process has it,
    /// [`Moved`](crate::ErrorKind::Moved) if it seems to be a copy, else
    /// [`Journal`](crate::ErrorKind::Journal).
    pub fn open(path: impl Into<PathBuf>, access: Access) -> Result<Self> {
        let path = path.into();
        if !path.exists() {
            let text = format!(
                "there is no journal {}; plan the campaign first",
                path.display()
            );
            return Err(Error::journal(text));
        }
        let mut lock = match access {
            Access::Look => None,
            Access::Change | Access::ChangeMoved => Some(Lock::take(&path)?),
        };
        let opened = Opened::new()?;
        let connection = if access == Access::Look && space::is_read_only(&path) {
            connect_read_only(&path)?
        } else {
            connect(&path)?
        };
        let (facts, cells, place) = look::campaign(&connection)?;
        if let Some(lock) = &mut lock {
            check_place(&connection, &path, (&facts.id, &place), lock, access)?;
        }
        Ok(SqliteJournal {
            connection,
            path,
            facts,
            columns: Columns::new(cells.into_iter().map(Arc::from)),
            lock,
            run: None,
            _opened: opened,
        })
    }

    /// Where the journal is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether some process has the journal, to run it or to change it.
    pub fn is_held(path: &Path) -> bool {
        lock::is_held(path)
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).step(Step::Open)?;
    connection.busy_timeout(BUSY).step(Step::Open)?;
    schema::check(&connection)?;
    // A claim must survive a loss of power, or it would be made again.
    let set = "pragma journal_mode = wal; pragma synchronous = full; \
               pragma cache_size = -16000; pragma temp_store = file;";
    connection.execute_batch(set).step(Step::Open)?;
    Ok(connection)
}

/// Where nobody writes, nothing has to be locked.
fn connect_read_only(path: &Path) -> Result<Connection> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        let text = "can't read the journal: its last run was cut short, and the rest of it can \
                    only be taken in where it can be written";
        return Err(Error::journal(text));
    }
    let escaped = path.to_string_lossy().replace('%', "%25");
    let escaped = escaped.replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{escaped}?immutable=1");
    let connection = Connection::open_with_flags(uri, flags).step(Step::Open)?;
    schema::check(&connection)?;
    Ok(connection)
}

/// Whether this is the journal that was used last, and not a copy of it.
fn check_place(
    connection: &Connection,
    path: &Path,
    (campaign, before): (&str, &Place),
    lock: &Lock,
    access: Access,
) -> Result<()> {
    let now = Place::of(path)?;
    let runs = "select coalesce(max(id), 0) from run";
    let runs: i64 = connection
        .query_row(runs, [], |row| row.get(0))
        .step(Step::Read)?;
    if access != Access::ChangeMoved {
        before.check(&now)?;
        if runs < lock.last_run(campaign) {
            return Err(moved(
                "it doesn't know of the last run, as an older copy wouldn't",
            ));
        }
    }
    if *before != now {
        let now = serde_json::to_string(&now).map_err(|error| Error::journal(error.to_string()))?;
        connection
            .execute("update campaign set place = ?", [now])
            .step(Step::Write)?;
    }
    Ok(())
}

impl Journal for SqliteJournal {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn message(&mut self, number: i64) -> Result<String> {
        look::message(&self.connection, number)
    }

    fn messages(&mut self) -> Result<i64> {
        look::messages(&self.connection)
    }

    fn change_message(&mut self, json: &str, hash: &str, who: &str, now: SystemTime) -> Result<()> {
        decide::change_message(&mut self.connection, (json, hash), who, now)
    }

    fn lease(&mut self) -> Result<Vec<Lease>> {
        let run = if let Some(run) = self.run {
            run
        } else {
            if self.lock.is_none() {
                let text = "this journal was opened to look, not to run it";
                return Err(Error::invalid(text));
            }
            let queued = look::count(&self.connection, &Filter::state(State::Queued))?;
            space::check(&self.path, queued)?;
            work::begin(&mut self.connection)?
        };
        if self.run.replace(run).is_none()
            && let Some(lock) = &mut self.lock
        {
            lock.began(&self.facts.id, run);
        }
        work::leases(&self.connection, run)
    }

    fn release(&mut self) -> Result<()> {
        match self.run.take() {
            Some(run) => work::end(&self.connection, run),
            None => Ok(()),
        }
    }

    fn claim(&mut self, wants: &[Want], now: SystemTime) -> Result<Vec<Claim>> {
        work::claim(&mut self.connection, &self.columns, wants, now)
    }

    fn settle(&mut self, settlements: &[Settlement], now: SystemTime) -> Result<()> {
        // Written through by the next claim, or at the end. Until then a power cut makes it
        // unknown, which is what a row in flight is then anyway.
        let sync = |connection: &Connection, how| {
            let set = connection.pragma_update(None, "synchronous", how);
            set.step(Step::Write)
        };
        sync(&self.connection, "normal")?;
        let settled = work::settle(&mut self.connection, settlements, now);
        sync(&self.connection, "full")?;
        settled
    }

    fn counts(&mut self) -> Result<Vec<Count>> {
        look::counts(&self.connection)
    }

    fn count(&mut self, filter: &Filter) -> Result<u64> {
        look::count(&self.connection, filter)
    }

    fn list(
        &mut self,
        filter: &Filter,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()> {
        self.list_after(filter, 0, each)
    }

    fn list_after(
        &mut self,
        filter: &Filter,
        after: i64,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()> {
        look::list(&self.connection, &self.columns, filter, after, each)
    }

    fn requeue(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        decide::requeue(&mut self.connection, filter, who, now)
    }

    fn assume_sent(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        decide::assume_sent(&mut self.connection, filter, who, now)
    }

    fn echo(&mut self, echoes: &[Echo], now: SystemTime) -> Result<Vec<Echoed>> {
        decide::echo(&mut self.connection, echoes, now)
    }

    fn decisions(&mut self) -> Result<Vec<Decision>> {
        look::decisions(&self.connection)
    }

    fn command(&mut self, command: Command) -> Result<()> {
        decide::command(&self.connection, command)
    }

    fn orders(&mut self) -> Result<Orders> {
        look::orders(&self.connection)
    }

    fn keep_pause(&mut self, page_id: &str, why: Option<&str>) -> Result<()> {
        decide::keep_pause(&self.connection, page_id, why)
    }

    fn pauses(&mut self) -> Result<BTreeMap<String, String>> {
        look::pauses(&self.connection)
    }

    fn workers(&mut self) -> Result<Vec<Worker>> {
        Ok(lock::worker(&self.path).into_iter().collect())
    }
}
