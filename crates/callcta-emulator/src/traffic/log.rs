//! The log of Graph requests.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::graph::{Gist, Params, Refusal, Request, is_message_post};
use crate::platform::{Held, Item, PART, Ring, SavedRing};

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
    /// How long the body was that came.
    pub(crate) body_length: usize,
    /// How long the body was that was answered.
    pub(crate) answer_length: usize,
    /// Of a long body, which may be cut.
    pub(crate) gist: Option<Arc<Gist>>,
    /// About how much memory the head takes.
    pub(super) head_bytes: usize,
}

/// What an entry takes beside its texts, about.
const ENTRY: usize = 512;

impl Item for Entry {
    fn number(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        let refusal = self.refusal.as_ref();
        let refusal = refusal.map_or(0, |refusal| refusal.path.len() + refusal.detail.len());
        let gist = self.gist.as_ref().map_or(0, |gist| gist.bytes());
        let texts = self.head_bytes + self.request.body.len() + self.answer.len();
        ENTRY + texts + refusal + gist
    }
}

impl Entry {
    /// A request that has just come in, and its place: its number, that in the order of all that
    /// happens, and the time.
    pub(crate) fn new(
        request: Arc<Request>,
        params: &Params,
        (id, seq, received_at): (u64, u64, i64),
    ) -> Self {
        let is_long = request.body.len() > PART;
        Self {
            id,
            seq,
            received_at,
            batch: None,
            status: None,
            answer: Bytes::new(),
            fault: None,
            refusal: None,
            message_id: None,
            modelled: true,
            body_length: request.body.len(),
            answer_length: 0,
            gist: is_long.then(|| Arc::new(Gist::of(&request, params))),
            head_bytes: request.head_bytes(),
            request,
        }
    }

    /// Whether the body is so long that lists show only its first part.
    pub(crate) fn is_long(&self) -> bool {
        self.body_length > PART
    }

    /// Whether only the first part of the body is left.
    pub(crate) fn is_body_cut(&self) -> bool {
        self.request.body.len() < self.body_length
    }

    /// As much of the body as is left when it is cut: what is shown, and as much as is needed to
    /// find the secrets in it.
    fn part_length(&self) -> usize {
        let reach = self.gist.as_ref().map_or(0, |gist| gist.reach);
        PART.saturating_add(reach)
    }

    fn can_be_cut(&self) -> bool {
        self.request.body.len() > self.part_length() || self.answer.len() > PART
    }

    /// Forgets all but the first part of what is long.
    fn cut(&mut self) {
        let body = &self.request.body;
        if body.len() > self.part_length() {
            let part = Bytes::copy_from_slice(&body[..self.part_length()]);
            self.request = Arc::new(self.request.with_body(part));
        }
        if self.answer.len() > PART {
            self.answer = Bytes::copy_from_slice(&self.answer[..PART]);
        }
    }

    /// The entry as it is told: only the first part of what is long.
    pub(crate) fn part(&self) -> Self {
        let mut part = self.clone();
        part.cut();
        part
    }

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
            body: self.request.body.clone(),
            body_length: self.body_length,
            batch: self.batch,
            status: self.status,
            answer: self.answer.clone(),
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
    /// The raw body; only its first part if the rest was forgotten for want of room. Empty if the
    /// request was dropped unread.
    pub body: Bytes,
    /// How long the body was, in bytes.
    pub body_length: usize,
    /// The number of the batch request of which this is an item.
    pub batch: Option<u64>,
    /// The status answered; `None` while nothing has been answered, and for good if the
    /// connection was dropped.
    pub status: Option<u16>,
    /// The body answered, or its first part; empty if none was.
    pub answer: Bytes,
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
    cut: u64,
    /// Requests before this one have nothing that could be cut.
    cut_below: u64,
}

impl Log {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
            posts: 0,
            cut: 0,
            cut_below: 0,
        }
    }

    /// What is kept as it stands in a snapshot, and how many POSTs have arrived.
    pub(super) fn save<S>(&self, save: impl Fn(&Entry) -> S) -> (SavedRing<S>, usize) {
        (self.kept.save(self.count, save), self.posts)
    }

    pub(super) fn restore(
        saved: SavedRing<Entry>,
        posts: usize,
        cut: u64,
        keep: usize,
    ) -> Result<Self, String> {
        let (kept, count) = Ring::restore(saved, keep)?;
        Ok(Self {
            kept,
            count,
            posts,
            cut,
            cut_below: 0,
        })
    }

    /// Writes a request down; its number.
    pub(super) fn open(
        &mut self,
        request: Arc<Request>,
        params: &Params,
        batch: Option<u64>,
        seq: u64,
        now: i64,
    ) -> u64 {
        if is_message_post(&request.method, request.uri.path()) {
            self.posts += 1;
        }
        self.count += 1;
        let entry = Entry::new(request, params, (self.count, seq, now));
        self.kept.push(Entry { batch, ..entry });
        self.count
    }

    /// Changes an entry, if it is still there.
    pub(super) fn note(&mut self, id: u64, change: impl FnOnce(&mut Entry)) {
        let can_be_cut = self.kept.change(id, |entry| {
            change(entry);
            entry.can_be_cut()
        });
        if can_be_cut == Some(true) {
            self.cut_below = self.cut_below.min(id);
        }
    }

    /// Forgets what can best be done without: the bodies of the oldest requests with long ones,
    /// and when there are none, the oldest request. The newest stays, if only by its head; false
    /// if there is no more to forget.
    pub(super) fn shed(&mut self) -> bool {
        let uncut = |entry: &&Entry| entry.id >= self.cut_below && entry.can_be_cut();
        let found = (self.cut_below <= self.count).then(|| self.kept.iter().find(uncut));
        if let Some(id) = found.flatten().map(|entry| entry.id) {
            self.kept.change(id, Entry::cut);
            self.cut += 1;
            self.cut_below = id + 1;
            return true;
        }
        self.cut_below = self.count + 1;
        self.kept.len() > 1 && self.kept.drop_oldest()
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

    pub(crate) fn held(&self) -> Held {
        self.kept.held()
    }

    /// Of how many requests the rest of a long body was forgotten for want of room.
    pub(crate) fn cut(&self) -> u64 {
        self.cut
    }
}
