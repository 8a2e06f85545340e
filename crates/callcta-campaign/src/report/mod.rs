//! A campaign on one page of HTML, which needs nothing but itself.

mod figures;
mod plots;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use plotters::style::RGBColor;
use serde::Serialize;

use self::figures::{Figures, Waits};
use self::plots::{Bar, COLOURS, Drawn, OTHER};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Filter, Journal, State};
use crate::standing::{Standing, meaning, number};
use crate::time::{self, Moment};

/// Most Pages that have a bar of their own.
const PAGES_MAX: usize = 15;

/// How many names there is room for below a plot.
const NAMES: usize = 8;

/// A campaign on one page of HTML: how it stands, with plots of what became of the rows over
/// time, by outcome and by Page, and of how long they waited. It names no people and has no
/// texts of messages. `name` is what the campaign is called there, `held` as in
/// [`Standing::of`].
///
/// # Errors
///
/// Of the kinds `Journal` and `Output`.
pub fn report(journal: &mut dyn Journal, name: &str, held: bool) -> Result<String> {
    let standing = Standing::of(journal, held)?;
    let mut figures = Figures::default();
    let planned_at = standing.facts.planned_at;
    journal.list(&Filter::default(), &mut |row| {
        figures.add(planned_at, &row);
        Ok(true)
    })?;
    let page = Page {
        name,
        word: standing.word().replacen('_', ", ", 1).replace('_', " "),
        standing: standing.word(),
        rows: number(standing.facts.rows),
        sent: number(standing.rows_in(State::Sent)),
        facts: facts(&standing, &figures),
        sections: sections(&standing, &figures)?,
        decisions: journal
            .decisions()?
            .into_iter()
            .map(|it| vec![Moment(it.at).to_string(), it.who, it.what, number(it.rows)])
            .collect(),
        style: style(),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .template_from_str(include_str!("report.html"))
        .and_then(|template| template.render(Serde(&page)))
        .map_err(|error| Error::new(ErrorKind::Output, format!("can't write it: {error:#}")))
}

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    word: String,
    standing: &'static str,
    rows: String,
    sent: String,
    facts: Vec<(&'static str, String)>,
    sections: Vec<Section>,
    decisions: Vec<Vec<String>>,
    style: String,
}

/// A plot, with the same in words and in a table.
#[derive(Serialize)]
struct Section {
    id: &'static str,
    title: &'static str,
    words: String,
    /// `None` if there is nothing to be drawn.
    plot: Option<Drawn>,
    /// What its colours stand for, where that isn't written beside them.
    legend: Vec<(&'static str, String)>,
    columns: Vec<&'static str>,
    table: Vec<Vec<String>>,
    /// Whether the table is the point, rather than the plot.
    open: bool,
}

fn facts(standing: &Standing, figures: &Figures) -> Vec<(&'static str, String)> {
    let facts = &standing.facts;
    let mut told = vec![("Planned", Moment(facts.planned_at).to_string())];
    if let Some((first, last)) = figures.settled {
        told.push(("First outcome", Moment(first).to_string()));
        told.push(("Last outcome", Moment(last).to_string()));
    }
    told.push(("This page was made", Moment(time::now()).to_string()));
    told.push(("Campaign", facts.id.clone()));
    told.push(("Input", facts.input_hash.clone()));
    told.push(("Planned message", facts.message_hash.clone()));
    told
}

fn sections(standing: &Standing, figures: &Figures) -> Result<Vec<Section>> {
    Ok(vec![
        by_outcome(standing)?,
        over_time(figures)?,
        by_page(standing)?,
        waits(
            ("in-flight", "How long a send took"),
            "From the claim of a row, which is written to disk before its first byte leaves, to \
             its outcome.",
            &figures.in_flight,
        )?,
        waits(
            ("queued", "How long rows waited for their turn"),
            "From the plan to the claim of a row, the last one if there were several: with a \
             pace, the last rows wait as long as the campaign takes.",
            &figures.queued,
        )?,
    ])
}

fn by_outcome(standing: &Standing) -> Result<Section> {
    let kinds = standing.kinds();
    let named = |state: State, kind: &str| match kind {
        "" => words(state.as_str()),
        kind => format!("{}: {kind}", words(state.as_str())),
    };
    let bars: Vec<Bar> = kinds
        .iter()
        .map(|((state, kind), rows)| Bar {
            name: named(*state, kind),
            parts: vec![(*rows, COLOURS[*state as usize])],
        })
        .collect();
    let table = kinds.iter().map(|((state, kind), rows)| {
        let meaning = meaning(*state, kind).unwrap_or_default().to_owned();
        vec![
            named(*state, kind),
            number(*rows),
            share(*rows, standing.facts.rows),
            meaning,
        ]
    });
    Ok(Section {
        id: "outcomes",
        title: "What became of the rows",
        words: "They add up to all rows.".to_owned(),
        plot: some(&bars, || plots::lying(&bars))?,
        legend: Vec::new(),
        columns: vec!["Outcome", "Rows", "Share", "What it means"],
        table: table.collect(),
        open: true,
    })
}

fn over_time(figures: &Figures) -> Result<Section> {
    let seconds = figures.over_time.seconds();
    let bars = figures.over_time.bars();
    let name = |at: i64| {
        let stamp = time::stamp(at * 1000);
        let (day, clock) = stamp.split_once('T').unwrap_or((&stamp, ""));
        let end = if seconds < 60 { 8 } else { 5 };
        if seconds < 43_200 {
            clock.get(..end).unwrap_or_default().to_owned()
        } else {
            day.to_owned()
        }
    };
    let drawn: Vec<Bar> = bars
        .iter()
        .map(|(at, rows)| Bar::of_states(name(*at), rows))
        .collect();
    let table = bars
        .iter()
        .filter(|(_, rows)| rows.iter().any(|it| *it > 0));
    let table = table.map(|(at, rows)| {
        let of = |state: State| number(rows[state as usize]);
        vec![
            Moment(at * 1000).to_string(),
            of(State::Sent),
            of(State::Rejected),
            of(State::Unknown),
            of(State::Skipped),
            of(State::AssumedSent),
        ]
    });
    let each = span(seconds * 1000);
    Ok(Section {
        id: "time",
        title: "Outcomes over time",
        words: if bars.is_empty() {
            "No row has an outcome yet.".to_owned()
        } else {
            format!("A bar is {each}, by when the outcome was known; times are UTC.")
        },
        plot: some(&drawn, || plots::standing(&drawn, NAMES))?,
        legend: legend(bars.iter().map(|(_, rows)| rows)),
        columns: vec![
            "From",
            "Sent",
            "Rejected",
            "Unknown",
            "Skipped",
            "Assumed sent",
        ],
        table: table.collect(),
        open: false,
    })
}

fn by_page(standing: &Standing) -> Result<Section> {
    let mut pages: BTreeMap<&str, [u64; 7]> = BTreeMap::new();
    for count in &standing.counts {
        pages.entry(&count.page_id).or_default()[count.state as usize] += count.rows;
    }
    let mut pages: Vec<(&str, [u64; 7])> = pages.into_iter().collect();
    pages.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.iter().sum::<u64>()));
    let others = pages.split_off(pages.len().min(PAGES_MAX));
    let bars: Vec<Bar> = pages
        .iter()
        .map(|(page_id, rows)| Bar::of_states((*page_id).to_owned(), rows))
        .collect();
    let mut named: Vec<(String, [u64; 7])> = pages
        .into_iter()
        .map(|(page_id, rows)| (page_id.to_owned(), rows))
        .collect();
    let words = match (named.len(), others.len()) {
        (0, _) => "There are no rows.".to_owned(),
        (1, 0) => "All rows are of one Page.".to_owned(),
        (count, 0) => format!("{count} Pages, those with most rows first."),
        (count, more) => format!(
            "The {count} Pages with most rows; the table has the sum of the {more} others, too."
        ),
    };
    if !others.is_empty() {
        let mut sum = [0; 7];
        for (_, rows) in &others {
            for (sum, rows) in sum.iter_mut().zip(rows) {
                *sum += rows;
            }
        }
        named.push((format!("{} others", others.len()), sum));
    }
    let table = named.iter().map(|(name, rows)| {
        let cells = State::ALL.iter().map(|state| number(rows[*state as usize]));
        std::iter::once(name.clone()).chain(cells).collect()
    });
    Ok(Section {
        id: "pages",
        title: "By Page",
        words,
        plot: some(&bars, || plots::lying(&bars))?,
        legend: legend(named.iter().map(|(_, rows)| rows)),
        columns: vec![
            "Page",
            "Queued",
            "In flight",
            "Sent",
            "Rejected",
            "Unknown",
            "Skipped",
            "Assumed sent",
        ],
        table: table.collect(),
        open: false,
    })
}

