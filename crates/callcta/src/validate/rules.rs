use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::{Rule, Severity, Violation};
use crate::limits::{
    AUDIO_CALLS_PER_ELEMENT, BUTTON_TEMPLATE_TEXT_MAX, BUTTON_TITLE_MAX, ELEMENT_BUTTONS_MAX,
    ELEMENT_SUBTITLE_MAX, ELEMENT_TITLE_MAX, ELEMENTS_MAX, ELEMENTS_MIN, EXPIRES_IN_DAYS_MAX,
    EXPIRES_IN_DAYS_MIN, METADATA_MAX, POSTBACK_PAYLOAD_MAX, RETIRED_TAGS, TEMPLATE_BUTTONS_MAX,
    TEMPLATE_BUTTONS_MIN,
};
use crate::message::{
    Button, ButtonTemplate, ButtonType, CallPrompt, Element, Extra, GenericTemplate, Message,
    MessagingType, Recipient, SendOptions, Template,
};

/// Checks a message by itself.
pub(crate) fn message(message: &Message) -> Vec<Violation> {
    let mut checker = Checker::default();
    checker.message(message, None);
    checker.found
}

/// Checks a whole request.
pub(crate) fn request(
    recipient: Option<&Recipient>,
    message: &Message,
    options: &SendOptions,
) -> Vec<Violation> {
    let mut checker = Checker {
        deadline: options.deadline,
        ..Checker::default()
    };
    checker.recipient(recipient, &options.extra);
    let metadata = options.metadata.as_deref();
    let empty = metadata.is_none() && *message == Message::default();
    if empty && options.extra.contains_key("message") {
        checker.mistyped(&Path::Root, &options.extra, &[("message", AN_OBJECT)]);
    } else if !(empty && options.extra.contains_key("sender_action")) {
        checker.message(message, metadata);
    }
    checker.options(options);
    checker.found
}

/// A place in the request body; becomes text only when a rule is broken.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn field<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

const MESSAGE: Path<'static> = Path::Field(&Path::Root, "message");
const ATTACHMENT: Path<'static> = Path::Field(&MESSAGE, "attachment");
const PAYLOAD: Path<'static> = Path::Field(&ATTACHMENT, "payload");

const A_STRING: &str = "a string";
const A_BOOLEAN: &str = "a boolean";
const AN_ARRAY: &str = "an array";
const AN_OBJECT: &str = "an object";
const A_WHOLE_NUMBER: &str = "a whole number";

#[derive(Default)]
struct Checker {
    found: Vec<Violation>,
    deadline: Option<SystemTime>,
}

impl Checker {
    fn add(&mut self, path: &Path<'_>, rule: Rule, severity: Severity, message: impl Into<String>) {
        self.found.push(Violation {
            path: path.to_string(),
            rule,
            severity,
            message: message.into(),
        });
    }

    fn error(&mut self, path: &Path<'_>, rule: Rule, message: impl Into<String>) {
        self.add(path, rule, Severity::Error, message);
    }

    fn warning(&mut self, path: &Path<'_>, rule: Rule, message: impl Into<String>) {
        self.add(path, rule, Severity::Warning, message);
    }

    /// Reports known fields that were left in `extra` because of their type.
    fn mistyped(&mut self, path: &Path<'_>, extra: &Extra, known: &[(&str, &str)]) {
        if extra.is_empty() {
            return;
        }
        for (name, expected) in known {
            if let Some(value) = extra.get(*name) {
                let violation = Violation::wrong_type(&path.field(name), expected, value);
                self.found.push(violation);
            }
        }
    }

    /// A text that must be there. One of another type has been reported already.
    fn text(
        &mut self,
        path: &Path<'_>,
        name: &str,
        value: Option<&str>,
        extra: &Extra,
        max: Option<(usize, Severity)>,
    ) {
        match value {
            None if extra.contains_key(name) => {}
            None | Some("") => self.error(
                &path.field(name),
                Rule::Required,
                "is required and must not be empty",
            ),
            Some(text) => {
                if let Some((max, severity)) = max {
                    self.length(&path.field(name), text, max, severity);
                }
            }
        }
    }

    fn length(&mut self, path: &Path<'_>, text: &str, max: usize, severity: Severity) {
        // No text has more characters than bytes.
        if text.len() <= max {
            return;
        }
        let length = text.chars().count();
        if length > max {
            let message = format!("has {length} characters, at most {max} are allowed");
            self.add(path, Rule::TooLong, severity, message);
        }
    }

