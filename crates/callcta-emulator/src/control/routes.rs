//! Which path leads where.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{self, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::reply::{JSON, Problem};
use super::{
    assets, clock, conversations, faults, guard, messages, people, requests, snapshot, state,
    stream, transcript, webhooks,
};
use crate::server::{Answering, OwnSide, Shared};

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
    get "/_emulator/openapi.json" assets::openapi;
    get "/_emulator/events" stream::events;
    post "/_emulator/reset" state::reset;
    post "/_emulator/close-connections" state::close_connections;
    get "/_emulator/state" state::read;
    put "/_emulator/state" state::replace;
    patch "/_emulator/state" state::merge;
    get "/_emulator/snapshot" snapshot::export;
    put "/_emulator/snapshot" snapshot::import;
    get "/_emulator/transcript" transcript::read;
    get "/_emulator/clock" clock::read;
    post "/_emulator/clock" clock::change;
    get "/_emulator/messages" messages::list;
    delete "/_emulator/messages" messages::clear;
    get "/_emulator/messages/latest" messages::latest;
    get "/_emulator/messages/wait" messages::wait;
    get "/_emulator/messages/{id}" messages::one;
    delete "/_emulator/messages/{id}" messages::delete;
    get "/_emulator/requests" requests::list;
    delete "/_emulator/requests" requests::clear;
    get "/_emulator/requests/{id}" requests::one;
    get "/_emulator/faults" faults::list;
    post "/_emulator/faults" faults::arm;
    put "/_emulator/faults" faults::replace;
    delete "/_emulator/faults" faults::clear;
    delete "/_emulator/faults/{id}" faults::remove;
    post "/_emulator/tap" people::tap;
    get "/_emulator/conversations" conversations::list;
    get "/_emulator/conversations/{page_id}/{psid}" conversations::one;
    get "/_emulator/actions" people::actions;
    post "/_emulator/people/{psid}/actions" people::act;
    get "/_emulator/calls" people::calls;
    post "/_emulator/calls/{id}/accept" people::accept_call;
    post "/_emulator/calls/{id}/media" people::change_media;
    post "/_emulator/calls/{id}/end" people::end_call;
    get "/_emulator/webhooks" webhooks::list;
    delete "/_emulator/webhooks" webhooks::clear;
    post "/_emulator/webhooks/hold" webhooks::hold;
    post "/_emulator/webhooks/release" webhooks::release;
    post "/_emulator/webhooks/verify" webhooks::verify;
    get "/_emulator/webhooks/wait" webhooks::wait;
    get "/_emulator/webhooks/{id}" webhooks::one;
    post "/_emulator/webhooks/{id}/redeliver" webhooks::redeliver;
}

/// Everything that is not Graph.
fn router(shared: Arc<Shared>) -> Router {
    use axum::routing::get;
    control()
        .route("/", get(assets::page))
        .route("/inbox.css", get(assets::style))
        .route("/inbox/{script}", get(assets::script))
        .route("/inbox/snippets/{name}", get(assets::snippet))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no such path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no such method here")
        })
        // A snapshot may be as large as all that is kept.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared)
}

/// The emulator's own side, as the server asks it.
pub(crate) fn own_side(shared: &Arc<Shared>) -> OwnSide {
    let router = router(Arc::clone(shared));
    let shared = Arc::clone(shared);
    OwnSide {
        takes: is_own,
        answer: Box::new(move |request| -> Answering {
            Box::pin(answer(router.clone(), Arc::clone(&shared), request))
        }),
    }
}

/// Whether a request is for the emulator itself and not for Graph.
fn is_own(method: &str, path: &str) -> bool {
    (path == "/" && (method == "GET" || method == "HEAD"))
        || path == "/inbox.css"
        || path.starts_with("/inbox/")
        || path == "/_emulator"
        || path.starts_with("/_emulator/")
}

async fn answer(mut router: Router, shared: Arc<Shared>, request: Request) -> Response {
    use tower_service::Service;
    let mut response = match guard::check(&request, shared.site()) {
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
) -> Result<(StatusCode, Value), http::Error> {
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

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn routes_and_description_name_the_same() {
        let description: Value = serde_json::from_str(schema::OPENAPI).unwrap();
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
