//! One message after another over a kept connection: what a send costs.

use clap::Args;
use serde_json::Value;

use crate::figures::{float, median, print_ratios, print_table, quantile, ratio_row};
use crate::own_clients::sample_body;
use crate::processors::Processors;
use crate::protocol::{Client, PSID};
use crate::roster::{self, Entry};
use crate::{Field, Result};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    field: Field,
    /// Where server and clients run; given twice, the whole is done twice.
    #[arg(long, value_enum, default_values = ["two", "one"])]
    processors: Vec<Processors>,
    /// Rounds, in each of which every client has its turn.
    #[arg(long, default_value_t = 31)]
    rounds: u32,
    /// Messages a turn.
    #[arg(long, default_value_t = 300)]
    sends: u64,
    /// Messages at the beginning of each turn that don't count.
    #[arg(long, default_value_t = 30)]
    warm: u64,
}

/// Ours, the other one, and whether ours is to be ahead of it.
const AIMS: &[(Entry, Entry, bool)] = &[
    (roster::RUST, roster::FLOOR, false),
    (roster::RUST, roster::UREQ, false),
    (roster::RUST, roster::LIBCURL, true),
    (roster::C, roster::LIBCURL, true),
    (roster::PYTHON, roster::PYTHON_FLOOR, false),
    (roster::PYTHON_ONCE, roster::PYTHON_FLOOR, false),
    (roster::PYTHON, roster::HTTPX, true),
    (roster::PYTHON_ONCE, roster::HTTPX, true),
    (roster::PYTHON_AIO, roster::HTTPX, true),
    (roster::PYTHON, roster::REQUESTS, false),
    (roster::PYTHON, roster::FBMESSENGER, false),
    (roster::PYTHON, roster::PYMESSENGER, false),
    (roster::NODE, roster::UNDICI, true),
    (roster::NODE, roster::FETCH, false),
];

/// A client and what was measured.
struct Turn {
    entry: Entry,
    client: Client,
    /// µs per send, one figure a round.
    rounds: Vec<f64>,
    /// µs of processor time per send, likewise.
    cpu: Vec<f64>,
    /// µs of single sends.
    each: Vec<f64>,
    connections: u64,
    messages: u64,
}

pub fn run(settings: &Settings) -> Result<()> {
    println!("One message after another.");
    println!("µs per send, and of processor time in the client: medians of the rounds.");
    println!("Ratios: medians of the rounds' ratios.");
    for processors in &settings.processors {
        println!("\n== {} ==\n", processors.name());
        match processors.occupy() {
            Ok(prefix) => run_placed(settings, &prefix)?,
            Err(why) => println!("not measured: {why}"),
        }
    }
    Ok(())
}

fn run_placed(settings: &Settings, prefix: &[String]) -> Result<()> {
    let clients = roster::start(roster::ONE_BY_ONE, &settings.field, prefix)?;
    let clients = clients.into_iter();
    let mut turns: Vec<Turn> = clients
        .map(|(entry, client)| Turn::new(entry, client))
        .collect();
    for turn in &mut turns {
        turn.client.server.keep_bodies(true);
        if turn.take("", settings.warm).is_some() {
            turn.client.server.keep_bodies(false);
            let body = turn.client.server.last_body();
            turn.client.turn(|_| check_message(&body));
        }
    }
    for _ in 0..settings.rounds {
        for turn in &mut turns {
            turn.round(settings);
        }
    }
    for _ in 0..settings.rounds.div_ceil(4) {
        for turn in &mut turns {
            turn.round_of_each(settings);
        }
    }
    print(&turns);
    Ok(())
}

impl Turn {
    fn new(entry: Entry, client: Client) -> Self {
        Turn {
            entry,
            client,
            rounds: Vec::new(),
            cpu: Vec::new(),
            each: Vec::new(),
            connections: 0,
            messages: 0,
        }
    }

    /// What sending `count` messages gives, unless it fails or has failed.
    fn take(&mut self, each: &str, count: u64) -> Option<Vec<u64>> {
        let ask = |client: &mut Client| client.ask_checked(each, count);
        let (numbers, connections) = self.client.turn(ask)?;
        self.connections += connections;
        self.messages += count;
        Some(numbers)
    }

