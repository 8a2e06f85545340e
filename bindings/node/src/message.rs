//! Messages, recipients and options from what JavaScript gave.

use std::sync::{Mutex, PoisonError};

use callcta::{
    Button, ButtonTemplate, CallPrompt, Element, GenericTemplate, Message, Recipient, Request,
    Result, SendOptions,
};
use serde_json::{Deserializer, Value};

use crate::read::{Fields, Read, Refused, boolean, count, list, object, parse, text, whole};

/// What was sent last, but for the recipient: who sends one message to many people has
/// it read once, and reading is an eighth of what a send costs.
#[derive(Default)]
pub struct Latest(Mutex<Option<(String, Request, u32)>>);

impl Latest {
    /// A whole request, out of the arguments of a send, and the number of its outbox.
    pub fn request(&self, json: &str) -> Read<(Request, u32)> {
        // The recipient comes first, if there is one.
        let rest = json.strip_prefix("{\"to\":").ok_or_else(no_recipient)?;
        let mut values = Deserializer::from_str(rest).into_iter();
        let to = values.next().and_then(Result::ok).unwrap_or_default();
        let to = recipient(to).map_err(|error| error.within("to"))?;
        let rest = &rest[values.byte_offset()..];
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, request, outbox) = match &mut *latest {
            Some(known) if known.0 == rest => known,
            latest => latest.insert(unaddressed(json, rest)?),
        };
        let (message, options) = (request.message.clone(), request.options.clone());
        Ok((Request::new(to, message, options), *outbox))
    }
}

fn unaddressed(json: &str, rest: &str) -> Read<(String, Request, u32)> {
    let mut fields = Fields::of(parse(json)?)?;
    fields.take("to", Ok)?;
    let message = fields.need("message", message)?;
    let deadline = fields.take("deadlineMs", Ok)?;
    let options = fields.take("options", |value| options(value, deadline))?;
    let outbox = fields.take("outbox", count)?.unwrap_or_default();
    fields.end()?;
    let request = Request::new("", message, options.unwrap_or_default());
    Ok((rest.to_owned(), request, outbox))
}

pub fn message(value: Value) -> Read<Message> {
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
        None => match fields.take("raw", object)? {
            Some(raw) => Message::raw(raw),
            None => {
                return Err(Refused::must(
                    "an object with template or raw; fromWire makes one of a wire form",
                ));
            }
        },
    };
    let message = fields.set(message, "metadata", text, Message::metadata)?;
    let message = fields.set_each(message, "messageFields", Message::field)?;
    fields.end()?;
    Ok(message)
}

fn element(value: Value) -> Read<Element> {
    let mut fields = Fields::of(value)?;
    if let Some(raw) = fields.take("raw", Ok)? {
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

pub fn button(value: Value) -> Read<Button> {
    any_button(value, true)
}

/// A button, or a card's default action, which has no title.
fn any_button(value: Value, titled: bool) -> Read<Button> {
    let mut fields = Fields::of(value)?;
    if let Some(raw) = fields.take("raw", Ok)? {
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
            fields.set(button, "gameMetadata", object, Button::game_metadata)?
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

fn web_view(button: Button, fields: &mut Fields) -> Read<Button> {
    let ratio = Button::webview_height_ratio;
    let button = fields.set(button, "webviewHeightRatio", text, ratio)?;
    let extensions = Button::messenger_extensions;
    let button = fields.set(button, "messengerExtensions", boolean, extensions)?;
    let button = fields.set(button, "fallbackUrl", text, Button::fallback_url)?;
    let share = Button::webview_share_button;
    fields.set(button, "webviewShareButton", text, share)
}

/// A PSID, or an object with one of the other forms.
fn recipient(value: Value) -> Read<Recipient> {
    let mut fields = match value {
        Value::String(psid) => return Ok(psid.into()),
        value => Fields::of(value).map_err(|_| no_recipient())?,
    };
    let recipient = if let Some(id) = fields.take("id", text)? {
        Recipient::Id(id)
    } else if let Some(reference) = fields.take("userRef", text)? {
        Recipient::UserRef(reference)
    } else if let Some(id) = fields.take("commentId", text)? {
        Recipient::CommentId(id)
    } else if let Some(id) = fields.take("postId", text)? {
        Recipient::PostId(id)
    } else if let Some(raw) = fields.take("raw", object)? {
        Recipient::from_map(raw)
    } else {
        return Err(no_recipient());
    };
    fields.end()?;
    Ok(recipient)
}

fn no_recipient() -> Refused {
    Refused::must("a PSID or an object with id, userRef, commentId, postId or raw")
}

fn options(value: Value, deadline_ms: Option<Value>) -> Read<SendOptions> {
    let names = "messagingType tag notificationType personaId replyTo metadata unchecked
        timeoutMs headers fields";
    let mut fields = Fields::of(value)?;
    let mut options = fields.set_named(SendOptions::new(), names, set_option)?;
    if fields.take("deadline", Ok)?.is_some() {
        // A date is no number in JSON: the public package gives it beside the options.
        let number = deadline_ms.ok_or_else(|| Refused::must("a valid Date").within("deadline"))?;
        options = options.set("deadline_ms", number)?;
    }
    fields.end()?;
    Ok(options)
}

fn set_option(options: SendOptions, name: &str, value: Value) -> Result<SendOptions> {
    options.set(name, value)
}
