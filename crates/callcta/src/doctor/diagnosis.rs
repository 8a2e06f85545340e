//! What the doctor found.

use std::fmt;

use serde::Serialize;

use crate::error::{Error, ErrorKind};

/// What came of looking at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// It works, and deserves a look.
    Warn,
    /// It keeps the button from working, or its calls from being heard.
    Fail,
    /// It can't be told.
    Unknown,
    /// Not looked at, since something that it needs isn't as it should be.
    Skipped,
}

impl CheckStatus {
    /// `ok`, `warn`, `fail`, `unknown` or `skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckStatus::Ok => "ok",
            CheckStatus::Warn => "warn",
            CheckStatus::Fail => "fail",
            CheckStatus::Unknown => "unknown",
            CheckStatus::Skipped => "skipped",
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for CheckStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// A name that stays, such as `audio`.
    pub id: &'static str,
    /// What it is about, in words.
    pub title: &'static str,
    /// What came of it.
    pub status: CheckStatus,
    /// What was found, in one sentence.
    pub result: String,
    /// What that rests on, if there is more to say.
    pub evidence: Option<String>,
    /// Why it matters for the button.
    pub why: &'static str,
    /// What mends it, if something is to be mended.
    pub fix: Option<String>,
    /// The check for whose sake this one was skipped.
    pub because: Option<&'static str>,
    /// What went wrong while looking, if something did; its slug such as `timeout`.
    pub kind: Option<&'static str>,
}

impl Check {
    /// What a person needs to know: the result in a line, and if something is to be
    /// mended, or `all` is asked for, what stands behind it.
    pub fn lines(&self, all: bool) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.title, self.result)];
        let matters = matches!(
            self.status,
            CheckStatus::Fail | CheckStatus::Warn | CheckStatus::Unknown
        );
        if matters || all {
            lines.extend(self.evidence.iter().map(|text| format!("seen: {text}")));
        }
        if self.status == CheckStatus::Fail || self.status == CheckStatus::Warn || all {
            lines.push(format!("why it matters: {}", self.why));
        }
        lines.extend(self.fix.iter().map(|text| format!("to mend it: {text}")));
        lines
    }
}

/// What the doctor found, and what that means.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// [`Ok`](CheckStatus::Ok), [`Warn`](CheckStatus::Warn),
    /// [`Fail`](CheckStatus::Fail), or [`Unknown`](CheckStatus::Unknown) if what matters
    /// most can't be told.
    pub status: CheckStatus,
    /// The verdict, in one sentence.
    pub verdict: String,
    /// What was looked at, in order.
    pub checks: Vec<Check>,
}

/// What a button needs before all; if one of these can't be told, the rest says little.
const NEEDED: [&str; 4] = ["token", "page", "feature", "audio"];

impl Diagnosis {
    pub(super) fn of(checks: Vec<Check>) -> Self {
        let first = |status| checks.iter().find(|check| check.status == status);
        let names = |status| {
            let found = checks.iter().filter(|check| check.status == status);
            let names: Vec<&str> = found.map(|check| check.title).collect();
            names.join(", ")
        };
        let needed =
            |check: &&Check| check.status == CheckStatus::Unknown && NEEDED.contains(&check.id);
        let (status, verdict) = if let Some(cause) = first(CheckStatus::Fail) {
            let means = match cause.id {
                "subscription" | "challenge" | "signature" => {
                    "people can call, but you don't hear it"
                }
                "person" | "window" => "this person can't get the button",
                "test" => "the test card didn't get through",
                _ => "the button can't work",
            };
            (CheckStatus::Fail, format!("{means}: {}", cause.result))
        } else if let Some(unknown) = checks.iter().find(needed) {
            let text = format!("can't be told whether it works: {}", unknown.result);
            (CheckStatus::Unknown, text)
        } else if first(CheckStatus::Warn).is_some() {
            let names = names(CheckStatus::Warn);
            let text = format!("the button works, as far as can be told; look at: {names}");
            (CheckStatus::Warn, text)
        } else {
            let untold = match names(CheckStatus::Unknown) {
                names if names.is_empty() => String::new(),
                names => format!("; nothing tells about: {names}"),
            };
            let text = format!("nothing was found that keeps the button from working{untold}");
            (CheckStatus::Ok, text)
        };
        Diagnosis {
            status,
            verdict,
            checks,
        }
    }

    /// The check with this id, if it was made.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The first thing that keeps the button from working.
    pub fn cause(&self) -> Option<&Check> {
        let failed = |check: &&Check| check.status == CheckStatus::Fail;
        self.checks.iter().find(failed)
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a diagnosis has only string keys")
    }
}

/// A line for each check, what is to be mended below it, and the verdict at the end.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mut lines = check.lines(false).into_iter();
            let first = lines.next().unwrap_or_default();
            writeln!(f, "{:<8} {first}", check.status)?;
            for line in lines {
                writeln!(f, "{:<8} {line}", "")?;
            }
        }
        write!(f, "{:<8} {}", self.status, self.verdict)
    }
}

/// What was found about one thing.
pub(super) struct Finding {
    pub(super) status: CheckStatus,
    pub(super) result: String,
    pub(super) evidence: Option<String>,
    pub(super) fix: Option<String>,
    pub(super) kind: Option<ErrorKind>,
}

impl Finding {
    fn new(status: CheckStatus, result: impl Into<String>) -> Self {
        Finding {
            status,
            result: result.into(),
            evidence: None,
            fix: None,
            kind: None,
        }
    }

    pub(super) fn ok(result: impl Into<String>) -> Self {
        Finding::new(CheckStatus::Ok, result)
    }

    pub(super) fn warn(result: impl Into<String>) -> Self {
        Finding::new(CheckStatus::Warn, result)
    }

    pub(super) fn fail(result: impl Into<String>) -> Self {
        Finding::new(CheckStatus::Fail, result)
    }

    pub(super) fn unknown(result: impl Into<String>) -> Self {
        Finding::new(CheckStatus::Unknown, result)
    }

    pub(super) fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }

    pub(super) fn mended_by(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// By what an error says.
    pub(super) fn told_by(mut self, error: &Error) -> Self {
        self.kind = Some(error.kind());
        self.seen(said(error)).mended_by(error.advice())
    }

    /// Nothing can be told, since asking failed.
    pub(super) fn untold(what: &str, error: &Error) -> Self {
        Finding::unknown(format!("{what} can't be read")).told_by(error)
    }
}

/// What an error says; whose words they are, is said.
pub(super) fn said(error: &Error) -> String {
    let what = error.summary();
    if error.graph().is_some() {
        format!("the platform answers: {what}")
    } else {
        what
    }
}
