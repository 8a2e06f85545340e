//! Requests: list, search, delete.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde_json::json;

use super::list::{has_text, limit};
use super::query::Query;
use super::reply::{Answered, App, Problem, number, ok};
use super::views;
use crate::traffic::Entry;

pub(super) async fn list(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(
        raw,
        &[
            "q", "path", "after", "before", "limit", "refused", "modelled",
        ],
    )?;
    let after = query.number("after")?.unwrap_or(0);
    let before = query.number("before")?.unwrap_or(u64::MAX);
    let limit = limit(&query)?;
    let refused = query.flag("refused")?;
    let modelled = query.flag("modelled")?;
    let path = query.text("path");
    let text = query.text("q").map(str::to_lowercase);
    let core = shared.look();
    let takes = |entry: &&Entry| {
        entry.id > after
            && entry.id < before
            && refused.is_none_or(|wanted| wanted == entry.refusal.is_some())
            && modelled.is_none_or(|wanted| wanted == entry.modelled)
            && path.is_none_or(|end| entry.request.uri.path().ends_with(end))
    };
    // The search looks at what is shown, so that it can't find a hidden token.
    let log = core.traffic.log();
    let views = log
        .iter()
        .filter(takes)
        .rev()
        .map(|entry| views::request(entry, shared.base(), false))
        .filter(|view| text.as_deref().is_none_or(|text| has_text(view, text)));
    let mut list: Vec<_> = views.take(limit).collect();
    list.reverse();
    Ok(ok(&json!({
        "requests": list,
        "posts": log.posts(),
        "dropped": log.held().dropped,
        "cut": log.cut(),
    })))
}

pub(super) async fn one(State(shared): App, Path(id): Path<String>) -> Answered {
    let id = number(&id, "request")?;
    let core = shared.look();
    let entry = core.traffic.log().get(id);
    entry
        .map(|entry| ok(&views::request(entry, shared.base(), true)))
        .ok_or_else(|| Problem::unknown("request"))
}

pub(super) async fn clear(State(shared): App) -> Response {
    shared.change().traffic.clear();
    ok(&json!({}))
}
