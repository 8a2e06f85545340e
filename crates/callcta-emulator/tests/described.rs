//! What the description of the control API documents is taken, and what it does not is refused:
//! every request body and every part of the state, member by member.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use callcta_emulator::{Emulator, START, State};
use serde_json::{Map, Value, json};

fn description() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).unwrap()
}

/// The schema that a reference leads to.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => resolve(root, root.pointer(&name[1..]).unwrap()),
        None => schema,
    }
}

fn with(map: &Map<String, Value>, name: &str, value: Value) -> Value {
    let mut map = map.clone();
    map.insert(name.into(), value);
    map.into()
}

/// The members that must be there.
fn required(root: &Value, schema: &Value) -> Map<String, Value> {
    let names = schema["required"].as_array().into_iter().flatten();
    names
        .map(|name| {
            let name = name.as_str().unwrap();
            let member = &schema["properties"][name];
            (name.to_owned(), samples(root, name, member).remove(0))
        })
        .collect()
}

/// Values that fit; every member and every alternative is in one of them.
fn samples(root: &Value, name: &str, schema: &Value) -> Vec<Value> {
    let schema = resolve(root, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices
            .iter()
            .flat_map(|choice| samples(root, name, choice))
            .collect();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.clone();
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    types
        .iter()
        .flat_map(|kind| match kind.as_str().unwrap_or("object") {
            "null" => vec![Value::Null],
            "boolean" => vec![json!(true), json!(false)],
            "string" if name == "url" => vec![json!("http://localhost:1/hook")],
            "string" => vec![json!("text"), json!("")],
            "number" | "integer" => {
                let bounds = [&schema["minimum"], &schema["maximum"]];
                bounds
                    .into_iter()
                    .filter(|b| !b.is_null())
                    .cloned()
                    .chain([json!(1000)])
                    .filter(|n| {
                        let n = n.as_f64().unwrap();
                        schema["minimum"].as_f64().is_none_or(|least| n >= least)
                            && schema["maximum"].as_f64().is_none_or(|most| n <= most)
                    })
                    .collect()
            }
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0);
                if least > 0 {
                    return vec![vec![json!("x-name"); usize::try_from(least).unwrap()].into()];
                }
                let items = samples(root, name, &schema["items"]);
                std::iter::once(json!([]))
                    .chain(items.into_iter().map(|item| json!([item])))
                    .collect()
            }
            _ => {
                let base = required(root, schema);
                let mut found = vec![Value::Object(base.clone())];
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    if member["readOnly"] == true {
                        continue;
                    }
                    for sample in samples(root, name, member) {
                        found.push(with(&base, name, sample));
                    }
                }
                if schema["additionalProperties"].is_object() {
                    for sample in samples(root, name, &schema["additionalProperties"]) {
                        found.push(with(&base, "7", sample));
                    }
                }
                found
            }
        })
        .collect()
}

/// Values that don't fit, each with what must be said of it.
fn misfits(root: &Value, schema: &Value) -> Vec<(Value, String)> {
    let schema = resolve(root, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let of_objects = choices
            .iter()
            .filter(|c| resolve(root, c)["type"] == "object");
        return of_objects
            .flat_map(|choice| misfits(root, choice))
            .collect();
    }
    let mut found = Vec::new();
    if schema["enum"].is_array() {
        found.push((json!("no-such-value"), "must be one of".into()));
        return found;
    }
    for (bound, step, words) in [("minimum", -1, "at least"), ("maximum", 1, "at most")] {
        if let Some(limit) = schema[bound].as_i64() {
            found.push((json!(limit + step), format!("must be {words} {limit}")));
        }
    }
    let text = |kind: &Value| kind.as_str().map(str::to_owned);
    let types: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    };
    if types.is_empty() {
        return found;
    }
    let other = if types.iter().any(|kind| kind == "string") {
        json!(7)
    } else {
        json!("7")
    };
    found.push((other, "must be a".into()));
    if types.iter().any(|kind| kind == "array") {
        for (misfit, why) in misfits(root, &schema["items"]) {
            let mut items = vec![misfit];
            // Where several are needed, only the first is wrong.
            items.resize(
                usize::try_from(schema["minItems"].as_u64().unwrap_or(1)).unwrap(),
                json!("x"),
            );
            found.push((items.into(), why));
        }
    }
    if types.iter().any(|kind| kind == "object") {
        let base = required(root, schema);
        for name in base.keys() {
            let mut without = base.clone();
            without.remove(name);
            found.push((without.into(), format!("{name} is required")));
        }
        if schema["additionalProperties"] == false {
            found.push((
                with(&base, "no-such-member", json!(1)),
                "no-such-member is not known".into(),
            ));
            for name in schema["properties"]
                .as_object()
                .unwrap()
                .keys()
                .filter(|n| n.len() > 4)
            {
                let misspelt = format!("{name}_");
                found.push((
                    with(&base, &misspelt, json!(1)),
                    format!("did you mean {name}?"),
                ));
            }
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if name != "type" || base.len() < 2 {
                for (misfit, why) in misfits(root, member) {
                    found.push((with(&base, name, misfit), why));
                }
            }
        }
        if schema["additionalProperties"].is_object() {
            for (misfit, why) in misfits(root, &schema["additionalProperties"]) {
                found.push((with(&base, "7", misfit), why));
            }
        }
    }
    found
}

