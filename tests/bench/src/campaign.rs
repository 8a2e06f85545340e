//! Sending to everybody in a file: `callcta campaign`, the same without a journal, and what
//! people write by hand.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callcta::{Client, Outboxes};
use callcta_campaign::{Format, Row, Template};
use clap::Args;

use crate::Result;
use crate::figures::{float, median, print_ratios, print_table, quantile, ratio_row};
use crate::server::Server;

const PAGE: &str = "104958162837465";
const TOKEN: &str = "token";
/// How many are under way at once, for all of them.
const AT_ONCE: usize = 64;

const MESSAGE: &str = r#"{"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [{
    "title": "Hello {{ name }}!",
    "subtitle": "Your order {{ order }} is ready.",
    "buttons": [{"type": "audio_call", "title": "Call Now", "expires_in_days": 5}]
}]}}}
"#;

#[derive(Args)]
pub struct Settings {
    /// Recipients in the file.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// How often each client sends to all of them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long the server takes for each.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Only clients whose name contains one of these.
    #[arg(long)]
    only: Vec<String>,
    /// The folder with the built clients of the other languages; files are written there.
    #[arg(long)]
    built: PathBuf,
    /// Is the client without a journal, and sends to this URL.
    #[arg(long, hide = true)]
    to: Option<String>,
}

impl Settings {
    fn file(&self, name: &str) -> PathBuf {
        self.built.join(name)
    }
}

/// What is measured: its name, and the commands that send to everybody at a URL, one after
/// the other; the last one is timed and watched.
struct Entry {
    name: &'static str,
    commands: fn(&Settings, &str) -> Result<Vec<Command>>,
    turns: Vec<Turn>,
    failed: Option<String>,
}

/// Seconds for each command; KiB and seconds of processor time of the last one.
struct Turn {
    seconds: Vec<f64>,
    memory: Vec<f64>,
    busy: f64,
}

const CAMPAIGN: &str = "callcta campaign";
const UNJOURNALED: &str = "callcta, no journal";
const AIOHTTP: &str = "aiohttp by hand";
const UNDICI: &str = "undici by hand";

pub fn run(settings: &Settings) -> Result<()> {
    match &settings.to {
        Some(url) => unjournaled(settings, url),
        None => compare(settings),
    }
}

/// Reads, fills in and sends as a campaign does, and only counts what becomes of it.
fn unjournaled(settings: &Settings, url: &str) -> Result<()> {
    let template = Template::new(MESSAGE)?;
    let mut source = callcta_campaign::open(&settings.file("recipients.csv"), Format::Auto)?;
    let client = Client::builder(PAGE, TOKEN)
        .base_url(url)
        .max_idle_connections(AT_ONCE)
        .build()?;
    let outboxes = Outboxes::builder().workers(AT_ONCE).build();
    let outbox = outboxes.outbox(client);
    outbox.set_brief_callbacks(true);
    outbox.set_pace(None)?;
    let sent = Arc::<AtomicU64>::default();
    let mut row = Row::default();
    while let Some(read) = source.next(&mut row)? {
        read.map_err(|problem| problem.rule)?;
        let request = template.render(&row).map_err(|problem| problem.rule)?;
        row.clear();
        let sent = Arc::clone(&sent);
        outbox.submit(request, move |outcome| {
            sent.fetch_add(u64::from(outcome.is_ok()), Ordering::Relaxed);
        })?;
    }
    outboxes.drain();
    if sent.load(Ordering::Relaxed) != settings.rows {
        return Err("some were not sent".into());
    }
    Ok(())
}

fn entries() -> Vec<Entry> {
    let entry = |name, commands| Entry {
        name,
        commands,
        turns: Vec::new(),
        failed: None,
    };
    vec![
        entry(CAMPAIGN, |settings, url| {
            let program = std::env::current_exe()?.with_file_name("callcta");
            let campaign = |verb: &str| {
                let mut command = Command::new(&program);
                command
                    .args(["campaign", verb])
                    .arg(settings.file("recipients.csv"))
                    .arg("--message")
                    .arg(settings.file("message.json"))
                    .arg("--journal")
                    .arg(settings.file("bench.journal"))
                    .args(["--page-id", PAGE, "--json"])
                    .env("CALLCTA_ACCESS_TOKEN", TOKEN)
                    .env("CALLCTA_BASE_URL", url);
                command
            };
            let mut run = campaign("run");
            run.args(["--pace", "none", "--progress", "none"])
                .args(["--workers", &AT_ONCE.to_string()]);
            Ok(vec![campaign("plan"), run])
        }),
        entry(UNJOURNALED, |settings, url| {
            let mut command = Command::new(std::env::current_exe()?);
            command
                .args(["campaign", "--to", url])
                .args(["--rows", &settings.rows.to_string()])
                .arg("--built")
                .arg(&settings.built);
            Ok(vec![command])
        }),
        entry(AIOHTTP, |settings, url| {
            let mut command = Command::new(settings.file("python/bin/python"));
            command.arg(settings.file("by_hand.py"));
            Ok(vec![by_hand(command, settings, url)])
        }),
        entry(UNDICI, |settings, url| {
            let mut command = Command::new("node");
            command.arg(settings.file("node/by-hand.mjs"));
            Ok(vec![by_hand(command, settings, url)])
        }),
    ]
}

fn by_hand(mut command: Command, settings: &Settings, url: &str) -> Command {
    command
        .arg(format!("{url}/v26.0/{PAGE}/messages"))
        .args([TOKEN, &AT_ONCE.to_string()])
        .arg(settings.file("recipients.csv"));
    command
}

