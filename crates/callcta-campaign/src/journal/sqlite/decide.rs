//! What people, and echoes, decide about rows.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::failure::{Step, StepExt as _};
use super::look::{condition, count, damaged};
use super::schema::TALLY;
use super::work::{Moves, write};
use crate::error::Result;
use crate::journal::types::{Command, Echo, Echoed, Filter, State};
use crate::time;

pub(super) fn requeue(
    connection: &mut Connection,
    filter: &Filter,
    who: &str,
    now: SystemTime,
) -> Result<u64> {
    let set = "state = 0, kind = '', code = null, subcode = null, http_status = null, \
               trace_id = null, settled_at = null";
    // What is queued or in flight is left alone, and what arrived all the more.
    let allowed = "state in (3, 4, 5)";
    decide(connection, filter, (set, allowed), (who, "retry"), now)
}

pub(super) fn assume_sent(
    connection: &mut Connection,
    filter: &Filter,
    who: &str,
    now: SystemTime,
) -> Result<u64> {
    decide(
        connection,
        filter,
        ("state = 6", "state = 4"),
        (who, "assume_sent"),
        now,
    )
}

fn decide(
    connection: &mut Connection,
    filter: &Filter,
    (set, allowed): (&str, &str),
    (who, what): (&str, &str),
    now: SystemTime,
) -> Result<u64> {
    let (condition, values) = condition(filter);
    let transaction = write(connection)?;
    let update = format!("update recipient set {set} where {allowed} and {condition}");
    let rows = transaction
        .execute(&update, params_from_iter(values))
        .step(Step::Write)?;
    if rows > 0 {
        transaction.execute_batch(TALLY).step(Step::Write)?;
        let what = format!("{what} {filter}");
        decided(&transaction, (who, what.trim_end()), rows as u64, now)?;
    }
    transaction.commit().step(Step::Write)?;
    Ok(rows as u64)
}

pub(super) fn echo(
    connection: &mut Connection,
    echoes: &[Echo],
    now: SystemTime,
) -> Result<Vec<Echoed>> {
    let transaction = write(connection)?;
    let mut told = Vec::with_capacity(echoes.len());
    {
        let mut moves = Moves::default();
        let find = "select page, psid, state, kind from recipient where id = ?";
        let mut find = transaction.prepare(find).step(Step::Write)?;
        let update = "update recipient set state = 2, message_id = ?, kind = '', code = null, \
                      subcode = null, http_status = null, trace_id = null, settled_at = ? \
                      where id = ?";
        let mut update = transaction.prepare(update).step(Step::Write)?;
        for echo in echoes {
            let found = find.query_row([echo.id], |line| {
                Ok((
                    line.get::<_, i64>(0)?,
                    line.get::<_, String>(1)?,
                    line.get::<_, i64>(2)?,
                    line.get::<_, String>(3)?,
                ))
            });
            let Some((page, psid, state, kind)) = found.optional().step(Step::Write)? else {
                told.push(Echoed::Stranger);
                continue;
            };
            let state = State::from_number(state).ok_or_else(damaged)?;
            if echo.psid.as_ref().is_some_and(|told| *told != psid) {
                told.push(Echoed::Stranger);
            } else if state == State::Sent {
                told.push(Echoed::Known);
            } else {
                let values = params![echo.message_id, time::millis(now), echo.id];
                update.execute(values).step(Step::Write)?;
                moves.add(page, (state, &kind), (State::Sent, ""));
                told.push(Echoed::Settled(state));
            }
        }
        moves.write(&transaction)?;
    }
    transaction.commit().step(Step::Write)?;
    Ok(told)
}

/// Rows take the last message when they are claimed, so none has to be touched.
pub(super) fn change_message(
    connection: &mut Connection,
    (json, hash): (&str, &str),
    who: &str,
    now: SystemTime,
) -> Result<()> {
    let transaction = write(connection)?;
    let insert = "insert into message (json, hash, since) values (?, ?, ?)";
    let values = params![json, hash, time::millis(now)];
    transaction.execute(insert, values).step(Step::Write)?;
    let queued = count(&transaction, &Filter::state(State::Queued))?;
    let what = format!("change_message {hash}");
    decided(&transaction, (who, &what), queued, now)?;
    transaction.commit().step(Step::Write)
}

fn decided(
    connection: &Connection,
    (who, what): (&str, &str),
    rows: u64,
    now: SystemTime,
) -> Result<()> {
    let decision = "insert into decision values (?, ?, ?, ?)";
    let values = params![time::millis(now), who, what, rows];
    connection.execute(decision, values).step(Step::Write)?;
    Ok(())
}

pub(super) fn keep_pause(connection: &Connection, page_id: &str, why: Option<&str>) -> Result<()> {
    let update = "update page set paused = ? where page_id = ?";
    connection
        .execute(update, params![why, page_id])
        .step(Step::Write)?;
    Ok(())
}

pub(super) fn command(connection: &Connection, command: Command) -> Result<()> {
    let done = match command {
        Command::Pause => connection.execute("update command set pause = 1", []),
        Command::Resume => connection.execute("update command set pause = 0", []),
        Command::Pace(pace) => connection.execute("update command set pace = ?", [pace]),
    };
    done.step(Step::Write)?;
    Ok(())
}
