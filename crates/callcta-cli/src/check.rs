//! `callcta check`: finds every broken rule in files.

use std::io::{self, Write};
use std::path::Path;

use callcta::{Error, Message, Request, Result, Severity, Violation};
use serde::Serialize;
use serde_json::Value;

use crate::args::CheckArgs;
use crate::compose;
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, WARN, after_writing, complain, plain, styled, violation};
use crate::report::{Broken, line};

/// What was found in one file.
#[derive(Serialize)]
struct Checked<'a> {
    ok: bool,
    file: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Broken<'a>>,
}

/// A file that could not be read.
#[derive(Serialize)]
struct Unread<'a> {
    ok: bool,
    file: &'a str,
    kind: &'static str,
    message: String,
}

/// Checks all files; the worst of them decides the exit code.
pub fn run(args: &CheckArgs) -> Exit {
    let mut exit = Exit::Done;
    for file in &args.files {
        let (written, found) = match check(file) {
            Ok(violations) => {
                let errors = count(&violations, Severity::Error);
                let written = if args.json {
                    json(file, &violations, errors)
                } else {
                    words(file, &violations, errors, args.files.len() > 1)
                };
                let found = if errors == 0 {
                    Exit::Done
                } else {
                    Exit::Failed
                };
                (written, found)
            }
            Err(error) => (unread(file, &error, args.json), Exit::Usage),
        };
        if written.is_err() {
            return after_writing(written, exit.max(found));
        }
        exit = exit.max(found);
    }
    exit
}

/// Everything that is wrong in a file with a message or a whole request.
fn check(file: &Path) -> Result<Vec<Violation>> {
    let text = compose::read(file)?;
    let message = match Message::from_json(&text) {
        Ok(message) => message,
        Err(error) => return Ok(error.violations().to_vec()),
    };
    // A message comes out as it went in; of a request only its message does.
    if serde_json::from_str::<Value>(&text).is_ok_and(|json| json == message.to_value()) {
        return Ok(message.validate());
    }
    Ok(Request::from_json(&text)?.validate())
}

fn count(violations: &[Violation], severity: Severity) -> usize {
    violations
        .iter()
        .filter(|violation| violation.severity == severity)
        .count()
}

fn json(file: &Path, violations: &[Violation], errors: usize) -> io::Result<()> {
    let checked = Checked {
        ok: errors == 0,
        file: &file.to_string_lossy(),
        violations: Broken::each(violations),
    };
    line(&checked, &mut io::stdout())
}

/// One line per violation, with the file's name in front if there are several,
/// and a line that sums up.
fn words(file: &Path, violations: &[Violation], errors: usize, several: bool) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let name = if several {
        format!("{}: ", styled(DIM, plain(&file.to_string_lossy())))
    } else {
        String::new()
    };
    for broken in violations {
        writeln!(out, "{name}{}", violation(broken))?;
    }
    let warnings = violations.len() - errors;
    let summary = match (errors, warnings) {
        (0, 0) => styled(GOOD, "no rule is broken"),
        (0, _) => styled(WARN, number(warnings, "warning")),
        (_, 0) => styled(BAD, number(errors, "error")),
        _ => format!(
            "{}, {}",
            styled(BAD, number(errors, "error")),
            styled(WARN, number(warnings, "warning"))
        ),
    };
    writeln!(out, "{name}{summary}")
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn unread(file: &Path, error: &Error, json: bool) -> io::Result<()> {
    if !json {
        complain(error);
        return Ok(());
    }
    let unread = Unread {
        ok: false,
        file: &file.to_string_lossy(),
        kind: error.kind().as_str(),
        message: error.to_string(),
    };
    line(&unread, &mut io::stdout())
}
