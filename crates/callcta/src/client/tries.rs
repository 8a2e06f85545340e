//! Making a request until it is answered, or must not be made again: as a row of tries,
//! between which anybody may wait in any way.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Client;
use super::endpoint::{Endpoint, Place};
use crate::cancel::CancelToken;
use crate::error::{CancelReason, Delivery, Error, ErrorKind, Result, Subject};
use crate::headers::Headers;
use crate::retry::Again;
use crate::transport::{HttpRequest, HttpResponse, Method};
use crate::usage::Usage;
use crate::wire;

/// A request, apart from what its answer means.
pub(super) struct Errand<'a> {
    pub(super) method: Method,
    /// `None` for the Page's messages.
    pub(super) place: Option<Place<'a>>,
    /// Writes the body, with these fields in it.
    pub(super) body: &'a WriteBody<'a>,
    pub(super) about: Subject,
    pub(super) again: Again,
    pub(super) deadline: Option<SystemTime>,
    pub(super) timeout: Option<Duration>,
    pub(super) headers: &'a Headers,
    pub(super) cancel: Option<&'a CancelToken>,
    /// Told of a try that failed, before the wait for the next one.
    pub(super) on_retry: &'a dyn Fn(&Error, u32, Duration),
}

/// What is known beside an answer.
pub(super) struct Seen<'a> {
    /// Takes credentials out of the platform's texts.
    pub(super) blank: &'a dyn Fn(&str) -> String,
    /// Whether an earlier try may have arrived.
    pub(super) doubtful: bool,
}

/// What came of a request.
pub(super) struct Answered<T> {
    pub(super) value: T,
    pub(super) usage: Usage,
    pub(super) attempts: u32,
}

type WriteBody<'a> = dyn Fn(&[(&'static str, &str)]) -> Vec<u8> + 'a;
type Read<'a, T> = dyn Fn(HttpResponse, &Seen<'_>) -> Result<(T, Usage)> + 'a;

/// What became of a request so far.
#[derive(Default)]
pub(crate) struct Tries {
    begun: Option<Instant>,
    made: u32,
    /// Why there is to be another one.
    failed: Option<Error>,
    /// Of the last try that may have arrived.
    lost: Option<Error>,
    /// As it was made last.
    written: Option<Written>,
}

struct Written {
    endpoint: Arc<Endpoint>,
    body: Vec<u8>,
    /// Unless it is that of the Page's messages.
    url: Option<String>,
}

/// What came of a try.
pub(crate) enum Step<T> {
    Done(Result<T>),
    /// Another one is to be made after this time.
    Again(Duration),
}

impl Tries {
    /// How many were made.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Whether there is to be another one since the last one provably reached nobody.
    pub(crate) fn is_unsent(&self) -> bool {
        let failed = self.failed.as_ref();
        failed.is_some_and(|failed| failed.delivery() == Delivery::NotSent)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    /// What is told when another try should have followed, or none was made.
    pub(super) fn left(&mut self, reason: CancelReason) -> Error {
        let error = match (self.failed.take(), reason) {
            (None, reason) => Error::cancelled(Delivery::NotSent, reason),
            (Some(failed), CancelReason::Aborted) => cancelled_after(failed),
            (Some(failed), CancelReason::Closed) => failed,
        };
        self.told(error)
    }

    /// No later try takes back that an earlier one may have arrived.
    fn told(&mut self, failed: Error) -> Error {
        match self.lost.take() {
            Some(lost) if failed.delivery() != Delivery::Unknown => {
                if failed.reason() == Some(CancelReason::Aborted) {
                    cancelled_after(lost)
                } else {
                    lost
                }
            }
            _ => failed,
        }
    }
}

impl Client {
    pub(super) fn carry_out<T>(
        &self,
        errand: &Errand<'_>,
        read: &Read<'_, T>,
    ) -> Result<Answered<T>> {
        let mut tries = Tries::default();
        loop {
            match self.step(errand, read, &mut tries) {
                Step::Done(outcome) => return outcome,
                Step::Again(wait) => self.pause(wait, errand.cancel),
            }
        }
    }

    /// Makes the next try, or ends the request if it was given up or the client closed
    /// since the last one.
    pub(super) fn step<T>(
        &self,
        errand: &Errand<'_>,
        read: &Read<'_, T>,
        tries: &mut Tries,
    ) -> Step<Answered<T>> {
        let inner = &*self.inner;
        tries.begun.get_or_insert_with(Instant::now);
        let finished =
            |error: Error, tries: &Tries| error.of(errand.about, &inner.host, tries.made);
        let ended = |error: Error, tries: &mut Tries| {
            let told = tries.told(error);
            Step::Done(Err(finished(told, tries)))
        };
        if tries.failed.is_some() {
            let given_up = errand.cancel.is_some_and(CancelToken::is_cancelled);
            if self.is_closed() || given_up {
                let reason = if self.is_closed() {
                    CancelReason::Closed
                } else {
                    CancelReason::Aborted
                };
                let left = tries.left(reason);
                return Step::Done(Err(finished(left, tries)));
            }
            // What only reads does nothing that might be done twice.
            let failed = tries.failed.take().filter(|failed| {
                failed.delivery() == Delivery::Unknown && errand.about != Subject::Read
            });
            tries.lost = failed.or(tries.lost.take());
        }
        let error = match self.try_once(errand, read, tries) {
            Ok((value, usage)) => {
                inner.budget.refund();
                return Step::Done(Ok(Answered {
                    value,
                    usage,
                    attempts: tries.made,
                }));
            }
            Err(Failed::Unmade(error)) => return ended(error, tries),
            Err(Failed::Made(error)) => errand.again.judge(finished(error, tries)),
        };
        let Some(wait) = inner.retry.wait(&error, tries.made, errand.again) else {
            return ended(error, tries);
        };
        let in_time = errand
            .deadline
            .is_none_or(|deadline| end_of(wait).is_some_and(|end| end < deadline));
        if !in_time || !inner.budget.take() {
            return ended(error, tries);
        }
        (errand.on_retry)(&error, tries.made, wait);
        tries.failed = Some(error);
        Step::Again(wait)
    }

