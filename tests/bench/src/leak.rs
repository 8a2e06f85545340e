//! Memory over a long time.

use clap::Args;

use crate::figures::{float, print_table};
use crate::protocol::Client;
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

/// Its memory in KiB, again and again.
fn look(client: &mut Client, sends: u64) -> Result<Vec<u64>> {
    let look = |_| {
        client.ask_checked("", sends)?;
        Ok(client.memory("VmRSS").unwrap_or_default())
    };
    (0..LOOKS).map(look).collect()
}

pub fn run(settings: &Settings) -> Result<()> {
    println!("Resident memory in MiB after so many sends.\n");
    let mut heads = vec!["client".to_owned()];
    heads.extend((1..=LOOKS as u64).map(|look| (look * settings.sends).to_string()));
    heads.push("grown KiB".to_owned());
    let mut rows = Vec::new();
    let mut clients = roster::start(roster::LEAK, &settings.field, &[])?;
    for (entry, client) in &mut clients {
        let looks = client.turn(|client| look(client, settings.sends));
        let mut row = vec![roster::name(*entry, client)];
        match looks.as_deref() {
            None => row.push("failed".to_owned()),
            Some(looks) => {
                let mib = |&kib: &u64| format!("{:.1}", float(kib) / 1024.0);
                row.extend(looks.iter().map(mib));
                let grown = looks[LOOKS - 1].cast_signed() - looks[0].cast_signed();
                row.push(grown.to_string());
            }
        }
        rows.push(row);
    }
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    print_table(&heads, &rows);
    roster::print_failures(clients.iter().map(|(entry, client)| (*entry, client)));
    Ok(())
}
