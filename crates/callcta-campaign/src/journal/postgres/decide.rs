//! What people, and echoes, decide about rows.

use std::collections::HashMap;
use std::time::SystemTime;

use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use super::hold::{counted, strict};
use super::look::{CONDITION, Condition, damaged};
use super::server::{STEP, Server, Work};
use crate::error::Result;
use crate::journal::types::{Command, Echo, Echoed, Filter, State};

type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

pub(super) fn requeue(
    server: &mut Server,
    campaign: i32,
    filter: &Filter,
    by: (&str, SystemTime),
) -> Result<u64> {
    let set = "state = 0, kind = '', code = null, subcode = null, http_status = null, \
               trace_id = null, settled_at = null";
    // What is queued or in flight is left alone, and what arrived all the more.
    decide(
        server,
        campaign,
        filter,
        (set, "r.state in (3, 4, 5)", "retry"),
        by,
    )
}

pub(super) fn assume_sent(
    server: &mut Server,
    campaign: i32,
    filter: &Filter,
    by: (&str, SystemTime),
) -> Result<u64> {
    let what = ("state = 6", "r.state = 4", "assume_sent");
    decide(server, campaign, filter, what, by)
}

fn decide(
    server: &mut Server,
    campaign: i32,
    filter: &Filter,
    (set, allowed, what): (&str, &str, &str),
    (who, now): (&str, SystemTime),
) -> Result<u64> {
    let condition = Condition::new(filter);
    // Neither was any of them queued or in flight, which are all that is counted.
    let update = counted(&format!(
        "update callcta.recipient r set {set} where {allowed} and {CONDITION} \
         returning r.campaign, r.page, null::smallint as was, r.state"
    ));
    let what = format!("{what} {filter}");
    server.ready()?;
    server.run(None, async |client| {
        let transaction = client.transaction().await?;
        strict(&transaction).await?;
        let [states, kinds, page_id] = condition.values();
        let values = [
            (&campaign as &(dyn ToSql + Sync), Type::INT4),
            states,
            kinds,
            page_id,
        ];
        let rows: i64 = transaction.query_typed_one(&update, &values).await?.get(0);
        if rows > 0 {
            decided(&transaction, campaign, (who, what.trim_end()), rows, now).await?;
        }
        transaction.commit().await?;
        Ok(rows.cast_unsigned())
    })
}

pub(super) fn echo(
    server: &mut Server,
    campaign: i32,
    echoes: &[Echo],
    now: SystemTime,
) -> Result<Vec<Echoed>> {
    if echoes.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = echoes
        .iter()
        .filter_map(|it| it.sent_as.as_deref())
        .collect();
    server.ready()?;
    server.run(STEP, async |client| {
        let transaction = client.transaction().await?;
        strict(&transaction).await?;
        let moved = "select id, sent_as from callcta.recipient \
             where campaign = $1 and sent_as is not null and sent_as = any($2)";
        let values: Values<'_> = &[(&campaign, Type::INT4), (&keys, Type::TEXT_ARRAY)];
        let moved = transaction.query_typed(moved, values).await?;
        let moved: HashMap<&str, i64> = moved.iter().map(|it| (it.get(1), it.get(0))).collect();
        // No row has the number 0.
        let row = |echo: &Echo| match &echo.sent_as {
            Some(key) => moved.get(key.as_str()).copied().unwrap_or_default(),
            None => echo.id,
        };
        let ids: Vec<i64> = echoes.iter().map(row).collect();
        let find = "select id, psid, state from callcta.recipient \
             where id = any($1) and campaign = $2 order by id for update";
        let values: Values<'_> = &[(&ids, Type::INT8_ARRAY), (&campaign, Type::INT4)];
        let lines = transaction.query_typed(find, values).await?;
        let mut known: HashMap<i64, (String, State)> = HashMap::new();
        for line in &lines {
            let state = State::from_number(i64::from(line.get::<_, i16>(2)));
            known.insert(line.get(0), (line.get(1), state.ok_or_else(damaged)?));
        }
        let mut told = Vec::with_capacity(echoes.len());
        let (mut settled, mut message_ids) = (Vec::new(), Vec::new());
        for (echo, id) in echoes.iter().zip(&ids) {
            told.push(match known.get_mut(id) {
                Some((psid, state)) if echo.psid.as_ref().is_none_or(|told| told == psid) => {
                    if *state == State::Sent {
                        Echoed::Known
                    } else {
                        settled.push(*id);
                        message_ids.push(echo.message_id.as_str());
                        Echoed::Settled(std::mem::replace(state, State::Sent))
                    }
                }
                _ => Echoed::Stranger,
            });
        }
        let update = counted(
            "update callcta.recipient r set state = 2, message_id = p.message_id, \
             kind = '', code = null, subcode = null, http_status = null, trace_id = null, \
             settled_at = $3 from (select t.message_id, b.ctid as place, b.state as was \
             from unnest($1, $2) as t (id, message_id) \
             join callcta.recipient b on b.id = t.id) p \
             where r.ctid = p.place returning r.campaign, r.page, p.was, r.state",
        );
        let values: Values<'_> = &[
            (&settled, Type::INT8_ARRAY),
            (&message_ids, Type::TEXT_ARRAY),
            (&now, Type::TIMESTAMPTZ),
        ];
        transaction.query_typed(&update, values).await?;
        transaction.commit().await?;
        Ok(told)
    })
}

