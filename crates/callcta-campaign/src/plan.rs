//! The plan: everything read, filled in and checked before anything is sent.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::mem;
use std::sync::Arc;

use callcta::{Severity, Violation};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::findings::{Finding, Findings, Weight};
use crate::input::{KEY, PAGE, PSID, Problem, Rounded, Row, Source, WINDOW_UNTIL, known};
use crate::journal::{Facts, Loader, State};
use crate::template::Template;
use crate::time;

/// After how many rows somebody is told how far it is.
const TELL: u64 = 1000;

/// How a plan is made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PlanSettings {
    /// How the input is called.
    pub input: String,
    /// The Page of rows that name none.
    pub page: Option<String>,
    /// Whether rows that can't be sent are skipped. Otherwise there is no plan with one.
    pub skip_invalid: bool,
    /// Whether somebody may get several messages from one Page.
    pub allow_repeated: bool,
    /// Whether ids that look rounded are right nevertheless.
    pub ids_confirmed: bool,
}

/// What was planned, or would be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// What will be kept.
    pub facts: Facts,
    /// How many rows wait to be sent.
    pub ready: u64,
    /// How many of each Page.
    pub pages: BTreeMap<String, u64>,
    /// What is wrong, the heaviest first.
    pub findings: Vec<Finding>,
    /// What else people should know.
    pub notes: Vec<String>,
    /// Whether it can be used.
    pub ok: bool,
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    rows: u64,
    ready: u64,
    skipped: u64,
    pages: &'a BTreeMap<String, u64>,
    input_hash: &'a str,
    message_hash: &'a str,
    findings: &'a [Finding],
    notes: &'a [String],
}

impl Serialize for Planned {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Told {
            ok: self.ok,
            rows: self.facts.rows,
            ready: self.ready,
            skipped: self.facts.skipped,
            pages: &self.pages,
            input_hash: &self.facts.input_hash,
            message_hash: &self.facts.message_hash,
            findings: &self.findings,
            notes: &self.notes,
        }
        .serialize(serializer)
    }
}

/// Reads all rows, fills in and checks the message of each, and hands them to `loader`.
/// Nothing is kept yet: if the plan is [ok](Planned::ok), [`Loader::commit`] makes it count.
///
/// `tell` is called now and then with the number of rows so far; false gives up.
///
/// # Errors
///
/// Of the kinds `Input`, `Template`, `Journal`, and `InvalidArgument` if it was given up.
/// What is wrong with rows is no error, but a finding.
pub fn plan(
    source: &mut dyn Source,
    template: &Template,
    settings: &PlanSettings,
    loader: &mut dyn Loader,
    tell: &mut dyn FnMut(u64) -> bool,
) -> Result<Planned> {
    if source.has_header() {
        template.check_columns(&source.columns())?;
    }
    let mut plan = Plan {
        template,
        settings,
        findings: Findings::default(),
        rounded: Rounded::default(),
        pages: BTreeMap::new(),
        ready: 0,
        skipped: 0,
        now: time::now(),
        windows: None,
        over: 0,
        generated: 0,
        kept: 0,
    };
    let mut row = Row::default();
    let mut rows = 0;
    loop {
        row.clear();
        match source.next(&mut row)? {
            None => break,
            Some(Err(problem)) => plan.findings.add(problem),
            Some(Ok(())) => plan.take(&mut row, loader)?,
        }
        rows += 1;
        if rows % TELL == 0 && !tell(rows) {
            return Err(Error::invalid("given up"));
        }
    }
    if rows == 0 {
        return Err(Error::input("there are no rows below the header"));
    }
    template.check_columns(&source.columns())?;
    tell(rows);
    plan.end(source, loader, rows)
}