    fn count(&mut self, path: &Path<'_>, count: usize, min: usize, max: usize, what: &str) {
        if count < min {
            let message = format!("has {count} {what}s, at least {min} is needed");
            self.error(path, Rule::TooFew, message);
        } else if count > max {
            let message = format!("has {count} {what}s, at most {max} are allowed");
            self.error(path, Rule::TooMany, message);
        }
    }

    fn recipient(&mut self, recipient: Option<&Recipient>, extra: &Extra) {
        const RECIPIENT: Path<'static> = Path::Field(&Path::Root, "recipient");
        let (name, value) = match recipient {
            None => {
                self.mistyped(&Path::Root, extra, &[("recipient", AN_OBJECT)]);
                if !extra.contains_key("recipient") {
                    self.error(&RECIPIENT, Rule::Required, "says who the message goes to");
                }
                return;
            }
            Some(Recipient::Other(object)) => {
                const KNOWN: [(&str, &str); 4] = [
                    ("id", A_STRING),
                    ("user_ref", A_STRING),
                    ("comment_id", A_STRING),
                    ("post_id", A_STRING),
                ];
                for (name, expected) in KNOWN {
                    if let Some(value) = object.get(name).filter(|value| !value.is_string()) {
                        let path = RECIPIENT.field(name);
                        self.found
                            .push(Violation::wrong_type(&path, expected, value));
                    }
                }
                if object.is_empty() {
                    self.error(&RECIPIENT, Rule::Required, "says who the message goes to");
                }
                return;
            }
            Some(Recipient::Id(id)) => ("id", id),
            Some(Recipient::UserRef(value)) => ("user_ref", value),
            Some(Recipient::CommentId(value)) => ("comment_id", value),
            Some(Recipient::PostId(value)) => ("post_id", value),
        };
        let path = RECIPIENT.field(name);
        if value.is_empty() {
            self.error(&path, Rule::Required, "is required and must not be empty");
        } else if name == "id" && !is_digits(value) {
            self.error(
                &path,
                Rule::InvalidId,
                "must be a Page-scoped ID, which has digits only",
            );
        }
    }

    fn options(&mut self, options: &SendOptions) {
        const ROOT: Path<'static> = Path::Root;
        self.mistyped(
            &ROOT,
            &options.extra,
            &[
                ("messaging_type", A_STRING),
                ("tag", A_STRING),
                ("notification_type", A_STRING),
                ("persona_id", A_STRING),
                ("reply_to", "an object with a mid"),
            ],
        );
        let tagged = options.messaging_type == Some(MessagingType::MessageTag);
        match &options.tag {
            Some(tag) => {
                if RETIRED_TAGS.contains(&tag.as_str()) {
                    self.error(
                        &ROOT.field("tag"),
                        Rule::RetiredTag,
                        format!(
                            "{} no longer works; use the messaging type UTILITY with an approved template",
                            tag.as_str()
                        ),
                    );
                }
                if !tagged {
                    self.error(
                        &ROOT.field("messaging_type"),
                        Rule::TagMismatch,
                        "must be MESSAGE_TAG when a tag is given",
                    );
                }
            }
            None if tagged && !options.extra.contains_key("tag") => self.error(
                &ROOT.field("tag"),
                Rule::TagMismatch,
                "is required with the messaging type MESSAGE_TAG",
            ),
            None => {}
        }
    }

    fn message(&mut self, message: &Message, metadata: Option<&str>) {
        self.mistyped(&MESSAGE, &message.extra, &[("metadata", A_STRING)]);
        match &message.template {
            Some(template) => {
                self.template(template);
            }
            None => self.other_content(&message.extra),
        }
        if let Some(metadata) = metadata.or(message.metadata.as_deref()) {
            let path = MESSAGE.field("metadata");
            self.length(&path, metadata, METADATA_MAX, Severity::Error);
        }
    }

