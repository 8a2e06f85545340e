//! Sends webhooks, and keeps a running clock's appointments.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;

use super::exchange::exchange;
use super::shared::Shared;
use crate::platform::Attempt;

/// How often a running clock's due events are looked for.
const TICK: Duration = Duration::from_millis(100);

/// A webhook on its way.
struct Job {
    generation: u64,
    id: u64,
    url: String,
    body: String,
    signature: Option<String>,
    signature_sha1: Option<String>,
    retries: u32,
    timeout: Duration,
}

/// Sends what is queued, one after the other.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let (running, due) = {
            let core = shared.look();
            let running = core.platform.clock().is_running();
            (running, running && core.platform.is_due())
        };
        if due {
            shared.change().platform.tick();
        }
        match next_job(&shared) {
            Some(job) => deliver(&shared, job).await,
            None if running => {
                let _ = tokio::time::timeout(TICK, shared.wake.notified()).await;
            }
            None => shared.wake.notified().await,
        }
    }
}

fn next_job(shared: &Shared) -> Option<Job> {
    if !shared.look().platform.webhooks().any_queued() {
        return None;
    }
    let mut core = shared.change();
    let generation = core.generation();
    let (webhook, target) = core.platform.next_webhook()?;
    Some(Job {
        generation,
        id: webhook.id,
        url: target.url.clone()?,
        body: webhook.body.clone(),
        signature: webhook.signature.clone(),
        signature_sha1: webhook.signature_sha1.clone(),
        retries: target.retries,
        timeout: Duration::from_millis(target.timeout_ms),
    })
}

async fn deliver(shared: &Shared, job: Job) {
    for round in 0..=job.retries {
        let started = Instant::now();
        let result = exchange(
            Method::POST,
            &job.url,
            &[
                ("X-Hub-Signature-256", job.signature.as_deref()),
                ("X-Hub-Signature", job.signature_sha1.as_deref()),
            ],
            job.body.clone(),
            job.timeout,
        )
        .await;
        let (status, answer, error) = match result {
            Ok((status, answer)) => (Some(status), answer, None),
            Err(error) => (None, String::new(), Some(error)),
        };
        let good = status == Some(200);
        {
            let mut core = shared.change();
            if core.generation() != job.generation {
                return;
            }
            core.platform.attempted(
                job.id,
                Attempt {
                    url: job.url.clone(),
                    status,
                    answer,
                    error,
                    duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                },
                round == job.retries,
            );
        }
        if good {
            return;
        }
    }
}
