//! Taking in rows: copied into a table of this transaction, from there into that of all
//! campaigns. Rows whose keys are there already are left as they are, so that a load may be
//! made again, by others too.

use std::pin::pin;
use std::time::SystemTime;

use tokio_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::address::PostgresAddress;
use super::hold::strict;
use super::server::{Failure, Server, Work};
use super::work::{moment, state};
use super::{cells, layout};
use crate::error::{Error, ErrorKind, Result};
use crate::input::Row;
use crate::journal::Loader;
use crate::journal::types::{Facts, Known, State};

/// How many lines of duplicates are told.
const LINES: usize = 5;

/// How many times more rows a campaign may have than a load for which all of them are read.
const FEW: i64 = 1000;

/// How many rows are copied together.
const TOGETHER: usize = 10_000;

/// The rows of this transaction.
const TABLE: &str = "create temp table callcta_load (n bigint, line bigint, key text, page text, \
     psid text, cells text, window_until timestamptz, state smallint, kind text, code bigint, \
     subcode bigint, http_status integer, trace_id text, message_id text, attempts integer, \
     claimed_at timestamptz, settled_at timestamptz, sent_as text) on commit drop";

const TYPES: [Type; 18] = [
    Type::INT8,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::INT2,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
    Type::INT4,
    Type::TEXT,
    Type::TEXT,
    Type::INT4,
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::TEXT,
];

/// Takes in rows of a campaign, which may be there already.
pub struct PostgresLoader {
    server: Server,
    name: String,
    /// Rows that aren't with the server yet.
    waiting: Vec<Waiting>,
    rows: i64,
}

struct Waiting {
    n: i64,
    line: i64,
    key: String,
    page: String,
    psid: String,
    cells: String,
    window_until: Option<SystemTime>,
    state: i16,
    attempts: i32,
    kind: String,
    code: Option<i64>,
    subcode: Option<i64>,
    http_status: Option<i32>,
    trace_id: Option<String>,
    message_id: Option<String>,
    claimed_at: Option<SystemTime>,
    settled_at: Option<SystemTime>,
    sent_as: Option<String>,
}

impl PostgresLoader {
    /// A loader for the campaign of this name, which comes about with its first rows.
    ///
    /// # Errors
    ///
    /// Of the kinds [`InvalidArgument`](ErrorKind::InvalidArgument) if the name is none, and
    /// [`Journal`](ErrorKind::Journal).
    pub fn new(address: &PostgresAddress, campaign: &str) -> Result<Self> {
        if campaign.is_empty() || campaign.contains(char::is_control) {
            return Err(Error::invalid("a campaign needs a name"));
        }
        let mut server = Server::new(address.clone())?;
        server.run(None, async |client| {
            layout::check(client).await?;
            // One transaction to the end: whatever fails leaves nothing.
            client.batch_execute("begin").await?;
            client.batch_execute("set local work_mem = '64MB'").await?;
            client.batch_execute(TABLE).await?;
            Ok(())
        })?;
        Ok(PostgresLoader {
            server,
            name: campaign.to_owned(),
            waiting: Vec::new(),
            rows: 0,
        })
    }

