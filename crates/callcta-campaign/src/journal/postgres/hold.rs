//! Holding Pages: taking, renewing, sharing and giving back their leases.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process;
use std::time::{Duration, Instant};

use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};

use super::server::{STEP, Server, Work};
use crate::error::Result;
use crate::journal::types::{Lease, Outcome, Settlement};

/// How often it is looked for Pages that nobody has, and for others who want some.
const LOOK: Duration = Duration::from_secs(1);

/// Most Pages that are taken at once.
const TAKEN_MAX: i64 = 1000;

/// What a worker holds, and what it has in flight.
pub(super) struct Holder {
    pub(super) campaign: i32,
    pub(super) name: String,
    ttl: Duration,
    pub(super) pages: BTreeMap<i32, Held>,
    /// What was claimed and has no outcome in the journal, of Pages that it holds or held.
    flight: HashMap<i32, HashSet<i64>>,
    renewed: Option<Instant>,
    looked: Option<Instant>,
    /// A claim or settlement failed, and may have been made nevertheless. Nothing is claimed
    /// before the epochs have changed, after which it can't be made any more.
    doubtful: bool,
    settled: i64,
    /// Whether it takes no more Pages, since it is about to end.
    pub(super) leaving: bool,
}

/// A Page that is held.
pub(super) struct Held {
    page_id: String,
    pub(super) epoch: i64,
    /// The epoch with which it was taken: what is older is somebody else's.
    taken: i64,
    until: Instant,
    /// Whether nothing of it was queued when it was claimed last.
    pub(super) idle: bool,
    /// Behind which row to look for queued ones: those up to there were seen already. Only a
    /// short way past many that are settled.
    pub(super) behind: i64,
    /// Whether somebody else shall have it, once nothing is in flight.
    leaving: bool,
}

