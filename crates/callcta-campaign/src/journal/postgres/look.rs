//! Reading a journal.

use std::collections::BTreeMap;
use std::time::SystemTime;

use tokio_postgres::Row as Line;
use tokio_postgres::types::{ToSql, Type};

use super::cells;
use super::layout;
use super::server::{Failure, STEP, Server, Work};
use super::work::state;
use crate::error::{Error, Result};
use crate::input::Row;
use crate::journal::types::{
    Count, Decision, Facts, Filter, Orders, Reason, Recipient, State, Worker,
};
use crate::time;

/// How many rows are read at once.
const TOGETHER: i64 = 2000;

pub(super) fn damaged() -> Error {
    Error::journal("can't read the journal: it is damaged")
}

fn state_of(number: i16) -> Result<State> {
    State::from_number(i64::from(number)).ok_or_else(damaged)
}

pub(super) fn campaign(server: &mut Server, name: &str) -> Result<(i32, Facts)> {
    let address = server.address().to_string();
    server.again(STEP, async |client| {
        layout::check(client).await?;
        let select = "select id, facts from callcta.campaign where name = $1";
        let line = client
            .query_typed_opt(select, &[(&name, Type::TEXT)])
            .await?;
        let Some(line) = line else {
            let text = format!("there is no campaign {name:?} in {address}; load it first");
            return Err(Error::journal(text).into());
        };
        let facts = serde_json::from_str(line.get(1)).map_err(|_| damaged())?;
        Ok((line.get(0), facts))
    })
}

pub(super) fn campaigns(server: &mut Server) -> Result<Vec<String>> {
    server.again(STEP, async |client| {
        layout::check(client).await?;
        let select = "select name from callcta.campaign order by id";
        let lines = client.query_typed(select, &[]).await?;
        Ok(lines.iter().map(|line| line.get(0)).collect())
    })
}

pub(super) fn message(server: &mut Server, campaign: i32, number: i64) -> Result<String> {
    server.again(STEP, async |client| {
        let select = "select json from callcta.message where campaign = $1 and number = $2";
        let values: &[(&(dyn ToSql + Sync), Type)] =
            &[(&campaign, Type::INT4), (&number, Type::INT8)];
        let line = client.query_typed_opt(select, values).await?;
        Ok(line.ok_or_else(damaged)?.get(0))
    })
}

/// Counts what went wrong, which an index has by itself. How many wait, are in flight and are
/// there at all is counted already; the others, which are nearly all in the end, were sent.
pub(super) fn counts(server: &mut Server, campaign: i32) -> Result<Vec<Count>> {
    let select = "with failed as materialized (select page, failed as state, kind, \
         count(*) as rows from callcta.recipient where campaign = $1 and failed is not null \
         group by page, failed, kind), \
         other as (select s.page, o.state, '' as kind, o.rows from callcta.share s \
         left join (select page, sum(rows)::bigint as rows from failed group by page) f \
         on f.page = s.page \
         cross join lateral (values (0::smallint, s.queued), (1::smallint, s.in_flight), \
         (2::smallint, s.rows - s.queued - s.in_flight - coalesce(f.rows, 0))) as o (state, rows) \
         where s.campaign = $1) \
         select p.page_id, c.state, c.kind, c.rows \
         from (select * from failed union all select * from other) c \
         join callcta.page p on p.id = c.page where c.rows > 0 order by p.id, c.state, c.kind";
    server.again(None, async |client| {
        let lines = client
            .query_typed(select, &[(&campaign, Type::INT4)])
            .await?;
        let counts = lines.iter().map(|line| {
            Ok(Count {
                page_id: line.get(0),
                state: state_of(line.get(1))?,
                kind: line.get(2),
                rows: u64::try_from(line.get::<_, i64>(3)).unwrap_or_default(),
            })
        });
        counts.collect::<Result<_>>().map_err(Failure::Own)
    })
}

/// Whether a filter finds the rows of a count.
pub(super) fn finds(filter: &Filter, count: &Count) -> bool {
    (filter.states.is_empty() || filter.states.contains(&count.state))
        && (filter.kinds.is_empty() || filter.kinds.contains(&count.kind))
        && (filter.page_id.as_ref()).is_none_or(|page_id| *page_id == count.page_id)
}

/// A filter's values; [`CONDITION`] is what they are for.
pub(super) struct Condition {
    states: Option<Vec<i16>>,
    kinds: Option<Vec<String>>,
    page_id: Option<String>,
}

impl Condition {
    pub(super) fn new(filter: &Filter) -> Self {
        let states: Vec<i16> = filter.states.iter().copied().map(state).collect();
        Condition {
            states: Some(states).filter(|states| !states.is_empty()),
            kinds: Some(filter.kinds.clone()).filter(|kinds| !kinds.is_empty()),
            page_id: filter.page_id.clone(),
        }
    }

    pub(super) fn values(&self) -> [(&(dyn ToSql + Sync), Type); 3] {
        [
            (&self.states, Type::INT2_ARRAY),
            (&self.kinds, Type::TEXT_ARRAY),
            (&self.page_id, Type::TEXT),
        ]
    }
}

/// Of the rows `r`, with `$1` for the campaign, and `$2` to `$4` for the filter.
pub(super) const CONDITION: &str = "r.campaign = $1 and ($2::smallint[] is null or r.state = any($2)) \
     and ($3::text[] is null or r.kind = any($3)) \
     and ($4::text is null or r.page = (select id from callcta.page where page_id = $4))";

