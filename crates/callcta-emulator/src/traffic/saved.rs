//! The traffic as it stands in a snapshot.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::faults::{Faults, SavedFaults};
use super::log::{Entry, Log};
use crate::graph::{Gist, Params, Refusal, Request};
use crate::platform::{COUNT_MAX, SavedRing};

/// The log and the faults.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedTraffic {
    pub(super) requests: SavedRing<SavedEntry>,
    pub(super) posts: usize,
    pub(super) cut: u64,
    pub(super) faults: SavedFaults,
}

/// A request in the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedEntry {
    id: u64,
    seq: u64,
    received_at: i64,
    method: String,
    uri: String,
    headers: Vec<(String, Octets)>,
    body: Octets,
    body_length: usize,
    batch: Option<u64>,
    status: Option<u16>,
    answer: Octets,
    answer_length: usize,
    fault: Option<String>,
    refusal: Option<Refusal>,
    message_id: Option<String>,
    modelled: bool,
    gist: Option<Gist>,
}

/// Bytes: as text where they are text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Octets {
    Text(String),
    Other { base64: String },
}

impl Octets {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Other {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }

    fn bytes(self) -> Result<Bytes, String> {
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::Other { base64 } => BASE64_STANDARD
                .decode(base64)
                .map(Bytes::from)
                .map_err(|error| error.to_string()),
        }
    }
}

impl SavedEntry {
    pub(super) fn of(entry: &Entry) -> Self {
        let request = &*entry.request;
        let headers = request.headers.iter();
        Self {
            id: entry.id,
            seq: entry.seq,
            received_at: entry.received_at,
            method: request.method.to_string(),
            uri: request.uri.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_string(), Octets::of(value.as_bytes())))
                .collect(),
            body: Octets::of(&request.body),
            body_length: entry.body_length,
            batch: entry.batch,
            status: entry.status,
            answer: Octets::of(&entry.answer),
            answer_length: entry.answer_length,
            fault: entry.fault.clone(),
            refusal: entry.refusal.clone(),
            message_id: entry.message_id.clone(),
            modelled: entry.modelled,
            gist: entry.gist.as_deref().cloned(),
        }
    }

    pub(super) fn read(self) -> Result<Entry, String> {
        let at = |what: &str| format!("the {what} of request {} can't be read", self.id);
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = value.bytes().map(HeaderValue::from_maybe_shared);
            match (name, value) {
                (Ok(name), Ok(Ok(value))) => headers.append(name, value),
                _ => return Err(at("head")),
            };
        }
        let request = Request {
            method: self.method.parse().map_err(|_| at("method"))?,
            uri: self.uri.parse().map_err(|_| at("path"))?,
            headers,
            body: self.body.bytes().map_err(|_| at("body"))?,
        };
        let answer = self.answer.bytes().map_err(|_| at("answer"))?;
        let is_cut = request.body.len() < self.body_length;
        if request.body.len() > self.body_length || is_cut && self.gist.is_none() {
            return Err(at("length"));
        }
        let params = match self.gist {
            None => request.params(),
            Some(_) => Params::default(),
        };
        let place = (self.id, self.seq, self.received_at);
        let entry = Entry::new(Arc::new(request), &params, place);
        Ok(Entry {
            batch: self.batch,
            status: self.status,
            answer_length: self.answer_length.max(answer.len()),
            answer,
            fault: self.fault,
            refusal: self.refusal,
            message_id: self.message_id,
            modelled: self.modelled,
            body_length: self.body_length,
            gist: self.gist.map(Arc::new).or(entry.gist),
            ..entry
        })
    }
}

impl SavedTraffic {
    pub(super) fn of(log: &Log, faults: &Faults) -> Self {
        let (requests, posts) = log.save(SavedEntry::of);
        Self {
            requests,
            posts,
            cut: log.cut(),
            faults: faults.save(),
        }
    }

    pub(super) fn read(self, keep_requests: usize) -> Result<(Log, Faults), String> {
        if self.requests.made.max(self.cut).max(self.faults.made) > COUNT_MAX {
            return Err("a count is out of range".into());
        }
        let SavedRing {
            kept,
            made,
            dropped,
        } = self.requests;
        let kept = kept.into_iter().map(SavedEntry::read);
        let requests = SavedRing {
            kept: kept.collect::<Result<_, _>>()?,
            made,
            dropped,
        };
        let log = Log::restore(requests, self.posts, self.cut, keep_requests)
            .map_err(|why| format!("requests: {why}"))?;
        let faults = Faults::restore(self.faults).map_err(|why| format!("faults: {why}"))?;
        Ok((log, faults))
    }
}
