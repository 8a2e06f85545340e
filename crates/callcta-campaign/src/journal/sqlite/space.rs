//! What can be written to a disk, and how much.

use std::path::Path;

use crate::error::{Error, Result};

/// What a run needs in any case: SQLite's log grows to some megabytes before it is taken in.
const LEAST: u64 = 16 << 20;

/// What becomes of a row is written twice, with its place in the indexes.
const PER_ROW: u64 = 400;

/// Refuses to begin where the disk would be full before the end.
pub(super) fn check(journal: &Path, queued: u64) -> Result<()> {
    let needed = LEAST + queued * PER_ROW;
    let Some(free) = free(journal).filter(|free| *free < needed) else {
        return Ok(());
    };
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    Err(Error::journal(format!(
        "the disk of the journal has {} MiB left, and the run may need {} MiB",
        free >> 20,
        mebibytes(needed)
    )))
}

/// What is free for this user, if that can be known.
#[cfg(unix)]
fn free(journal: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(journal).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// Whether nobody can write to the disk of a journal.
#[cfg(unix)]
pub(super) fn is_read_only(journal: &Path) -> bool {
    let disk = rustix::fs::statvfs(journal);
    disk.is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

#[cfg(not(unix))]
pub(super) fn is_read_only(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_too_small_is_told_before_anything_is_sent() {
        let here = Path::new(".");
        let free = free(here).expect("there is a disk");
        let error = check(here, free / PER_ROW + 1).unwrap_err().to_string();
        assert!(error.contains("MiB left"), "{error}");
        assert!(check(Path::new("/no/such/journal"), u64::MAX / PER_ROW / 2).is_ok());
    }
}
