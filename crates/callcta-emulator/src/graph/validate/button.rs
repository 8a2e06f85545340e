//! Buttons, one type after the other.

use serde_json::{Map, Value};

use super::place::{At, refuse};
use crate::graph::refusal::{GraphError, Refusal, Refused, shown};
use crate::platform::Unverified;

const TITLE_MAX: usize = 20;
const MENU_TITLE_MAX: usize = 30;
const PAYLOAD_MAX: usize = 1000;
const EXPIRES_IN_DAYS_MAX: f64 = 7.0;

/// Checks a button; true if it is a call button.
pub(super) fn check(at: At, value: &Value, rules: &Unverified) -> Result<bool, Refused> {
    let Some(button) = value.as_object() else {
        return Err(at.type_error("", "an object", value));
    };
    let Some(kind) = button.get("type") else {
        return Err(at.required("type"));
    };
    match kind.as_str() {
        Some("audio_call") => {
            at.only_keys(button, &["type", "title", "expires_in_days"], rules)?;
            title(at, button, rules.audio_call_title_max, rules)?;
            expires_in_days(at, button, rules)?;
            return Ok(true);
        }
        Some("web_url") => titled_url(at, button, TITLE_MAX, rules)?,
        Some("postback") => postback(at, button, TITLE_MAX, rules)?,
        Some("phone_number") => {
            at.only_keys(button, &["type", "title", "payload"], rules)?;
            title(at, button, Some(TITLE_MAX), rules)?;
            let number = at.text(button, "payload", None, rules)?;
            let digits = number.strip_prefix('+').unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(refuse(
                    100,
                    None,
                    &format!("Param {} must be a valid phone number", at.graph("payload")),
                    "phone_number",
                    at.wire("payload"),
                    "a phone number is + and digits",
                ));
            }
        }
        Some("account_link") => {
            at.only_keys(button, &["type", "url"], rules)?;
            let url = required_url(at, button)?;
            if !starts_with(url, "https://") {
                return Err(not_https(at, "url"));
            }
        }
        Some("account_unlink") => at.only_keys(button, &["type"], rules)?,
        Some("game_play") => {
            at.only_keys(
                button,
                &["type", "title", "payload", "game_metadata"],
                rules,
            )?;
            title(at, button, None, rules)?;
            game_play(at, button)?;
        }
        // Gone from the documentation, still sent by old code.
        Some("element_share") => at.only_keys(button, &["type", "share_contents"], rules)?,
        _ => {
            return Err(refuse(
                100,
                None,
                &format!(
                    "Param {} must be one of {{WEB_URL, POSTBACK, PHONE_NUMBER, ACCOUNT_LINK, \
                     ACCOUNT_UNLINK, GAME_PLAY, AUDIO_CALL}}",
                    at.graph("type")
                ),
                "button_type",
                at.wire("type"),
                format!("{} is not a button type", shown(Some(kind))),
            ));
        }
    }
    Ok(false)
}

/// An item of a persistent menu.
pub(super) fn menu_item(at: At, value: &Value, rules: &Unverified) -> Result<(), Refused> {
    let Some(item) = value.as_object() else {
        return Err(at.type_error("", "an object", value));
    };
    match item.get("type") {
        None => Err(at.required("type")),
        Some(kind) if kind == "web_url" => titled_url(at, item, MENU_TITLE_MAX, rules),
        Some(kind) if kind == "postback" => postback(at, item, MENU_TITLE_MAX, rules),
        // Menus in menus are gone since v8.0.
        Some(other) => Err(at.type_error("type", "one of {WEB_URL, POSTBACK}", other)),
    }
}

fn titled_url(
    at: At,
    button: &Map<String, Value>,
    title_max: usize,
    rules: &Unverified,
) -> Result<(), Refused> {
    at.only_keys(
        button,
        &[
            "type",
            "title",
            "url",
            "webview_height_ratio",
            "messenger_extensions",
            "fallback_url",
            "webview_share_button",
        ],
        rules,
    )?;
    title(at, button, Some(title_max), rules)?;
    web_url(at, button)
}

fn postback(
    at: At,
    button: &Map<String, Value>,
    title_max: usize,
    rules: &Unverified,
) -> Result<(), Refused> {
    at.only_keys(button, &["type", "title", "payload"], rules)?;
    title(at, button, Some(title_max), rules)?;
    if button.get("payload").is_none_or(|p| p == "") {
        return Err(refuse(
            100,
            Some(2_018_040),
            "Element button payload cannot be empty for postback button.",
            "postback_payload",
            at.wire("payload"),
            "a postback button needs a payload",
        ));
    }
    at.text(button, "payload", Some(PAYLOAD_MAX), rules)
        .map(|_| ())
}

/// What a tap on the card itself does: a URL button without a title.
pub(super) fn default_action(
    element: usize,
    value: &Value,
    rules: &Unverified,
) -> Result<(), Refused> {
    let at = At::DefaultAction(element);
    let Some(action) = value.as_object() else {
        return Err(at.type_error("", "an object", value));
    };
    match action.get("type") {
        None => return Err(at.required("type")),
        Some(kind) if kind == "web_url" => {}
        Some(other) => return Err(at.type_error("type", "web_url", other)),
    }
    at.only_keys(
        action,
        &[
            "type",
            "url",
            "webview_height_ratio",
            "messenger_extensions",
            "fallback_url",
            "webview_share_button",
        ],
        rules,
    )?;
    web_url(at, action)
}

