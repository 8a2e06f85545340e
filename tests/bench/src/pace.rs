//! A pace as a server counts it, over many Pages, also while the sender stands still every
//! now and then.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use callcta::{Batch, Client, Outboxes, Request, SendOptions};
use clap::Args;

use crate::Result;
use crate::figures::float;
use crate::own_clients::sample;
use crate::server::{Arrival, Server};

#[derive(Args, Clone)]
pub struct Settings {
    /// Pages in one process.
    #[arg(long, default_value_t = 1)]
    pages: u32,
    /// Messages per second and Page.
    #[arg(long, default_value_t = 300.0)]
    pace: f64,
    /// Messages per Page.
    #[arg(long, default_value_t = 10_000)]
    sends: u32,
    /// How long the server takes for each.
    #[arg(long, default_value_t = 100)]
    delay_ms: u64,
    #[arg(long, default_value_t = 64)]
    workers: usize,
    /// Messages of so many Pages go out together in a Graph batch.
    #[arg(long)]
    batch: Option<u32>,
    /// Stops the sender for this long, every 400 ms.
    #[arg(long)]
    stall_ms: Option<u64>,
    /// Is the sender, and sends to this URL.
    #[arg(long, hide = true)]
    to: Option<String>,
}

pub fn run(settings: &Settings) -> Result<()> {
    match (&settings.to, settings.batch) {
        (Some(url), None) => send(settings, url),
        (Some(url), Some(size)) => send_batches(settings, url, size),
        (None, _) => count(settings),
    }
}