    /// A message that is no template: a text, a picture, or something unreadable.
    fn other_content(&mut self, extra: &Extra) {
        let Some(attachment) = extra.get("attachment") else {
            const CONTENT: [&str; 4] = ["text", "attachments", "sticker_id", "template"];
            if !CONTENT.iter().any(|key| extra.contains_key(*key)) {
                self.error(
                    &MESSAGE,
                    Rule::Required,
                    "must have an attachment or a text",
                );
            }
            return;
        };
        let Value::Object(attachment) = attachment else {
            let violation = Violation::wrong_type(&ATTACHMENT, AN_OBJECT, attachment);
            self.found.push(violation);
            return;
        };
        match attachment.get("type") {
            None => self.error(&ATTACHMENT.field("type"), Rule::Required, "is required"),
            Some(Value::String(kind)) if kind == "template" => match attachment.get("payload") {
                None => self.error(&PAYLOAD, Rule::Required, "is required"),
                Some(payload) => {
                    let violation = Violation::wrong_type(&PAYLOAD, AN_OBJECT, payload);
                    self.found.push(violation);
                }
            },
            Some(Value::String(_)) => {}
            Some(kind) => {
                let violation = Violation::wrong_type(&ATTACHMENT.field("type"), A_STRING, kind);
                self.found.push(violation);
            }
        }
    }

    fn template(&mut self, template: &Template) {
        match template {
            Template::Generic(template) => self.generic(template),
            Template::Button(template) => self.button_template(template),
            Template::CallPrompt(template) => self.call_prompt(template),
            Template::Other(payload) => self.other_template(payload),
        }
    }

