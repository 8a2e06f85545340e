//! An emulator of the program's own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ExitStatus, Stdio};

use serde_json::Value;

use crate::support::{Run, callcta, run};

/// A running `callcta emulate`, which ends with its standard input.
pub struct Running {
    pub child: Child,
    pub ready: Value,
}

impl Running {
    pub fn start(args: &[&str]) -> Self {
        let mut child = callcta(&["emulate", "--exit-on-stdin-close"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Running { child, ready }
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    /// `callcta send --json` to a person of the emulator.
    pub fn send(&self, to: &str) -> Run {
        run(callcta(&[
            "send",
            "--json",
            "--to",
            to,
            "--generic",
            "Hello",
            "--call",
            "Call Now",
        ])
        .env("CALLCTA_BASE_URL", self.text("url"))
        .env("CALLCTA_PAGE_ID", self.text("page_id"))
        .env("CALLCTA_ACCESS_TOKEN", self.text("access_token"))
        .env("CALLCTA_APP_SECRET", self.text("app_secret")))
    }

    pub fn psid(&self) -> &str {
        self.ready["psids"][0].as_str().unwrap()
    }

    /// Closes standard input.
    pub fn close(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        self.end()
    }

    pub fn end(mut self) -> (ExitStatus, String) {
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap(), stderr)
    }
}