fn compare(settings: &Settings) -> Result<()> {
    fs::create_dir_all(&settings.built)?;
    fs::write(settings.file("message.json"), MESSAGE)?;
    let mut file = BufWriter::new(File::create(settings.file("recipients.csv"))?);
    writeln!(file, "psid,key,name,order")?;
    for row in 0..settings.rows {
        writeln!(file, "1{row:015},order-{row},Somebody {row},A-{row}")?;
    }
    file.into_inner()?;
    let wanted = |name: &str| {
        settings.only.is_empty()
            || settings
                .only
                .iter()
                .any(|only| name.contains(only.as_str()))
    };
    let mut entries = entries();
    entries.retain(|entry| wanted(entry.name));
    let server = Server::start()?;
    server.set_delay(Duration::from_millis(settings.delay_ms));
    for _ in 0..settings.rounds {
        for entry in entries.iter_mut().filter(|entry| entry.failed.is_none()) {
            match turn(settings, entry, &server) {
                Ok(turn) => entry.turns.push(turn),
                Err(error) => entry.failed = Some(error.to_string()),
            }
        }
    }
    print(settings, &entries);
    fs::remove_file(settings.file("recipients.csv"))?;
    Ok(())
}

fn turn(settings: &Settings, entry: &Entry, server: &Server) -> Result<Turn> {
    // With what SQLite keeps beside it.
    for part in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(settings.file(&format!("bench.journal{part}")));
    }
    let (before, _) = server.counts();
    let mut turn = Turn {
        seconds: Vec::new(),
        memory: Vec::new(),
        busy: 0.0,
    };
    for command in (entry.commands)(settings, &server.url())? {
        let began = Instant::now();
        (turn.memory, turn.busy) = watch(command)?;
        turn.seconds.push(began.elapsed().as_secs_f64());
    }
    let posts = server.counts().0 - before;
    if posts != settings.rows {
        return Err(format!("{posts} messages came for {} recipients", settings.rows).into());
    }
    Ok(turn)
}

/// Runs a command to its end, and returns its resident memory in KiB as it was meanwhile,
/// and the seconds of processor time that it took.
fn watch(mut command: Command) -> Result<(Vec<f64>, f64)> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let file = |name: &str| format!("/proc/{}/{name}", child.id());
    let (status, stat) = (file("status"), file("stat"));
    let (mut memory, mut busy) = (Vec::new(), 0.0);
    loop {
        // What has ended has none.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        memory.extend(line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()));
        let text = fs::read_to_string(&stat).unwrap_or_default();
        // In the user's and in the system's part, in hundredths; the name may have blanks.
        let fields = text.rsplit(") ").next().unwrap_or_default().split(' ');
        let ticks = fields.skip(11).take(2).flat_map(str::parse::<f64>);
        busy = ticks.sum::<f64>().max(busy * 100.0) / 100.0;
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok((memory, busy));
            }
            return Err(format!("it ended with {status}").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn print(settings: &Settings, entries: &[Entry]) {
    println!(
        "\n{} recipients, a server that takes {} ms, {AT_ONCE} at once, {} rounds",
        settings.rows, settings.delay_ms, settings.rounds,
    );
    let mut rows = Vec::new();
    for entry in entries {
        if let Some(why) = &entry.failed {
            println!("failed: {}: {why}", entry.name);
            continue;
        }
        let rate = |nth: usize| {
            let seconds = |turn: &Turn| float(settings.rows) / turn.seconds[nth];
            median(&entry.turns.iter().map(seconds).collect::<Vec<_>>())
        };
        let commands = entry.turns[0].seconds.len();
        let planned = (commands > 1).then(|| format!("{:.0}", rate(0)));
        let peak = |turn: &Turn| quantile(&turn.memory, 1.0) / 1024.0;
        // By the middle of the time, and at the end of it.
        let growth = |turn: &Turn| {
            let (middle, last) = (turn.memory.len() / 2, turn.memory.len().saturating_sub(1));
            (turn.memory[last] - turn.memory[middle]) / 1024.0
        };
        let middle =
            |of: &dyn Fn(&Turn) -> f64| median(&entry.turns.iter().map(of).collect::<Vec<_>>());
        rows.push(vec![
            entry.name.to_owned(),
            planned.unwrap_or_default(),
            format!("{:.0}", rate(commands - 1)),
            format!(
                "{:.0}",
                1e6 * middle(&|turn| turn.busy) / float(settings.rows)
            ),
            format!("{:.1}", middle(&peak)),
            format!("{:+.1}", middle(&growth)),
        ]);
    }
    let heads = [
        "",
        "planned/s",
        "sent/s",
        "cpu µs",
        "peak MiB",
        "second half",
    ];
    print_table(&heads, &rows);
    let aims = [(UNJOURNALED, false), (AIOHTTP, true), (UNDICI, true)];
    let find = |name: &str| entries.iter().find(|entry| entry.name == name);
    let ratios: Vec<_> = aims
        .iter()
        .filter_map(|&(other, ahead)| {
            let (ours, other) = (find(CAMPAIGN)?, find(other)?);
            let last = |turn: &Turn| turn.seconds.last().copied();
            let pairs = ours.turns.iter().zip(&other.turns);
            let ratios = pairs.filter_map(|(ours, other)| Some(last(ours)? / last(other)?));
            let ratios: Vec<f64> = ratios.collect();
            let whole = ours.failed.is_none() && other.failed.is_none();
            let ratio = whole.then(|| median(&ratios));
            Some(ratio_row(
                format!("{CAMPAIGN} / {}", other.name),
                ratio,
                ahead,
            ))
        })
        .collect();
    print_ratios(&ratios);
}
