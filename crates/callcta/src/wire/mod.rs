//! What the platform answers: every documented shape, and the rest as errors.

mod batch;
mod graph;
mod json;
mod loose;

use std::borrow::Cow;

use serde::Deserialize;

pub(crate) use self::batch::read_batch;
use self::graph::{Claim, Ids};
pub(crate) use self::json::{Take, read_json};
use self::loose::{Body, Document, Node, Start};
use crate::error::{CancelReason, Delivery, Error, ErrorKind, GraphError};
use crate::graph_error::{self, CallingCodes, Meaning};
use crate::transport::{Connection, HttpResponse, TransportError, TransportErrorKind};
use crate::usage::{self, Usage};

/// Words that only a Graph error has, the number of its kind for sent messages among
/// them.
const GRAPH_WORDS: [&str; 4] = ["error_subcode", "fbtrace_id", "OAuthException", "1357046"];

/// What the request was about.
pub(crate) struct Asked<'a> {
    /// Who it was for, if that was said by PSID.
    pub(crate) psid: Option<&'a str>,
    /// Whether there was a message in it. A sender action makes none, and is answered
    /// without an id.
    pub(crate) message: bool,
}

/// What a send that worked returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) recipient_id: Option<String>,
    /// Empty if there was no message.
    pub(crate) message_id: String,
}

/// Reads the answer to a message. `blank` takes credentials out of the platform's texts.
pub(crate) fn read(
    response: HttpResponse,
    asked: &Asked<'_>,
    calling: &CallingCodes,
    blank: &dyn Fn(&str) -> String,
) -> Result<(Answer, Usage), Error> {
    let strange = |ids: &Ids| {
        let both = ids.recipient.as_deref().zip(asked.psid);
        both.is_some_and(|(got, asked)| got != asked)
    };
    let (ids, usage) = read_with(response, calling, blank, |reader, body, connection| {
        let ids = reader.success(body, asked)?;
        // Answers and requests are out of step.
        if connection.is_reused() && strange(&ids) {
            connection.close();
            return Err(unreadable("the answer is about somebody else's message"));
        }
        Ok(ids)
    })?;
    let answer = Answer {
        recipient_id: ids.recipient,
        message_id: ids.message.unwrap_or_default(),
    };
    Ok((answer, usage))
}

/// Reads an answer, of which `success` reads the body if its status says that it worked.
fn read_with<T>(
    response: HttpResponse,
    calling: &CallingCodes,
    blank: &dyn Fn(&str) -> String,
    success: impl FnOnce(&Reader<'_>, &[u8], &Connection) -> Result<T, Error>,
) -> Result<(T, Usage), Error> {
    let usage = Usage::from_headers(&response.headers);
    let retry_after = usage::retry_after(&response.headers, &usage);
    let reader = Reader {
        status: response.status,
        is_json: says_json(&response.headers),
        calling,
        blank,
    };
    let read = match (response.status, response.body) {
        (200..300, Ok(body)) => success(&reader, &body, &response.connection),
        (200..300, Err(failure)) => Err(reader.cut(failure)),
        (_, Ok(body)) => Err(reader.refusal(&body, None)),
        (_, Err(failure)) => Err(reader.refusal(&response.partial, Some(failure))),
    };
    match read {
        Ok(read) => Ok((read, usage)),
        Err(error) => Err(error.with_http(response.status, retry_after, usage)),
    }
}

fn says_json(headers: &[(String, String)]) -> bool {
    let json = |value: &str| value.contains("json") || value.contains("javascript");
    let mut types = headers.iter().filter(|(name, _)| name == "content-type");
    types.any(|(_, value)| json(&value.to_ascii_lowercase()))
}

struct Reader<'a> {
    status: u16,
    /// Whether the answer says that it is JSON.
    is_json: bool,
    calling: &'a CallingCodes,
    blank: &'a dyn Fn(&str) -> String,
}