    fn take(&mut self, row: &Row, window_until: Option<i64>, known: &Known) -> Result<()> {
        if [&row.key, &row.page, &row.psid]
            .into_iter()
            .chain(&known.sent_as)
            .any(|text| text.contains('\0'))
        {
            let text = format!("the row in line {} has a NUL in an id or its key", row.line);
            return Err(Error::input(text));
        }
        // Nobody knows any more what became of those that were under way elsewhere.
        let (to, kind) = match known.state {
            State::InFlight => (State::Unknown, "worker_lost"),
            other => (other, known.reason.kind.as_str()),
        };
        self.waiting.push(Waiting {
            n: self.rows,
            line: i64::try_from(row.line).unwrap_or(i64::MAX),
            key: row.key.clone(),
            page: row.page.clone(),
            psid: row.psid.clone(),
            cells: cells::encode(&row.cells),
            window_until: window_until.and_then(moment),
            state: state(to),
            attempts: i32::try_from(known.attempts).unwrap_or(i32::MAX),
            kind: kind.to_owned(),
            code: known.reason.code,
            subcode: known.reason.subcode,
            http_status: known.reason.http_status.map(i32::from),
            trace_id: known.reason.trace_id.clone(),
            message_id: known.message_id.clone(),
            claimed_at: known.claimed_at.and_then(moment),
            settled_at: known.settled_at.and_then(moment),
            sent_as: known.sent_as.clone(),
        });
        self.rows += 1;
        if self.waiting.len() < TOGETHER {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = &self.waiting;
        self.server.run(None, async |client| {
            let copy = "copy pg_temp.callcta_load from stdin (format binary)";
            let sink = client.copy_in(copy).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
            for row in rows {
                let values: [&(dyn ToSql + Sync); 18] = [
                    &row.n,
                    &row.line,
                    &row.key,
                    &row.page,
                    &row.psid,
                    &row.cells,
                    &row.window_until,
                    &row.state,
                    &row.kind,
                    &row.code,
                    &row.subcode,
                    &row.http_status,
                    &row.trace_id,
                    &row.message_id,
                    &row.attempts,
                    &row.claimed_at,
                    &row.settled_at,
                    &row.sent_as,
                ];
                writer.as_mut().write(&values).await?;
            }
            writer.finish().await?;
            Ok(())
        })?;
        self.waiting.clear();
        Ok(())
    }

    /// How many rows repeat what an earlier one has, and where the first of them are.
    fn repeated(&mut self, by: &str) -> Result<(u64, Vec<u64>)> {
        let count = format!(
            "select coalesce(sum(rows - 1), 0)::bigint from (select count(*) as rows \
             from pg_temp.callcta_load group by {by} having count(*) > 1) g"
        );
        let lines = format!(
            "select line from (select n, line, row_number() over (partition by {by} order by n) \
             as place from pg_temp.callcta_load) r where place > 1 order by n limit {LINES}"
        );
        self.server.run(None, async |client| {
            let count: i64 = client.query_typed_one(&count, &[]).await?.get(0);
            if count == 0 {
                return Ok((0, Vec::new()));
            }
            let lines = client.query_typed(&lines, &[]).await?;
            let lines = lines
                .iter()
                .map(|line| line.get::<_, i64>(0).cast_unsigned());
            Ok((count.cast_unsigned(), lines.collect()))
        })
    }
}

impl PostgresLoader {
    /// How many people of new rows are in the campaign already under other keys, and where
    /// the first of them are.
    fn known_people(&mut self) -> Result<(u64, Vec<u64>)> {
        let select = format!(
            "select count(*), (array_agg(line order by line))[1:{LINES}] from \
             (select min(l.line) as line from pg_temp.callcta_load l \
             join callcta.page p on p.page_id = l.page \
             join callcta.recipient r on r.campaign = $1 and r.page = p.id and r.psid = l.psid \
             and r.key <> l.key \
             where not exists (select from callcta.recipient k \
             where k.campaign = $1 and k.key = l.key) group by l.page, l.psid) g"
        );
        let (name, loaded) = (&self.name, self.rows);
        self.server.run(None, async |client| {
            let campaign = "select c.id, (select sum(rows)::bigint from callcta.share \
                 where campaign = c.id) from callcta.campaign c where c.name = $1";
            let campaign = client
                .query_typed_opt(campaign, &[(name, Type::TEXT)])
                .await?;
            let Some(campaign) = campaign else {
                return Ok((0, Vec::new()));
            };
            let there: Option<i64> = campaign.get(1);
            if there.unwrap_or_default() / FEW > loaded {
                return Ok((0, Vec::new()));
            }
            let campaign: i32 = campaign.get(0);
            let line = client
                .query_typed_one(&select, &[(&campaign, Type::INT4)])
                .await?;
            let lines: Option<Vec<i64>> = line.get(1);
            let lines = lines.unwrap_or_default().into_iter();
            let count: i64 = line.get(0);
            Ok((
                count.cast_unsigned(),
                lines.map(i64::cast_unsigned).collect(),
            ))
        })
    }
}

impl Loader for PostgresLoader {
    fn add(&mut self, row: &Row, window_until: Option<i64>, skipped: Option<&str>) -> Result<()> {
        let known = skipped.map_or_else(Known::default, Known::skipped);
        self.take(row, window_until, &known)
    }

