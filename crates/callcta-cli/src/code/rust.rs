//! Messages as Rust.

use std::collections::BTreeSet;

use callcta::{Extra, Message, Request};
use serde_json::Value;

use super::layout::{Style, Tree};
use super::plan::{Argument, Built, Part, What, plan};
use super::program::{Unsaid, options, recipient};
use super::quote;

/// As rustfmt has it.
const STYLE: Style = Style {
    width: 100,
    indent: 4,
    inner: 60,
    hugs: true,
};

/// `json!` takes its argument apart token by token, and the compiler gives up on long ones.
const JSON_VALUES_MAX: usize = 30;

/// What is used of callcta and of `serde_json`.
#[derive(Default)]
struct Used {
    callcta: BTreeSet<&'static str>,
    json: BTreeSet<&'static str>,
}

pub fn message(message: &Message, name: &str) -> String {
    let mut used = Used::default();
    let statement = used.binding(message, name, 0);
    format!("{}\n{statement}", used.imports())
}

pub fn program(request: &Request, name: &str) -> Result<String, Unsaid> {
    let mut used = Used::default();
    used.callcta.insert("Client");
    let message = used.binding(&request.message, name, 4);
    let (to, env) = match recipient(request)? {
        None => ("var(\"CALLCTA_PSID\")?".to_owned(), "use std::env::var;\n"),
        Some(("id", psid)) => (quote::rust(psid), ""),
        Some((form, value)) => {
            used.callcta.insert("Recipient");
            let variant = match form {
                "user_ref" => "UserRef",
                "comment_id" => "CommentId",
                _ => "PostId",
            };
            let value = quote::rust(value);
            (format!("Recipient::{variant}({value}.into())"), "")
        }
    };
    let options = options(request)?;
    let (said, send) = if options.is_empty() {
        (String::new(), format!("send({to}, &{name})"))
    } else {
        used.callcta.insert("SendOptions");
        let texts = options.texts.iter();
        let mut calls: Vec<_> = texts
            .map(|(option, text)| method(option, Tree::leaf(quote::rust(text))))
            .collect();
        calls.extend(used.fields(&options.fields));
        let tree = chain(Tree::leaf("SendOptions::new()"), calls);
        let tree = STYLE.lay_out(&tree, 4, 18, 1);
        (
            format!("    let options = {tree};\n"),
            format!("send_with({to}, &{name}, &options)"),
        )
    };
    Ok(format!(
        "{}{env}
fn main() -> Result<(), Box<dyn std::error::Error>> {{
    let client = Client::from_env()?;
{message}{said}    let receipt = client.{send}?;
    println!(\"sent {{}}\", receipt.message_id);
    Ok(())
}}
",
        used.imports()
    ))
}

impl Used {
    fn imports(&self) -> String {
        let list = |of: &str, names: &BTreeSet<&str>| {
            let list: Vec<_> = names.iter().copied().collect();
            match &list[..] {
                [] => String::new(),
                [one] => format!("use {of}::{one};\n"),
                _ => format!("use {of}::{{{}}};\n", list.join(", ")),
            }
        };
        list("callcta", &self.callcta) + &list("serde_json", &self.json)
    }

    fn binding(&mut self, message: &Message, name: &str, indent: usize) -> String {
        self.callcta.insert("Message");
        let head = format!("{}let {name} = ", " ".repeat(indent));
        let built = if is_large(message) {
            None
        } else {
            self.message(message)
        };
        let tree = built.unwrap_or_else(|| {
            let wire = Tree::leaf(quote::rust_raw(&message.to_json()));
            Tree::group("Message::from_json(", vec![wire], ")?")
        });
        let text = STYLE.lay_out(&tree, indent, head.chars().count(), 1);
        let opens = text.split_once('\n').map(|(first, _)| first.ends_with('('));
        if opens == Some(false) && matches!(tree, Tree::Group { .. }) && is_one_call(&tree) {
            // Rustfmt then begins on a line of its own.
            let inner = indent + STYLE.indent;
            let text = STYLE.lay_out(&tree, inner, inner, 1);
            return format!("{}\n{}{text};\n", head.trim_end(), " ".repeat(inner));
        }
        format!("{head}{text};\n")
    }

    /// The message by its builders, unless only its wire form says it.
    fn message(&mut self, message: &Message) -> Option<Tree> {
        let plan = plan(message);
        let parts = message.parts();
        let base = match &plan.template {
            Part::Built(built) => self.template(built),
            _ if parts.template.is_some() => return None,
            _ => Tree::leaf("Message::default()"),
        };
        let metadata = parts.metadata.map(|it| Tree::leaf(quote::rust(it)));
        let mut calls: Vec<_> = metadata
            .map(|it| method("metadata", it))
            .into_iter()
            .collect();
        calls.extend(self.fields(parts.extra));
        Some(chain(base, calls))
    }

    fn template(&mut self, built: &Built) -> Tree {
        let (typed, new, short) = match built.what {
            What::Generic => ("GenericTemplate", "new", "generic"),
            What::ButtonTemplate => ("ButtonTemplate", "new", "buttons"),
            What::CallPrompt => ("CallPrompt", "new", "call_prompt"),
            _ => ("", "", "calling_optin"),
        };
        let (mut first, mut calls) = (Vec::new(), Vec::new());
        for (name, argument) in &built.arguments {
            let tree = self.argument(argument);
            match *name {
                "sharable" | "ttl_days" => calls.push(method(name, tree)),
                _ => first.push(tree),
            }
        }
        calls.extend(self.fields(&built.fields));
        if calls.is_empty() {
            return Tree::group(format!("Message::{short}("), first, ")");
        }
        self.callcta.insert(typed);
        let template = Tree::group(format!("{typed}::{new}("), first, ")");
        Tree::group("Message::from(", vec![chain(template, calls)], ")")
    }

    fn argument(&mut self, argument: &Argument) -> Tree {
        match argument {
            Argument::Text(text) => Tree::leaf(quote::rust(text)),
            Argument::Number(number) => Tree::leaf(number.to_string()),
            Argument::Yes(yes) => Tree::leaf(yes.to_string()),
            Argument::Json(object) => {
                self.json.insert("Map");
                let entries = object.iter().map(|(key, value)| {
                    let value = self.value(value, ".into()");
                    Tree::leaf(format!("({}.to_owned(), {value})", quote::rust(key)))
                });
                let entries = Tree::group("[", entries.collect(), "]");
                Tree::group("Map::from_iter(", vec![entries], ")")
            }
            Argument::Part(part) => self.part(part),
            Argument::Parts(parts) => {
                let parts = parts.iter().map(|part| self.part(part)).collect();
                Tree::group("[", parts, "]")
            }
        }
    }

    fn part(&mut self, part: &Part) -> Tree {
        match part {
            Part::Built(built) if built.what == What::Element => self.element(built),
            Part::Built(built) => self.button(built),
            Part::RawElement(value) => self.raw("Element", value),
            Part::Raw(value) => self.raw("Button", value),
        }
    }

    fn raw(&mut self, typed: &'static str, value: &Value) -> Tree {
        self.callcta.insert(typed);
        self.json.insert("json");
        let json = Tree::group("json!(", vec![json(value)], ")");
        Tree::group(format!("{typed}::raw("), vec![json], ")")
    }

    fn element(&mut self, built: &Built) -> Tree {
        self.callcta.insert("Element");
        let (mut first, mut calls) = (Vec::new(), Vec::new());
        for (name, argument) in &built.arguments {
            match argument {
                Argument::Parts(parts) if !parts.is_empty() => {
                    let parts = parts.iter().map(|part| method("button", self.part(part)));
                    calls.extend(parts);
                }
                _ if *name == "title" => first.push(self.argument(argument)),
                _ => calls.push(method(name, self.argument(argument))),
            }
        }
        calls.extend(self.fields(&built.fields));
        chain(Tree::group("Element::new(", first, ")"), calls)
    }

    fn button(&mut self, built: &Built) -> Tree {
        self.callcta.insert("Button");
        let (new, needs): (_, &[&str]) = match built.what {
            What::AudioCall => ("audio_call", &["title"]),
            What::WebUrl => ("web_url", &["title", "url"]),
            What::Postback => ("postback", &["title", "payload"]),
            What::PhoneNumber => ("phone_number", &["title", "payload"]),
            What::AccountLink => ("account_link", &["url"]),
            What::AccountUnlink => ("account_unlink", &[]),
            _ => ("game_play", &["title"]),
        };
        // Only a default action's title, which is left out on the wire, is not there.
        let missing = || Tree::leaf("\"\"");
        let first = needs
            .iter()
            .map(|name| built.get(name).map_or_else(missing, |it| self.argument(it)));
        let base = Tree::group(format!("Button::{new}("), first.collect(), ")");
        let more = built.arguments.iter();
        let more = more.filter(|(name, _)| !needs.contains(name));
        let mut calls: Vec<_> = more
            .map(|(name, argument)| method(name, self.argument(argument)))
            .collect();
        calls.extend(self.fields(&built.fields));
        chain(base, calls)
    }

    fn fields(&mut self, fields: &Extra) -> Vec<Tree> {
        let each = fields.iter().map(|(key, value)| {
            let value = match value {
                Value::Array(_) | Value::Object(_) => {
                    self.json.insert("json");
                    Tree::group("json!(", vec![json(value)], ")")
                }
                plain => Tree::leaf(self.value(plain, "")),
            };
            Tree::group(".field(", vec![Tree::leaf(quote::rust(key)), value], ")")
        });
        each.collect()
    }

    /// A value that a method takes as it is, or any other as JSON.
    fn value(&mut self, value: &Value, into: &str) -> String {
        match value {
            Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(value) + into,
            other => {
                self.json.insert("json");
                let json = STYLE.lay_out(&json(other), 0, 0, 0);
                format!("json!({json})")
            }
        }
    }
}

fn method(name: &str, argument: Tree) -> Tree {
    Tree::group(format!(".{name}("), vec![argument], ")")
}

fn chain(base: Tree, calls: Vec<Tree>) -> Tree {
    if calls.is_empty() {
        return base;
    }
    Tree::Chain(Box::new(base), calls)
}

/// Whether it is a list of one card on which one method is called.
fn is_one_call(tree: &Tree) -> bool {
    match tree {
        Tree::Group { items, .. } => matches!(&items[..], [item] if is_one_call(item)),
        Tree::Chain(_, calls) => calls.len() == 1,
        _ => false,
    }
}

/// What stands between the brackets of `json!`.
fn json(value: &Value) -> Tree {
    match value {
        Value::Array(items) => Tree::group("[", items.iter().map(json).collect(), "]"),
        Value::Object(object) => {
            let named = |(key, value): (&String, &Value)| {
                Tree::named(format!("{}: ", quote::rust(key)), json(value))
            };
            Tree::group("{", object.iter().map(named).collect(), "}")
        }
        _ => Tree::leaf(plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => quote::rust(text),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(small), _) if i32::try_from(small).is_ok() => small.to_string(),
            (Some(large), _) => format!("{large}_i64"),
            (_, Some(large)) => format!("{large}_u64"),
            _ => format!("{:?}", number.as_f64().unwrap_or_default()),
        },
        other => other.to_string(),
    }
}

/// Whether a part of the message is too much for `json!`.
fn is_large(message: &Message) -> bool {
    fn values(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(values).sum(),
            Value::Object(object) => object.values().map(values).sum(),
            _ => 0,
        }
    }
    fn large(part: &Part) -> bool {
        match part {
            Part::Raw(value) | Part::RawElement(value) => values(value) > JSON_VALUES_MAX,
            Part::Built(built) => {
                fields(&built.fields)
                    || built.arguments.iter().any(|(_, argument)| match argument {
                        Argument::Json(object) => fields(object),
                        Argument::Part(inner) => large(inner),
                        Argument::Parts(parts) => parts.iter().any(large),
                        _ => false,
                    })
            }
        }
    }
    fn fields(fields: &Extra) -> bool {
        fields.values().any(|value| values(value) > JSON_VALUES_MAX)
    }
    let is_built = message.parts().template.is_some();
    is_built && large(&plan(message).template) || fields(message.parts().extra)
}
