//! One process per journal, by a lock that the kernel frees when the process ends.
//!
//! The lock is on a file beside the journal, since SQLite's own locks end when any handle
//! of its file is closed. That file stays: a left-over one locks nothing. It also remembers
//! the last run, so that an older copy that is put in the journal's place is noticed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::journal::types::Worker;
use crate::time::{self, Moment};

/// Who has, or had, the lock.
#[derive(Default, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    host: String,
    since: i64,
    /// Whose last run that was: another campaign may be planned where one was deleted.
    #[serde(default)]
    campaign: String,
    /// The number of the last run that began.
    run: i64,
}

/// The right to change a journal, as long as it lives.
pub(super) struct Lock {
    file: File,
    holder: Holder,
}

impl Lock {
    pub(super) fn take(journal: &Path) -> Result<Self> {
        let path = beside(journal);
        let unusable = |error: io::Error| {
            let path = path.display();
            Error::journal(format!("can't use the lock file {path}: {error}"))
        };
        let mut file = (OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false))
        .open(&path)
        .map_err(unusable)?;
        let locked = file.try_lock();
        let before = read(&mut file);
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(before.as_ref())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let holder = Holder {
            pid: process::id(),
            host: host(),
            since: time::now(),
            ..before.unwrap_or_default()
        };
        let mut lock = Lock { file, holder };
        lock.write().map_err(unusable)?;
        Ok(lock)
    }

    /// The number of the last run of this campaign that this lock file knows of, 0 if of none.
    pub(super) fn last_run(&self, campaign: &str) -> i64 {
        if self.holder.campaign == campaign {
            self.holder.run
        } else {
            0
        }
    }

    /// A run has begun. Not being able to write that down is no reason not to.
    pub(super) fn began(&mut self, campaign: &str, run: i64) {
        campaign.clone_into(&mut self.holder.campaign);
        self.holder.run = run;
        let _ = self.write();
    }

    fn write(&mut self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.holder)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)?;
        self.file.sync_data()
    }
}

impl Drop for Lock {
    /// Explicitly, since a child of a fork may still have the file; but not in that child.
    fn drop(&mut self) {
        if self.holder.pid == process::id() {
            let _ = self.file.unlock();
        }
    }
}

/// Whether some process has the lock now.
pub(super) fn is_held(journal: &Path) -> bool {
    let file = File::open(beside(journal));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Who has the lock now, if somebody has.
pub(super) fn worker(journal: &Path) -> Option<Worker> {
    if !is_held(journal) {
        return None;
    }
    let holder = read(&mut File::open(beside(journal)).ok()?)?;
    Some(Worker {
        host: holder.host,
        pid: holder.pid,
        since: holder.since,
        settled: None,
        pages: Vec::new(),
    })
}

fn beside(journal: &Path) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    journal.with_file_name(name)
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn in_use(holder: Option<&Holder>) -> Error {
    let who = holder.map_or_else(String::new, |holder| {
        format!(
            " (process {} on {}, since {})",
            holder.pid,
            holder.host,
            Moment(holder.since)
        )
    });
    let text = format!("another process has this journal{who}; pause it, or wait for its end");
    Error::new(ErrorKind::InUse, text)
}

pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}
