//! Taking in a plan: into a file of its own, which becomes the journal when it is whole.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use rusqlite::{Connection, params};

use super::failure::{Step, StepExt as _};
use super::place::Place;
use super::process::Opened;
use super::schema::{INDEXES, TALLY, mark};
use crate::error::{Error, ErrorKind, Result};
use crate::input::Row;
use crate::journal::Loader;
use crate::journal::cells::Columns;
use crate::journal::types::{Facts, State};

/// How many lines of duplicates are told.
const LINES: i64 = 5;

/// How many rows are written together.
const TOGETHER: usize = 1000;

/// Takes in the rows of a plan.
pub struct SqliteLoader {
    /// `None` once it is closed.
    connection: Option<Connection>,
    /// `None` if nothing is kept.
    target: Option<Target>,
    columns: Columns,
    pages: HashMap<String, i64>,
    /// Rows that aren't in the file yet.
    waiting: Vec<Waiting>,
    _opened: Opened,
}

/// Where the journal shall be.
struct Target {
    path: PathBuf,
    /// The file that becomes the journal.
    planning: PathBuf,
    /// Locked as long as somebody plans into it.
    _lock: File,
}

struct Waiting {
    line: u64,
    key: String,
    page: i64,
    psid: String,
    cells: String,
    window_until: Option<i64>,
    state: State,
    kind: String,
}

impl SqliteLoader {
    /// A loader of the journal that shall be at `path`.
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](ErrorKind::Journal) if there is something already, or if
    /// nothing can be written there.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if path.exists() {
            let text = format!("{} is there already", path.display());
            return Err(Error::new(ErrorKind::Journal, text));
        }
        let mut prefix = path.file_name().unwrap_or_default().to_owned();
        prefix.push(".planning-");
        remove_leftovers(&path, &prefix);
        let mut name = prefix;
        name.push(process::id().to_string());
        let planning = path.with_file_name(name);
        let lock = create(&planning)?;
        SqliteLoader::over(Some(Target {
            path,
            planning,
            _lock: lock,
        }))
    }

    /// A loader for a plan that is only to be checked: what it needs goes into files that
    /// nobody sees, and can't be committed.
    ///
    /// # Errors
    ///
    /// Of the kind [`Journal`](ErrorKind::Journal) if no temporary file can be written.
    pub fn to_check() -> Result<Self> {
        SqliteLoader::over(None)
    }

    fn over(target: Option<Target>) -> Result<Self> {
        let mut loader = SqliteLoader {
            connection: None,
            target,
            columns: Columns::default(),
            pages: HashMap::new(),
            waiting: Vec::new(),
            _opened: Opened::new()?,
        };
        // Without a name it is a temporary file of SQLite's own.
        let target = loader.target.as_ref();
        let file = target.map_or(Path::new(""), |target| &target.planning);
        let connection = Connection::open(file).step(Step::Open)?;
        // It is thrown away if anything goes wrong, and made to last at the end.
        let set = "pragma journal_mode = off; pragma synchronous = off; \
                   pragma cache_size = -16000; pragma temp_store = file; \
                   pragma locking_mode = exclusive;";
        connection.execute_batch(set).step(Step::Write)?;
        loader.connection = Some(connection);
        mark(loader.connection())?;
        loader
            .connection()
            .execute_batch("begin")
            .step(Step::Write)?;
        Ok(loader)
    }

    fn connection(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("it is closed at the end only")
    }

    fn page(&mut self, page_id: &str) -> Result<i64> {
        if let Some(page) = self.pages.get(page_id) {
            return Ok(*page);
        }
        let insert = "insert into page (page_id) values (?)";
        self.connection()
            .execute(insert, [page_id])
            .step(Step::Write)?;
        let page = self.connection().last_insert_rowid();
        self.pages.insert(page_id.to_owned(), page);
        Ok(page)
    }

    /// Writes what waits, with one statement made once.
    fn flush(&mut self) -> Result<()> {
        let insert = "insert into recipient (line, key, page, psid, cells, window_until, state, kind) \
                      values (?, ?, ?, ?, ?, ?, ?, ?)";
        let mut insert = self.connection().prepare(insert).step(Step::Write)?;
        for row in &self.waiting {
            let state = row.state.number();
            let values = params![
                row.line,
                row.key,
                row.page,
                row.psid,
                row.cells,
                row.window_until,
                state,
                row.kind,
            ];
            insert.execute(values).step(Step::Write)?;
        }
        drop(insert);
        self.waiting.clear();
        Ok(())
    }

    /// How many rows repeat what an earlier one has, and where the first of them are.
    fn repeated(&self, by: &str) -> Result<(u64, Vec<u64>)> {
        let connection = self.connection();
        let groups = format!(
            "select min(id) first, count(*) rows, {by} from recipient group by {by} \
             having count(*) > 1"
        );
        let count = format!("select coalesce(sum(rows - 1), 0) from ({groups})");
        let count = connection
            .query_row(&count, [], |row| row.get(0))
            .step(Step::Read)?;
        if count == 0 {
            return Ok((0, Vec::new()));
        }
        let lines = format!(
            "select r.line from recipient r join ({groups}) d using ({by}) \
             where r.id <> d.first order by r.id limit {LINES}"
        );
        let mut lines = connection.prepare(&lines).step(Step::Read)?;
        let lines = lines.query_map([], |row| row.get(0)).step(Step::Read)?;
        Ok((
            count,
            lines.collect::<rusqlite::Result<_>>().step(Step::Read)?,
        ))
    }
}

