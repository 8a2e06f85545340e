//! `GET /{page}/messenger_call_permissions?psid=…`, in each of its documented forms.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::calling::{check_enabled, no_user};
use super::context::{Context, Handled, bad_param};
use crate::platform::{CallPermissionKeys, DAY};

pub(super) fn read(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let state = context.platform.state();
    let Some(psid) = context.params.text("psid") else {
        return Err(bad_param("psid", "required", "a PSID", None));
    };
    let Some(person) = state
        .people
        .get(psid)
        .filter(|p| state.page_of(p) == caller.page_id && !caller.foreign_token)
    else {
        return Err(no_user("psid"));
    };
    check_enabled(context, &caller.page_id)?;
    let now = context.platform.now();
    let until = person.call_permission_until.filter(|until| *until > now);
    let requests = person
        .optin_requests
        .iter()
        .filter(|at| now.saturating_sub(**at) < DAY)
        .count();
    let rules = &state.unverified;
    let mut status = String::from(if until.is_some() {
        "has_permission"
    } else {
        "no_permission"
    });
    if rules.call_permissions_upper_case {
        status.make_ascii_uppercase();
    }
    let mut permission = json!({"status": status});
    if let Some(until) = until {
        permission["expiration_time"] = json!(until / 1000);
    }
    let (can_perform, max_allowed) = match rules.call_permissions_keys {
        CallPermissionKeys::Short => ("can_perform", "max_allowed"),
        CallPermissionKeys::Long => ("can_perform_action", "max_allowed_per_user"),
    };
    let action = |name: &str, can: bool| -> Map<String, Value> {
        let pairs = [("action_name", json!(name)), (can_perform, json!(can))];
        pairs
            .map(|(key, value)| (key.into(), value))
            .into_iter()
            .collect()
    };
    let mut request = action("send_call_permission_request", requests < 2);
    request.insert(
        "limits".into(),
        json!([{"time_period": "PT24H", max_allowed: 2, "current_usage": requests}]),
    );
    let call = action("start_call", until.is_some());
    let mut body = json!({"permission": permission, "actions": [request, call]});
    if rules.call_permissions_in_data {
        body = json!({"data": [body]});
    }
    Ok(Answer::json(200, body.to_string()).into())
}
