//! CSV and TSV.
//!
//! As RFC 4180 says: quotation marks around a cell, doubled inside it, line ends allowed
//! there. Lines may end either way, blank ones don't count, and the first row is the header.

use std::io::Read;
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::bytes::{BUFFER, Seen};
use super::{COLUMNS_MAX, OWN_PREFIX, PSID, Problem, Row, Source, check_ids, column_name};
use crate::error::{Error, Result};

const SEPARATORS: [(u8, &str); 3] = [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab")];

pub(super) struct Separated<R> {
    reader: csv::Reader<R>,
    record: StringRecord,
    columns: Vec<Arc<str>>,
    seen: Arc<Seen>,
    notes: Vec<String>,
    /// Lines and bytes before what the reader got.
    lines_before: u64,
    bytes_before: u64,
}

/// What comes before the header: blank lines, and the line that tells Excel the separator.
fn preamble(head: &[u8]) -> (usize, u64, Option<u8>) {
    let (mut at, mut lines, mut separator) = (0, 0, None);
    while let Some(length) = head[at..].iter().position(|byte| *byte == b'\n') {
        let line = head[at..at + length].trim_ascii_end();
        match line {
            [] => {}
            [b's', b'e', b'p', b'=', named] if lines == 0 => separator = Some(*named),
            // Which trimming took away.
            b"sep=" if lines == 0 => separator = Some(b'\t'),
            _ => break,
        }
        at += length + 1;
        lines += 1;
    }
    (at, lines, separator)
}

/// The first record, as far as it is there.
fn first_record(head: &[u8]) -> &[u8] {
    let mut quoted = false;
    let end = head.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'\n' && !quoted
    });
    &head[..end.unwrap_or(head.len())]
}

/// The separator with which the header has a column `psid`, else the most frequent one.
fn find_separator(header: &[u8]) -> (u8, &'static str, bool) {
    let parts = |separator: u8| {
        let (mut quoted, mut start, mut parts) = (false, 0, Vec::new());
        for (at, byte) in header.iter().enumerate() {
            quoted ^= *byte == b'"';
            if *byte == separator && !quoted {
                parts.push(&header[start..at]);
                start = at + 1;
            }
        }
        parts.push(&header[start..]);
        parts
    };
    let is_psid = |part: &&[u8]| {
        let name = part.trim_ascii();
        let bare = name
            .strip_prefix(b"\"")
            .and_then(|name| name.strip_suffix(b"\""));
        bare.unwrap_or(name)
            .trim_ascii()
            .eq_ignore_ascii_case(PSID.as_bytes())
    };
    let fit = |separator: u8| {
        let parts = parts(separator);
        (parts.iter().any(is_psid), parts.len())
    };
    let fits = SEPARATORS.map(|(separator, name)| (fit(separator), separator, name));
    // The first of equals.
    let best = fits.into_iter().rev().max_by_key(|(fit, ..)| *fit);
    let ((_, count), separator, name) = best.expect("there are separators");
    (separator, name, count > 1)
}

impl<R: Read> Separated<std::io::Chain<std::io::Cursor<Vec<u8>>, R>> {
    pub(super) fn new(
        mut head: Vec<u8>,
        stream: R,
        seen: Arc<Seen>,
        separator: Option<u8>,
    ) -> Result<Self> {
        let (bytes_before, lines_before, named) = preamble(&head);
        head.drain(..bytes_before);
        let mut notes = Vec::new();
        let separator = separator.or(named).unwrap_or_else(|| {
            let (separator, name, several) = find_separator(first_record(&head));
            if several {
                notes.push(format!(
                    "cells are separated by {name}s, as the header shows"
                ));
            }
            separator
        });
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(BUFFER)
            // Both kinds of line ends, with the lines counted right.
            .terminator(Terminator::Any(b'\n'))
            .from_reader(std::io::Cursor::new(head).chain(stream));
        let mut record = StringRecord::new();
        let there = reader.read_record(&mut record);
        if !there.map_err(|error| failure(&seen, &error))? {
            return Err(Error::input("there are no rows: the input is empty"));
        }
        let columns = header(&cells(&record), lines_before + 1)?;
        let told: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        notes.push(format!("columns: {}", told.join(", ")));
        Ok(Separated {
            reader,
            record,
            columns,
            seen,
            notes,
            lines_before,
            bytes_before: bytes_before as u64,
        })
    }
}

