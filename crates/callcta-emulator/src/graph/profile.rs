//! `/{page}/messenger_profile`.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param};
use super::refusal::{Refused, refuse};
use super::validate;
use crate::platform::{ErrorCode, MessengerProfile};

/// `GET`: those of the wanted properties that are set.
pub(super) fn read(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let wanted = wanted(context)?;
    let profile = &context.platform.state().pages[&caller.page_id].messenger_profile;
    let set: Map<String, Value> = properties(profile)
        .into_iter()
        .filter(|(name, value)| is_set(value) && wanted.contains(&name.as_str()))
        .collect();
    let data = if set.is_empty() {
        json!([])
    } else {
        json!([set])
    };
    Ok(Answer::json(200, json!({"data": data}).to_string()).into())
}

/// `POST`: sets what is named.
pub(super) fn write(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let state = context.platform.state();
    let changes = validate::profile(&context.params, &state.unverified)?;
    let old = &state.pages[&caller.page_id].messenger_profile;
    let mut merged = properties(old);
    merged.extend(changes);
    install(context, &caller.page_id, merged)
}

/// `DELETE`: takes the named properties away.
pub(super) fn delete(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let gone = wanted(context)?;
    let old = &context.platform.state().pages[&caller.page_id].messenger_profile;
    let mut left = properties(old);
    left.retain(|name, _| !gone.contains(&name.as_str()));
    install(context, &caller.page_id, left)
}

/// The properties that a request names.
fn wanted<'a>(context: &'a Context<'_>) -> Result<Vec<&'a str>, Refused> {
    let Some(fields) = context.params.fields() else {
        return Err(bad_param(
            "fields",
            "required",
            "a list of properties",
            None,
        ));
    };
    let known = properties(&MessengerProfile::default());
    match fields.iter().find(|name| !known.contains_key(**name)) {
        None => Ok(fields),
        Some(unknown) => Err(refuse(
            ErrorCode::new(100, None),
            &format!(
                "Param fields[0] must be one of {{{}}}",
                known
                    .keys()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            "profile_field",
            "fields",
            format!("{unknown} is not a property of the Messenger profile"),
        )),
    }
}

fn properties(profile: &MessengerProfile) -> Map<String, Value> {
    match json!(profile) {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn is_set(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
}

fn install(context: &mut Context<'_>, page_id: &str, properties: Map<String, Value>) -> Handled {
    let profile: MessengerProfile =
        serde_json::from_value(Value::Object(properties)).map_err(|error| {
            refuse(
                ErrorCode::new(100, None),
                "Invalid parameter",
                "profile_type",
                "",
                error.to_string(),
            )
        })?;
    if !profile.is_complete() {
        return Err(refuse(
            ErrorCode::new(100, Some(2_018_145)),
            "You must set a Get Started button if you also wish to use persistent menu.",
            "menu_needs_get_started",
            "persistent_menu",
            "a persistent menu needs get_started as well",
        ));
    }
    context.platform.change_state(|state| {
        if let Some(page) = state.pages.get_mut(page_id) {
            page.messenger_profile = profile;
        }
    });
    Ok(Answer::json(200, "{\"result\":\"success\"}").into())
}
