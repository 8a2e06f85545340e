//! Sockets, the lock and the waiting, the sender of webhooks. Here, and only here, the platform,
//! Graph and the traffic meet.

mod connection;
mod core;
mod cors;
mod exchange;
mod graph_side;
mod hub;
mod sender;
mod settings;
mod shared;
mod site;
mod snapshot;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod wire;

pub(crate) use self::connection::{Answering, OwnSide, serve};
pub(crate) use self::core::Core;
pub(crate) use self::exchange::{target, verify};
pub(crate) use self::hub::{Event, Told};
pub(crate) use self::settings::Settings;
pub(crate) use self::shared::Shared;
pub(crate) use self::site::{Site, is_loopback};
pub(crate) use self::snapshot::Snapshot;
pub(crate) use self::tls::Tls;
