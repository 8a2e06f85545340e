//! A thousand sends at once to a server that is far away.

use std::time::Duration;

use clap::Args;

use crate::figures::{float, median, print_table};
use crate::roster::{self, Entry};
use crate::server::Server;
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

struct Turn {
    entry: Entry,
    client: crate::protocol::Client,
    seconds: Vec<f64>,
    /// ms by which a timer in the client's event loop was late.
    late: Vec<f64>,
    connections: u64,
    threads: u64,
}

pub fn run(settings: &Settings) -> Result<()> {
    let server = Server::start()?;
    server.set_delay(Duration::from_millis(settings.delay_ms));
    let mut turns: Vec<Turn> = roster::start(roster::MANY, &settings.field, &[], &server)?
        .into_iter()
        .map(|(entry, client)| Turn {
            entry,
            client,
            seconds: Vec::new(),
            late: Vec::new(),
            connections: 0,
            threads: 0,
        })
        .collect();
    let ideal = settings.ideal();
    for _ in 0..settings.rounds {
        for turn in &mut turns {
            if turn.seconds.first().is_some_and(|&s| s > ENOUGH * ideal) {
                continue;
            }
            let (numbers, connections) = if turn.entry.1 == roster::NOTHING {
                (turn.client.ask("", settings.sends)?, 0)
            } else {
                turn.client.ask_checked("", settings.sends, &server)?
            };
            turn.connections = turn.connections.max(connections);
            turn.threads = turn
                .threads
                .max(turn.client.memory("Threads").unwrap_or_default());
            turn.seconds.push(float(numbers[0]) / 1e9);
            turn.late.extend(numbers.get(1).map(|&ns| float(ns) / 1e6));
        }
    }
    print(settings, &turns);
    Ok(())
}

fn print(settings: &Settings, turns: &[Turn]) {
    let ideal = settings.ideal();
    println!(
        "{} sends at once, a server that takes {} ms for each, {} rounds.",
        settings.sends, settings.delay_ms, settings.rounds
    );
    println!("Ideal with {AT_A_TIME} at a time: {ideal:.3} s.\n");
    let rows: Vec<Vec<String>> = turns
        .iter()
        .map(|turn| {
            let seconds = median(&turn.seconds);
            let worst = turn.late.iter().copied().fold(0.0, f64::max);
            let late = |ms: f64| {
                if turn.late.is_empty() {
                    "-".to_owned()
                } else {
                    format!("{ms:.1}")
                }
            };
            vec![
                format!("{}: {}", turn.entry.0.name(), turn.client.title),
                format!("{seconds:.3}"),
                format!("{:.2}", seconds / ideal),
                format!("{:.3}", turn.seconds[0]),
                late(median(&turn.late)),
                late(worst),
                turn.connections.to_string(),
                turn.threads.to_string(),
                turn.seconds.len().to_string(),
            ]
        })
        .collect();
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
}
