//! The log and the faults, and what goes on between them.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::event::Event;
use super::faults::{Faults, Struck};
use super::log::Log;
use super::saved::SavedTraffic;
use crate::graph::{Outcome, Params, Refusal, Request};
use crate::platform::News;

/// What comes in and goes out, and what goes wrong with it on purpose.
pub(crate) struct Traffic {
    log: Log,
    faults: Faults,
    news: News<Event>,
}

impl Traffic {
    pub(crate) fn new(keep_requests: usize, seed: u64) -> Self {
        Self {
            log: Log::new(keep_requests),
            faults: Faults::new(seed),
            news: News::default(),
        }
    }

    pub(crate) fn save(&self) -> SavedTraffic {
        SavedTraffic::of(&self.log, &self.faults)
    }

    /// The traffic of a snapshot, or what in it can't be.
    pub(crate) fn restore(saved: SavedTraffic, keep_requests: usize) -> Result<Self, String> {
        let (log, faults) = saved.read(keep_requests)?;
        Ok(Self {
            log,
            faults,
            news: News::default(),
        })
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn change_faults<T>(&mut self, change: impl FnOnce(&mut Faults) -> T) -> T {
        let result = change(&mut self.faults);
        self.tell_faults();
        result
    }

    /// Forgets all requests.
    pub(crate) fn clear(&mut self) {
        self.log.clear();
        self.news.tell(|| Event::RequestsDeleted);
    }

    /// What has happened since this was last asked.
    pub(crate) fn news(&mut self) -> &mut News<Event> {
        &mut self.news
    }

    /// Writes a request down; its number. `batch` is the number of the batch it came in.
    pub(crate) fn open(
        &mut self,
        request: Arc<Request>,
        params: &Params,
        batch: Option<u64>,
        seq: u64,
        now: i64,
    ) -> u64 {
        self.log.open(request, params, batch, seq, now)
    }

    /// Forgets what can best be done without; false if there is nothing.
    pub(crate) fn shed(&mut self) -> bool {
        self.log.shed()
    }

    /// The first fault for a request, noted in the log.
    pub(crate) fn strike(&mut self, id: u64, request: &Request, params: &Params) -> Option<Struck> {
        if self.faults.is_empty() {
            return None;
        }
        let recipient = params
            .map
            .get("recipient")
            .and_then(|r| r.get("id"))
            .and_then(Value::as_str);
        let struck = self
            .faults
            .take(request.method.as_str(), request.uri.path(), recipient)?;
        self.struck(id, &struck);
        Some(struck)
    }

    /// Takes the fault that keeps a request from being read, if that is the first one for it; of
    /// the request only its line is known.
    pub(crate) fn strike_unread(&mut self, method: &str, path: &str) -> Option<Struck> {
        self.faults.take_unread(method, path)
    }

    /// Notes which fault hit a request.
    pub(crate) fn struck(&mut self, id: u64, struck: &Struck) {
        self.log
            .note(id, |entry| entry.fault = Some(struck.fault.label()));
        self.tell_faults();
    }

    /// Notes what handling a request led to.
    pub(crate) fn handled(&mut self, id: u64, outcome: &Outcome) {
        self.log.note(id, |entry| {
            entry.refusal.clone_from(&outcome.refusal);
            entry.message_id.clone_from(&outcome.message_id);
            entry.modelled = outcome.modelled;
        });
    }

    /// Notes why a request was not even handled.
    pub(crate) fn refused(&mut self, id: u64, refusal: Refusal) {
        self.log.note(id, |entry| entry.refusal = Some(refusal));
    }

    /// Notes what was answered.
    pub(crate) fn answered(&mut self, id: u64, status: u16, body: &Bytes) {
        self.log.note(id, |entry| {
            entry.status = Some(status);
            entry.answer = body.clone();
            entry.answer_length = body.len();
        });
        self.tell_request(id);
    }

    /// Tells that a request is in the log, or that more is known about it.
    pub(crate) fn tell_request(&mut self, id: u64) {
        if let Some(entry) = self.log.get(id) {
            self.news.tell(|| Event::Request(Box::new(entry.part())));
        }
    }

    fn tell_faults(&mut self) {
        self.news.tell(|| Event::Faults(self.faults.list()));
    }
}
