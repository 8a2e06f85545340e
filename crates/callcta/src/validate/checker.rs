//! Collects violations, and the checks that all rules share.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;

use crate::limits::VIOLATIONS_MAX;
use crate::message::Extra;
use crate::path::Path;
use crate::violation::{Found, Rule, Severity};

pub(super) const MESSAGE: Path<'static> = Path::Field(&Path::Root, "message");

#[derive(Default)]
pub(super) struct Checker {
    pub(super) found: Found,
    /// Paths of what there are no rules for.
    pub(super) unchecked: Vec<String>,
    pub(super) deadline: Option<SystemTime>,
}

impl Checker {
    pub(super) fn error(&mut self, path: &Path<'_>, rule: Rule, message: impl fmt::Display) {
        self.found.add(path, rule, Severity::Error, message);
    }

    pub(super) fn warning(&mut self, path: &Path<'_>, rule: Rule, message: impl fmt::Display) {
        self.found.add(path, rule, Severity::Warning, message);
    }

    /// There are no rules for what is there.
    pub(super) fn not_checked(&mut self, path: &Path<'_>) {
        if self.unchecked.len() < VIOLATIONS_MAX {
            self.unchecked.push(path.to_string());
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
            None | Some("") => self.required_text(&path.field(name)),
            Some(text) => {
                if let Some((max, severity)) = max {
                    self.length(&path.field(name), text, max, severity);
                }
            }
        }
    }

    pub(super) fn required_text(&mut self, path: &Path<'_>) {
        self.error(path, Rule::Required, "is required and must not be empty");
    }

    pub(super) fn length(&mut self, path: &Path<'_>, text: &str, max: usize, severity: Severity) {
        // No text has more characters than bytes.
        if text.len() <= max {
            return;
        }
        let length = text.chars().count();
        if length > max {
            let message = format_args!("has {length} characters, at most {max} are allowed");
            self.found.add(path, Rule::TooLong, severity, message);
        }
    }

    pub(super) fn count(
        &mut self,
        path: &Path<'_>,
        count: usize,
        (min, max): (usize, usize),
        what: &str,
    ) {
        let s = if what.ends_with('y') { "ies" } else { "s" };
        let what = what.trim_end_matches('y');
        if count < min {
            let message = format_args!("has {count} {what}{s}, at least {min} is needed");
            self.error(path, Rule::TooFew, message);
        } else if count > max {
            let message = format_args!("has {count} {what}{s}, at most {max} are allowed");
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

/// The fields of an object that is checked as it stands on the wire.
pub(super) fn string<'a>(object: &'a Extra, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
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
