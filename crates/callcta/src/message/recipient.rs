use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Who a message goes to. A plain string is a PSID.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recipient {
    /// `id`: the person's Page-scoped ID (PSID), digits only.
    Id(String),
    /// `user_ref`: the reference of a plugin, such as the checkbox.
    UserRef(String),
    /// `comment_id`: a private reply to a comment, once, within 7 days.
    CommentId(String),
    /// `post_id`: a private reply to a visitor's post, once, within 7 days.
    PostId(String),
    /// Any other form, as its wire form.
    Other(Map<String, Value>),
}

impl Recipient {
    /// A recipient from its wire form, such as `{"id": "…"}`.
    pub fn from_map(object: Map<String, Value>) -> Self {
        if object.len() == 1 {
            let (key, value) = object.iter().next().expect("it has one entry");
            if let Value::String(value) = value {
                let value = value.clone();
                match key.as_str() {
                    "id" => return Recipient::Id(value),
                    "user_ref" => return Recipient::UserRef(value),
                    "comment_id" => return Recipient::CommentId(value),
                    "post_id" => return Recipient::PostId(value),
                    _ => {}
                }
            }
        }
        Recipient::Other(object)
    }

    /// The form's name on the wire and its value, such as `("user_ref", "…")`;
    /// `None` for [`Other`](Recipient::Other).
    pub fn form(&self) -> Option<(&'static str, &str)> {
        match self {
            Recipient::Id(value) => Some(("id", value)),
            Recipient::UserRef(value) => Some(("user_ref", value)),
            Recipient::CommentId(value) => Some(("comment_id", value)),
            Recipient::PostId(value) => Some(("post_id", value)),
            Recipient::Other(_) => None,
        }
    }

    /// The PSID, when this is one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Recipient::Id(id) => Some(id),
            Recipient::Other(object) => object.get("id").and_then(Value::as_str),
            _ => None,
        }
    }
}

impl From<&str> for Recipient {
    fn from(psid: &str) -> Self {
        Recipient::Id(psid.to_owned())
    }
}

impl From<String> for Recipient {
    fn from(psid: String) -> Self {
        Recipient::Id(psid)
    }
}

impl From<&String> for Recipient {
    fn from(psid: &String) -> Self {
        Recipient::Id(psid.clone())
    }
}

impl From<&Recipient> for Recipient {
    fn from(recipient: &Recipient) -> Self {
        recipient.clone()
    }
}

/// Shows the form only: who is written to doesn't belong in a log.
impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Recipient::Id(_) => "Recipient::Id(..)",
            Recipient::UserRef(_) => "Recipient::UserRef(..)",
            Recipient::CommentId(_) => "Recipient::CommentId(..)",
            Recipient::PostId(_) => "Recipient::PostId(..)",
            Recipient::Other(_) => "Recipient::Other(..)",
        })
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Recipient::Other(object) => object.serialize(serializer),
            _ => serializer.collect_map(self.form()),
        }
    }
}
