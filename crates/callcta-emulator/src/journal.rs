//! What was received and what was stored: two bounded rings.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::Value;

use crate::refusal::Refusal;

/// A bounded list of things with ascending numbers; the oldest fall out.
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

/// The number by which a ring finds its items.
pub(crate) trait Numbered {
    fn number(&self) -> u64;
}

impl<T: Numbered> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::with_capacity(capacity.min(512)),
            capacity,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.capacity == 0 {
            return;
        }
        if self.items.len() == self.capacity {
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        // Nearly always the newest one.
        if self.items.back().is_some_and(|i| i.number() == number) {
            return self.items.back_mut();
        }
        let index = self
            .items
            .binary_search_by_key(&number, Numbered::number)
            .ok()?;
        self.items.get_mut(index)
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let index = self
            .items
            .binary_search_by_key(&number, Numbered::number)
            .ok()?;
        self.items.get(index)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
    }
}

/// A Graph request as it came in.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }
}

/// A request's place in the log.
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) seq: u64,
    pub(crate) received_at: i64,
    pub(crate) call: Arc<Call>,
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
            method: self.call.method.to_string(),
            path: self.call.uri.path().into(),
            query: self.call.query().into(),
            headers: self
                .call
                .headers
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: self.call.body.to_vec(),
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

/// A message that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// The message id that was answered.
    pub message_id: String,
    /// The Page that sent it.
    pub page_id: String,
    /// The PSID of the person it went to.
    pub recipient: String,
    /// The parameters of the request as one object (form-encoded ones, too), without the token
    /// and its proof.
    pub body: Value,
    /// When, in Unix milliseconds of the emulator's clock.
    pub sent_at: i64,
    /// The number of the request that brought it.
    pub request_id: u64,
}

impl Numbered for StoredMessage {
    fn number(&self) -> u64 {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct N(u64);

    impl Numbered for N {
        fn number(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn the_ring_keeps_the_newest() {
        let mut ring = Ring::new(3);
        for n in 1..=5 {
            ring.push(N(n));
        }
        assert_eq!(ring.iter().map(|n| n.0).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(ring.get(2).is_none());
        ring.retain(|n| n.0 != 4);
        assert_eq!(ring.get_mut(3).map(|n| n.0), Some(3));
        assert_eq!(ring.len(), 2);
        let mut none = Ring::new(0);
        none.push(N(1));
        assert_eq!(none.len(), 0);
    }
}
