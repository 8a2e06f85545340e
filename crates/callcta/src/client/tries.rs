//! Making a request until it is answered, or must not be made again.

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

impl Client {
    pub(super) fn carry_out<T>(
        &self,
        errand: &Errand<'_>,
        read: &Read<'_, T>,
    ) -> Result<Answered<T>> {
        let inner = &*self.inner;
        let cancel = errand.cancel;
        let headers = inner.headers.with(errand.headers);
        let mut endpoint = inner.access.last();
        let mut body = Vec::new();
        let mut url = String::new();
        let is_read = errand.about == Subject::Read;

        let finished = |error: Error, attempts| error.of(errand.about, &inner.host, attempts);
        let given_up = || cancel.is_some_and(CancelToken::is_cancelled);
        let mut attempt = 0;
        // Of the last try that may have arrived.
        let mut lost = None;
        let failed = loop {
            // First, since a provider may take its time.
            match inner.access.now() {
                Ok(now) => {
                    if attempt == 0 || !Arc::ptr_eq(&now, &endpoint) {
                        endpoint = now;
                        if errand.method == Method::Post {
                            body = (errand.body)(&endpoint.body_parameters());
                        }
                        if let Some(place) = &errand.place {
                            url = endpoint.url_of(place, errand.method);
                        }
                    }
                }
                Err(error) => break error,
            }
            let timeout = match time_left(errand.deadline) {
                Ok(timeout) => timeout,
                Err(passed) => break passed,
            };
            if self.is_closed() {
                break Error::cancelled(Delivery::NotSent, CancelReason::Closed);
            }
            if given_up() {
                break Error::cancelled(Delivery::NotSent, CancelReason::Aborted);
            }
            attempt += 1;
            let call = HttpRequest {
                method: errand.method,
                url: if errand.place.is_some() {
                    &url
                } else {
                    &endpoint.url
                },
                authorization: endpoint.authorization(errand.method),
                content_type: "application/json",
                headers: &headers,
                body: &body,
                timeout: timeout.into_iter().chain(errand.timeout).min(),
                cancel,
            };
            let error = match self.try_once(&call, &endpoint, lost.is_some(), read) {
                Ok((value, usage)) => {
                    inner.budget.refund();
                    return Ok(Answered {
                        value,
                        usage,
                        attempts: attempt,
                    });
                }
                Err(error) => errand.again.judge(finished(error, attempt)),
            };
            let Some(wait) = inner.retry.wait(&error, attempt, errand.again) else {
                break error;
            };
            let in_time = errand
                .deadline
                .is_none_or(|deadline| end_of(wait).is_some_and(|end| end < deadline));
            if !in_time || !inner.budget.take() {
                break error;
            }
            (errand.on_retry)(&error, attempt, wait);
            self.pause(wait, cancel);
            if self.is_closed() {
                break error;
            }
            if given_up() {
                break cancelled_after(error);
            }
            if error.delivery() == Delivery::Unknown && !is_read {
                lost = Some(error);
            }
        };
        // No later try takes back that an earlier one may have arrived.
        let told = match lost {
            Some(lost) if failed.delivery() != Delivery::Unknown => {
                if failed.kind() == ErrorKind::Cancelled && given_up() {
                    cancelled_after(lost)
                } else {
                    lost
                }
            }
            _ => failed,
        };
        Err(finished(told, attempt))
    }

    fn try_once<T>(
        &self,
        request: &HttpRequest<'_>,
        endpoint: &Endpoint,
        doubtful: bool,
        read: &Read<'_, T>,
    ) -> Result<(T, Usage)> {
        let response = self.inner.transport.exchange(request);
        let response = response.map_err(wire::of_transport)?;
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
    fn pause(&self, wait: Duration, cancel: Option<&CancelToken>) {
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

fn end_of(wait: Duration) -> Option<SystemTime> {
    SystemTime::now().checked_add(wait)
}

/// What a request tells that is given up when it would have been made again.
fn cancelled_after(failed: Error) -> Error {
    Error::cancelled(failed.delivery(), CancelReason::Aborted).with_source(failed)
}

/// The time until the deadline, if there is one.
fn time_left(deadline: Option<SystemTime>) -> Result<Option<Duration>> {
    let left = |deadline: SystemTime| {
        deadline
            .duration_since(SystemTime::now())
            .map_err(|_| Error::new(ErrorKind::DeadlinePassed, Delivery::NotSent))
    };
    deadline.map(left).transpose()
}
