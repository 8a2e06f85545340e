//! Reading a journal.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row as Line};

use super::failure::{Step, StepExt as _};
use super::place::Place;
use crate::error::{Error, Result};
use crate::input::Row;
use crate::journal::cells::Columns;
use crate::journal::types::{Count, Decision, Facts, Filter, Orders, Reason, Recipient, State};

pub(super) fn damaged() -> Error {
    Error::journal("can't read the journal: it is damaged")
}

pub(super) fn campaign(connection: &Connection) -> Result<(Facts, Vec<String>, Place)> {
    let select = "select facts, cells, place from campaign";
    let texts = connection.query_row(select, [], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    });
    let (facts, cells, place) = texts.step(Step::Read)?;
    let facts = serde_json::from_str(&facts).map_err(|_| damaged())?;
    let cells = serde_json::from_str(&cells).map_err(|_| damaged())?;
    let place = serde_json::from_str(&place).map_err(|_| damaged())?;
    Ok((facts, cells, place))
}

pub(super) fn message(connection: &Connection, number: i64) -> Result<String> {
    let select = "select json from message where id = ?";
    let json = connection
        .query_row(select, [number], |row| row.get(0))
        .optional();
    json.step(Step::Read)?.ok_or_else(damaged)
}

pub(super) fn messages(connection: &Connection) -> Result<i64> {
    let select = "select max(id) from message";
    connection
        .query_row(select, [], |row| row.get(0))
        .step(Step::Read)
}

pub(super) fn counts(connection: &Connection) -> Result<Vec<Count>> {
    let select = "select page_id, state, kind, rows from tally join page on page.id = tally.page \
                  where rows > 0 order by page.id, state, kind";
    let mut select = connection.prepare(select).step(Step::Read)?;
    let counts = select.query_map([], |line| {
        Ok((
            line.get(0)?,
            line.get::<_, i64>(1)?,
            line.get(2)?,
            line.get(3)?,
        ))
    });
    let counts = counts.step(Step::Read)?.map(|count| {
        let (page_id, state, kind, rows) = count.step(Step::Read)?;
        let state = State::from_number(state).ok_or_else(damaged)?;
        Ok(Count {
            page_id,
            state,
            kind,
            rows,
        })
    });
    counts.collect()
}

/// A condition, with the values of its question marks.
pub(super) fn condition(filter: &Filter) -> (String, Vec<String>) {
    let mut parts = vec!["true".to_owned()];
    let mut values = Vec::new();
    let list = |values: usize| vec!["?"; values].join(", ");
    if !filter.states.is_empty() {
        let states: Vec<String> = filter
            .states
            .iter()
            .map(|state| state.number().to_string())
            .collect();
        parts.push(format!("state in ({})", states.join(", ")));
    }
    if !filter.kinds.is_empty() {
        parts.push(format!("kind in ({})", list(filter.kinds.len())));
        values.extend(filter.kinds.iter().cloned());
    }
    if let Some(page_id) = &filter.page_id {
        parts.push("page = (select id from page where page_id = ?)".to_owned());
        values.push(page_id.clone());
    }
    (parts.join(" and "), values)
}

pub(super) fn count(connection: &Connection, filter: &Filter) -> Result<u64> {
    let (condition, values) = condition(filter);
    let select = format!("select coalesce(sum(rows), 0) from tally where {condition}");
    let values = rusqlite::params_from_iter(values);
    connection
        .query_row(&select, values, |line| line.get(0))
        .step(Step::Read)
}

pub(super) fn list(
    connection: &Connection,
    columns: &Columns,
    filter: &Filter,
    after: i64,
    each: &mut dyn FnMut(Recipient) -> Result<bool>,
) -> Result<()> {
    let (condition, values) = condition(filter);
    let select = format!(
        "select recipient.id, page_id, line, key, psid, cells, window_until, state, attempts, \
         message_id, kind, code, subcode, http_status, trace_id, claimed_at, settled_at, message \
         from recipient join page on page.id = recipient.page \
         where recipient.id > {after} and {condition} order by recipient.id"
    );
    let mut select = connection.prepare(&select).step(Step::Read)?;
    let mut lines = select
        .query(rusqlite::params_from_iter(values))
        .step(Step::Read)?;
    while let Some(line) = lines.next().step(Step::Read)? {
        let (recipient, cells, state) = recipient(line).step(Step::Read)?;
        let mut recipient = recipient;
        recipient.row.cells = columns.decode(&cells).ok_or_else(damaged)?;
        recipient.state = State::from_number(state).ok_or_else(damaged)?;
        if !each(recipient)? {
            break;
        }
    }
    Ok(())
}

fn recipient(line: &Line<'_>) -> rusqlite::Result<(Recipient, String, i64)> {
    let page_id: String = line.get(1)?;
    let recipient = Recipient {
        id: line.get(0)?,
        row: Row {
            page: page_id.clone(),
            line: line.get(2)?,
            key: line.get(3)?,
            psid: line.get(4)?,
            ..Row::default()
        },
        page_id,
        window_until: line.get(6)?,
        state: State::Queued,
        attempts: line.get(8)?,
        message_id: line.get(9)?,
        reason: Reason {
            kind: line.get(10)?,
            code: line.get(11)?,
            subcode: line.get(12)?,
            http_status: line.get(13)?,
            trace_id: line.get(14)?,
        },
        claimed_at: line.get(15)?,
        settled_at: line.get(16)?,
        message: line.get(17)?,
        sent_as: None,
    };
    Ok((recipient, line.get(5)?, line.get(7)?))
}

pub(super) fn decisions(connection: &Connection) -> Result<Vec<Decision>> {
    let select = "select at, who, what, rows from decision order by rowid";
    let mut select = connection.prepare(select).step(Step::Read)?;
    let decisions = select.query_map([], |line| {
        Ok(Decision {
            at: line.get(0)?,
            who: line.get(1)?,
            what: line.get(2)?,
            rows: line.get(3)?,
        })
    });
    let decisions = decisions.step(Step::Read)?;
    decisions.collect::<rusqlite::Result<_>>().step(Step::Read)
}

pub(super) fn pauses(connection: &Connection) -> Result<BTreeMap<String, String>> {
    let select = "select page_id, paused from page where paused is not null";
    let mut select = connection.prepare(select).step(Step::Read)?;
    let lines = select.query_map([], |line| Ok((line.get(0)?, line.get(1)?)));
    lines
        .step(Step::Read)?
        .collect::<rusqlite::Result<_>>()
        .step(Step::Read)
}

pub(super) fn orders(connection: &Connection) -> Result<Orders> {
    let select = "select pause, pace from command";
    let orders = connection.query_row(select, [], |line| {
        Ok(Orders {
            pause: line.get(0)?,
            pace: line.get(1)?,
        })
    });
    orders.step(Step::Read)
}
