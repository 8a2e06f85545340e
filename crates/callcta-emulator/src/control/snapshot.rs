//! Everything as one file.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::reply::{Answered, App, Problem, ok, read};
use crate::server::Snapshot;

pub(super) async fn export(State(shared): App) -> Response {
    let snapshot = shared.look().save();
    ok(&json!(snapshot))
}

pub(super) async fn import(State(shared): App, body: Bytes) -> Answered {
    let json: Value = read("put /_emulator/snapshot", &body)?;
    drop(body);
    let snapshot = Snapshot::read(json).map_err(Problem::bad)?;
    shared.restore(snapshot).map_err(Problem::bad)?;
    Ok(ok(&json!({})))
}
