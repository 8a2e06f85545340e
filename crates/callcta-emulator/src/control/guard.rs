//! Keeps other sites out: a browser must not be talked into driving the emulator.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::reply::Problem;

/// Only this machine's names, so that a foreign name that resolves to loopback is refused, and
/// no pages of other origins.
pub(super) fn check(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let host = text("host").unwrap_or_default();
    if !is_loopback(host) {
        return Err(forbidden("the Host header must name this machine"));
    }
    if let Some(origin) = text("origin")
        && origin.strip_prefix("http://") != Some(host)
    {
        return Err(forbidden("requests from other origins are refused"));
    }
    // Without an Origin, as for images and links, browsers still say where a request comes from.
    let site = text("sec-fetch-site").unwrap_or("none");
    let visit = request.method() == Method::GET && text("sec-fetch-mode") == Some("navigate");
    if !matches!(site, "none" | "same-origin") && !visit {
        return Err(forbidden("requests from other sites are refused"));
    }
    Ok(())
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names() {
        for good in [
            "localhost",
            "localhost:80",
            "127.0.0.1:1",
            "[::1]:9",
            "[::1]",
            "a.localhost:1",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "localhost.example.com:80",
            "10.0.0.1",
            "127.0.0.1.example.com",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
