//! Reads the vectors, builds what they say with the public builders, and turns
//! what came of it into a report; `tests/vectors/README.md` at the top describes
//! both.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use callcta::{
    Button, ButtonTemplate, CallPrompt, Client, ClientBuilder, Element, Error, GenericTemplate,
    Message, Receipt, Recipient, Request, RetryPolicy, SendOptions, TokenPlacement, Violation,
};
use serde_json::{Map, Value, json};

/// One case, with the name of its file.
pub struct Case {
    pub file: String,
    pub json: Value,
}

impl Case {
    pub fn name(&self) -> &str {
        self.json["name"].as_str().expect("a case has a name")
    }

    /// A client for this case, without an address.
    pub fn client(&self) -> ClientBuilder {
        let settings = &self.json["client"];
        let mut client = Client::builder("1234567890", "test-token").retry(RetryPolicy::none());
        if let Some(pairs) = settings["calling_not_enabled"].as_array() {
            for pair in pairs {
                let code = pair[0].as_i64().expect("a code is a number");
                client = client.calling_not_enabled_code(code, pair[1].as_i64());
            }
        }
        if let Some(secret) = settings["app_secret"].as_str() {
            client = client.app_secret(secret);
        }
        if let Some(version) = settings["version"].as_str() {
            client = client.version(version);
        }
        if let Some(me) = settings["use_me"].as_bool() {
            client = client.use_me(me);
        }
        match settings["token_placement"].as_str() {
            Some("query") => client.token_placement(TokenPlacement::Query),
            Some("body") => client.token_placement(TokenPlacement::Body),
            _ => client,
        }
    }

    /// The request, unless its message is given as JSON that can't be read.
    pub fn request(&self) -> Result<Request, Error> {
        let recipient = match &self.json["to"] {
            Value::Null => Recipient::from("1254477777772919"),
            Value::String(psid) => Recipient::from(psid),
            other => match (&other["user_ref"], &other["comment_id"], &other["post_id"]) {
                (Value::String(value), _, _) => Recipient::UserRef(value.clone()),
                (_, Value::String(value), _) => Recipient::CommentId(value.clone()),
                (_, _, Value::String(value)) => Recipient::PostId(value.clone()),
                _ => Recipient::from_map(object(&other["raw"]).clone()),
            },
        };
        let message = message(&self.json["message"])?;
        Ok(Request::new(recipient, message, self.options()))
    }

    fn options(&self) -> SendOptions {
        let mut options = SendOptions::new();
        let json = &self.json["options"];
        if let Some(value) = json["messaging_type"].as_str() {
            options = options.messaging_type(value);
        }
        if let Some(value) = json["tag"].as_str() {
            options = options.tag(value);
        }
        if let Some(value) = json["notification_type"].as_str() {
            options = options.notification_type(value);
        }
        if let Some(value) = json["persona_id"].as_str() {
            options = options.persona_id(value);
        }
        if let Some(value) = json["reply_to"].as_str() {
            options = options.reply_to(value);
        }
        if let Some(value) = json["metadata"].as_str() {
            options = options.metadata(value);
        }
        if let Some(seconds) = json["deadline_in_s"].as_u64() {
            options = options.deadline(SystemTime::now() + Duration::from_secs(seconds));
        }
        for (key, value) in fields(json) {
            options = options.field(key, value.clone());
        }
        options
    }

    /// Sends the case's request and reports what came of it.
    pub fn report(&self, client: &Client) -> Value {
        let mut report = json!({"file": self.file, "name": self.name()});
        let request = match self.request() {
            Ok(request) => request,
            Err(unread) => {
                report["violations"] = unread.violations().iter().map(violation).collect();
                report["error"] = error(&unread);
                return report;
            }
        };
        let outcome = if self.json["options"]["unchecked"] == true {
            let recipient = request.recipient.as_ref().expect("it was set");
            client.send_unchecked(recipient, &request.message, &request.options)
        } else {
            client.send_request(&request)
        };
        report["violations"] = request.validate().iter().map(violation).collect();
        report["message"] =
            serde_json::from_str(&request.message.to_json()).expect("to_json writes JSON");
        match outcome {
            Ok(sent) => report["receipt"] = receipt(&sent),
            Err(failed) => report["error"] = error(&failed),
        }
        report
    }
}

/// Every case of every file, in the order of file names.
pub fn read(folder: &Path) -> Vec<Case> {
    let entries = fs::read_dir(folder).expect("the vectors are there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file of vectors can be read");
        let list: Vec<Value> = serde_json::from_str(&text).expect("a file holds an array");
        let stem = path.file_stem().expect("it has a name").to_string_lossy();
        cases.extend(list.into_iter().map(|json| Case {
            file: stem.clone().into_owned(),
            json,
        }));
    }
    cases
}

fn object(json: &Value) -> &Map<String, Value> {
    json.as_object().expect("an object")
}

fn array(json: &Value) -> &[Value] {
    json.as_array().expect("an array")
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key).map(|value| value.as_str().expect("a string"))
}

