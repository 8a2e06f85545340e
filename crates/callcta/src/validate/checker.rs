//! Collects violations: places in a request, and the checks that all rules share.

use std::fmt;
use std::time::SystemTime;

use crate::message::Extra;
use crate::violation::{Rule, Severity, Violation};

/// A place in the request body; becomes text only when a rule is broken.
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(super) fn field<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

pub(super) const MESSAGE: Path<'static> = Path::Field(&Path::Root, "message");
pub(super) const ATTACHMENT: Path<'static> = Path::Field(&MESSAGE, "attachment");
pub(super) const PAYLOAD: Path<'static> = Path::Field(&ATTACHMENT, "payload");

#[derive(Default)]
pub(super) struct Checker {
    pub(super) found: Vec<Violation>,
    pub(super) deadline: Option<SystemTime>,
}

impl Checker {
    pub(super) fn add(
        &mut self,
        path: &Path<'_>,
        rule: Rule,
        severity: Severity,
        message: impl Into<String>,
    ) {
        self.found.push(Violation {
            path: path.to_string(),
            rule,
            severity,
            message: message.into(),
        });
    }

    pub(super) fn error(&mut self, path: &Path<'_>, rule: Rule, message: impl Into<String>) {
        self.add(path, rule, Severity::Error, message);
    }

    pub(super) fn warning(&mut self, path: &Path<'_>, rule: Rule, message: impl Into<String>) {
        self.add(path, rule, Severity::Warning, message);
    }

    /// Reports known fields that were left in `extra` because of their type.
    pub(super) fn mistyped(&mut self, path: &Path<'_>, extra: &Extra, known: &[(&str, &str)]) {
        if extra.is_empty() {
            return;
        }
        for (name, expected) in known {
            if let Some(value) = extra.get(*name) {
                let violation = Violation::wrong_type(&path.field(name), expected, value);
                self.found.push(violation);
            }
        }
    }

    /// A text that must be there. One of another type has been reported already.
    pub(super) fn text(
        &mut self,
        path: &Path<'_>,
        name: &str,
        value: Option<&str>,
        extra: &Extra,
        max: Option<(usize, Severity)>,
    ) {
        match value {
            None if extra.contains_key(name) => {}
            None | Some("") => self.error(
                &path.field(name),
                Rule::Required,
                "is required and must not be empty",
            ),
            Some(text) => {
                if let Some((max, severity)) = max {
                    self.length(&path.field(name), text, max, severity);
                }
            }
        }
    }

    pub(super) fn length(&mut self, path: &Path<'_>, text: &str, max: usize, severity: Severity) {
        // No text has more characters than bytes.
        if text.len() <= max {
            return;
        }
        let length = text.chars().count();
        if length > max {
            let message = format!("has {length} characters, at most {max} are allowed");
            self.add(path, Rule::TooLong, severity, message);
        }
    }

    pub(super) fn count(
        &mut self,
        path: &Path<'_>,
        count: usize,
        min: usize,
        max: usize,
        what: &str,
    ) {
        if count < min {
            let message = format!("has {count} {what}s, at least {min} is needed");
            self.error(path, Rule::TooFew, message);
        } else if count > max {
            let message = format!("has {count} {what}s, at most {max} are allowed");
            self.error(path, Rule::TooMany, message);
        }
    }

    pub(super) fn url(&mut self, path: &Path<'_>, url: &str) {
        if !has_scheme(url, &["http", "https"]) {
            self.error(
                path,
                Rule::InvalidUrl,
                "must be a URL that starts with http:// or https://",
            );
        }
    }

    pub(super) fn https_url(&mut self, path: &Path<'_>, url: Option<&str>) {
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return;
        };
        if !has_scheme(url, &["http", "https"]) {
            self.url(path, url);
        } else if !has_scheme(url, &["https"]) {
            self.error(path, Rule::HttpsRequired, "must start with https://");
        }
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is one of these schemes, `://`, and a host, without white
/// space. Nothing finer: what Meta accepts beyond that isn't documented.
fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    schemes
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
        && !rest.is_empty()
        && !rest.starts_with(['/', '?', '#', ':'])
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
