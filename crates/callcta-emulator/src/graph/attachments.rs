//! `POST /{page}/message_attachments`, and what becomes of files that come with a message.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::context::{Context, Handled, boolean};
use super::params::Params;
use super::refusal::{Refused, refuse};
use super::validate;
use crate::platform::{Attachment, AttachmentKind, ErrorCode, State};

/// The largest file that Meta takes.
const SIZE_MAX: usize = 25 << 20;

pub(super) fn upload(context: &mut Context<'_>, object: &str) -> Handled {
    let caller = auth::authenticate(context, object, Some("pages_messaging"))?;
    validate::attachment(&context.params, &context.platform.state().unverified)?;
    let attachment = uploaded(&context.params, &caller.page_id)?.ok_or_else(|| {
        refuse(
            ErrorCode::new(100, None),
            "An attachment of type audio, file, image or video is required",
            "attachment_required",
            "message.attachment",
            "a file, or the url of one",
        )
    })?;
    let id = context.platform.upload(attachment);
    Ok(Answer::json(200, json!({"attachment_id": id}).to_string()).into())
}

/// The file that a request brings, in itself or by its URL; `None` if it brings none.
pub(super) fn uploaded(params: &Params, page_id: &str) -> Result<Option<Attachment>, Refused> {
    let Some((name, kind, payload)) = media(params) else {
        return Ok(None);
    };
    let mut attachment = Attachment {
        page: page_id.into(),
        kind,
        reusable: payload.get("is_reusable").and_then(boolean) == Some(true),
        ..Attachment::default()
    };
    if let Some(file) = params.files.first() {
        if file.size > SIZE_MAX {
            return Err(refuse(
                ErrorCode::new(100, Some(2_018_109)),
                "Attachment size exceeds allowable limit",
                "attachment_size",
                file.name.as_str(),
                format!("at most {SIZE_MAX} bytes; {} were sent", file.size),
            ));
        }
        // Clients write types that say little; one that says something else is wrong.
        let media = file.content_type.split('/').next().unwrap_or_default();
        let is_media = ["audio", "image", "video"].contains(&media);
        if kind != AttachmentKind::File && is_media && media != name {
            return Err(refuse(
                ErrorCode::new(100, Some(2_018_047)),
                "Upload attachment failure",
                "attachment_content_type",
                file.name.as_str(),
                format!("a file of type {name}; {} was sent", file.content_type),
            ));
        }
        attachment.content_type = Some(file.content_type.clone());
        attachment.size = Some(file.size as u64);
    } else if let Some(url) = payload.get("url").and_then(Value::as_str) {
        attachment.url = Some(url.into());
    } else {
        return Ok(None);
    }
    Ok(Some(attachment))
}

fn media(params: &Params) -> Option<(&str, AttachmentKind, &Map<String, Value>)> {
    let attachment = params.map.get("message")?.get("attachment")?;
    let name = attachment.get("type")?.as_str()?;
    let payload = attachment.get("payload")?.as_object()?;
    Some((name, AttachmentKind::named(name)?, payload))
}

/// Whether the Page may send the attachments that a message names.
pub(super) fn check_named(
    params: &Params,
    state: &State,
    page_id: &str,
    now: i64,
) -> Result<(), Refused> {
    let payload = params.map.get("message").and_then(|message| {
        let attachment = message.get("attachment")?;
        attachment.get("payload")
    });
    let Some(payload) = payload else {
        return Ok(());
    };
    let path = "message.attachment.payload";
    let own = payload
        .get("attachment_id")
        .map(|id| (format!("{path}.attachment_id"), id));
    let elements = payload.get("elements").and_then(Value::as_array);
    let of_elements = elements.into_iter().flatten().enumerate();
    let of_elements = of_elements.filter_map(|(n, element)| {
        let id = element.get("attachment_id")?;
        Some((format!("{path}.elements[{n}].attachment_id"), id))
    });
    for (path, id) in own.into_iter().chain(of_elements) {
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        if state.attachment(&text, page_id, now).is_none() {
            return Err(refuse(
                state.unverified.unknown_attachment,
                "The attachment ID is invalid",
                "attachment_unknown",
                path,
                "the Page has no attachment with this id that can be sent again",
            ));
        }
    }
    Ok(())
}
