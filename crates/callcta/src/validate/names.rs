//! Fields and values by name: known, unknown, or in the wrong place.

use std::fmt;

use serde_json::Value;

use super::checker::Checker;
use super::part::Part;
use crate::message::{Extra, whole_number};
use crate::names::{self, Homes, Place};
use crate::near::{nearest, surely};
use crate::path::Path;
use crate::violation::{A_STRING, A_WHOLE_NUMBER, Quoted, Rule, Severity, type_name};

impl Checker {
    /// Checks the fields of a model that it keeps beside its own: names that it has a
    /// place of its own for are there if their value has another type, or if they were
    /// given as further fields.
    pub(super) fn further<'a>(
        &mut self,
        path: &Path<'_>,
        fields: impl IntoIterator<Item = (&'a String, &'a Value)>,
        places: &[&Place],
    ) {
        for (name, value) in fields {
            let mut own = places.iter().flat_map(|place| place.own());
            match own.find(|(own, _)| own == name) {
                Some((_, expected)) => self.own(&path.field(name), expected, value),
                None => self.stranger(path, name, value, places),
            }
        }
    }

    /// Checks the names in an object that is checked as it stands on the wire.
    pub(super) fn fields(&mut self, path: &Path<'_>, object: &Extra, places: &[&Place]) {
        for (name, value) in object {
            self.stranger(path, name, value, places);
        }
    }

    /// A field that has a place of its own, but was found among the further ones.
    pub(super) fn own(&mut self, path: &Path<'_>, expected: &'static str, value: &Value) {
        let fits = match expected {
            A_WHOLE_NUMBER => whole_number(value).is_some(),
            expected => type_name(value) == expected,
        };
        if fits {
            let message = "is no further field: it has a method or an option of its own";
            self.error(path, Rule::NotAllowed, message);
        } else if expected == A_WHOLE_NUMBER
            && let Some(number) = value.as_f64().filter(|number| number.fract() == 0.0)
        {
            let (much, far) = if number < 0.0 {
                ("too small", "far less")
            } else {
                ("too large", "far more")
            };
            if matches!(path, Path::Field(_, "expires_in_days")) {
                self.days_out_of_range(path, far);
            } else {
                let message = format_args!("is far {much} a number");
                self.error(path, Rule::OutOfRange, message);
            }
        } else {
            self.wrong_type(path, expected, value);
        }
    }

    /// A value of another JSON type. What is inside is checked all the same.
    pub(super) fn wrong_type(&mut self, path: &Path<'_>, expected: &'static str, value: &Value) {
        let hint = lazy(|f| {
            let item = match value {
                Value::Array(items) => items.first().and_then(Value::as_object),
                Value::String(text) if expected != A_STRING && text.starts_with(['{', '[']) => {
                    return f.write_str(" with JSON in it (encoded twice)");
                }
                _ => None,
            };
            match item.and_then(Part::of) {
                Some(part) => write!(f, " of what belongs in {}", part.home()),
                None => Ok(()),
            }
        });
        let got = type_name(value);
        let message = format_args!("must be {expected}, is {got}{hint}");
        self.error(path, Rule::WrongType, message);
        self.by_shape(path, value);
    }

    /// A field that may be unknown here.
    fn stranger(&mut self, path: &Path<'_>, name: &str, value: &Value, places: &[&Place]) {
        let here = || places.iter().flat_map(|place| place.names());
        if here().any(|known| known == name) {
            return;
        }
        let path = path.field(name);
        if names::is_at_home(name) {
            let severity = match name {
                // The Call Audio CTA page lists it for button templates, too.
                "elements" if here().any(|known| known == "text") => Severity::Warning,
                "message" | "attachment" | "template_type" | "elements" | "buttons"
                | "default_action" | "quick_replies" => Severity::Error,
                "payload" if value.is_object() => Severity::Error,
                _ => Severity::Warning,
            };
            let message = format_args!("does not belong here but in {}", Homes(name));
            self.found.add(&path, Rule::Misplaced, severity, message);
            self.inside(&path, name, value);
            return;
        }
        let message = lazy(|f| {
            if let Some(meant) = nearest(name, here()) {
                return write!(f, "is not known, did you mean {meant}?");
            }
            match nearest(name, names::at_home()) {
                Some(meant) => write!(
                    f,
                    "is not known, did you mean {meant}, which belongs in {}?",
                    Homes(meant)
                ),
                None => f.write_str("is not known to callcta, and sent as it is"),
            }
        });
        self.warning(&path, Rule::UnknownName, message);
        // Looking for more than can be told would take long.
        if (value.is_object() || value.is_array()) && !self.found.is_full() {
            let known: Vec<_> = here().chain(names::at_home()).collect();
            if let Some(meant) = surely(name, &known) {
                self.inside(&path, meant, value);
            }
        }
    }

    /// A text that should be one of the known values.
    pub(super) fn value(&mut self, path: &Path<'_>, value: &str, known: &[&'static str]) {
        if known.contains(&value) {
            return;
        }
        let message = lazy(|f| {
            let meant = nearest(value, known.iter().copied());
            let quoted = Quoted {
                text: value,
                blanks: meant.is_some(),
            };
            match meant {
                Some(meant) => write!(f, "{quoted} is not known, did you mean {meant}?"),
                None => write!(f, "{quoted} is not known to callcta, and sent as it is"),
            }
        });
        self.warning(path, Rule::UnknownName, message);
    }

    /// The same for a field that callcta has no place of its own for: its text, if the
    /// field is there and is one.
    pub(super) fn choice<'a>(
        &mut self,
        path: &Path<'_>,
        object: &'a Extra,
        name: &str,
        known: &[&'static str],
    ) -> Option<&'a str> {
        let path = path.field(name);
        match object.get(name)? {
            Value::String(value) => {
                self.value(&path, value, known);
                Some(value)
            }
            other => {
                self.wrong_type(&path, A_STRING, other);
                None
            }
        }
    }

    /// A field whose value has a type, if it is there.
    pub(super) fn typed(
        &mut self,
        path: &Path<'_>,
        object: &Extra,
        name: &str,
        expected: &'static str,
    ) {
        if let Some(value) = object
            .get(name)
            .filter(|value| type_name(value) != expected)
        {
            self.wrong_type(&path.field(name), expected, value);
        }
    }
}

/// A text that is only made if somebody wants it.
fn lazy(write: impl Fn(&mut fmt::Formatter<'_>) -> fmt::Result) -> impl fmt::Display {
    struct Lazy<F>(F);
    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Lazy<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }
    Lazy(write)
}
