//! The inbox page and the description of the control API.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

pub(super) const OPENAPI: &str = include_str!("../../openapi.json");

fn text(content_type: &'static str, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) async fn page() -> Response {
    text(
        "text/html; charset=utf-8",
        include_str!("../inbox/index.html"),
    )
}

pub(super) async fn style() -> Response {
    text(
        "text/css; charset=utf-8",
        include_str!("../inbox/inbox.css"),
    )
}

pub(super) async fn script() -> Response {
    text(
        "text/javascript; charset=utf-8",
        include_str!("../inbox/inbox.js"),
    )
}

pub(super) async fn openapi() -> Response {
    text("application/json", OPENAPI)
}
