//! What the tests share. Not a test itself.
#![allow(dead_code, clippy::unwrap_used, reason = "tests; each uses a part")]

pub mod receiver;

use callcta_emulator::{Emulator, defaults};
use serde_json::{Value, json};

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }

    /// Code and subcode of a Graph error.
    pub fn error(&self) -> (i64, Option<i64>) {
        let body = self.json();
        (
            body["error"]["code"].as_i64().expect("an error code"),
            body["error"]["error_subcode"].as_i64(),
        )
    }
}

/// An emulator whose app hears nothing of what follows from each send.
pub fn start_quiet() -> Emulator {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|s| {
        let page = s.page_mut(defaults::PAGE_ID);
        let follow_up = ["message_echoes", "message_deliveries"];
        page.subscribed_fields
            .retain(|field| !follow_up.contains(&field.as_str()));
    });
    emulator
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into()
}

pub fn read(response: http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let (parts, mut body) = response.into_parts();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: body.read_to_string()?,
    })
}

pub fn try_post(url: &str, token: &str, body: &Value) -> Result<Answer, ureq::Error> {
    let mut request = agent().post(url);
    if !token.is_empty() {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    read(request.send_json(body)?)
}

pub fn post(url: &str, token: &str, body: &Value) -> Answer {
    try_post(url, token, body).expect("an answer")
}

pub fn get(url: &str, token: &str) -> Answer {
    let mut request = agent().get(url);
    if !token.is_empty() {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    read(request.call().expect("an answer")).expect("a body")
}

/// The Call Audio CTA page's sample for the generic template, with its expiry.
pub fn generic(psid: &str, days: i64) -> Value {
    json!({"recipient": {"id": psid}, "message": {"attachment": {"type": "template", "payload": {
        "template_type": "generic", "elements": [{"title": "Contact Support!", "buttons": [
            {"type": "audio_call", "title": "Call Now", "expires_in_days": days}]}]}}}})
}

/// The page's sample for the button template.
pub fn button(psid: &str) -> Value {
    json!({"recipient": {"id": psid}, "message": {"attachment": {"type": "template", "payload": {
        "template_type": "button", "text": "Contact Support!", "buttons": [
            {"type": "audio_call", "title": "Call Now", "expires_in_days": 5}]}}}})
}

pub fn messages_url(emulator: &Emulator) -> String {
    format!("{}/v26.0/{}/messages", emulator.url(), emulator.page_id())
}

/// Sends to the default Page with its token.
pub fn send(emulator: &Emulator, body: &Value) -> Answer {
    post(&messages_url(emulator), emulator.access_token(), body)
}

pub fn try_send(emulator: &Emulator, body: &Value) -> Result<Answer, ureq::Error> {
    try_post(&messages_url(emulator), emulator.access_token(), body)
}
