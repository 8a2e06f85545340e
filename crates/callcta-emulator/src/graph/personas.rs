//! `/{page}/personas` and the personas themselves.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, bad_param, unknown_field};
use super::refusal::Refused;
use super::validate::is_url;
use crate::platform::Persona;

const FIELDS: &[&str] = &["id", "name", "profile_picture_url"];
const NAME_MAX: usize = 50;
/// How many are listed at once unless asked otherwise.
const LIST_MAX: usize = 25;

/// `POST /{page}/personas`.
pub(super) fn create(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let length = context.platform.state().unverified.length_unit;
    let text = |name: &str, wanted: &str, good: &dyn Fn(&str) -> bool| {
        let sent = context.params.map.get(name);
        let found = sent.and_then(Value::as_str).filter(|text| good(text));
        found
            .map(str::to_owned)
            .ok_or_else(|| bad_param(name, "persona", wanted, sent))
    };
    let name = text("name", "a string of 1 to 50 characters", &|name| {
        !name.is_empty() && length.count(name) <= NAME_MAX
    })?;
    let profile_picture_url = text("profile_picture_url", "a valid URL", &is_url)?;
    let persona = Persona {
        name,
        profile_picture_url,
    };
    let id = context.platform.create_persona(&caller.page_id, persona);
    Ok(Answer::json(200, json!({"id": id}).to_string()).into())
}

/// `GET /{page}/personas`, a page of them.
pub(super) fn list(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let params = &context.params;
    let number = |text: &str| text.parse::<usize>().ok();
    let limit = params.text("limit").and_then(number).unwrap_or(LIST_MAX);
    let personas = &context.platform.state().pages[&caller.page_id].personas;
    let (after, before) = (params.text("after"), params.text("before"));
    let between = personas.iter().filter(|(id, _)| {
        after.is_none_or(|after| id.as_str() > after)
            && before.is_none_or(|before| id.as_str() < before)
    });
    let page: Vec<_> = between.take(limit).collect();
    let list = page
        .iter()
        .map(|(id, persona)| view(context, id, persona))
        .collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({"data": list});
    if let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) {
        body["paging"] = json!({"cursors": {"before": first, "after": last}});
    }
    Ok(Answer::json(200, body.to_string()).into())
}

/// `GET /{persona}`.
pub(super) fn read(context: &mut Context<'_>, id: &str) -> Handled {
    check_owner(context, id)?;
    let state = context.platform.state();
    let found = state
        .persona(id)
        .map(|(_, persona)| view(context, id, persona));
    let body = found.transpose()?.unwrap_or_default();
    Ok(Answer::json(200, body.to_string()).into())
}

/// `DELETE /{persona}`.
pub(super) fn delete(context: &mut Context<'_>, id: &str) -> Handled {
    let page_id = check_owner(context, id)?;
    context.platform.change_state(|state| {
        if let Some(page) = state.pages.get_mut(&page_id) {
            page.personas.remove(id);
        }
    });
    Ok(Answer::json(200, "{\"success\":true}").into())
}

/// The Page that has a persona, if it is the token's.
fn check_owner(context: &mut Context<'_>, id: &str) -> Result<String, Refused> {
    let caller = auth::authenticate(context, "", Some("pages_messaging"))?;
    let owner = context.platform.state().persona(id).map(|(page, _)| page);
    if owner == Some(caller.page_id.as_str()) {
        return Ok(caller.page_id);
    }
    Err(auth::no_object(
        &context.method,
        id,
        "persona_unknown",
        "the persona belongs to another Page",
    ))
}

fn view(context: &Context<'_>, id: &str, persona: &Persona) -> Result<Value, Refused> {
    let wanted = context.params.fields();
    let mut view = Map::new();
    for field in wanted.unwrap_or_else(|| vec!["name", "profile_picture_url"]) {
        let value = match field {
            "name" => &persona.name,
            "profile_picture_url" => &persona.profile_picture_url,
            "id" => continue,
            other => return Err(unknown_field(other, FIELDS)),
        };
        view.insert(field.into(), json!(value));
    }
    view.insert("id".into(), json!(id));
    Ok(Value::Object(view))
}
