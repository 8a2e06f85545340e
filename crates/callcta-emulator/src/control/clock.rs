//! The clock.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::reply::{Answered, App, ok, read as parse};
use super::views;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Change {
    advance_ms: u64,
    advance_seconds: u64,
    advance_hours: u64,
    advance_days: u64,
    run: Option<bool>,
}

pub(super) async fn read(State(shared): App) -> Response {
    ok(&views::clock(shared.look().platform.clock()))
}

pub(super) async fn change(State(shared): App, body: Bytes) -> Answered {
    let change: Change = parse("post /_emulator/clock", &body)?;
    let seconds = change
        .advance_seconds
        .saturating_add(change.advance_hours.saturating_mul(3_600))
        .saturating_add(change.advance_days.saturating_mul(86_400));
    let by = Duration::from_secs(seconds).saturating_add(Duration::from_millis(change.advance_ms));
    let mut core = shared.change();
    if !by.is_zero() {
        core.platform.advance(by);
    }
    if let Some(run) = change.run {
        core.platform.run_clock(run);
    }
    Ok(ok(&views::clock(core.platform.clock())))
}
