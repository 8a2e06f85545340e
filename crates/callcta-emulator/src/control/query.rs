//! The query of a control request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reply::Problem;
use crate::graph::pairs;
use crate::platform::near;

const WAIT: Duration = Duration::from_secs(5);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Parameters by name; names that the route does not know are refused.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn read(raw: Option<String>, known: &[&str]) -> Result<Self, Problem> {
        let map: BTreeMap<_, _> = pairs(raw.unwrap_or_default().as_bytes()).collect();
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let hint = near(name, known.iter().copied());
                let hint = hint.map_or(String::new(), |near| format!("; did you mean {near}?"));
                Err(Problem::bad(format!(
                    "the query has no parameter {name:?}; it has {}{hint}",
                    known.join(", ")
                )))
            }
            None => Ok(Self(map)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::bad(format!("{name} must be a whole number")))
            })
            .transpose()
    }

    /// How long to wait, in real time: `timeout_ms`.
    pub(super) fn timeout(&self) -> Result<Duration, Problem> {
        let wanted = self.number("timeout_ms")?.map(Duration::from_millis);
        Ok(wanted.unwrap_or(WAIT).min(WAIT_MAX))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::bad(format!("{name} must be true or false")))
            })
            .transpose()
    }
}
