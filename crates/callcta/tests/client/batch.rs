//! Several messages in one request.

use std::sync::Arc;

use callcta::limits::BATCH_MAX;
use callcta::transport::{HttpResponse, ScriptedTransport, TransportError, TransportErrorKind};
use callcta::{Batch, Client, Delivery, ErrorKind, Message, Receipt, Request, Result, SendOptions};
use callcta_emulator::{Apply, Emulator, Fault, defaults};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::server::{Server, answer};
use crate::{builder, message};

const WORKED: &str = r#"{"message_id":"m"}"#;

fn request(psid: &str) -> Request {
    Request::new(psid, message(), SendOptions::new())
}

fn batch(client: &Client, count: usize) -> Batch {
    let mut batch = Batch::new();
    for psid in 1..=count {
        let added = batch.add(client, request(&psid.to_string()));
        added.expect("there is room");
    }
    batch
}

/// None for what was sent.
type Told = Option<(ErrorKind, Delivery)>;

fn told(outcomes: &[Result<Receipt>]) -> Vec<Told> {
    let told = |outcome: &Result<Receipt>| {
        let error = outcome.as_ref().err()?;
        Some((error.kind(), error.delivery()))
    };
    outcomes.iter().map(told).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "what was sent is none")]
fn failed(kind: ErrorKind, delivery: Delivery) -> Told {
    Some((kind, delivery))
}

/// A client whose transport has this answer, and the transport.
fn scripted(
    page: &str,
    answer: std::result::Result<HttpResponse, TransportError>,
) -> (Client, Arc<ScriptedTransport>) {
    let transport = Arc::new(ScriptedTransport::new([answer]));
    let client = Client::builder(page, "token-1").transport(transport.clone());
    (client.build().expect("the settings are right"), transport)
}

/// The fields of a form.
fn form(text: &str) -> Map<String, Value> {
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .expect("UTF-8")
            .into_owned()
    };
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    let fields = fields.map(|(name, value)| (decode(name), decode(value).into()));
    fields.collect()
}

/// The items of the batch that was sent.
fn items(transport: &ScriptedTransport) -> Vec<Value> {
    let requests = transport.requests();
    let body = String::from_utf8(requests[0].body.clone()).expect("a form is text");
    let batch = form(&body)["batch"].as_str().expect("it is one").to_owned();
    serde_json::from_str(&batch).expect("a batch is JSON")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn whatever_the_text_holds_it_arrives(text in "\\PC*|.{0,40}", metadata in ".*") {
        let (client, transport) = scripted("1", Ok(HttpResponse::new(200, "[]")));
        let said = Message::buttons(text, [callcta::Button::audio_call("Call Now")]);
        let options = SendOptions::new().metadata(metadata).tag("T&=+%").unchecked(true);
        let request = Request::new("5", said, options);
        let mut batch = Batch::new();
        batch.add(&client, request.clone()).expect("there is room");
        batch.send();
        let items = items(&transport);
        prop_assert_eq!(&items[0]["relative_url"], "1/messages");
        let mut got = form(items[0]["body"].as_str().expect("a form is text"));
        for name in ["recipient", "message"] {
            let value = got[name].as_str().expect("it is there").to_owned();
            got.insert(name.to_owned(), serde_json::from_str(&value).expect("it is JSON"));
        }
        let sent: Value = serde_json::from_str(&request.to_json()).expect("it is JSON");
        prop_assert_eq!(Value::Object(got), sent);
    }
}

#[test]
fn each_message_has_its_own_outcome() {
    let emulator = Emulator::start().expect("it starts");
    let client = Client::builder(emulator.page_id(), emulator.access_token());
    let client = client
        .base_url(emulator.url())
        .build()
        .expect("the settings are right");
    let send = |people: &[&str]| {
        let mut batch = Batch::new();
        for psid in people {
            batch.add(&client, request(psid)).expect("there is room");
        }
        batch.send()
    };
    let outcomes = send(&[defaults::PSID, "999"]);
    let stranger = failed(ErrorKind::InvalidRecipient, Delivery::Rejected);
    assert_eq!(told(&outcomes), [None, stranger]);
    let receipt = outcomes[0].as_ref().expect("it was sent");
    assert_eq!(receipt.message_id, emulator.messages()[0].message_id);
    assert_eq!(receipt.recipient_id.as_deref(), Some(defaults::PSID));

    // What the platform doesn't get to in its time may have been sent.
    let unknown = failed(ErrorKind::Service, Delivery::Unknown);
    for (apply, count) in [(Apply::Before, 1), (Apply::After, 2)] {
        emulator.arm(Fault::unfinished().applied(apply).on_path("/messages"));
        let outcomes = send(&[defaults::PSID, "999"]);
        assert_eq!(told(&outcomes), [unknown, stranger]);
        assert_eq!(emulator.messages().len(), count);
    }
    emulator.arm(Fault::graph(400, 613, None).on_path("/messages"));
    let limited = failed(ErrorKind::RateLimited, Delivery::Rejected);
    assert_eq!(told(&send(&[defaults::PSID])), [limited]);
}

