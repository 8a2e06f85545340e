//! A program that runs as long as it likes, with signals passed on.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::process::{Command, ExitStatus};

use crate::exit::Exit;
use crate::output::complain;
use crate::signals;

/// As shells say it.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;
#[cfg(unix)]
const SIGNALLED: i32 = 128;

/// Runs a program with these variables to its end, and ends as it does.
pub fn run(
    program: &OsStr,
    arguments: &[OsString],
    environment: Vec<(&'static str, String)>,
) -> u8 {
    let mut command = Command::new(program);
    command.args(arguments).envs(environment);
    match signals::run(&mut command) {
        Ok(status) => code(status),
        Err(signals::Failed::Start(error)) => {
            complain(format_args!("can't run {}: {error}", program.display()));
            match error.kind() {
                ErrorKind::NotFound => NOT_FOUND,
                _ => NOT_EXECUTABLE,
            }
        }
        Err(signals::Failed::Signals(error)) => {
            complain(format_args!("can't listen to signals: {error}"));
            Exit::Usage.into()
        }
    }
}

#[cfg(unix)]
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| SIGNALLED + signal));
    code.and_then(|code| code.try_into().ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| code.try_into().ok());
    code.unwrap_or(1)
}
