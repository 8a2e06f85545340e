//! Messages as C.

use callcta::{Extra, Message, Request};
use serde_json::Value;

use super::plan::{Argument, Built, Part, Plan, What, plan};
use super::program::{Unsaid, options, recipient};
use super::quote;

const WIDTH: usize = 100;

/// A call, its arguments but for the last, which is where errors go.
struct Call {
    function: String,
    arguments: Vec<String>,
}

/// The calls that make a message, and the handles that they fill.
#[derive(Default)]
struct Calls {
    chain: Vec<Call>,
    buttons: Vec<String>,
    elements: Vec<String>,
}

pub fn message(message: &Message, name: &str) -> String {
    format!("#include <callcta.h>\n\n{}", function(message, name))
}

pub fn program(request: &Request, name: &str) -> Result<String, Unsaid> {
    let options = options(request)?;
    let (form, to) = match recipient(request)? {
        None => ("PSID", "getenv(\"CALLCTA_PSID\")".to_owned()),
        Some((form, value)) => {
            let form = match form {
                "user_ref" => "USER_REF",
                "comment_id" => "COMMENT_ID",
                "post_id" => "POST_ID",
                _ => "PSID",
            };
            (form, text(value)?)
        }
    };
    let stdlib = if to.starts_with("getenv(") {
        "#include <stdlib.h>\n"
    } else {
        ""
    };
    let mut calls = vec![
        call("callcta_config_from_env", ["&config"]),
        call("callcta_client_new", ["config", "&client"]),
        call(&format!("make_{name}"), ["&message"]),
    ];
    let whole = form != "PSID" || !options.is_empty();
    if whole {
        let form = format!("CALLCTA_RECIPIENT_{form}");
        calls.push(call(
            "callcta_request_new",
            [&form, &to, "message", "&request"],
        ));
        for (option, value) in &options.texts {
            let option = format!("CALLCTA_OPTION_{}", option.to_ascii_uppercase());
            calls.push(call(
                "callcta_request_set",
                ["request", &option, &text(value)?],
            ));
        }
        if !options.fields.is_empty() {
            let fields = quote::c_json(&Value::Object(options.fields));
            let arguments = ["request", "CALLCTA_OPTION_FIELDS", &fields];
            calls.push(call("callcta_request_set", arguments));
        }
        calls.push(call(
            "callcta_client_send_request",
            ["client", "request", "&receipt"],
        ));
    } else {
        calls.push(call(
            "callcta_client_send",
            ["client", &to, "message", "&receipt"],
        ));
    }
    let (declared, freed) = if whole {
        (
            "    callcta_request *request = NULL;\n",
            "    callcta_request_free(request);\n",
        )
    } else {
        ("", "")
    };
    let chain = calls.iter().enumerate().map(|(at, call)| {
        let (before, after) = (if at == 0 { "    if (" } else { "        " }, " ||\n");
        let last = at + 1 == calls.len();
        let line = call.lines(before, 8 + call.function.len() + 1, "&error");
        line + if last { ") {\n" } else { after }
    });
    let chain: String = chain.collect();
    Ok(format!(
        "#include <callcta.h>
#include <stdio.h>
{stdlib}
{}
int main(void) {{
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_message *message = NULL;
{declared}    callcta_receipt *receipt = NULL;
    callcta_error *error;

{chain}        fprintf(stderr, \"%s: %s (%s)\\n\", error->kind, error->message, error->delivery_name);
    }} else {{
        printf(\"sent %s\\n\", receipt->message_id);
    }}

    int failed = error != NULL;
    callcta_error_free(error);
    callcta_receipt_free(receipt);
{freed}    callcta_message_free(message);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}}
",
        function(&request.message, name)
    ))
}

/// A function that makes the message.
fn function(message: &Message, name: &str) -> String {
    let Calls {
        chain: calls,
        buttons,
        elements,
    } = Calls::of(message);
    let head = format!(
        "/* Makes the message, to be freed with callcta_message_free. */
static callcta_status make_{name}(callcta_message **message, callcta_error **error) {{\n"
    );
    if let ([call], true) = (&calls[..], buttons.is_empty() && elements.is_empty()) {
        let call = call.lines("    return ", 11 + call.function.len() + 1, "error");
        return format!("{head}{call};\n}}\n");
    }
    let mut text = head;
    for (kind, names) in [("button", &buttons), ("element", &elements)] {
        if !names.is_empty() {
            text += &declaration(kind, names);
        }
    }
    text += "    callcta_status status;\n\n    *message = NULL;\n";
    for (at, call) in calls.iter().enumerate() {
        let before = if at == 0 {
            "    (void)((status = "
        } else {
            "           (status = "
        };
        let last = at + 1 == calls.len();
        let indent = before.len() + call.function.len() + 1;
        text += &call.lines(before, indent, "error");
        text += if last { "));\n" } else { ") ||\n" };
    }
    for (kind, names) in [("element", &elements), ("button", &buttons)] {
        for name in names.iter().rev() {
            text.extend(["    callcta_", kind, "_free(", name, ");\n"]);
        }
    }
    text + "    if (status) {
        callcta_message_free(*message);
        *message = NULL;
    }
    return status;
}
"
}

