//! Messages as TypeScript and JavaScript.

use callcta::{Extra, Message, Request};
use serde_json::Value;

use super::layout::{Style, Tree};
use super::plan::{Argument, Built, Part, What, plan};
use super::program::{Unsaid, options, recipient};
use super::quote;

/// As Prettier has it.
const STYLE: Style = Style {
    width: 80,
    indent: 2,
    inner: usize::MAX / 2,
    hugs: false,
};

pub fn message(message: &Message, name: &str, typed: bool) -> String {
    let import = if typed {
        "import type { Message } from 'callcta';\n\n"
    } else {
        ""
    };
    format!("{import}{}", binding(message, name, typed))
}

pub fn program(request: &Request, name: &str, typed: bool) -> Result<String, Unsaid> {
    let message = binding(&request.message, name, typed);
    let (to, env) = match recipient(request)? {
        None => {
            let sure = if typed { "!" } else { "" };
            let to = format!("env.CALLCTA_PSID{sure}");
            (Tree::leaf(to), "import { env } from 'node:process';\n\n")
        }
        Some(("id", psid)) => (Tree::leaf(quote::javascript(psid)), ""),
        Some((form, value)) => {
            let form = camel(form);
            let value = Tree::leaf(quote::javascript(value));
            (object(vec![Tree::named(form + ": ", value)]), "")
        }
    };
    let options = options(request)?;
    let mut arguments = vec![to, Tree::leaf(name)];
    if !options.is_empty() {
        let texts = options.texts.iter();
        let mut items: Vec<_> = texts
            .map(|(option, text)| {
                Tree::leaf(format!("{}: {}", camel(option), quote::javascript(text)))
            })
            .collect();
        items.extend(fields("fields", &options.fields));
        arguments.push(object(items));
    }
    let send = Tree::group("client.send(", arguments, ")");
    let send = STYLE.lay_out(&send, 0, 22, 1);
    let names = if typed {
        "Client, type Message"
    } else {
        "Client"
    };
    Ok(format!(
        "{env}import {{ {names} }} from 'callcta';

{message}
const client = Client.fromEnv();
const receipt = await {send};
console.log('sent', receipt.messageId);
client.close();
"
    ))
}

fn binding(message: &Message, name: &str, typed: bool) -> String {
    let head = format!("const {name}{} = ", if typed { ": Message" } else { "" });
    let tree = message_tree(message);
    format!(
        "{head}{};\n",
        STYLE.lay_out(&tree, 0, head.chars().count(), 1)
    )
}

fn message_tree(message: &Message) -> Tree {
    let plan = plan(message);
    let built = match plan.template {
        Part::Raw(wire) | Part::RawElement(wire) => return raw(&wire),
        Part::Built(built) if built.what == What::CallingOptin => return raw(&message.to_value()),
        Part::Built(built) => built,
    };
    let template = match built.what {
        What::Generic => "generic",
        What::ButtonTemplate => "button",
        _ => "call_prompt",
    };
    let mut items = vec![Tree::leaf(format!("template: '{template}'"))];
    items.extend(arguments(&built));
    let metadata = plan.metadata.as_deref().map(quote::javascript);
    items.extend(metadata.map(|it| Tree::leaf(format!("metadata: {it}"))));
    items.extend(fields("fields", &built.fields));
    items.extend(fields("messageFields", &plan.fields));
    // A message always begins on a line of its own.
    Tree::Group {
        open: "{".to_owned(),
        items,
        close: " }",
        broken: true,
    }
}

fn raw(wire: &Value) -> Tree {
    object(vec![Tree::named("raw: ", value(wire))])
}

fn arguments(built: &Built) -> Vec<Tree> {
    let each = built.arguments.iter().map(|(name, argument)| {
        let name = match *name {
            "payload" if built.what == What::PhoneNumber => "number".to_owned(),
            name => camel(name),
        };
        let tree = match argument {
            Argument::Text(text) => Tree::leaf(quote::javascript(text)),
            Argument::Number(number) => Tree::leaf(number.to_string()),
            Argument::Yes(yes) => Tree::leaf(yes.to_string()),
            Argument::Json(map) => wire_object(map),
            Argument::Part(inner) => part(inner),
            Argument::Parts(parts) => list(parts.iter().map(part).collect()),
        };
        Tree::named(name + ": ", tree)
    });
    each.collect()
}

