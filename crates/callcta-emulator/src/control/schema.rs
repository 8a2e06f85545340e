//! Holds what the control API is sent against its description, `openapi.json`.

use std::sync::LazyLock;

use serde_json::Value;

use crate::platform::near;

pub(super) const OPENAPI: &str = include_str!("../../openapi.json");

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(OPENAPI).expect("the description is JSON"));

/// What is wrong with the body of an operation, such as `put /_emulator/state`, in one sentence;
/// `None` stands for a body that is empty.
pub(super) fn check_body(operation: &str, body: Option<&Value>) -> Result<(), String> {
    let (method, path) = operation.split_once(' ').unwrap_or_default();
    let described = &DESCRIPTION["paths"][path][method]["requestBody"];
    debug_assert!(described.is_object(), "{operation} has no body");
    match body {
        Some(body) => fits(
            &described["content"]["application/json"]["schema"],
            body,
            "",
        ),
        None if described["required"] == true => Err("a body is required".into()),
        None => Ok(()),
    }
}

/// Holds a value against one of the named schemas.
pub(super) fn check(name: &str, value: &Value) -> Result<(), String> {
    fits(&DESCRIPTION["components"]["schemas"][name], value, "")
}

/// As much of JSON Schema as the description uses.
fn fits(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = DESCRIPTION.pointer(name.trim_start_matches('#'));
        return fits(target.expect("what is referred to is there"), value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return fits_one(choices, value, at);
    }
    if !has_type(schema, value) {
        return Err(wrong(
            at,
            &format!("must be {}; {} was sent", types(schema), kind(value)),
        ));
    }
    if let Some(list) = schema["enum"].as_array()
        && !value.is_null()
        && !list.contains(value)
    {
        return Err(not_one_of(list.iter().filter_map(Value::as_str), value, at));
    }
    in_bounds(schema, value, at)?;
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(n, item)| fits(&schema["items"], item, &format!("{at}[{n}]"))),
        Value::Object(map) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap_or_default();
                if !map.contains_key(name) {
                    return Err(wrong(&below(at, name), "is required"));
                }
            }
            map.iter().try_for_each(|(name, item)| {
                let at = below(at, name);
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => Err(unknown(schema, name, &at)),
                    (Value::Null, others) => fits(others, item, &at),
                    (described, _) => fits(described, item, &at),
                }
            })
        }
        _ => Ok(()),
    }
}

/// Alternatives are told apart by their `type` member, or by the type of the value itself.
fn fits_one(choices: &[Value], value: &Value, at: &str) -> Result<(), String> {
    let tag = |schema: &Value| {
        schema["properties"]["type"]["enum"][0]
            .as_str()
            .map(str::to_owned)
    };
    let tags: Vec<_> = choices.iter().filter_map(tag).collect();
    let chosen = if let (false, Some(map)) = (tags.is_empty(), value.as_object()) {
        let at = below(at, "type");
        let sent = map.get("type").ok_or_else(|| wrong(&at, "is required"))?;
        let chosen = choices
            .iter()
            .find(|choice| tag(choice).as_deref() == sent.as_str());
        let known = tags.iter().map(String::as_str);
        chosen
            .filter(|_| sent.is_string())
            .ok_or_else(|| not_one_of(known, sent, &at))?
    } else {
        let takes = |schema: &&Value| has_type(schema, value);
        choices.iter().find(takes).ok_or_else(|| {
            let mut types: Vec<_> = choices.iter().map(types).collect();
            types.dedup();
            let text = format!("must be {}; {} was sent", types.join(" or "), kind(value));
            wrong(at, &text)
        })?
    };
    fits(chosen, value, at)
}

fn in_bounds(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let size = match value {
        Value::Number(number) => number.as_f64(),
        #[allow(clippy::cast_precision_loss, reason = "no list is so long")]
        Value::Array(items) => Some(items.len() as f64),
        _ => None,
    };
    let (least, most, what) = match value {
        Value::Array(_) => ("minItems", "maxItems", "have"),
        _ => ("minimum", "maximum", "be"),
    };
    for (name, words) in [(least, "at least"), (most, "at most")] {
        let bound = &schema[name];
        if let (Some(size), Some(limit)) = (size, bound.as_f64())
            && (if name == least {
                size < limit
            } else {
                size > limit
            })
        {
            let items = if value.is_array() { " items" } else { "" };
            return Err(wrong(at, &format!("must {what} {words} {bound}{items}")));
        }
    }
    Ok(())
}

