//! A thousand sends at once to a server that is far away.

use std::time::Duration;

use clap::Args;

use crate::figures::{float, median, print_ratios, print_table, ratio_row};
use crate::protocol::Client;
use crate::roster::{self, Entry};
use crate::{Field, Result};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    field: Field,
    /// Messages at once.
    #[arg(long, default_value_t = 1000)]
    sends: u64,
    /// How long the server takes for each.
    #[arg(long, default_value_t = 50)]
    delay_ms: u64,
    /// Rounds, in each of which every client has its turn.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
}

/// So many at a time make the ideal.
const AT_A_TIME: f64 = 64.0;

/// A client that takes so many times the ideal in its first round has no other
/// one: it would tell nothing new, and everybody would wait for it.
const ENOUGH: f64 = 5.0;

impl Settings {
    /// In seconds.
    fn ideal(&self) -> f64 {
        float(self.sends) / AT_A_TIME * float(self.delay_ms) / 1e3
    }
}

/// Ours and the other one, whom it should be ahead of.
const AIMS: &[(Entry, Entry)] = &[
    (roster::PYTHON_MANY, roster::HTTPX_MANY_64),
    (roster::PYTHON_MANY, roster::HTTPX_MANY),
    (roster::NODE_MANY, roster::UNDICI_MANY_64),
    (roster::NODE_MANY, roster::UNDICI_MANY),
];

struct Turn {
    entry: Entry,
    client: Client,
    seconds: Vec<f64>,
    /// ms by which a timer in the client's event loop was late.
    late: Vec<f64>,
    connections: u64,
    threads: u64,
}

pub fn run(settings: &Settings) -> Result<()> {
    let clients = roster::start(roster::MANY, &settings.field, &[])?.into_iter();
    let mut turns: Vec<Turn> = clients
        .map(|(entry, client)| Turn::new(entry, client))
        .collect();
    measure(settings, &mut turns);
    print(settings, &turns);
    Ok(())
}

fn measure(settings: &Settings, turns: &mut [Turn]) {
    let delay = Duration::from_millis(settings.delay_ms);
    for _ in 0..settings.rounds {
        for turn in &mut *turns {
            let first = turn.seconds.first();
            if first.is_some_and(|&s| s > ENOUGH * settings.ideal()) {
                continue;
            }
            turn.client.server.set_delay(delay);
            turn.take(settings.sends);
        }
    }
}

impl Turn {
    fn new(entry: Entry, client: Client) -> Self {
        Turn {
            entry,
            client,
            seconds: Vec::new(),
            late: Vec::new(),
            connections: 0,
            threads: 0,
        }
    }

    fn take(&mut self, sends: u64) {
        let sends_nothing = self.entry.1 == roster::NOTHING;
        let outcome = self.client.turn(|client| {
            if sends_nothing {
                return Ok((client.ask("", sends)?, 0));
            }
            client.ask_checked("", sends)
        });
        let Some((numbers, connections)) = outcome else {
            return;
        };
        let threads = self.client.memory("Threads").unwrap_or_default();
        self.connections = self.connections.max(connections);
        self.threads = self.threads.max(threads);
        self.seconds.push(float(numbers[0]) / 1e9);
        self.late.extend(numbers.get(1).map(|&ns| float(ns) / 1e6));
    }

    fn row(&self, ideal: f64) -> Vec<String> {
        let name = roster::name(self.entry, &self.client);
        if self.client.failed.is_some() {
            return vec![name, "failed".to_owned()];
        }
        let seconds = median(&self.seconds);
        let worst = self.late.iter().copied().fold(0.0, f64::max);
        let late = |ms: f64| {
            if self.late.is_empty() {
                "-".to_owned()
            } else {
                format!("{ms:.1}")
            }
        };
        vec![
            name,
            format!("{seconds:.3}"),
            format!("{:.2}", seconds / ideal),
            format!("{:.3}", self.seconds[0]),
            late(median(&self.late)),
            late(worst),
            self.connections.to_string(),
            self.threads.to_string(),
            self.seconds.len().to_string(),
        ]
    }
}

