//! `callcta campaign plan`.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use callcta_campaign::{
    Error, Finding, Format, Loader as _, PlanSettings, Planned, Result, Row, Source, SqliteLoader,
    Template, Weight, open, plan as make,
};
use indicatif::ProgressBar;
use serde::Serialize;

use super::{number, quoted, rows};
use crate::args::campaign::{InputFormat, PlanArgs, PlanCommand};
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, WARN, after_writing, plain, say, styled};
use crate::report::line;

pub fn run(args: &PlanCommand) -> Result<Exit> {
    // A plan that is only checked is made where nobody looks for it, and thrown away.
    let scratch = || env::temp_dir().join(format!("callcta-check-{}", std::process::id()));
    let path = args.journal.clone().unwrap_or_else(scratch);
    let (planned, loader) = read(&args.plan, args.page_id.as_deref(), &path)?;
    if planned.ok && !args.check {
        loader.commit(&planned.facts)?;
    }
    let kept = (planned.ok && !args.check).then_some(path.as_path());
    let exit = if planned.ok { Exit::Done } else { Exit::Failed };
    if args.json {
        return Ok(after_writing(json(&planned, &mut io::stdout()), exit));
    }
    tell(&planned);
    let written = conclude(&planned, kept, &mut anstream::stdout());
    Ok(after_writing(written, exit))
}

/// Plans into `path`, without making it count.
pub fn read(
    args: &PlanArgs,
    page_id: Option<&str>,
    path: &Path,
) -> Result<(Planned, Box<SqliteLoader>)> {
    let template = template(&args.message)?;
    let mut source = source(args)?;
    let mut settings = PlanSettings::default();
    settings.input = args.recipients.to_string_lossy().into_owned();
    settings.page = page_id.filter(|page| !page.is_empty()).map(str::to_owned);
    settings.skip_invalid = args.skip_invalid;
    settings.allow_repeated = args.allow_repeated;
    settings.ids_confirmed = args.ids_confirmed;
    let mut loader = Box::new(SqliteLoader::new(path)?);
    // Only drawn on a terminal.
    let reading = ProgressBar::new_spinner();
    let mut tell = |count| {
        reading.set_message(format!("{} read and checked so far", rows(count)));
        true
    };
    let planned = make(&mut *source, &template, &settings, &mut *loader, &mut tell);
    reading.finish_and_clear();
    let planned = planned?;
    Ok((planned, loader))
}

pub fn template(path: &Path) -> Result<Template> {
    let unreadable =
        |error: io::Error| Error::invalid(format!("can't read {}: {error}", path.display()));
    Template::new(fs::read(path).map_err(unreadable)?)
}

fn source(args: &PlanArgs) -> Result<Box<dyn Source>> {
    let format = match args.format {
        InputFormat::Auto => Format::Auto,
        InputFormat::Csv => Format::Csv,
        InputFormat::Tsv => Format::Tsv,
        InputFormat::JsonLines => Format::JsonLines,
    };
    open(&args.recipients, format)
}

/// The hash of an input that was planned before.
pub fn input_hash(args: &PlanArgs) -> Result<String> {
    let mut source = source(args)?;
    let mut row = Row::default();
    while source.next(&mut row)?.is_some() {
        row.clear();
    }
    Ok(source.hash())
}

/// What was found, on standard error.
pub fn tell(planned: &Planned) {
    for note in &planned.notes {
        say(format_args!("{} {}", styled(DIM, "note:"), plain(note)));
    }
    tell_findings(&planned.findings);
}

pub fn tell_findings(findings: &[Finding]) {
    for finding in findings {
        let (style, word) = match finding.weight {
            Weight::Fatal | Weight::Error => (BAD, "error:"),
            Weight::Warning => (WARN, "warning:"),
        };
        let text = finding.to_string();
        let rule = styled(DIM, format_args!("[{}]", finding.rule));
        say(format_args!(
            "{} {} {rule}",
            styled(style, word),
            plain(&text)
        ));
    }
}

fn conclude(planned: &Planned, kept: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
    let facts = &planned.facts;
    if !planned.ok {
        let what = styled(BAD, "nothing was planned:");
        writeln!(
            out,
            "{what} of {}, {} can be sent",
            rows(facts.rows),
            number(planned.ready)
        )?;
        let only_errors = planned
            .findings
            .iter()
            .all(|finding| finding.weight != Weight::Fatal);
        if only_errors {
            writeln!(out, "  --skip-invalid plans the others")?;
        }
        return Ok(());
    }
    let word = if kept.is_some() {
        "planned:"
    } else {
        "checked:"
    };
    let pages = planned.pages.len();
    let pages = format!("{pages} {}", if pages == 1 { "Page" } else { "Pages" });
    write!(
        out,
        "{} {} of {pages}",
        styled(GOOD, word),
        rows(planned.ready)
    )?;
    if facts.skipped > 0 {
        write!(out, ", {} skipped", number(facts.skipped))?;
    }
    writeln!(out)?;
    if let Some(path) = kept {
        writeln!(out, "  callcta campaign resume --journal {}", quoted(path))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    rows: u64,
    ready: u64,
    skipped: u64,
    pages: &'a std::collections::BTreeMap<String, u64>,
    input_hash: &'a str,
    message_hash: &'a str,
    findings: Vec<Found<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Found<'a> {
    weight: &'static str,
    rule: &'static str,
    place: &'a str,
    rows: u64,
    lines: &'a [u64],
    message: &'a str,
}

fn json(planned: &Planned, out: &mut impl Write) -> io::Result<()> {
    let facts = &planned.facts;
    let told = Told {
        ok: planned.ok,
        rows: facts.rows,
        ready: planned.ready,
        skipped: facts.skipped,
        pages: &planned.pages,
        input_hash: &facts.input_hash,
        message_hash: &facts.message_hash,
        findings: planned
            .findings
            .iter()
            .map(|finding| Found {
                weight: finding.weight.as_str(),
                rule: finding.rule,
                place: &finding.place,
                rows: finding.rows,
                lines: &finding.lines,
                message: &finding.text,
            })
            .collect(),
        notes: &planned.notes,
    };
    line(&told, out)
}