impl Reader<'_> {
    fn success(&self, body: &[u8], asked: &Asked<'_>) -> Result<Ids, Error> {
        // The usual answer, without building a tree of values.
        if let Ok(flat) = serde_json::from_slice::<Flat<'_>>(body)
            && !flat.message_id.is_empty()
        {
            return Ok(Ids {
                recipient: flat.recipient_id.map(Cow::into_owned),
                message: Some(flat.message_id.into_owned()),
            });
        }
        let body = Body::new(body);
        let document = body.read();
        let root = document.roots.first().filter(|_| document.whole);
        let ids = root.and_then(Ids::of).unwrap_or_default();
        let enough = ids.message.is_some() || (!asked.message && ids.recipient.is_some());
        match self.judge(&graph::claims(&document.roots, false)) {
            Some(error) if ids.message.is_some() => Err(contradiction(
                "the answer holds a message id and an error",
                Some(&error),
            )),
            Some(error) => Err(error),
            None if enough => Ok(ids),
            None => Err(unclear(&body, &document)),
        }
    }

    /// An answer that is no success, of whose body there may be a part only.
    fn refusal(&self, body: &[u8], failure: Option<TransportError>) -> Error {
        let body = Body::new(body);
        let document = body.read();
        let refused = (400..500).contains(&self.status) && self.status != 408;
        let mut claims = graph::claims(&document.roots, refused);
        let doubtful = refused && !self.says_enough(&body, &document);
        if doubtful {
            // Only a code is clear by itself.
            claims.retain(|claim| !matches!(claim, Claim::Error(_, None, _) | Claim::Other(_)));
        }
        let told = self.judge(&claims);
        if document.roots.iter().any(graph::holds_message_id) {
            let what = "the answer refuses the message and yet holds its id";
            return contradiction(what, told.as_ref());
        }
        match (told, failure) {
            (Some(told), Some(failure)) => told.with_source(failure),
            (Some(told), None) => told,
            (None, Some(failure)) => self.cut(failure),
            (None, None) if doubtful => unclear(&body, &document),
            (None, None) => {
                let error = of_status(self.status);
                let is_page = body.start() == Start::Html;
                if is_page || refused || self.status < 400 {
                    error.foreign()
                } else {
                    error
                }
            }
        }
    }

    /// Whether a refusal without a Graph error can be believed, since nothing was lost
    /// that might say that the message was sent all the same.
    fn says_enough(&self, body: &Body<'_>, document: &Document) -> bool {
        if GRAPH_WORDS.iter().any(|word| body.holds(word)) {
            return false;
        }
        match body.start() {
            // Such errors come with 400.
            Start::Nothing => self.status != 400,
            Start::Json => document.whole,
            Start::Html => !self.is_json,
            Start::Other => !self.is_json && body.is_prose(),
        }
    }

    /// What the errors of an answer come to; none if there are none.
    fn judge(&self, claims: &[Claim<'_>]) -> Option<Error> {
        if claims
            .iter()
            .any(|claim| matches!(claim, Claim::Unreadable))
        {
            return Some(unreadable("the answer's error can't be read"));
        }
        let told = claims.iter().map(|claim| {
            let graph = match *claim {
                Claim::Error(object, code, subcode) => {
                    graph::graph_error(object, code, subcode, self.blank)
                }
                Claim::Other(Node::Text(text)) => GraphError {
                    message: Some((self.blank)(&text.value)),
                    ..GraphError::default()
                },
                Claim::Other(_) | Claim::Unreadable => GraphError::default(),
            };
            let meaning = graph_error::meaning(&graph, self.status, self.calling);
            let told = of_meaning(meaning);
            // The platform's own has a code.
            let told = if graph.code == 0 {
                told.foreign()
            } else {
                told
            };
            told.with_graph(graph)
        });
        told.reduce(|one, other| match (one.delivery(), other.delivery()) {
            _ if one.kind() == other.kind() => one,
            (Delivery::Unknown, _) => one,
            (_, Delivery::Unknown) => other,
            _ => contradiction(
                "the answer holds errors that contradict each other",
                Some(&one),
            ),
        })
    }

    /// The status came, the body did not.
    fn cut(&self, failure: TransportError) -> Error {
        match (self.status, failure.kind) {
            // Refused by themselves, whatever happened to the explanation. Other refusals
            // may be of messages that were sent all the same; only their codes tell.
            (401 | 403 | 429, _) | (408 | 500.., TransportErrorKind::InvalidResponse) => {
                of_status(self.status).with_source(failure)
            }
            _ => of_transport(TransportError {
                request_written: true,
                ..failure
            }),
        }
    }
}

/// The standard answer and nothing but it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat<'a> {
    #[serde(borrow)]
    recipient_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
}

fn of_meaning(meaning: Meaning) -> Error {
    let mut error = Error::new(meaning.kind, meaning.delivery).with_may_retry(meaning.backoff);
    if !meaning.what.is_empty() {
        error = error.with_detail(meaning.what);
    }
    if !meaning.advice.is_empty() {
        error = error.with_advice(meaning.advice);
    }
    error
}

/// An answer that is neither a success nor a Graph error.
fn of_status(status: u16) -> Error {
    match status {
        // What the sender of a redirect did with the request is unknown.
        301..=303 | 307 | 308 => unreadable("the answer is a redirect, which is not followed"),
        ..400 => unreadable("the answer's status says neither that it worked nor that it failed"),
        _ => of_meaning(graph_error::meaning_of_status(status)),
    }
}

/// What a failed exchange means for the message.
pub(crate) fn of_transport(error: TransportError) -> Error {
    use TransportErrorKind as Failed;

    let kind = match (error.kind, error.request_written) {
        (Failed::Timeout, _) => ErrorKind::Timeout,
        (Failed::Closed | Failed::Cancelled, _) => ErrorKind::Cancelled,
        (Failed::OutOfResources, false) => ErrorKind::OutOfResources,
        (Failed::InvalidRequest, false) => ErrorKind::InvalidArgument,
        (_, false) => ErrorKind::Connect,
        (Failed::InvalidResponse, true) => ErrorKind::InvalidResponse,
        (_, true) => ErrorKind::Network,
    };
    let delivery = if error.request_written {
        Delivery::Unknown
    } else {
        Delivery::NotSent
    };
    let again = matches!(
        kind,
        ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::OutOfResources
    ) && error.kind != Failed::Refused;
    let told = match error.kind {
        Failed::Closed => Error::cancelled(delivery, CancelReason::Closed),
        Failed::Cancelled => Error::cancelled(delivery, CancelReason::Aborted),
        _ => Error::new(kind, delivery).with_detail(error.message.clone()),
    };
    told.with_may_retry(again && delivery == Delivery::NotSent)
        .with_source(error)
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::InvalidResponse, Delivery::Unknown).with_detail(what)
}

/// An answer that says two things, one of them an error.
fn contradiction(what: &str, error: Option<&Error>) -> Error {
    match error.and_then(Error::graph) {
        Some(graph) => unreadable(what).with_graph(graph.clone()),
        None => unreadable(what),
    }
}

/// An answer that says neither that it worked nor that it failed.
fn unclear(body: &Body<'_>, document: &Document) -> Error {
    match body.start() {
        Start::Nothing => unreadable("the answer is empty"),
        Start::Json if document.whole => {
            unreadable("the answer is JSON, but holds neither a message id nor an error")
        }
        Start::Json => unreadable("the answer is broken JSON"),
        Start::Html => unreadable("the answer is HTML, not JSON").foreign(),
        Start::Other => unreadable("the answer is not JSON").foreign(),
    }
}