/// The facts of a campaign without rows, whose rows will have at least these columns.
///
/// # Errors
///
/// Of the kinds `Input`, if one of them is missing that each row needs, and `Template`.
pub(crate) fn without_rows(
    template: &Template,
    settings: &PlanSettings,
    columns: &[Arc<str>],
) -> Result<Facts> {
    let has = |name: &str| columns.iter().any(|column| column.as_ref() == name);
    let needed: &[&str] = match settings.page {
        Some(_) => &[PSID, KEY],
        None => &[PSID, KEY, PAGE],
    };
    if let Some(missing) = needed.iter().find(|name| !has(name)) {
        let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        return Err(Error::input(format!(
            "there is no column {missing}; the columns are: {}",
            columns.join(", ")
        )));
    }
    template.check_columns(columns)?;
    Ok(Facts {
        id: campaign_id(),
        planned_at: time::now(),
        input: settings.input.clone(),
        // Each part has its own.
        input_hash: String::new(),
        message_hash: template.hash().to_owned(),
        message: template.json().to_owned(),
        columns: columns.iter().map(ToString::to_string).collect(),
        page: settings.page.clone(),
        rows: 0,
        skipped: 0,
    })
}

struct Plan<'a> {
    template: &'a Template,
    settings: &'a PlanSettings,
    findings: Findings,
    rounded: Rounded,
    pages: BTreeMap<String, u64>,
    ready: u64,
    skipped: u64,
    now: i64,
    /// When the first window closes, and the last one.
    windows: Option<(i64, i64)>,
    /// Rows whose window is over already.
    over: u64,
    /// Rows without a key of their own.
    generated: u64,
    /// Rows that keep what became of them elsewhere.
    kept: u64,
}