/// Whether a text is an http or https URL with a host. Nothing finer: what Meta refuses beyond
/// that is not documented.
pub(in crate::graph) fn is_url(url: &str) -> bool {
    let host = ["https://", "http://"]
        .into_iter()
        .find(|scheme| starts_with(url, scheme))
        .map(|scheme| &url[scheme.len()..]);
    host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#', ':', '@']))
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

pub(super) fn http_url(url: &str, at: At, field: &str) -> Result<(), Refused> {
    if is_url(url) {
        return Ok(());
    }
    Err(refuse(
        100,
        None,
        &format!("{} should represent a valid URL", at.graph(field)),
        "url",
        at.wire(field),
        format!(
            "an http or https URL; {} was sent",
            shown(Some(&url.into()))
        ),
    ))
}

fn web_url(at: At, button: &Map<String, Value>) -> Result<(), Refused> {
    let url = required_url(at, button)?;
    http_url(url, at, "url")?;
    one_of(
        at,
        button,
        "webview_height_ratio",
        &["compact", "tall", "full"],
    )?;
    one_of(at, button, "webview_share_button", &["hide"])?;
    let extensions = match button.get("messenger_extensions") {
        None => false,
        Some(Value::Bool(on)) => *on,
        Some(other) => return Err(at.type_error("messenger_extensions", "a boolean", other)),
    };
    if extensions && !starts_with(url, "https://") {
        return Err(not_https(at, "url"));
    }
    match button.get("fallback_url") {
        None => Ok(()),
        Some(_) if !extensions => Err(refuse(
            100,
            None,
            &format!(
                "Param {} needs messenger_extensions",
                at.graph("fallback_url")
            ),
            "fallback_url",
            at.wire("fallback_url"),
            "fallback_url goes only with messenger_extensions true",
        )),
        Some(Value::String(url)) => http_url(url, at, "fallback_url"),
        Some(other) => Err(at.type_error("fallback_url", "a string", other)),
    }
}

/// The payload is text for the game; the metadata names a player or a context, not both.
fn game_play(at: At, button: &Map<String, Value>) -> Result<(), Refused> {
    if let Some(payload) = button.get("payload")
        && !payload.is_string()
    {
        return Err(at.type_error("payload", "a string, serialized JSON", payload));
    }
    let Some(data) = button.get("game_metadata") else {
        return Ok(());
    };
    let ids = ["player_id", "context_id"];
    let good = data.as_object().is_some_and(|data| {
        ids.iter().filter(|id| data.contains_key(**id)).count() < 2
            && data
                .iter()
                .all(|(key, id)| ids.contains(&key.as_str()) && id.is_string())
    });
    if good {
        return Ok(());
    }
    let wanted = "an object with only one of player_id and context_id";
    Err(at.type_error("game_metadata", wanted, data))
}

fn required_url(at: At, button: &Map<String, Value>) -> Result<&str, Refused> {
    match button.get("url").map(|url| (url, url.as_str())) {
        None | Some((_, Some(""))) => Err(refuse(
            100,
            Some(2_018_041),
            "Element button url cannot be empty for web url button.",
            "url_required",
            at.wire("url"),
            "a url is required here",
        )),
        Some((_, Some(url))) => Ok(url),
        Some((other, None)) => Err(at.type_error("url", "a string", other)),
    }
}

fn not_https(at: At, field: &str) -> Refused {
    refuse(
        100,
        None,
        &format!("Param {} must be an HTTPS URL", at.graph(field)),
        "https",
        at.wire(field),
        "an https URL is required here",
    )
}

fn one_of(
    at: At,
    button: &Map<String, Value>,
    field: &str,
    allowed: &[&str],
) -> Result<(), Refused> {
    match button.get(field) {
        Some(value) if !value.as_str().is_some_and(|v| allowed.contains(&v)) => {
            Err(at.type_error(field, &format!("one of {}", allowed.join(", ")), value))
        }
        _ => Ok(()),
    }
}

/// A missing title has an error of its own.
fn title(
    at: At,
    button: &Map<String, Value>,
    max: Option<usize>,
    rules: &Unverified,
) -> Result<(), Refused> {
    if !button.contains_key("title") {
        return Err(refuse(
            100,
            Some(2_018_053),
            "Element button title cannot be empty.",
            "button_title",
            at.wire("title"),
            "this type of button needs a title",
        ));
    }
    at.text(button, "title", max, rules).map(|_| ())
}

fn expires_in_days(at: At, button: &Map<String, Value>, rules: &Unverified) -> Result<(), Refused> {
    let Some(value) = button.get("expires_in_days") else {
        return Ok(());
    };
    let Some(days) = value.as_f64() else {
        return Err(at.type_error("expires_in_days", "a number of days", value));
    };
    let bound = if days > EXPIRES_IN_DAYS_MAX {
        format!("less than or equal to {EXPIRES_IN_DAYS_MAX}")
    } else if let Some(min) = rules.expires_in_days_min
        && days < f64::from(min)
    {
        format!("greater than or equal to {min}")
    } else if days.fract() != 0.0 && !rules.expires_in_days_fractions {
        "a whole number".into()
    } else {
        return Ok(());
    };
    let error = rules.expires_in_days;
    Err(GraphError::new(
        error.code,
        error.subcode,
        format!(
            "(#{}) Param {} must be {bound}",
            error.code,
            at.graph("expires_in_days")
        ),
        Refusal {
            rule: "expires_in_days_range",
            path: at.wire("expires_in_days"),
            detail: format!("expires_in_days must be {bound}; {value} was sent"),
        },
    ))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
