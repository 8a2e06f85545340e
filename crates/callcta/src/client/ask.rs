//! Requests that carry no message: what is asked of the platform, and how.

use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value};

use super::Client;
use super::endpoint::Place;
use super::told::{self, Receipt};
use super::tries::Errand;
use crate::cancel::CancelToken;
use crate::error::{Error, Result, Subject};
use crate::graph_error::is_call_over;
use crate::headers::Headers;
use crate::message::{Message, SendOptions};
use crate::named::{Named, Setters, apply, find, names, setters, unknown};
use crate::retry::Again;
use crate::transport::{HttpResponse, Method};
use crate::wire::{self, Take};

/// How a request is made that carries no message. Nothing is set by default.
///
/// ```
/// use std::time::Duration;
///
/// use callcta::RequestOptions;
///
/// let options = RequestOptions::new().timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RequestOptions {
    pub(crate) deadline: Option<SystemTime>,
    timeout: Option<Duration>,
    headers: Headers,
    cancel: Option<CancelToken>,
    pub(crate) unchecked: bool,
}

const SETTERS: Setters<RequestOptions> = setters! {
    "deadline" => { deadline(moment) },
    "deadline_ms" => { deadline(moment) },
    "timeout" => { timeout(duration) },
    "timeout_ms" => { timeout(duration) },
    "headers" => { set_headers },
    "unchecked" => { unchecked(yes) },
};

fn set_headers(options: RequestOptions, value: Named<'_>) -> Result<RequestOptions> {
    let set = |options: RequestOptions, (name, value)| options.header(name, value);
    Ok(value.texts()?.into_iter().fold(options, set))
}

impl RequestOptions {
    /// Options that say nothing.
    pub fn new() -> Self {
        RequestOptions::default()
    }

    /// The moment after which the request must not be made any more. It is checked
    /// before each try, and the time left bounds the try. None by default.
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Bound for each try and its answer, if it is shorter than the client's own. None
    /// by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Adds a header, such as one of tracing; it wins over the client's of the same
    /// name. What callcta or HTTP itself sets is refused. None by default.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.set(name.into(), value.into());
        self
    }

    /// By what the request can be given up while it is under way. By default it can't.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = Some(token.clone());
        self
    }

    /// Whether to make the request without checking it first: the way out on the day
    /// that Meta changes a rule. Defaults to `false`.
    pub fn unchecked(mut self, yes: bool) -> Self {
        self.unchecked = yes;
        self
    }

    /// Sends a message with these options.
    pub(crate) fn send(&self, client: &Client, to: &str, message: &Message) -> Result<Receipt> {
        let mut options = SendOptions::new().unchecked(self.unchecked);
        options.deadline = self.deadline;
        options.timeout = self.timeout;
        options.headers = self.headers.clone();
        client.check_and_post(&to.into(), message, &options, self.cancel.as_ref())
    }

    /// Sets an option by the name of its method, for those who read options from
    /// elsewhere; `headers` takes an object of texts. `deadline` is a number of seconds
    /// since 1970-01-01 UTC, `deadline_ms` one of milliseconds. Null sets nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such
    /// option, or if the value is not of its type.
    pub fn set(self, name: &str, value: impl Into<Value>) -> Result<Self> {
        let Some(set) = find(SETTERS, name) else {
            return Err(unknown("option", name, names(SETTERS)));
        };
        apply(set, self, name, value.into())
    }
}

/// Something that is asked of the platform.
pub(crate) struct Ask<'a> {
    /// What it is called in the log.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) place: Place<'a>,
    /// That of a POST.
    pub(crate) body: Map<String, Value>,
    pub(crate) about: Subject,
    pub(crate) again: Again,
    /// Beside that of the options.
    pub(crate) deadline: Option<SystemTime>,
    /// Which answers are what was asked for although there is an error in them.
    pub(crate) holds_errors: fn(&Map<String, Value>) -> bool,
    /// Told each answer.
    pub(crate) seen: &'a dyn Fn(&HttpResponse),
}

impl<'a> Ask<'a> {
    /// A request that changes nothing.
    pub(crate) fn get(name: &'static str, place: Place<'a>) -> Self {
        Ask {
            name,
            method: Method::Get,
            place,
            body: Map::new(),
            about: Subject::Read,
            again: Again::Always,
            deadline: None,
            holds_errors: |_| false,
            seen: &|_| {},
        }
    }
}

impl Client {
    /// Makes a request that carries no message, and takes what was asked for from its
    /// answer.
    pub(crate) fn ask<T>(
        &self,
        ask: &Ask<'_>,
        options: &RequestOptions,
        take: &Take<'_, T>,
    ) -> Result<T> {
        let started = Instant::now();
        let result = self.try_to_ask(ask, options, take);
        let elapsed = started.elapsed();
        match result {
            Ok((answer, attempts)) => {
                let millis = elapsed.as_millis();
                log::debug!(target: "callcta", "{}: ok, attempts {attempts}, {millis} ms", ask.name);
                Ok(answer)
            }
            Err(mut error) => {
                error.set_elapsed(elapsed);
                log::debug!(target: "callcta", "{}", told::failure_line(ask.name, &error));
                Err(error)
            }
        }
    }

    fn try_to_ask<T>(
        &self,
        ask: &Ask<'_>,
        options: &RequestOptions,
        take: &Take<'_, T>,
    ) -> Result<(T, u32)> {
        options.headers.check()?;
        let write = |parameters: &[(&'static str, &str)]| {
            let mut body = ask.body.clone();
            for (name, value) in parameters {
                body.insert((*name).to_owned(), (*value).into());
            }
            serde_json::to_vec(&body).expect("a request has only string keys")
        };
        let errand = Errand {
            method: ask.method,
            place: Some(ask.place),
            body: &write,
            about: ask.about,
            again: ask.again,
            deadline: options.deadline.into_iter().chain(ask.deadline).min(),
            timeout: options.timeout,
            headers: &options.headers,
            cancel: options.cancel.as_ref(),
            on_retry: &|_: &Error, _, _| {},
        };
        let answered = self.carry_out(&errand, &|response, seen| {
            (ask.seen)(&response);
            let calling = &self.inner.calling_not_enabled;
            let read = wire::read_json(response, calling, seen.blank, ask.holds_errors, take);
            match read {
                // By an earlier try, whose answer was lost.
                Err(error)
                    if ask.about == Subject::CallEnd
                        && seen.doubtful
                        && error.graph().is_some_and(is_call_over) =>
                {
                    let done = Map::from_iter([("success".to_owned(), true.into())]);
                    let answer = take(done).map_err(|_| error.clone())?;
                    Ok((answer, error.usage().clone()))
                }
                read => read,
            }
        })?;
        Ok((answered.value, answered.attempts))
    }
}
