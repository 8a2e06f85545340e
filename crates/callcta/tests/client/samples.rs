//! The page's two samples, and every way to address and sign a request, read off
//! the socket.

use callcta::{Button, Client, ClientBuilder, Element, Message, TokenPlacement};
use serde_json::{Value, json};

use crate::server::{Received, Server};
use crate::{PSID, base_url, builder, message, ok};

/// `HMAC-SHA256(key "test-secret", "test-token")`, worked out elsewhere.
const PROOF: &str = "4bd72343ca044f8aab1d98f07606cdb1cf47df0c089ff7b5b2df44e40d869970";

fn received(message: &Message, set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Received {
    let server = Server::answering(ok());
    let client = set(builder(&server))
        .build()
        .expect("the settings are right");
    let receipt = client.send(PSID, message).expect("the server accepts");
    assert_eq!(receipt.message_id, "m_1");
    assert_eq!(receipt.recipient_id.as_deref(), Some(PSID));
    assert_eq!(receipt.attempts, 1);
    let log = server.finish(client);
    assert_eq!(log.requests.len(), 1);
    log.requests[0].clone()
}

fn line(request: &Received) -> &str {
    request
        .head
        .lines()
        .next()
        .expect("a request has a first line")
}

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).expect("the body is JSON")
}

fn page_sample(payload: &Value) -> Value {
    json!({
        "recipient": {"id": PSID},
        "message": {"attachment": {"type": "template", "payload": payload}},
    })
}

fn call_button() -> Value {
    json!({"type": "audio_call", "title": "Call Now", "expires_in_days": 5})
}

fn check_head(request: &Received) {
    assert_eq!(line(request), "POST /v26.0/1234567890/messages HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer test-token"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let version = concat!("callcta/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(version));
}

#[test]
fn the_generic_sample() {
    let card =
        Message::generic([Element::new("Contact Support!")
            .button(Button::audio_call("Call Now").expires_in_days(5))]);
    let request = received(&card, |client| client);
    check_head(&request);
    let elements = json!([{"title": "Contact Support!", "buttons": [call_button()]}]);
    let payload = json!({"template_type": "generic", "elements": elements});
    assert_eq!(body(&request), page_sample(&payload));
}

#[test]
fn the_button_sample() {
    let call = Button::audio_call("Call Now").expires_in_days(5);
    let request = received(&Message::buttons("Contact Support!", [call]), |client| {
        client
    });
    check_head(&request);
    let payload = json!({
        "template_type": "button",
        "text": "Contact Support!",
        "buttons": [call_button()],
    });
    assert_eq!(body(&request), page_sample(&payload));
}

#[test]
fn a_proof_travels_in_the_query() {
    let request = received(&message(), |client| client.app_secret("test-secret"));
    let expected = format!("POST /v26.0/1234567890/messages?appsecret_proof={PROOF} HTTP/1.1");
    assert_eq!(line(&request), expected);
    assert_eq!(request.header("authorization"), Some("Bearer test-token"));
}

#[test]
fn the_token_can_travel_in_the_query() {
    let request = received(&message(), |client| {
        client
            .token_placement(TokenPlacement::Query)
            .app_secret("test-secret")
    });
    let path = "/v26.0/1234567890/messages?access_token=test-token";
    assert_eq!(
        line(&request),
        format!("POST {path}&appsecret_proof={PROOF} HTTP/1.1")
    );
    assert_eq!(request.header("authorization"), None);
    assert_eq!(body(&request).get("access_token"), None);
}

#[test]
fn a_token_in_the_query_is_escaped() {
    let server = Server::answering(ok());
    let client = Client::builder("1", "a&b=c+d/e%")
        .base_url(base_url(&server))
        .token_placement(TokenPlacement::Query)
        .build()
        .expect("the settings are right");
    client.send(PSID, &message()).expect("the server accepts");
    let log = server.finish(client);
    let expected = "POST /v26.0/1/messages?access_token=a%26b%3Dc%2Bd%2Fe%25 HTTP/1.1";
    assert_eq!(line(&log.requests[0]), expected);
}

#[test]
fn the_token_can_travel_in_the_body() {
    let request = received(&message(), |client| {
        client
            .token_placement(TokenPlacement::Body)
            .app_secret("test-secret")
    });
    assert_eq!(line(&request), "POST /v26.0/1234567890/messages HTTP/1.1");
    assert_eq!(request.header("authorization"), None);
    let body = body(&request);
    assert_eq!(body["access_token"], "test-token");
    assert_eq!(body["appsecret_proof"], PROOF);
    assert_eq!(body["recipient"]["id"], PSID);
}

#[test]
fn version_me_and_path_of_the_base_url() {
    let request = received(&message(), |client| client.version("v25.0"));
    assert_eq!(line(&request), "POST /v25.0/1234567890/messages HTTP/1.1");
    let request = received(&message(), |client| client.version("").use_me(true));
    assert_eq!(line(&request), "POST /me/messages HTTP/1.1");

    let server = Server::answering(ok());
    let client = Client::builder("1", "t")
        .base_url(format!("{}/graph/", base_url(&server)))
        .build()
        .expect("the settings are right");
    client.send(PSID, &message()).expect("the server accepts");
    let log = server.finish(client);
    assert_eq!(
        line(&log.requests[0]),
        "POST /graph/v26.0/1/messages HTTP/1.1"
    );
}
