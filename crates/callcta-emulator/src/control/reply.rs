//! How control requests are read and answered.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::schema;
use crate::server::Shared;

pub(super) const JSON: &str = "application/json";

pub(super) type App = axum::extract::State<Arc<Shared>>;
pub(super) type Answered = Result<Response, Problem>;

/// A refused control request.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        respond(self.status, &json!({"error": self.detail}))
    }
}

/// A number in a path; what is none is as unknown as a wrong one.
pub(super) fn number(id: &str, what: &str) -> Result<u64, Problem> {
    id.parse().map_err(|_| Problem::unknown(what))
}

pub(super) fn respond(status: StatusCode, value: &impl Serialize) -> Response {
    let json = serde_json::to_string(value).expect("answers have only string keys");
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

pub(super) fn ok(value: &impl Serialize) -> Response {
    respond(StatusCode::OK, value)
}

/// Reads the JSON body of an operation, such as `put /_emulator/state`, as the description has it;
/// where it need not be sent, none counts as `{}`.
pub(super) fn read<T: DeserializeOwned>(operation: &str, body: &Bytes) -> Result<T, Problem> {
    let bad = |why: String| Problem::bad(format!("the body: {why}"));
    let body = match body.trim_ascii() {
        b"" => None,
        body => Some(serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?),
    };
    schema::check_body(operation, body.as_ref()).map_err(bad)?;
    let body = body.unwrap_or_else(|| json!({}));
    serde_json::from_value(body).map_err(|error| bad(error.to_string()))
}
