//! What driver and clients say to each other.
//!
//! A client gets the base URL, page id, token and PSID as arguments. It writes one
//! line with its name and version when it is ready. From then on each line on its
//! standard input is a number of messages, which it sends, and it answers with one
//! line: how many nanoseconds that took, or, if the line began with `each`, how
//! many each of them took. (A client that sends all at once adds the longest delay
//! of a timer in its event loop, if it has one.) It ends with its standard input.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::server::Server;

/// Whose messages they are.
pub const PAGE_ID: &str = "1234567890";
pub const TOKEN: &str = "test-token";
/// The first of many when they are sent at once.
pub const PSID: &str = "1254477777772919";

/// A client's process, from the driver's side.
pub struct Client {
    /// Name and version, as it tells them.
    pub title: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts it; the error is why it can't take part.
    pub fn start(command: &[String], server: &Server) -> std::result::Result<Self, String> {
        let (program, arguments) = command.split_first().expect("a command has a program");
        let mut child = Command::new(program)
            .args(arguments)
            .args([&server.url(), PAGE_ID, TOKEN, PSID])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut title = String::new();
        let read = output.read_line(&mut title);
        if !matches!(read, Ok(1..)) {
            let mut said = String::new();
            if let Some(mut errors) = child.stderr.take() {
                let _ = errors.read_to_string(&mut said);
            }
            let _ = child.wait();
            let last = said.trim_end().lines().last().unwrap_or("it said nothing");
            return Err(last.to_owned());
        }
        // What it complains about later is for the one who looks on.
        let mut errors = child.stderr.take().expect("it is piped");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        Ok(Client {
            title: title.trim_end().to_owned(),
            child,
            input,
            output,
        })
    }

    /// Has it send `count` messages and returns what it measured.
    pub fn ask(&mut self, each: &str, count: u64) -> Result<Vec<u64>> {
        let title = &self.title;
        let input = self.input.as_mut().expect("it is open until the end");
        writeln!(input, "{each}{count}").map_err(|error| format!("{title}: {error}"))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let numbers: std::result::Result<Vec<u64>, _> =
            line.split_whitespace().map(str::parse).collect();
        match numbers {
            Ok(numbers) if !numbers.is_empty() => Ok(numbers),
            _ => Err(format!("{title} answered {line:?}").into()),
        }
    }

    /// Has it send `count` messages; fails unless the server got as many POSTs.
    /// Returns also how many connections were opened for them.
    pub fn ask_checked(
        &mut self,
        each: &str,
        count: u64,
        server: &Server,
    ) -> Result<(Vec<u64>, u64)> {
        let before = server.counts();
        let numbers = self.ask(each, count)?;
        let after = server.counts();
        let posts = after.0 - before.0;
        if posts != count {
            let title = &self.title;
            return Err(format!("{title}: {count} messages, but {posts} POSTs").into());
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
