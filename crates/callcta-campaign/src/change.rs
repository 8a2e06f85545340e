//! Another message for the rows of a campaign that were not sent yet.

use std::sync::Arc;

use crate::error::Result;
use crate::findings::{Finding, Findings};
use crate::journal::{Filter, Journal, State};
use crate::plan;
use crate::template::Template;

/// Fills in and checks a changed message for each row that may still get it, and returns what
/// is wrong, the heaviest first. Nothing is changed;
/// [`change_message`](Journal::change_message) does that.
///
/// # Errors
///
/// Of the kinds `Template`, if the campaign has no column for a placeholder, and `Journal`.
pub fn check_message(journal: &mut dyn Journal, template: &Template) -> Result<Vec<Finding>> {
    let columns = journal.facts().columns.iter();
    let columns: Vec<Arc<str>> = columns.map(|name| Arc::from(name.as_str())).collect();
    template.check_columns(&columns)?;
    let mut findings = Findings::default();
    let mut filter = Filter::state(State::Queued);
    // What comes back unsent gets it, too.
    filter.states.push(State::InFlight);
    journal.list(&filter, &mut |recipient| {
        plan::check_message(template, &recipient.row, &mut findings);
        Ok(true)
    })?;
    Ok(findings.list())
}