impl Plan<'_> {
    fn take(&mut self, row: &mut Row, loader: &mut dyn Loader) -> Result<()> {
        self.rounded.see(&row.psid, row.line);
        if row.key.is_empty() && loader.takes_more() {
            let text = "is blank, and this journal tells rows apart by their keys alone";
            let problem = Problem::new(row.line, "blank_cell", KEY, text);
            self.findings.add(problem.fatal());
            return Ok(());
        }
        if row.key.is_empty() {
            self.generated += 1;
            row.key = format!("{}:{}", row.psid, row.line);
        }
        if row.page.is_empty() {
            let Some(page) = &self.settings.page else {
                let text = "is blank, and no Page was given for such rows";
                let problem = Problem::new(row.line, "blank_cell", PAGE, text);
                self.findings.add(problem.fatal());
                return Ok(());
            };
            row.page.clone_from(page);
        }
        let known = if loader.takes_more() {
            known(row)
        } else {
            Ok(None)
        };
        match known {
            Ok(Some(known)) if known.state != State::Queued => {
                self.kept += 1;
                self.skipped += u64::from(known.state == State::Skipped);
                return loader.add_known(row, time::read(&row.window_until), &known);
            }
            Ok(_) => {}
            Err(problem) => {
                self.findings.add(problem);
                return Ok(());
            }
        }
        let (window_until, wrong) = match self.check(row) {
            Ok(window_until) => (window_until, None),
            Err(rule) => (None, Some(rule)),
        };
        let skipped = wrong.is_some();
        if skipped {
            self.skipped += 1;
        } else {
            self.ready += 1;
            match self.pages.get_mut(&row.page) {
                Some(rows) => *rows += 1,
                None => _ = self.pages.insert(row.page.clone(), 1),
            }
        }
        if let Some(until) = window_until {
            let (first, last) = self.windows.get_or_insert((until, until));
            *first = until.min(*first);
            *last = until.max(*last);
            self.over += u64::from(until <= self.now);
        }
        loader.add(row, window_until, wrong.map(|_| "invalid_message"))
    }

    /// Until when the row may be sent, or the rule that it breaks.
    fn check(&mut self, row: &Row) -> Result<Option<i64>, &'static str> {
        let mut wrong = None;
        let mut add = |findings: &mut Findings, problem: Problem| {
            wrong = Some(problem.rule);
            findings.add(problem);
        };
        if !is_id(&row.page) {
            let text = "must be the id of a Page, which is digits";
            let problem = Problem::new(row.line, "invalid_id", PAGE, text);
            add(&mut self.findings, problem.fatal());
        }
        let mut window_until = None;
        if !row.window_until.is_empty() {
            window_until = time::read(&row.window_until);
            if window_until.is_none() {
                let text = "must be a time with an offset or a zone, such as \
                            2026-12-01T18:00:00+01:00";
                let problem = Problem::new(row.line, "invalid_time", WINDOW_UNTIL, text);
                add(&mut self.findings, problem);
            }
        }
        if row.psid.is_empty() {
            let problem = Problem::new(row.line, "blank_cell", PSID, "is blank");
            add(&mut self.findings, problem);
        } else {
            let unsendable = check_message(self.template, row, &mut self.findings);
            wrong = unsendable.or(wrong);
        }
        wrong.map_or(Ok(window_until), Err)
    }

    fn end(
        mut self,
        source: &mut dyn Source,
        loader: &mut dyn Loader,
        rows: u64,
    ) -> Result<Planned> {
        if !self.settings.ids_confirmed
            && let Some((rows, lines)) = self.rounded.suspicion()
        {
            let text = "have 16 or more digits, of which all after the 15th are zeros, as after \
                        a spreadsheet such as Excel; confirm them if they are right";
            let problem = Problem::new(0, "excel_rounded", PSID, text).fatal();
            self.findings.add_all(&problem, rows, lines);
        }
        let [keys, people] = loader.duplicates()?;
        let text = "is that of an earlier row";
        let repeated = Problem::new(0, "duplicate_key", KEY, text).fatal();
        self.findings.add_all(&repeated, keys.0, &keys.1);
        if !self.settings.allow_repeated {
            let text = "gets the message from an earlier row already; allow it if that is meant";
            let repeated = Problem::new(0, "duplicate_psid", PSID, text).fatal();
            self.findings.add_all(&repeated, people.0, &people.1);
        }
        let mut notes = source.notes();
        if self.generated > 0 {
            notes.push(format!(
                "{} rows have no key of their own and are told apart by PSID and line",
                self.generated
            ));
        }
        if self.kept > 0 {
            notes.push(format!(
                "{} rows were settled elsewhere, and stay as they are",
                self.kept
            ));
        }
        if let Some((first, last)) = self.windows {
            let (first, last) = (time::Moment(first), time::Moment(last));
            notes.push(format!("windows close between {first} and {last}"));
        }
        if self.over > 0 {
            notes.push(format!("the window of {} rows is over already", self.over));
        }
        if self.template.has_metadata() {
            notes.push(
                "the message has metadata of its own, so echoes can't settle what is unknown"
                    .to_owned(),
            );
        }
        let findings = mem::take(&mut self.findings).list();
        let has = |weight| findings.iter().any(|finding| finding.weight == weight);
        let ok = !has(Weight::Fatal) && (!has(Weight::Error) || self.settings.skip_invalid);
        let columns = source.columns();
        Ok(Planned {
            facts: Facts {
                id: campaign_id(),
                planned_at: self.now,
                input: self.settings.input.clone(),
                input_hash: source.hash(),
                message_hash: self.template.hash().to_owned(),
                message: self.template.json().to_owned(),
                columns: columns.iter().map(ToString::to_string).collect(),
                page: self.settings.page.clone(),
                rows,
                skipped: self.skipped,
            },
            ready: self.ready,
            pages: self.pages,
            findings,
            notes,
            ok,
        })
    }
}

/// Fills in and checks the message of a row; the rule that it breaks, if it can't be sent.
pub(crate) fn check_message(
    template: &Template,
    row: &Row,
    findings: &mut Findings,
) -> Option<&'static str> {
    let request = match template.render(row) {
        Ok(request) => request,
        Err(problem) => {
            let rule = problem.rule;
            findings.add(problem);
            return Some(rule);
        }
    };
    let mut wrong = None;
    for violation in request.validate() {
        let severity = violation.severity;
        let problem = of_violation(row.line, violation);
        match severity {
            Severity::Error => {
                wrong = Some(problem.rule);
                findings.add(problem);
            }
            Severity::Warning => findings.warn(problem),
        }
    }
    wrong
}

fn of_violation(line: u64, violation: Violation) -> Problem {
    let rule = violation.rule.as_str();
    Problem::new(line, rule, &violation.path, violation.message)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells campaigns apart that were planned from the same files.
fn campaign_id() -> String {
    // Random keys of the operating system; the standard library gives out no other numbers.
    format!("{:016x}", RandomState::new().hash_one(time::now()))
}
