//! The emulator's own side: the control API under `/_emulator/` and the inbox page.

mod clock;
mod faults;
mod guard;
mod inbox;
mod journal;
mod people;
mod state;
mod stream;
pub(crate) mod views;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::params::form_pairs;
use crate::world::Shared;

const JSON: &str = "application/json";

type App = axum::extract::State<Arc<Shared>>;
type Answered = Result<Response, Problem>;

/// Builds the router, and the list that the `OpenAPI` description is held against.
macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        /// Method and path of each route of the control API.
        #[cfg(test)]
        const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn control() -> Router<Arc<Shared>> {
            Router::new()$(.route($path, axum::routing::$method($handler)))*
        }
    };
}

routes! {
    get "/_emulator/ready" state::ready;
    get "/_emulator/openapi.json" inbox::openapi;
    get "/_emulator/events" stream::events;
    post "/_emulator/reset" state::reset;
    post "/_emulator/close-connections" state::close_connections;
    get "/_emulator/state" state::read;
    put "/_emulator/state" state::replace;
    patch "/_emulator/state" state::merge;
    get "/_emulator/clock" clock::read;
    post "/_emulator/clock" clock::change;
    get "/_emulator/messages" journal::messages;
    delete "/_emulator/messages" journal::delete_messages;
    get "/_emulator/messages/latest" journal::latest_message;
    get "/_emulator/messages/wait" journal::wait_for_messages;
    get "/_emulator/messages/{id}" journal::message;
    delete "/_emulator/messages/{id}" journal::delete_message;
    get "/_emulator/requests" journal::requests;
    delete "/_emulator/requests" journal::delete_requests;
    get "/_emulator/requests/{id}" journal::request;
    get "/_emulator/faults" faults::list;
    post "/_emulator/faults" faults::arm;
    put "/_emulator/faults" faults::replace;
    delete "/_emulator/faults" faults::clear;
    delete "/_emulator/faults/{id}" faults::remove;
    post "/_emulator/tap" people::tap;
    get "/_emulator/conversations" people::conversations;
    get "/_emulator/actions" people::actions;
    post "/_emulator/people/{psid}/actions" people::act;
    get "/_emulator/calls" people::calls;
    post "/_emulator/calls/{id}/accept" people::accept_call;
    post "/_emulator/calls/{id}/end" people::end_call;
    get "/_emulator/webhooks" webhooks::list;
    delete "/_emulator/webhooks" webhooks::clear;
    post "/_emulator/webhooks/hold" webhooks::hold;
    post "/_emulator/webhooks/release" webhooks::release;
    post "/_emulator/webhooks/verify" webhooks::verify;
    get "/_emulator/webhooks/{id}" webhooks::one;
    post "/_emulator/webhooks/{id}/redeliver" webhooks::redeliver;
}

/// Everything that is not Graph.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    use axum::routing::get;
    control()
        .route("/", get(inbox::page))
        .route("/inbox.css", get(inbox::style))
        .route("/inbox/{script}", get(inbox::script))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no such path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no such method here")
        })
        .with_state(shared)
}

/// Answers a request for the emulator's own side.
pub(crate) async fn answer(mut router: Router, request: Request) -> Response {
    use tower_service::Service;
    let mut response = match guard::check(&request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
    };
    guard::protect(&mut response);
    response
}

/// Answers a request from within this process: its status, and its JSON if it has any.
pub(crate) async fn call(
    shared: Arc<Shared>,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<(StatusCode, Value), axum::http::Error> {
    use http_body_util::BodyExt;
    use tower_service::Service;
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::builder().method(method).uri(path).body(body)?;
    let response = match router(shared).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (head, body) = response.into_parts();
    // The stream of events never ends.
    let is_json = head
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == JSON);
    let json = if is_json {
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        body.ok()
            .and_then(|body| serde_json::from_slice(&body).ok())
    } else {
        None
    };
    Ok((head.status, json.unwrap_or_default()))
}

/// A refused control request.
#[derive(Debug)]
struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        respond(self.status, &json!({"error": self.detail}))
    }
}

/// A number in a path; what is none is as unknown as a wrong one.
fn number(id: &str, what: &str) -> Result<u64, Problem> {
    id.parse().map_err(|_| Problem::unknown(what))
}

fn respond(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

fn ok(value: &Value) -> Response {
    respond(StatusCode::OK, value)
}

/// Reads a JSON body; an empty one counts as `{}`.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let bytes: &[u8] = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    serde_json::from_slice(bytes).map_err(|error| Problem::bad(format!("the body: {error}")))
}

/// The query of a control request; names that the route does not know are refused.
struct Query(Map<String, Value>);

impl Query {
    fn read(raw: Option<String>, known: &[&str]) -> Result<Self, Problem> {
        let map: Map<_, _> = form_pairs(raw.unwrap_or_default().as_bytes()).collect();
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Problem::bad(format!(
                "the query has no parameter {name:?}; it has {}",
                known.join(", ")
            ))),
            None => Ok(Self(map)),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::bad(format!("{name} must be a whole number")))
            })
            .transpose()
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::bad(format!("{name} must be true or false")))
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn routes_and_description_name_the_same() {
        let description: Value = serde_json::from_str(inbox::OPENAPI).unwrap();
        let documented: BTreeSet<(String, String)> = description["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, operations)| {
                operations
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|method| *method != "parameters")
                    .map(move |method| (method.clone(), path.clone()))
            })
            .collect();
        let real: BTreeSet<(String, String)> = ROUTES
            .iter()
            .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        assert_eq!(documented, real);
    }
}
