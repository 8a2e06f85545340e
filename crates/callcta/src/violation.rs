//! What validation reports: the words, not the rules.

use std::fmt;

use serde_json::Value;

use crate::limits::VIOLATIONS_MAX;
use crate::path::is_name;

pub(crate) const A_STRING: &str = "a string";
pub(crate) const A_BOOLEAN: &str = "a boolean";
pub(crate) const AN_ARRAY: &str = "an array";
pub(crate) const AN_OBJECT: &str = "an object";
pub(crate) const A_WHOLE_NUMBER: &str = "a whole number";

/// How much a [`Violation`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// A documented rule is broken: the message is not sent.
    Error = 1201,
    /// Something is likely not meant, or not documented: the message is sent.
    Warning = 1202,
}

impl Severity {
    /// Every one.
    pub const ALL: &[Severity] = &[Severity::Error, Severity::Warning];

    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    /// Its stable number, used in C.
    pub fn number(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal,)+) => {
        /// Which rule a [`Violation`] is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $variant,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)+];

            /// The rule's stable name, such as `too_long`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Rule::$variant => $slug,)+
                }
            }
        }
    };
}

rules! {
    /// The text is not JSON.
    MalformedJson = "malformed_json",
    /// An object has a key twice.
    DuplicateKey = "duplicate_key",
    /// A number or a text that JSON can write and callcta can't keep as it is.
    Inexact = "inexact",
    /// A field has a value of another JSON type.
    WrongType = "wrong_type",
    /// A field that must be there is missing or empty.
    Required = "required",
    /// A text has more characters than allowed.
    TooLong = "too_long",
    /// A list has fewer items than allowed.
    TooFew = "too_few",
    /// A list has more items than allowed.
    TooMany = "too_many",
    /// A number is too small or too large.
    OutOfRange = "out_of_range",
    /// A URL is not an `http` or `https` one.
    InvalidUrl = "invalid_url",
    /// A URL must be an `https` one.
    HttpsRequired = "https_required",
    /// A time is not one, or comes before the one that it must follow.
    InvalidTime = "invalid_time",
    /// A telephone number is not a `+` and digits.
    InvalidPhone = "invalid_phone",
    /// An id is not plain digits.
    InvalidId = "invalid_id",
    /// An element has a title and nothing else.
    IncompleteElement = "incomplete_element",
    /// A field that doesn't go with the others.
    NotAllowed = "not_allowed",
    /// A tag that no longer works.
    RetiredTag = "retired_tag",
    /// A tag without the messaging type `MESSAGE_TAG`, or the reverse.
    TagMismatch = "tag_mismatch",
    /// Several `audio_call` buttons in one card.
    RepeatedAudioCall = "repeated_audio_call",
    /// An `audio_call` button where no page names it.
    UndocumentedPlace = "undocumented_place",
    /// The button can be tapped after the message's deadline.
    OutlivesDeadline = "outlives_deadline",
    /// A field, a type or a value that no page of Meta's names; one that is near is named.
    UnknownName = "unknown_name",
    /// A part of a message that belongs somewhere else in it.
    Misplaced = "misplaced",
    /// There are more violations than are listed.
    More = "more",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Violation {
    /// Where, as a path in the request body, such as
    /// `message.attachment.payload.elements[0].buttons[1].expires_in_days`.
    pub path: String,
    /// Which rule.
    pub rule: Rule,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong and what is allowed, in one line that quotes no text of the
    /// message.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Collects violations. However many there are, [`VIOLATIONS_MAX`] of them take room,
/// errors before warnings, and the others are counted.
#[derive(Default)]
pub(crate) struct Found {
    kept: Vec<Violation>,
    errors: usize,
    warnings: usize,
}

impl Found {
    /// Adds one. Its texts are only made if it is kept.
    pub(crate) fn add(
        &mut self,
        path: impl fmt::Display,
        rule: Rule,
        severity: Severity,
        message: impl fmt::Display,
    ) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= VIOLATIONS_MAX {
            self.kept.push(Violation {
                path: path.to_string(),
                rule,
                severity,
                message: message.to_string(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many errors and how many warnings there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.errors, self.warnings)
    }

    /// Whether no more warnings are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.warnings >= VIOLATIONS_MAX
    }

    /// Puts a name before each path.
    pub(crate) fn within(&mut self, outer: &str) {
        for Violation { path, .. } in &mut self.kept {
            match path.chars().next() {
                None => {}
                Some('[') => path.insert_str(0, outer),
                Some(_) => *path = format!("{outer}.{path}"),
            }
        }
    }

    /// The list, in the order of the wire form. If it isn't whole, its last entry says
    /// how many are missing, and is an error if one of them is.
    pub(crate) fn list(self) -> Vec<Violation> {
        let Found {
            mut kept,
            errors,
            warnings,
        } = self;
        if errors + warnings <= VIOLATIONS_MAX {
            return kept;
        }
        let listed_errors = errors.min(VIOLATIONS_MAX);
        let mut room = VIOLATIONS_MAX - listed_errors;
        let (more_errors, more_warnings) = (errors - listed_errors, warnings.saturating_sub(room));
        kept.retain(|violation| {
            let keep = violation.severity == Severity::Error || room > 0;
            if keep && violation.severity == Severity::Warning {
                room -= 1;
            }
            keep
        });
        kept.push(Violation {
            path: String::new(),
            rule: Rule::More,
            severity: if more_errors > 0 {
                Severity::Error
            } else {
                Severity::Warning
            },
            message: format!("not listed: errors: {more_errors}, warnings: {more_warnings}"),
        });
        kept
    }
}

/// Quotes a foreign text if it looks like a name, and otherwise describes it.
pub(crate) struct Quoted<'a> {
    pub(crate) text: &'a str,
    /// Whether a name may have blanks, since it is near to one that is known.
    pub(crate) blanks: bool,
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            "" => f.write_str("an empty text"),
            name if is_name(name, self.blanks) => f.write_str(name),
            text => write!(f, "a text of {} characters", text.chars().count()),
        }
    }
}