impl Loader for SqliteLoader {
    fn add(&mut self, row: &Row, window_until: Option<i64>, skipped: Option<&str>) -> Result<()> {
        let page = self.page(&row.page)?;
        let cells = self.columns.encode(&row.cells);
        let state = if skipped.is_some() {
            State::Skipped
        } else {
            State::Queued
        };
        self.waiting.push(Waiting {
            line: row.line,
            key: row.key.clone(),
            page,
            psid: row.psid.clone(),
            cells,
            window_until,
            state,
            kind: skipped.unwrap_or_default().to_owned(),
        });
        if self.waiting.len() < TOGETHER {
            return Ok(());
        }
        self.flush()
    }

    fn duplicates(&mut self) -> Result<[(u64, Vec<u64>); 2]> {
        self.flush()?;
        // The index serves the search, and later makes sure of it.
        let keys = "create index recipient_key on recipient (key)";
        self.connection().execute_batch(keys).step(Step::Write)?;
        Ok([self.repeated("key")?, self.repeated("page, psid")?])
    }

    fn commit(mut self: Box<Self>, facts: &Facts) -> Result<u64> {
        let Some(Target { path, planning, .. }) = &self.target else {
            return Err(Error::invalid("this plan was only to be checked"));
        };
        let connection = self.connection();
        let unique = "drop index recipient_key; \
                      create unique index recipient_key on recipient (key);";
        connection.execute_batch(unique).step(Step::Write)?;
        connection.execute_batch(INDEXES).step(Step::Write)?;
        connection.execute_batch(TALLY).step(Step::Write)?;
        let message = "insert into message (json, hash, since) values (?, ?, ?)";
        let values = params![facts.message, facts.message_hash, facts.planned_at];
        connection.execute(message, values).step(Step::Write)?;
        let cells: Vec<&str> = self.columns.names().collect();
        let mut place = Place::of(planning)?;
        place.rename(path);
        let campaign = "insert into campaign (facts, cells, place) values (?, ?, ?)";
        let values = [json(facts)?, json(&cells)?, json(&place)?];
        connection.execute(campaign, values).step(Step::Write)?;
        connection.execute_batch("commit").step(Step::Write)?;
        let connection = self.connection.take();
        let connection = connection.expect("it was there just now");
        connection
            .close()
            .map_err(|(_, error)| error)
            .step(Step::Write)?;
        let last = |error: io::Error| Error::journal(format!("can't write the journal: {error}"));
        File::open(planning)
            .and_then(|file| file.sync_all())
            .map_err(last)?;
        // Unlike a rename, this never takes the place of what somebody else made meanwhile.
        fs::hard_link(planning, path).map_err(last)?;
        fs::remove_file(planning).map_err(last)?;
        sync_folder(path).map_err(last)?;
        Ok(facts.rows)
    }
}

/// Removes what plans that were killed left behind: whoever still plans has a lock.
fn remove_leftovers(journal: &Path, prefix: &OsStr) {
    let folder = journal.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_one = name
            .as_encoded_bytes()
            .starts_with(prefix.as_encoded_bytes());
        if is_one
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A new file that only its owner may read, since it will name people; locked.
fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path).and_then(|file| {
        file.try_lock()?;
        Ok(file)
    });
    made.map_err(|error| {
        Error::journal(format!(
            "can't make the journal {}: {error}",
            path.display()
        ))
    })
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::journal(error.to_string()))
}

impl Drop for SqliteLoader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection);
            if let Some(target) = &self.target {
                let _ = fs::remove_file(&target.planning);
            }
        }
    }
}
