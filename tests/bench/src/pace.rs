//! A pace as a server counts it, over many Pages, also while the sender stands still every
//! now and then.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use callcta::{Client, Outboxes, Request, SendOptions};
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
    /// Stops the sender for this long, every 400 ms.
    #[arg(long)]
    stall_ms: Option<u64>,
    /// Is the sender, and sends to this URL.
    #[arg(long, hide = true)]
    to: Option<String>,
}

pub fn run(settings: &Settings) -> Result<()> {
    match &settings.to {
        Some(url) => send(settings, url),
        None => count(settings),
    }
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
    let status = std::fs::read_to_string("/proc/self/status")?;
    let told = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key));
        line.unwrap_or_default().to_owned()
    };
    outboxes.drain();
    let counts = outboxes.counts();
    println!(
        "sent {}, other {}, {}, {}",
        counts.sent,
        counts.unknown + counts.not_sent + counts.rejected,
        told("Threads:"),
        told("VmHWM:"),
    );
    Ok(())
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
    let times = |page: u32| {
        let of_page = arrivals.iter().filter(|arrival| arrival.0 == page);
        let mut times: Vec<Instant> = of_page.map(|arrival| arrival.1).collect();
        times.sort();
        times
    };
    let pages = (1..=settings.pages).map(times);
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
