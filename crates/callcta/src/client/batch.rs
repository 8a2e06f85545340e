//! Sending several messages in one request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, QUERY};
use super::tries::time_left;
use super::{Client, Outgoing, Receipt, log_line};
use crate::error::{CancelReason, Delivery, Error, Result};
use crate::message::Request;
use crate::transport::{HttpRequest, Method};
use crate::wire;

/// A message of a batch.
pub(crate) struct BatchItem {
    pub(crate) client: Client,
    /// It has a recipient.
    pub(crate) request: Request,
}

impl BatchItem {
    fn outgoing(&self) -> Option<Outgoing<'_>> {
        Some(Outgoing {
            recipient: self.request.recipient.as_ref()?,
            message: &self.request.message,
            options: &self.request.options,
        })
    }

    /// Fails if it is not to be sent.
    fn check(&self) -> Result<Arc<Endpoint>> {
        let nobody = || Error::invalid_message(self.request.validate());
        self.outgoing().ok_or_else(nobody)?.check()?;
        let endpoint = self.client.inner.access.now()?;
        time_left(self.request.options.deadline)?;
        if self.client.is_closed() {
            return Err(Error::cancelled(Delivery::NotSent, CancelReason::Closed));
        }
        Ok(endpoint)
    }

    /// As it stands in the batch, with its token if that isn't the one of the whole.
    fn write(&self, endpoint: &Endpoint, whole: &Endpoint) -> Value {
        let mut form = String::new();
        let request = serde_json::to_value(&self.request);
        let request: Map<String, Value> = match request.expect("a request has only string keys") {
            Value::Object(request) => request,
            _ => Map::new(),
        };
        for (name, value) in request {
            match value {
                Value::String(text) => add(&mut form, &name, &text),
                value => add(&mut form, &name, &value.to_string()),
            }
        }
        if !whole.is_with(endpoint.token()) {
            for (name, value) in endpoint.credentials() {
                add(&mut form, name, value);
            }
        }
        json!({
            "method": "POST",
            "relative_url": format!("{}/messages", endpoint.page()),
            "body": form,
        })
    }
}

/// Adds a field to a form.
fn add(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    form.extend(utf8_percent_encode(name, QUERY));
    form.push('=');
    form.extend(utf8_percent_encode(value, QUERY));
}

impl Client {
    /// Whether both send to the same base URL and version.
    pub(crate) fn is_beside(&self, other: &Client) -> bool {
        self.inner.access.last().root() == other.inner.access.last().root()
    }

    pub(crate) fn send_batch(&self, items: &[BatchItem], started: Instant) -> Vec<Result<Receipt>> {
        let mut outcomes: Vec<Option<Result<Receipt>>> = Vec::new();
        let mut sent = Vec::new();
        for item in items {
            let checked = item.check();
            outcomes.push(match checked {
                Ok(endpoint) => {
                    sent.push((item, endpoint));
                    None
                }
                Err(error) => Some(Err(item.told(error, 0))),
            });
        }
        let mut told = self.exchange_batch(&sent).into_iter();
        let outcomes = outcomes.into_iter().map(|outcome| {
            let missing = || Err(Error::internal(Delivery::Unknown, "an outcome is missing"));
            outcome.unwrap_or_else(|| told.next().unwrap_or_else(missing))
        });
        let outcomes = outcomes.map(|mut outcome| {
            match &mut outcome {
                Ok(receipt) => receipt.elapsed = started.elapsed(),
                Err(error) => error.set_elapsed(started.elapsed()),
            }
            log::debug!(target: "callcta", "{}", log_line(&outcome));
            outcome
        });
        outcomes.collect()
    }

    fn exchange_batch(&self, sent: &[(&BatchItem, Arc<Endpoint>)]) -> Vec<Result<Receipt>> {
        let Some((_, whole)) = sent.first() else {
            return Vec::new();
        };
        let batch = sent
            .iter()
            .map(|(item, endpoint)| item.write(endpoint, whole));
        let batch = Value::Array(batch.collect()).to_string();
        let mut form = String::with_capacity(2 * batch.len());
        for (name, value) in whole.body_parameters() {
            add(&mut form, name, value);
        }
        add(&mut form, "include_headers", "false");
        add(&mut form, "batch", &batch);
        let limits = sent
            .iter()
            .filter_map(|(item, _)| item.request.options.timeout);
        let answer = self.inner.connections.transport.exchange(&HttpRequest {
            method: Method::Post,
            url: &whole.url_of_batch(),
            authorization: whole.authorization(Method::Post),
            content_type: "application/x-www-form-urlencoded",
            headers: &self.inner.headers.with(&crate::headers::Headers::default()),
            body: form.as_bytes(),
            timeout: limits.min(),
            cancel: None,
        });
        let answer = answer.map_err(wire::of_transport);
        let blank = |text: &str| {
            let all = sent.iter();
            all.fold(text.to_owned(), |text, (_, endpoint)| endpoint.blank(&text))
        };
        let calling = &self.inner.calling_not_enabled;
        let batch = answer.map(|answer| wire::read_batch(answer, sent.len(), calling, &blank));
        let read = match batch {
            Ok(batch) => batch,
            Err(error) => sent.iter().map(|_| Err(error.clone())).collect(),
        };
        let outcomes = sent.iter().zip(read).map(|((item, endpoint), answer)| {
            let blank = |text: &str| endpoint.blank(text);
            let outgoing = item.outgoing();
            let read = answer.and_then(|(answer, usage)| {
                let asked = wire::Asked {
                    psid: outgoing.and_then(|it| it.recipient.id()),
                    message: outgoing.is_none_or(|it| !it.is_sender_action()),
                };
                let calling = &item.client.inner.calling_not_enabled;
                let (answer, _) = wire::read(answer, &asked, calling, &blank)?;
                Ok((answer, usage))
            });
            let (usage, wait) = match &read {
                Ok((_, usage)) => (usage, None),
                Err(error) => (error.usage(), error.retry_after()),
            };
            if !usage.is_empty() || wait.is_some() {
                item.client.pacer().observe(usage, wait, Instant::now());
            }
            match read {
                Ok((answer, usage)) => Ok(Receipt {
                    message_id: answer.message_id,
                    recipient_id: answer.recipient_id,
                    usage,
                    attempts: 1,
                    elapsed: Duration::ZERO,
                }),
                Err(error) => Err(item.told(error, 1)),
            }
        });
        outcomes.collect()
    }
}

impl BatchItem {
    fn told(&self, error: Error, attempts: u32) -> Error {
        match self.outgoing() {
            Some(outgoing) => error.of(outgoing.subject(), &self.client.inner.host, attempts),
            None => error,
        }
    }
}
