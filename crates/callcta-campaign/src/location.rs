//! Where a journal is, as people write it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::journal::{Access, Journal, Loader, SqliteJournal, SqliteLoader};

/// Where the journal of a campaign is: a file, so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    file: PathBuf,
}

impl Location {
    /// Reads a path. What looks like a URL is refused.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn new(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("the journal must be given"));
        }
        // Nothing of it is shown: it may hold a password.
        if text.contains("://") {
            return Err(Error::invalid("a journal is a file, not a URL"));
        }
        Ok(Location::file(text))
    }

    /// A journal in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Location { file: path.into() }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        Some(&self.file)
    }

    /// Whether there is something.
    pub fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Opens the journal.
    ///
    /// # Errors
    ///
    /// As [`SqliteJournal::open`].
    pub fn open(&self, access: Access) -> Result<Box<dyn Journal>> {
        Ok(Box::new(SqliteJournal::open(&self.file, access)?))
    }

    /// A loader of the journal that shall be here.
    ///
    /// # Errors
    ///
    /// As [`SqliteLoader::new`].
    pub fn loader(&self) -> Result<Box<dyn Loader>> {
        Ok(Box::new(SqliteLoader::new(&self.file)?))
    }

    /// Whether somebody runs or changes it.
    pub fn is_held(&self) -> bool {
        SqliteJournal::is_held(&self.file)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.display().fmt(f)
    }
}
