//! Where a journal is, so that a copy is noticed: two copies would both send.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::lock::host;
use crate::error::{Error, ErrorKind, Result};

/// What a copy, a move or a restored backup doesn't have in common with the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    host: String,
    path: String,
    /// The file's number on its device; 0 where there is none.
    file: u64,
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let lost = |error| Error::journal(format!("can't open the journal: {error}"));
        let absolute = fs::canonicalize(path).map_err(lost)?;
        let metadata = fs::metadata(&absolute).map_err(lost)?;
        Ok(Place {
            host: host(),
            path: absolute.to_string_lossy().into_owned(),
            file: number(&metadata),
        })
    }

    /// The same file under another name in the same folder.
    pub(super) fn rename(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or_default();
        self.path = Path::new(&self.path)
            .with_file_name(name)
            .to_string_lossy()
            .into_owned();
    }

    /// Whether the journal is still where it was.
    pub(super) fn check(&self, now: &Self) -> Result<()> {
        let what = if self.host != now.host {
            format!(
                "it was last used on {}, and this is {}",
                self.host, now.host
            )
        } else if self.path != now.path {
            format!("it was last used as {}", self.path)
        } else if self.file != now.file {
            "another file was put in its place, such as a backup".to_owned()
        } else {
            return Ok(());
        };
        Err(moved(&what))
    }
}

/// A journal that may not be the newest one.
pub(super) fn moved(what: &str) -> Error {
    let text = format!(
        "this journal may be a copy: {what}; if both were used, people would get the message \
         twice. Say that it was moved, and that nothing was sent with another copy since, to go on"
    );
    Error::new(ErrorKind::Moved, text)
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino()
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}