fn part(part: &Part) -> Tree {
    let built = match part {
        Part::Raw(wire) | Part::RawElement(wire) => return raw(wire),
        Part::Built(built) => built,
    };
    let kind = match built.what {
        What::AudioCall => Some("audio_call"),
        What::WebUrl => Some("web_url"),
        What::Postback => Some("postback"),
        What::PhoneNumber => Some("phone_number"),
        What::AccountLink => Some("account_link"),
        What::AccountUnlink => Some("account_unlink"),
        What::GamePlay => Some("game_play"),
        _ => None,
    };
    let kind = kind.map(|kind| Tree::leaf(format!("type: '{kind}'")));
    let mut items: Vec<_> = kind.into_iter().collect();
    items.extend(arguments(built));
    items.extend(fields("fields", &built.fields));
    let is_card = built.what == What::Element;
    Tree::Group {
        open: "{".to_owned(),
        items,
        close: " }",
        broken: is_card,
    }
}

fn fields(name: &str, fields: &Extra) -> Option<Tree> {
    (!fields.is_empty()).then(|| Tree::named(format!("{name}: "), wire_object(fields)))
}

fn object(items: Vec<Tree>) -> Tree {
    Tree::group("{", items, " }")
}

/// Prettier breaks a list of several objects or lists that have more than one member each.
fn list(items: Vec<Tree>) -> Tree {
    let is_large = |item: &Tree| {
        matches!(item, Tree::Group { open, items, .. }
            if (open == "{" || open == "[") && items.len() > 1)
    };
    let broken = items.len() > 1
        && items.iter().all(is_large)
        && items.windows(2).all(|pair| match pair {
            [
                Tree::Group { open: one, .. },
                Tree::Group { open: other, .. },
            ] => one == other,
            _ => false,
        });
    Tree::Group {
        open: "[".to_owned(),
        items,
        close: "]",
        broken,
    }
}

fn wire_object(map: &Extra) -> Tree {
    let named = |(key, it): (&String, &Value)| Tree::named(name_of(key) + ": ", value(it));
    object(map.iter().map(named).collect())
}

/// A name on the left of a colon. `__proto__` would set the object's prototype.
fn name_of(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    if key == "__proto__" {
        return format!("[{}]", quote::javascript(key));
    }
    if key.chars().all(plain) && key.starts_with(|c: char| plain(c) && !c.is_ascii_digit()) {
        return key.to_owned();
    }
    quote::javascript(key)
}

fn value(wire: &Value) -> Tree {
    match wire {
        Value::String(text) => Tree::leaf(quote::javascript(text)),
        Value::Number(number) => Tree::leaf(number_of(number)),
        Value::Array(items) => list(items.iter().map(value).collect()),
        Value::Object(map) => wire_object(map),
        other => Tree::leaf(other.to_string()),
    }
}

/// Whole numbers that a number is too coarse for are bigints.
fn number_of(number: &serde_json::Number) -> String {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    const WIDEST: f64 = 18_446_744_073_709_551_616.0;
    let real = number.as_f64().unwrap_or_default();
    let size = real.abs();
    match number.is_f64() {
        false if size > EXACT => format!("{number}n"),
        false => number.to_string(),
        true if real.fract() == 0.0 && size <= EXACT => format!("{real:.0}"),
        true if real.fract() == 0.0 && size < WIDEST => format!("{real:.0}n"),
        true => format!("{real:?}"),
    }
}

/// `expires_in_days` as `expiresInDays`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let (initial, rest) = word.split_at(1.min(word.len()));
        name.push_str(&initial.to_ascii_uppercase());
        name.push_str(rest);
        name
    })
}