    fn try_once<T>(
        &self,
        errand: &Errand<'_>,
        read: &Read<'_, T>,
        tries: &mut Tries,
    ) -> Result<(T, Usage), Failed> {
        // First, since a provider may take its time.
        let now = self.inner.access.now()?;
        let written = match tries.written.take() {
            Some(written) if Arc::ptr_eq(&written.endpoint, &now) => written,
            _ => Written {
                body: match errand.method {
                    Method::Post => (errand.body)(&now.body_parameters()),
                    Method::Get => Vec::new(),
                },
                url: (errand.place.as_ref()).map(|place| now.url_of(place, errand.method)),
                endpoint: now,
            },
        };
        let timeout = time_left(errand.deadline)?;
        if self.is_closed() {
            return Err(Error::cancelled(Delivery::NotSent, CancelReason::Closed).into());
        }
        if errand.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(Error::cancelled(Delivery::NotSent, CancelReason::Aborted).into());
        }
        tries.made += 1;
        let endpoint = &written.endpoint;
        let call = HttpRequest {
            method: errand.method,
            url: written.url.as_ref().unwrap_or(&endpoint.url),
            authorization: endpoint.authorization(errand.method),
            content_type: "application/json",
            headers: &self.inner.headers.with(errand.headers),
            body: &written.body,
            timeout: timeout.into_iter().chain(errand.timeout).min(),
            cancel: errand.cancel,
        };
        let answer = self.exchange(&call, endpoint, tries.lost.is_some(), read);
        tries.written = Some(written);
        answer.map_err(Failed::Made)
    }

    fn exchange<T>(
        &self,
        request: &HttpRequest<'_>,
        endpoint: &Endpoint,
        doubtful: bool,
        read: &Read<'_, T>,
    ) -> Result<(T, Usage)> {
        let transport = &self.inner.connections.transport;
        let response = transport.exchange(request).map_err(wire::of_transport)?;
        let blank = |text: &str| endpoint.blank(text);
        let answer = read(
            response,
            &Seen {
                blank: &blank,
                doubtful,
            },
        );
        let (usage, wait) = match &answer {
            Ok((_, usage)) => (usage, None),
            Err(error) => (error.usage(), error.retry_after()),
        };
        if !usage.is_empty() || wait.is_some() {
            self.pacer().observe(usage, wait, Instant::now());
        }
        answer
    }

    /// Waits, but no longer than until the client is closed or the request given up.
    pub(super) fn pause(&self, wait: Duration, cancel: Option<&CancelToken>) {
        let started = Instant::now();
        let _watch = cancel.and_then(|cancel| cancel.watch(Arc::clone(&self.inner) as _));
        let ended = || self.is_closed() || cancel.is_some_and(CancelToken::is_cancelled);
        let longest = cancel.and_then(CancelToken::longest_wait);
        while !ended() {
            let left = wait.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let pause = self.inner.pause.lock();
            let pause = pause.unwrap_or_else(PoisonError::into_inner);
            let left = longest.map_or(left, |longest| left.min(longest));
            drop((self.inner.wake).wait_timeout_while(pause, left, |()| !ended()));
            // Not under the lock, since a check may do anything.
            if let Some(cancel) = cancel {
                cancel.check();
            }
        }
    }
}

/// Why a try brought nothing.
enum Failed {
    /// It wasn't made, and no other one would be.
    Unmade(Error),
    Made(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Unmade(error)
    }
}

fn end_of(wait: Duration) -> Option<SystemTime> {
    SystemTime::now().checked_add(wait)
}

/// What a request tells that is given up when it would have been made again.
fn cancelled_after(failed: Error) -> Error {
    Error::cancelled(failed.delivery(), CancelReason::Aborted).with_source(failed)
}

/// The time until the deadline, if there is one.
pub(crate) fn time_left(deadline: Option<SystemTime>) -> Result<Option<Duration>> {
    let left = |deadline: SystemTime| {
        deadline
            .duration_since(SystemTime::now())
            .map_err(|_| Error::new(ErrorKind::DeadlinePassed, Delivery::NotSent))
    };
    deadline.map(left).transpose()
}