    fn takes_more(&self) -> bool {
        true
    }

    fn add_known(&mut self, row: &Row, window_until: Option<i64>, known: &Known) -> Result<()> {
        self.take(row, window_until, known)
    }

    fn duplicates(&mut self) -> Result<[(u64, Vec<u64>); 2]> {
        self.flush()?;
        self.server.run(None, async |client| {
            client.batch_execute("analyze pg_temp.callcta_load").await?;
            Ok(())
        })?;
        let (mut people, mut lines) = self.repeated("page, psid")?;
        let known = self.known_people()?;
        people += known.0;
        lines.extend(known.1);
        lines.sort_unstable();
        lines.truncate(LINES);
        Ok([self.repeated("key")?, (people, lines)])
    }

    fn commit(mut self: Box<Self>, facts: &Facts) -> Result<u64> {
        self.flush()?;
        let (name, rows) = (self.name.clone(), self.rows);
        let added = self.server.run(None, async |client| {
            // The transaction that has been open all the time.
            let added = enter(client, &name, facts, rows).await?;
            client.batch_execute("commit").await?;
            Ok(added)
        })?;
        self.server.run(None, async |client| {
            // Old statistics make bad plans; new ones take time that a few rows aren't worth.
            let known = "select reltuples::float8 from pg_class \
                 where oid = 'callcta.recipient'::regclass";
            let known: f64 = client.query_typed_one(known, &[]).await?.get(0);
            #[allow(clippy::cast_precision_loss)] // an estimate anyway
            if added as f64 * 10.0 >= known {
                client.query_typed("select callcta.analyze()", &[]).await?;
            }
            Ok(())
        })?;
        Ok(added)
    }
}

/// Makes the rows part of the campaign, and returns how many are new.
async fn enter(client: &Client, name: &str, facts: &Facts, rows: i64) -> Work<u64> {
    strict(client).await?;
    let none = Facts {
        rows: 0,
        skipped: 0,
        ..facts.clone()
    };
    let insert = "insert into callcta.campaign (name, facts) values ($1, $2) \
         on conflict (name) do nothing returning id";
    let values: &[(&(dyn ToSql + Sync), Type)] =
        &[(&name, Type::TEXT), (&json(&none)?, Type::TEXT)];
    let made = client.query_typed_opt(insert, values).await?;
    // Nobody else sees a campaign that is just made, so that none of its keys can be there.
    let conflict = if made.is_some() {
        ""
    } else {
        "on conflict (campaign, key) do nothing"
    };
    let campaign: i32 = if let Some(line) = made {
        let campaign = line.get(0);
        let planned_at = moment(facts.planned_at);
        let insert = "insert into callcta.message (campaign, number, json, hash, since) \
             values ($1, 1, $2, $3, $4)";
        let values: &[(&(dyn ToSql + Sync), Type)] = &[
            (&campaign, Type::INT4),
            (&facts.message, Type::TEXT),
            (&facts.message_hash, Type::TEXT),
            (&planned_at, Type::TIMESTAMPTZ),
        ];
        client.execute_typed(insert, values).await?;
        campaign
    } else {
        let select = "select c.id, m.hash from callcta.campaign c \
             join callcta.message m on m.campaign = c.id where c.name = $1 \
             order by m.number desc limit 1";
        let line = client
            .query_typed_one(select, &[(&name, Type::TEXT)])
            .await?;
        let hash: &str = line.get(1);
        if hash != facts.message_hash {
            let text = format!(
                "the campaign {name:?} has another message (its hash is {hash}, and this one's \
                 {}); take another name for another campaign, or change its message",
                facts.message_hash
            );
            return Err(Error::new(ErrorKind::Changed, text).into());
        }
        line.get(0)
    };
    // Loads of the same rows, in whatever order, would wait for each other.
    let alone = "select pg_advisory_xact_lock(hashtext('callcta.load'), $1)";
    client
        .query_typed(alone, &[(&campaign, Type::INT4)])
        .await?;
    let pages = "insert into callcta.page (page_id) select page from pg_temp.callcta_load \
         group by page order by page on conflict do nothing";
    client.execute_typed(pages, &[]).await?;
    let insert = format!(
        "with added as (insert into callcta.recipient (campaign, page, line, key, psid, \
         cells, window_until, state, kind, code, subcode, http_status, trace_id, message_id, \
         attempts, claimed_at, settled_at, sent_as) \
         select $1, p.id, l.line, l.key, l.psid, l.cells, l.window_until, l.state, l.kind, \
         l.code, l.subcode, l.http_status, l.trace_id, l.message_id, l.attempts, l.claimed_at, \
         l.settled_at, l.sent_as from pg_temp.callcta_load l join callcta.page p on p.page_id = l.page \
         order by l.n {conflict} returning page, state), \
         counted as (select page, count(*) as rows, count(*) filter (where state = 0) as queued, \
         count(*) filter (where state = 5) as skipped from added group by page), \
         shares as (insert into callcta.share as s (campaign, page, rows, queued) \
         select $1, page, rows, queued from counted order by page \
         on conflict (campaign, page) do update \
         set rows = s.rows + excluded.rows, queued = s.queued + excluded.queued) \
         select coalesce(sum(rows), 0)::bigint, coalesce(sum(skipped), 0)::bigint from counted"
    );
    let line = client
        .query_typed_one(&insert, &[(&campaign, Type::INT4)])
        .await?;
    let (added, skipped): (i64, i64) = (line.get(0), line.get(1));
    if added < rows {
        refuse_others(client, campaign).await?;
    }
    let select = "select facts from callcta.campaign where id = $1 for update";
    let line = client
        .query_typed_one(select, &[(&campaign, Type::INT4)])
        .await?;
    let mut all = read(line.get(0))?;
    all.rows += added.cast_unsigned();
    all.skipped += skipped.cast_unsigned();
    for column in &facts.columns {
        if !all.columns.contains(column) {
            all.columns.push(column.clone());
        }
    }
    let update = "update callcta.campaign set facts = $2 where id = $1";
    let values: &[(&(dyn ToSql + Sync), Type)] =
        &[(&campaign, Type::INT4), (&json(&all)?, Type::TEXT)];
    client.execute_typed(update, values).await?;
    Ok(added.cast_unsigned())
}

/// A key that is there already must be the same person's: else somebody would be left out.
async fn refuse_others(client: &Client, campaign: i32) -> Work<()> {
    let others = "select count(*), min(l.line) from pg_temp.callcta_load l \
         join callcta.page p on p.page_id = l.page \
         join callcta.recipient r on r.campaign = $1 and r.key = l.key \
         where r.psid <> l.psid or r.page <> p.id";
    let line = client
        .query_typed_one(others, &[(&campaign, Type::INT4)])
        .await?;
    let (count, first): (i64, Option<i64>) = (line.get(0), line.get(1));
    if count == 0 {
        return Ok(());
    }
    let text = format!(
        "the keys of {count} rows (line {}…) are those of other people in this campaign; nothing \
         was loaded",
        first.unwrap_or_default()
    );
    Err(Error::new(ErrorKind::Changed, text).into())
}

fn json(facts: &Facts) -> Work<String> {
    let text = serde_json::to_string(facts);
    text.map_err(|error| Failure::Own(Error::journal(error.to_string())))
}

fn read(facts: &str) -> Work<Facts> {
    let facts = serde_json::from_str(facts);
    facts.map_err(|_| Failure::Own(super::look::damaged()))
}
