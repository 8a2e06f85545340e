//! Who takes part.

use std::path::Path;

use clap::ValueEnum;

use crate::protocol::Client;
use crate::{Field, Result};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Group {
    Rust,
    C,
    Python,
    Node,
}

/// A client: its language and what its program calls it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry(pub Group, pub &'static str);

/// What everything is compared with; it always takes part.
pub const FLOOR: Entry = Entry(Group::Rust, "raw");
pub const RUST: Entry = Entry(Group::Rust, "callcta");
pub const UREQ: Entry = Entry(Group::Rust, "ureq");
pub const C: Entry = Entry(Group::C, "callcta");
pub const LIBCURL: Entry = Entry(Group::C, "libcurl");
pub const PYTHON: Entry = Entry(Group::Python, "callcta");
/// The same card each time, as for many people.
pub const PYTHON_ONCE: Entry = Entry(Group::Python, "callcta-once");
pub const PYTHON_FLOOR: Entry = Entry(Group::Python, "raw");
pub const PYTHON_AIO: Entry = Entry(Group::Python, "callcta-aio");
pub const HTTPX: Entry = Entry(Group::Python, "httpx");
pub const REQUESTS: Entry = Entry(Group::Python, "requests");
pub const FBMESSENGER: Entry = Entry(Group::Python, "fbmessenger");
pub const PYMESSENGER: Entry = Entry(Group::Python, "pymessenger");
pub const NODE: Entry = Entry(Group::Node, "callcta");
pub const UNDICI: Entry = Entry(Group::Node, "undici");
pub const FETCH: Entry = Entry(Group::Node, "fetch");

/// Those that send one message after another.
pub const ONE_BY_ONE: &[Entry] = &[
    FLOOR,
    UREQ,
    RUST,
    LIBCURL,
    C,
    PYTHON_FLOOR,
    PYTHON,
    PYTHON_ONCE,
    PYTHON_AIO,
    HTTPX,
    REQUESTS,
    FBMESSENGER,
    PYMESSENGER,
    NODE,
    UNDICI,
    FETCH,
];

/// Waits as long as the others should take and sends nothing: what the machine does
/// to a timer anyhow.
pub const NOTHING: &str = "many-nothing";

pub const PYTHON_MANY: Entry = Entry(Group::Python, "many-callcta");
pub const HTTPX_MANY_64: Entry = Entry(Group::Python, "many-httpx-64");
pub const HTTPX_MANY: Entry = Entry(Group::Python, "many-httpx");
pub const NODE_MANY: Entry = Entry(Group::Node, "many-callcta");
pub const UNDICI_MANY_64: Entry = Entry(Group::Node, "many-undici-64");
pub const UNDICI_MANY: Entry = Entry(Group::Node, "many-undici");

/// Those that send all at once.
pub const MANY: &[Entry] = &[
    Entry(Group::C, "many-callcta"),
    Entry(Group::Python, NOTHING),
    PYTHON_MANY,
    HTTPX_MANY_64,
    HTTPX_MANY,
    Entry(Group::Node, NOTHING),
    NODE_MANY,
    UNDICI_MANY_64,
    UNDICI_MANY,
];

/// callcta's own, which must not grow.
pub const LEAK: &[Entry] = &[RUST, C, PYTHON, PYTHON_AIO, NODE];

impl Entry {
    fn command(self, built: &Path) -> Result<Vec<String>> {
        let Entry(group, which) = self;
        let path = |name: &str| built.join(name).display().to_string();
        let command = match group {
            Group::Rust => {
                let own = std::env::current_exe()?.display().to_string();
                vec![own, "client".to_owned()]
            }
            Group::C if which == LIBCURL.1 => vec![path("libcurl")],
            Group::C => vec![path("callcta-c")],
            Group::Python => vec![path("python/bin/python"), path("python.py")],
            Group::Node => vec!["node".to_owned(), path("node/node.mjs")],
        };
        Ok(command.into_iter().chain([which.to_owned()]).collect())
    }
}

/// The clients of `entries` that were asked for and can be started, their commands
/// beginning with `prefix`. Tells about those that can't.
pub fn start(entries: &[Entry], field: &Field, prefix: &[String]) -> Result<Vec<(Entry, Client)>> {
    let mut clients = Vec::new();
    for &entry in entries {
        let Entry(group, name) = entry;
        let asked = |group| field.groups.is_empty() || field.groups.contains(&group);
        let wanted = (asked(group) || entry == LIBCURL && asked(Group::Rust))
            && (field.only.is_empty() || field.only.iter().any(|part| name.contains(part)));
        if !wanted && entry != FLOOR {
            continue;
        }
        let command = [prefix, &entry.command(&field.built)?].concat();
        match Client::start(&command) {
            Ok(client) => clients.push((entry, client)),
            Err(why) => {
                println!("missing: {name} ({}): {why}", group.name());
            }
        }
    }
    Ok(clients)
}

/// A client's name in tables.
pub fn name(entry: Entry, client: &Client) -> String {
    format!("{}: {}", entry.0.name(), client.title)
}

/// What a ratio is of.
pub fn against(ours: Entry, other: &Client) -> String {
    format!("{}: {} ÷ {}", ours.0.name(), ours.1, other.title)
}

/// Tells why those failed whose rows say so.
pub fn print_failures<'a>(clients: impl IntoIterator<Item = (Entry, &'a Client)>) {
    for (entry, client) in clients {
        if let Some(why) = &client.failed {
            println!("\nfailed: {}: {why}", name(entry, client));
        }
    }
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Rust => "Rust",
            Group::C => "C",
            Group::Python => "Python",
            Group::Node => "Node",
        }
    }
}
