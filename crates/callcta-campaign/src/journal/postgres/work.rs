//! What a run does: claim and settle.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_postgres::Row as Line;
use tokio_postgres::types::{ToSql, Type};

use super::cells;
use super::hold::Holder;
use super::look::damaged;
use super::server::{STEP, Server};
use crate::error::Result;
use crate::input::Row;
use crate::journal::types::{Claim, Outcome, Settlement, State, Want};
use crate::time;

type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Claims for all Pages in one statement, which is its own transaction.
const CLAIM: &str = "select * from callcta.claim($1, $2, $3, $4, $5, $6, $7)";

pub(super) fn claim(
    server: &mut Server,
    holder: &mut Holder,
    wants: &[Want],
    now: SystemTime,
) -> Result<Vec<Claim>> {
    holder.settle_doubts(server)?;
    let known = |want: &&Want| {
        number(want.page).is_some_and(|page| want.count > 0 && holder.pages.contains_key(&page))
    };
    let wants: Vec<Want> = wants.iter().filter(known).copied().collect();
    let mut claims = claim_some(server, holder, &wants, now)?;
    // What went back, or was put back, is before what was claimed last.
    let mut short = Vec::new();
    for mut want in wants {
        want.count -= claims.iter().filter(|it| it.page == want.page).count();
        let page = number(want.page).and_then(|page| holder.pages.get_mut(&page));
        if let Some(page) = page.filter(|page| want.count > 0 && !page.idle) {
            page.behind = i64::MIN;
            short.push(want);
        }
    }
    if let Ok(more) = claim_some(server, holder, &short, now) {
        claims.extend(more);
    }
    Ok(claims)
}

/// Claims behind what was claimed last.
fn claim_some(
    server: &mut Server,
    holder: &mut Holder,
    wants: &[Want],
    now: SystemTime,
) -> Result<Vec<Claim>> {
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let pages: Vec<i32> = wants.iter().filter_map(|want| number(want.page)).collect();
    let epochs: Vec<i64> = wants.iter().map(|want| want.epoch).collect();
    let counts: Vec<i32> = wants
        .iter()
        .map(|want| i32::try_from(want.count).unwrap_or(i32::MAX))
        .collect();
    let behind: Vec<i64> = pages.iter().map(|page| holder.behind(*page)).collect();
    let claimed = server.run(STEP, async |client| {
        let values: Values<'_> = &[
            (&holder.campaign, Type::INT4),
            (&pages, Type::INT4_ARRAY),
            (&epochs, Type::INT8_ARRAY),
            (&counts, Type::INT4_ARRAY),
            (&behind, Type::INT8_ARRAY),
            (&holder.name, Type::TEXT),
            (&now, Type::TIMESTAMPTZ),
        ];
        Ok(client.query_typed(CLAIM, values).await?)
    });
    let lines = claimed.inspect_err(|_| holder.doubt())?;
    let rows = lines
        .iter()
        .filter(|line| line.get::<_, Option<i64>>(3).is_some());
    // What can't be read is as good as never heard of.
    let claims: Result<Vec<Claim>> = rows.map(claim_of).collect();
    let claims = claims.inspect_err(|_| holder.doubt())?;
    let mut got: HashMap<i32, usize> = HashMap::new();
    for line in &lines {
        let rows = got.entry(line.get(0)).or_default();
        if let Some(id) = line.get(3) {
            holder.claimed(line.get(0), id);
            *rows += 1;
        }
    }
    for ((page, count), behind) in pages
        .iter()
        .zip(wants.iter().map(|it| it.count))
        .zip(behind)
    {
        if let Some(held) = holder.pages.get_mut(page) {
            held.idle = behind == i64::MIN && got.get(page).is_some_and(|got| *got < count);
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

const SETTLE: &str = "select callcta.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

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
    let told = Told::new(settlements);
    let campaign = holder.campaign;
    let written = server.run(STEP, async |client| {
        for waits in [false, true] {
            let values = told.values(&campaign, &now, &waits);
            let written: i64 = client.query_typed_one(SETTLE, &values).await?.get(0);
            // Some were just changed by somebody else, who is waited for then; or they are
            // settled already.
            if usize::try_from(written) == Ok(settlements.len()) {
                break;
            }
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

    fn values<'b>(
        &'b self,
        campaign: &'b i32,
        now: &'b SystemTime,
        waits: &'b bool,
    ) -> [(&'b (dyn ToSql + Sync), Type); 12] {
        [
            (campaign, Type::INT4),
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
            (waits, Type::BOOL),
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
