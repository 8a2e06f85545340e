//! The rules of Meta's pages, checked before anything is sent.

mod button;
mod calling;
mod checker;
mod content;
mod names;
mod part;
mod request;
mod template;

use serde_json::Value;

pub(crate) use self::calling::Call;
use self::checker::{Checker, MESSAGE};
pub(crate) use self::request::request;
use crate::path::Path;
use crate::violation::{AN_OBJECT, Found, Violation};

/// What a check found, and what it didn't look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What is wrong; a list that can be cut short, see [`Rule::More`](crate::Rule::More).
    pub violations: Vec<Violation>,
    /// How many errors there are, listed or not.
    pub errors: usize,
    /// How many warnings there are, listed or not.
    pub warnings: usize,
    /// Paths of what callcta has no rules for, such as the payload of a template that
    /// it doesn't know: nothing in there but names and call buttons was checked.
    pub unchecked: Vec<String>,
}

impl From<Found> for Report {
    fn from(found: Found) -> Self {
        let (errors, warnings) = found.counts();
        Report {
            errors,
            warnings,
            violations: found.list(),
            unchecked: Vec::new(),
        }
    }
}

impl From<Checker> for Report {
    fn from(checker: Checker) -> Self {
        Report {
            unchecked: checker.unchecked,
            ..checker.found.into()
        }
    }
}

/// What is wrong with JSON that is no object, in place of call settings.
pub(crate) fn not_an_object(value: &Value) -> Found {
    let mut checker = Checker::default();
    checker.wrong_type(&Path::Root, AN_OBJECT, value);
    checker.found
}

/// What is wrong with JSON that is no object, in place of a message.
pub(crate) fn no_message(value: &Value) -> Found {
    let mut checker = Checker::default();
    checker.wrong_type(&MESSAGE, AN_OBJECT, value);
    checker.found
}
