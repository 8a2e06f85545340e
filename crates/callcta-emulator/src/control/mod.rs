//! The emulator's own side: the control API under `/_emulator/` and the inbox page.

mod assets;
mod clock;
mod conversations;
mod faults;
mod guard;
mod list;
mod messages;
mod people;
mod query;
mod reply;
mod requests;
mod routes;
mod schema;
mod snapshot;
mod state;
mod stream;
mod timeline;
mod transcript;
mod views;
mod webhooks;
mod words;

pub use self::assets::{Drawing, drawing};
pub(crate) use self::routes::{call, own_side};
