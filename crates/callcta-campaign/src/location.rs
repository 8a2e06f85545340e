//! Where a journal is, as people write it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::journal::{Access, Journal, Loader, SqliteJournal, SqliteLoader};
#[cfg(feature = "postgres")]
use crate::journal::{PostgresAddress, PostgresJournal, PostgresLoader};

/// Where the journal of a campaign is: a file, or a name in the tables of a PostgreSQL
/// server.
#[derive(Clone, Debug)]
pub struct Location(Place);

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Server(Box<PostgresAddress>, String),
}

impl Location {
    /// Reads a path, or a URL such as `postgresql://db.example/callcta?campaign=autumn`.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn new(text: &str) -> Result<Self> {
        Location::of_campaign(text, None)
    }

    /// The same, with the campaign's name, unless the URL has it.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn of_campaign(text: &str, campaign: Option<&str>) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("the journal must be given"));
        }
        // Nothing of it is shown: it may hold a password.
        if text.contains("://") {
            return Location::server(text, campaign);
        }
        if campaign.is_some() {
            return Err(Error::invalid(
                "a file has one campaign; names are for journals in PostgreSQL",
            ));
        }
        Ok(Location::file(text))
    }

    #[cfg(feature = "postgres")]
    fn server(text: &str, campaign: Option<&str>) -> Result<Self> {
        if !PostgresAddress::is_one(text) {
            return Err(Error::invalid(
                "a journal is a file, or in PostgreSQL: postgresql://…",
            ));
        }
        let address = PostgresAddress::new(text)?;
        let name = match (campaign, address.campaign()) {
            (Some(given), Some(named)) if given != named => {
                return Err(Error::invalid("the campaign has two names"));
            }
            (Some(name), _) | (None, Some(name)) => name.to_owned(),
            (None, None) => {
                return Err(Error::invalid(
                    "the campaign's name is missing, as in postgresql://…?campaign=autumn",
                ));
            }
        };
        Ok(Location(Place::Server(Box::new(address), name)))
    }

    #[cfg(not(feature = "postgres"))]
    fn server(_: &str, _: Option<&str>) -> Result<Self> {
        Err(Error::invalid(
            "a journal is a file here: this callcta was built without PostgreSQL",
        ))
    }

    /// A journal in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Location(Place::File(path.into()))
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(path) => Some(path),
            #[cfg(feature = "postgres")]
            Place::Server(..) => None,
        }
    }

    /// How the campaign is called: by its file, or by its name.
    pub fn name(&self) -> String {
        match &self.0 {
            Place::File(path) => {
                let name = path.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
            #[cfg(feature = "postgres")]
            Place::Server(_, name) => name.clone(),
        }
    }

    /// Whether machines may share it: rows may be added to those that are there, and any
    /// number of processes may run it.
    pub fn is_shared(&self) -> bool {
        self.path().is_none()
    }

    /// Whether its text has a password, which others may see then.
    pub fn has_password(&self) -> bool {
        match &self.0 {
            Place::File(_) => false,
            #[cfg(feature = "postgres")]
            Place::Server(address, _) => address.has_password(),
        }
    }

    /// Whether there is something.
    pub fn exists(&self) -> bool {
        match &self.0 {
            Place::File(path) => path.exists(),
            #[cfg(feature = "postgres")]
            Place::Server(address, name) => {
                PostgresJournal::campaigns(address).is_ok_and(|names| names.contains(name))
            }
        }
    }

    /// Opens the journal.
    ///
    /// # Errors
    ///
    /// As [`SqliteJournal::open`] and `PostgresJournal::open`, to which the access is all
    /// the same.
    pub fn open(&self, access: Access) -> Result<Box<dyn Journal>> {
        match &self.0 {
            Place::File(path) => Ok(Box::new(SqliteJournal::open(path, access)?)),
            #[cfg(feature = "postgres")]
            Place::Server(address, name) => Ok(Box::new(PostgresJournal::open(address, name)?)),
        }
    }

    /// A loader of the journal that shall be here.
    ///
    /// # Errors
    ///
    /// As [`SqliteLoader::new`] and `PostgresLoader::new`.
    pub fn loader(&self) -> Result<Box<dyn Loader>> {
        match &self.0 {
            Place::File(path) => Ok(Box::new(SqliteLoader::new(path)?)),
            #[cfg(feature = "postgres")]
            Place::Server(address, name) => Ok(Box::new(PostgresLoader::new(address, name)?)),
        }
    }

    /// Whether somebody runs or changes it.
    pub fn is_held(&self) -> bool {
        match &self.0 {
            Place::File(path) => SqliteJournal::is_held(path),
            #[cfg(feature = "postgres")]
            Place::Server(address, name) => {
                let workers = PostgresJournal::open(address, name).and_then(|mut it| it.workers());
                workers.is_ok_and(|workers| !workers.is_empty())
            }
        }
    }
}

/// As it was given, without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => path.display().fmt(f),
            #[cfg(feature = "postgres")]
            Place::Server(address, name) => address.of_campaign(name).fmt(f),
        }
    }
}
