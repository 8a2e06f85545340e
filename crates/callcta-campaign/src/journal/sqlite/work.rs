//! What a run does: lease, claim, settle.

use std::collections::BTreeMap;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::failure::{Step, StepExt as _};
use super::lock::host;
use super::look::damaged;
use super::schema::TALLY;
use crate::error::Result;
use crate::input::Row;
use crate::journal::cells::Columns;
use crate::journal::types::{Claim, Lease, Outcome, Settlement, State, Want};
use crate::time;

/// A transaction that has the right to write from its beginning: one that reads first would
/// fail at once, without waiting, when somebody else wrote meanwhile.
pub(super) fn write(connection: &mut Connection) -> Result<Transaction<'_>> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    begun.step(Step::Write)
}

/// How the counts change in a transaction: by Page and state, and therein by kind, of which
/// there are few.
#[derive(Default)]
pub(super) struct Moves(BTreeMap<(i64, i64), Vec<(String, i64)>>);

impl Moves {
    pub(super) fn add(&mut self, page: i64, from: (State, &str), to: (State, &str)) {
        self.count(page, from, -1);
        self.count(page, to, 1);
    }

    fn count(&mut self, page: i64, (state, kind): (State, &str), change: i64) {
        let kinds = self.0.entry((page, state.number())).or_default();
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, rows)) => *rows += change,
            None => kinds.push((kind.to_owned(), change)),
        }
    }

    pub(super) fn write(self, transaction: &Transaction<'_>) -> Result<()> {
        let upsert = "insert into tally values (?1, ?2, ?3, ?4) \
                      on conflict do update set rows = rows + ?4";
        let mut upsert = transaction.prepare(upsert).step(Step::Write)?;
        for ((page, state), kinds) in self.0 {
            for (kind, change) in kinds {
                upsert
                    .execute(params![page, state, kind, change])
                    .step(Step::Write)?;
            }
        }
        Ok(())
    }
}

/// A run begins: what one that is gone had in flight is unknown.
pub(super) fn begin(connection: &mut Connection) -> Result<i64> {
    let transaction = write(connection)?;
    let lost = "update recipient set state = 4, kind = 'worker_lost', settled_at = ? \
                where state = 1";
    let lost = transaction.execute(lost, [time::now()]).step(Step::Write)?;
    if lost > 0 {
        transaction.execute_batch(TALLY).step(Step::Write)?;
    }
    let run = "insert into run (pid, host, started_at) values (?, ?, ?)";
    let values = params![std::process::id(), host(), time::now()];
    transaction.execute(run, values).step(Step::Write)?;
    let run = transaction.last_insert_rowid();
    transaction
        .execute_batch("update command set pause = 0, pace = null; update page set paused = null")
        .step(Step::Write)?;
    transaction.commit().step(Step::Write)?;
    Ok(run)
}

pub(super) fn end(connection: &Connection, run: i64) -> Result<()> {
    let update = "update run set ended_at = ? where id = ?";
    connection
        .execute(update, [time::now(), run])
        .step(Step::Write)?;
    Ok(())
}

/// All Pages: the lock is the lease of them.
pub(super) fn leases(connection: &Connection, run: i64) -> Result<Vec<Lease>> {
    let select = "select id, page_id from page order by id";
    let mut select = connection.prepare(select).step(Step::Read)?;
    let leases = select.query_map([], |line| {
        Ok(Lease {
            page: line.get(0)?,
            page_id: line.get(1)?,
            epoch: run,
            until: None,
            idle: false,
        })
    });
    leases
        .step(Step::Read)?
        .collect::<rusqlite::Result<_>>()
        .step(Step::Read)
}

