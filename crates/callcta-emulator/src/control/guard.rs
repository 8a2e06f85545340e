//! Keeps other sites out: a browser must not be talked into driving the emulator.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::reply::Problem;
use crate::server::{Site, is_loopback};

/// Only this machine's names and those that were allowed, so that a foreign name that resolves to
/// this machine is refused, and no pages of other origins.
pub(super) fn check(request: &Request, site: &Site) -> Result<(), Problem> {
    let headers = request.headers();
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if headers.get_all(header::HOST).iter().nth(1).is_some() {
        return Err(Problem::bad(
            "a request has one Host header; there are several",
        ));
    }
    let host = text("host").unwrap_or_default();
    // A proxy that puts its own name for the emulator into Host says here what the browser asked
    // for. No page can send this to another origin without being let in first.
    let asked_for = text("x-forwarded-host").map_or(host, |list| {
        list.split(',').next().unwrap_or_default().trim()
    });
    if !site.is_known(host) || !site.is_known(asked_for) {
        return Err(forbidden(
            "the Host header must name this machine, or a host allowed at the start",
        ));
    }
    let origin = text("origin");
    if origin.is_some_and(|origin| site.lets_in(origin)) {
        return Ok(());
    }
    // Without an Origin, as for images and links, browsers still say where a request comes from.
    let from = text("sec-fetch-site");
    if let Some(origin) = origin {
        let page = origin.split_once("://").map_or("", |(_, host)| host);
        // Through a proxy of this machine the browser sees one origin where there are two.
        let same = page == asked_for
            || site.is_named(page)
            || from == Some("same-origin") && is_loopback(page);
        if !same {
            return Err(forbidden("requests from other origins are refused"));
        }
    }
    let visit = request.method() == Method::GET && text("sec-fetch-mode") == Some("navigate");
    if !matches!(from.unwrap_or("none"), "none" | "same-origin") && !visit {
        return Err(forbidden("requests from other sites are refused"));
    }
    Ok(())
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

/// The headers that every answer of the emulator's own side carries.
pub(super) fn protect(response: &mut Response) {
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
}
