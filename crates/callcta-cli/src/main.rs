//! The program `callcta`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    callcta_cli::run(std::env::args_os()).into()
}
