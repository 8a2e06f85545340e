//! What became of a send, or of another request: as JSON for programs, in words for people.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use callcta::{CancelReason, Delivery, Error, ErrorKind, Receipt, Violation};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, STRONG, WARN, after_writing, plain, say, styled, violation};

/// What a request is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A message.
    Message,
    /// Something that is only asked for.
    Read,
    /// Something that is changed.
    Change,
}

/// A send that worked.
#[derive(Serialize)]
struct Sent<'a> {
    ok: bool,
    host: &'a str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<&'a str>,
}

/// A send that failed.
#[derive(Serialize)]
struct Failed<'a> {
    ok: bool,
    /// If it came to a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    kind: &'static str,
    delivery: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subcode: Option<i64>,
    /// The platform's own texts, as in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platform: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<Seconds>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Broken<'a>>,
    docs: &'static str,
}

/// A broken rule.
#[derive(Serialize)]
pub struct Broken<'a> {
    path: &'a str,
    rule: &'static str,
    severity: &'static str,
    message: &'a str,
}

impl<'a> Broken<'a> {
    /// Each of `violations`.
    pub fn each(violations: &'a [Violation]) -> Vec<Self> {
        let broken = |violation: &'a Violation| Broken {
            path: &violation.path,
            rule: violation.rule.as_str(),
            severity: violation.severity.as_str(),
            message: &violation.message,
        };
        violations.iter().map(broken).collect()
    }
}

/// Whole seconds without a fraction, so that 60 is not 60.0.
#[derive(Serialize)]
#[serde(untagged)]
enum Seconds {
    Whole(u64),
    Fraction(f64),
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        match duration.subsec_nanos() {
            0 => Seconds::Whole(duration.as_secs()),
            _ => Seconds::Fraction(duration.as_secs_f64()),
        }
    }
}

/// One line of JSON about a send that worked.
pub fn json_receipt(receipt: &Receipt, host: &str, out: &mut impl Write) -> io::Result<()> {
    let sent = Sent {
        ok: true,
        host,
        message_id: &receipt.message_id,
        recipient_id: receipt.recipient_id.as_deref(),
    };
    line(&sent, out)
}

/// One line of JSON about a send that failed.
pub fn json_failure(error: &Error, host: Option<&str>, out: &mut impl Write) -> io::Result<()> {
    let graph = error.graph();
    let failed = Failed {
        ok: false,
        host,
        kind: error.kind().as_str(),
        delivery: error.delivery().as_str(),
        reason: error.reason().map(CancelReason::as_str),
        message: error.to_string(),
        // An answer without a code reads as code 0.
        code: graph.map(|graph| graph.code).filter(|code| *code != 0),
        subcode: graph.and_then(|graph| graph.subcode),
        platform: platform(error),
        trace_id: graph.and_then(|graph| graph.trace_id.as_deref()),
        http_status: error.http_status(),
        retry_after: error.retry_after().map(Into::into),
        violations: Broken::each(error.violations()),
        docs: error.kind().docs(),
    };
    line(&failed, out)
}

/// What the platform said: its texts explain more than its numbers, to the person who knows
/// what was sent.
fn platform(error: &Error) -> Vec<&str> {
    let Some(graph) = error.graph() else {
        return Vec::new();
    };
    let texts = [&graph.message, &graph.user_title, &graph.user_msg];
    let texts = texts.into_iter().filter_map(|text| text.as_deref());
    texts.filter(|text| !text.is_empty()).collect()
}

/// A value as one line of JSON.
pub fn line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

/// A receipt in words.
pub fn receipt(receipt: &Receipt, host: &str) -> String {
    let mut text = format!("{}: the platform took the message\n", styled(GOOD, "sent"));
    detail(&mut text, "host", host);
    // A sender action has none.
    if !receipt.message_id.is_empty() {
        detail(&mut text, "message", &plain(&receipt.message_id));
    }
    if let Some(recipient) = &receipt.recipient_id {
        detail(&mut text, "recipient", &plain(recipient));
    }
    if receipt.attempts > 1 {
        detail(&mut text, "requests", &receipt.attempts.to_string());
    }
    usage(&mut text, receipt.usage.highest());
    text
}

/// Tells of a failure, in words or as a line of JSON.
pub fn fail(error: &Error, host: Option<&str>, about: Subject, json: bool) -> Exit {
    let exit = Exit::from(error);
    if json {
        after_writing(json_failure(error, host, &mut io::stdout()), exit);
    } else {
        say(failure(error, host, about).trim_end());
    }
    exit
}

/// A failure in words: what happened, what is known about the message, and what to do.
pub fn failure(error: &Error, host: Option<&str>, about: Subject) -> String {
    if error.kind() == ErrorKind::InvalidArgument {
        return format!("{} {}\n", styled(BAD, "error:"), plain(&error.to_string()));
    }
    let mut text = String::new();
    let kind = styled(BAD, format_args!("{}:", error.kind()));
    if error.violations().is_empty() {
        let _ = writeln!(text, "{kind} {}", plain(&error.summary()));
    } else {
        let what = match about {
            Subject::Message => "the message breaks",
            Subject::Read => "the request breaks",
            Subject::Change => "the settings break",
        };
        let _ = writeln!(text, "{kind} {what} these rules");
        for broken in error.violations() {
            let _ = writeln!(text, "  {}", violation(broken));
        }
    }
    if about != Subject::Read {
        let message = about == Subject::Message;
        let (style, delivery) = match error.delivery() {
            Delivery::NotSent if message => {
                (STRONG, "not sent; the message did not leave this machine")
            }
            Delivery::NotSent => (STRONG, "not sent; nothing left this machine"),
            Delivery::Rejected if message => (STRONG, "rejected; the message was not delivered"),
            Delivery::Rejected => (STRONG, "rejected; nothing was changed"),
            Delivery::Unknown if message => {
                (WARN, "unknown; the message may or may not have arrived")
            }
            Delivery::Unknown => (WARN, "unknown; the change may or may not have been made"),
        };
        detail(&mut text, "delivery", &styled(style, delivery));
    }
    if let Some(host) = host {
        detail(&mut text, "host", host);
    }
    for said in platform(error) {
        detail(&mut text, "platform", &plain(said));
    }
    if error.attempts() > 1 {
        detail(&mut text, "requests", &error.attempts().to_string());
    }
    usage(&mut text, error.usage().highest());
    if let Some(wait) = error.retry_after() {
        detail(&mut text, "wait", &format!("{} s", wait.as_secs_f64()));
    }
    detail(&mut text, "what to do", error.advice());
    detail(&mut text, "more in", error.kind().docs());
    text
}

fn usage(text: &mut String, percent: u32) {
    if percent > 0 {
        detail(
            text,
            "usage",
            &format!("{percent} % of the platform's limit"),
        );
    }
}

pub fn detail(text: &mut String, name: &str, value: &str) {
    let name = styled(DIM, format_args!("{name:<10}"));
    let _ = writeln!(text, "  {name}  {value}");
}
