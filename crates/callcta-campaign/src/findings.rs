//! What is wrong with rows: counted exactly, with the first lines of each kind.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use crate::input::Problem;

/// Most lines that are told of one kind.
const LINES_MAX: usize = 5;

/// Most kinds that are told apart.
const KINDS_MAX: usize = 200;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing can be planned as long as it is so.
    Fatal,
    /// Its rows can't be sent; they can be skipped.
    Error,
    /// Likely not meant; its rows are sent.
    Warning,
}

impl Weight {
    /// `fatal`, `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Weight::Fatal => "fatal",
            Weight::Error => "error",
            Weight::Warning => "warning",
        }
    }
}

/// One kind of thing that is wrong with some rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// Which rule, such as `blank_cell`.
    pub rule: &'static str,
    /// The column, or the place in the message; empty for the row as a whole.
    pub place: String,
    /// What is wrong, as the first of the rows says.
    #[serde(rename = "message")]
    pub text: String,
    /// How many rows.
    pub rows: u64,
    /// Where the first of them begin, five at most.
    pub lines: Vec<u64>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines.iter().map(u64::to_string).collect();
        let lines = lines.join(", ");
        let more = if self.rows > self.lines.len() as u64 {
            "…"
        } else {
            ""
        };
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, "{} {rows}", self.rows)?;
        match self.lines.len() {
            0 => {}
            1 => write!(f, " (line {lines}{more})")?,
            _ => write!(f, " (lines {lines}{more})")?,
        }
        f.write_str(": ")?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.text)
    }
}

/// Collects findings in little room, however many rows they are about.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    known: HashMap<(&'static str, String, Weight), usize>,
    /// Rows of kinds for which there was no room.
    untold: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, problem: Problem) {
        let weight = if problem.fatal {
            Weight::Fatal
        } else {
            Weight::Error
        };
        self.count(weight, problem, 1);
    }

    pub(crate) fn warn(&mut self, problem: Problem) {
        self.count(Weight::Warning, problem, 1);
    }

    /// Adds so many rows at once, of which the first lines are known.
    pub(crate) fn add_all(&mut self, problem: &Problem, rows: u64, lines: &[u64]) {
        let weight = if problem.fatal {
            Weight::Fatal
        } else {
            Weight::Error
        };
        for line in lines {
            let line = *line;
            self.count(
                weight,
                Problem {
                    line,
                    ..problem.clone()
                },
                1,
            );
        }
        self.count(
            weight,
            Problem {
                line: 0,
                ..problem.clone()
            },
            rows - lines.len() as u64,
        );
    }

    fn count(&mut self, weight: Weight, problem: Problem, rows: u64) {
        if rows == 0 {
            return;
        }
        let kind = (problem.rule, problem.place, weight);
        let index = match self.known.get(&kind) {
            Some(index) => *index,
            None if self.list.len() >= KINDS_MAX => {
                self.untold += rows;
                return;
            }
            None => {
                self.list.push(Finding {
                    rule: kind.0,
                    place: kind.1.clone(),
                    text: problem.text,
                    weight,
                    rows: 0,
                    lines: Vec::new(),
                });
                self.known.insert(kind, self.list.len() - 1);
                self.list.len() - 1
            }
        };
        let finding = &mut self.list[index];
        finding.rows += rows;
        if problem.line > 0 && finding.lines.len() < LINES_MAX {
            finding.lines.push(problem.line);
        }
    }

    /// What was found, the heaviest first.
    pub(crate) fn list(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.weight);
        if self.untold > 0 {
            self.list.push(Finding {
                rule: "more",
                place: String::new(),
                text: format!("something of more than {KINDS_MAX} kinds is wrong"),
                weight: Weight::Error,
                rows: self.untold,
                lines: Vec::new(),
            });
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_and_lines_few() {
        let mut findings = Findings::default();
        for line in 2..1002 {
            findings.warn(Problem::new(
                line,
                "unknown_name",
                "message.x",
                "is unknown",
            ));
            findings.add(Problem::new(line, "blank_cell", "name", "is blank"));
        }
        let repeated = Problem::new(0, "duplicate_key", "key", "is there already").fatal();
        findings.add_all(&repeated, 7, &[3, 5]);
        let list = findings.list();
        let told: Vec<String> = list.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "7 rows (lines 3, 5…): key: is there already",
                "1000 rows (lines 2, 3, 4, 5, 6…): name: is blank",
                "1000 rows (lines 2, 3, 4, 5, 6…): message.x: is unknown",
            ]
        );
    }

    #[test]
    fn however_many_kinds_there_are_few_are_told() {
        let mut findings = Findings::default();
        for line in 0..1000 {
            findings.add(Problem::new(line, "x", &line.to_string(), "y"));
        }
        let list = findings.list();
        assert_eq!(list.len(), KINDS_MAX + 1);
        assert_eq!(list[KINDS_MAX].rows, 800);
    }
}
