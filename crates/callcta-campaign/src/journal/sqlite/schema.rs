//! The tables, and how a connection is set up.

use rusqlite::Connection;

use super::failure::{Step, StepExt as _};
use crate::error::{Error, ErrorKind, Result};

/// The layout of the tables.
const LAYOUT: i64 = 3;

/// "cCTA": tells journals from other SQLite files.
const APPLICATION: i64 = 0x6343_5441;

/// Tables without indexes, which are made once the rows are in.
pub(super) const TABLES: &str = "
create table campaign (
    facts text not null,
    cells text not null,      -- names of the columns that fill placeholders
    place text not null       -- where the file was when it was last used
);
create table message (
    id integer primary key,
    json text not null,
    hash text not null,
    since integer not null
);
create table page (
    id integer primary key,
    page_id text not null unique,
    paused text               -- why nothing is sent for it
);
create table recipient (
    id integer primary key,
    line integer not null,
    key text not null,
    page integer not null,
    psid text not null,
    cells text not null,
    window_until integer,
    message integer not null default 1,
    state integer not null,
    attempts integer not null default 0,
    run integer,
    message_id text,
    kind text not null default '',
    code integer,
    subcode integer,
    http_status integer,
    trace_id text,
    claimed_at integer,
    settled_at integer
);
-- How many rows are where, kept in the transactions that move them.
create table tally (
    page integer not null,
    state integer not null,
    kind text not null,
    rows integer not null,
    primary key (page, state, kind)
) without rowid;
create table run (
    id integer primary key,
    pid integer not null,
    host text not null,
    started_at integer not null,
    ended_at integer
);
create table decision (
    at integer not null,
    who text not null,
    what text not null,
    rows integer not null
);
create table command (
    pause integer not null default 0,
    pace real
);
insert into command default values;
";

/// None of those in flight: it would be written twice for each row, and is needed once.
pub(super) const INDEXES: &str = "
create index recipient_queued on recipient (page, id) where state = 0;
";

/// Counts all rows anew.
pub(super) const TALLY: &str = "
delete from tally;
insert into tally select page, state, kind, count(*) from recipient group by 1, 2, 3;
";

/// Marks a new file as a journal.
pub(super) fn mark(connection: &Connection) -> Result<()> {
    let made = connection.execute_batch(TABLES);
    made.step(Step::Write)?;
    let set = |name, value| {
        connection
            .pragma_update(None, name, value)
            .step(Step::Write)
    };
    set("application_id", APPLICATION)?;
    set("user_version", LAYOUT)
}

/// Whether a file is a journal that can be used.
pub(super) fn check(connection: &Connection) -> Result<()> {
    let get = |name| -> Result<i64> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .step(Step::Read)
    };
    if get("application_id")? != APPLICATION {
        return Err(Error::journal("this file is no journal of a campaign"));
    }
    let layout = get("user_version")?;
    if layout != LAYOUT {
        let text = format!("this journal has layout {layout}, this callcta knows {LAYOUT}");
        return Err(Error::new(ErrorKind::Journal, text));
    }
    Ok(())
}
