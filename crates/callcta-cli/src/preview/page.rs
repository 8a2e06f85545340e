//! The page: one file that needs no network and runs no script but its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callcta::{Button, Message, Report, Request, Severity, Violation};
use callcta_emulator::drawing;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::code::{self, Language};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const PAGE: &str = include_str!("page.html");

const LANGUAGES: [(&str, Language); 4] = [
    ("Rust", Language::Rust),
    ("Python", Language::Python),
    ("TypeScript", Language::TypeScript),
    ("C", Language::C),
];

/// The page of a request, of which a check found this.
pub fn page(title: &str, request: &Request, report: &Report) -> String {
    let drawing = drawing();
    let style = drawing.style.to_owned() + STYLE;
    // Its names are its own, and what is drawn can't be reached from outside.
    let script = format!("{{\n{}{SCRIPT}}}\n", drawing.script);
    let policy = format!(
        "default-src 'none'; img-src data:; style-src '{}'; script-src '{}'; base-uri 'none'; \
         form-action 'none'",
        hash(&style),
        hash(&script)
    );
    let data = json!({
        "message": request.message.to_value(),
        "clickable": clickable(&request.message),
    });
    // In a script element, only `<` could end it or begin a comment.
    let data = data.to_string().replace('<', "\\u003c");
    let parts = [
        ("{{policy}}", policy),
        ("{{style}}", style),
        ("{{icons}}", drawing.icons.to_owned()),
        ("{{title}}", escaped(title)),
        ("{{summary}}", summary(report)),
        ("{{findings}}", findings(report)),
        ("{{code}}", codes(request)),
        ("{{data}}", data),
        ("{{script}}", script),
    ];
    fill(PAGE, &parts)
}

/// Puts each part into its place, once; what stands in a part stays as it is.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let (before, place) = rest.split_at(at);
        page.push_str(before);
        let part = parts.iter().find(|(name, _)| place.starts_with(name));
        let (name, text) = part.map_or(("{{", "{{"), |(name, text)| (*name, text));
        page.push_str(text);
        rest = &place[name.len()..];
    }
    page + rest
}

/// A text between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // HTML has no way to write it.
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// What stands beside each call button, by the paths of the buttons.
fn clickable(message: &Message) -> Value {
    let parts = message.parts();
    let mut told = serde_json::Map::new();
    let words = |days: i64| match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    for (at, element) in parts.elements.unwrap_or_default().iter().enumerate() {
        let buttons = element.parts().buttons.unwrap_or_default();
        for (button, days) in each_day(buttons) {
            told.insert(format!("{at}.{button}"), words(days).into());
        }
    }
    for (button, days) in each_day(parts.buttons.unwrap_or_default()) {
        told.insert(format!("0.{button}"), words(days).into());
    }
    if let Some(days) = parts.ttl_days {
        told.insert("0.0".to_owned(), words(days).into());
    }
    Value::Object(told)
}

fn each_day(buttons: &[Button]) -> impl Iterator<Item = (usize, i64)> {
    let each = buttons.iter().enumerate();
    each.filter_map(|(at, button)| Some((at, button.clickable_days()?)))
}

fn summary(report: &Report) -> String {
    let chip = |count: usize, word: &str, class: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("<span class=\"chip {class}\">{count} {word}{plural}</span>")
    };
    match (report.errors, report.warnings) {
        (0, 0) => "<span class=\"chip good\">No rule is broken</span>".to_owned(),
        (errors, 0) => chip(errors, "error", "bad"),
        (0, warnings) => chip(warnings, "warning", "warn"),
        (errors, warnings) => {
            chip(errors, "error", "bad") + " " + &chip(warnings, "warning", "warn")
        }
    }
}

/// A list of what was found. The script moves each to its place in the drawing.
fn findings(report: &Report) -> String {
    let mut items = String::new();
    for violation in &report.violations {
        items.push_str(&finding(violation));
    }
    for path in &report.unchecked {
        items.push_str(&format_item(
            "note",
            path,
            "callcta has no rules for it",
            "",
        ));
    }
    items
}

fn finding(violation: &Violation) -> String {
    let class = match violation.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rule = violation.rule.to_string();
    format_item(class, &violation.path, &violation.message, &rule)
}

fn format_item(class: &str, path: &str, text: &str, rule: &str) -> String {
    let rule = if rule.is_empty() {
        String::new()
    } else {
        format!(" <code>{}</code>", escaped(rule))
    };
    let path = escaped(path);
    format!(
        "<li class=\"finding {class}\" data-path=\"{path}\"><span class=\"sr\">{class}: </span>\
         <code class=\"path\">{path}</code><span>{}{rule}</span></li>\n",
        escaped(text)
    )
}

fn codes(request: &Request) -> String {
    let each = LANGUAGES.iter().map(|(name, language)| {
        let code = escaped(&code::message(request, *language, "message"));
        // A line break right behind the tag would be left out.
        format!(
            "<section aria-label=\"{name}\"><h3>{name}</h3><pre class=\"code\" tabindex=\"0\" \
             role=\"region\" aria-label=\"Code in {name}\">\n{code}</pre></section>\n"
        )
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(json: &str) -> String {
        let request = Request::from_json(json).expect("it is a message");
        page("<card>.json", &request, &callcta::check_json(json))
    }

    #[test]
    fn nothing_in_a_message_becomes_markup() {
        let evil = "</script><script>alert(1)</script><!-- {{code}} \\\" onload='x'";
        let json = format!(
            r#"{{"text": "{evil}", "<img src=x>": 1, "attachment": {{"{evil}": "{evil}"}}}}"#
        );
        let page = page_of(&json);
        assert!(!page.contains("alert(1)</script>"));
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(page.contains("&lt;card&gt;.json"));
    }

    #[test]
    fn what_is_found_stands_in_the_page_without_its_script() {
        let page = page_of(
            r#"{"attachment": {"type": "template", "payload": {"template_type": "button",
            "text": "", "buttons": [{"type": "audio_call", "title": "Call", "expires_in_days": 8}]}}}"#,
        );
        assert!(page.contains("2 errors"));
        assert_eq!(page.matches("<li class=\"finding error\"").count(), 2);
        assert!(page.contains("must be 1 to 7 days, is 8 <code>out_of_range</code>"));
        for (name, _) in LANGUAGES {
            assert!(page.contains(&format!("<h3>{name}</h3>")));
        }
        assert!(!page.contains("{{"), "a part has no place");
    }
}
