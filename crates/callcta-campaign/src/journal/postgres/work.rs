//! What a run does: claim and settle.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_postgres::Row as Line;
use tokio_postgres::types::{ToSql, Type};

use super::cells;
use super::hold::{Holder, STRICT};
use super::look::damaged;
use super::server::{STEP, Server};
use crate::error::Result;
use crate::input::Row;
use crate::journal::types::{Claim, Outcome, Settlement, State, Want};
use crate::time;

type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Claims for all Pages in one statement, which is its own transaction.
///
/// Whoever holds the lease is looked up in the same statement, and stays it until the commit.
/// Rows are found by their place, so that no statistics, however old, make the server read
/// the whole table.
fn claim_statement() -> String {
    format!(
        "with strict as materialized ({STRICT}), \
         held as materialized (select p.id, p.epoch, p.page_id, w.most \
         from strict, unnest($2, $3, $4) as w (id, epoch, most) \
         join callcta.page p on p.id = w.id and p.epoch = w.epoch and p.owner = $5 \
         where p.expires_at > clock_timestamp() for share of p), \
         picked as materialized (select r.place, held.epoch from held cross join lateral \
         (select ctid as place from callcta.recipient \
         where campaign = $1 and page = held.id and state = 0 order by id limit held.most) r), \
         claimed as (update callcta.recipient r set state = 1, attempts = r.attempts + 1, \
         epoch = picked.epoch, claimed_at = $6, settled_at = null, kind = '', code = null, \
         subcode = null, http_status = null, trace_id = null, \
         message = (select max(number) from callcta.message where campaign = $1) \
         from picked where r.ctid = picked.place and r.state = 0 \
         returning r.id, r.page, r.attempts, r.message, r.window_until, r.line, r.key, r.psid, \
         r.cells) \
         select held.id, held.epoch, held.page_id, c.id, c.attempts, c.message, c.window_until, \
         c.line, c.key, c.psid, c.cells \
         from held left join claimed c on c.page = held.id order by held.id, c.id"
    )
}

pub(super) fn claim(
    server: &mut Server,
    holder: &mut Holder,
    wants: &[Want],
    now: SystemTime,
) -> Result<Vec<Claim>> {
    holder.settle_doubts(server)?;
    let known =
        |want: &&Want| number(want.page).is_some_and(|page| holder.pages.contains_key(&page));
    let wants: Vec<&Want> = wants.iter().filter(known).collect();
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let pages: Vec<i32> = wants.iter().filter_map(|want| number(want.page)).collect();
    let epochs: Vec<i64> = wants.iter().map(|want| want.epoch).collect();
    let counts: Vec<i32> = wants
        .iter()
        .map(|want| i32::try_from(want.count).unwrap_or(i32::MAX))
        .collect();
    let claimed = server.run(STEP, async |client| {
        let values: Values<'_> = &[
            (&holder.campaign, Type::INT4),
            (&pages, Type::INT4_ARRAY),
            (&epochs, Type::INT8_ARRAY),
            (&counts, Type::INT4_ARRAY),
            (&holder.name, Type::TEXT),
            (&now, Type::TIMESTAMPTZ),
        ];
        Ok(client.query_typed(&claim_statement(), values).await?)
    });
    let lines = claimed.inspect_err(|_| holder.doubt())?;
    let rows = lines
        .iter()
        .filter(|line| line.get::<_, Option<i64>>(3).is_some());
    // What can't be read is as good as never heard of.
    let claims: Result<Vec<Claim>> = rows.map(claim_of).collect();
    let claims = claims.inspect_err(|_| holder.doubt())?;
    for line in &lines {
        if let Some(id) = line.get(3) {
            holder.claimed(line.get(0), id);
        }
    }
    for want in wants {
        let mut got = 0;
        let mut held = false;
        for line in &lines {
            if number(want.page) == Some(line.get(0)) {
                held = true;
                got += usize::from(line.get::<_, Option<i64>>(3).is_some());
            }
        }
        if let Some(page) = number(want.page).and_then(|page| holder.pages.get_mut(&page)) {
            page.idle = held && got < want.count;
        }
    }
    Ok(claims)
}

fn claim_of(line: &Line) -> Result<Claim> {
    let cells: String = line.get(10);
    let window_until: Option<SystemTime> = line.get(6);
    Ok(Claim {
        id: line.get(3),
        page: i64::from(line.get::<_, i32>(0)),
        epoch: line.get(1),
        attempt: i64::from(line.get::<_, i32>(4)),
        message: line.get(5),
        window_until: window_until.map(time::millis),
        row: Row {
            line: u64::try_from(line.get::<_, i64>(7)).unwrap_or_default(),
            key: line.get(8),
            psid: line.get(9),
            page: line.get(2),
            cells: cells::decode(&cells).ok_or_else(damaged)?,
            ..Row::default()
        },
    })
}

