//! Who must not be written to, read anew whenever the file has changed.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::error::{Error, Result};

/// A file with a PSID per line. What follows a separator, blank lines and those that begin
/// with `#` don't count.
pub(super) struct Suppression {
    path: PathBuf,
    stamp: Option<(SystemTime, u64, u64)>,
    people: HashSet<String>,
}

impl Suppression {
    pub(super) fn new(path: PathBuf) -> Result<Self> {
        let mut suppression = Suppression {
            path,
            stamp: None,
            people: HashSet::new(),
        };
        suppression.refresh()?;
        Ok(suppression)
    }

    /// Whether somebody is on the list as it is now.
    pub(super) fn has(&mut self, psid: &str) -> Result<bool> {
        self.refresh()?;
        Ok(self.people.contains(psid))
    }

    fn refresh(&mut self) -> Result<()> {
        let unreadable = |error| {
            let path = self.path.display();
            Error::input(format!("can't read the suppression list {path}: {error}"))
        };
        let metadata = fs::metadata(&self.path).map_err(unreadable)?;
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let stamp = Some((modified, metadata.len(), number(&metadata)));
        if stamp == self.stamp {
            return Ok(());
        }
        let mut people = HashSet::new();
        for line in BufReader::new(File::open(&self.path).map_err(unreadable)?).lines() {
            let line = line.map_err(unreadable)?;
            let psid = line
                .trim_start_matches('\u{feff}')
                .split([',', ';', '\t'])
                .next();
            let psid = psid.unwrap_or_default().trim().trim_matches('"');
            if !psid.is_empty() && !psid.starts_with('#') {
                people.insert(psid.to_owned());
            }
        }
        self.people = people;
        self.stamp = stamp;
        Ok(())
    }
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