/// Rows take the last message when they are claimed, so none has to be touched.
pub(super) fn change_message(
    server: &mut Server,
    campaign: i32,
    (json, hash): (&str, &str),
    (who, now): (&str, SystemTime),
) -> Result<()> {
    server.ready()?;
    server.run(STEP, async |client| {
        let transaction = client.transaction().await?;
        strict(&transaction).await?;
        let insert = "insert into callcta.message (campaign, number, json, hash, since) \
             select $1, max(number) + 1, $2, $3, $4 from callcta.message where campaign = $1";
        let values: Values<'_> = &[
            (&campaign, Type::INT4),
            (&json, Type::TEXT),
            (&hash, Type::TEXT),
            (&now, Type::TIMESTAMPTZ),
        ];
        transaction.execute_typed(insert, values).await?;
        let queued =
            "select coalesce(sum(queued), 0)::bigint from callcta.share where campaign = $1";
        let queued = transaction
            .query_typed_one(queued, &[(&campaign, Type::INT4)])
            .await?;
        let what = format!("change_message {hash}");
        decided(&transaction, campaign, (who, &what), queued.get(0), now).await?;
        transaction.commit().await?;
        Ok(())
    })
}

async fn decided(
    transaction: &Transaction<'_>,
    campaign: i32,
    (who, what): (&str, &str),
    rows: i64,
    now: SystemTime,
) -> Work<()> {
    let insert = "insert into callcta.decision (campaign, at, who, what, rows) \
         values ($1, $2, $3, $4, $5)";
    let values: Values<'_> = &[
        (&campaign, Type::INT4),
        (&now, Type::TIMESTAMPTZ),
        (&who, Type::TEXT),
        (&what, Type::TEXT),
        (&rows, Type::INT8),
    ];
    transaction.execute_typed(insert, values).await?;
    Ok(())
}

pub(super) fn keep_pause(
    server: &mut Server,
    campaign: i32,
    page_id: &str,
    why: Option<&str>,
) -> Result<()> {
    server.again(STEP, async |client| {
        let update = "update callcta.share s set paused = $3 from callcta.page p \
             where s.campaign = $1 and s.page = p.id and p.page_id = $2";
        let values: Values<'_> = &[
            (&campaign, Type::INT4),
            (&page_id, Type::TEXT),
            (&why, Type::TEXT),
        ];
        client.execute_typed(update, values).await?;
        Ok(())
    })
}

pub(super) fn command(server: &mut Server, campaign: i32, command: Command) -> Result<()> {
    let (paused, pace) = match command {
        Command::Pause => (Some(true), None),
        Command::Resume => (Some(false), None),
        Command::Pace(pace) => (None, Some(pace)),
    };
    server.again(STEP, async |client| {
        let update = "update callcta.campaign set paused = coalesce($2, paused), \
             pace = coalesce($3, pace) where id = $1";
        let values: Values<'_> = &[
            (&campaign, Type::INT4),
            (&paused, Type::BOOL),
            (&pace, Type::FLOAT8),
        ];
        client.execute_typed(update, values).await?;
        Ok(())
    })
}