/// `callcta_button *call = NULL, *website = NULL;`
fn declaration(kind: &str, names: &[String]) -> String {
    let head = format!("    callcta_{kind} ");
    let mut text = head.clone();
    let mut column = head.len();
    for (at, name) in names.iter().enumerate() {
        let end = if at + 1 == names.len() { ";\n" } else { "," };
        let one = format!("*{name} = NULL{end}");
        if at > 0 && column + one.len() + 1 > WIDTH {
            text.extend(["\n", &" ".repeat(head.len())]);
            column = head.len();
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        column += one.len();
        text += &one;
    }
    text
}

fn call<const N: usize>(function: &str, arguments: [&str; N]) -> Call {
    Call {
        function: function.to_owned(),
        arguments: arguments.map(str::to_owned).to_vec(),
    }
}

impl Call {
    /// The call behind `before`, broken where a line is full.
    fn lines(&self, before: &str, indent: usize, error: &str) -> String {
        let mut text = format!("{before}{}(", self.function);
        let mut column = text.chars().count();
        let all = self.arguments.iter().map(String::as_str).chain([error]);
        let count = self.arguments.len() + 1;
        for (at, argument) in all.enumerate() {
            // As much as may follow the last.
            let end = if at + 1 == count { ")" } else { "," };
            let length = argument.chars().count() + if at + 1 == count { 6 } else { 1 };
            if at > 0 && column + 1 + length > WIDTH {
                text.extend(["\n", &" ".repeat(indent)]);
                column = indent;
            } else if at > 0 {
                text.push(' ');
                column += 1;
            }
            text.extend([argument, end]);
            column += length;
        }
        text
    }
}

/// A text, unless it would end before its end.
fn text(value: &str) -> Result<String, Unsaid> {
    if value.contains('\0') {
        return Err(Unsaid("a text in it has U+0000".to_owned()));
    }
    Ok(quote::c(value))
}

impl Calls {
    fn of(message: &Message) -> Self {
        let plan = plan(message);
        let mut calls = Calls::default();
        if calls.template(&plan).is_none() {
            let wire = quote::c_json(&message.to_value());
            calls = Calls::default();
            calls.add("callcta_message_from_json", [&wire, "message"]);
        }
        calls
    }

    fn add<const N: usize>(&mut self, function: &str, arguments: [&str; N]) {
        self.chain.push(call(function, arguments));
    }

    /// Nothing, if the message has parts that only its JSON says.
    fn template(&mut self, plan: &Plan) -> Option<()> {
        let Part::Built(built) = &plan.template else {
            return None;
        };
        // Parts first, since a message is not to be had before all is well with them.
        let mut parts = Vec::new();
        for (name, argument) in &built.arguments {
            if let Argument::Parts(all) = argument {
                for part in all {
                    parts.push((*name, self.part(part)?));
                }
            }
        }
        match built.what {
            What::Generic => self.add("callcta_message_generic", ["message"]),
            What::ButtonTemplate => {
                let Some(Argument::Text(words)) = built.get("text") else {
                    return None;
                };
                self.add("callcta_message_buttons", [&text(words).ok()?, "message"]);
            }
            What::CallPrompt => self.add("callcta_message_call_prompt", ["message"]),
            _ => return None,
        }
        for (name, part) in parts {
            let adds = if name == "elements" {
                "element"
            } else {
                "button"
            };
            self.add(&format!("callcta_message_add_{adds}"), ["*message", &part]);
        }
        for name in ["sharable", "ttl_days"] {
            if let Some(argument) = built.get(name) {
                let path = format!("attachment.payload.{name}");
                self.set("message", "*message", &path, &json_of(argument));
            }
        }
        for (key, value) in &built.fields {
            if key.contains('.') {
                return None;
            }
            let path = format!("attachment.payload.{key}");
            self.set("message", "*message", &path, value);
        }
        if let Some(metadata) = &plan.metadata {
            self.set(
                "message",
                "*message",
                "metadata",
                &Value::from(&metadata[..]),
            );
        }
        self.fields("message", "*message", &plan.fields)
    }

    /// The handle of a part.
    fn part(&mut self, part: &Part) -> Option<String> {
        match part {
            Part::Built(built) if built.what == What::Element => self.element(built),
            Part::Built(built) => self.button(built),
            Part::Raw(wire) if wire.is_object() => {
                let name = self.name("button");
                let json = quote::c_json(wire);
                let handle = format!("&{name}");
                self.add(
                    "callcta_button_new",
                    ["CALLCTA_BUTTON_JSON", "NULL", &json, &handle],
                );
                Some(name)
            }
            Part::Raw(_) | Part::RawElement(_) => None,
        }
    }

    fn element(&mut self, built: &Built) -> Option<String> {
        let mut buttons = Vec::new();
        let mut action = None;
        for (_, argument) in &built.arguments {
            match argument {
                Argument::Parts(parts) => {
                    for part in parts {
                        buttons.push(self.part(part)?);
                    }
                }
                Argument::Part(part) => action = Some(self.part(part)?),
                _ => {}
            }
        }
        let name = format!("element{}", number(self.elements.len()));
        self.elements.push(name.clone());
        let handle = format!("&{name}");
        let title = Calls::text_or_json(built.get("title"));
        self.add("callcta_element_new", [&title.0, &handle]);
        if let Some(title) = title.1 {
            self.set("element", &name, "title", &title);
        }
        for (key, argument) in &built.arguments {
            match argument {
                Argument::Text(_) if *key == "title" => {}
                Argument::Parts(parts) if parts.is_empty() => {
                    self.set("element", &name, key, &Value::Array(Vec::new()));
                }
                Argument::Parts(_) => {
                    for button in &buttons {
                        self.add("callcta_element_add_button", [&name, button]);
                    }
                }
                Argument::Part(_) => {
                    let action = action.as_deref()?;
                    self.add("callcta_element_set_default_action", [&name, action]);
                }
                argument => self.set("element", &name, key, &json_of(argument)),
            }
        }
        self.fields("element", &name, &built.fields)?;
        Some(name)
    }

    fn button(&mut self, built: &Built) -> Option<String> {
        let (kind, value, called) = match built.what {
            What::AudioCall => ("", "", "call"),
            What::WebUrl => ("WEB_URL", "url", "link"),
            What::Postback => ("POSTBACK", "payload", "postback"),
            What::PhoneNumber => ("PHONE_NUMBER", "payload", "phone"),
            What::AccountLink => ("ACCOUNT_LINK", "url", "login"),
            What::AccountUnlink => ("ACCOUNT_UNLINK", "", "logout"),
            _ => ("GAME_PLAY", "", "game"),
        };
        let name = self.name(called);
        let handle = format!("&{name}");
        let title = Calls::text_or_json(built.get("title"));
        let worth = Calls::text_or_json(built.get(value));
        let days = match built.get("expires_in_days") {
            Some(Argument::Number(days)) => days.to_string(),
            _ => "CALLCTA_DAYS_DEFAULT".to_owned(),
        };
        if built.what == What::AudioCall {
            self.add("callcta_button_audio_call", [&title.0, &days, &handle]);
        } else {
            let kind = format!("CALLCTA_BUTTON_{kind}");
            // Only a default action's title, which is left out on the wire, is not there.
            let no_title = built.what == What::WebUrl && built.get("title").is_none();
            let first = if no_title { "\"\"" } else { &title.0 };
            self.add("callcta_button_new", [&kind, first, &worth.0, &handle]);
        }
        for (key, late) in [("title", title.1), (value, worth.1)] {
            if let Some(late) = late {
                self.set("button", &name, key, &late);
            }
        }
        for (key, argument) in &built.arguments {
            if !["title", "expires_in_days", value].contains(key) {
                self.set("button", &name, key, &json_of(argument));
            }
        }
        self.fields("button", &name, &built.fields)?;
        Some(name)
    }

    /// A text as an argument; one with U+0000 is set as JSON afterwards.
    fn text_or_json(argument: Option<&Argument>) -> (String, Option<Value>) {
        match argument {
            Some(Argument::Text(words)) => match text(words) {
                Ok(text) => (text, None),
                Err(_) => ("\"\"".to_owned(), Some(words.as_str().into())),
            },
            _ => ("NULL".to_owned(), None),
        }
    }

    fn fields(&mut self, what: &str, handle: &str, fields: &Extra) -> Option<()> {
        for (key, value) in fields {
            // A dot leads into an object.
            if key.contains('.') || key.contains('\0') {
                return None;
            }
            self.set(what, handle, key, value);
        }
        Some(())
    }

    fn set(&mut self, what: &str, handle: &str, field: &str, value: &Value) {
        let (form, value) = match value.as_str().map(text) {
            Some(Ok(text)) => ("CALLCTA_TEXT", text),
            _ => ("CALLCTA_JSON", quote::c_json(value)),
        };
        let function = format!("callcta_{what}_set");
        self.add(&function, [handle, &quote::c(field), form, &value]);
    }

    /// A name for a button that no other has.
    fn name(&mut self, called: &str) -> String {
        let like = |name: &&String| name.trim_end_matches(|c: char| c.is_ascii_digit()) == called;
        let taken = self.buttons.iter().filter(like).count();
        let name = format!("{called}{}", number(taken));
        self.buttons.push(name.clone());
        name
    }
}

/// What tells a name from those before it.
fn number(before: usize) -> String {
    if before == 0 {
        String::new()
    } else {
        (before + 1).to_string()
    }
}

fn json_of(argument: &Argument) -> Value {
    match argument {
        Argument::Text(text) => text.as_str().into(),
        Argument::Number(number) => (*number).into(),
        Argument::Yes(yes) => (*yes).into(),
        Argument::Json(map) => Value::Object(map.clone()),
        Argument::Part(_) | Argument::Parts(_) => Value::Null,
    }
}