fn waits((id, title): (&'static str, &'static str), what: &str, waits: &Waits) -> Result<Section> {
    let steps = waits.steps();
    let bars: Vec<Bar> = steps
        .iter()
        .map(|(millis, rows)| Bar {
            name: span(*millis),
            parts: vec![(*rows, OTHER)],
        })
        .collect();
    let mut words = what.to_owned();
    if let (Some(half), Some(most), Some(all)) =
        (waits.within(50), waits.within(95), waits.within(100))
    {
        let (half, most, all) = (span(half), span(most), span(all));
        let _ = write!(
            words,
            " Half took {half} at most, 95 of 100 {most} at most, all {all} at most."
        );
    } else {
        words += " There are none yet.";
    }
    let table = steps
        .iter()
        .map(|(millis, rows)| vec![span(*millis), number(*rows)]);
    Ok(Section {
        id,
        title,
        words,
        plot: some(&bars, || plots::standing(&bars, NAMES + 4))?,
        legend: Vec::new(),
        columns: vec!["At most", "Rows"],
        table: table.collect(),
        open: false,
    })
}

fn some(bars: &[Bar], draw: impl FnOnce() -> Result<Drawn>) -> Result<Option<Drawn>> {
    if bars.is_empty() {
        return Ok(None);
    }
    draw().map(Some)
}

