//! What driver and clients say to each other.
//!
//! A client gets the base URL, page id, token and PSID as arguments. It writes one
//! line with its name and version when it is ready. From then on each line on its
//! standard input is a number of messages, which it sends, and it answers with one
//! line: how many nanoseconds that took, or, if the line began with `each`, how
//! many each of them took. (A client that sends all at once adds the longest delay
//! of a timer in its event loop, if it has one.) It ends with its standard input.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Result;
use crate::server::Server;

/// Whose messages they are.
pub const PAGE_ID: &str = "1234567890";
pub const TOKEN: &str = "test-token";
/// The first of many when they are sent at once.
pub const PSID: &str = "1254477777772919";

/// How long a client may take until it is ready, or for no messages at all: longer than
/// one that gives up by itself, which knows why.
const PATIENCE: Duration = Duration::from_secs(180);
/// What it may take more for each message.
const PATIENCE_EACH: Duration = Duration::from_millis(20);

/// A client's process, from the driver's side.
pub struct Client {
    /// Name and version, as it tells them.
    pub title: String,
    /// Why it takes no part any more.
    pub failed: Option<String>,
    /// For this client alone: what is left of another one's messages isn't counted.
    pub server: Server,
    child: Child,
    input: Option<ChildStdin>,
    /// Its lines.
    output: Receiver<String>,
    /// What it complains about, once it has ended.
    complaints: Option<JoinHandle<Option<String>>>,
}

impl Client {
    /// Starts it; the error is why it can't take part.
    pub fn start(command: &[String]) -> Result<Self> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let server = Server::start()?;
        let mut child = Command::new(program)
            .args(arguments)
            .args([&server.url(), PAGE_ID, TOKEN, PSID])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = output.lines().map_while(std::result::Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        let errors = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut client = Client {
            title: String::new(),
            failed: None,
            server,
            input: child.stdin.take(),
            child,
            output: receiver,
            complaints: Some(thread::spawn(move || last_complaint(errors))),
        };
        client.title = client.line(PATIENCE)?;
        Ok(client)
    }

    /// What a turn of it gives; `None` if that or an earlier one failed.
    pub fn turn<T>(&mut self, turn: impl FnOnce(&mut Self) -> Result<T>) -> Option<T> {
        if self.failed.is_some() {
            return None;
        }
        let outcome = turn(self);
        if let Err(why) = &outcome {
            self.failed = Some(why.to_string());
            let _ = self.child.kill();
        }
        outcome.ok()
    }

    /// The next line that it writes.
    fn line(&mut self, patience: Duration) -> Result<String> {
        match self.output.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                Err(format!("no answer within {} s", patience.as_secs()).into())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let complaints = self.complaints.take().map(JoinHandle::join);
                let complaint = complaints.and_then(std::result::Result::ok).flatten();
                let ended = || "it ended and said nothing".to_owned();
                Err(complaint.unwrap_or_else(ended).into())
            }
        }
    }

    /// Has it send `count` messages and returns what it measured.
    pub fn ask(&mut self, each: &str, count: u64) -> Result<Vec<u64>> {
        let input = self.input.as_mut().expect("it is open until the end");
        // If it has ended, its last words say more than that nobody reads this.
        let _ = writeln!(input, "{each}{count}");
        let more = u32::try_from(count).unwrap_or(u32::MAX);
        let line = self.line(PATIENCE + PATIENCE_EACH.saturating_mul(more))?;
        let numbers: std::result::Result<Vec<u64>, _> =
            line.split_whitespace().map(str::parse).collect();
        match numbers {
            Ok(numbers) if !numbers.is_empty() => Ok(numbers),
            _ => Err(format!("it answered {line:?}").into()),
        }
    }

    /// Has it send `count` messages; fails unless the server got as many POSTs.
    /// Returns also how many connections were opened for them.
    pub fn ask_checked(&mut self, each: &str, count: u64) -> Result<(Vec<u64>, u64)> {
        let before = self.server.counts();
        let numbers = self.ask(each, count)?;
        let after = self.server.counts();
        let posts = after.0 - before.0;
        if posts != count {
            return Err(format!("{count} messages, but {posts} POSTs").into());
        }
        Ok((numbers, after.1 - before.1))
    }

    /// The processor time it has used, in ns, all threads that still run; `None`
    /// where it isn't told.
    pub fn cpu(&self) -> Option<u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let times = tasks.flatten().map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        times.sum()
    }

    /// A line of its `/proc/…/status` in KiB, such as `VmHWM`, its peak memory;
    /// `None` where there is no such file.
    pub fn memory(&self, key: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(key))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Passes on what a client complains about, and returns the last line that says what
/// went wrong rather than where.
fn last_complaint(errors: impl BufRead) -> Option<String> {
    let mut last = None;
    for line in errors.lines().map_while(std::result::Result::ok) {
        eprintln!("{line}");
        let says_where = line.is_empty() || line.starts_with([' ', '\t', '}']);
        if !says_where && !line.starts_with("Node.js v") {
            last = Some(line);
        }
    }
    last
}

/// The client's side: `send` sends one message.
pub fn serve(title: &str, mut send: impl FnMut() -> Result<()>) -> Result<()> {
    println!("{title}");
    for line in std::io::stdin().lines() {
        let line = line?;
        let start = Instant::now();
        if let Some(count) = line.strip_prefix("each ") {
            let mut each = Vec::new();
            for _ in 0..count.parse::<u64>()? {
                let start = Instant::now();
                send()?;
                each.push(start.elapsed().as_nanos().to_string());
            }
            println!("{}", each.join(" "));
        } else {
            for _ in 0..line.parse::<u64>()? {
                send()?;
            }
            println!("{}", start.elapsed().as_nanos());
        }
    }
    Ok(())
}
