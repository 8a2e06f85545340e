//! What people, and echoes, decide about rows.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::failure::{Step, StepExt as _};
use super::look::{condition, damaged};
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
        let told = format!("{what} {condition}");
        let decision = "insert into decision values (?, ?, ?, ?)";
        let values = params![time::millis(now), who, told, rows as u64];
        transaction.execute(decision, values).step(Step::Write)?;
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

pub(super) fn command(connection: &Connection, command: Command) -> Result<()> {
    let pause = command == Command::Pause;
    connection
        .execute("update command set pause = ?", [pause])
        .step(Step::Write)?;
    Ok(())
}
