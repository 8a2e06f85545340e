//! Campaigns as their users see them.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::format_push_string, reason = "rows are few")]

mod broken;
mod export;
mod journal;
mod plan;
mod run;
mod support;
mod verbs;
