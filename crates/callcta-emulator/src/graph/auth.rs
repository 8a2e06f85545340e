//! Tokens, proofs, permissions, and which Page a request speaks for.

use http::Method;
use http::header::AUTHORIZATION;

use super::context::Context;
use super::params::Params;
use super::refusal::{GraphError, Refusal, Refused};
use super::request::Request;
use super::usage;
use crate::platform::{AccessLevel, Token, TokenKind, hex_hmac};

/// On whose behalf a request comes.
pub(super) struct Caller {
    /// The Page that the request names.
    pub(super) page_id: String,
    /// The token belongs to another Page than the one named. Graph reports that as a recipient
    /// whom it can't find.
    pub(super) foreign_token: bool,
    /// How far the token reaches.
    pub(super) access: AccessLevel,
}

/// Finds the Page behind `object` (an id or `me`) and checks the token for it; with `scope`, also
/// that permission.
pub(super) fn authenticate(
    context: &mut Context<'_>,
    object: &str,
    scope: Option<&str>,
) -> Result<Caller, Refused> {
    let caller = identify(context, object, scope)?;
    usage::count(context, &caller.page_id)?;
    Ok(caller)
}

fn identify(context: &Context<'_>, object: &str, scope: Option<&str>) -> Result<Caller, Refused> {
    let state = context.platform.state();
    let now = context.platform.now();
    let Some(text) = token_of(context.request, &context.params) else {
        let error = state.unverified.missing_token;
        return Err(GraphError::new(
            error.code,
            error.subcode,
            "An access token is required to request this resource.",
            refusal(
                "token_missing",
                "access_token",
                "no token in the Authorization header, the query or the body",
            ),
        ));
    };
    let Some((token_page, page, token)) = state.find_token(text) else {
        return Err(GraphError::new(
            190,
            None,
            "Invalid OAuth access token - Cannot parse access token",
            refusal(
                "token_unknown",
                "access_token",
                if text.contains('|') {
                    "an app's token; of all that is modelled only debug_token takes one"
                } else {
                    "no Page has this token"
                },
            ),
        ));
    };
    if let Some(subcode) = token.broken(now) {
        return Err(bad_token(subcode));
    }
    check_proof(
        &context.params,
        &page.app_secret,
        page.require_appsecret_proof,
        text,
    )?;

    let page_id = match object {
        // The batch endpoint, people and personas name no Page; the token says who calls.
        "" => token_page,
        "me" if token.kind == TokenKind::Page => token_page,
        "me" => {
            return Err(no_object(
                &context.method,
                object,
                "me_needs_page_token",
                "with a user token, me is a person and not a Page",
            ));
        }
        id => match state.pages.get_key_value(id) {
            Some((id, _)) => id.as_str(),
            None => {
                return Err(no_object(
                    &context.method,
                    object,
                    "page_unknown",
                    "there is no Page with this id",
                ));
            }
        },
    };
    if token.kind == TokenKind::User && scope.is_some() {
        return Err(no_object(
            &context.method,
            object,
            "page_token_needed",
            "this edge needs a Page token; the token is a user's",
        ));
    }
    if let Some(scope) = scope {
        check_scope(token, scope, context)?;
    }
    Ok(Caller {
        page_id: page_id.to_owned(),
        foreign_token: page_id != token_page,
        access: token.access,
    })
}

fn check_scope(token: &Token, scope: &str, context: &Context<'_>) -> Result<(), Refused> {
    if !token.has_scope(scope) {
        let error = context.platform.state().unverified.missing_permission;
        return Err(GraphError::new(
            error.code,
            error.subcode,
            format!(
                "(#{}) Requires {scope} permission to manage the object",
                error.code
            ),
            refusal(
                "permission_missing",
                "access_token",
                &format!("the token lacks {scope}"),
            ),
        ));
    }
    let task = if scope == "pages_manage_metadata" {
        "MODERATE"
    } else {
        "MESSAGING"
    };
    // The Send API reference calls the task MESSAGE.
    let allowed = token.has_task(task) || (task == "MESSAGING" && token.has_task("MESSAGE"));
    if !allowed {
        return Err(GraphError::new(
            10,
            None,
            "(#10) Application does not have permission for this action",
            refusal(
                "task_missing",
                "access_token",
                &format!("the token's holder lacks the Page task {task}"),
            ),
        ));
    }
    Ok(())
}

/// The token, wherever it is.
pub(super) fn token_of<'a>(request: &'a Request, params: &'a Params) -> Option<&'a str> {
    let header = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth"))
                .then(|| token.trim())
        });
    header
        .or_else(|| params.text("access_token"))
        .or_else(|| params.text("oauth_token"))
        .filter(|token| !token.is_empty())
}

fn check_proof(params: &Params, secret: &str, required: bool, token: &str) -> Result<(), Refused> {
    match params.text("appsecret_proof") {
        Some(proof) if proof == hex_hmac(secret, token.as_bytes()) => Ok(()),
        Some(_) => Err(GraphError::new(
            100,
            None,
            "Invalid appsecret_proof provided in the API argument",
            refusal(
                "appsecret_proof_wrong",
                "appsecret_proof",
                "not the lower-case hex HMAC-SHA256 of the token under the app secret",
            ),
        )
        .kind("GraphMethodException")),
        None if required => Err(GraphError::new(
            100,
            None,
            "API calls from the server require an appsecret_proof argument",
            refusal(
                "appsecret_proof_missing",
                "appsecret_proof",
                "the app requires appsecret_proof; none was sent",
            ),
        )
        .kind("GraphMethodException")),
        None => Ok(()),
    }
}

/// Why a token that worked once no longer does, as Graph words it.
pub(super) fn why_broken(subcode: i64) -> &'static str {
    match subcode {
        458 => "The user has not authorized the application.",
        459 => "The session has been invalidated because the user needs to log in to check.",
        460 => "The session is invalid because the user logged out or changed the password.",
        463 => "Session has expired.",
        464 => "Sessions for the user are not allowed because the user is not confirmed.",
        492 => "The user no longer has a role on the Page.",
        _ => "The session is invalid.",
    }
}

fn bad_token(subcode: i64) -> Refused {
    let why = why_broken(subcode);
    GraphError::new(
        190,
        Some(subcode),
        format!("Error validating access token: {why}"),
        refusal(
            if subcode == 463 {
                "token_expired"
            } else {
                "token_invalid"
            },
            "access_token",
            why,
        ),
    )
}

/// 100/33, Graph's answer for whatever can't be found or seen.
pub(super) fn no_object(
    method: &Method,
    object: &str,
    rule: &'static str,
    detail: &str,
) -> Refused {
    GraphError::new(
        100,
        Some(33),
        format!(
            "Unsupported {} request. Object with ID '{object}' does not exist, cannot be loaded due \
             to missing permissions, or does not support this operation",
            method.as_str().to_ascii_lowercase()
        ),
        refusal(rule, "page-id", detail),
    )
    .kind("GraphMethodException")
}

fn refusal(rule: &'static str, path: &str, detail: &str) -> Refusal {
    Refusal {
        rule,
        path: path.into(),
        detail: detail.into(),
    }
}