/// What `ours` took, divided by what `other` did.
fn ratio(ours: &Turn, other: &Turn) -> Option<f64> {
    let failed = |turn: &Turn| turn.client.failed.is_some();
    let none = failed(ours) || failed(other);
    (!none).then(|| median(&ours.seconds) / median(&other.seconds))
}

fn print(settings: &Settings, turns: &[Turn]) {
    let ideal = settings.ideal();
    println!(
        "{} sends at once, a server that takes {} ms for each, {} rounds.",
        settings.sends, settings.delay_ms, settings.rounds
    );
    println!("Ideal with {AT_A_TIME} at a time: {ideal:.3} s.\n");
    let rows: Vec<Vec<String>> = turns.iter().map(|turn| turn.row(ideal)).collect();
    print_table(
        &[
            "client",
            "s",
            "÷ ideal",
            "first round s",
            "timer late ms",
            "worst ms",
            "connections",
            "threads",
            "rounds",
        ],
        &rows,
    );
    println!(
        "\nTimer: the longest delay of a 1 ms timer in the same event loop, median and worst of the rounds."
    );
    let find = |entry| turns.iter().find(|turn| turn.entry == entry);
    let rows = AIMS.iter().filter_map(|&(ours, other)| {
        let (ours, other) = (find(ours)?, find(other)?);
        let of = roster::against(ours.entry, &other.client);
        Some(ratio_row(of, ratio(ours, other), true))
    });
    print_ratios(&rows.collect::<Vec<_>>());
    roster::print_failures(turns.iter().map(|turn| (turn.entry, &turn.client)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        field: Field {
            groups: Vec::new(),
            only: Vec::new(),
            built: std::path::PathBuf::new(),
        },
        sends: 10,
        delay_ms: 0,
        rounds: 3,
    };

    /// A client that is a shell script.
    fn turn(entry: Entry, script: &str) -> Turn {
        let command = ["sh", "-c", script, "sh"].map(str::to_owned);
        Turn::new(entry, Client::start(&command).expect("it is ready"))
    }

    #[test]
    fn who_fails_has_a_row_that_says_so_and_the_rest_goes_on() {
        let nothing = Entry(roster::Group::Node, roster::NOTHING);
        let mut turns = [
            turn(
                roster::HTTPX_MANY,
                "echo late 1; read n; printf 'Error.PoolTimeout\n    at x\n' >&2; exit 1",
            ),
            turn(
                roster::PYTHON_MANY,
                "echo idle 1; while read n; do echo 1000; done",
            ),
            turn(roster::UNDICI_MANY, "echo odd 1; read n; echo what"),
            turn(
                nothing,
                "echo good 1; while read n; do echo 2000000 5; done",
            ),
        ];
        // However long it takes.
        let settings = Settings {
            delay_ms: 1000,
            ..SETTINGS
        };
        measure(&settings, &mut turns);
        let rows: Vec<_> = turns.iter().map(|turn| turn.row(1.0)).collect();
        assert_eq!(rows[0], ["Python: late 1", "failed"]);
        assert_eq!(rows[1], ["Python: idle 1", "failed"]);
        assert_eq!(rows[2], ["Node: odd 1", "failed"]);
        assert_eq!(rows[3][..3], ["Node: good 1", "0.002", "0.00"]);
        assert_eq!(rows[3].last().map(String::as_str), Some("3"), "rounds");
        let why = turns.iter().map(|turn| turn.client.failed.as_deref());
        let expected = [
            Some("Error.PoolTimeout"),
            Some("10 messages, but 0 POSTs"),
            Some("it answered \"what\""),
            None,
        ];
        assert!(why.eq(expected));
        assert_eq!(ratio(&turns[3], &turns[0]), None);
        assert_eq!(ratio(&turns[3], &turns[3]), Some(1.0));
    }

    #[test]
    fn who_cannot_be_started_is_told_of() {
        let start = |script: &str| Client::start(&["sh", "-c", script].map(str::to_owned));
        let why = start("echo no such module >&2; exit 1").err();
        assert_eq!(
            why.map(|why| why.to_string()).as_deref(),
            Some("no such module")
        );
    }
}
