//! The file with the certificate that clients have to trust.

use std::fs;
use std::io::{self, Write};
use std::path::{self, Path, PathBuf};

use tempfile::{Builder, TempPath};

/// Such a file; a temporary one is gone with this.
pub enum CaFile {
    Asked(PathBuf),
    Temporary(TempPath),
}

impl CaFile {
    /// Writes it to this place, or to one of its own.
    pub fn write(pem: &str, place: Option<&Path>) -> io::Result<Self> {
        if let Some(place) = place {
            fs::write(place, pem).map_err(|error| {
                io::Error::other(format!("can't write {}: {error}", place.display()))
            })?;
            return Ok(CaFile::Asked(path::absolute(place)?));
        }
        let mut file = Builder::new()
            .prefix("callcta-ca-")
            .suffix(".pem")
            .tempfile()?;
        file.write_all(pem.as_bytes())?;
        Ok(CaFile::Temporary(file.into_temp_path()))
    }

    pub fn path(&self) -> String {
        let path: &Path = match self {
            CaFile::Asked(path) => path,
            CaFile::Temporary(path) => path,
        };
        path.display().to_string()
    }
}
