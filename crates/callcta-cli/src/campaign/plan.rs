//! `callcta campaign plan`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use callcta_campaign::{
    Campaign, Error, Finding, Format, Location, PlanSettings, Planned, Result, Source, Template,
    Weight, open,
};
use indicatif::ProgressBar;

use super::{going_on, number, rows};
use crate::args::campaign::{InputFormat, LookArgs, PlanArgs, PlanCommand};
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, WARN, after_writing, plain, say, styled};
use crate::report::line;

pub fn run(args: &PlanCommand) -> Result<Exit> {
    // A plan that is only checked is kept nowhere.
    let campaign = match &args.journal {
        Some(journal) => super::campaign(&LookArgs {
            journal: journal.clone(),
            campaign: args.campaign.clone(),
        })?,
        None => Campaign::new(Location::file("")),
    };
    let planned = make(&args.plan, args.page_id.as_deref(), &campaign, args.check)?;
    let kept = (planned.ok && !args.check).then_some(&campaign);
    let exit = if planned.ok { Exit::Done } else { Exit::Failed };
    if args.json {
        return Ok(after_writing(line(&planned, &mut io::stdout()), exit));
    }
    tell(&planned);
    let written = conclude(&planned, kept, &mut anstream::stdout());
    Ok(after_writing(written, exit))
}

/// Plans into a campaign's journal, or only checks.
pub fn make(
    args: &PlanArgs,
    page_id: Option<&str>,
    campaign: &Campaign,
    check_only: bool,
) -> Result<Planned> {
    let template = template(args)?;
    let mut source = source(args)?;
    let mut settings = PlanSettings::default();
    settings.input = recipients(args)?.to_string_lossy().into_owned();
    settings.page = page_id.filter(|page| !page.is_empty()).map(str::to_owned);
    settings.skip_invalid = args.skip_invalid;
    settings.allow_repeated = args.allow_repeated;
    settings.ids_confirmed = args.ids_confirmed;
    // Only drawn on a terminal.
    let reading = ProgressBar::new_spinner();
    let mut tell = |count| {
        reading.set_message(format!("{} read and checked so far", rows(count)));
        true
    };
    let planned = campaign.plan(&mut *source, &template, &settings, check_only, &mut tell);
    reading.finish_and_clear();
    planned
}

/// The message of a plan.
pub fn template(args: &PlanArgs) -> Result<Template> {
    let path = args.message.as_deref();
    template_of(path.ok_or_else(|| Error::invalid("the message is missing (--message)"))?)
}

fn recipients(args: &PlanArgs) -> Result<&Path> {
    let path = args.recipients.as_deref();
    path.ok_or_else(|| Error::invalid("the recipients are missing"))
}

pub fn template_of(path: &Path) -> Result<Template> {
    let unreadable =
        |error: io::Error| Error::invalid(format!("can't read {}: {error}", path.display()));
    Template::new(fs::read(path).map_err(unreadable)?)
}

pub fn source(args: &PlanArgs) -> Result<Box<dyn Source>> {
    let format = match args.format {
        InputFormat::Auto => Format::Auto,
        InputFormat::Csv => Format::Csv,
        InputFormat::Tsv => Format::Tsv,
        InputFormat::JsonLines => Format::JsonLines,
    };
    open(recipients(args)?, format)
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

fn conclude(planned: &Planned, kept: Option<&Campaign>, out: &mut impl Write) -> io::Result<()> {
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
    if let Some(campaign) = kept {
        writeln!(out, "  {}", going_on(campaign))?;
    }
    Ok(())
}
