//! The program as a whole: arguments in, text and exit codes out.
#![allow(clippy::unwrap_used, reason = "a test may end with a panic")]

mod campaign;
mod check;
mod code;
mod demo;
#[cfg(target_os = "linux")]
mod disk;
mod doctor;
mod emulate;
mod help;
#[cfg(target_os = "linux")]
mod power;
mod preview;
mod program;
mod reach;
mod ready;
mod running;
mod send;
mod settings;
mod support;
mod tls;
mod webhook;