/// Whether all of one value is in another.
fn is_in(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|other| is_in(value, other))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(a, b)| is_in(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (part, whole) => part == whole,
    }
}

#[test]
fn what_is_documented_is_taken_and_nothing_else() {
    let root = description();
    let emulator = Emulator::start().unwrap();
    let (mut taken, mut refused) = (0, 0);
    for (path, operations) in root["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let body = &operation["requestBody"];
            if body.is_null() || path.ends_with("/snapshot") {
                // A snapshot is more than its shape; it has tests of its own.
                continue;
            }
            let schema = &body["content"]["application/json"]["schema"];
            let target = path.trim_start_matches("/_emulator/");
            let target = target
                .replace("{psid}", "200000000000001")
                .replace("{id}", "1");
            let ask =
                |body: Option<&Value>| emulator.control(&method.to_uppercase(), &target, body);
            assert!(body["required"].is_boolean(), "{path}");
            assert_eq!(
                body["required"] == true,
                ask(None).0 == 400,
                "{method} {path}"
            );
            for sample in samples(&root, "", schema) {
                let (status, answer) = ask(Some(&sample));
                assert_ne!(status, 400, "{method} {path} {sample}: {answer}");
                if path.ends_with("/state") {
                    assert!(is_in(&sample, &answer), "{sample} became {answer}");
                }
                taken += 1;
            }
            for (misfit, why) in misfits(&root, schema) {
                let (status, answer) = ask(Some(&misfit));
                let told = answer["error"].as_str().unwrap_or_default();
                assert_eq!(status, 400, "{method} {path} {misfit}: {answer}");
                assert!(
                    told.contains(&why),
                    "{method} {path} {misfit}: {told}, not {why}"
                );
                refused += 1;
            }
        }
    }
    assert!(
        taken > 300 && refused > 400,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn a_part_of_the_state_is_held_to_the_whole() {
    let emulator = Emulator::start().unwrap();
    let before = emulator.control("GET", "state", None).1;
    for (patch, why) in [
        (
            json!({"people": {"5": {"nam": "x"}}}),
            "people.5.nam is not known; did you mean name?",
        ),
        (
            json!({"webhook": {"retries": 101}}),
            "webhook.retries must be at most 100",
        ),
        (
            json!({"webhook": {"timeout_ms": null}}),
            "webhook.timeout_ms must be a whole number",
        ),
        (
            json!({"pages": {"5": {"tokens": [5]}}}),
            "pages.5.tokens[0] must be an object; 5 was sent",
        ),
        (json!({"strange": 1}), "strange is not known"),
        (json!([]), "must be an object"),
    ] {
        let (status, answer) = emulator.control("PATCH", "state", Some(&patch));
        assert_eq!(status, 400, "{patch}");
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(emulator.control("GET", "state", None).1, before);
}

/// The schemas of the state, the whole first, and each after one that refers to it.
fn of_state(root: &Value) -> Vec<String> {
    let mut found = vec!["State".to_owned()];
    let mut at = 0;
    while at < found.len() {
        let schema = root["components"]["schemas"][&found[at]].to_string();
        for rest in schema.split("#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap().to_owned();
            if !found.contains(&name) && !name.starts_with("Log") {
                found.push(name);
            }
        }
        at += 1;
    }
    found
}

/// A state in which each type stands as its defaults have it, and where.
fn defaults() -> (Value, Vec<(&'static str, &'static str)>) {
    let state = json!({
        "pages": {"1": {
            "tokens": [{}],
            "personas": {"1": {}},
            "call_hours": {"timezone_id": "UTC", "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1000"}]},
            "messenger_profile": {
                "get_started": {"payload": "x"},
                "greeting": [{"locale": "default", "text": "x"}],
                "persistent_menu": [{"locale": "default"}],
            },
        }},
        "people": {"1": {}},
        "comments": {"1": {}},
        "attachments": {"1": {}},
        "unverified": {"blocked": {"code": 1}},
    });
    let places = vec![
        ("App", "/app"),
        ("Page", "/pages/1"),
        ("Person", "/people/1"),
        ("Comment", "/comments/1"),
        ("Attachment", "/attachments/1"),
        ("WebhookTarget", "/webhook"),
        ("Unverified", "/unverified"),
        ("Token", "/pages/1/tokens/0"),
        ("CallHours", "/pages/1/call_hours"),
        ("RateLimits", "/pages/1/rate_limits"),
        ("MessengerProfile", "/pages/1/messenger_profile"),
        ("Persona", "/pages/1/personas/1"),
        ("ErrorCode", "/unverified/blocked"),
        ("OpenHours", "/pages/1/call_hours/weekly_operating_hours/0"),
        ("GetStarted", "/pages/1/messenger_profile/get_started"),
        ("Greeting", "/pages/1/messenger_profile/greeting/0"),
        ("Menu", "/pages/1/messenger_profile/persistent_menu/0"),
    ];
    (state, places)
}