/// What JSON calls a value's type, with its article, for messages to people.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
            "a fractional number"
        }
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(errors: usize, warnings: usize) -> Found {
        let mut found = Found::default();
        for index in 0..warnings {
            found.add(index, Rule::UnknownName, Severity::Warning, "w");
        }
        for index in 0..errors {
            found.add(index, Rule::Required, Severity::Error, "e");
        }
        found
    }

    #[test]
    fn a_list_that_fits_is_whole() {
        let list = found(VIOLATIONS_MAX / 2, VIOLATIONS_MAX / 2).list();
        assert_eq!(list.len(), VIOLATIONS_MAX);
        assert!(list.iter().all(|violation| violation.rule != Rule::More));
    }

    #[test]
    fn errors_are_listed_before_warnings_in_the_order_of_the_wire_form() {
        let list = found(2, 1000).list();
        assert_eq!(list.len(), VIOLATIONS_MAX + 1);
        let more = &list[VIOLATIONS_MAX];
        assert_eq!((more.rule, more.severity), (Rule::More, Severity::Warning));
        assert_eq!(more.message, "not listed: errors: 0, warnings: 902");
        assert_eq!(list[0].severity, Severity::Warning);
        let errors = list[..VIOLATIONS_MAX].iter();
        assert_eq!(errors.filter(|v| v.severity == Severity::Error).count(), 2);
    }

    #[test]
    fn an_error_that_is_not_listed_counts() {
        let list = found(VIOLATIONS_MAX + 1, 7).list();
        assert_eq!(list.len(), VIOLATIONS_MAX + 1);
        let more = &list[VIOLATIONS_MAX];
        assert_eq!((more.rule, more.severity), (Rule::More, Severity::Error));
        assert_eq!(more.message, "not listed: errors: 1, warnings: 7");
    }
}
