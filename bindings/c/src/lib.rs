//! callcta puts a Call Now button into a Messenger conversation and tells what
//! became of it.
//!
//! Names: `callcta_<noun>_<verb>`. Parameters come in the order object, inputs,
//! outputs, error.
//!
//! What you build is a handle: a pointer to a type without members. What you are
//! told is a record: a pointer to a struct to read, which only the library makes.
//! Later versions may add members at its end.
//!
//! Results: a function that can fail returns a `callcta_status`, `CALLCTA_OK` (0) or
//! the number of what went wrong. Its last parameter takes an error with all that is
//! known, or is NULL. So calls can be joined by `||`, and the first failure ends the
//! chain. Outputs, the error among them, are set to NULL first of all and written
//! only on success; what they held before is neither read nor freed.
//!
//! Ownership: an output gives, `_free` takes, everything else borrows. To add a
//! button to an element copies it; the button is still to be freed. Freeing NULL does
//! nothing. What a record points to lives as long as the record.
//!
//! NULL: no function crashes over it. One that can fail answers
//! `CALLCTA_INVALID_ARGUMENT` and names the parameter, any other does nothing. What
//! else a function fails with it says itself.
//!
//! Texts are UTF-8 and end with a NUL. Other bytes are `CALLCTA_INVALID_ARGUMENT`.
//! A NUL inside a text that the platform sent reads as U+FFFD.
//!
//! Threads: each type says what it allows. What is being changed or freed must not be
//! used by another thread meanwhile. Records never change.
//!
//! Callbacks must return: no exception, no `longjmp`.
//!
//! Rust panics don't get out; they become `CALLCTA_INTERNAL`.
//!
//! # Safety
//!
//! Every pointer is NULL or points to what its type says; handles and records come
//! from this library and have not been freed; texts end with a NUL.

// Types are named as C sees them.
#![allow(non_camel_case_types)]
// The crate's own section on safety holds for every function, and only C calls them.
#![allow(clippy::missing_safety_doc)]

// Each file builds on those above it. The header has the same order.
#[macro_use]
mod memory;

mod status;

mod told;

#[macro_use]
mod ffi;

mod message;

mod request;

mod client;

mod outbox;

mod outboxes;

mod calling;

mod webhook;
