//! Messages, recipients and options from plain JavaScript objects.

use callcta::{
    Button, ButtonTemplate, CallPrompt, Element, GenericTemplate, Message, Recipient, Request,
    SendOptions,
};
use napi::bindgen_prelude::Unknown;

use crate::read::{Fields, Js, Read, Refused, boolean, date, json, json_object, list, text, whole};

/// A whole request, out of the arguments of a send.
pub fn request(to: Unknown<'_>, what: Unknown<'_>, how: Unknown<'_>) -> Read<Request> {
    let recipient = recipient(Js::new(to)?).map_err(|error| error.within("to"))?;
    let message = message(Js::new(what)?).map_err(|error| error.within("message"))?;
    let options = options(Js::new(how)?).map_err(|error| error.within("options"))?;
    Ok(Request::new(recipient, message, options))
}

pub fn message(value: Js<'_>) -> Read<Message> {
    let mut fields = Fields::of(value)?;
    let message = match fields.take("template", text)?.as_deref() {
        Some("generic") => {
            let template = GenericTemplate::new(fields.need("elements", list(element))?);
            let template = fields.set(template, "sharable", boolean, GenericTemplate::sharable)?;
            fields
                .set_each(template, "fields", GenericTemplate::field)?
                .into()
        }
        Some("button") => {
            let text = fields.need("text", text)?;
            let template = ButtonTemplate::new(text, fields.need("buttons", list(button))?);
            fields
                .set_each(template, "fields", ButtonTemplate::field)?
                .into()
        }
        Some("call_prompt") => {
            let template = fields.set(CallPrompt::new(), "ttlDays", whole, CallPrompt::ttl_days)?;
            fields
                .set_each(template, "fields", CallPrompt::field)?
                .into()
        }
        Some(_) => {
            let what = "generic, button or call_prompt; others go into raw";
            return Err(Refused::must(what).within("template"));
        }
        None => match fields.take("raw", json_object)? {
            Some(raw) => Message::raw(raw),
            None => return Err(Refused::must("an object with template or raw")),
        },
    };
    let message = fields.set(message, "metadata", text, Message::metadata)?;
    let message = fields.set_each(message, "messageFields", Message::field)?;
    fields.end()?;
    Ok(message)
}

fn element(value: Js<'_>) -> Read<Element> {
    let mut fields = Fields::of(value)?;
    if let Some(raw) = fields.take("raw", json)? {
        fields.end()?;
        return Ok(Element::raw(raw));
    }
    let element = Element::new(fields.need("title", text)?);
    let element = fields.set(element, "subtitle", text, Element::subtitle)?;
    let element = fields.set(element, "imageUrl", text, Element::image_url)?;
    let action = |value| any_button(value, false);
    let element = fields.set(element, "defaultAction", action, Element::default_action)?;
    let element = fields.set(element, "buttons", list(button), Element::buttons)?;
    let element = fields.set_each(element, "fields", Element::field)?;
    fields.end()?;
    Ok(element)
}

pub fn button(value: Js<'_>) -> Read<Button> {
    any_button(value, true)
}

/// A button, or a card's default action, which has no title.
fn any_button(value: Js<'_>, titled: bool) -> Read<Button> {
    let mut fields = Fields::of(value)?;
    if let Some(raw) = fields.take("raw", json)? {
        fields.end()?;
        return Ok(Button::raw(raw));
    }
    let kind = fields.need("type", text)?;
    let mut title = || {
        if titled {
            fields.need("title", text)
        } else {
            Ok(String::new())
        }
    };
    let button = match kind.as_str() {
        "audio_call" => {
            let button = Button::audio_call(title()?);
            fields.set(button, "expiresInDays", whole, Button::expires_in_days)?
        }
        "web_url" => {
            let button = Button::web_url(title()?, fields.need("url", text)?);
            web_view(button, &mut fields)?
        }
        "postback" => Button::postback(title()?, fields.need("payload", text)?),
        "phone_number" => Button::phone_number(title()?, fields.need("number", text)?),
        "account_link" => Button::account_link(fields.need("url", text)?),
        "account_unlink" => Button::account_unlink(),
        "game_play" => {
            let button = Button::game_play(title()?);
            let button = fields.set(button, "payload", text, Button::payload)?;
            fields.set(button, "gameMetadata", json_object, Button::game_metadata)?
        }
        _ => {
            let what = "a type that callcta knows; others go into raw";
            return Err(Refused::must(what).within("type"));
        }
    };
    let button = fields.set_each(button, "fields", Button::field)?;
    fields.end()?;
    Ok(button)
}

fn web_view(button: Button, fields: &mut Fields<'_>) -> Read<Button> {
    let ratio = Button::webview_height_ratio;
    let button = fields.set(button, "webviewHeightRatio", text, ratio)?;
    let extensions = Button::messenger_extensions;
    let button = fields.set(button, "messengerExtensions", boolean, extensions)?;
    let button = fields.set(button, "fallbackUrl", text, Button::fallback_url)?;
    let share = Button::webview_share_button;
    fields.set(button, "webviewShareButton", text, share)
}

/// A PSID, or an object with one of the other forms.
fn recipient(value: Js<'_>) -> Read<Recipient> {
    if value.is_string() {
        return Ok(text(value)?.into());
    }
    let forms = || Refused::must("a PSID or an object with id, userRef, commentId, postId or raw");
    let mut fields = Fields::of(value).map_err(|error| match error {
        Refused::Invalid { .. } => forms(),
        other => other,
    })?;
    let recipient = if let Some(id) = fields.take("id", text)? {
        Recipient::Id(id)
    } else if let Some(reference) = fields.take("userRef", text)? {
        Recipient::UserRef(reference)
    } else if let Some(id) = fields.take("commentId", text)? {
        Recipient::CommentId(id)
    } else if let Some(id) = fields.take("postId", text)? {
        Recipient::PostId(id)
    } else if let Some(raw) = fields.take("raw", json_object)? {
        Recipient::from_map(raw)
    } else {
        return Err(forms());
    };
    fields.end()?;
    Ok(recipient)
}

fn options(value: Js<'_>) -> Read<SendOptions> {
    let mut fields = Fields::of_optional(value)?;
    // The public package's own business.
    fields.skip("signal");
    let options = SendOptions::new();
    let options = fields.set(options, "messagingType", text, SendOptions::messaging_type)?;
    let options = fields.set(options, "tag", text, SendOptions::tag)?;
    let options = fields.set(
        options,
        "notificationType",
        text,
        SendOptions::notification_type,
    )?;
    let options = fields.set(options, "personaId", text, SendOptions::persona_id)?;
    let options = fields.set(options, "replyTo", text, SendOptions::reply_to)?;
    let options = fields.set(options, "metadata", text, SendOptions::metadata)?;
    let options = fields.set(options, "deadline", date, SendOptions::deadline)?;
    let options = fields.set_each(options, "fields", SendOptions::field)?;
    fields.end()?;
    Ok(options)
}