    fn generic(&mut self, template: &GenericTemplate) {
        let extra = &template.extra;
        self.mistyped(
            &PAYLOAD,
            extra,
            &[("elements", AN_ARRAY), ("sharable", A_BOOLEAN)],
        );
        let path = PAYLOAD.field("elements");
        let Some(elements) = &template.elements else {
            if !extra.contains_key("elements") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        self.count(&path, elements.len(), ELEMENTS_MIN, ELEMENTS_MAX, "element");
        for (index, element) in elements.iter().enumerate() {
            self.element(&Path::Index(&path, index), element);
        }
    }

    fn element(&mut self, path: &Path<'_>, element: &Element) {
        if let Some(value) = &element.malformed {
            self.found
                .push(Violation::wrong_type(path, AN_OBJECT, value));
            return;
        }
        let extra = &element.extra;
        self.mistyped(
            path,
            extra,
            &[
                ("title", A_STRING),
                ("subtitle", A_STRING),
                ("image_url", A_STRING),
                ("default_action", AN_OBJECT),
                ("buttons", AN_ARRAY),
            ],
        );
        let max = Some((ELEMENT_TITLE_MAX, Severity::Error));
        self.text(path, "title", element.title.as_deref(), extra, max);
        if let Some(subtitle) = &element.subtitle {
            let path = path.field("subtitle");
            self.length(&path, subtitle, ELEMENT_SUBTITLE_MAX, Severity::Error);
        }
        if let Some(url) = &element.image_url {
            self.url(&path.field("image_url"), url);
        }
        if let Some(action) = &element.default_action {
            self.default_action(&path.field("default_action"), action);
        }
        let buttons = element.buttons.as_deref().unwrap_or_default();
        let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        if extra.is_empty()
            && !filled(&element.subtitle)
            && !filled(&element.image_url)
            && element.default_action.is_none()
            && buttons.is_empty()
        {
            self.error(
                path,
                Rule::IncompleteElement,
                "needs a subtitle, an image, a default action or buttons beside its title",
            );
        }
        let path = path.field("buttons");
        self.count(&path, buttons.len(), 0, ELEMENT_BUTTONS_MAX, "button");
        self.buttons(&path, buttons);
    }

    /// Like a URL button, but without a title.
    fn default_action(&mut self, path: &Path<'_>, action: &Button) {
        self.button_fields(path, action);
        if let Some(kind) = action
            .kind
            .as_ref()
            .filter(|kind| **kind != ButtonType::WebUrl)
        {
            let message = format!("must be web_url, is {kind}");
            self.error(&path.field("type"), Rule::NotAllowed, message);
            return;
        }
        if action.title.is_some() {
            let path = path.field("title");
            self.error(&path, Rule::NotAllowed, "a default action has no title");
        }
        self.web_url(path, action);
    }

    fn button_template(&mut self, template: &ButtonTemplate) {
        let extra = &template.extra;
        self.mistyped(
            &PAYLOAD,
            extra,
            &[("text", A_STRING), ("buttons", AN_ARRAY)],
        );
        let max = Some((BUTTON_TEMPLATE_TEXT_MAX, Severity::Error));
        self.text(&PAYLOAD, "text", template.text.as_deref(), extra, max);
        let path = PAYLOAD.field("buttons");
        let Some(buttons) = &template.buttons else {
            if !extra.contains_key("buttons") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        let (min, max) = (TEMPLATE_BUTTONS_MIN, TEMPLATE_BUTTONS_MAX);
        self.count(&path, buttons.len(), min, max, "button");
        self.buttons(&path, buttons);
    }

    fn call_prompt(&mut self, template: &CallPrompt) {
        self.mistyped(&PAYLOAD, &template.extra, &[("ttl_days", A_WHOLE_NUMBER)]);
        if template.ttl_days.is_some_and(|days| days < 1) {
            self.warning(
                &PAYLOAD.field("ttl_days"),
                Rule::OutOfRange,
                "less than 1 day leaves nobody time to call",
            );
        }
    }

    /// A template callcta has no type for: only its call buttons are looked at.
    fn other_template(&mut self, payload: &Map<String, Value>) {
        match payload.get("template_type") {
            None => {
                let path = PAYLOAD.field("template_type");
                self.error(&path, Rule::Required, "is required");
            }
            Some(Value::String(_)) => {}
            Some(other) => {
                let path = PAYLOAD.field("template_type");
                self.found
                    .push(Violation::wrong_type(&path, A_STRING, other));
            }
        }
        self.undocumented_buttons(&PAYLOAD, payload.get("buttons"));
        let path = PAYLOAD.field("elements");
        let elements = payload.get("elements").and_then(Value::as_array);
        for (index, element) in elements.into_iter().flatten().enumerate() {
            let path = Path::Index(&path, index);
            self.undocumented_buttons(&path, element.get("buttons"));
        }
    }

    fn undocumented_buttons(&mut self, parent: &Path<'_>, buttons: Option<&Value>) {
        let path = parent.field("buttons");
        let buttons = buttons.and_then(Value::as_array);
        for (index, button) in buttons.into_iter().flatten().enumerate() {
            let button = Button::raw(button.clone());
            if button.kind == Some(ButtonType::AudioCall) {
                let path = Path::Index(&path, index);
                self.button(&path, &button);
                self.warning(
                    &path,
                    Rule::UndocumentedPlace,
                    "audio_call is documented for the generic and the button template only",
                );
            }
        }
    }

    fn buttons(&mut self, path: &Path<'_>, buttons: &[Button]) {
        for (index, button) in buttons.iter().enumerate() {
            self.button(&Path::Index(path, index), button);
        }
        let calls = buttons
            .iter()
            .filter(|button| button.kind == Some(ButtonType::AudioCall))
            .count();
        if calls > AUDIO_CALLS_PER_ELEMENT {
            self.warning(
                path,
                Rule::RepeatedAudioCall,
                format!("has {calls} audio_call buttons, which all start the same call"),
            );
        }
    }

    fn button_fields(&mut self, path: &Path<'_>, button: &Button) {
        self.mistyped(
            path,
            &button.extra,
            &[
                ("type", A_STRING),
                ("title", A_STRING),
                ("url", A_STRING),
                ("payload", A_STRING),
                ("expires_in_days", A_WHOLE_NUMBER),
                ("webview_height_ratio", A_STRING),
                ("messenger_extensions", A_BOOLEAN),
                ("fallback_url", A_STRING),
                ("webview_share_button", A_STRING),
                ("game_metadata", AN_OBJECT),
            ],
        );
    }

    fn button(&mut self, path: &Path<'_>, button: &Button) {
        if let Some(value) = &button.malformed {
            self.found
                .push(Violation::wrong_type(path, AN_OBJECT, value));
            return;
        }
        self.button_fields(path, button);
        let extra = &button.extra;
        let Some(kind) = &button.kind else {
            if !extra.contains_key("type") {
                self.error(&path.field("type"), Rule::Required, "is required");
            }
            return;
        };
        let limit = Some((BUTTON_TITLE_MAX, Severity::Error));
        match kind {
            ButtonType::AudioCall => {
                let limit = Some((BUTTON_TITLE_MAX, Severity::Warning));
                self.text(path, "title", button.title.as_deref(), extra, limit);
                self.audio_call(path, button);
            }
            ButtonType::WebUrl => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
                self.web_url(path, button);
            }
            ButtonType::Postback => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
                let limit = Some((POSTBACK_PAYLOAD_MAX, Severity::Error));
                self.text(path, "payload", button.payload.as_deref(), extra, limit);
            }
            ButtonType::PhoneNumber => {
                self.text(path, "title", button.title.as_deref(), extra, limit);
                self.text(path, "payload", button.payload.as_deref(), extra, None);
                let number = button.payload.as_deref().unwrap_or_default();
                let digits = number.strip_prefix('+');
                if !number.is_empty() && !digits.is_some_and(is_digits) {
                    self.error(
                        &path.field("payload"),
                        Rule::InvalidPhone,
                        "must be a + followed by digits only, such as +15105559999",
                    );
                }
            }
            ButtonType::AccountLink => {
                self.text(path, "url", button.url.as_deref(), extra, None);
                self.https_url(&path.field("url"), button.url.as_deref());
                self.no_title(path, button);
            }
            ButtonType::AccountUnlink => self.no_title(path, button),
            ButtonType::GamePlay => {
                self.text(path, "title", button.title.as_deref(), extra, None);
                let metadata = button.game_metadata.as_ref();
                if metadata.is_some_and(|metadata| {
                    metadata.contains_key("player_id") && metadata.contains_key("context_id")
                }) {
                    self.error(
                        &path.field("game_metadata"),
                        Rule::NotAllowed,
                        "takes only one of player_id and context_id",
                    );
                }
            }
            ButtonType::Other(kind) => {
                if kind.is_empty() {
                    self.error(
                        &path.field("type"),
                        Rule::Required,
                        "is required and must not be empty",
                    );
                }
                return;
            }
        }
        if *kind != ButtonType::AudioCall && button.expires_in_days.is_some() {
            self.error(
                &path.field("expires_in_days"),
                Rule::NotAllowed,
                format!("goes with audio_call only, not with {kind}"),
            );
        }
    }

