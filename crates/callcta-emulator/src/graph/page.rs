//! A Page itself, its feature status and its webhook subscriptions.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param, unknown_field};
use super::refusal::refuse;
use crate::platform::ErrorCode;

/// The webhook fields of a Page that have to do with Messenger.
const FIELDS: &[&str] = &[
    "calls",
    "call_permission_reply",
    "call_settings_update",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_reads",
    "messages",
    "messaging_account_linking",
    "messaging_customer_information",
    "messaging_feedback",
    "messaging_game_plays",
    "messaging_handovers",
    "messaging_optins",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_referrals",
    "standby",
];

/// `GET /{page}` and `GET /me`: id and name.
pub(super) fn read(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, None)?;
    let page = &context.platform.state().pages[&caller.page_id];
    let mut answer = Map::new();
    for field in context.params.fields().unwrap_or_else(|| vec!["name"]) {
        match field {
            "name" => answer.insert("name".into(), json!(page.name)),
            "id" => None,
            other => {
                return Err(unknown_field(other, &["id", "name"]));
            }
        };
    }
    answer.insert("id".into(), json!(caller.page_id));
    Ok(Answer::json(200, Value::Object(answer).to_string()).into())
}

/// `POST /{page}/business_messaging_feature_status`.
pub(super) fn feature_status(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let state = context.platform.state();
    let sent = context.params.map.get("features");
    let Some(features) = sent.and_then(Value::as_array) else {
        return Err(bad_param(
            "features",
            "features",
            "an array of {feature}",
            sent,
        ));
    };
    let mut data = Vec::new();
    for feature in features {
        let Some(name) = feature.get("feature").and_then(Value::as_str) else {
            return Err(bad_param(
                "features[feature]",
                "features",
                "the name of a feature",
                feature.get("feature"),
            ));
        };
        let on = name == "messenger_api_calling" && state.pages[&caller.page_id].calling_eligible;
        let status = if on {
            "enabled"
        } else {
            &state.unverified.feature_status_off
        };
        data.push(json!({"feature": name, "status": status}));
    }
    Ok(Answer::json(200, json!({"data": data}).to_string()).into())
}

/// `GET /{page}/subscribed_apps`.
pub(super) fn subscriptions(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_manage_metadata"))?;
    let state = context.platform.state();
    let fields = &state.pages[&caller.page_id].subscribed_fields;
    let data = if fields.is_empty() {
        json!([])
    } else {
        json!([{
            "category": "Business",
            "link": format!("http://{}/", context.request.host()),
            "name": state.app.name,
            "id": state.app.id,
            "subscribed_fields": fields,
        }])
    };
    Ok(Answer::json(200, json!({"data": data}).to_string()).into())
}

/// `POST /{page}/subscribed_apps`.
pub(super) fn subscribe(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_manage_metadata"))?;
    let sent = context.params.map.get("subscribed_fields");
    let fields: Option<Vec<String>> = match sent {
        Some(Value::String(list)) => Some(
            list.split(',')
                .map(|field| field.trim().to_owned())
                .filter(|field| !field.is_empty())
                .collect(),
        ),
        Some(Value::Array(list)) => list
            .iter()
            .map(|field| field.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
        return Err(bad_param(
            "subscribed_fields",
            "subscribed_fields",
            "a list of webhook fields",
            sent,
        ));
    };
    if let Some(unknown) = fields
        .iter()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        return Err(refuse(
            ErrorCode::new(100, None),
            &format!(
                "Param subscribed_fields[0] must be one of {{{}}}",
                FIELDS.join(", ")
            ),
            "subscribed_fields",
            "subscribed_fields",
            format!("the emulator does not know the field {unknown}"),
        ));
    }
    context.platform.change_state(|state| {
        if let Some(page) = state.pages.get_mut(&caller.page_id) {
            page.subscribed_fields = fields;
        }
    });
    let unverified = &context.platform.state().unverified;
    let body = if unverified.subscribed_success_is_string {
        "{\"success\":\"true\"}"
    } else {
        "{\"success\":true}"
    };
    Ok(Answer::json(200, body).into())
}

/// `DELETE /{page}/subscribed_apps`.
pub(super) fn unsubscribe(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_manage_metadata"))?;
    context.platform.change_state(|state| {
        if let Some(page) = state.pages.get_mut(&caller.page_id) {
            page.subscribed_fields.clear();
        }
    });
    Ok(Answer::json(200, "{\"success\":true}").into())
}