impl Holder {
    pub(super) fn new(campaign: i32, ttl: Duration) -> Self {
        let host = gethostname::gethostname();
        // Several in one process are several workers.
        let unique =
            std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), process::id());
        let name = format!("{}:{}:{unique:08x}", host.to_string_lossy(), process::id());
        Holder {
            campaign,
            name,
            ttl,
            pages: BTreeMap::new(),
            flight: HashMap::new(),
            renewed: None,
            looked: None,
            doubtful: false,
            settled: 0,
            leaving: false,
        }
    }

    pub(super) fn lease(&mut self, server: &mut Server) -> Result<Vec<Lease>> {
        let now = Instant::now();
        let due = |last: Option<Instant>, time| last.is_none_or(|last| now >= last + time);
        if self.doubtful || due(self.renewed, self.ttl / 3) {
            self.renew(server)?;
        }
        if !self.leaving && due(self.looked, LOOK.min(self.ttl / 3)) {
            self.look(server)?;
            self.looked = Some(now);
        }
        self.give_back(server, false)?;
        let held = self.pages.iter().filter(|(_, held)| !held.leaving);
        let leases = held.map(|(page, held)| Lease {
            page: i64::from(*page),
            page_id: held.page_id.clone(),
            epoch: held.epoch,
            until: Some(held.until),
            idle: held.idle,
        });
        Ok(leases.collect())
    }

    /// When nothing more may be started by leases that were asked for at a time.
    fn until(&self, asked: Instant) -> Instant {
        asked + self.ttl.mul_f64(0.8)
    }

    fn milliseconds(&self) -> f64 {
        self.ttl.as_secs_f64() * 1000.0
    }

    fn in_flight(&self) -> Vec<i64> {
        self.flight.values().flatten().copied().collect()
    }

    /// Before anything is claimed after something failed.
    pub(super) fn settle_doubts(&mut self, server: &mut Server) -> Result<()> {
        if self.doubtful {
            self.renew(server)
        } else {
            Ok(())
        }
    }

    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Renews all leases, and drops those that somebody else has taken.
    fn renew(&mut self, server: &mut Server) -> Result<()> {
        let asked = Instant::now();
        let pages: Vec<i32> = self.pages.keys().copied().collect();
        let epochs: Vec<i64> = self.pages.values().map(|held| held.epoch).collect();
        let taken: Vec<i64> = self.pages.values().map(|held| held.taken).collect();
        let flight = self.in_flight();
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let pid = process::id().cast_signed();
        let bump = i64::from(self.doubtful);
        let (first, doubtful) = (self.renewed.is_none(), self.doubtful);
        let ttl = self.milliseconds();
        let kept = server.run(STEP, async |client| {
            let transaction = client.transaction().await?;
            strict(&transaction).await?;
            if first {
                transaction
                    .query_typed("select callcta.forget()", &[])
                    .await?;
            }
            let worker = "insert into callcta.worker as w (name, campaign, host, pid, expires_at, settled) \
                 values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 ms', $6) \
                 on conflict (name) do update set expires_at = excluded.expires_at, \
                 settled = excluded.settled";
            transaction
                .execute_typed(
                    worker,
                    &[
                        (&self.name, Type::TEXT),
                        (&self.campaign, Type::INT4),
                        (&host, Type::TEXT),
                        (&pid, Type::INT4),
                        (&ttl, Type::FLOAT8),
                        (&self.settled, Type::INT8),
                    ],
                )
                .await?;
            if first {
                // A pace that was said holds for the run that it was said to.
                let alone = "update callcta.campaign c set pace = null \
                     where c.id = $1 and c.pace is not null and not exists \
                     (select from callcta.worker where campaign = $1 and name <> $2 \
                     and expires_at > clock_timestamp())";
                let values: &[(&(dyn ToSql + Sync), Type)] =
                    &[(&self.campaign, Type::INT4), (&self.name, Type::TEXT)];
                transaction.execute_typed(alone, values).await?;
            }
            if pages.is_empty() {
                transaction.commit().await?;
                return Ok(Vec::new());
            }
            // Waits for a claim of this worker that is still being made.
            let renew = "update callcta.page p \
                 set expires_at = clock_timestamp() + $4 * interval '1 ms', epoch = p.epoch + $5 \
                 from unnest($1, $2) as mine (id, epoch) \
                 where p.id = mine.id and p.epoch = mine.epoch and p.owner = $3 \
                 returning p.id, p.epoch";
            let lines = transaction
                .query_typed(
                    renew,
                    &[
                        (&pages, Type::INT4_ARRAY),
                        (&epochs, Type::INT8_ARRAY),
                        (&self.name, Type::TEXT),
                        (&ttl, Type::FLOAT8),
                        (&bump, Type::INT8),
                    ],
                )
                .await?;
            let kept: Vec<(i32, i64)> = lines.iter().map(|line| (line.get(0), line.get(1))).collect();
            let ids: Vec<i32> = kept.iter().map(|(page, _)| *page).collect();
            if doubtful {
                // Claims that this worker never heard of were never sent.
                let back = in_flight_become(
                    "state = 0, attempts = r.attempts - 1, claimed_at = null",
                    "r.epoch >= mine.taken",
                );
                transaction
                    .execute_typed(
                        &back,
                        &[
                            (&pages, Type::INT4_ARRAY),
                            (&taken, Type::INT8_ARRAY),
                            (&ids, Type::INT4_ARRAY),
                            (&flight, Type::INT8_ARRAY),
                        ],
                    )
                    .await?;
            }
            // What was claimed just while the Page was taken over.
            let lost = in_flight_become(LOST, "r.epoch < mine.taken");
            transaction
                .execute_typed(
                    &lost,
                    &[
                        (&pages, Type::INT4_ARRAY),
                        (&taken, Type::INT8_ARRAY),
                        (&ids, Type::INT4_ARRAY),
                        (&flight, Type::INT8_ARRAY),
                    ],
                )
                .await?;
            transaction.commit().await?;
            Ok(kept)
        })?;
        let until = self.until(asked);
        let kept: HashMap<i32, i64> = kept.into_iter().collect();
        self.pages.retain(|page, held| {
            let Some(epoch) = kept.get(page) else {
                return false;
            };
            held.epoch = *epoch;
            held.until = until;
            if bump > 0 {
                held.idle = false;
                held.behind = i64::MIN;
            }
            true
        });
        self.doubtful = false;
        self.renewed = Some(asked);
        Ok(())
    }

    /// Takes over Pages that nobody has, or gives some up to those who have less.
    fn look(&mut self, server: &mut Server) -> Result<()> {
        let asked = Instant::now();
        let mine: Vec<i32> = self.pages.keys().copied().collect();
        let (workers, held, free) = server.run(STEP, async |client| {
            let count = "select (select count(*) from callcta.worker \
                 where campaign = $1 and expires_at > clock_timestamp()), \
                 (select count(*) from callcta.page p join callcta.worker w on w.name = p.owner \
                 where w.campaign = $1 and p.expires_at > clock_timestamp())";
            let line = client
                .query_typed_one(count, &[(&self.campaign, Type::INT4)])
                .await?;
            let (workers, held): (i64, i64) = (line.get(0), line.get(1));
            let free = "select p.id from callcta.share s join callcta.page p on p.id = s.page \
                 where s.campaign = $1 and (p.owner is null or p.expires_at <= clock_timestamp()) \
                 and p.id <> all($2) \
                 and (s.queued > 0 or exists (select from callcta.share o \
                 where o.page = p.id and o.in_flight > 0)) \
                 order by p.id limit $3";
            let free = client
                .query_typed(
                    free,
                    &[
                        (&self.campaign, Type::INT4),
                        (&mine, Type::INT4_ARRAY),
                        (&TAKEN_MAX, Type::INT8),
                    ],
                )
                .await?;
            let free: Vec<i32> = free.iter().map(|line| line.get(0)).collect();
            Ok((workers, held, free))
        })?;
        let all = usize::try_from(held).unwrap_or_default() + free.len();
        let fair = all.div_ceil(usize::try_from(workers).unwrap_or_default().max(1));
        let stays = self.pages.values().filter(|held| !held.leaving).count();
        if stays > fair {
            let leaving = self.pages.values_mut().rev().filter(|held| !held.leaving);
            leaving
                .take(stays - fair)
                .for_each(|held| held.leaving = true);
        } else if stays < fair && !free.is_empty() {
            self.take(server, (&free, fair - stays), asked)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        server: &mut Server,
        (free, most): (&[i32], usize),
        asked: Instant,
    ) -> Result<()> {
        let ttl = self.milliseconds();
        let flight = self.in_flight();
        let most = i64::try_from(most).unwrap_or(TAKEN_MAX);
        let taken = server.run(STEP, async |client| {
            let transaction = client.transaction().await?;
            strict(&transaction).await?;
            let take = "with free as (select id from callcta.page where id = any($1) \
                 and (owner is null or expires_at <= clock_timestamp()) \
                 order by id limit $4 for update skip locked) \
                 update callcta.page p set owner = $2, epoch = p.epoch + 1, \
                 expires_at = clock_timestamp() + $3 * interval '1 ms' \
                 from free where p.id = free.id returning p.id, p.page_id, p.epoch";
            let lines = transaction
                .query_typed(
                    take,
                    &[
                        (&free, Type::INT4_ARRAY),
                        (&self.name, Type::TEXT),
                        (&ttl, Type::FLOAT8),
                        (&most, Type::INT8),
                    ],
                )
                .await?;
            let taken: Vec<(i32, String, i64)> = lines
                .iter()
                .map(|line| (line.get(0), line.get(1), line.get(2)))
                .collect();
            let ids: Vec<i32> = taken.iter().map(|(page, ..)| *page).collect();
            let works = "update callcta.worker set waiting = false where name = $1";
            let values: &[(&(dyn ToSql + Sync), Type)] = &[(&self.name, Type::TEXT)];
            transaction.execute_typed(works, values).await?;
            let begins = "update callcta.share set paused = null \
                 where campaign = $1 and page = any($2) and paused is not null";
            let campaign = self.campaign;
            let values: &[(&(dyn ToSql + Sync), Type)] =
                &[(&campaign, Type::INT4), (&ids, Type::INT4_ARRAY)];
            transaction.execute_typed(begins, values).await?;
            let epochs: Vec<i64> = taken.iter().map(|(.., epoch)| *epoch).collect();
            let lost = in_flight_become(LOST, "r.epoch < mine.taken");
            transaction
                .execute_typed(
                    &lost,
                    &[
                        (&ids, Type::INT4_ARRAY),
                        (&epochs, Type::INT8_ARRAY),
                        (&ids, Type::INT4_ARRAY),
                        (&flight, Type::INT8_ARRAY),
                    ],
                )
                .await?;
            transaction.commit().await?;
            Ok(taken)
        })?;
        let until = self.until(asked);
        for (page, page_id, epoch) in taken {
            let held = Held {
                page_id,
                epoch,
                taken: epoch,
                until,
                idle: false,
                behind: i64::MIN,
                leaving: false,
            };
            self.pages.insert(page, held);
        }
        Ok(())
    }

    /// Gives Pages back that have nothing in flight and nothing to do, or all of them.
    fn give_back(&mut self, server: &mut Server, all: bool) -> Result<()> {
        let flight = &self.flight;
        let over = self.pages.iter().filter(|(page, held)| {
            let empty = flight.get(page).is_none_or(HashSet::is_empty);
            all || (empty && (held.idle || held.leaving))
        });
        let (pages, epochs): (Vec<i32>, Vec<i64>) =
            over.map(|(page, held)| (*page, held.epoch)).unzip();
        if pages.is_empty() {
            return Ok(());
        }
        server.again(STEP, async |client| {
            let free = "update callcta.page p set owner = null, expires_at = null \
                 from unnest($1, $2) as mine (id, epoch) \
                 where p.id = mine.id and p.epoch = mine.epoch and p.owner = $3";
            let values: &[(&(dyn ToSql + Sync), Type)] = &[
                (&pages, Type::INT4_ARRAY),
                (&epochs, Type::INT8_ARRAY),
                (&self.name, Type::TEXT),
            ];
            client.execute_typed(free, values).await?;
            Ok(())
        })?;
        for page in pages {
            self.pages.remove(&page);
        }
        Ok(())
    }

    pub(super) fn release(&mut self, server: &mut Server) -> Result<()> {
        self.settle_doubts(server)?;
        self.give_back(server, true)?;
        server.again(STEP, async |client| {
            let gone = "update callcta.worker set expires_at = clock_timestamp(), settled = $2 \
                 where name = $1";
            let values: &[(&(dyn ToSql + Sync), Type)] =
                &[(&self.name, Type::TEXT), (&self.settled, Type::INT8)];
            client.execute_typed(gone, values).await?;
            Ok(())
        })
    }

    /// Whether Pages that others have may still leave something to this worker. What somebody
    /// holds up who waits in the same way isn't waited for.
    pub(super) fn remains(&self, server: &mut Server) -> Result<bool> {
        let mine: Vec<i32> = self.pages.keys().copied().collect();
        server.again(STEP, async |client| {
            let waits = "update callcta.worker set waiting = true where name = $1 and not waiting";
            let values: &[(&(dyn ToSql + Sync), Type)] = &[(&self.name, Type::TEXT)];
            client.execute_typed(waits, values).await?;
            let open = "select exists (select from callcta.share s \
                 join callcta.page p on p.id = s.page \
                 left join callcta.worker w \
                 on w.name = p.owner and p.expires_at > clock_timestamp() \
                 where s.campaign = $1 and s.page <> all($2) and w.waiting is not true \
                 and (s.queued > 0 or s.in_flight > 0))";
            let values: &[(&(dyn ToSql + Sync), Type)] =
                &[(&self.campaign, Type::INT4), (&mine, Type::INT4_ARRAY)];
            Ok(client.query_typed_one(open, values).await?.get(0))
        })
    }

    /// Behind which row of a Page the next ones are looked for.
    pub(super) fn behind(&self, page: i32) -> i64 {
        self.pages.get(&page).map_or(i64::MIN, |held| held.behind)
    }

    /// A row is in flight.
    pub(super) fn claimed(&mut self, page: i32, id: i64) {
        self.flight.entry(page).or_default().insert(id);
        if let Some(held) = self.pages.get_mut(&page) {
            held.behind = held.behind.max(id);
        }
    }

    /// Outcomes are written.
    pub(super) fn wrote(&mut self, settlements: &[Settlement]) {
        for settlement in settlements {
            let Ok(page) = i32::try_from(settlement.page) else {
                continue;
            };
            if let Some(flight) = self.flight.get_mut(&page) {
                flight.remove(&settlement.id);
            }
            if settlement.outcome == Outcome::Back {
                if let Some(held) = self.pages.get_mut(&page) {
                    held.idle = false;
                    held.behind = held.behind.min(settlement.id - 1);
                }
            } else {
                self.settled += 1;
            }
        }
    }
}

