//! A journal as a table again, row by row.

use std::io::{self, Write};

use serde::ser::{SerializeMap as _, Serializer as _};

use crate::echo::send_key;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{KEY, OWN_PREFIX, PAGE, PSID, RESERVED, Row, WINDOW_UNTIL};
use crate::journal::{Filter, Journal, Recipient};
use crate::time::stamp;

/// How rows are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportSettings {
    /// JSON lines rather than CSV.
    pub json_lines: bool,
    /// For Excel: a byte order mark, and ids that it takes for texts. What it makes of that
    /// can't be read in again.
    pub excel: bool,
}

/// What is told of each row beside its own columns. Read in again, these don't count.
const TOLD: [&str; 11] = [
    "state",
    "kind",
    "code",
    "subcode",
    "http_status",
    "trace_id",
    "message_id",
    "attempts",
    "claimed_at",
    "settled_at",
    "sent_as",
];

/// Writes the rows that a filter finds, with the columns that they came with and with what
/// became of them, and returns how many. Read in again, they are the same rows.
///
/// # Errors
///
/// Of the kinds `Journal`, and `Output` if `out` takes no more.
pub fn export(
    journal: &mut dyn Journal,
    filter: &Filter,
    settings: ExportSettings,
    out: &mut dyn Write,
) -> Result<u64> {
    let mut rows = 0;
    match write(journal, filter, settings, out, &mut rows) {
        Err(error) if error.kind() == ErrorKind::Output && error.to_string() == GONE => Ok(rows),
        Err(error) => Err(error),
        Ok(()) => Ok(rows),
    }
}

/// Some of the rows of a journal.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Chunk {
    /// A row per line, as [`export`] writes JSON lines.
    pub lines: String,
    /// The number of the last row; `None` if there are no more.
    pub last: Option<i64>,
}

/// The rows that a filter finds behind the one with a number, 0 for the first ones; so many
/// at most.
///
/// # Errors
///
/// Of the kind `Journal`.
pub fn rows(journal: &mut dyn Journal, filter: &Filter, after: i64, most: usize) -> Result<Chunk> {
    let (columns, id) = (
        columns(&journal.facts().columns),
        journal.facts().id.clone(),
    );
    let mut lines = Vec::new();
    let (mut found, mut last) = (0, None);
    journal.list_after(filter, after, &mut |recipient| {
        write_json(&id, &columns, &recipient, &mut lines).map_err(|error| unwritten(&error))?;
        found += 1;
        last = Some(recipient.id);
        Ok(found < most)
    })?;
    Ok(Chunk {
        lines: String::from_utf8(lines).expect("JSON is UTF-8"),
        last: last.filter(|_| found >= most),
    })
}

const GONE: &str = "the reader went away";

fn write(
    journal: &mut dyn Journal,
    filter: &Filter,
    settings: ExportSettings,
    out: &mut dyn Write,
    rows: &mut u64,
) -> Result<()> {
    let (columns, id) = (
        columns(&journal.facts().columns),
        journal.facts().id.clone(),
    );
    if settings.json_lines {
        journal.list(filter, &mut |recipient| {
            *rows += 1;
            write_json(&id, &columns, &recipient, out).map_err(|error| unwritten(&error))?;
            Ok(true)
        })?;
        return Ok(());
    }
    if settings.excel {
        out.write_all("\u{feff}".as_bytes())
            .map_err(|error| unwritten(&error))?;
    }
    let mut table = csv::Writer::from_writer(out);
    let ours = TOLD.iter().map(|name| format!("{OWN_PREFIX}{name}"));
    let header: Vec<String> = columns.iter().cloned().chain(ours).collect();
    let broken = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => unwritten(&error),
        other => unwritten(&io::Error::other(format!("{other:?}"))),
    };
    table.write_record(&header).map_err(broken)?;
    journal.list(filter, &mut |recipient| {
        *rows += 1;
        let cells = columns.iter().map(|column| {
            let cell = cell(&recipient, column).unwrap_or_default();
            let is_id = [PSID, KEY, PAGE].contains(&column.as_str());
            if settings.excel && is_id {
                format!("=\"{cell}\"")
            } else {
                cell
            }
        });
        let told = TOLD
            .iter()
            .map(|name| told(&id, &recipient, name).unwrap_or_default());
        table.write_record(cells.chain(told)).map_err(broken)?;
        Ok(true)
    })?;
    table.flush().map_err(|error| unwritten(&error))
}

fn unwritten(error: &io::Error) -> Error {
    let text = if error.kind() == io::ErrorKind::BrokenPipe {
        GONE.to_owned()
    } else {
        format!("can't write the rows: {error}")
    };
    Error::new(ErrorKind::Output, text)
}

/// The input's columns, and those that every row has even if the input had them not.
fn columns(input: &[String]) -> Vec<String> {
    let missing = [PSID, KEY, PAGE].into_iter();
    let missing = missing.filter(|name| !input.iter().any(|known| known == name));
    input
        .iter()
        .cloned()
        .chain(missing.map(str::to_owned))
        .collect()
}

fn cell(recipient: &Recipient, column: &str) -> Option<String> {
    let row: &Row = &recipient.row;
    match column {
        PSID => Some(row.psid.clone()),
        KEY => Some(row.key.clone()),
        PAGE => Some(recipient.page_id.clone()),
        WINDOW_UNTIL => recipient.window_until.map(stamp),
        _ => {
            debug_assert!(!RESERVED.contains(&column));
            let cell = row.cells.iter().find(|(name, _)| name.as_ref() == column);
            cell.map(|(_, value)| value.clone())
        }
    }
}

fn told(campaign: &str, recipient: &Recipient, name: &str) -> Option<String> {
    let reason = &recipient.reason;
    match name {
        "state" => Some(recipient.state.as_str().to_owned()),
        "kind" => Some(reason.kind.clone()).filter(|kind| !kind.is_empty()),
        "code" => reason.code.map(|code| code.to_string()),
        "subcode" => reason.subcode.map(|code| code.to_string()),
        "http_status" => reason.http_status.map(|status| status.to_string()),
        "trace_id" => reason.trace_id.clone(),
        "message_id" => recipient.message_id.clone(),
        "attempts" => Some(recipient.attempts.to_string()),
        "claimed_at" => recipient.claimed_at.map(stamp),
        "settled_at" => recipient.settled_at.map(stamp),
        "sent_as" => recipient.sent_as.clone().or_else(|| {
            recipient.claimed_at?;
            Some(send_key(campaign, recipient.id))
        }),
        _ => None,
    }
}

fn write_json(
    campaign: &str,
    columns: &[String],
    recipient: &Recipient,
    out: &mut dyn Write,
) -> io::Result<()> {
    {
        let mut writer = serde_json::Serializer::new(&mut *out);
        let mut object = writer.serialize_map(None)?;
        for column in columns {
            if let Some(value) = cell(recipient, column) {
                object.serialize_entry(column, &value)?;
            }
        }
        for name in TOLD {
            if let Some(value) = told(campaign, recipient, name) {
                object.serialize_entry(&format!("{OWN_PREFIX}{name}"), &value)?;
            }
        }
        object.end()?;
    }
    writeln!(out)
}
