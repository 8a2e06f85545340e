//! `GET /debug_token`: what a token is worth.

use serde_json::json;

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param};
use crate::platform::TokenKind;

pub(super) fn debug(context: &mut Context<'_>) -> Handled {
    let state = context.platform.state();
    // An app speaks with its id and its secret.
    let is_app = auth::token_of(context.request, &context.params)
        .and_then(|token| token.split_once('|'))
        .is_some_and(|(id, secret)| {
            id == state.app.id && state.pages.values().any(|page| page.app_secret == secret)
        });
    if !is_app {
        auth::authenticate(context, "", None)?;
    }
    let state = context.platform.state();
    let input = context.params.text("input_token");
    let Some(input) = input.filter(|token| !token.is_empty()) else {
        return Err(bad_param("input_token", "required", "a token", None));
    };
    let Some((page_id, _, token)) = state.find_token(input) else {
        let body = json!({"data": {
            "error": {
                "code": 190,
                "message": "Invalid OAuth access token - Cannot parse access token",
            },
            "is_valid": false,
            "scopes": [],
        }});
        return Ok(Answer::json(200, body.to_string()).into());
    };
    let scopes = &token.scopes;
    let granular: Vec<_> = scopes
        .iter()
        .map(|scope| json!({"scope": scope, "target_ids": [page_id]}))
        .collect();
    let subcode = token.broken(context.platform.now());
    let mut data = json!({
        "app_id": state.app.id,
        "application": state.app.name,
        "data_access_expires_at": 0,
        "expires_at": token.expires_at.map_or(0, |at| at / 1000),
        "is_valid": subcode.is_none(),
        "scopes": scopes,
        "granular_scopes": granular,
    });
    match token.kind {
        TokenKind::Page => {
            data["type"] = json!("PAGE");
            data["profile_id"] = json!(page_id);
        }
        TokenKind::User => data["type"] = json!("USER"),
    }
    if let Some(subcode) = subcode {
        data["error"] = json!({
            "code": 190,
            "subcode": subcode,
            "message": auth::why_broken(subcode),
        });
    }
    Ok(Answer::json(200, json!({"data": data}).to_string()).into())
}
