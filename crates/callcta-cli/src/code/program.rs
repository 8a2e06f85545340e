//! What a program needs beside the message: who it goes to, and how.

use callcta::{Extra, Recipient, Request};
use serde_json::Value;

/// What no call says, so that there is no program for it.
pub struct Unsaid(pub String);

/// The options of a send.
#[derive(Default)]
pub struct Options {
    /// Those that are texts, by their names.
    pub texts: Vec<(&'static str, String)>,
    /// Further fields of the request.
    pub fields: Extra,
}

impl Options {
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.fields.is_empty()
    }
}

/// The form of the request's recipient, and its value.
pub fn recipient(request: &Request) -> Result<Option<(&'static str, &str)>, Unsaid> {
    let form = request.recipient.as_ref().map(Recipient::form);
    form.map(|form| {
        let why = "its recipient has a form that callcta has no name for";
        form.ok_or_else(|| Unsaid(why.to_owned()))
    })
    .transpose()
}

pub fn options(request: &Request) -> Result<Options, Unsaid> {
    let mut options = Options::default();
    let wire = serde_json::to_value(request).expect("a request has a wire form");
    let Value::Object(mut fields) = wire else {
        return Ok(options);
    };
    for name in ["recipient", "message"] {
        fields.remove(name);
    }
    let names = [
        "messaging_type",
        "tag",
        "notification_type",
        "persona_id",
        "reply_to",
    ];
    for name in names {
        let Some(value) = fields.remove(name) else {
            continue;
        };
        let text = match &value {
            Value::Object(to) if name == "reply_to" && to.len() == 1 => to.get("mid"),
            _ if name == "reply_to" => None,
            value => Some(value),
        };
        let Some(text) = text.and_then(Value::as_str) else {
            return Err(Unsaid(format!("its {name} is not of its type")));
        };
        options.texts.push((name, text.to_owned()));
    }
    options.fields = fields;
    Ok(options)
}
