//! Templates: generic, button, media and the two of calling. Others pass unread.

use serde_json::{Map, Value};

use super::button;
use super::parts::Content;
use super::place::{At, refuse};
use crate::graph::refusal::{Refused, shown};
use crate::platform::{Overlong, Unverified};

const ELEMENTS_MAX: usize = 10;
const BUTTONS_MAX: usize = 3;
const TITLE_MAX: usize = 80;
const BUTTON_TEMPLATE_TEXT_MAX: usize = 640;

/// Templates that exist, but whose fields the emulator does not check.
const UNREAD: &[&str] = &[
    "receipt",
    "product",
    "coupon",
    "utility",
    "image_grid",
    "notification_messages",
    "open_graph",
    "airline_boardingpass",
    "airline_checkin",
    "airline_itinerary",
    "airline_update",
];

pub(super) fn check(payload: &Map<String, Value>, rules: &Unverified) -> Result<Content, Refused> {
    let at = At::Payload;
    let Some(kind) = payload.get("template_type") else {
        return Err(at.required("template_type"));
    };
    let calls = match kind.as_str() {
        Some("generic") => generic(payload, rules)?,
        Some("button") => button_template(payload, rules)?,
        Some("media") => media(payload, rules)?,
        Some("call_prompt") => {
            at.only_keys(payload, &["template_type", "ttl_days"], rules)?;
            if let Some(days) = payload.get("ttl_days")
                && !days
                    .as_f64()
                    .is_some_and(|days| days >= 0.0 && days.fract() == 0.0)
            {
                return Err(at.type_error("ttl_days", "a whole number of days", days));
            }
            return Ok(Content::CallPrompt);
        }
        Some("calling_optin") => {
            at.only_keys(payload, &["template_type"], rules)?;
            return Ok(Content::CallingOptin);
        }
        Some("customer_feedback") => return Ok(Content::CustomerFeedback),
        Some(other) if UNREAD.contains(&other) => return Ok(Content::Plain),
        _ => {
            return Err(refuse(
                100,
                None,
                "Invalid template type",
                "template_type",
                at.wire("template_type"),
                format!("{} is not a template type", shown(Some(kind))),
            ));
        }
    };
    if let Some(max) = rules.audio_call_max
        && calls > max
    {
        return Err(refuse(
            105,
            None,
            "The message has too many buttons of type audio_call.",
            "audio_call_max",
            at.wire(""),
            format!("configured: at most {max} audio_call buttons; {calls} were sent"),
        ));
    }
    Ok(if calls > 0 {
        Content::AudioCall
    } else {
        Content::Plain
    })
}

fn generic(payload: &Map<String, Value>, rules: &Unverified) -> Result<usize, Refused> {
    let at = At::Payload;
    at.only_keys(
        payload,
        &[
            "template_type",
            "elements",
            "sharable",
            "image_aspect_ratio",
        ],
        rules,
    )?;
    sharable(payload)?;
    if let Some(ratio) = payload.get("image_aspect_ratio")
        && !matches!(ratio.as_str(), Some("horizontal" | "square"))
    {
        return Err(at.type_error("image_aspect_ratio", "horizontal or square", ratio));
    }
    let elements = array(payload, "elements", at)?;
    if elements.is_empty() {
        return Err(refuse(
            194,
            None,
            "param name_placeholder[elements] has too few elements.",
            "elements_count",
            at.wire("elements"),
            "1 to 10 elements; none were sent",
        ));
    }
    if elements.len() > ELEMENTS_MAX {
        return Err(too_many(at, "elements", ELEMENTS_MAX, elements.len()));
    }
    let mut calls = 0;
    for (index, value) in elements.iter().enumerate() {
        calls += element(index, value, rules)?;
    }
    Ok(calls)
}

fn element(index: usize, value: &Value, rules: &Unverified) -> Result<usize, Refused> {
    let at = At::Element(index);
    let Some(element) = value.as_object() else {
        return Err(at.type_error("", "an object", value));
    };
    at.only_keys(
        element,
        &[
            "title",
            "subtitle",
            "image_url",
            "default_action",
            "buttons",
            // Gone from the documentation, still sent by old code.
            "item_url",
        ],
        rules,
    )?;
    at.text(element, "title", Some(TITLE_MAX), rules)?;
    let mut others = element.contains_key("default_action");
    for field in ["subtitle", "image_url", "item_url"] {
        match element.get(field) {
            None => {}
            Some(Value::String(text)) => {
                others |= field != "item_url" && !text.is_empty();
                if field == "subtitle" {
                    at.not_longer(text, field, Some(TITLE_MAX), rules)?;
                } else if !text.is_empty() {
                    button::http_url(text, at, field)?;
                }
            }
            Some(other) => return Err(at.type_error(field, "a string", other)),
        }
    }
    if let Some(action) = element.get("default_action") {
        button::default_action(index, action, rules)?;
    }
    let mut calls = 0;
    if element.contains_key("buttons") {
        others = true;
        calls = buttons(element, at, Some(index), rules)?;
    }
    if !others {
        return Err(refuse(
            100,
            Some(2_018_035),
            "Incomplete element data: title and at least one other field (image url, subtitle or \
             buttons) is required with non-empty value",
            "element_incomplete",
            at.wire(""),
            "a title and at least one of subtitle, image_url, default_action and buttons; only the \
             title was sent",
        ));
    }
    Ok(calls)
}

