//! `/{page}/messenger_call_settings`.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param, boolean, unknown_field};
use super::refusal::{Refused, refuse};
use crate::platform::{CallHours, ErrorCode, OpenHours, Page, RingTarget, SettingsAnswer};

const FIELDS: &[&str] = &[
    "audio_enabled",
    "call_hours",
    "call_routing",
    "icon_enabled",
    "video_enabled",
];
const DAYS: &[&str] = &[
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

pub(super) fn read(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let page = &context.platform.state().pages[&caller.page_id];
    let wanted = context.params.fields();
    let mut settings = Map::new();
    for name in wanted.unwrap_or_else(|| FIELDS.to_vec()) {
        let value = match name {
            "audio_enabled" => json!(page.audio_enabled),
            "video_enabled" => json!(page.video_enabled),
            "icon_enabled" => json!(page.icon_enabled),
            "call_routing" => json!({"ring_target": page.call_routing}),
            "call_hours" => match &page.call_hours {
                Some(hours) => json!(hours),
                None => continue,
            },
            other => {
                return Err(unknown_field(other, FIELDS));
            }
        };
        settings.insert(name.into(), value);
    }
    let body = if context.platform.state().unverified.settings_in_data {
        json!({"data": [settings]})
    } else {
        Value::Object(settings)
    };
    Ok(Answer::json(200, body.to_string()).into())
}

pub(super) fn write(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let params = &context.params.map;
    let mut page = context.platform.state().pages[&caller.page_id].clone();
    let mut changed = Vec::new();
    for name in FIELDS {
        let Some(value) = params.get(*name) else {
            continue;
        };
        set(&mut page, name, value)?;
        changed.push(*name);
    }
    if changed.is_empty() {
        return Err(refuse(
            ErrorCode::new(100, None),
            "At least one setting is required",
            "settings_required",
            "",
            format!("at least one of {}", FIELDS.join(", ")),
        ));
    }
    context
        .platform
        .change_call_settings(&caller.page_id, &page);
    let unverified = &context.platform.state().unverified;
    let reference = unverified.settings_answer == SettingsAnswer::Reference;
    let body = if reference || changed == ["icon_enabled"] {
        "{\"result\":\"success\"}"
    } else {
        "{\"success\":true}"
    };
    Ok(Answer::json(200, body).into())
}

fn set(page: &mut Page, name: &str, value: &Value) -> Result<(), Refused> {
    let flag =
        || boolean(value).ok_or_else(|| bad_param(name, "setting_type", "a boolean", Some(value)));
    match name {
        "audio_enabled" => page.audio_enabled = flag()?,
        "video_enabled" => page.video_enabled = flag()?,
        "icon_enabled" => page.icon_enabled = flag()?,
        "call_routing" => page.call_routing = routing(page, value)?,
        _ => page.call_hours = Some(hours(value)?),
    }
    Ok(())
}

fn routing(page: &Page, value: &Value) -> Result<RingTarget, Refused> {
    let path = "call_routing[ring_target]";
    let sent = value.get("ring_target");
    let target = match sent.and_then(Value::as_str) {
        Some("META") => RingTarget::Meta,
        Some("PARTNERS") => RingTarget::Partners,
        _ => {
            return Err(bad_param(
                path,
                "ring_target",
                "one of {META, PARTNERS}",
                sent,
            ));
        }
    };
    if target == RingTarget::Partners {
        let why = if !page.calling_eligible {
            "the Page may not use the calling API yet"
        } else if !page.subscribed_fields.iter().any(|f| f == "calls") {
            "the app is not subscribed to the webhook field calls"
        } else {
            return Ok(target);
        };
        return Err(refuse(
            ErrorCode::new(100, None),
            "The Page is not eligible for this call routing",
            "call_routing_eligibility",
            path,
            why,
        ));
    }
    Ok(target)
}

fn hours(value: &Value) -> Result<CallHours, Refused> {
    let name = "call_hours";
    let zone = value.get("timezone_id");
    let Some(timezone_id) = zone.and_then(Value::as_str).filter(|zone| !zone.is_empty()) else {
        return Err(bad_param(
            "call_hours[timezone_id]",
            "call_hours",
            "the name of a time zone",
            zone,
        ));
    };
    let list = value.get("weekly_operating_hours");
    let Some(list) = list.and_then(Value::as_array) else {
        return Err(bad_param(
            "call_hours[weekly_operating_hours]",
            "call_hours",
            "an array",
            list,
        ));
    };
    let mut weekly: Vec<OpenHours> = Vec::new();
    for item in list {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        let day = text("day_of_week");
        if !DAYS.contains(&day) {
            return Err(bad_param(
                "call_hours[weekly_operating_hours][day_of_week]",
                "call_hours_day",
                "MONDAY to SUNDAY",
                Some(item.get("day_of_week").unwrap_or(&Value::Null)),
            ));
        }
        if weekly.iter().any(|known| known.day_of_week == day) {
            return Err(refuse(
                ErrorCode::new(100, None),
                "Duplicate day of week in call hours",
                "call_hours_duplicate",
                name,
                format!("{day} stands there twice"),
            ));
        }
        let (open, close) = (text("open_time"), text("close_time"));
        for (key, time) in [("open_time", open), ("close_time", close)] {
            if !is_time(time) {
                return Err(bad_param(
                    &format!("call_hours[weekly_operating_hours][{key}]"),
                    "call_hours_time",
                    "a time as hhmm",
                    Some(item.get(key).unwrap_or(&Value::Null)),
                ));
            }
        }
        if close <= open {
            return Err(refuse(
                ErrorCode::new(100, None),
                "The close time must be after the open time",
                "call_hours_order",
                name,
                format!("on {day} it closes at {close}, before it opens at {open}"),
            ));
        }
        weekly.push(OpenHours {
            day_of_week: day.into(),
            open_time: open.into(),
            close_time: close.into(),
        });
    }
    Ok(CallHours {
        timezone_id: timezone_id.into(),
        weekly_operating_hours: weekly,
    })
}

fn is_time(text: &str) -> bool {
    text.len() == 4
        && text.bytes().all(|b| b.is_ascii_digit())
        && (&text[..2] < "24" || text == "2400")
        && &text[2..] < "60"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for good in ["0000", "0930", "2359", "2400"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["", "930", "24:0", "2401", "1260", "2500", "ab00"] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
