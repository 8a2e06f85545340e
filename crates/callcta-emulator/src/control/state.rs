//! Readiness, state and reset.

use axum::body::Bytes;
use axum::extract::{RawQuery, State as Extract};
use axum::response::Response;
use serde_json::{Value, json};

use super::query::Query;
use super::reply::{Answered, App, Problem, ok, read as parse};
use super::{schema, views};
use crate::platform::State;
use crate::server::{self, Core, Shared};

pub(super) async fn ready(Extract(shared): App) -> Response {
    let facts: Value = serde_json::from_str(shared.ready_line()).expect("the ready line is JSON");
    ok(&facts)
}

pub(super) async fn reset(Extract(shared): App) -> Response {
    shared.reset();
    ok(&json!({}))
}

pub(super) async fn close_connections(Extract(shared): App) -> Response {
    // After this answer is out, or it would be cut off as well.
    tokio::spawn(async move {
        tokio::task::yield_now().await;
        shared.hang_up();
    });
    ok(&json!({}))
}

pub(super) async fn read(Extract(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(raw, &["without"])?;
    let core = shared.look();
    let Some(parts) = query.text("without") else {
        return Ok(shown(&core, core.platform.state()));
    };
    let mut state = core.platform.state().clone();
    for part in parts.split(',') {
        match part {
            "attachments" => state.attachments.clear(),
            "comments" => state.comments.clear(),
            "people" => state.people.clear(),
            "user_refs" => state.user_refs.clear(),
            _ => return Err(Problem::bad(format!("{part:?} can't be left out"))),
        }
    }
    Ok(shown(&core, &state))
}

/// The state, and beside it how much the logs hold.
fn shown(core: &Core, state: &State) -> Response {
    let mut state = json!(state);
    state["logs"] = views::logs(core);
    ok(&state)
}

pub(super) async fn replace(Extract(shared): App, body: Bytes) -> Answered {
    let state: State = parse("put /_emulator/state", &body)?;
    install(&shared, state)
}

/// The parts of the state that are maps; `null` removes an entry of them.
const MAPS: &[&str] = &[
    "attachments",
    "comments",
    "pages",
    "people",
    "personas",
    "status_by_code",
    "user_refs",
];

/// What is named is changed. `null` removes a page, a person and the like, as in RFC 7396; any
/// other field is set to `null`, which not all of them can be.
pub(super) async fn merge(Extract(shared): App, body: Bytes) -> Answered {
    let patch: Value = parse("patch /_emulator/state", &body)?;
    let mut state = json!(shared.look().platform.state());
    merge_patch(&mut state, patch, false);
    schema::check("State", &state).map_err(Problem::bad)?;
    let state: State =
        serde_json::from_value(state).map_err(|error| Problem::bad(error.to_string()))?;
    install(&shared, state)
}

fn install(shared: &Shared, mut state: State) -> Answered {
    if let Some(url) = &state.webhook.url {
        server::target(url).map_err(Problem::bad)?;
    }
    let mut core = shared.change();
    state.begin(core.platform.clock().start());
    core.platform.change_state(|old| *old = state);
    Ok(shown(&core, core.platform.state()))
}

fn merge_patch(target: &mut Value, patch: Value, is_map: bool) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        if is_map && value.is_null() {
            target.remove(&key);
            continue;
        }
        let is_map = MAPS.contains(&key.as_str());
        merge_patch(target.entry(key).or_insert(Value::Null), value, is_map);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging() {
        let mut state = json!({"people": {"1": {"a": 1}, "2": {"a": 2}}, "d": [1]});
        let patch = json!({"people": {"1": {"a": null, "b": {"c": 3}}, "2": null}, "d": [2]});
        merge_patch(&mut state, patch, false);
        let merged = json!({"people": {"1": {"a": null, "b": {"c": 3}}}, "d": [2]});
        assert_eq!(state, merged);
    }
}