#[test]
fn the_description_has_the_state_as_it_is() {
    let root = description();
    let (seed, places) = defaults();
    let state = State::from_json(&seed.to_string()).unwrap().to_json();
    let state: Value = serde_json::from_str(&state).unwrap();
    let empty: Value = serde_json::from_str(&State::empty().to_json()).unwrap();
    let kinds: BTreeSet<_> = places.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(kinds, of_state(&root).into_iter().skip(1).collect());
    for (name, place) in places.iter().chain([&("State", "")]) {
        let is = state.pointer(place).unwrap().as_object().unwrap();
        let schema = &root["components"]["schemas"][*name];
        let described = schema["properties"].as_object().unwrap();
        let writable = described
            .iter()
            .filter(|(_, member)| member["readOnly"] != true);
        let names: BTreeSet<_> = writable.map(|(name, _)| name).collect();
        assert_eq!(names, is.keys().collect(), "{name}");
        let set = seed.pointer(place).unwrap_or(&Value::Null);
        for (member, described) in described {
            let default = &described["default"];
            let is = if *name == "State" {
                &empty[member]
            } else {
                &is[member]
            };
            if described.get("default").is_some() && set.get(member).is_none() {
                assert!(
                    is_in(default, is) && is_in(is, default),
                    "{name}.{member}: {is}"
                );
            }
            // What need not be there has a default, here or in its own schema.
            let needed = schema["required"]
                .as_array()
                .unwrap()
                .contains(&json!(member));
            let told =
                needed || described.get("default").is_some() || described.get("$ref").is_some();
            assert!(told, "{name}.{member} has no default");
            assert!(
                described["description"].is_string() || needed || described["readOnly"] == true,
                "{name}.{member} is not explained"
            );
        }
    }
    assert_eq!(state["comments"]["1"]["created_at"], START);
}

/// A type as the page spells it.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(shape).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|v| format!("`{}`", v.as_str().unwrap()));
        return values.collect::<Vec<_>>().join(", ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let mut text = types
        .iter()
        .map(|kind| match kind.as_str().unwrap() {
            "array" => format!("array of {}", shape(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("object of {}", shape(&schema["additionalProperties"]))
            }
            "integer" => "whole number".into(),
            kind => kind.into(),
        })
        .collect::<Vec<_>>()
        .join(" or ");
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null) => {}
        (least, Value::Null) => write!(text, " from {least}").unwrap(),
        // Times and lengths of time may be as long as the clock goes.
        (_, most) if most.as_i64() == Some(253_402_300_799_999) => text += " (ms)",
        (_, most) if most.as_u64() == Some(u64::from(u32::MAX)) => text += " from 0",
        (least, most) => write!(text, " from {least} to {most}").unwrap(),
    }
    text
}

/// The tables of STATE.md.
fn tables(root: &Value) -> String {
    let mut text = String::new();
    for name in of_state(root) {
        let schema = &root["components"]["schemas"][&name];
        write!(text, "\n## {name}\n\n").unwrap();
        if name != "State"
            && let Some(what) = schema["description"].as_str()
        {
            write!(text, "{what}\n\n").unwrap();
        }
        text += "| field | shape | default | |\n|---|---|---|---|\n";
        for (field, member) in schema["properties"].as_object().unwrap() {
            if member["readOnly"] == true {
                continue;
            }
            let needed = schema["required"]
                .as_array()
                .unwrap()
                .contains(&json!(field));
            let default = match &member.get("default") {
                _ if needed => "required".to_owned(),
                None => "see there".into(),
                Some(Value::Array(fields)) if fields.len() > 5 => "all that are made".into(),
                Some(default) if default.as_i64() == Some(START) => "when the clock starts".into(),
                Some(default) => format!("`{default}`"),
            };
            let what = member["description"].as_str().unwrap_or_default();
            writeln!(
                text,
                "| `{field}` | {} | {default} | {what} |",
                shape(member)
            )
            .unwrap();
        }
    }
    text
}

/// With `UPDATE=1` in the environment it is written instead.
#[test]
fn the_page_about_the_state_says_what_the_description_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("STATE.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once("\n## State\n").unwrap();
    let expected = before.to_owned() + &tables(&description());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "STATE.md is not what UPDATE=1 makes of openapi.json"
        );
    }
}

#[test]
fn the_seeds_can_be_loaded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let page = include_str!("../STATE.md");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let emulator = Emulator::builder()
            .seed_file(&path)
            .unwrap()
            .start()
            .unwrap();
        let seed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let state = emulator.control("GET", "state", None).1;
        assert!(is_in(&seed, &state), "{}", path.display());
        // The file and what is made of it are taken by the control API, too.
        assert_eq!(emulator.control("PUT", "state", Some(&seed)).1, state);
        assert_eq!(emulator.control("PUT", "state", Some(&state)).1, state);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            page.contains(&format!("(seeds/{name})")),
            "STATE.md does not name {name}"
        );
        count += 1;
    }
    assert!(count >= 4, "{count}");
}
