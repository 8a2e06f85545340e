//! SQLite's errors in words.

use rusqlite::ErrorCode;

use crate::error::{Error, Result};

/// What was being done.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Open,
    Read,
    Write,
}

pub(super) trait StepExt<T> {
    /// Says what was being done when it failed.
    fn step(self, step: Step) -> Result<T>;
}

impl<T> StepExt<T> for rusqlite::Result<T> {
    fn step(self, step: Step) -> Result<T> {
        self.map_err(|error| told(&error, step))
    }
}

fn told(error: &rusqlite::Error, step: Step) -> Error {
    let doing = match step {
        Step::Open => "open",
        Step::Read => "read",
        Step::Write => "write",
    };
    // SQLite's own words quote no values, but those of a constraint name columns only.
    let why = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process keeps it locked".to_owned()
        }
        Some(ErrorCode::ReadOnly) => "it can't be written".to_owned(),
        Some(ErrorCode::CannotOpen) => "there is no such file, or it may not be opened".to_owned(),
        Some(ErrorCode::NotADatabase) => "it is no SQLite file".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged".to_owned(),
        Some(ErrorCode::SystemIoFailure) => {
            format!("the disk, or the folder for temporary files, fails or is full ({error})")
        }
        _ => error.to_string(),
    };
    Error::journal(format!("can't {doing} the journal: {why}"))
}
