//! The inbox page and the description of the control API.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::reply::{Answered, Problem};
use super::schema::OPENAPI;

/// The page's scripts, by name.
const SCRIPTS: &[(&str, &str)] = &[
    ("api.js", include_str!("inbox/api.js")),
    ("cards.js", include_str!("inbox/cards.js")),
    ("inbox.js", include_str!("inbox/inbox.js")),
    ("inspect.js", include_str!("inbox/inspect.js")),
    ("panels.js", include_str!("inbox/panels.js")),
    ("profile.js", include_str!("inbox/profile.js")),
    ("ring.js", include_str!("inbox/ring.js")),
    ("thread.js", include_str!("inbox/thread.js")),
    ("util.js", include_str!("inbox/util.js")),
];

fn text(content_type: &'static str, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) async fn page() -> Response {
    text("text/html; charset=utf-8", include_str!("inbox/index.html"))
}

pub(super) async fn style() -> Response {
    text("text/css; charset=utf-8", include_str!("inbox/inbox.css"))
}

pub(super) async fn script(Path(name): Path<String>) -> Answered {
    SCRIPTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, script)| text("text/javascript; charset=utf-8", script))
        .ok_or_else(|| Problem::unknown("script"))
}

pub(super) async fn openapi() -> Response {
    text("application/json", OPENAPI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_that_is_named_is_served() {
        let page = include_str!("inbox/index.html");
        let named = SCRIPTS
            .iter()
            .flat_map(|(_, script)| script.split("from \"./").skip(1))
            .chain(page.split("src=\"inbox/").skip(1));
        let mut count = 0;
        for rest in named {
            let name = rest.split('"').next().unwrap();
            assert!(SCRIPTS.iter().any(|(known, _)| *known == name), "{name}");
            count += 1;
        }
        assert!(count > 0);
    }
}