/// The cells of a record without what a line end leaves in the last one.
fn cells(record: &StringRecord) -> Vec<&str> {
    let mut cells: Vec<&str> = record.iter().collect();
    if let Some(last) = cells.last_mut() {
        *last = last.strip_suffix('\r').unwrap_or(last);
    }
    cells
}

fn header(names: &[&str], line: u64) -> Result<Vec<Arc<str>>> {
    if names.iter().any(|name| name.contains('\r')) {
        let text = "lines end with carriage returns alone; save it as CSV UTF-8";
        return Err(Error::input(text));
    }
    if names.len() > COLUMNS_MAX {
        let text = format!("line {line}: there are more than {COLUMNS_MAX} columns");
        return Err(Error::input(text));
    }
    let mut columns: Vec<Arc<str>> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let name = column_name(name);
        if !name.is_empty()
            && let Some(first) = columns.iter().position(|known| *known == name)
        {
            let (first, second) = (first + 1, index + 1);
            let text = format!("line {line}: columns {first} and {second} are both named {name}");
            return Err(Error::input(text));
        }
        columns.push(name);
    }
    if !columns.iter().any(|name| name.as_ref() == PSID) {
        let told: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        let told = told.join(", ");
        let text = format!("line {line}: there is no column {PSID}; the columns are: {told}");
        return Err(Error::input(text));
    }
    Ok(columns)
}

fn failure(seen: &Seen, error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::Io(error) => seen.failure(error),
        _ => Error::input(format!("can't read the recipients: {error}")),
    }
}

impl<R: Read> Source for Separated<R> {
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), Problem>>> {
        loop {
            let begin = self.reader.position().byte();
            self.seen.mark(self.bytes_before + begin);
            let there = self.reader.read_record(&mut self.record);
            if !there.map_err(|error| failure(&self.seen, &error))? {
                return Ok(None);
            }
            let cells = cells(&self.record);
            if cells.len() == 1 && cells[0].trim().is_empty() {
                continue;
            }
            // The reader's own line of a record is that of blank lines before it.
            let end = self.reader.position();
            let inside = memchr::memchr_iter(b'\n', self.record.as_slice().as_bytes()).count();
            let unended = self
                .seen
                .ends_without_line_end(self.bytes_before + end.byte());
            row.line = self.lines_before + end.line() - inside as u64 - u64::from(!unended);
            return Ok(Some(fill(row, &self.columns, &cells)));
        }
    }

    fn columns(&self) -> Vec<Arc<str>> {
        let ours = |name: &&Arc<str>| !name.is_empty() && !name.starts_with(OWN_PREFIX);
        let named = self.columns.iter().filter(ours);
        named.cloned().collect()
    }

    fn has_header(&self) -> bool {
        true
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn hash(&mut self) -> String {
        self.seen.hash()
    }
}

fn fill(row: &mut Row, columns: &[Arc<str>], cells: &[&str]) -> Result<(), Problem> {
    if cells.len() != columns.len() {
        let (found, expected) = (cells.len(), columns.len());
        let text = if found > expected {
            format!(
                "has {found} cells, the header has {expected}; is a text with a separator not quoted?"
            )
        } else {
            format!("has {found} cells, the header has {expected}")
        };
        return Err(Problem::new(row.line, "ragged_row", "", text).fatal());
    }
    for (column, cell) in columns.iter().zip(cells) {
        if !column.is_empty() {
            row.set(column, cell);
        } else if !cell.trim().is_empty() {
            let text = "there is something in a column that has no name";
            return Err(Problem::new(row.line, "unnamed_column", "", text).fatal());
        }
    }
    check_ids(row)
}