fn fields(json: &Value) -> impl Iterator<Item = (&String, &Value)> {
    json.get("fields").map(object).into_iter().flatten()
}

fn message(json: &Value) -> Result<Message, Error> {
    if let Some(json) = text(json, "json") {
        return Message::from_json(json);
    }
    let mut message = match text(json, "template") {
        None => Message::raw(object(&json["raw"]).clone()),
        Some("generic") => {
            let mut template = GenericTemplate::new(array(&json["elements"]).iter().map(element));
            if let Some(sharable) = json["sharable"].as_bool() {
                template = template.sharable(sharable);
            }
            for (key, value) in fields(json) {
                template = template.field(key, value.clone());
            }
            template.into()
        }
        Some("button") => {
            let buttons = array(&json["buttons"]).iter().map(button);
            let mut template = ButtonTemplate::new(text(json, "text").expect("a text"), buttons);
            for (key, value) in fields(json) {
                template = template.field(key, value.clone());
            }
            template.into()
        }
        Some("call_prompt") => {
            let mut template = CallPrompt::new();
            if let Some(days) = json["ttl_days"].as_i64() {
                template = template.ttl_days(days);
            }
            for (key, value) in fields(json) {
                template = template.field(key, value.clone());
            }
            template.into()
        }
        Some(other) => panic!("no template {other}"),
    };
    if let Some(metadata) = text(json, "metadata") {
        message = message.metadata(metadata);
    }
    Ok(message)
}

fn element(json: &Value) -> Element {
    if let Some(raw) = json.get("raw") {
        return Element::raw(raw.clone());
    }
    let mut element = Element::new(text(json, "title").expect("a title"));
    if let Some(subtitle) = text(json, "subtitle") {
        element = element.subtitle(subtitle);
    }
    if let Some(url) = text(json, "image_url") {
        element = element.image_url(url);
    }
    if let Some(action) = json.get("default_action") {
        element = element.default_action(button(action));
    }
    if let Some(buttons) = json.get("buttons") {
        element = element.buttons(array(buttons).iter().map(button));
    }
    for (key, value) in fields(json) {
        element = element.field(key, value.clone());
    }
    element
}

fn button(json: &Value) -> Button {
    if let Some(raw) = json.get("raw") {
        return Button::raw(raw.clone());
    }
    let get = |key| text(json, key).unwrap_or_default();
    let mut button = match get("type") {
        "audio_call" => Button::audio_call(get("title")),
        "web_url" => Button::web_url(get("title"), get("url")),
        "postback" => Button::postback(get("title"), get("payload")),
        "phone_number" => Button::phone_number(get("title"), get("payload")),
        "account_link" => Button::account_link(get("url")),
        "account_unlink" => Button::account_unlink(),
        "game_play" => Button::game_play(get("title")),
        other => panic!("no button {other}"),
    };
    if get("type") == "game_play"
        && let Some(payload) = text(json, "payload")
    {
        button = button.payload(payload);
    }
    if let Some(days) = json["expires_in_days"].as_i64() {
        button = button.expires_in_days(days);
    }
    if let Some(ratio) = text(json, "webview_height_ratio") {
        button = button.webview_height_ratio(ratio);
    }
    if let Some(extensions) = json["messenger_extensions"].as_bool() {
        button = button.messenger_extensions(extensions);
    }
    if let Some(url) = text(json, "fallback_url") {
        button = button.fallback_url(url);
    }
    if let Some(share) = text(json, "webview_share_button") {
        button = button.webview_share_button(share);
    }
    if let Some(metadata) = json.get("game_metadata") {
        button = button.game_metadata(object(metadata).clone());
    }
    for (key, value) in fields(json) {
        button = button.field(key, value.clone());
    }
    button
}

fn violation(violation: &Violation) -> Value {
    json!({
        "path": violation.path,
        "rule": violation.rule.as_str(),
        "severity": violation.severity.as_str(),
        "message": violation.message,
    })
}

fn receipt(receipt: &Receipt) -> Value {
    let mut json = json!({"message_id": receipt.message_id});
    if let Some(id) = &receipt.recipient_id {
        json["recipient_id"] = id.as_str().into();
    }
    json
}

fn error(error: &Error) -> Value {
    let mut json = json!({
        "kind": error.kind().as_str(),
        "delivery": error.delivery().as_str(),
        "may_retry": error.may_retry(),
        "text": error.to_string(),
    });
    if let Some(graph) = error.graph() {
        json["code"] = graph.code.into();
        if let Some(subcode) = graph.subcode {
            json["subcode"] = subcode.into();
        }
        if let Some(id) = &graph.trace_id {
            json["trace_id"] = id.as_str().into();
        }
    }
    if let Some(status) = error.http_status() {
        json["http_status"] = status.into();
    }
    if let Some(wait) = error.retry_after() {
        json["retry_after"] = wait.as_secs().into();
    }
    if !error.violations().is_empty() {
        json["violations"] = error.violations().iter().map(violation).collect();
    }
    json
}