#[test]
fn answers_in_another_order_are_nobodys() {
    let told_of = |psid: &str| {
        let body = json!({"recipient_id": psid, "message_id": "m"});
        json!({"code": 200, "body": body.to_string()})
    };
    let unknown = failed(ErrorKind::InvalidResponse, Delivery::Unknown);
    for (first, second, expected) in [("1", "2", None), ("2", "1", unknown)] {
        let answer = json!([told_of(first), told_of(second)]).to_string();
        let (client, _) = scripted("1", Ok(HttpResponse::new(200, answer)));
        assert_eq!(told(&batch(&client, 2).send()), [expected; 2]);
    }
}

#[test]
fn what_cant_be_sent_is_left_out() {
    let answer = json!([{"code": 200, "body": WORKED}]).to_string();
    let (client, transport) = scripted("1", Ok(HttpResponse::new(200, answer)));
    let mut batch = Batch::new();
    let invalid = Request::new("1", Message::buttons("", []), SendOptions::new());
    let late = SendOptions::new().deadline(std::time::SystemTime::UNIX_EPOCH);
    let late = Request::new("2", message(), late);
    for request in [invalid, late, request("3")] {
        batch.add(&client, request).expect("there is room");
    }
    let outcomes = batch.send();
    let expected = [
        failed(ErrorKind::InvalidMessage, Delivery::NotSent),
        failed(ErrorKind::DeadlinePassed, Delivery::NotSent),
        None,
    ];
    assert_eq!(told(&outcomes), expected);
    assert_eq!(items(&transport).len(), 1);
    client.close();
    let closed = failed(ErrorKind::Cancelled, Delivery::NotSent);
    let mut batch = Batch::new();
    batch.add(&client, request("1")).expect("there is room");
    assert_eq!(told(&batch.send()), [closed]);
    assert_eq!(transport.requests().len(), 1);
    assert!(Batch::new().send().is_empty());
}

#[test]
fn pages_have_their_own_tokens() {
    let answer = json!([{"code": 200, "body": WORKED}, {"code": 200, "body": WORKED}]).to_string();
    let (first, transport) = scripted("1", Ok(HttpResponse::new(200, answer)));
    let second = Client::builder("2", "token-2").app_secret("secret");
    let second = second
        .share_connections(&first)
        .build()
        .expect("the settings are right");
    let mut batch = Batch::new();
    for client in [&first, &second] {
        batch
            .add(client, request("7"))
            .expect("another Page has other people");
    }
    assert_eq!(told(&batch.send()), [None, None]);
    let requests = transport.requests();
    assert_eq!(requests[0].url, "https://graph.facebook.com/v26.0/");
    assert_eq!(requests[0].authorization.as_deref(), Some("Bearer token-1"));
    let bodies = items(&transport);
    let bodies: Vec<_> = bodies
        .iter()
        .map(|item| form(item["body"].as_str().expect("text")))
        .collect();
    assert!(!bodies[0].contains_key("access_token"));
    assert_eq!(bodies[1]["access_token"], "token-2");
    assert_eq!(
        bodies[1]["appsecret_proof"].as_str().map(str::len),
        Some(64)
    );
}