/// One message of each Page at a time, so many in a batch. Batches keep no pace by
/// themselves: here each round of Pages has its time.
fn send_batches(settings: &Settings, url: &str, size: u32) -> Result<()> {
    let builder = |page: u32| Client::builder(page.to_string(), format!("token-{page}"));
    let builder = |page: u32| builder(page).base_url(url);
    let first = builder(1).max_idle_connections(settings.workers).build()?;
    let pages = 1..=settings.pages;
    let clients = pages.map(|page| builder(page).share_connections(&first).build());
    let clients = clients.collect::<callcta::Result<Vec<_>>>()?;
    let (batches, taken) = mpsc::sync_channel::<Batch>(settings.workers);
    let taken = Mutex::new(taken);
    let (sent, other) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| -> Result<()> {
        for _ in 0..settings.workers {
            scope.spawn(|| {
                let next = || taken.lock().ok().and_then(|taken| taken.recv().ok());
                while let Some(batch) = next() {
                    for outcome in batch.send() {
                        let count = if outcome.is_ok() { &sent } else { &other };
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let began = Instant::now();
        let size = usize::try_from(size)?;
        let together = clients.chunks(size).count();
        for number in 0..settings.sends {
            for (at, pages) in clients.chunks(size).enumerate() {
                let share = float(at as u64) / float(together as u64);
                let due = (f64::from(number) + share) / settings.pace;
                let due = began + Duration::from_secs_f64(due);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let mut batch = Batch::new();
                for client in pages {
                    let psid = format!("1{number:015}");
                    batch.add(client, Request::new(psid, sample(), SendOptions::new()))?;
                }
                batches.send(batch)?;
            }
        }
        drop(batches);
        Ok(())
    })?;
    // And the one that hands them out.
    let threads = settings.workers + 1;
    tell(
        sent.into_inner(),
        other.into_inner(),
        &format!("Threads: {threads}"),
    )
}

fn tell(sent: u64, other: u64, threads: &str) -> Result<()> {
    println!(
        "sent {sent}, other {other}, {threads}, {}",
        status("VmHWM:")?
    );
    Ok(())
}

/// A line of what the system tells about this process.
fn status(key: &str) -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(key));
    Ok(line.unwrap_or_default().to_owned())
}

/// Sends everything, and tells its threads and its memory.
fn send(settings: &Settings, url: &str) -> Result<()> {
    let outboxes = Outboxes::builder().workers(settings.workers).build();
    let builder = |page: u32| Client::builder(page.to_string(), "token").base_url(url);
    let first = builder(1).max_idle_connections(settings.workers).build()?;
    let pages = 1..=settings.pages;
    let pages = pages.map(|page| -> Result<_> {
        let client = builder(page).share_connections(&first).build()?;
        let outbox = outboxes.outbox(client);
        outbox.set_pace(Some(settings.pace))?;
        Ok(outbox)
    });
    let pages = pages.collect::<Result<Vec<_>>>()?;
    for number in 0..settings.sends {
        for outbox in &pages {
            let psid = format!("1{number:015}");
            let request = Request::new(psid, sample(), SendOptions::new());
            outbox.submit(request, |_| {})?;
        }
    }
    while outboxes.pending() > settings.workers {
        thread::sleep(Duration::from_millis(10));
    }
    let threads = status("Threads:")?;
    outboxes.drain();
    let counts = outboxes.counts();
    let other = counts.unknown + counts.not_sent + counts.rejected;
    tell(counts.sent, other, &threads)
}

fn count(settings: &Settings) -> Result<()> {
    let server = Server::start()?;
    server.set_delay(Duration::from_millis(settings.delay_ms));
    server.keep_arrivals(true);
    let mut child = Command::new(std::env::current_exe()?)
        .args(["pace", "--to", &server.url()])
        .args(["--pages", &settings.pages.to_string()])
        .args(["--pace", &settings.pace.to_string()])
        .args(["--sends", &settings.sends.to_string()])
        .args(["--workers", &settings.workers.to_string()])
        .args(settings.batch.map(|size| format!("--batch={size}")))
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(stall) = settings.stall_ms {
        while child.try_wait()?.is_none() {
            signal(&child, "-STOP")?;
            thread::sleep(Duration::from_millis(stall));
            signal(&child, "-CONT")?;
            thread::sleep(Duration::from_millis(400_u64.saturating_sub(stall)));
        }
    }
    let mut told = String::new();
    let output = child.stdout.as_mut().ok_or("there is no output")?;
    output.read_to_string(&mut told)?;
    child.wait()?;
    print(settings, &server.take_arrivals(), told.trim());
    Ok(())
}

fn signal(child: &Child, signal: &str) -> Result<()> {
    Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()?;
    Ok(())
}

fn print(settings: &Settings, arrivals: &[Arrival], told: &str) {
    let times = |page: u64| {
        let of_page = arrivals.iter().filter(|arrival| arrival.0 == page);
        let mut times: Vec<Instant> = of_page.map(|arrival| arrival.1).collect();
        times.sort();
        times
    };
    let pages = (1..=u64::from(settings.pages)).map(times);
    let worst = pages.map(|times| worst_second(&times)).max();
    let first = arrivals.iter().map(|arrival| arrival.1).min();
    let last = arrivals.iter().map(|arrival| arrival.1).max();
    let took = first
        .zip(last)
        .map_or(Duration::ZERO, |(first, last)| last - first);
    let rate = float(arrivals.len() as u64) / took.as_secs_f64();
    println!(
        "{} messages of {} Pages in {:.2} s: {rate:.0}/s, {:.1} % of the pace; \
         in the worst second of a Page {}; {told}",
        arrivals.len(),
        settings.pages,
        took.as_secs_f64(),
        100.0 * rate / (settings.pace * f64::from(settings.pages)),
        worst.unwrap_or_default(),
    );
}

/// The most within any second, however it lies.
fn worst_second(times: &[Instant]) -> usize {
    let second = Duration::from_secs(1);
    let mut first = 0;
    let within = |(last, at): (usize, &Instant)| {
        while *at >= times[first] + second {
            first += 1;
        }
        last + 1 - first
    };
    times
        .iter()
        .enumerate()
        .map(within)
        .max()
        .unwrap_or_default()
}
