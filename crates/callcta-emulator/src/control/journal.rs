//! Messages and requests: list, search, wait, delete.

use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Answered, App, Problem, Query, number, ok, respond, views};
use crate::journal::{Entry, StoredMessage};
use crate::world::World;

const FILTERS: &[&str] = &["page_id", "psid", "q", "after", "limit"];
const WAIT_MAX: Duration = Duration::from_secs(60);

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

    fn list(&self, world: &World) -> Vec<Value> {
        let now = world.clock.now();
        newest(
            world.messages.iter().filter(|m| self.takes(m)),
            self.limit,
            |message| views::message(message, now),
        )
    }
}

fn limit(query: &Query) -> Result<usize, Problem> {
    Ok(query
        .number("limit")?
        .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)))
}

/// The newest `limit` of what is given, oldest first.
fn newest<T>(
    items: impl DoubleEndedIterator<Item = T>,
    limit: usize,
    view: impl Fn(T) -> Value,
) -> Vec<Value> {
    let mut list: Vec<_> = items.rev().take(limit).map(view).collect();
    list.reverse();
    list
}

/// Whether some string in a value contains a text, which is in lower case.
fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, text)),
        Value::Object(map) => map.values().any(|item| has_text(item, text)),
        _ => false,
    }
}

pub(super) async fn messages(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let filter = Filter::of(&Query::read(raw, FILTERS)?)?;
    let world = shared.lock();
    Ok(ok(&json!({
        "messages": filter.list(&world),
        "stored": world.stored(),
    })))
}

pub(super) async fn wait_for_messages(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let known: Vec<_> = FILTERS
        .iter()
        .copied()
        .chain(["count", "timeout_ms"])
        .collect();
    let query = Query::read(raw, &known)?;
    let filter = Filter::of(&query)?;
    let count = query.number("count")?.unwrap_or(1);
    let timeout = Duration::from_millis(query.number("timeout_ms")?.unwrap_or(5_000)).min(WAIT_MAX);
    let mut changes = shared.subscribe();
    let enough = async {
        loop {
            changes.borrow_and_update();
            let list = filter.list(&shared.lock());
            if list.len() as u64 >= count {
                return list;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    if let Ok(messages) = tokio::time::timeout(timeout, enough).await {
        return Ok(ok(&json!({"messages": messages})));
    }
    let messages = filter.list(&shared.lock());
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

pub(super) async fn latest_message(State(shared): App) -> Answered {
    let world = shared.lock();
    let now = world.clock.now();
    let latest = world.messages.iter().next_back();
    latest
        .map(|message| ok(&views::message(message, now)))
        .ok_or_else(|| Problem::unknown("message"))
}

/// A message by its number or its message id.
fn find<'a>(world: &'a World, id: &str) -> Option<&'a StoredMessage> {
    world
        .messages
        .iter()
        .find(|m| m.message_id == id || m.id.to_string() == id)
}

pub(super) async fn message(State(shared): App, Path(id): Path<String>) -> Answered {
    let world = shared.lock();
    let now = world.clock.now();
    find(&world, &id)
        .map(|message| ok(&views::message(message, now)))
        .ok_or_else(|| Problem::unknown("message"))
}

pub(super) async fn delete_message(State(shared): App, Path(id): Path<String>) -> Answered {
    let mut world = shared.lock();
    let number = find(&world, &id)
        .map(|m| m.id)
        .ok_or_else(|| Problem::unknown("message"))?;
    world.messages.retain(|m| m.id != number);
    world
        .events
        .emit("messages_deleted", || json!({"ids": [number]}));
    Ok(ok(&json!({})))
}

pub(super) async fn delete_messages(State(shared): App) -> Response {
    let mut world = shared.lock();
    world.messages.clear();
    world
        .events
        .emit("messages_deleted", || json!({"ids": null}));
    ok(&json!({}))
}

pub(super) async fn requests(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(raw, &["q", "path", "after", "limit", "refused", "modelled"])?;
    let after = query.number("after")?.unwrap_or(0);
    let limit = limit(&query)?;
    let refused = query.flag("refused")?;
    let modelled = query.flag("modelled")?;
    let path = query.text("path");
    let text = query.text("q").map(str::to_lowercase);
    let world = shared.lock();
    let takes = |entry: &&Entry| {
        entry.id > after
            && refused.is_none_or(|wanted| wanted == entry.refusal.is_some())
            && modelled.is_none_or(|wanted| wanted == entry.modelled)
            && path.is_none_or(|end| entry.call.uri.path().ends_with(end))
    };
    let list = newest(world.requests.iter().filter(takes), usize::MAX, |entry| {
        views::request(entry, world.base())
    });
    // The search looks at what is shown, so that it can't find a hidden token.
    let mut list: Vec<_> = list
        .into_iter()
        .filter(|view| text.as_deref().is_none_or(|text| has_text(view, text)))
        .collect();
    if list.len() > limit {
        list.drain(..list.len() - limit);
    }
    Ok(ok(&json!({"requests": list, "posts": world.posts})))
}

pub(super) async fn request(State(shared): App, Path(id): Path<String>) -> Answered {
    let id = number(&id, "request")?;
    let world = shared.lock();
    world
        .requests
        .get(id)
        .map(|entry| ok(&views::request(entry, world.base())))
        .ok_or_else(|| Problem::unknown("request"))
}

pub(super) async fn delete_requests(State(shared): App) -> Response {
    let mut world = shared.lock();
    world.requests.clear();
    world.events.emit("requests_deleted", || json!({}));
    ok(&json!({}))
}