/// A row that was taken for lost is settled nevertheless, as is one that somebody has put
/// back or taken for sent since, if it turns out to be sent; nobody claimed it meanwhile, or
/// its epoch would be another one.
fn settle_statement(lock: &str) -> String {
    format!(
        "with strict as materialized ({STRICT}), \
         told as materialized (select t.* from strict, \
         unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) as t \
         (id, epoch, state, message_id, kind, code, subcode, http_status, trace_id)), \
         found as materialized (select told.*, r.place from told cross join lateral \
         (select ctid as place from callcta.recipient where id = told.id and epoch = told.epoch \
         and (state in (1, 4) or (told.state = 2 and state in (0, 6))) {lock}) r) \
         update callcta.recipient r set state = f.state, message_id = f.message_id, \
         kind = f.kind, code = f.code, subcode = f.subcode, http_status = f.http_status, \
         trace_id = f.trace_id, \
         settled_at = case when f.state = 0 then null else $10 end, \
         attempts = r.attempts - case when f.state = 0 then 1 else 0 end \
         from found f where r.ctid = f.place returning r.id"
    )
}

pub(super) fn settle(
    server: &mut Server,
    holder: &mut Holder,
    settlements: &[Settlement],
    now: SystemTime,
) -> Result<()> {
    if settlements.is_empty() {
        // Asked after a failure: whether it works again.
        return server.ready();
    }
    let columns = Told::new(settlements);
    let written = server.run(STEP, async |client| {
        let lines = client
            .query_typed(&settle_statement(""), &columns.values(&now))
            .await?;
        if lines.len() < settlements.len() {
            // Some were just changed by somebody else, who is waited for now; or they are
            // settled already.
            let waiting = settle_statement("for update");
            client.query_typed(&waiting, &columns.values(&now)).await?;
        }
        Ok(())
    });
    written.inspect_err(|_| holder.doubt())?;
    holder.wrote(settlements);
    Ok(())
}

/// Settlements as the server takes them: a list per column.
struct Told<'a> {
    ids: Vec<i64>,
    epochs: Vec<i64>,
    states: Vec<i16>,
    message_ids: Vec<Option<&'a str>>,
    kinds: Vec<&'a str>,
    codes: Vec<Option<i64>>,
    subcodes: Vec<Option<i64>>,
    statuses: Vec<Option<i32>>,
    traces: Vec<Option<&'a str>>,
}

impl<'a> Told<'a> {
    fn new(settlements: &'a [Settlement]) -> Self {
        let of = |settlement: &'a Settlement| settlement.outcome.reason();
        Told {
            ids: settlements.iter().map(|it| it.id).collect(),
            epochs: settlements.iter().map(|it| it.epoch).collect(),
            states: settlements
                .iter()
                .map(|it| state(it.outcome.state()))
                .collect(),
            message_ids: settlements
                .iter()
                .map(|it| match &it.outcome {
                    Outcome::Sent { message_id } => Some(message_id.as_str()),
                    _ => None,
                })
                .collect(),
            kinds: settlements
                .iter()
                .map(|it| of(it).map_or("", |reason| reason.kind.as_str()))
                .collect(),
            codes: settlements.iter().map(|it| of(it)?.code).collect(),
            subcodes: settlements.iter().map(|it| of(it)?.subcode).collect(),
            statuses: settlements
                .iter()
                .map(|it| of(it)?.http_status.map(i32::from))
                .collect(),
            traces: settlements
                .iter()
                .map(|it| of(it)?.trace_id.as_deref())
                .collect(),
        }
    }

    fn values<'b>(&'b self, now: &'b SystemTime) -> [(&'b (dyn ToSql + Sync), Type); 10] {
        [
            (&self.ids, Type::INT8_ARRAY),
            (&self.epochs, Type::INT8_ARRAY),
            (&self.states, Type::INT2_ARRAY),
            (&self.message_ids, Type::TEXT_ARRAY),
            (&self.kinds, Type::TEXT_ARRAY),
            (&self.codes, Type::INT8_ARRAY),
            (&self.subcodes, Type::INT8_ARRAY),
            (&self.statuses, Type::INT4_ARRAY),
            (&self.traces, Type::TEXT_ARRAY),
            (now, Type::TIMESTAMPTZ),
        ]
    }
}

pub(super) fn state(state: State) -> i16 {
    i16::try_from(state.number()).unwrap_or(i16::MAX)
}

fn number(page: i64) -> Option<i32> {
    i32::try_from(page).ok()
}

/// A moment in Unix milliseconds as the server takes it.
pub(super) fn moment(millis: i64) -> Option<SystemTime> {
    let since = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 {
        UNIX_EPOCH.checked_sub(since)
    } else {
        UNIX_EPOCH.checked_add(since)
    }
}
