//! Messages: list, search, wait, delete.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::list::{has_text, limit, newest};
use super::query::Query;
use super::reply::{Answered, App, Problem, ok, respond};
use super::views;
use crate::platform::{Platform, StoredMessage};

const FILTERS: &[&str] = &["page_id", "psid", "q", "after", "limit"];

/// Which messages are wanted.
struct Filter {
    page_id: Option<String>,
    psid: Option<String>,
    text: Option<String>,
    after: u64,
    limit: usize,
}

impl Filter {
    fn of(query: &Query) -> Result<Self, Problem> {
        let owned = |name: &str| query.text(name).map(str::to_owned);
        Ok(Self {
            page_id: owned("page_id"),
            psid: owned("psid"),
            text: query.text("q").map(str::to_lowercase),
            after: query.number("after")?.unwrap_or(0),
            limit: limit(query)?,
        })
    }

    fn takes(&self, message: &StoredMessage) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        message.id > self.after
            && same(&self.page_id, &message.page_id)
            && same(&self.psid, &message.recipient)
            && self.text.as_deref().is_none_or(|text| {
                message.message_id.to_lowercase().contains(text) || has_text(&message.body, text)
            })
    }

    fn list(&self, platform: &Platform) -> Vec<Value> {
        let now = platform.now();
        newest(
            platform.messages().iter().filter(|m| self.takes(m)),
            self.limit,
            |message| views::message(message, now, false),
        )
    }
}

pub(super) async fn list(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let filter = Filter::of(&Query::read(raw, FILTERS)?)?;
    let core = shared.look();
    Ok(ok(&json!({
        "messages": filter.list(&core.platform),
        "stored": core.platform.messages().stored(),
        "dropped": core.platform.messages().held().dropped,
    })))
}

pub(super) async fn wait(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let known: Vec<_> = FILTERS
        .iter()
        .copied()
        .chain(["count", "timeout_ms"])
        .collect();
    let query = Query::read(raw, &known)?;
    let filter = Filter::of(&query)?;
    let count = query.number("count")?.unwrap_or(1);
    let timeout = query.timeout()?;
    let enough = shared.until(|core| {
        let list = filter.list(&core.platform);
        (list.len() as u64 >= count).then_some(list)
    });
    if let Ok(messages) = tokio::time::timeout(timeout, enough).await {
        return Ok(ok(&json!({"messages": messages})));
    }
    let messages = filter.list(&shared.look().platform);
    Ok(respond(
        StatusCode::REQUEST_TIMEOUT,
        &json!({
            "error": format!(
                "{} of {count} messages within {} ms", messages.len(), timeout.as_millis()
            ),
            "messages": messages,
        }),
    ))
}

pub(super) async fn latest(State(shared): App) -> Answered {
    let core = shared.look();
    let now = core.platform.now();
    let latest = core.platform.messages().iter().next_back();
    latest
        .map(|message| ok(&views::message(message, now, true)))
        .ok_or_else(|| Problem::unknown("message"))
}

/// A message by its number or its message id.
fn find<'a>(platform: &'a Platform, id: &str) -> Result<&'a StoredMessage, Problem> {
    platform
        .messages()
        .iter()
        .find(|m| m.message_id == id || m.id.to_string() == id)
        .ok_or_else(|| Problem::unknown("message"))
}

pub(super) async fn one(State(shared): App, Path(id): Path<String>) -> Answered {
    let core = shared.look();
    let message = find(&core.platform, &id)?;
    Ok(ok(&views::message(message, core.platform.now(), true)))
}

pub(super) async fn delete(State(shared): App, Path(id): Path<String>) -> Answered {
    let mut core = shared.change();
    let number = find(&core.platform, &id)?.id;
    core.platform.delete_messages(Some(number));
    Ok(ok(&json!({})))
}

pub(super) async fn clear(State(shared): App) -> Response {
    shared.change().platform.delete_messages(None);
    ok(&json!({}))
}
