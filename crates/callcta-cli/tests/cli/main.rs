//! The program as a whole: arguments in, text and exit codes out.
#![allow(clippy::unwrap_used, reason = "a test may end with a panic")]

mod campaign;
mod check;
mod demo;
mod doctor;
mod emulate;
mod help;
mod program;
mod reach;
mod ready;
mod running;
mod send;
mod settings;
mod support;
mod tls;
mod webhook;