pub(super) fn claim(
    connection: &mut Connection,
    columns: &Columns,
    wants: &[Want],
    now: SystemTime,
) -> Result<Vec<Claim>> {
    let now = time::millis(now);
    let mut claims = Vec::new();
    let transaction = write(connection)?;
    {
        let mut moves = Moves::default();
        let update = "update recipient set state = 1, attempts = attempts + 1, run = ?1, \
             claimed_at = ?2, settled_at = null, kind = '', code = null, subcode = null, \
             http_status = null, trace_id = null, message = (select max(id) from message) \
             where id in (select id from recipient where state = 0 and page = ?3 order by id limit ?4) \
             returning id, line, key, psid, cells, window_until, message, attempts, \
             (select page_id from page where id = ?3)";
        let mut update = transaction.prepare(update).step(Step::Write)?;
        for want in wants {
            let count = i64::try_from(want.count).unwrap_or(i64::MAX);
            let first = claims.len();
            let values = params![want.epoch, now, want.page, count];
            let mut lines = update.query(values).step(Step::Write)?;
            while let Some(line) = lines.next().step(Step::Write)? {
                let read = || {
                    Ok((
                        Claim {
                            id: line.get(0)?,
                            page: want.page,
                            epoch: want.epoch,
                            row: Row {
                                line: line.get(1)?,
                                key: line.get(2)?,
                                psid: line.get(3)?,
                                page: line.get(8)?,
                                ..Row::default()
                            },
                            window_until: line.get(5)?,
                            message: line.get(6)?,
                            attempt: line.get(7)?,
                        },
                        line.get::<_, String>(4)?,
                    ))
                };
                let (mut claim, cells) = read().step(Step::Read)?;
                claim.row.cells = columns.decode(&cells).ok_or_else(damaged)?;
                // A row that waits has no kind, whatever it was before.
                moves.add(want.page, (State::Queued, ""), (State::InFlight, ""));
                claims.push(claim);
            }
            // The order of what is returned isn't promised.
            claims[first..].sort_by_key(|claim| claim.id);
        }
        moves.write(&transaction)?;
    }
    transaction.commit().step(Step::Write)?;
    Ok(claims)
}

pub(super) fn settle(
    connection: &mut Connection,
    settlements: &[Settlement],
    now: SystemTime,
) -> Result<()> {
    let now = time::millis(now);
    let transaction = write(connection)?;
    {
        let mut moves = Moves::default();
        let update = "update recipient set state = ?2, message_id = ?3, kind = ?4, code = ?5, \
             subcode = ?6, http_status = ?7, trace_id = ?8, settled_at = ?9, \
             attempts = attempts - ?10 where id = ?1 and run = ?11 and state = ?12";
        let mut update = transaction.prepare(update).step(Step::Write)?;
        let find = "select kind from recipient where id = ? and run = ? and state = 4";
        let mut find = transaction.prepare(find).step(Step::Write)?;
        for settlement in settlements {
            let Settlement {
                id,
                page,
                epoch,
                outcome,
            } = settlement;
            let to = outcome.state();
            let (message_id, back) = match outcome {
                Outcome::Sent { message_id } => (Some(message_id), 0),
                Outcome::Back => (None, 1),
                _ => (None, 0),
            };
            let reason = outcome.reason();
            let kind = reason.map_or("", |reason| reason.kind.as_str());
            let settled_at = (to != State::Queued).then_some(now);
            let mut update_from = |from: State| {
                let values = params![
                    id,
                    to.number(),
                    message_id,
                    kind,
                    reason.and_then(|reason| reason.code),
                    reason.and_then(|reason| reason.subcode),
                    reason.and_then(|reason| reason.http_status),
                    reason.and_then(|reason| reason.trace_id.as_deref()),
                    settled_at,
                    back,
                    epoch,
                    from.number(),
                ];
                update.execute(values).step(Step::Write)
            };
            // What is in flight has no kind, and this way a row is looked for once.
            if update_from(State::InFlight)? > 0 {
                moves.add(*page, (State::InFlight, ""), (to, kind));
                continue;
            }
            // A late answer counts, even if its row was taken for lost by somebody else.
            let lost = find.query_row([id, epoch], |line| line.get::<_, String>(0));
            let Some(kind_before) = lost.optional().step(Step::Read)? else {
                continue;
            };
            update_from(State::Unknown)?;
            moves.add(*page, (State::Unknown, &kind_before), (to, kind));
        }
        moves.write(&transaction)?;
    }
    transaction.commit().step(Step::Write)
}
