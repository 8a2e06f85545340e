//! Journals in PostgreSQL. `just test-postgres` starts a server for them; without one they
//! are ignored.
#![allow(clippy::doc_markdown, reason = "PostgreSQL is a name")]
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::format_push_string, reason = "rows are few")]

mod handover;
mod journal;
mod proxy;
mod reach;
mod roles;
mod support;