fn has_type(schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        let target = DESCRIPTION.pointer(name.trim_start_matches('#'));
        return target.is_some_and(|target| has_type(target, value));
    }
    let is = |wanted: &Value| match wanted.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    match &schema["type"] {
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    }
}

fn types(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let target = DESCRIPTION.pointer(name.trim_start_matches('#'));
        return target.map(types).unwrap_or_default();
    }
    let names: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let spelt = names.iter().map(|name| match *name {
        "null" => "null".to_owned(),
        "integer" => "a whole number".to_owned(),
        "array" | "object" => format!("an {name}"),
        name => format!("a {name}"),
    });
    spelt.collect::<Vec<_>>().join(" or ")
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null | Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::String(_) => "a string".into(),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn wrong(at: &str, what: &str) -> String {
    let at = if at.is_empty() { "it" } else { at };
    format!("{at} {what}")
}

fn unknown(schema: &Value, name: &str, at: &str) -> String {
    let known = schema["properties"].as_object();
    let known: Vec<_> = known.into_iter().flat_map(|map| map.keys()).collect();
    let hint = near(name, known.iter().map(|name| name.as_str()));
    let hint = hint.map_or_else(
        || {
            let names: Vec<_> = known.iter().map(|name| name.as_str()).collect();
            format!("known are {}", names.join(", "))
        },
        |near| format!("did you mean {near}?"),
    );
    wrong(at, &format!("is not known; {hint}"))
}

fn not_one_of<'a>(known: impl Iterator<Item = &'a str> + Clone, sent: &Value, at: &str) -> String {
    let hint = sent.as_str().and_then(|text| near(text, known.clone()));
    let hint = hint.map_or(String::new(), |near| format!("; did you mean {near}?"));
    let known: Vec<_> = known.collect();
    let sent = sent.to_string();
    let sent: String = sent.chars().take(60).collect();
    wrong(
        at,
        &format!("must be one of {}; {sent} was sent{hint}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong_with(operation: &str, body: &Value) -> String {
        check_body(operation, Some(body)).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let fault = "post /_emulator/faults";
        let state = "put /_emulator/state";
        for (operation, body, why) in [
            (fault, json!([]), "it must be an object; an array was sent"),
            (
                fault,
                json!({"actoin": {}}),
                "actoin is not known; did you mean action?",
            ),
            (
                fault,
                json!({"action": {"type": "drop", "status": 5}}),
                "action.status is not known; known are type",
            ),
            (fault, json!({"action": {}}), "action.type is required"),
            (
                fault,
                json!({"action": {"type": "statsu"}}),
                "action.type must be one of pass, status, graph, drop_before_read, drop, \
                 truncated_body, content_type, html_body, oversize_body, close_after_answer, \
                 unfinished; \"statsu\" was sent; did you mean status?",
            ),
            (
                fault,
                json!({"action": {"type": "status", "status": 199}}),
                "action.status must be at least 200",
            ),
            (
                fault,
                json!({"probability": 1.5}),
                "probability must be at most 1",
            ),
            (fault, json!({"times": 0}), "times must be at least 1"),
            (
                fault,
                json!({"headers": [["a", "b"], ["c"]]}),
                "headers[1] must have at least 2 items",
            ),
            (
                fault,
                json!({"delay": 5}),
                "delay must be an object or null; 5 was sent",
            ),
            (
                state,
                json!({"pages": {"1": {"tokens": [{"tokn": ""}]}}}),
                "pages.1.tokens[0].tokn is not known; did you mean token?",
            ),
            (
                state,
                json!({"people": {"1": null}}),
                "people.1 must be an object; null was sent",
            ),
            (
                state,
                json!({"strangers": "welcom"}),
                "strangers must be one of refuse, welcome; \"welcom\" was sent; did you mean welcome?",
            ),
            (
                state,
                json!({"webhook": {"retries": 1.5}}),
                "webhook.retries must be a whole number; 1.5 was sent",
            ),
        ] {
            assert_eq!(wrong_with(operation, &body), why);
        }
        assert_eq!(check_body(state, None), Err("a body is required".into()));
        assert_eq!(check_body("post /_emulator/clock", None), Ok(()));
        assert_eq!(check_body(state, Some(&json!({}))), Ok(()));
    }
}
