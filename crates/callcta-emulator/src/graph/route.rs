//! From a request to the handler of its path, and from there to an answer.

use http::Method;

use super::answer::Answer;
use super::batch::Batch;
use super::context::{Context, Done, Handled};
use super::params::Params;
use super::path::{strip_version, version};
use super::refusal::{GraphError, Refusal, Refused};
use super::request::Request;
use super::{
    attachments, auth, calling, edges, messages, metrics, page, people, permissions, personas,
    profile, settings, token, unpack, usage,
};
use crate::platform::{Platform, near};

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
    mut params: Params,
    request_id: u64,
) -> Progress {
    let rules = &platform.state().unverified;
    if rules.json_in_text {
        params.read_texts();
    }
    if rules.null_is_absent {
        params.forget_nulls();
    }
    let mut modelled = true;
    let mut context = Context {
        method: method(platform, request, &params),
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

type Handler = fn(&mut Context<'_>, &str) -> Handled;

/// The edges of a Page.
const EDGES: &[(&str, &str, Handler)] = &[
    (
        "POST",
        "business_messaging_feature_status",
        page::feature_status,
    ),
    ("POST", "call_metrics", metrics::report),
    ("POST", "calls", calling::signal),
    ("POST", "message_attachments", attachments::upload),
    ("POST", "messages", messages::send),
    ("GET", "messenger_call_permissions", permissions::read),
    ("GET", "messenger_call_settings", settings::read),
    ("POST", "messenger_call_settings", settings::write),
    ("DELETE", "messenger_profile", profile::delete),
    ("GET", "messenger_profile", profile::read),
    ("POST", "messenger_profile", profile::write),
    ("GET", "personas", personas::list),
    ("POST", "personas", personas::create),
    ("DELETE", "subscribed_apps", page::unsubscribe),
    ("GET", "subscribed_apps", page::subscriptions),
    ("POST", "subscribed_apps", page::subscribe),
];

/// The handler of a path, called; `modelled` tells whether there was one.
fn route(context: &mut Context<'_>, modelled: &mut bool) -> Handled {
    let method = context.method.clone();
    let path = strip_version(context.request.uri.path());
    let (object, edge) = match path.split_once('/') {
        Some((object, edge)) => (object, Some(edge)),
        None => (path, None),
    };
    match (method.as_str(), edge) {
        ("POST", None) if context.params.map.contains_key("batch") => {
            return unpack::batch(context);
        }
        ("GET", None) if object == "debug_token" => return token::debug(context),
        (_, None) => {
            if let Some(handled) = node(context, object) {
                return handled;
            }
        }
        (method, Some(edge)) => {
            let found = EDGES
                .iter()
                .find(|(takes, name, _)| *takes == method && *name == edge);
            if let Some((_, _, handler)) = found {
                return handler(context, object);
            }
        }
    }
    *modelled = false;
    if edge.is_some_and(|edge| edge.contains('/')) {
        // With a wrong version in front, Graph looks no further.
        return Err(unknown_path(context, &path[object.len()..], ""));
    }
    auth::authenticate(context, object, None)?;
    let Some(edge) = edge else {
        return Err(no_method(
            context,
            object,
            "this object does not take this method",
        ));
    };
    let takes: Vec<_> = EDGES
        .iter()
        .filter(|(_, name, _)| *name == edge)
        .map(|(method, ..)| *method)
        .collect();
    if !takes.is_empty() {
        // Sent messages, for instance, can't be read.
        let detail = format!("{edge} takes only {}", takes.join(", "));
        return Err(no_method(context, object, &detail));
    }
    if let Some(near) = edges::elsewhere(edge) {
        return Err(elsewhere(context, edge, near));
    }
    let near = near(edge, EDGES.iter().map(|(_, name, _)| *name));
    let hint = near.map_or(String::new(), |near| format!("; {near} comes near"));
    Err(unknown_path(context, &format!("/{edge}"), &hint))
}

/// What a request for an object itself leads to; `None` if it does not take the method.
fn node(context: &mut Context<'_>, object: &str) -> Option<Handled> {
    let state = context.platform.state();
    let is_persona = state.persona(object).is_some();
    let is_person = state.people.contains_key(object);
    let is_message = context.platform.messages().find(object).is_some();
    Some(match context.method.as_str() {
        "GET" if is_persona => personas::read(context, object),
        "DELETE" if is_persona => personas::delete(context, object),
        "GET" if is_person => people::read(context, object),
        "GET" if is_message => {
            let near = "GET /_emulator/messages/{id} shows them";
            Err(elsewhere(context, "messages by their id", near))
        }
        "GET" if !object.is_empty() => page::read(context, object),
        _ => return None,
    })
}

fn no_method(context: &Context<'_>, object: &str, detail: &str) -> Refused {
    auth::no_object(&context.method, object, "not_modelled", detail)
}

fn unknown_path(context: &Context<'_>, rest: &str, hint: &str) -> Refused {
    let path = context.request.uri.path();
    GraphError::new(
        2500,
        None,
        format!("Unknown path components: {rest}"),
        Refusal {
            rule: "not_modelled",
            path: path.into(),
            detail: format!("the emulator has no {} {path}{hint}", context.method),
        },
    )
}

/// Graph has an answer to this and the emulator has none; it says so rather than make one up.
fn elsewhere(context: &Context<'_>, edge: &str, near: &str) -> Refused {
    let detail = format!("the emulator does not model {edge}: {near}");
    let mut refused = GraphError::new(
        2500,
        None,
        format!("Not Meta's answer: {detail}"),
        Refusal {
            rule: "not_modelled",
            path: context.request.uri.path().into(),
            detail,
        },
    );
    refused.status = 501;
    refused
}

/// The method that counts: until v28, a parameter may name another one.
fn method(platform: &Platform, request: &Request, params: &Params) -> Method {
    let heeded = platform.state().unverified.method_override
        && version(request.uri.path()).is_none_or(|version| version < 28);
    params
        .text("method")
        .filter(|_| heeded)
        .map(str::to_ascii_uppercase)
        .filter(|name| ["GET", "POST", "DELETE"].contains(&name.as_str()))
        .and_then(|name| name.parse().ok())
        .unwrap_or_else(|| request.method.clone())
}