    fn audio_call(&mut self, path: &Path<'_>, button: &Button) {
        let allowed = EXPIRES_IN_DAYS_MIN..=EXPIRES_IN_DAYS_MAX;
        if let Some(days) = button
            .expires_in_days
            .filter(|days| !allowed.contains(days))
        {
            let message =
                format!("must be {EXPIRES_IN_DAYS_MIN} to {EXPIRES_IN_DAYS_MAX} days, is {days}");
            self.error(&path.field("expires_in_days"), Rule::OutOfRange, message);
            return;
        }
        let (Some(deadline), Some(days)) = (self.deadline, button.clickable_days()) else {
            return;
        };
        let life = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
        if SystemTime::now() + life > deadline {
            self.warning(
                path,
                Rule::OutlivesDeadline,
                format!("can be tapped for {days} days, past the message's deadline"),
            );
        }
    }

    fn no_title(&mut self, path: &Path<'_>, button: &Button) {
        if button.title.is_some() {
            let path = path.field("title");
            self.error(&path, Rule::NotAllowed, "this type of button has no title");
        }
    }

    fn web_url(&mut self, path: &Path<'_>, button: &Button) {
        self.text(path, "url", button.url.as_deref(), &button.extra, None);
        let extensions = button.messenger_extensions == Some(true);
        if extensions {
            self.https_url(&path.field("url"), button.url.as_deref());
        } else if let Some(url) = button.url.as_deref().filter(|url| !url.is_empty()) {
            self.url(&path.field("url"), url);
        }
        if let Some(fallback) = &button.fallback_url {
            let path = path.field("fallback_url");
            self.url(&path, fallback);
            if !extensions {
                self.error(
                    &path,
                    Rule::NotAllowed,
                    "goes with messenger_extensions only",
                );
            }
        }
    }

    fn url(&mut self, path: &Path<'_>, url: &str) {
        if !has_scheme(url, &["http", "https"]) {
            self.error(
                path,
                Rule::InvalidUrl,
                "must be a URL that starts with http:// or https://",
            );
        }
    }

    fn https_url(&mut self, path: &Path<'_>, url: Option<&str>) {
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return;
        };
        if !has_scheme(url, &["http", "https"]) {
            self.url(path, url);
        } else if !has_scheme(url, &["https"]) {
            self.error(path, Rule::HttpsRequired, "must start with https://");
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is one of these schemes, `://`, and a host, without white
/// space. Nothing finer: what Meta accepts beyond that isn't documented.
fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    schemes
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
        && !rest.is_empty()
        && !rest.starts_with(['/', '?', '#', ':'])
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
