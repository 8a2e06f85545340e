//! Outboxes of many Pages, which share threads.

use std::sync::{Arc, Mutex};

use callcta::{CAPACITY_DEFAULT, Outbox, Outboxes, WORKERS_DEFAULT};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::boundary::guard;
use crate::client::{NativeClient, Shared, lock};
use crate::read::{Fields, Read, count, number, parse};
use crate::waiting::waiting;

/// How many messages of one kind of failure there are.
#[napi(object, object_from_js = false)]
pub struct FailedCount {
    #[napi(ts_type = "ErrorKind")]
    pub kind: &'static str,
    #[napi(ts_type = "'not_sent' | 'rejected' | 'unknown'")]
    pub delivery: &'static str,
    pub count: i64,
}

/// How many messages of an outbox are where. Every message that was accepted is in exactly
/// one of the first six.
#[napi(object, object_from_js = false)]
pub struct Counts {
    /// Waiting, for their turn or for another try.
    pub queued: i64,
    pub in_flight: i64,
    /// Sent, with a receipt.
    pub sent: i64,
    /// Refused by the platform.
    pub rejected: i64,
    /// Not sent: provably nobody got them.
    pub not_sent: i64,
    /// Of which nobody here can tell.
    pub unknown: i64,
    /// Those of the last three, by kind, in no particular order.
    pub kinds: Vec<FailedCount>,
    /// Messages that had to wait because of the pace or of the platform's limits, so far.
    pub paced: i64,
    /// Tries that were followed by another one, so far.
    pub retried: i64,
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl From<callcta::Counts> for Counts {
    fn from(counts: callcta::Counts) -> Self {
        Counts {
            queued: whole(counts.queued as u64),
            in_flight: whole(counts.in_flight as u64),
            sent: whole(counts.sent),
            rejected: whole(counts.rejected),
            not_sent: whole(counts.not_sent),
            unknown: whole(counts.unknown),
            kinds: (counts.kinds.iter())
                .map(|(kind, delivery, count)| FailedCount {
                    kind: kind.as_str(),
                    delivery: delivery.as_str(),
                    count: whole(*count),
                })
                .collect(),
            paced: whole(counts.paced),
            retried: whole(counts.retried),
        }
    }
}

#[napi]
pub struct NativeOutboxes {
    core: Outboxes,
    workers: usize,
    capacity: usize,
}

#[napi]
impl NativeOutboxes {
    #[napi(constructor)]
    pub fn new(env: Env, settings: String) -> napi::Result<Self> {
        guard(env, || {
            let mut fields = Fields::of(parse(&settings)?)?;
            let workers = fields.take("workers", count)?.unwrap_or(WORKERS_DEFAULT);
            let capacity = fields.take("capacity", count)?.unwrap_or(CAPACITY_DEFAULT);
            fields.end()?;
            let core = Outboxes::builder().workers(workers).capacity(capacity);
            Ok(NativeOutboxes {
                core: core.build(),
                workers: workers.max(1),
                capacity: capacity.max(1),
            })
        })
    }

    /// An outbox for the client's sends. The paces are as they were given if they are
    /// numbers; `unpaced` says that there is no pace.
    #[napi]
    pub fn outbox(
        &self,
        env: Env,
        client: &NativeClient,
        options: String,
        unpaced: bool,
    ) -> napi::Result<NativeOutbox> {
        guard(env, || {
            let mut fields = Fields::of(parse(&options)?)?;
            let outbox = self.core.outbox(client.core().clone());
            outbox.set_brief_callbacks(true);
            if let Some(pace) = fields.take("pace", number)? {
                outbox.set_pace(Some(pace))?;
            }
            if unpaced {
                outbox.set_pace(None)?;
            }
            outbox.set_person_pace(fields.take("personPace", number)?)?;
            fields.end()?;
            let (number, shared) = client.keep(outbox.clone());
            Ok(NativeOutbox {
                core: outbox,
                number,
                shared,
            })
        })
    }

    /// How many messages may be started without an outcome.
    #[napi]
    pub fn ahead(&self, env: Env, options: String) -> napi::Result<u32> {
        guard(env, || {
            let mut fields = Fields::of(parse(&options)?)?;
            let ahead: Option<usize> = fields.take("lookAhead", count)?;
            fields.end()?;
            let ahead = ahead.unwrap_or(self.workers.saturating_mul(2));
            Ok(u32::try_from(ahead.clamp(1, self.capacity)).unwrap_or(u32::MAX))
        })
    }

    #[napi]
    pub fn pause(&self) -> i64 {
        whole(self.core.pause() as u64)
    }

    #[napi]
    pub fn resume(&self) {
        self.core.resume();
    }

    #[napi]
    pub fn cancel(&self) -> i64 {
        whole(self.core.cancel() as u64)
    }

    #[napi]
    pub fn counts(&self) -> Counts {
        self.core.counts().into()
    }

    /// Fulfils when nothing is being sent.
    #[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
    pub fn settle<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let core = self.core.clone();
        waiting(env, move || {
            core.settle();
            Ok("null".to_owned())
        })
    }

    #[napi]
    pub fn close(&self) {
        self.core.close();
    }
}

/// An outbox of a client's, which keeps it under a number until this is let go of.
#[napi]
pub struct NativeOutbox {
    core: Outbox,
    number: u32,
    shared: Arc<Mutex<Shared>>,
}

#[napi]
impl NativeOutbox {
    /// By which the client's sends name it.
    #[napi(getter)]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Another pace, as JSON; null for none.
    #[napi]
    pub fn set_pace(&self, env: Env, per_second: String) -> napi::Result<()> {
        guard(env, || Ok(self.core.set_pace(pace(&per_second)?)?))
    }

    /// The same for each person.
    #[napi]
    pub fn set_person_pace(&self, env: Env, per_second: String) -> napi::Result<()> {
        guard(env, || Ok(self.core.set_person_pace(pace(&per_second)?)?))
    }

    #[napi]
    pub fn pause(&self) -> i64 {
        whole(self.core.pause() as u64)
    }

    #[napi]
    pub fn resume(&self) {
        self.core.resume();
    }

    #[napi]
    pub fn cancel(&self) -> i64 {
        whole(self.core.cancel() as u64)
    }

    #[napi]
    pub fn counts(&self) -> Counts {
        self.core.counts().into()
    }

    /// Fulfils when nothing is being sent.
    #[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
    pub fn settle<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let core = self.core.clone();
        waiting(env, move || {
            core.settle();
            Ok("null".to_owned())
        })
    }

    #[napi]
    pub fn close(&self) {
        self.core.close();
    }
}

/// What waits in it is cancelled with the last of its handles.
impl Drop for NativeOutbox {
    fn drop(&mut self) {
        drop(lock(&self.shared).forget(self.number));
    }
}

fn pace(json: &str) -> Read<Option<f64>> {
    let value = parse(json)?;
    let pace = (!value.is_null()).then(|| number(value)).transpose();
    pace.map_err(|error| error.within("perSecond"))
}