const LOST: &str = "state = 4, kind = 'worker_lost', settled_at = clock_timestamp()";

/// Changes rows in flight of the Pages `$1`, taken with the epochs `$2`, of which `$3` are held,
/// but not those with the ids `$4`.
fn in_flight_become(set: &str, which: &str) -> String {
    counted(&format!(
        "update callcta.recipient r set {set} from (select s.campaign, s.page, s.claimed_to, \
         m.taken from unnest($1, $2) as m (page, taken) \
         join callcta.share s on s.page = m.page and s.in_flight > 0) as mine \
         where r.campaign = mine.campaign and r.page = mine.page and r.open \
         and r.id <= mine.claimed_to and r.state = 1 and {which} \
         and r.page = any($3) and r.id <> all($4) \
         returning r.campaign, r.page, 1 as was, r.state"
    ))
}

/// A statement that changes the states of rows and returns of each its campaign, its Page,
/// the state that it had and the one that it has, made to keep the counts of both too. It
/// returns how many it changed. Counts come after rows and in one order, as everywhere, so
/// that nobody waits for each other.
pub(super) fn counted(update: &str) -> String {
    format!(
        "with changed as ({update}), counted as materialized (select campaign, page, \
         count(*) as rows, count(*) filter (where state = 0) \
         - count(*) filter (where was = 0) as queued, \
         count(*) filter (where was = 1) as landed \
         from changed group by campaign, page order by page, campaign), \
         shared as (update callcta.share s \
         set queued = s.queued + c.queued, in_flight = s.in_flight - c.landed \
         from counted c where s.campaign = c.campaign and s.page = c.page \
         and (c.queued <> 0 or c.landed <> 0)) \
         select coalesce(sum(rows), 0)::bigint from counted"
    )
}

/// Makes a transaction's commit wait for the disk, whatever is set for the server, unless
/// that waits for more.
pub(super) async fn strict(client: &impl GenericClient) -> Work<()> {
    client.query_typed("select callcta.strict()", &[]).await?;
    Ok(())
}
