//! What can be measured without a server: times within one process, the time to
//! import a package, sizes.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use callcta::{Request, SendOptions};
use clap::Args;

use crate::figures::{float, median, print_table};
use crate::own_clients::sample;
use crate::protocol::PSID;

#[derive(Args)]
pub struct Settings {
    /// The folder with the built clients of the other languages.
    #[arg(long)]
    built: PathBuf,
    /// How often each time is taken.
    #[arg(long, default_value_t = 31)]
    rounds: u32,
}

pub fn run(settings: &Settings) {
    let built = &settings.built;
    in_process(settings.rounds);
    imports(built, settings.rounds);
    dependencies();
    sizes(built);
}

fn in_process(rounds: u32) {
    let request = || Request::new(PSID, sample(), SendOptions::new());
    let ready = request();
    let row =
        |what: &str, ns: f64, aim: &str| vec![what.to_owned(), format!("{ns:.0}"), aim.into()];
    println!("The page's generic sample in Rust, medians.\n");
    print_table(
        &["", "ns", "aim ≤"],
        &[
            row("build", time(rounds, request), ""),
            row("validate", time(rounds, || ready.validate()), ""),
            row("serialize", time(rounds, || ready.to_json()), ""),
            row(
                "build, validate and serialize",
                time(rounds, || {
                    let request = request();
                    assert!(request.validate().is_empty());
                    request.to_json()
                }),
                "1500",
            ),
        ],
    );
}

/// The median time of one call in ns, its result dropped.
fn time<T>(rounds: u32, run: impl Fn() -> T) -> f64 {
    const CALLS: u32 = 10_000;
    let round = || {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(run());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    round();
    median(&(0..rounds).map(|_| round()).collect::<Vec<_>>())
}

/// How long a fresh process takes to import a package.
fn imports(built: &Path, rounds: u32) {
    let python = built.join("python/bin/python");
    let node = built.join("node");
    let mut rows = Vec::new();
    for package in ["callcta", "callcta.aio", "httpx", "requests"] {
        let times = collect(rounds, || {
            let mut command = Command::new(&python);
            command.args(["-X", "importtime", "-c", &format!("import {package}")]);
            let output = command.output().ok()?;
            let lines = String::from_utf8(output.stderr).ok()?;
            // "import time: self [us] | cumulative | imported package"
            let line = lines
                .lines()
                .rfind(|line| line.ends_with(&format!("| {package}")))?;
            line.split('|').nth(1)?.trim().parse::<f64>().ok()
        });
        let aim = if package == "callcta" { "15" } else { "" };
        rows.push(import_row("Python", package, times, aim));
    }
    for package in ["callcta", "undici"] {
        let times = collect(rounds, || {
            let code = format!(
                "const start = performance.now(); require('{package}');
                console.log((performance.now() - start) * 1000)"
            );
            let mut command = Command::new("node");
            let output = command.current_dir(&node).args(["-e", &code]).output();
            String::from_utf8(output.ok()?.stdout)
                .ok()?
                .trim()
                .parse()
                .ok()
        });
        rows.push(import_row("Node", package, times, ""));
    }
    println!("\nImporting a package in a fresh process, medians.\n");
    print_table(&["", "ms", "aim ≤"], &rows);
}

/// So many times, or `None` as soon as one can't be taken.
fn collect(rounds: u32, take: impl Fn() -> Option<f64>) -> Option<Vec<f64>> {
    (0..rounds).map(|_| take()).collect()
}

fn import_row(language: &str, package: &str, us: Option<Vec<f64>>, aim: &str) -> Vec<String> {
    let ms = us.map_or("missing".to_owned(), |us| {
        format!("{:.1}", median(&us) / 1e3)
    });
    vec![format!("{language}: {package}"), ms, aim.to_owned()]
}

/// The crates that the core brings with it.
fn dependencies() {
    let count = |edges: &str| {
        let mut command = Command::new("cargo");
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args([
            "tree", "--locked", "-p", "callcta", "--prefix", "none", "-e", edges,
        ]);
        let text = String::from_utf8(command.output().ok()?.stdout).ok()?;
        let mut names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        names.sort_unstable();
        names.dedup();
        // The core itself is no dependency of its own.
        names.len().checked_sub(1)
    };
    let text = |count: Option<usize>| count.map_or("unknown".to_owned(), |count| count.to_string());
    println!(
        "\nCrates that the core depends on: {} linked, {} with those that run at build time.",
        text(count("normal,no-proc-macro")),
        text(count("normal,build")),
    );
}

fn sizes(built: &Path) {
    let rows: Vec<Vec<String>> = [
        (
            "C: shared library",
            "c/lib",
            concat!(".so.", env!("CARGO_PKG_VERSION")),
        ),
        ("C: static library", "c/lib", ".a"),
        ("Python: wheel", "wheels", ".whl"),
        ("Node: addon", "node/node_modules/callcta/dist", ".node"),
    ]
    .into_iter()
    .map(|(what, folder, end)| {
        let size = fs::read_dir(built.join(folder)).ok().and_then(|files| {
            let file = files
                .flatten()
                .find(|file| file.file_name().to_string_lossy().ends_with(end))?;
            Some(file.metadata().ok()?.len())
        });
        let size = size.map_or("missing".to_owned(), |size| {
            format!("{:.2}", float(size) / f64::from(1 << 20))
        });
        vec![what.to_owned(), size]
    })
    .collect();
    println!();
    print_table(&["size", "MiB"], &rows);
}
