//! Memory over a long time.

use clap::Args;

use crate::figures::{float, print_table};
use crate::server::Server;
use crate::{Field, Result, roster};

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    field: Field,
    /// Messages between two looks at the memory; ten looks are taken.
    #[arg(long, default_value_t = 10_000)]
    sends: u64,
}

const LOOKS: usize = 10;

pub fn run(settings: &Settings) -> Result<()> {
    let server = Server::start()?;
    println!("Resident memory in MiB after so many sends.\n");
    let mut heads = vec!["client".to_owned()];
    heads.extend((1..=LOOKS as u64).map(|look| (look * settings.sends).to_string()));
    heads.push("grown KiB".to_owned());
    let mut rows = Vec::new();
    for (entry, mut client) in roster::start(roster::LEAK, &settings.field, &[], &server)? {
        let mut looks = Vec::new();
        for _ in 0..LOOKS {
            client.ask_checked("", settings.sends, &server)?;
            looks.push(client.memory("VmRSS").unwrap_or_default());
        }
        let mut row = vec![format!("{}: {}", entry.0.name(), client.title)];
        row.extend(
            looks
                .iter()
                .map(|&kib| format!("{:.1}", float(kib) / 1024.0)),
        );
        let grown = looks[LOOKS - 1].cast_signed() - looks[0].cast_signed();
        row.push(grown.to_string());
        rows.push(row);
    }
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    print_table(&heads, &rows);
    Ok(())
}