/// Reads the rows bit by bit, and all as they were at one moment.
pub(super) fn list(
    server: &mut Server,
    campaign: i32,
    filter: &Filter,
    each: &mut dyn FnMut(Recipient) -> Result<bool>,
) -> Result<()> {
    let condition = Condition::new(filter);
    let select = format!(
        "select r.id, p.page_id, r.line, r.key, r.psid, r.cells, r.window_until, r.state, \
         r.attempts, r.message_id, r.kind, r.code, r.subcode, r.http_status, r.trace_id, \
         r.claimed_at, r.settled_at, r.message, \
         case when r.epoch is null then r.sent_as end \
         from callcta.recipient r join callcta.page p on p.id = r.page \
         where {CONDITION} and r.id > $5 order by r.id limit {TOGETHER}"
    );
    server.ready()?;
    server.run(None, async |client| {
        let transaction = client
            .build_transaction()
            .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let mut last = i64::MIN;
        loop {
            let [states, kinds, page_id] = condition.values();
            let values = [
                (&campaign as &(dyn ToSql + Sync), Type::INT4),
                states,
                kinds,
                page_id,
                (&last, Type::INT8),
            ];
            let lines = transaction.query_typed(&select, &values).await?;
            for line in &lines {
                let recipient = recipient(line)?;
                last = recipient.id;
                if !each(recipient)? {
                    return Ok(());
                }
            }
            if lines.is_empty() {
                transaction.commit().await?;
                return Ok(());
            }
        }
    })
}

fn recipient(line: &Line) -> Work<Recipient> {
    let page_id: String = line.get(1);
    let moment = |index: usize| line.get::<_, Option<SystemTime>>(index).map(time::millis);
    let status: Option<i32> = line.get(13);
    Ok(Recipient {
        id: line.get(0),
        row: Row {
            page: page_id.clone(),
            line: u64::try_from(line.get::<_, i64>(2)).unwrap_or_default(),
            key: line.get(3),
            psid: line.get(4),
            cells: cells::decode(line.get(5)).ok_or_else(damaged)?,
            ..Row::default()
        },
        page_id,
        window_until: moment(6),
        state: state_of(line.get(7))?,
        attempts: i64::from(line.get::<_, i32>(8)),
        message_id: line.get(9),
        reason: Reason {
            kind: line.get(10),
            code: line.get(11),
            subcode: line.get(12),
            http_status: status.and_then(|status| u16::try_from(status).ok()),
            trace_id: line.get(14),
        },
        claimed_at: moment(15),
        settled_at: moment(16),
        message: line.get(17),
        sent_as: line.get(18),
    })
}

pub(super) fn messages(server: &mut Server, campaign: i32) -> Result<i64> {
    server.again(STEP, async |client| {
        let select = "select max(number) from callcta.message where campaign = $1";
        let line = client
            .query_typed_one(select, &[(&campaign, Type::INT4)])
            .await?;
        Ok(line.get::<_, Option<i64>>(0).ok_or_else(damaged)?)
    })
}

pub(super) fn decisions(server: &mut Server, campaign: i32) -> Result<Vec<Decision>> {
    server.again(STEP, async |client| {
        let select = "select at, who, what, rows from callcta.decision where campaign = $1 \
             order by at";
        let lines = client
            .query_typed(select, &[(&campaign, Type::INT4)])
            .await?;
        let decisions = lines.iter().map(|line| Decision {
            at: time::millis(line.get(0)),
            who: line.get(1),
            what: line.get(2),
            rows: line.get::<_, i64>(3).cast_unsigned(),
        });
        Ok(decisions.collect())
    })
}

pub(super) fn pauses(server: &mut Server, campaign: i32) -> Result<BTreeMap<String, String>> {
    server.again(STEP, async |client| {
        let select = "select p.page_id, s.paused from callcta.share s \
             join callcta.page p on p.id = s.page where s.campaign = $1 and s.paused is not null";
        let lines = client
            .query_typed(select, &[(&campaign, Type::INT4)])
            .await?;
        Ok(lines
            .iter()
            .map(|line| (line.get(0), line.get(1)))
            .collect())
    })
}

pub(super) fn orders(server: &mut Server, campaign: i32) -> Result<Orders> {
    server.again(STEP, async |client| {
        let select = "select paused, pace from callcta.campaign where id = $1";
        let line = client
            .query_typed_one(select, &[(&campaign, Type::INT4)])
            .await?;
        Ok(Orders {
            pause: line.get(0),
            pace: line.get(1),
        })
    })
}

pub(super) fn workers(server: &mut Server, campaign: i32) -> Result<Vec<Worker>> {
    server.again(STEP, async |client| {
        let select = "select w.host, w.pid, w.since, w.settled, array_remove(array_agg(p.page_id \
             order by p.id), null) from callcta.worker w \
             left join callcta.page p on p.owner = w.name and p.expires_at > clock_timestamp() \
             where w.campaign = $1 and w.expires_at > clock_timestamp() \
             group by w.name order by w.since, w.name";
        let lines = client
            .query_typed(select, &[(&campaign, Type::INT4)])
            .await?;
        let workers = lines.iter().map(|line| Worker {
            host: line.get(0),
            pid: line.get::<_, i32>(1).cast_unsigned(),
            since: time::millis(line.get(2)),
            settled: u64::try_from(line.get::<_, i64>(3)).ok(),
            pages: line.get(4),
        });
        Ok(workers.collect())
    })
}
