//! How control requests are read and answered.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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

pub(super) fn respond(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

pub(super) fn ok(value: &Value) -> Response {
    respond(StatusCode::OK, value)
}

/// Reads a JSON body; an empty one counts as `{}`.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let bytes: &[u8] = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    serde_json::from_slice(bytes).map_err(|error| Problem::bad(format!("the body: {error}")))
}
