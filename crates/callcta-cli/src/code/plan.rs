//! What a message is built from, whichever the language: parts with the arguments that
//! every language has, and the rest in wire form.

use callcta::{Button, ButtonType, Element, Extra, Message, Template};
use serde::Serialize;
use serde_json::{Map, Value};

/// A part of a message, or the whole of it.
pub enum Part {
    Built(Built),
    /// What no builder says, in wire form: a message or a button.
    Raw(Value),
    RawElement(Value),
}

/// A part that a builder makes.
pub struct Built {
    pub what: What,
    /// What is set, under its name on the wire, what the builder needs first.
    pub arguments: Vec<(&'static str, Argument)>,
    /// Fields that no builder has an argument for.
    pub fields: Extra,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Generic,
    ButtonTemplate,
    CallPrompt,
    CallingOptin,
    Element,
    AudioCall,
    WebUrl,
    Postback,
    PhoneNumber,
    AccountLink,
    AccountUnlink,
    GamePlay,
}

pub enum Argument {
    Text(String),
    Number(i64),
    Yes(bool),
    Json(Map<String, Value>),
    Part(Part),
    Parts(Vec<Part>),
}

/// A message: its template, and what stands beside it.
pub struct Plan {
    pub template: Part,
    pub metadata: Option<String>,
    /// Further fields of the `message` object.
    pub fields: Extra,
}

/// How a message is built.
pub fn plan(message: &Message) -> Plan {
    template(message).map_or_else(
        || Plan {
            template: Part::Raw(message.to_value()),
            metadata: None,
            fields: Extra::new(),
        },
        |template| Plan {
            template: Part::Built(template),
            metadata: message.parts().metadata.map(str::to_owned),
            fields: message.parts().extra.clone(),
        },
    )
}

fn template(message: &Message) -> Option<Built> {
    let parts = message.parts();
    let template = parts.template?;
    let wire = message.to_value();
    let attachment = wire.get("attachment")?.as_object()?;
    // Fields beside the payload have no builder, nor has a field of the wrong type.
    if attachment.len() > 2 || parts.extra.contains_key("metadata") {
        return None;
    }
    let (what, arguments) = match template {
        Template::Generic(_) => {
            let elements = parts.elements?.iter().map(element).collect();
            let sharable = parts.sharable.map(Argument::Yes);
            let arguments = [
                ("elements", Some(Argument::Parts(elements))),
                ("sharable", sharable),
            ];
            (What::Generic, set(arguments))
        }
        Template::Button(_) => {
            let arguments = [
                ("text", parts.text.map(text)),
                ("buttons", parts.buttons.map(buttons)),
            ];
            let arguments = set(arguments);
            (arguments.len() == 2).then_some((What::ButtonTemplate, arguments))?
        }
        Template::CallPrompt(_) => {
            let days = parts.ttl_days.map(number);
            let days = days.map_or(Some(None), |days| days.map(Some))?;
            (What::CallPrompt, set([("ttl_days", days)]))
        }
        Template::Other(object) if object.len() == 1 => {
            let optin = template.template_type() == Some("calling_optin");
            return optin.then(|| built(What::CallingOptin, Vec::new(), &Extra::new()));
        }
        _ => return None,
    };
    // Something else in the place of a card or button goes with the message.
    let elements = parts.elements.unwrap_or_default().iter();
    let inner = elements.map(|it| it.parts());
    let buttons = parts.buttons.unwrap_or_default().iter();
    let odd = inner.clone().any(|it| it.malformed.is_some())
        || inner
            .filter_map(|it| it.buttons)
            .flatten()
            .chain(buttons)
            .any(|it| it.parts().malformed.is_some());
    if odd {
        return None;
    }
    let own = ["elements", "sharable", "text", "buttons", "ttl_days"];
    let mistyped = own.iter().any(|name| template.extra().contains_key(*name));
    (!mistyped).then(|| built(what, arguments, template.extra()))
}

fn element(element: &Element) -> Part {
    let parts = element.parts();
    let raw = || Part::RawElement(wire(element));
    let own = [
        "title",
        "subtitle",
        "image_url",
        "default_action",
        "buttons",
    ];
    let Some(title) = parts.title else {
        return raw();
    };
    // A default action loses its title when it is set.
    let titled = |action: &Button| action.title().is_some();
    if has_any(parts.extra, &own) || parts.default_action.is_some_and(titled) {
        return raw();
    }
    let action = parts.default_action.map(|it| Argument::Part(button(it)));
    let arguments = [
        ("title", Some(text(title))),
        ("subtitle", parts.subtitle.map(text)),
        ("image_url", parts.image_url.map(text)),
        ("default_action", action),
        ("buttons", parts.buttons.map(buttons)),
    ];
    Part::Built(built(What::Element, set(arguments), parts.extra))
}

fn buttons(all: &[Button]) -> Argument {
    Argument::Parts(all.iter().map(button).collect())
}

fn button(button: &Button) -> Part {
    built_button(button).map_or_else(|| Part::Raw(wire(button)), Part::Built)
}

fn built_button(button: &Button) -> Option<Built> {
    let parts = button.parts();
    let kind = parts.kind?;
    let (what, needed, more): (_, &[&str], &[&str]) = match kind {
        ButtonType::AudioCall => (What::AudioCall, &["title"], &["expires_in_days"]),
        // A card's default action has no title.
        ButtonType::WebUrl => (
            What::WebUrl,
            &["url"],
            &[
                "title",
                "webview_height_ratio",
                "messenger_extensions",
                "fallback_url",
                "webview_share_button",
            ],
        ),
        ButtonType::Postback => (What::Postback, &["title", "payload"], &[]),
        ButtonType::PhoneNumber => (What::PhoneNumber, &["title", "payload"], &[]),
        ButtonType::AccountLink => (What::AccountLink, &["url"], &[]),
        ButtonType::AccountUnlink => (What::AccountUnlink, &[], &[]),
        ButtonType::GamePlay => (What::GamePlay, &["title"], &["payload", "game_metadata"]),
        _ => return None,
    };
    let days = parts.expires_in_days.map(number);
    let days = days.map_or(Some(None), |days| days.map(Some))?;
    let arguments = set([
        ("title", parts.title.map(text)),
        ("url", parts.url.map(text)),
        ("payload", parts.payload.map(text)),
        ("expires_in_days", days),
        ("webview_height_ratio", parts.webview_height_ratio.map(text)),
        (
            "messenger_extensions",
            parts.messenger_extensions.map(Argument::Yes),
        ),
        ("fallback_url", parts.fallback_url.map(text)),
        ("webview_share_button", parts.webview_share_button.map(text)),
        (
            "game_metadata",
            parts.game_metadata.cloned().map(Argument::Json),
        ),
    ]);
    let is_set = |name: &&str| arguments.iter().any(|(set, _)| set == name);
    let has_place = |(name, _): &(&str, _)| needed.contains(name) || more.contains(name);
    // Typed languages have no other words for these.
    let words = parts
        .webview_height_ratio
        .is_none_or(|ratio| ["compact", "tall", "full"].contains(&ratio))
        && parts.webview_share_button.is_none_or(|it| it == "hide");
    let own = [
        "type",
        "title",
        "url",
        "payload",
        "expires_in_days",
        "webview_height_ratio",
        "messenger_extensions",
        "fallback_url",
        "webview_share_button",
        "game_metadata",
    ];
    let complete = needed.iter().all(is_set) && arguments.iter().all(has_place);
    (complete && words && !has_any(parts.extra, &own)).then(|| built(what, arguments, parts.extra))
}

impl Built {
    /// What is set under a name.
    pub fn get(&self, name: &str) -> Option<&Argument> {
        let found = self.arguments.iter().find(|(set, _)| *set == name);
        found.map(|(_, argument)| argument)
    }
}

fn built(what: What, arguments: Vec<(&'static str, Argument)>, fields: &Extra) -> Built {
    Built {
        what,
        arguments,
        fields: fields.clone(),
    }
}

fn set<const N: usize>(
    arguments: [(&'static str, Option<Argument>); N],
) -> Vec<(&'static str, Argument)> {
    let arguments = arguments.into_iter();
    arguments
        .filter_map(|(name, argument)| Some((name, argument?)))
        .collect()
}

fn text(text: &str) -> Argument {
    Argument::Text(text.to_owned())
}

/// A number that every language writes as it is; nothing if it is out of all proportion.
fn number(number: i64) -> Option<Argument> {
    (number.abs() < 1_000_000).then_some(Argument::Number(number))
}

fn has_any(fields: &Extra, names: &[&str]) -> bool {
    names.iter().any(|name| fields.contains_key(*name))
}

fn wire(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("parts of messages have a wire form")
}
