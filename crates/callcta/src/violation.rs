//! What validation reports: the words, not the rules.

use std::fmt;

use serde_json::Value;

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

impl Violation {
    pub(crate) fn wrong_type(path: &dyn fmt::Display, expected: &str, got: &Value) -> Self {
        let fits = type_name(got) == expected || expected == A_WHOLE_NUMBER && got.is_i64();
        Violation {
            path: path.to_string(),
            rule: Rule::WrongType,
            severity: Severity::Error,
            // Given as a further field, where callcta keeps what it can't read.
            message: if fits {
                "is no further field: it has a method or an option of its own".to_owned()
            } else {
                format!("must be {expected}, is {}", type_name(got))
            },
        }
    }

    pub(crate) fn malformed_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            serde_json::error::Category::Eof => "ends too early",
            _ => "is not valid JSON",
        };
        Violation {
            path: String::new(),
            rule: Rule::MalformedJson,
            severity: Severity::Error,
            message: format!("the text {what} at line {line}, column {column}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// What JSON calls a value's type, with its article, for messages to people.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fractional number",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
