//! The Messenger profile's properties.

use serde_json::{Map, Value, json};

use super::button;
use super::place::{At, only_keys, refuse, required, type_error};
use crate::graph::params::Params;
use crate::graph::refusal::Refused;
use crate::platform::Unverified;

const PAYLOAD_MAX: usize = 1000;
const GREETING_MAX: usize = 160;
const ITEMS_MAX: usize = 20;
/// Kept as they come.
const UNREAD: &[&str] = &["ice_breakers", "commands"];

/// The properties that a request sets.
pub(in crate::graph) fn profile(
    params: &Params,
    rules: &Unverified,
) -> Result<Map<String, Value>, Refused> {
    let mut set = Map::new();
    for (name, value) in &params.map {
        match name.as_str() {
            "get_started" => get_started(value, rules)?,
            "greeting" => greeting(value, rules)?,
            "persistent_menu" => menus(value, rules)?,
            "whitelisted_domains" => domains(value)?,
            "account_linking_url" => {
                if !value
                    .as_str()
                    .is_some_and(|url| url.starts_with("https://"))
                {
                    return Err(type_error(name, name, "an HTTPS URL", value));
                }
            }
            name if UNREAD.contains(&name) => {
                list(value, name, name)?;
            }
            _ => continue,
        }
        set.insert(name.clone(), value.clone());
    }
    if set.is_empty() {
        return Err(refuse(
            100,
            None,
            "Requires one of the params: get_started, greeting, persistent_menu, ice_breakers, \
             whitelisted_domains, account_linking_url, commands",
            "profile_property",
            "",
            params
                .unread
                .clone()
                .unwrap_or_else(|| "no property of the Messenger profile was sent".into()),
        ));
    }
    Ok(set)
}

fn list<'a>(value: &'a Value, graph: &str, wire: &str) -> Result<&'a Vec<Value>, Refused> {
    value
        .as_array()
        .ok_or_else(|| type_error(graph, wire, "an array", value))
}

/// An object with no other keys than these.
fn object<'a>(
    value: &'a Value,
    known: &[&str],
    (graph, wire): (&str, &str),
    rules: &Unverified,
) -> Result<&'a Map<String, Value>, Refused> {
    let Some(object) = value.as_object() else {
        return Err(type_error(graph, wire, "an object", value));
    };
    only_keys(object, known, graph, wire, rules)?;
    Ok(object)
}

/// A text in an object, not empty and not too long.
fn text(
    object: &Map<String, Value>,
    field: &str,
    max: usize,
    (graph, wire): (&str, &str),
    rules: &Unverified,
) -> Result<(), Refused> {
    let (graph, wire) = (format!("{graph}[{field}]"), format!("{wire}.{field}"));
    match object.get(field) {
        None => Err(required(&graph, &wire, format!("{field} is required here"))),
        Some(Value::String(text)) if !text.is_empty() && rules.length_unit.count(text) <= max => {
            Ok(())
        }
        Some(other) => {
            let wanted = format!("a string of 1 to {max} characters");
            Err(type_error(&graph, &wire, &wanted, other))
        }
    }
}

fn get_started(value: &Value, rules: &Unverified) -> Result<(), Refused> {
    let names = ("get_started", "get_started");
    let button = object(value, &["payload"], names, rules)?;
    text(button, "payload", PAYLOAD_MAX, names, rules)
}

fn greeting(value: &Value, rules: &Unverified) -> Result<(), Refused> {
    let list = list(value, "greeting", "greeting")?;
    for (index, value) in list.iter().enumerate() {
        let name = format!("greeting[{index}]");
        let names = (name.as_str(), name.as_str());
        let greeting = object(value, &["locale", "text"], names, rules)?;
        text(greeting, "locale", GREETING_MAX, names, rules)?;
        text(greeting, "text", GREETING_MAX, names, rules)?;
    }
    needs_default(list, "greeting")
}

fn needs_default(list: &[Value], name: &str) -> Result<(), Refused> {
    if list.is_empty() || list.iter().any(|item| item["locale"] == "default") {
        return Ok(());
    }
    Err(refuse(
        100,
        None,
        &format!("Param {name} must have an item with the locale default"),
        "default_locale",
        name,
        "at least one item has the locale default",
    ))
}

fn menus(value: &Value, rules: &Unverified) -> Result<(), Refused> {
    let list = list(value, "persistent_menu", "persistent_menu")?;
    for (index, value) in list.iter().enumerate() {
        let name = format!("persistent_menu[{index}]");
        let known = [
            "locale",
            "composer_input_disabled",
            "call_to_actions",
            "disabled_surfaces",
        ];
        let menu = object(value, &known, (&name, &name), rules)?;
        text(menu, "locale", GREETING_MAX, (&name, &name), rules)?;
        let disabled = menu.get("composer_input_disabled");
        if let Some(other) = disabled.filter(|value| !value.is_boolean()) {
            let graph = format!("{name}[composer_input_disabled]");
            let wire = format!("{name}.composer_input_disabled");
            return Err(type_error(&graph, &wire, "a boolean", other));
        }
        let (graph, wire) = (
            format!("{name}[call_to_actions]"),
            format!("{name}.call_to_actions"),
        );
        let none = json!([]);
        let items = match menu.get("call_to_actions") {
            None if disabled == Some(&Value::Bool(true)) => {
                let why = "a menu that takes the place of writing has items";
                return Err(required(&graph, &wire, why.into()));
            }
            items => self::list(items.unwrap_or(&none), &graph, &wire)?,
        };
        if items.len() > ITEMS_MAX {
            return Err(refuse(
                105,
                None,
                &format!("param {graph} has too many elements."),
                "menu_items_count",
                wire,
                format!("at most {ITEMS_MAX} items; {} were sent", items.len()),
            ));
        }
        for (item, value) in items.iter().enumerate() {
            button::menu_item(At::MenuItem(index, item), value, rules)?;
        }
    }
    needs_default(list, "persistent_menu")
}

fn domains(value: &Value) -> Result<(), Refused> {
    let name = "whitelisted_domains";
    for (index, domain) in list(value, name, name)?.iter().enumerate() {
        if !domain.as_str().is_some_and(button::is_url) {
            return Err(refuse(
                100,
                None,
                &format!("{name}[{index}] should represent a valid URL"),
                "url",
                format!("{name}[{index}]"),
                "an http or https URL",
            ));
        }
    }
    Ok(())
}