/// The states that have rows in a plot, and how they are called.
fn legend<'a>(rows: impl Iterator<Item = &'a [u64; 7]>) -> Vec<(&'static str, String)> {
    let mut there = [false; 7];
    for rows in rows {
        for (there, rows) in there.iter_mut().zip(rows) {
            *there |= *rows > 0;
        }
    }
    let states = State::ALL.iter().filter(|state| there[**state as usize]);
    states
        .map(|state| (state.as_str(), words(state.as_str())))
        .collect()
}

/// Gives the colours of the plots names, so that themes can change them.
fn style() -> String {
    let hex = |RGBColor(red, green, blue): RGBColor| format!("#{red:02X}{green:02X}{blue:02X}");
    let states = State::ALL.iter();
    let states = states.map(|state| (state.as_str(), COLOURS[*state as usize]));
    let mut style = String::new();
    for (name, colour) in states.chain([("other", OTHER)]) {
        let (name, colour) = (name.replace('_', "-"), hex(colour));
        let _ = write!(style, "[fill=\"{colour}\"]{{fill:var(--{name},{colour})}}");
        let _ = write!(style, ".of-{name}{{background:var(--{name},{colour})}}");
    }
    style
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn share(rows: u64, all: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let percent = rows as f64 * 100.0 / all.max(1) as f64;
    format!("{percent:.1} %")
}

/// A time in the largest unit of which it is a whole number, or nearly.
fn span(millis: i64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1000, "s"),
    ];
    for (unit, name) in units {
        if millis >= unit && (millis % unit == 0 || millis >= 10 * unit) {
            return format!("{} {name}", (millis + unit / 2) / unit);
        }
        if millis >= unit {
            let tenths = (millis * 10 + unit / 2) / unit;
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{millis} ms")
}
