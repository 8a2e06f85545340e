//! `POST /{page}/messages`.

use serde_json::Value;

use super::answer::Answer;
use super::context::{Context, Done, Handled};
use super::refusal::{Refused, refuse};
use super::validate::{self, Content, MessagingType, Recipient, Send, Tag};
use super::{attachments, auth};
use crate::platform::{
    AccessLevel, AnswerShape, AppMode, DAY, ErrorCode, NewMessage, Person, SenderAction, State,
    Strangers,
};

pub(super) fn send(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    let state = context.platform.state();
    let now = context.platform.now();
    let page = &state.pages[&caller.page_id];
    let send = validate::send(&context.params, &state.unverified)?;
    if page.restricted {
        return Err(refuse(
            ErrorCode::new(10, Some(1_893_063)),
            "The Page is temporarily restricted from sending messages",
            "page_restricted",
            "page-id",
            "the Page is marked as restricted",
        ));
    }
    if caller.foreign_token {
        return Err(no_user("the token belongs to another Page"));
    }
    let target = find_recipient(state, &caller.page_id, &send.recipient, now)?;
    let stranger;
    let person = if let Some(person) = state.people.get(&target.psid) {
        person
    } else {
        stranger = Person::new("", caller.page_id.as_str());
        &stranger
    };
    if !person.has_app_role {
        if state.app.mode == AppMode::Development {
            return Err(refuse(
                ErrorCode::new(200, None),
                "Cannot message users who are not admins, developers or testers of the app until \
                 pages_messaging permission is reviewed and the app is live.",
                "app_not_live",
                "recipient",
                "the app is in development mode and the person has no role in it",
            ));
        }
        if caller.access == AccessLevel::Standard {
            return Err(refuse(
                ErrorCode::new(200, Some(2_018_028)),
                "Cannot message users who are not admins, developers or testers of the app until \
                 pages_messaging permission is reviewed and the app is live.",
                "standard_access",
                "recipient",
                "the token has standard access and the person has no role in the app",
            ));
        }
    }
    if person.blocked {
        return Err(refuse(
            state.unverified.blocked,
            "This person isn't available right now.",
            "person_blocked_page",
            "recipient",
            "the person blocked the Page",
        ));
    }
    let calling = matches!(send.content, Content::AudioCall | Content::CallPrompt);
    if calling && !page.audio_enabled {
        return Err(refuse(
            state.unverified.calling_not_enabled,
            "Page Not Allowlisted: audio calling is not enabled for this Page",
            "calling_not_enabled",
            "page-id",
            "the Page has audio_enabled false",
        ));
    }
    check_window(state, &caller.page_id, &send, person, &target, now)?;
    attachments::check_named(&context.params, state, &caller.page_id, now)?;
    let persona = context.params.text("persona_id");
    if let Some(persona) = persona.filter(|id| !page.personas.contains_key(*id)) {
        return Err(refuse(
            state.unverified.unknown_persona,
            "Param persona_id must be a persona of the Page",
            "persona_unknown",
            "persona_id",
            format!("the Page has no persona {persona}"),
        ));
    }
    let file = attachments::uploaded(&context.params, &caller.page_id)?;
    if let Some(mid) = send.reply_to {
        let answered = context.platform.messages().find(mid);
        if answered.is_none_or(|message| message.recipient != target.psid) {
            return Err(refuse(
                ErrorCode::new(100, None),
                "Param reply_to[mid] must be a message of this conversation",
                "reply_to_unknown",
                "reply_to.mid",
                "there is no such message in the conversation with this person",
            ));
        }
    }
    let optin = send.content == Content::CallingOptin;
    if optin
        && person
            .optin_requests
            .iter()
            .filter(|at| now.saturating_sub(**at) < DAY)
            .count()
            >= 2
    {
        return Err(refuse(
            state.unverified.optin_limit,
            "Too many call permission requests in this conversation",
            "optin_limit",
            "message.attachment.payload.template_type",
            "at most 2 calling_optin requests per conversation and day",
        ));
    }
    let action = send.content == Content::Action;
    let shape = if optin {
        AnswerShape::NestedId
    } else {
        state.answer_shape
    };
    if action {
        let name = context.params.text("sender_action").unwrap_or_default();
        if let Some(action) = SenderAction::named(name) {
            context.platform.show(&caller.page_id, &target.psid, action);
        }
        let psid = Value::from(target.psid.as_str());
        return Ok(Answer::json(200, format!("{{\"recipient_id\":{psid}}}")).into());
    }
    // A file that was uploaded, or shall be sent again, gets an id of its own.
    let attachment_id = file
        .filter(|file| file.reusable || file.size.is_some())
        .map(|file| (file.reusable, context.platform.upload(file)))
        .and_then(|(reusable, id)| reusable.then_some(id));
    let mut body = std::mem::take(&mut context.params.map);
    for secret in ["access_token", "oauth_token", "appsecret_proof"] {
        body.remove(secret);
    }
    let message = NewMessage {
        page_id: caller.page_id,
        recipient: target.psid.clone(),
        body: Value::Object(body),
        request_id: context.request_id,
    };
    let comment = target.comment.as_deref();
    let message_id = context.platform.deliver(message, comment, optin);
    let named = target.named.then_some(target.psid.as_str());
    let answer = Answer::sent(shape, named, &message_id, attachment_id.as_deref());
    Ok(Done::Sent(answer, message_id))
}

