//! The log of Graph requests.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::graph::{Refusal, Request, is_message_post};
use crate::platform::{Numbered, Ring};

/// A request's place in the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) seq: u64,
    pub(crate) received_at: i64,
    pub(crate) request: Arc<Request>,
    pub(crate) batch: Option<u64>,
    pub(crate) status: Option<u16>,
    pub(crate) answer: Bytes,
    pub(crate) fault: Option<String>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) message_id: Option<String>,
    pub(crate) modelled: bool,
}

impl Numbered for Entry {
    fn number(&self) -> u64 {
        self.id
    }
}

impl Entry {
    pub(crate) fn record(&self) -> RecordedRequest {
        RecordedRequest {
            id: self.id,
            seq: self.seq,
            received_at: self.received_at,
            method: self.request.method.to_string(),
            path: self.request.uri.path().into(),
            query: self.request.query().into(),
            headers: self
                .request
                .headers
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: self.request.body.to_vec(),
            batch: self.batch,
            status: self.status,
            answer: self.answer.to_vec(),
            fault: self.fault.clone(),
            refusal: self.refusal.clone(),
            message_id: self.message_id.clone(),
            modelled: self.modelled,
        }
    }
}

/// A request that the Graph side received, and what became of it.
///
/// `Debug` leaves headers, query and bodies out, since they hold tokens and people's texts.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// When, in Unix milliseconds of the emulator's clock.
    pub received_at: i64,
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without `?`; empty if there is none.
    pub query: String,
    /// The headers as they came, names in lower case. Empty if the request was dropped unread.
    pub headers: Vec<(String, String)>,
    /// The raw body. Empty if the request was dropped unread.
    pub body: Vec<u8>,
    /// The number of the batch request of which this is an item.
    pub batch: Option<u64>,
    /// The status answered; `None` while nothing has been answered, and for good if the
    /// connection was dropped.
    pub status: Option<u16>,
    /// The body answered; empty if none was.
    pub answer: Vec<u8>,
    /// The fault that hit it, for instance `drop_after_store`.
    pub fault: Option<String>,
    /// The rule it broke.
    pub refusal: Option<Refusal>,
    /// The message it stored.
    pub message_id: Option<String>,
    /// Whether the emulator knows this method and path.
    pub modelled: bool,
}

impl RecordedRequest {
    /// The first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("status", &self.status)
            .field("fault", &self.fault)
            .field("refusal", &self.refusal)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// The newest requests.
pub(crate) struct Log {
    kept: Ring<Entry>,
    count: u64,
    posts: usize,
}

impl Log {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
            posts: 0,
        }
    }

    /// Writes a request down; its number.
    pub(super) fn open(
        &mut self,
        request: Arc<Request>,
        batch: Option<u64>,
        seq: u64,
        now: i64,
    ) -> u64 {
        if is_message_post(&request.method, request.uri.path()) {
            self.posts += 1;
        }
        self.count += 1;
        self.kept.push(Entry {
            id: self.count,
            seq,
            received_at: now,
            request,
            batch,
            status: None,
            answer: Bytes::new(),
            fault: None,
            refusal: None,
            message_id: None,
            modelled: true,
        });
        self.count
    }

    pub(super) fn entry(&mut self, id: u64) -> Option<&mut Entry> {
        self.kept.get_mut(id)
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.kept.iter()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Entry> {
        self.kept.get(id)
    }

    /// How many POSTs to a messages edge have arrived.
    pub(crate) fn posts(&self) -> usize {
        self.posts
    }
}
