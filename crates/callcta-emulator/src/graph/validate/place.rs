//! Where something is wrong in a message, and how Graph words it.

use serde_json::{Map, Value};

use crate::graph::refusal::{self, Refused, shown};
use crate::platform::{ErrorCode, Overlong, UnknownKeys, Unverified};

/// A refusal whose message starts with its code, as nearly all of Graph's do.
pub(super) fn refuse(
    code: i64,
    subcode: Option<i64>,
    text: &str,
    rule: &'static str,
    path: impl Into<String>,
    detail: impl Into<String>,
) -> Refused {
    refusal::refuse(ErrorCode::new(code, subcode), text, rule, path, detail)
}

pub(super) fn required(graph: &str, wire: &str, detail: String) -> Refused {
    refuse(
        100,
        None,
        &format!("The parameter {graph} is required"),
        "required",
        wire,
        detail,
    )
}

pub(super) fn type_error(graph: &str, wire: &str, wanted: &str, sent: &Value) -> Refused {
    refuse(
        100,
        None,
        &format!("Param {graph} must be {wanted}"),
        "type",
        wire,
        format!("{wanted}; {} was sent", shown(Some(sent))),
    )
}

/// Refuses keys that are not in `known`, unless told to ignore them at this depth.
pub(super) fn only_keys(
    object: &Map<String, Value>,
    known: &[&str],
    graph: &str,
    wire: &str,
    rules: &Unverified,
) -> Result<(), Refused> {
    if rules.unknown_keys == UnknownKeys::Refuse {
        refuse_unknown_keys(object, known, graph, wire)
    } else {
        Ok(())
    }
}

pub(super) fn refuse_unknown_keys(
    object: &Map<String, Value>,
    known: &[&str],
    graph: &str,
    wire: &str,
) -> Result<(), Refused> {
    let mut unknown = object
        .keys()
        .map(String::as_str)
        .filter(|key| !known.contains(key))
        .peekable();
    let Some(first) = unknown.peek().copied() else {
        return Ok(());
    };
    let list = unknown.collect::<Vec<_>>().join(", ");
    Err(refuse(
        100,
        None,
        &format!("Invalid keys \"{list}\" were found in param \"{graph}\"."),
        "unknown_keys",
        format!("{wire}.{first}"),
        format!("{wire} takes only {}; it had {list}", known.join(", ")),
    ))
}

/// A place inside a template's payload or a menu, written out only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Payload,
    Element(usize),
    /// A button of the payload, or of one of its elements.
    Button(Option<usize>, usize),
    DefaultAction(usize),
    /// An item of a persistent menu.
    MenuItem(usize, usize),
}

impl At {
    pub(super) fn wire(self, field: &str) -> String {
        let dot = if field.is_empty() { "" } else { "." };
        let place = match self {
            Self::Payload => String::new(),
            Self::Element(e) => format!(".elements[{e}]"),
            Self::Button(Some(e), b) => format!(".elements[{e}].buttons[{b}]"),
            Self::Button(None, b) => format!(".buttons[{b}]"),
            Self::DefaultAction(e) => format!(".elements[{e}].default_action"),
            Self::MenuItem(m, i) => {
                return format!("persistent_menu[{m}].call_to_actions[{i}]{dot}{field}");
            }
        };
        format!("message.attachment.payload{place}{dot}{field}")
    }

    pub(super) fn graph(self, field: &str) -> String {
        let field = if field.is_empty() {
            String::new()
        } else {
            format!("[{field}]")
        };
        let place = match self {
            Self::Payload => String::new(),
            Self::Element(e) => format!("[elements][{e}]"),
            Self::Button(Some(e), b) => format!("[elements][{e}][buttons][{b}]"),
            Self::Button(None, b) => format!("[buttons][{b}]"),
            Self::DefaultAction(e) => format!("[elements][{e}][default_action]"),
            Self::MenuItem(m, i) => {
                return format!("persistent_menu[{m}][call_to_actions][{i}]{field}");
            }
        };
        format!("name_placeholder{place}{field}")
    }

    pub(super) fn required(self, field: &str) -> Refused {
        required(
            &self.graph(field),
            &self.wire(field),
            format!("{field} is required here"),
        )
    }

    pub(super) fn type_error(self, field: &str, wanted: &str, sent: &Value) -> Refused {
        type_error(&self.graph(field), &self.wire(field), wanted, sent)
    }

    pub(super) fn only_keys(
        self,
        object: &Map<String, Value>,
        known: &[&str],
        rules: &Unverified,
    ) -> Result<(), Refused> {
        if rules.unknown_keys == UnknownKeys::Refuse
            && object.keys().any(|key| !known.contains(&key.as_str()))
        {
            return only_keys(object, known, &self.graph(""), &self.wire(""), rules);
        }
        Ok(())
    }

    /// A required text: missing, empty, not a string or longer than `max`.
    pub(super) fn text<'a>(
        self,
        object: &'a Map<String, Value>,
        field: &str,
        max: Option<usize>,
        rules: &Unverified,
    ) -> Result<&'a str, Refused> {
        let Some(value) = object.get(field) else {
            return Err(self.required(field));
        };
        match value.as_str() {
            Some("") | None => Err(refuse(
                100,
                None,
                &format!(
                    "Param {} must be a non-empty UTF-8 encoded string",
                    self.graph(field)
                ),
                "non_empty_string",
                self.wire(field),
                format!("a non-empty string; {} was sent", shown(Some(value))),
            )),
            Some(text) => {
                self.not_longer(text, field, max, rules)?;
                Ok(text)
            }
        }
    }

    pub(super) fn not_longer(
        self,
        text: &str,
        field: &str,
        max: Option<usize>,
        rules: &Unverified,
    ) -> Result<(), Refused> {
        let Some(max) = max else { return Ok(()) };
        // No unit gives more units than bytes.
        if text.len() <= max || rules.overlong == Overlong::Accept {
            return Ok(());
        }
        let length = rules.length_unit.count(text);
        if length <= max {
            return Ok(());
        }
        Err(refuse(
            100,
            None,
            &format!(
                "Length of param {} must be less than or equal to {max}",
                self.graph(field)
            ),
            "length",
            self.wire(field),
            format!("at most {max} characters; {length} were sent"),
        ))
    }
}