fn button_template(payload: &Map<String, Value>, rules: &Unverified) -> Result<usize, Refused> {
    let at = At::Payload;
    at.only_keys(
        payload,
        &["template_type", "text", "buttons", "sharable"],
        rules,
    )?;
    sharable(payload)?;
    // Unlike titles, a text that is too long is known to be refused.
    let strict = Unverified {
        overlong: Overlong::Refuse,
        length_unit: rules.length_unit,
        ..Unverified::default()
    };
    at.text(payload, "text", Some(BUTTON_TEMPLATE_TEXT_MAX), &strict)?;
    buttons(payload, at, None, rules)
}

fn media(payload: &Map<String, Value>, rules: &Unverified) -> Result<usize, Refused> {
    let at = At::Payload;
    at.only_keys(payload, &["template_type", "elements", "sharable"], rules)?;
    sharable(payload)?;
    let elements = array(payload, "elements", at)?;
    let [element] = elements.as_slice() else {
        return Err(refuse(
            100,
            None,
            "Param name_placeholder[elements] must have exactly 1 element",
            "elements_count",
            at.wire("elements"),
            format!("exactly 1 element; {} were sent", elements.len()),
        ));
    };
    let at = At::Element(0);
    let Some(element) = element.as_object() else {
        return Err(at.type_error("", "an object", element));
    };
    at.only_keys(
        element,
        &["media_type", "attachment_id", "url", "buttons"],
        rules,
    )?;
    match element.get("media_type") {
        None => return Err(at.required("media_type")),
        Some(kind) if matches!(kind.as_str(), Some("image" | "video")) => {}
        Some(other) => return Err(at.type_error("media_type", "image or video", other)),
    }
    if element.contains_key("attachment_id") == element.contains_key("url") {
        return Err(refuse(
            100,
            None,
            "Exactly one of attachment_id and url is required",
            "media_source",
            at.wire(""),
            "exactly one of attachment_id and url",
        ));
    }
    if !element.contains_key("buttons") {
        return Ok(0);
    }
    let calls = buttons(element, at, Some(0), rules)?;
    if calls > 0 && !rules.audio_call_in_media {
        return Err(refuse(
            100,
            None,
            "Buttons of type audio_call are not supported in this template",
            "audio_call_in_media",
            at.wire("buttons"),
            "configured: audio_call_in_media is false",
        ));
    }
    Ok(calls)
}

/// Checks a list of buttons and counts the call buttons in it.
fn buttons(
    holder: &Map<String, Value>,
    at: At,
    element: Option<usize>,
    rules: &Unverified,
) -> Result<usize, Refused> {
    let list = array(holder, "buttons", at)?;
    if list.is_empty() {
        // Seen in the wild: one for the list of a template, another for that of an element.
        let (code, text) = match element {
            None => (100, "must be non-empty."),
            Some(_) => (194, "has too few elements."),
        };
        return Err(refuse(
            code,
            None,
            &format!("param {} {text}", at.graph("buttons")),
            "buttons_count",
            at.wire("buttons"),
            "1 to 3 buttons; none were sent",
        ));
    }
    if list.len() > BUTTONS_MAX {
        return Err(too_many(at, "buttons", BUTTONS_MAX, list.len()));
    }
    let mut calls = 0;
    for (index, value) in list.iter().enumerate() {
        calls += usize::from(button::check(At::Button(element, index), value, rules)?);
    }
    Ok(calls)
}

fn array<'a>(
    holder: &'a Map<String, Value>,
    field: &str,
    at: At,
) -> Result<&'a Vec<Value>, Refused> {
    match holder.get(field) {
        None => Err(at.required(field)),
        Some(Value::Array(list)) => Ok(list),
        Some(other) => Err(at.type_error(field, "an array", other)),
    }
}

fn too_many(at: At, field: &'static str, max: usize, sent: usize) -> Refused {
    refuse(
        105,
        None,
        &format!("param {} has too many elements.", at.graph(field)),
        if field == "buttons" {
            "buttons_count"
        } else {
            "elements_count"
        },
        at.wire(field),
        format!("at most {max} {field}; {sent} were sent"),
    )
}

fn sharable(payload: &Map<String, Value>) -> Result<(), Refused> {
    match payload.get("sharable") {
        Some(value) if !value.is_boolean() => {
            Err(At::Payload.type_error("sharable", "a boolean", value))
        }
        _ => Ok(()),
    }
}
