//! `callcta doctor`: why this Page can't send a working call button.

use std::io::{self, Write};

use anstyle::Style;
use callcta::doctor::{Check, CheckStatus, Diagnosis};
use clap::ArgMatches;
use serde::Serialize;

use crate::args::doctor::DoctorArgs;
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, STRONG, WARN, after_writing, plain, styled};
use crate::report::{self, Subject, line};
use crate::settings::{Source, sources};

/// What was found.
#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    host: &'a str,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
    settings: &'a [Source],
}

pub fn run(args: &DoctorArgs, given: &ArgMatches, all: bool) -> Exit {
    let client = match args.settings.client() {
        Ok(client) => client,
        Err(error) => return report::fail(&error, None, Subject::Read, args.json),
    };
    let mut doctor = client.doctor().send_test(args.send_test);
    if let Some(timeout) = args.settings.given_timeout(given) {
        doctor = doctor.timeout(timeout);
    }
    if let Some(psid) = &args.to {
        doctor = doctor.person(psid);
    }
    if let Some(at) = args.last_action {
        doctor = doctor.last_action(at.0.into());
    }
    if let Some(url) = &args.webhook {
        doctor = doctor.webhook(url);
    }
    if let Some(token) = args.verify_token.as_ref().filter(|it| !it.is_empty()) {
        doctor = doctor.verify_token(token);
    }
    let settings = sources(given);
    let diagnosis = doctor.examine();
    let exit = match diagnosis.status {
        CheckStatus::Fail => Exit::Failed,
        CheckStatus::Unknown => Exit::Unknown,
        _ => Exit::Done,
    };
    let written = if args.json {
        let told = Told {
            ok: exit == Exit::Done,
            host: client.host(),
            diagnosis: &diagnosis,
            settings: &settings,
        };
        line(&told, &mut io::stdout())
    } else {
        words(&diagnosis, &settings, all, &mut anstream::stdout())
    };
    after_writing(written, exit)
}

fn words(
    diagnosis: &Diagnosis,
    settings: &[Source],
    all: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    for Source { name, from } in settings {
        writeln!(out, "{}", styled(DIM, format_args!("  {name:<12} {from}")))?;
    }
    writeln!(out)?;
    for check in &diagnosis.checks {
        told(check, all, out)?;
    }
    let (mark, style) = mark(diagnosis.status);
    let verdict = styled(STRONG, plain(&diagnosis.verdict));
    writeln!(out, "\n{} {verdict}", styled(style, mark))
}

fn told(check: &Check, all: bool, out: &mut impl Write) -> io::Result<()> {
    let (mark, style) = mark(check.status);
    let mut lines = check.lines(all).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{} {}", styled(style, mark), plain(&first))?;
    lines.try_for_each(|line| writeln!(out, "    {}", plain(&line)))
}

fn mark(status: CheckStatus) -> (&'static str, Style) {
    match status {
        CheckStatus::Ok => ("\u{2713}", GOOD),
        CheckStatus::Warn => ("!", WARN),
        CheckStatus::Fail => ("\u{2717}", BAD),
        CheckStatus::Unknown => ("?", WARN),
        _ => ("-", DIM),
    }
}
