//! Faults.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::reply::{Answered, App, Problem, ok, read as parse, respond};
use crate::server::Shared;
use crate::traffic::{Fault, Faults};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Script {
    seed: Option<u64>,
    faults: Vec<Fault>,
}

pub(super) async fn list(State(shared): App) -> Response {
    listed(&shared)
}

fn listed(shared: &Shared) -> Response {
    ok(&json!({"faults": shared.look().traffic.faults().list()}))
}

pub(super) async fn arm(State(shared): App, body: Bytes) -> Answered {
    let fault: Fault = parse("post /_emulator/faults", &body)?;
    fault.check().map_err(Problem::bad)?;
    let id = shared
        .change()
        .traffic
        .change_faults(|faults| faults.arm(fault));
    Ok(respond(StatusCode::CREATED, &json!({"id": id})))
}

pub(super) async fn replace(State(shared): App, body: Bytes) -> Answered {
    let script: Script = parse("put /_emulator/faults", &body)?;
    for fault in &script.faults {
        fault.check().map_err(Problem::bad)?;
    }
    shared.change().traffic.change_faults(|faults| {
        faults.clear();
        if let Some(seed) = script.seed {
            faults.seed(seed);
        }
        for fault in script.faults {
            faults.arm(fault);
        }
    });
    Ok(listed(&shared))
}

pub(super) async fn clear(State(shared): App) -> Response {
    shared.change().traffic.change_faults(Faults::clear);
    listed(&shared)
}

pub(super) async fn remove(State(shared): App, Path(id): Path<String>) -> Answered {
    let removed = shared
        .change()
        .traffic
        .change_faults(|faults| faults.remove(&id));
    if !removed {
        return Err(Problem::unknown("fault"));
    }
    Ok(listed(&shared))
}