/// The person behind a recipient.
struct Target {
    psid: String,
    /// Whether the answer names the person.
    named: bool,
    /// A comment or post, answered once.
    comment: Option<String>,
}

fn find_recipient(
    state: &State,
    page_id: &str,
    recipient: &Recipient<'_>,
    now: i64,
) -> Result<Target, Refused> {
    let target = |psid: &str| Target {
        psid: psid.to_owned(),
        named: true,
        comment: None,
    };
    match recipient {
        Recipient::Psid(psid) => match state.people.get(psid.as_ref()) {
            Some(person) if state.page_of(person) == page_id => Ok(target(psid)),
            None if state.strangers == Strangers::Welcome => Ok(target(psid)),
            Some(_) => Err(no_user("the PSID belongs to another Page")),
            None => Err(no_user("nobody has this PSID")),
        },
        Recipient::UserRef(name) => match state.user_refs.get(*name) {
            Some(psid) => Ok(Target {
                named: false,
                ..target(psid)
            }),
            None => Err(no_user("nobody is behind this user_ref")),
        },
        Recipient::CommentId(id) | Recipient::PostId(id) => {
            let Some(comment) = state.comments.get(*id) else {
                return Err(no_user("there is no such comment or post"));
            };
            let path = "recipient";
            if comment.answered {
                return Err(refuse(
                    ErrorCode::new(100, None),
                    "Only one private reply can be sent to a comment or post",
                    "private_reply_once",
                    path,
                    "the comment or post has been answered",
                ));
            }
            if now.saturating_sub(comment.created_at) > 7 * DAY {
                return Err(refuse(
                    state.unverified.outside_window,
                    "This message is sent outside of allowed window.",
                    "private_reply_window",
                    path,
                    "a private reply is possible for 7 days",
                ));
            }
            Ok(Target {
                comment: Some((*id).to_owned()),
                ..target(&comment.psid)
            })
        }
    }
}

fn check_window(
    state: &State,
    page_id: &str,
    send: &Send<'_>,
    person: &Person,
    target: &Target,
    now: i64,
) -> Result<(), Refused> {
    let page = &state.pages[page_id];
    if send.messaging_type == Some(MessagingType::Utility) {
        let approved = |name: &str| page.utility_templates.iter().any(|t| t == name);
        if send.utility.is_some_and(approved) {
            return Ok(());
        }
        return Err(refuse(
            ErrorCode::new(100, None),
            "The utility template does not exist or is not approved",
            "utility_template_unknown",
            "message.template.name",
            "the Page has no approved utility template with this name",
        ));
    }
    if target.comment.is_some() || person.window_open(now) {
        return Ok(());
    }
    let in_week = person
        .last_action
        .is_some_and(|at| now < at.saturating_add(7 * DAY));
    let why = match send.tag {
        Some(Tag::HumanAgent) if !page.human_agent => {
            return Err(refuse(
                ErrorCode::new(10, None),
                "The app does not have the Human Agent feature",
                "human_agent_feature",
                "tag",
                "the Page has human_agent false",
            ));
        }
        Some(Tag::HumanAgent)
            if send.content == Content::AudioCall
                && !state.unverified.audio_call_with_human_agent =>
        {
            "configured: audio_call_with_human_agent is false"
        }
        Some(_) if in_week => return Ok(()),
        Some(_) => "the tag reaches 7 days beyond the person's last action",
        None => "the person's last action is longer ago than the window, or there was none",
    };
    Err(refuse(
        state.unverified.outside_window,
        "This message is sent outside of allowed window. Learn more about the new policy here: \
         https://developers.facebook.com/docs/messenger-platform/policy-overview",
        "outside_window",
        "recipient",
        why,
    ))
}

fn no_user(detail: &str) -> Refused {
    refuse(
        ErrorCode::new(100, Some(2_018_001)),
        "No matching user found",
        "recipient_unknown",
        "recipient",
        detail,
    )
}