#[test]
fn a_batch_takes_no_more_than_it_can_hold_and_nobody_twice() {
    let (client, _) = scripted("1", Ok(HttpResponse::new(200, "[]")));
    let mut full = batch(&client, BATCH_MAX);
    let refused = |batch: &mut Batch, client: &Client, request| {
        batch
            .add(client, request)
            .expect_err("it is refused")
            .kind()
    };
    assert_eq!(
        refused(&mut full, &client, request("999")),
        ErrorKind::QueueFull
    );
    assert_eq!(full.len(), BATCH_MAX);
    let mut one = batch(&client, 1);
    let other = Client::builder("1", "t").version("v25.0").build();
    let other = other.expect("the settings are right");
    let headers = SendOptions::new().header("x-trace", "1");
    let headers = Request::new("8", message(), headers);
    for (client, request) in [
        (&client, request("1")),
        (&other, request("2")),
        (&client, headers),
    ] {
        assert_eq!(
            refused(&mut one, client, request),
            ErrorKind::InvalidArgument
        );
    }
    let nobody = Request::default();
    assert_eq!(
        refused(&mut one, &client, nobody),
        ErrorKind::InvalidMessage
    );
    assert_eq!(one.len(), 1);
}

#[test]
fn a_batch_that_fails_as_a_whole_says_so_of_each_message() {
    let error =
        |code: i64| json!({"error": {"message": "x", "code": code, "type": "GraphBatchException"}});
    let ok = json!({"code": 200, "body": WORKED});
    for (status, body, kind, delivery) in [
        (
            400,
            error(100).to_string(),
            ErrorKind::InvalidRequest,
            Delivery::Rejected,
        ),
        (
            401,
            error(190).to_string(),
            ErrorKind::Authentication,
            Delivery::Rejected,
        ),
        (
            200,
            error(4).to_string(),
            ErrorKind::RateLimited,
            Delivery::Rejected,
        ),
        (
            500,
            error(1).to_string(),
            ErrorKind::Service,
            Delivery::Unknown,
        ),
        (
            502,
            "<html>".to_owned(),
            ErrorKind::Service,
            Delivery::Unknown,
        ),
        (
            200,
            "[]".to_owned(),
            ErrorKind::InvalidResponse,
            Delivery::Unknown,
        ),
        (
            200,
            WORKED.to_owned(),
            ErrorKind::InvalidResponse,
            Delivery::Unknown,
        ),
        (
            200,
            json!([ok]).to_string(),
            ErrorKind::InvalidResponse,
            Delivery::Unknown,
        ),
        (
            200,
            json!([ok, ok, ok]).to_string(),
            ErrorKind::InvalidResponse,
            Delivery::Unknown,
        ),
        (
            200,
            json!([7, {"code": 200}]).to_string(),
            ErrorKind::InvalidResponse,
            Delivery::Unknown,
        ),
    ] {
        let (client, transport) = scripted("1", Ok(HttpResponse::new(status, body.as_str())));
        let outcomes = batch(&client, 2).send();
        assert_eq!(
            told(&outcomes),
            [failed(kind, delivery); 2],
            "{status} {body}"
        );
        assert_eq!(transport.requests().len(), 1, "it is made once");
    }
    let refused = TransportError {
        kind: TransportErrorKind::Connect,
        request_written: false,
        message: "refused".to_owned(),
    };
    let (client, _) = scripted("1", Err(refused));
    let unsent = failed(ErrorKind::Connect, Delivery::NotSent);
    assert_eq!(told(&batch(&client, 2).send()), [unsent; 2]);
}

#[test]
fn an_answer_that_breaks_off_stands_as_far_as_it_came() {
    let answers = json!([
        {"code": 200, "body": WORKED},
        {"code": 400, "body": r#"{"error":{"code":551,"message":"x"}}"#},
        {"code": 200, "body": WORKED},
    ])
    .to_string();
    let third = answers.rfind("\"body\"").expect("it is there");
    let unavailable = failed(ErrorKind::RecipientUnavailable, Delivery::Rejected);
    for (cut, known) in [(answers.len() - 1, 3), (third, 2), (12, 0), (0, 0)] {
        let whole = answer("200 OK", "content-type: application/json\r\n", &answers);
        let end = whole.len() - answers.len() + cut;
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(&whole[..end]);
        });
        let client = builder(&server).build().expect("the settings are right");
        let outcomes = told(&batch(&client, 3).send());
        let all = [None, unavailable, None];
        assert_eq!(outcomes[..known], all[..known], "cut at {cut}");
        for unknown in &outcomes[known..] {
            let (_, delivery) = unknown.expect("it can't be known");
            assert_eq!(delivery, Delivery::Unknown, "cut at {cut}");
        }
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}
