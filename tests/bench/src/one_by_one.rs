//! One message after another over a kept connection: what a send costs.

use clap::Args;
use serde_json::Value;

use crate::figures::{float, median, print_table, quantile};
use crate::own_clients::sample_body;
use crate::processors::Processors;
use crate::protocol::{Client, PSID};
use crate::roster::{self, Entry};
use crate::server::Server;
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

/// What is asked of whom: ours, the other, and at most which ratio.
const AIMS: &[(Entry, Entry, Option<f64>)] = &[
    (roster::RUST, roster::FLOOR, Some(1.30)),
    (roster::RUST, roster::UREQ, None),
    (roster::RUST, roster::LIBCURL, Some(1.05)),
    (roster::C, roster::LIBCURL, Some(1.05)),
    (roster::PYTHON, roster::FLOOR, Some(1.5)),
    (roster::PYTHON, roster::PYTHON_FLOOR, None),
    (roster::PYTHON_ONCE, roster::FLOOR, Some(1.5)),
    (roster::PYTHON_ONCE, roster::PYTHON_FLOOR, None),
    (roster::PYTHON, roster::HTTPX, None),
    (roster::PYTHON, roster::REQUESTS, None),
    (roster::PYTHON, roster::FBMESSENGER, None),
    (roster::PYTHON, roster::PYMESSENGER, None),
    (roster::NODE, roster::UNDICI, Some(0.75)),
    (roster::NODE, roster::FETCH, None),
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
    let server = Server::start()?;
    let field = &settings.field;
    let clients = roster::start(roster::ONE_BY_ONE, field, prefix, &server)?;
    let mut turns: Vec<Turn> = clients
        .into_iter()
        .map(|(entry, client)| Turn {
            entry,
            client,
            rounds: Vec::new(),
            cpu: Vec::new(),
            each: Vec::new(),
            connections: 0,
            messages: 0,
        })
        .collect();
    for turn in &mut turns {
        server.keep_bodies(true);
        turn.take("", settings.warm, &server)?;
        server.keep_bodies(false);
        check_message(&turn.client.title, &server.last_body())?;
    }
    for _ in 0..settings.rounds {
        for turn in &mut turns {
            turn.take("", settings.warm, &server)?;
            let per_send = |ns: u64| float(ns) / float(settings.sends) / 1e3;
            let before = turn.client.cpu();
            let elapsed = turn.take("", settings.sends, &server)?[0];
            let cpu = turn.client.cpu().zip(before);
            turn.rounds.push(per_send(elapsed));
            turn.cpu
                .extend(cpu.map(|(after, before)| per_send(after.saturating_sub(before))));
        }
    }
    for _ in 0..settings.rounds.div_ceil(4) {
        for turn in &mut turns {
            turn.take("", settings.warm, &server)?;
            let each = turn.take("each ", settings.sends, &server)?;
            turn.each.extend(each.into_iter().map(|ns| float(ns) / 1e3));
        }
    }
    print(&turns);
    Ok(())
}

impl Turn {
    fn take(&mut self, each: &str, count: u64, server: &Server) -> Result<Vec<u64>> {
        let (numbers, connections) = self.client.ask_checked(each, count, server)?;
        self.connections += connections;
        self.messages += count;
        Ok(numbers)
    }
}

/// Everybody must send the same, or the figures compare nothing.
fn check_message(title: &str, body: &[u8]) -> Result<()> {
    let sent: Value =
        serde_json::from_slice(body).map_err(|_| format!("{title} doesn't send JSON"))?;
    let wanted: Value = serde_json::from_str(&sample_body(PSID))?;
    if sent["message"] != wanted["message"] || sent["recipient"] != wanted["recipient"] {
        return Err(format!("{title} sends another message").into());
    }
    Ok(())
}

fn print(turns: &[Turn]) {
    let floor = &turns[0];
    let rows: Vec<Vec<String>> = turns
        .iter()
        .map(|turn| {
            vec![
                format!("{}: {}", turn.entry.0.name(), turn.client.title),
                format!("{:.1}", median(&turn.rounds)),
                format!("{:.2}", ratio(turn, floor)),
                format!("{:.1}", median(&turn.cpu)),
                format!("{:.1}", quantile(&turn.each, 0.5)),
                format!("{:.1}", quantile(&turn.each, 0.99)),
                mib(turn.client.memory("VmHWM")),
                turn.connections.to_string(),
                turn.messages.to_string(),
            ]
        })
        .collect();
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

    let find = |entry| turns.iter().find(|turn| turn.entry == entry);
    let rows: Vec<Vec<String>> = AIMS
        .iter()
        .filter_map(|&(ours, other, aim)| {
            let (ours, other) = (find(ours)?, find(other)?);
            Some(vec![
                format!(
                    "{}: {} ÷ {}",
                    ours.entry.0.name(),
                    ours.entry.1,
                    other.client.title
                ),
                format!("{:.2}", ratio(ours, other)),
                aim.map(|aim| format!("{aim:.2}")).unwrap_or_default(),
            ])
        })
        .collect();
    if !rows.is_empty() {
        println!();
        print_table(&["ratio", "here", "aim ≤"], &rows);
    }
}

/// How many times as long `ours` took as `other`, round by round.
fn ratio(ours: &Turn, other: &Turn) -> f64 {
    let rounds = ours.rounds.iter().zip(&other.rounds);
    median(&rounds.map(|(ours, other)| ours / other).collect::<Vec<_>>())
}

fn mib(kib: Option<u64>) -> String {
    kib.map_or("?".to_owned(), |kib| format!("{:.1}", float(kib) / 1024.0))
}
