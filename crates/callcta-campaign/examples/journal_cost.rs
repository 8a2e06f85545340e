//! What a row costs in a journal, claimed and settled in batches, by one worker: for
//! `just bench-journal`. The campaign is there already, with Pages enough.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]
#![allow(clippy::doc_markdown, reason = "PostgreSQL is a name")]

use std::collections::HashSet;
use std::env;
use std::time::{Instant, SystemTime};

use callcta_campaign::{Access, Location, Outcome, Settlement, Want};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [journal, batch, rows] = arguments.as_slice() else {
        panic!("journal, rows per claim, and rows in all are expected");
    };
    let (batch, rows): (usize, usize) = (batch.parse().unwrap(), rows.parse().unwrap());
    let mut journal = Location::new(journal)
        .unwrap()
        .open(Access::Change)
        .unwrap();
    let began = Instant::now();
    let (mut done, mut empty) = (0, HashSet::new());
    while done < rows {
        let leases = journal.lease().unwrap();
        let next = leases.iter().find(|lease| !empty.contains(&lease.page));
        let lease = next.expect("there are rows enough");
        let claims = journal.claim(&[Want::new(lease, batch)], SystemTime::now());
        let claims = claims.unwrap();
        if claims.len() < batch {
            empty.insert(lease.page);
        }
        let outcome = |id: i64| Outcome::Sent {
            message_id: format!("m_{id:040}"),
        };
        let settlements: Vec<Settlement> = claims
            .iter()
            .map(|claim| Settlement::new(claim, outcome(claim.id)))
            .collect();
        journal.settle(&settlements, SystemTime::now()).unwrap();
        done += claims.len();
    }
    let time = began.elapsed().as_secs_f64();
    journal.release().unwrap();
    println!("{done} {time:.3}");
}
