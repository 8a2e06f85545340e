//! Runs the shared vectors against the server in `CALLCTA_VECTORS_URL` and prints
//! a report per line; `tests/vectors/README.md` at the top describes it.
#![allow(clippy::print_stdout)] // the report is its purpose

use std::env;

#[path = "../tests/vectors/cases.rs"]
mod cases;

fn main() {
    let setting = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let folder = setting("CALLCTA_VECTORS_DIR");
    let url = setting("CALLCTA_VECTORS_URL");
    for case in cases::read(folder.as_ref()) {
        let base_url = format!("{url}/{}/{}", case.file, case.name());
        let client = case
            .client()
            .base_url(base_url)
            .build()
            .expect("the settings are right");
        println!("{}", case.report(&client));
    }
}
