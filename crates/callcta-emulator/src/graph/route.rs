//! From a request to the handler of its path, and from there to an answer.

use super::answer::Answer;
use super::batch::Batch;
use super::context::{Context, Done, Handled};
use super::params::Params;
use super::path::strip_version;
use super::refusal::{GraphError, Refusal, Refused};
use super::request::Request;
use super::{auth, calling, messages, page, settings, unpack, usage};
use crate::platform::Platform;

/// What handling a request led to.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) message_id: Option<String>,
    pub(crate) modelled: bool,
}

/// How far a request got.
pub(crate) enum Progress {
    Answered(Outcome),
    /// Its items are requests of their own; [`finish`] makes the answer of theirs.
    Batch(Batch),
}

/// Answers a request.
pub(crate) fn handle(
    platform: &mut Platform,
    request: &Request,
    params: Params,
    request_id: u64,
) -> Progress {
    let mut modelled = true;
    let mut context = Context {
        platform,
        request,
        params,
        request_id,
        counted: None,
    };
    let handled = route(&mut context, &mut modelled);
    let counted = context.counted;
    let (mut answer, refusal, message_id) = match handled {
        Ok(Done::Answer(answer)) => (answer, None, None),
        Ok(Done::Sent(answer, message_id)) => (answer, None, Some(message_id)),
        Ok(Done::Batch(mut batch)) => {
            batch.counted = counted;
            return Progress::Batch(batch);
        }
        Err(error) => {
            let answer = refused(platform, &error);
            (answer, Some(error.refusal), None)
        }
    };
    if let Some(page_id) = counted {
        usage::add_headers(platform, &page_id, &mut answer);
    }
    Progress::Answered(Outcome {
        answer,
        refusal,
        message_id,
        modelled,
    })
}

/// The answer to a batch of which each item has been answered, or was left unfinished.
pub(crate) fn finish(platform: &Platform, batch: &Batch, answers: &[Option<Answer>]) -> Outcome {
    let mut answer = batch.answer(answers);
    if let Some(page_id) = &batch.counted {
        usage::add_headers(platform, page_id, &mut answer);
    }
    Outcome {
        answer,
        refusal: None,
        message_id: None,
        modelled: true,
    }
}

/// The answer to a refused request.
pub(crate) fn refused(platform: &mut Platform, error: &GraphError) -> Answer {
    let status = platform.state().unverified.status_by_code.get(&error.code);
    let status = status.copied().unwrap_or(error.status);
    Answer::refused(error, status, &platform.next_trace_id())
}

fn route(context: &mut Context<'_>, modelled: &mut bool) -> Handled {
    let request = context.request;
    let path = strip_version(request.uri.path());
    let mut parts = path.split('/');
    let object = parts.next().unwrap_or_default();
    let edge = parts.next();
    if parts.next().is_none() {
        match (request.method.as_str(), edge) {
            ("POST", Some("messages")) => return messages::send(context, object),
            ("POST", None) if context.params.map.contains_key("batch") => {
                return unpack::batch(context);
            }
            ("GET", None) if !object.is_empty() => return page::read(context, object),
            ("GET", Some("messenger_call_settings")) => return settings::read(context, object),
            ("POST", Some("messenger_call_settings")) => return settings::write(context, object),
            ("GET", Some("messenger_call_permissions")) => {
                return calling::permissions(context, object);
            }
            ("POST", Some("calls")) => return calling::signal(context, object),
            ("POST", Some("business_messaging_feature_status")) => {
                return page::feature_status(context, object);
            }
            ("GET", Some("subscribed_apps")) => return page::subscriptions(context, object),
            ("POST", Some("subscribed_apps")) => return page::subscribe(context, object),
            _ => {}
        }
    }
    *modelled = false;
    if path.matches('/').count() > 1 {
        // With a wrong version in front, Graph looks no further.
        return Err(unknown_path(request, &path[object.len()..]));
    }
    auth::authenticate(context, object, None)?;
    match edge {
        // Known edges know no other methods: sent messages, for instance, can't be read.
        None | Some("messages" | "calls") => Err(auth::no_object(
            request,
            object,
            "not_modelled",
            "this object or edge does not take this method",
        )),
        Some(edge) => Err(unknown_path(request, &format!("/{edge}"))),
    }
}

fn unknown_path(request: &Request, rest: &str) -> Refused {
    GraphError::new(
        2500,
        None,
        format!("Unknown path components: {rest}"),
        Refusal {
            rule: "not_modelled",
            path: request.uri.path().into(),
            detail: format!(
                "the emulator has no {} {}",
                request.method,
                request.uri.path()
            ),
        },
    )
}
