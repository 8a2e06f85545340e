//! What an answer says: the ids of a message, and Graph errors.

use super::loose::Node;
use crate::error::GraphError;

/// Recipient and message id from any of the documented shapes:
/// `{recipient_id, message_id}`, `{recipient: {id, message_id}}`,
/// `{recipient: {id}, message_id}`, `{message_id}`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) recipient: Option<String>,
    pub(super) message: Option<String>,
}

impl Ids {
    /// None if an answer contradicts itself.
    pub(super) fn of(root: &Node) -> Option<Self> {
        let root = root.unwrapped();
        if root.all("success").any(|it| *it == Node::Bool(false)) {
            return None;
        }
        let one = |key: &str, nested: &str| {
            let nested = root
                .all("recipient")
                .flat_map(|recipient| recipient.unwrapped().all(nested));
            let mut ids = root.all(key).chain(nested).filter_map(Node::id);
            let first = ids.next();
            let same = ids.all(|id| Some(id) == first);
            same.then(|| first.map(str::to_owned))
        };
        Some(Ids {
            recipient: one("recipient_id", "id")?,
            message: one("message_id", "message_id")?,
        })
    }
}

/// Whether there is the id of a message anywhere.
pub(super) fn holds_message_id(node: &Node) -> bool {
    let node = node.unwrapped();
    let mut children = node.children().into_iter();
    children.any(|(key, child)| {
        (key == "message_id" && child.id().is_some()) || holds_message_id(child)
    })
}

/// A Graph error, or something in its place.
#[derive(Debug)]
pub(super) enum Claim<'a> {
    /// `{code, error_subcode, …}`; the code is `None` if there is none.
    Error(&'a Node, Option<i64>, Option<i64>),
    /// A text, or whatever else stands where an error should.
    Other(&'a Node),
    /// The numbers can't be read, or contradict each other.
    Unreadable,
}

/// Everything that says that the message was refused. In a refusal, `bare` errors are
/// read too: those of the generated reference, `{message, code}` at the top. Gateways
/// have answers of the same form.
pub(super) fn claims(roots: &[Node], bare: bool) -> Vec<Claim<'_>> {
    let mut claims = Vec::new();
    for root in roots.iter().map(Node::unwrapped) {
        match root {
            Node::Text(_) => error(root, &mut claims),
            _ => collect(root, &mut claims),
        }
    }
    if claims.is_empty() && bare {
        let is_text = |node: &Node| matches!(node, Node::Text(_));
        let is_number = |node: &Node| node.integer().is_some();
        let is_error =
            |root: &&Node| root.all("code").any(is_number) && root.all("message").any(is_text);
        let roots = roots.iter().map(Node::unwrapped).filter(is_error);
        claims.extend(roots.map(numbers));
    }
    claims
}

fn collect<'a>(node: &'a Node, claims: &mut Vec<Claim<'a>>) {
    let node = node.unwrapped();
    if has_graph_marks(node) {
        claims.push(numbers(node));
    }
    inside(node, claims);
}

fn inside<'a>(node: &'a Node, claims: &mut Vec<Claim<'a>>) {
    for (key, child) in node.children() {
        match key {
            "error" | "errors" => error(child, claims),
            _ => collect(child, claims),
        }
    }
}

/// The value of a key `error`. One of any shape is an error, unless it says that there
/// is none.
fn error<'a>(value: &'a Node, claims: &mut Vec<Claim<'a>>) {
    match value.unwrapped() {
        Node::Null | Node::Bool(false) => {}
        Node::Text(text) if text.value.is_empty() => {}
        // It was meant as JSON.
        Node::Text(text) if text.value.trim_start().starts_with(['{', '[']) => {
            claims.push(Claim::Unreadable);
        }
        Node::List(items) => items.iter().for_each(|item| error(item, claims)),
        object @ Node::Object(_) => {
            let before = claims.len();
            inside(object, claims);
            let own = numbers(object);
            // What wraps an error is none itself.
            if claims.len() == before || !matches!(own, Claim::Error(_, None, _)) {
                claims.push(own);
            }
        }
        other => claims.push(Claim::Other(other)),
    }
}

/// Whether an object looks like a Graph error, whatever it is called.
fn has_graph_marks(object: &Node) -> bool {
    let exception = |node: &Node| match node {
        Node::Text(text) => text.value.ends_with("Exception"),
        _ => false,
    };
    let present = |key: &str| object.all(key).any(|node| *node != Node::Null);
    present("error_subcode") || present("fbtrace_id") || object.all("type").any(exception)
}

fn numbers(object: &Node) -> Claim<'_> {
    // None is one that can't be read, or several.
    let one = |key: &str| {
        let mut values = object.all(key).filter(|node| **node != Node::Null);
        let Some(first) = values.next() else {
            return Some(None);
        };
        let number = first.integer()?;
        let same = values.all(|node| node.integer() == Some(number));
        same.then_some(Some(number))
    };
    let word = |node: &Node| matches!(node, Node::Text(_)) && node.integer().is_none();
    // A gateway's own code, such as `not_found`.
    let named = !has_graph_marks(object) && object.all("code").all(word);
    match (one("code"), one("error_subcode")) {
        (Some(code @ Some(_)), Some(subcode)) => Claim::Error(object, code, subcode),
        (Some(None), Some(None)) if !has_graph_marks(object) => Claim::Error(object, None, None),
        _ if named => Claim::Error(object, None, None),
        _ => Claim::Unreadable,
    }
}

/// The error of a claim. `blank` takes credentials out of its texts.
pub(super) fn graph_error(
    object: &Node,
    code: Option<i64>,
    subcode: Option<i64>,
    blank: &dyn Fn(&str) -> String,
) -> GraphError {
    let scrubbed = |key: &str| {
        object.all(key).find_map(|node| match node {
            Node::Text(text) => Some(blank(&text.value)),
            _ => None,
        })
    };
    let plain = |key: &str| scrubbed(key).filter(|text| is_plain(text));
    GraphError {
        code: code.unwrap_or_default(),
        subcode,
        kind: plain("type"),
        message: scrubbed("message"),
        user_title: scrubbed("error_user_title"),
        user_msg: scrubbed("error_user_msg"),
        is_transient: object.all("is_transient").find_map(|node| match node {
            Node::Bool(yes) => Some(*yes),
            _ => None,
        }),
        trace_id: plain("fbtrace_id"),
    }
}

/// Whether a text looks like a type or a trace id, so that nothing else gets into
/// a log.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.len() <= 64 && text.bytes().all(plain)
}
