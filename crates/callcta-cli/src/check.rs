//! `callcta check`: finds every broken rule in files.

use std::io::{self, Write};
use std::path::Path;

use callcta::{Error, Report, check_json};
use serde::Serialize;

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
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unchecked: &'a [String],
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
        let (written, found) = match compose::read(file) {
            Ok(content) => {
                let report = check_json(content);
                let ok = report.errors == 0 && !(args.strict && report.warnings > 0);
                let written = if args.json {
                    json(file, &report, ok)
                } else {
                    words(file, &report, args.files.len() > 1)
                };
                (written, if ok { Exit::Done } else { Exit::Failed })
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

fn json(file: &Path, report: &Report, ok: bool) -> io::Result<()> {
    let checked = Checked {
        ok,
        file: &file.to_string_lossy(),
        violations: Broken::each(&report.violations),
        unchecked: &report.unchecked,
    };
    line(&checked, &mut io::stdout())
}

/// One line per violation, with the file's name in front if there are several,
/// and a line that sums up.
fn words(file: &Path, report: &Report, several: bool) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let name = if several {
        format!("{}: ", styled(DIM, plain(&file.to_string_lossy())))
    } else {
        String::new()
    };
    for broken in &report.violations {
        writeln!(out, "{name}{}", violation(broken))?;
    }
    for path in &report.unchecked {
        let note = styled(DIM, "note:");
        writeln!(
            out,
            "{name}{note} {path}: not checked, callcta has no rules for it"
        )?;
    }
    let summary = match (report.errors, report.warnings) {
        (0, 0) => styled(GOOD, "no rule is broken"),
        (0, warnings) => styled(WARN, number(warnings, "warning")),
        (errors, 0) => styled(BAD, number(errors, "error")),
        (errors, warnings) => format!(
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
