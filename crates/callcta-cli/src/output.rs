//! Words and colour for people.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use callcta::{Severity, Violation};

use crate::exit::Exit;

/// What worked.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What needs a second look.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What matters.
pub const STRONG: Style = Style::new().bold();
/// What is there for reference.
pub const DIM: Style = Style::new().dimmed();

/// A text in a style.
pub fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A foreign text without anything that steers a terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return text.into();
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .into()
}

/// Says something on standard error. That nobody listens is no failure.
pub fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says on standard error what can't be used.
pub fn complain(text: impl Display) {
    say(format_args!("{} {text}", styled(BAD, "error:")));
}

/// The exit after writing to standard output: a reader that went away has seen
/// what it wanted, anything else that kept a result from being written is a
/// failure.
pub fn after_writing(written: io::Result<()>, exit: Exit) -> Exit {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(format_args!("can't write to standard output: {error}"));
            Exit::Usage
        }
        _ => exit,
    }
}

/// A broken rule in one line.
pub fn violation(violation: &Violation) -> String {
    let style = match violation.severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
    };
    let severity = styled(style, format_args!("{}:", violation.severity));
    let rule = styled(DIM, format_args!("[{}]", violation.rule));
    let text = violation.to_string();
    format!("{severity} {} {rule}", plain(&text))
}
