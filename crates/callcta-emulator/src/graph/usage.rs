//! Rate limits as Graph speaks of them.

use serde_json::json;

use super::answer::Answer;
use super::context::Context;
use super::path::is_message_post;
use super::refusal::{Refused, refuse};
use crate::platform::{OverLimit, Platform, RateLimits};

/// Counts the request for a Page with limits, or refuses it.
pub(super) fn count(context: &mut Context<'_>, page_id: &str) -> Result<(), Refused> {
    let page = context.platform.state().pages.get(page_id);
    if page.is_none_or(|page| page.rate_limits == RateLimits::default()) {
        return Ok(());
    }
    context.counted = Some(page_id.to_owned());
    let is_message = is_message_post(&context.method, context.request.uri.path());
    let Err(over) = context.platform.count(page_id, is_message) else {
        return Ok(());
    };
    let error = context.platform.state().unverified.rate_limited;
    let text = match error.code {
        4 => "Application request limit reached",
        32 => "Page request limit reached",
        80_001 | 80_006 => {
            "There have been too many calls to this account. Wait a bit and try again."
        }
        _ => "Calls to this api have exceeded the rate limit.",
    };
    let why = match over {
        OverLimit::Day { used, max } => format!("{used} calls in 24 hours; {max} are allowed"),
        OverLimit::Second { max } => format!("{max} messages in a second are allowed"),
    };
    let refused = refuse(error, text, "rate_limit", "page-id", why);
    // Of the samples in the documentation, only this one says so.
    Err(if error.code == 4 {
        refused.transient()
    } else {
        refused
    })
}

/// Adds the usage headers of a Page with a daily limit.
pub(super) fn add_headers(platform: &Platform, page_id: &str, answer: &mut Answer) {
    let page = platform.state().pages.get(page_id);
    let Some(used) = page.and_then(|page| platform.usage().of(page_id, &page.rate_limits)) else {
        return;
    };
    let percent = used.percent;
    let app = json!({"call_count": percent, "total_time": percent, "total_cputime": percent});
    let business = json!({page_id: [{
        "type": "messenger",
        "call_count": percent,
        "total_cputime": percent,
        "total_time": percent,
        "estimated_time_to_regain_access": used.wait,
    }]});
    answer.header("x-app-usage", &app.to_string());
    answer.header("x-business-use-case-usage", &business.to_string());
}
