//! `GET /{psid}`: the User Profile API.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, unknown_field};
use super::refusal::refuse;

const FIELDS: &[&str] = &[
    "id",
    "name",
    "first_name",
    "last_name",
    "profile_pic",
    "locale",
    "timezone",
    "gender",
];

pub(super) fn read(context: &mut Context<'_>, psid: &str) -> Handled {
    let caller = auth::authenticate(context, "", Some("pages_messaging"))?;
    let state = context.platform.state();
    let person = state
        .people
        .get(psid)
        .filter(|person| state.page_of(person) == caller.page_id);
    let Some(person) = person else {
        return Err(auth::no_object(
            &context.method,
            psid,
            "person_unknown",
            "the PSID belongs to another Page",
        ));
    };
    if person.profile_unavailable {
        return Err(refuse(
            state.unverified.profile_unavailable,
            "No profile available for this user.",
            "profile_unavailable",
            "psid",
            "the person has profile_unavailable true",
        ));
    }
    let (first, last) = person
        .name
        .split_once(' ')
        .unwrap_or((person.name.as_str(), ""));
    let wanted = context
        .params
        .fields()
        .unwrap_or_else(|| vec!["first_name", "last_name", "profile_pic"]);
    let mut answer = Map::new();
    for field in wanted {
        let value = match field {
            "name" => json!(person.name),
            "first_name" => json!(first),
            "last_name" => json!(last),
            "profile_pic" => json!(person.profile_pic),
            "locale" => json!(person.locale),
            "timezone" => json!(person.timezone),
            "gender" => json!(person.gender),
            "id" => continue,
            other => return Err(unknown_field(other, FIELDS)),
        };
        // What is not known is left out.
        if !value.is_null() && value != "" {
            answer.insert(field.into(), value);
        }
    }
    answer.insert("id".into(), json!(psid));
    Ok(Answer::json(200, Value::Object(answer).to_string()).into())
}
