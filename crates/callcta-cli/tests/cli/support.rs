//! Runs the program, and plays the platform for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

pub const PAGE_ID: &str = "1234567890";
pub const PSID: &str = "1254477777772919";
/// Must not turn up in anything that the program prints.
pub const TOKEN: &str = "TOKEN-that-nobody-may-see";
pub const SECRET: &str = "SECRET-that-nobody-may-see";

/// Where the program is: that of this crate, or one that came with a package.
pub fn program() -> String {
    std::env::var("CALLCTA_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_callcta").to_owned())
}

/// The program with no settings but these arguments.
pub fn callcta(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args);
    for variable in [
        "CALLCTA_PAGE_ID",
        "CALLCTA_ACCESS_TOKEN",
        "CALLCTA_APP_SECRET",
    ] {
        command.env_remove(variable);
    }
    // Both would change what help and errors look like.
    for variable in ["CALLCTA_BASE_URL", "COLUMNS", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Standard output as one line of JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Run {
    run_with_input(command, "")
}

/// Runs a command with a text on standard input.
pub fn run_with_input(command: &mut Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends without reading breaks the pipe, which is its right.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let run = Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{run:?}");
    }
    run
}

/// Asks a process to end, with `INT` or `TERM`.
#[cfg(unix)]
pub fn signal(process: &Child, signal: &str) {
    let sent = Command::new("sh")
        .args(["-c", "kill -s \"$0\" \"$1\"", signal])
        .arg(process.id().to_string())
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A request that the platform got.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: Value,
}

/// A server on this machine that gives every request the same answer.
pub struct Platform {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Platform {
    /// Answers with a status line such as `200 OK`, more headers, and a body.
    pub fn answering(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Platform::new(Some(format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n{headers}\r\n{body}"
        )))
    }

    /// What the program calls it.
    pub fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Takes every message.
    pub fn taking() -> Self {
        let body = format!(r#"{{"recipient_id":"{PSID}","message_id":"m_1"}}"#);
        Platform::answering("200 OK", "", &body)
    }

    /// Reads requests and hangs up.
    pub fn hanging_up() -> Self {
        Platform::new(None)
    }

    fn new(answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(request) = read(&stream) {
                    list.lock().unwrap().push(request);
                    if let Some(answer) = &answer {
                        stream.write_all(answer.as_bytes()).unwrap();
                    }
                }
            }
        });
        Platform { url, received }
    }

    /// Everything that came in.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// `callcta send` to this platform, with Page and token from the environment.
    pub fn send(&self, args: &[&str]) -> Command {
        let mut command = callcta(&["send"]);
        command
            .args(args)
            .env("CALLCTA_PAGE_ID", PAGE_ID)
            .env("CALLCTA_ACCESS_TOKEN", TOKEN)
            .env("CALLCTA_BASE_URL", &self.url);
        command
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = if length == 0 {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    Some(Received { head, body })
}
