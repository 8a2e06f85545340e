//! Sends a message to everybody in a file: planned first, journaled, nobody twice.
//!
//! A campaign has three parts. A [`Source`] gives rows: a person each, and what fills the
//! [`Template`]'s `{{placeholders}}`. [`plan`] reads all of them, fills in and checks each
//! message, and puts them into a [`Journal`] before anything is sent. From then on the
//! journal is the only truth: it has one row per recipient, which is claimed on disk before
//! the first byte of its message leaves, and settled with what became of it.
//!
//! ```
//! use callcta_campaign::{Access, Format, Journal as _, Loader as _, PlanSettings};
//! use callcta_campaign::{SqliteJournal, SqliteLoader, Template, plan, read};
//!
//! # let folder = std::env::temp_dir().join(format!("callcta-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("autumn.journal");
//! let rows = "psid,key,page,name\n1254477777772919,order-1,7,Ada\n";
//! let mut source = read(Box::new(rows.as_bytes()), Format::Auto)?;
//! let template = Template::new(r#"{"text": "Dear {{ name }}, call us!"}"#)?;
//! let mut loader = Box::new(SqliteLoader::new(&path)?);
//! let settings = PlanSettings::default();
//! let planned = plan(&mut *source, &template, &settings, &mut *loader, &mut |_| true)?;
//! assert!(planned.ok, "{:?}", planned.findings);
//! loader.commit(&planned.facts)?;
//!
//! let mut journal = SqliteJournal::open(&path, Access::Look)?;
//! assert_eq!(journal.counts()?[0].rows, 1);
//! # drop(journal);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::doc_markdown, reason = "SQLite and PostgreSQL are names")]

mod by_name;
mod campaign;
mod change;
mod decide;
mod echo;
mod error;
mod export;
mod findings;
mod input;
mod journal;
mod location;
mod plan;
mod questions;
#[cfg(feature = "report")]
mod report;
mod run;
mod standing;
mod template;
mod time;

pub use self::by_name::Ready;
pub use self::campaign::{Campaign, clients, no_token, run_pages, run_with};
pub use self::change::check_message;
pub use self::decide::{Retrial, Settled, assume_sent, settle, who};
pub use self::echo::{echo_of, events_of};
pub use self::error::{Error, ErrorKind, Result};
pub use self::export::{Chunk, ExportSettings, export, rows};
pub use self::findings::{Finding, Weight};
pub use self::input::{
    Format, KEY, PAGE, PSID, Problem, RESERVED, Row, Source, WINDOW_UNTIL, open, read,
};
pub use self::journal::{
    Access, Claim, Command, Count, Decision, Echo, Echoed, Facts, Filter, Journal, Known, Lease,
    Loader, Orders, Outcome, Reason, Recipient, Settlement, SqliteJournal, SqliteLoader, State,
    Want, Worker,
};
#[cfg(feature = "postgres")]
pub use self::journal::{PostgresAddress, PostgresJournal, PostgresLoader, grants, migrate};
pub use self::location::Location;
pub use self::plan::{PlanSettings, Planned, plan};
pub use self::questions::Questions;
#[cfg(feature = "report")]
pub use self::report::report;
pub use self::run::{Control, Ended, Hold, How, QuietHours, RunSettings, Snapshot, Watch, run};
pub use self::standing::{Standing, meaning, number};
pub use self::template::Template;
