//! Makes a request of the flags and files of `callcta send`.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use callcta::{Element, Message, Recipient, Request, Result, SendOptions};

use crate::args::SendArgs;
use crate::settings::unreadable;

/// The request that the command line describes. What flags say wins over what
/// the file says.
pub fn request(args: &SendArgs) -> Result<Request> {
    let mut request = match &args.content.file {
        Some(file) => Request::from_json(read(file)?)?,
        None => Request {
            message: message(args),
            ..Request::default()
        },
    };
    if let Some(recipient) = recipient(args) {
        request.recipient = Some(recipient);
    }
    request.options = options(args, request.options);
    Ok(request)
}

/// What a file holds, or standard input for `-`.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    if file != Path::new("-") {
        return fs::read(file).map_err(|error| unreadable(file, &error));
    }
    let mut content = Vec::new();
    let read = io::stdin().read_to_end(&mut content);
    read.map_err(|error| unreadable(Path::new("standard input"), &error))?;
    Ok(content)
}

fn message(args: &SendArgs) -> Message {
    let buttons = args.buttons.0.iter().cloned();
    let Some(title) = &args.content.generic else {
        let text = args.content.button.as_deref().unwrap_or_default();
        return Message::buttons(text, buttons);
    };
    let mut element = Element::new(title);
    if let Some(subtitle) = &args.subtitle {
        element = element.subtitle(subtitle);
    }
    if let Some(url) = &args.image_url {
        element = element.image_url(url);
    }
    if !args.buttons.0.is_empty() {
        element = element.buttons(buttons);
    }
    Message::generic([element])
}

fn recipient(args: &SendArgs) -> Option<Recipient> {
    let to = &args.recipient;
    let forms = [
        to.to.clone().map(Recipient::Id),
        to.user_ref.clone().map(Recipient::UserRef),
        to.comment_id.clone().map(Recipient::CommentId),
        to.post_id.clone().map(Recipient::PostId),
    ];
    forms.into_iter().flatten().next()
}

fn options(args: &SendArgs, mut options: SendOptions) -> SendOptions {
    let given = &args.options;
    if let Some(messaging_type) = given.messaging_type.as_deref() {
        options = options.messaging_type(messaging_type);
    }
    if let Some(tag) = given.tag.as_deref() {
        options = options.tag(tag);
    }
    if let Some(notification_type) = given.notification_type.as_deref() {
        options = options.notification_type(notification_type);
    }
    if let Some(id) = &given.persona_id {
        options = options.persona_id(id);
    }
    if let Some(id) = &given.reply_to {
        options = options.reply_to(id);
    }
    if let Some(metadata) = &given.metadata {
        options = options.metadata(metadata);
    }
    options
}
