//! Runs the shared cases of webhooks and prints a report per line;
//! `tests/vectors/webhooks/README.md` at the top describes it.
#![allow(clippy::print_stdout)] // the report is its purpose

use std::env;

#[path = "../tests/webhooks/cases.rs"]
mod cases;

fn main() {
    let folder = env::var("CALLCTA_VECTORS_DIR").expect("CALLCTA_VECTORS_DIR is not set");
    for case in cases::read(folder.as_ref()) {
        println!("{}", case.report());
    }
}
