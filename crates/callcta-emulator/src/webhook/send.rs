//! Sending webhooks over HTTP, to this machine only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

use super::Attempt;
use crate::world::{Shared, World};

/// As much of an answer as is read.
const ANSWER_MAX: usize = 64 << 10;
/// As much of it as is kept.
const ANSWER_KEPT: usize = 2_000;
/// How often a running clock's due events are looked for.
const TICK: Duration = Duration::from_millis(100);

/// A webhook on its way.
struct Job {
    generation: u64,
    id: u64,
    url: String,
    body: String,
    signature: Option<String>,
    retries: u32,
    timeout: Duration,
}

/// Sends what is queued, one after the other, and keeps a running clock's appointments.
pub(crate) async fn dispatch(shared: Arc<Shared>) {
    let wake = Arc::clone(&shared.lock().wake);
    loop {
        let (job, running) = {
            let mut world = shared.lock();
            let running = world.clock.is_running();
            if running && world.tick() {
                shared.notify();
            }
            (next_job(&mut world), running)
        };
        match job {
            Some(job) => deliver(&shared, job).await,
            None if running => {
                let _ = tokio::time::timeout(TICK, wake.notified()).await;
            }
            None => wake.notified().await,
        }
    }
}

fn next_job(world: &mut World) -> Option<Job> {
    loop {
        let id = world.outbox.queue.pop_front()?;
        let target = &world.state.webhook;
        let (Some(url), Some(webhook)) = (&target.url, world.webhooks.get(id)) else {
            // The target or the webhook was taken away meanwhile.
            continue;
        };
        return Some(Job {
            generation: world.generation(),
            id,
            url: url.clone(),
            body: webhook.body.clone(),
            signature: webhook.signature.clone(),
            retries: target.retries,
            timeout: Duration::from_millis(target.timeout_ms),
        });
    }
}

async fn deliver(shared: &Arc<Shared>, job: Job) {
    for round in 0..=job.retries {
        let started = Instant::now();
        let result = exchange(
            Method::POST,
            &job.url,
            job.signature.as_deref(),
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
            let mut world = shared.lock();
            if world.generation() != job.generation {
                return;
            }
            world.attempted(
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
        shared.notify();
        if good {
            return;
        }
    }
}

/// The verification handshake: whether the receiver echoed the challenge, its status and answer.
pub(crate) async fn verify(
    url: &str,
    verify_token: &str,
    timeout: Duration,
) -> Result<(bool, u16, String), String> {
    let challenge = "1158201444";
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!(
        "{url}{separator}hub.mode=subscribe&hub.verify_token={}&hub.challenge={challenge}",
        utf8_percent_encode(verify_token, NON_ALPHANUMERIC)
    );
    let (status, answer) = exchange(Method::GET, &url, None, String::new(), timeout).await?;
    Ok((status == 200 && answer.trim() == challenge, status, answer))
}

async fn exchange(
    method: Method,
    url: &str,
    signature: Option<&str>,
    body: String,
    timeout: Duration,
) -> Result<(u16, String), String> {
    tokio::time::timeout(timeout, exchange_unbounded(method, url, signature, body))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} ms", timeout.as_millis())))
}

async fn exchange_unbounded(
    method: Method,
    url: &str,
    signature: Option<&str>,
    body: String,
) -> Result<(u16, String), String> {
    let (uri, addresses) = target(url)?;
    let stream = connect(&addresses).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let mut request = Request::builder()
        .method(method)
        .uri(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(
            header::HOST,
            uri.authority().map_or("", |host| host.as_str()),
        )
        .header(header::USER_AGENT, "callcta-emulator");
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature-256", signature);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_MAX)
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        let text: String = String::from_utf8_lossy(&body)
            .chars()
            .take(ANSWER_KEPT)
            .collect();
        Ok((status, text))
    };
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        result = &mut exchange => result,
        _ = &mut connection => exchange.await,
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut last = String::from("no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// Reads a receiver's URL; only plain HTTP to this machine is taken.
pub(crate) fn target(url: &str) -> Result<(Uri, Vec<SocketAddr>), String> {
    let uri: Uri = url
        .parse()
        .map_err(|_| "the webhook url is not a URL".to_owned())?;
    if uri.scheme_str() != Some("http") {
        return Err("the webhook url must start with http://".into());
    }
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = if host.eq_ignore_ascii_case("localhost") {
        vec![
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ]
    } else {
        match host.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => vec![ip],
            _ => return Err("the webhook url must name localhost or a loopback address".into()),
        }
    };
    Ok((
        uri,
        addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_a_target() {
        assert!(target("http://127.0.0.1:8080/hook?x=1").is_ok());
        assert!(target("http://localhost/hook").is_ok());
        assert!(target("http://[::1]:81/").is_ok());
        for bad in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "",
            "localhost",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