    fn round(&mut self, settings: &Settings) -> Option<()> {
        self.take("", settings.warm)?;
        let per_send = |ns: u64| float(ns) / float(settings.sends) / 1e3;
        let before = self.client.cpu();
        let elapsed = self.take("", settings.sends)?[0];
        let cpu = self.client.cpu().zip(before);
        self.rounds.push(per_send(elapsed));
        let cpu = cpu.map(|(after, before)| per_send(after.saturating_sub(before)));
        self.cpu.extend(cpu);
        Some(())
    }

    fn round_of_each(&mut self, settings: &Settings) -> Option<()> {
        self.take("", settings.warm)?;
        let each = self.take("each ", settings.sends)?;
        self.each.extend(each.into_iter().map(|ns| float(ns) / 1e3));
        Some(())
    }

    fn row(&self, floor: Option<&Turn>) -> Vec<String> {
        let name = roster::name(self.entry, &self.client);
        if self.client.failed.is_some() {
            return vec![name, "failed".to_owned()];
        }
        let to_floor = floor.and_then(|floor| ratio(self, floor));
        vec![
            name,
            format!("{:.1}", median(&self.rounds)),
            to_floor.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            format!("{:.1}", median(&self.cpu)),
            format!("{:.1}", quantile(&self.each, 0.5)),
            format!("{:.1}", quantile(&self.each, 0.99)),
            mib(self.client.memory("VmHWM")),
            self.connections.to_string(),
            self.messages.to_string(),
        ]
    }
}

/// Everybody must send the same, or the figures compare nothing.
fn check_message(body: &[u8]) -> Result<()> {
    let sent: Value = serde_json::from_slice(body).map_err(|_| "it doesn't send JSON")?;
    let wanted: Value = serde_json::from_str(&sample_body(PSID))?;
    if sent["message"] != wanted["message"] || sent["recipient"] != wanted["recipient"] {
        return Err("it sends another message".into());
    }
    Ok(())
}

fn print(turns: &[Turn]) {
    let find = |entry| turns.iter().find(|turn| turn.entry == entry);
    let floor = find(roster::FLOOR);
    let rows: Vec<Vec<String>> = turns.iter().map(|turn| turn.row(floor)).collect();
    print_table(
        &[
            "client",
            "µs/send",
            "÷ raw",
            "cpu µs",
            "p50 µs",
            "p99 µs",
            "peak MiB",
            "connections",
            "messages = POSTs",
        ],
        &rows,
    );

    let rows = AIMS.iter().filter_map(|&(ours, other, ahead)| {
        let (ours, other) = (find(ours)?, find(other)?);
        let of = roster::against(ours.entry, &other.client);
        Some(ratio_row(of, ratio(ours, other), ahead))
    });
    print_ratios(&rows.collect::<Vec<_>>());
    roster::print_failures(turns.iter().map(|turn| (turn.entry, &turn.client)));
}

/// How many times as long `ours` took as `other`, round by round.
fn ratio(ours: &Turn, other: &Turn) -> Option<f64> {
    if ours.client.failed.is_some() || other.client.failed.is_some() {
        return None;
    }
    let rounds = ours.rounds.iter().zip(&other.rounds);
    let ratios: Vec<f64> = rounds.map(|(ours, other)| ours / other).collect();
    Some(median(&ratios))
}

fn mib(kib: Option<u64>) -> String {
    kib.map_or("?".to_owned(), |kib| format!("{:.1}", float(kib) / 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(entry: Entry, script: &str) -> Turn {
        let command = ["sh", "-c", script, "sh"].map(str::to_owned);
        Turn::new(entry, Client::start(&command).expect("it is ready"))
    }

    #[test]
    fn a_floor_that_fails_leaves_the_others_their_figures() {
        let fails = || turn(roster::FLOOR, "echo raw; read n; exit 1");
        let mut floor = fails();
        assert_eq!(floor.take("", 1), None);
        assert_eq!(floor.take("", 1), None);
        let mut other = turn(roster::RUST, "echo other");
        other.rounds = vec![3.0, 4.0, 5.0];
        assert_eq!(floor.row(Some(&floor)), ["Rust: raw", "failed"]);
        assert_eq!(other.row(Some(&floor))[..3], ["Rust: other", "4.0", "-"]);
        assert_eq!(ratio(&other, &floor), None);
        let mut floor = fails();
        floor.rounds = vec![1.0, 2.0, 1.0];
        assert_eq!(other.row(Some(&floor))[2], "3.00");
    }
}
