//! Messages as Python.

use std::collections::BTreeSet;

use callcta::{Extra, Message, Request};
use serde_json::Value;

use super::layout::{Style, Tree};
use super::plan::{Argument, Built, Part, What, plan};
use super::program::{Unsaid, options, recipient};
use super::quote;

/// As Ruff and Black have it.
const STYLE: Style = Style {
    width: 88,
    indent: 4,
    inner: usize::MAX / 2,
    hugs: false,
};

/// What is used of callcta.
#[derive(Default)]
struct Used(BTreeSet<&'static str>);

pub fn message(message: &Message, name: &str) -> String {
    let mut used = Used::default();
    let statement = used.binding(message, name);
    format!("{}\n{statement}", used.imports())
}

pub fn program(request: &Request, name: &str) -> Result<String, Unsaid> {
    let mut used = Used::default();
    used.0.insert("Client");
    let message = used.binding(&request.message, name);
    let (to, env) = match recipient(request)? {
        None => ("os.environ[\"CALLCTA_PSID\"]".to_owned(), "import os\n\n"),
        Some(("id", psid)) => (quote::python(psid), ""),
        Some((form, value)) => {
            used.0.insert("Recipient");
            (format!("Recipient({form}={})", quote::python(value)), "")
        }
    };
    let options = options(request)?;
    let mut arguments = vec![Tree::leaf(to), Tree::leaf(name)];
    let texts = options.texts.iter();
    arguments.extend(
        texts.map(|(option, text)| Tree::leaf(format!("{option}={}", quote::python(text)))),
    );
    arguments.extend(fields("fields", &options.fields));
    let send = Tree::group("client.send(", arguments, ")");
    let send = STYLE.lay_out(&send, 4, 14, 0);
    Ok(format!(
        "{env}{}
{message}
with Client.from_env() as client:
    receipt = {send}
print(\"sent\", receipt.message_id)
",
        used.imports()
    ))
}

impl Used {
    fn imports(&self) -> String {
        let names = self.0.iter().copied().collect::<Vec<_>>();
        let line = format!("from callcta import {}\n", names.join(", "));
        if line.len() <= STYLE.width {
            return line;
        }
        format!("from callcta import (\n    {},\n)\n", names.join(",\n    "))
    }

    fn binding(&mut self, message: &Message, name: &str) -> String {
        let head = format!("{name} = ");
        let tree = self.message(message);
        format!(
            "{head}{}\n",
            STYLE.lay_out(&tree, 0, head.chars().count(), 0)
        )
    }

    fn message(&mut self, message: &Message) -> Tree {
        let plan = plan(message);
        let built = match plan.template {
            Part::Raw(wire) | Part::RawElement(wire) => return self.raw("RawMessage", &wire),
            // It has no class.
            Part::Built(built) if built.what == What::CallingOptin => {
                return self.raw("RawMessage", &message.to_value());
            }
            Part::Built(built) => built,
        };
        let class = match built.what {
            What::Generic => "GenericTemplate",
            What::ButtonTemplate => "ButtonTemplate",
            _ => "CallPrompt",
        };
        self.0.insert(class);
        let mut arguments: Vec<_> = built
            .arguments
            .iter()
            .map(|(name, argument)| match *name {
                "text" | "elements" | "buttons" => self.argument(argument),
                _ => Tree::named(format!("{name}="), self.argument(argument)),
            })
            .collect();
        let metadata = plan.metadata.as_deref().map(quote::python);
        arguments.extend(metadata.map(|it| Tree::leaf(format!("metadata={it}"))));
        arguments.extend(fields("fields", &built.fields));
        arguments.extend(fields("message_fields", &plan.fields));
        Tree::group(format!("{class}("), arguments, ")")
    }

    fn argument(&mut self, argument: &Argument) -> Tree {
        match argument {
            Argument::Text(text) => Tree::leaf(quote::python(text)),
            Argument::Number(number) => Tree::leaf(number.to_string()),
            Argument::Yes(yes) => Tree::leaf(if *yes { "True" } else { "False" }),
            Argument::Json(object) => object_tree(object),
            Argument::Part(part) => self.part(part),
            Argument::Parts(parts) => {
                let parts = parts.iter().map(|part| self.part(part)).collect();
                Tree::group("[", parts, "]")
            }
        }
    }

    fn part(&mut self, part: &Part) -> Tree {
        match part {
            Part::Built(built) => self.built(built),
            Part::Raw(wire) => self.raw("RawButton", wire),
            Part::RawElement(wire) => {
                self.0.insert("Element");
                Tree::group("Element.from_dict(", vec![value(wire)], ")")
            }
        }
    }

    fn raw(&mut self, class: &'static str, wire: &Value) -> Tree {
        self.0.insert(class);
        Tree::group(format!("{class}("), vec![value(wire)], ")")
    }

    fn built(&mut self, built: &Built) -> Tree {
        let class = match built.what {
            What::Element => "Element",
            What::AudioCall => "AudioCallButton",
            What::WebUrl => "WebUrlButton",
            What::Postback => "PostbackButton",
            What::PhoneNumber => "PhoneNumberButton",
            What::AccountLink => "AccountLinkButton",
            What::AccountUnlink => "AccountUnlinkButton",
            _ => "GamePlayButton",
        };
        self.0.insert(class);
        let mut arguments = Vec::new();
        // Only a default action's title, which is left out on the wire, is not there.
        if built.what == What::WebUrl && built.get("title").is_none() {
            arguments.push(Tree::leaf("None"));
        }
        for (name, argument) in &built.arguments {
            let tree = self.argument(argument);
            arguments.push(match *name {
                "title" | "url" => tree,
                "payload" if built.what != What::GamePlay => tree,
                _ => Tree::named(format!("{name}="), tree),
            });
        }
        arguments.extend(fields("fields", &built.fields));
        Tree::group(format!("{class}("), arguments, ")")
    }
}

fn fields(name: &str, fields: &Extra) -> Option<Tree> {
    (!fields.is_empty()).then(|| Tree::named(format!("{name}="), object_tree(fields)))
}

fn object_tree(object: &Extra) -> Tree {
    let named =
        |(key, it): (&String, &Value)| Tree::named(format!("{}: ", quote::python(key)), value(it));
    Tree::group("{", object.iter().map(named).collect(), "}")
}

fn value(wire: &Value) -> Tree {
    match wire {
        Value::Null => Tree::leaf("None"),
        Value::Bool(yes) => Tree::leaf(if *yes { "True" } else { "False" }),
        Value::String(text) => Tree::leaf(quote::python(text)),
        Value::Number(number) => Tree::leaf(match number.as_f64() {
            Some(real) if number.is_f64() => format!("{real:?}"),
            _ => number.to_string(),
        }),
        Value::Array(items) => Tree::group("[", items.iter().map(value).collect(), "]"),
        Value::Object(object) => object_tree(object),
    }
}
