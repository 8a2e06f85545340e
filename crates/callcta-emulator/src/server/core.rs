//! What one lock guards: the platform and the traffic, and how a request passes through both.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use super::hub::{Event, Hub};
use super::settings::Settings;
use super::snapshot::Snapshot;
use crate::graph::{self, Answer, Batch, Outcome, Params, Progress, Refusal, Request};
use crate::platform::{Held, Platform};
use crate::traffic::{Spoilt, Struck, Traffic, spoil};

pub(crate) struct Core {
    pub(crate) platform: Platform,
    pub(crate) traffic: Traffic,
    pub(super) hub: Hub,
    /// Goes up with each reset, so that what was under way before finds nothing to change.
    generation: u64,
    keep_bytes: usize,
}

/// Where a request stands in the log.
#[derive(Clone, Copy)]
pub(super) struct Place {
    generation: u64,
    id: u64,
}

impl Core {
    pub(super) fn new(settings: &Settings) -> Self {
        let (platform, traffic) = settings.beginning();
        Self {
            platform,
            traffic,
            hub: Hub::default(),
            generation: 0,
            keep_bytes: settings.keep_bytes,
        }
    }

    /// About how much memory all logs together may take.
    pub(crate) fn keep_bytes(&self) -> usize {
        self.keep_bytes
    }

    /// How much each log holds, by its name.
    pub(crate) fn held(&self) -> [(&'static str, Held); 5] {
        let [actions, calls, messages, webhooks] = self.platform.held();
        let requests = ("requests", self.traffic.log().held());
        [requests, messages, webhooks, actions, calls]
    }

    /// Lets things fall out of the logs until they take no more memory than they may. The log that
    /// takes most gives first, so that long requests don't push short messages out.
    pub(super) fn trim(&mut self) {
        loop {
            let held = self.held();
            let sum: usize = held.iter().map(|(_, held)| held.bytes).sum();
            if sum <= self.keep_bytes {
                return;
            }
            let mut logs = held.map(|(log, held)| (held.bytes, log));
            logs.sort_unstable_by(|a, b| b.cmp(a));
            let gave = logs.iter().any(|(_, log)| match *log {
                "requests" => self.traffic.shed(),
                log => self.platform.drop_oldest(log),
            });
            if !gave {
                return;
            }
        }
    }

    /// Everything, as one piece.
    pub(crate) fn save(&self) -> Snapshot {
        Snapshot::new(self.platform.save(), self.traffic.save())
    }

    /// Back to the beginning, or to a snapshot; those who listen stay.
    pub(super) fn replace(&mut self, (platform, traffic): (Platform, Traffic)) {
        self.publish();
        self.platform = platform;
        self.traffic = traffic;
        self.generation += 1;
        if self.hub.anybody_listens() {
            self.hub.tell(Event::Reset);
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Tells those who listen what has happened.
    pub(super) fn publish(&mut self) {
        for event in self.platform.news().take() {
            self.hub.tell(Event::Platform(event));
        }
        for event in self.traffic.news().take() {
            self.hub.tell(Event::Traffic(event));
        }
        let wanted = self.hub.anybody_listens();
        self.platform.news().want(wanted);
        self.traffic.news().want(wanted);
    }

    /// Writes a request into the log.
    pub(super) fn open(
        &mut self,
        request: &Arc<Request>,
        params: &Params,
        batch: Option<u64>,
    ) -> Place {
        let seq = self.platform.next_seq();
        let now = self.platform.now();
        let request = Arc::clone(request);
        let id = self.traffic.open(request, params, batch, seq, now);
        Place {
            generation: self.generation,
            id,
        }
    }

    /// The first fault for a request.
    pub(super) fn strike(
        &mut self,
        place: Place,
        request: &Request,
        params: &Params,
    ) -> Option<Struck> {
        self.traffic.strike(place.id, request, params)
    }

    /// Handles a request that stands in the log.
    pub(super) fn handle(&mut self, place: Place, request: &Request, params: Params) -> Answer {
        let outcome = match graph::handle(&mut self.platform, request, params, place.id) {
            Progress::Answered(outcome) => outcome,
            Progress::Batch(batch) => self.run(batch, place.id),
        };
        if place.generation == self.generation {
            self.traffic.handled(place.id, &outcome);
        }
        outcome.answer
    }

    /// Runs the items of a batch, one after the other.
    fn run(&mut self, mut batch: Batch, parent: u64) -> Outcome {
        let items = std::mem::take(&mut batch.items);
        let answers: Vec<_> = items
            .into_iter()
            .map(|item| match item {
                Ok(item) => self.item(&item.request, item.params, parent),
                Err(error) => Some(graph::refused(&mut self.platform, &error)),
            })
            .collect();
        graph::finish(&self.platform, &batch, &answers)
    }

    /// Runs an item; `None` if it stays unfinished. Delays and connections are not an item's own.
    fn item(&mut self, request: &Arc<Request>, params: Params, parent: u64) -> Option<Answer> {
        let place = self.open(request, &params, Some(parent));
        let answer = match self.strike(place, request, &params) {
            None => Some(self.handle(place, request, params)),
            Some(Struck { fault, .. }) => {
                let answer = fault
                    .lets_through()
                    .then(|| self.handle(place, request, params));
                match spoil(&fault, answer, || self.platform.next_trace_id()) {
                    Spoilt::Nothing => None,
                    Spoilt::Whole(answer) => Some(answer),
                    Spoilt::Half(mut answer) => {
                        answer.body.truncate(answer.body.len() / 2);
                        Some(answer)
                    }
                }
            }
        };
        match &answer {
            Some(answer) => self.answered(place, answer),
            None => self.unanswered(place),
        }
        self.publish();
        answer
    }

    /// Notes what was answered.
    pub(super) fn answered(&mut self, place: Place, answer: &Answer) {
        if place.generation == self.generation {
            self.traffic.answered(place.id, answer.status, &answer.body);
        }
    }

    /// Notes that nothing will be answered.
    pub(super) fn unanswered(&mut self, place: Place) {
        if place.generation == self.generation {
            self.traffic.tell_request(place.id);
        }
    }

    /// Refuses a request that is not handled at all.
    pub(super) fn refuse(&mut self, request: &Arc<Request>, refusal: Refusal) -> Place {
        let place = self.open(request, &Params::default(), None);
        self.traffic.refused(place.id, refusal);
        place
    }

    /// Logs a request that a fault keeps from being read, if there is such a fault. `true`: close
    /// the connection.
    pub(super) fn drop_unread(&mut self, method: &str, target: &str) -> bool {
        let uri: Uri = target.parse().unwrap_or_default();
        let Some(struck) = self.traffic.strike_unread(method, uri.path()) else {
            return false;
        };
        let request = Arc::new(Request {
            method: Method::from_bytes(method.as_bytes()).unwrap_or_default(),
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        });
        let place = self.open(&request, &Params::default(), None);
        self.traffic.struck(place.id, &struck);
        self.unanswered(place);
        true
    }
}
