//! Where server and clients run.
//!
//! Two processes that hand a socket back and forth cost several times as much on
//! two processors as on one, and the operating system decides anew in each run,
//! unless told.

use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use clap::ValueEnum;

use crate::Result;

#[derive(Clone, Copy, ValueEnum)]
pub enum Processors {
    /// The server on one, the clients on another.
    Two,
    /// All on the same.
    One,
    /// Wherever the operating system likes.
    Any,
}

impl Processors {
    pub fn name(self) -> &'static str {
        match self {
            Processors::Two => "server and clients on two processors",
            Processors::One => "server and clients on the same processor",
            Processors::Any => "server and clients on any processors",
        }
    }

    /// Moves this process, and returns what a client's command must begin with.
    pub fn occupy(self) -> Result<Vec<String>> {
        let all: Vec<String> = ALLOWED.iter().map(ToString::to_string).collect();
        let (Some(first), Some(last)) = (all.first(), all.last()) else {
            return Err("the system doesn't tell its processors".into());
        };
        let (server, clients) = match self {
            Processors::Two if first == last => return Err("there is one processor only".into()),
            Processors::Two => (first, last),
            Processors::One => (first, first),
            Processors::Any => (&all.join(","), &all.join(",")),
        };
        let moved = Command::new("taskset")
            .args(["-a", "-c", "-p", server, &std::process::id().to_string()])
            .output();
        match moved {
            Ok(output) if output.status.success() => {
                Ok(["taskset", "-c", clients].map(str::to_owned).to_vec())
            }
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into()),
            Err(error) => Err(format!("taskset: {error}").into()),
        }
    }
}

/// The processors that this process may use before it is moved, in order.
static ALLOWED: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap_or_default();
    let ranges = list.trim().split(',').filter_map(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.parse::<u32>().ok()?..=to.parse().ok()?)
    });
    ranges.flatten().collect()
});
