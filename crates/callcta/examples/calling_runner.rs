//! Runs the shared cases of calling and prints a report per line;
//! `tests/vectors/calling/README.md` at the top describes it.
#![allow(clippy::print_stdout)] // the report is its purpose

use std::env;

#[path = "../tests/calling/cases.rs"]
mod cases;

fn main() -> Result<(), callcta::Error> {
    let folder = env::var("CALLCTA_VECTORS_DIR").expect("CALLCTA_VECTORS_DIR is not set");
    let url = env::var("CALLCTA_VECTORS_URL").expect("CALLCTA_VECTORS_URL is not set");
    for case in cases::read(folder.as_ref()) {
        let client = cases::Case::client().base_url(format!("{url}/{}", case.path()));
        println!("{}", case.report(&client.build()?));
    }
    Ok(())
}
