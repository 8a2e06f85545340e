//! The inbox page and the description of the control API.

use std::fmt::Write as _;
use std::sync::LazyLock;

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
    ("composer.js", include_str!("inbox/composer.js")),
    ("connect.js", include_str!("inbox/connect.js")),
    ("countdown.js", include_str!("inbox/countdown.js")),
    ("inbox.js", include_str!("inbox/inbox.js")),
    ("inspect.js", include_str!("inbox/inspect.js")),
    ("items.js", include_str!("inbox/items.js")),
    ("log.js", include_str!("inbox/log.js")),
    ("panels.js", include_str!("inbox/panels.js")),
    ("people.js", include_str!("inbox/people.js")),
    ("profile.js", include_str!("inbox/profile.js")),
    ("records.js", include_str!("inbox/records.js")),
    ("ring.js", include_str!("inbox/ring.js")),
    ("store.js", include_str!("inbox/store.js")),
    ("thread-data.js", include_str!("inbox/thread-data.js")),
    ("thread.js", include_str!("inbox/thread.js")),
    ("time.js", include_str!("inbox/time.js")),
    ("unread.js", include_str!("inbox/unread.js")),
    ("util.js", include_str!("inbox/util.js")),
    ("windowed.js", include_str!("inbox/windowed.js")),
];

/// Examples to copy, as the documents have them.
const SNIPPETS: &[(&str, &str)] = &[
    ("c.txt", include_str!("inbox/snippets/c.txt")),
    ("node.txt", include_str!("inbox/snippets/node.txt")),
    ("python.txt", include_str!("inbox/snippets/python.txt")),
    ("rust.txt", include_str!("inbox/snippets/rust.txt")),
];

/// How the inbox page draws a message, for a page that stands alone: to be put into it as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Drawing {
    /// The style sheet.
    pub style: &'static str,
    /// An `svg` element with the symbols that are used.
    pub icons: &'static str,
    /// A script that defines the function `draw` and what it needs.
    pub script: String,
}

/// The inbox page's own drawing of messages; its file `cards.js` says what `draw` takes.
pub fn drawing() -> Drawing {
    let page = include_str!("inbox/index.html");
    let start = page.find("<svg hidden").unwrap_or_default();
    let end = page[start..].find("</svg>").unwrap_or_default();
    // One script instead of modules, which can't import each other inside a page.
    let modules = [
        include_str!("inbox/util.js"),
        include_str!("inbox/cards.js"),
    ];
    let lines = modules.iter().flat_map(|module| module.lines());
    let lines = lines.filter(|line| !line.starts_with("import "));
    let script = lines.fold(String::new(), |mut script, line| {
        script.push_str(line.strip_prefix("export ").unwrap_or(line));
        script.push('\n');
        script
    });
    Drawing {
        style: concat!(
            include_str!("inbox/theme.css"),
            include_str!("inbox/cards.css")
        ),
        icons: &page[start..start + end + "</svg>".len()],
        script,
    }
}

fn text(content_type: &'static str, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The page, which names all its scripts at once: browsers would find them one behind the other.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let mut links = String::new();
    for (name, _) in SCRIPTS {
        let _ = writeln!(links, "<link rel=\"modulepreload\" href=\"inbox/{name}\">");
    }
    include_str!("inbox/index.html").replacen("<script ", &format!("{links}<script "), 1)
});

pub(super) async fn page() -> Response {
    text("text/html; charset=utf-8", &PAGE)
}

pub(super) async fn style() -> Response {
    const STYLE: &str = concat!(
        include_str!("inbox/theme.css"),
        include_str!("inbox/cards.css"),
        include_str!("inbox/inbox.css"),
    );
    text("text/css; charset=utf-8", STYLE)
}

fn named(list: &'static [(&str, &str)], name: &str) -> Option<&'static str> {
    let found = list.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

pub(super) async fn script(Path(name): Path<String>) -> Answered {
    named(SCRIPTS, &name)
        .map(|script| text("text/javascript; charset=utf-8", script))
        .ok_or_else(|| Problem::unknown("script"))
}

pub(super) async fn snippet(Path(name): Path<String>) -> Answered {
    named(SNIPPETS, &name)
        .map(|snippet| text("text/plain; charset=utf-8", snippet))
        .ok_or_else(|| Problem::unknown("example"))
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

    #[test]
    fn the_drawing_needs_nothing_else() {
        let drawing = drawing();
        assert!(drawing.icons.starts_with("<svg") && drawing.icons.ends_with("</svg>"));
        for left in ["import ", "export ", "store."] {
            assert!(!drawing.script.contains(left), "{left}");
        }
        let cards = include_str!("inbox/cards.js");
        let imports = cards.lines().filter(|line| line.starts_with("import "));
        assert!(
            imports
                .into_iter()
                .all(|line| line.ends_with("\"./util.js\";"))
        );
        assert!(!include_str!("inbox/util.js").contains("import "));
    }

    #[test]
    fn examples_are_those_of_the_documents() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
        let read = |path: &str| std::fs::read_to_string(format!("{root}{path}")).unwrap();
        let snippet = |name| named(SNIPPETS, name).unwrap();
        assert_eq!(snippet("rust.txt"), read("docs/snippets/rust/start.rs"));
        assert_eq!(snippet("python.txt"), read("docs/snippets/python/start.py"));
        assert_eq!(snippet("c.txt"), read("docs/snippets/c/start.c"));
        let block = format!("\n```js\n{}```\n", snippet("node.txt"));
        assert!(read("bindings/node/README.md").contains(&block));
    }
}
