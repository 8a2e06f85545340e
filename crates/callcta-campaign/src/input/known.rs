//! What an export says about a row, read again.

use super::{OWN_PREFIX, Problem, Row};
use crate::journal::{Known, State};
use crate::time;

/// What became of a row elsewhere; `None` if nothing is said.
pub(crate) fn known(row: &Row) -> Result<Option<Known>, Problem> {
    if row.told.is_empty() {
        return Ok(None);
    }
    let mut known = Known::new();
    for (column, value) in &row.told {
        let wrong = |text: &str| Problem::new(row.line, "invalid_export", column, text).fatal();
        let number = || value.parse().map_err(|_| wrong("must be a number"));
        let moment = || time::read(value).ok_or_else(|| wrong("must be a time"));
        match &column[OWN_PREFIX.len()..] {
            "state" => {
                let state = State::from_name(value);
                known.state = state.ok_or_else(|| wrong("must be a state of a row"))?;
            }
            "kind" => known.reason.kind.clone_from(value),
            "code" => known.reason.code = Some(number()?),
            "subcode" => known.reason.subcode = Some(number()?),
            "http_status" => {
                let status = u16::try_from(number()?);
                known.reason.http_status = Some(status.map_err(|_| wrong("must be a status"))?);
            }
            "trace_id" => known.reason.trace_id = Some(value.clone()),
            "sent_as" => known.sent_as = Some(value.clone()),
            "message_id" => known.message_id = Some(value.clone()),
            "attempts" => known.attempts = number()?,
            "claimed_at" => known.claimed_at = Some(moment()?),
            "settled_at" => known.settled_at = Some(moment()?),
            // Of another callcta, which knows more.
            _ => {}
        }
    }
    Ok(Some(known))
}
