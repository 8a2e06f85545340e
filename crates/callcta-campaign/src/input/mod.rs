//! Who gets the message: rows of a file, a stream or anything else.

mod bytes;
mod ids;
mod json_lines;
mod known;
mod separated;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub(crate) use self::bytes::hex;
use self::bytes::{Bytes, Seen};
pub(crate) use self::ids::Rounded;
use self::json_lines::JsonLines;
pub(crate) use self::known::known;
use self::separated::Separated;
use crate::error::{Error, Result};

/// The person, by Page-scoped ID.
pub const PSID: &str = "psid";
/// What tells the row from all others.
pub const KEY: &str = "key";
/// The Page that sends to this person.
pub const PAGE: &str = "page";
/// Until when the Page may write to the person.
pub const WINDOW_UNTIL: &str = "window_until";

/// The columns that mean something to callcta. All others fill placeholders.
pub const RESERVED: [&str; 4] = [PSID, KEY, PAGE, WINDOW_UNTIL];

/// How the columns begin that an export adds. They don't count.
pub(crate) const OWN_PREFIX: &str = "callcta_";

/// Most columns of an input.
const COLUMNS_MAX: usize = 1000;

/// One recipient, in the words of the input.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The line of the input in which the row begins, from 1.
    pub line: u64,
    /// The column `psid`.
    pub psid: String,
    /// The column `key`; empty without one.
    pub key: String,
    /// The column `page`; empty without one.
    pub page: String,
    /// The column `window_until`; empty without one.
    pub window_until: String,
    /// All other columns by name, in their order.
    pub cells: Vec<(Arc<str>, String)>,
    /// What an export says became of the row: its own columns by name.
    pub told: Vec<(Arc<str>, String)>,
}

impl Row {
    /// Empties the row for the next one.
    pub fn clear(&mut self) {
        self.line = 0;
        self.psid.clear();
        self.key.clear();
        self.page.clear();
        self.window_until.clear();
        self.cells.clear();
        self.told.clear();
    }

    /// Sets what a column says.
    pub fn set(&mut self, column: &Arc<str>, value: &str) {
        if column.starts_with(OWN_PREFIX) {
            if !value.is_empty() {
                self.told.push((Arc::clone(column), value.to_owned()));
            }
            return;
        }
        let reserved = match column.as_ref() {
            PSID => &mut self.psid,
            KEY => &mut self.key,
            PAGE => &mut self.page,
            WINDOW_UNTIL => &mut self.window_until,
            _ => return self.cells.push((Arc::clone(column), value.to_owned())),
        };
        reserved.clear();
        reserved.push_str(value.trim());
    }
}

/// Something that is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where the row begins.
    pub line: u64,
    /// Which rule is broken, such as `blank_cell`.
    pub rule: &'static str,
    /// The column, or the place in the message.
    pub place: String,
    /// What is wrong, in words that quote nothing.
    pub text: String,
    /// Whether the row can't even be told from others, so that it can't be skipped.
    pub fatal: bool,
}

impl Problem {
    pub(crate) fn new(line: u64, rule: &'static str, place: &str, text: impl Into<String>) -> Self {
        Problem {
            line,
            rule,
            place: place.to_owned(),
            text: text.into(),
            fatal: false,
        }
    }

    pub(crate) fn fatal(mut self) -> Self {
        self.fatal = true;
        self
    }
}

/// Where rows come from.
pub trait Source {
    /// Reads the next row into `row`, which is empty; `None` at the end.
    ///
    /// # Errors
    ///
    /// Of the kind [`Input`](crate::ErrorKind::Input) if nothing more can be read. What is
    /// wrong with one row only is a [`Problem`], after which reading goes on.
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), Problem>>>;

    /// The columns that were seen so far, in their order.
    fn columns(&self) -> Vec<Arc<str>>;

    /// Whether every row has the same columns, which are known before the first.
    fn has_header(&self) -> bool {
        false
    }

    /// What was found out about the input, for people.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What tells this input from any other, after the last row.
    fn hash(&mut self) -> String;
}

/// How an input is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Found from the name, else from the first byte.
    #[default]
    Auto,
    /// With a header; the separator is found from it: comma, semicolon or tab.
    Csv,
    /// With a header, separated by tabs.
    Tsv,
    /// One JSON object per line.
    JsonLines,
}

impl Format {
    fn of_name(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Format::Csv,
            Some("tsv" | "tab") => Format::Tsv,
            Some("jsonl" | "ndjson") => Format::JsonLines,
            _ => Format::Auto,
        }
    }
}

/// The rows of a file, or of standard input for `-`.
///
/// # Errors
///
/// Of the kind [`Input`](crate::ErrorKind::Input) if it can't be opened or has no usable
/// beginning.
pub fn open(path: &Path, format: Format) -> Result<Box<dyn Source>> {
    let format = match format {
        Format::Auto => Format::of_name(path),
        given => given,
    };
    if path == Path::new("-") {
        return read(Box::new(io::stdin()), format);
    }
    let unreadable =
        |error: io::Error| Error::input(format!("can't read {}: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    read(Box::new(file), format)
}

/// The rows of a stream.
///
/// # Errors
///
/// As [`open`].
pub fn read(stream: Box<dyn Read>, format: Format) -> Result<Box<dyn Source>> {
    let seen = Arc::new(Seen::default());
    let mut bytes = Bytes::new(stream, Arc::clone(&seen));
    let head = read_head(&mut bytes).map_err(|error| seen.failure(&error))?;
    let Some(first) = head.trim_ascii().first() else {
        return Err(Error::input("there are no rows: the input is empty"));
    };
    let json = match format {
        Format::Auto => matches!(first, b'{' | b'['),
        Format::JsonLines => true,
        Format::Csv | Format::Tsv => false,
    };
    if json {
        if *first == b'[' {
            let text = "this is one JSON list; one object per line is needed (JSON lines)";
            return Err(Error::input(text));
        }
        let whole = io::Cursor::new(head).chain(bytes);
        return Ok(Box::new(JsonLines::new(whole, seen)));
    }
    let separator = (format == Format::Tsv).then_some(b'\t');
    Ok(Box::new(Separated::new(head, bytes, seen, separator)?))
}

/// Enough of the input to see how it is written, which the first row shows.
fn read_head(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while head.len() < bytes::BUFFER && !head.trim_ascii_start().contains(&b'\n') {
        match bytes.read(&mut chunk)? {
            0 => break,
            count => head.extend_from_slice(&chunk[..count]),
        }
    }
    Ok(head)
}

/// What is wrong with the ids of a row that was just read.
fn check_ids(row: &Row) -> Result<(), Problem> {
    for (column, value) in [(PSID, &row.psid), (PAGE, &row.page)] {
        if ids::is_changed(value) {
            return Err(changed(row.line, column));
        }
    }
    if ids::is_changed_key(&row.key) {
        return Err(changed(row.line, KEY));
    }
    Ok(())
}

fn changed(line: u64, column: &str) -> Problem {
    let text = "a spreadsheet such as Excel changed this column; export it again as text, and \
                don't open the file in between";
    Problem::new(line, "excel_changed", column, text).fatal()
}

/// The name of a column as callcta uses it.
fn column_name(name: &str) -> Arc<str> {
    let name = name.trim();
    let reserved = RESERVED
        .iter()
        .find(|known| name.eq_ignore_ascii_case(known));
    (*reserved.unwrap_or(&name)).into()
}

#[cfg(test)]
mod tests;
