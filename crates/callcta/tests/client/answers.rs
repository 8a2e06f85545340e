//! What answers come to whose texts were spoiled on the way.

use std::sync::Arc;

use callcta::transport::{Connection, HttpResponse, ScriptedTransport};
use callcta::{Client, Delivery, Error, ErrorKind, Receipt, Request, RetryPolicy};
use proptest::prelude::*;

use crate::{OK, PSID, message};

const SENT: &str = r#"{"error":{"message":"Such messages were sent","type":"OAuthException","code":1,"error_subcode":1357046,"fbtrace_id":"AbC_1-2"}}"#;

fn answered(status: u16, content_type: Option<&str>, body: &[u8]) -> Result<Receipt, Error> {
    let mut response = HttpResponse::new(status, body);
    let header = content_type.map(|it| ("content-type".to_owned(), it.to_owned()));
    response.headers.extend(header);
    send(response)
}

fn client(response: HttpResponse) -> Client {
    Client::builder("1", "test-token")
        .transport(Arc::new(ScriptedTransport::new([Ok(response)])))
        .retry(RetryPolicy::none())
        .build()
        .expect("the settings are right")
}

fn send(response: HttpResponse) -> Result<Receipt, Error> {
    client(response).send(PSID, &message())
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// What can become of a JSON text whose numbers stay.
fn spoiled(json: &str, text: &str) -> Vec<(String, Vec<u8>)> {
    let with = |spoiled: &[u8]| {
        let at = json.find(text).expect("it is there");
        let (before, after) = (&json[..at], &json[at + text.len()..]);
        [before.as_bytes(), spoiled, after.as_bytes()].concat()
    };
    let quoted = |json: &str| serde_json::to_string(json).expect("it is a text");
    let plain = |text: String| text.into_bytes();
    let bodies = [
        ("a lone surrogate", with(br"\ud83d")),
        ("the second half alone", with(br"\ude00\ud83d")),
        ("half an escape", with(br"\u12")),
        ("an unknown escape", with(br"\x41")),
        ("latin-1", with(b"Gr\xfc\xdfe")),
        ("a cut character", with(b"\xe2\x82")),
        ("a surrogate in UTF-8", with(b"\xed\xa0\xbd")),
        ("control characters", with(b"a\0b\x1b[1m\n\t")),
        (
            "a spoiled key",
            with(b"\",\"\\ud800\":1,\"\xff\":[],\"x\":\""),
        ),
        ("JSON within a text", with(br#"{\"code\":190}"#)),
        ("a byte order mark", plain(format!("\u{feff}{json}"))),
        ("two", plain(format!("\u{feff}\u{feff} {json}"))),
        (
            "a mark read as latin-1",
            plain(format!("\u{ef}\u{bb}\u{bf}{json}")),
        ),
        (
            "UTF-16, little end",
            utf16(&format!("\u{feff}{json}"), u16::to_le_bytes),
        ),
        (
            "UTF-16, big end",
            utf16(&format!("\u{feff}{json}"), u16::to_be_bytes),
        ),
        ("UTF-16 without a mark", utf16(json, u16::to_le_bytes)),
        ("the same, big end", utf16(json, u16::to_be_bytes)),
        (
            "UTF-32",
            json.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
        ),
        ("a text of it", plain(quoted(json))),
        ("a text of a text of it", plain(quoted(&quoted(json)))),
        ("a guard", plain(format!("for(;;);{json}"))),
        ("another guard", plain(format!(")]}}',\n{json}"))),
        ("JSONP", plain(format!("/**/ cb_1.done({json});"))),
        (
            "the size of a chunk",
            plain(format!("a5\r\n{json}\r\n0\r\n\r\n")),
        ),
        (
            "something behind it",
            plain(format!("{json}\n<!-- gateway -->")),
        ),
        (
            "white space around it",
            plain(format!("\r\n\t {json} \r\n")),
        ),
    ];
    bodies.map(|(name, body)| (name.to_owned(), body)).into()
}

#[test]
fn spoiled_texts_hide_no_numbers() {
    let outside = SENT.replace("1357046", "2018278").replace(":1,", ":10,");
    let rest = [
        (
            "floats",
            outside
                .replace(":10,", ":10.0,")
                .replace("2018278", "2.018278e6"),
        ),
        (
            "texts",
            outside
                .replace(":10,", ":\"10\",")
                .replace("2018278", "\"2018278\""),
        ),
        (
            "in a list",
            outside.replace(":{", ":[{").replace("}}", "}]}"),
        ),
        ("nested", format!("{{\"error\":{outside}}}")),
        (
            "in something",
            format!("{{\"ok\":false,\"data\":[{outside}]}}"),
        ),
        ("misspelt", outside.replace("error\":{", "errors\":{")),
        (
            "the same twice",
            outside.replace("code\":10,", "code\":10,\"code\":10,"),
        ),
        (
            "as a text",
            format!("{{\"error\":{}}}", serde_json::to_string(&outside).unwrap()),
        ),
        ("cut", outside[..outside.len() - 5].to_owned()),
        (
            "cut early",
            outside[..=outside.find(",\"fbtrace").unwrap()].to_owned(),
        ),
    ];
    let rest = rest.map(|(name, body)| (name.to_owned(), body.into_bytes()));
    let cases = spoiled(&outside, "Such messages were sent");
    for (name, body) in cases.into_iter().chain(rest) {
        for status in [200, 400, 500] {
            let error = answered(status, None, &body).expect_err("it is refused");
            let got = (error.kind(), error.delivery());
            assert_eq!(
                got,
                (ErrorKind::OutsideWindow, Delivery::Rejected),
                "{name}, {status}"
            );
            let graph = error.graph().expect("there is one");
            assert_eq!((graph.code, graph.subcode), (10, Some(2_018_278)), "{name}");
        }
    }
}

#[test]
fn sent_is_sent_under_all_its_disguises() {
    let rest = [
        SENT.replace(":1,", ":4,"),
        SENT.replace("\"code\":1,", ""),
        SENT.replace("\"code\":1,", "\"code\":{},"),
        SENT.replace("\"code\":1,", "\"code\":1,\"code\":190,"),
        SENT.replace("\"code\":1,", "\"code\":190,\"code\":1,"),
        SENT.replace("\"error\"", "\"errpr\""),
        SENT.replace("{\"error\":{", "{\"error\":\"denied\",\"cause\":{"),
        format!("{{\"error\":{{\"code\":190}},\"errors\":[{SENT}]}}"),
        format!("{{\"error\":{{\"code\":190}}}}{SENT}"),
        format!("<html><body><pre>{SENT}</pre></body></html>"),
        format!("The server said: {SENT}"),
        SENT.replace('"', "&quot;"),
        SENT.replace('"', "'"),
        "<error><code>1</code><error_subcode>1357046</error_subcode></error>".to_owned(),
        "code=1&error_subcode=1357046".to_owned(),
    ];
    let rest = rest.map(|body| (body.clone(), body.into_bytes()));
    let cases = spoiled(SENT, "Such messages were sent");
    for (name, body) in cases.into_iter().chain(rest) {
        for status in [400, 403, 429, 500] {
            let error = answered(status, None, &body).expect_err("it is an error");
            assert_eq!(error.delivery(), Delivery::Unknown, "{name}, {status}");
            assert!(!error.may_retry());
        }
    }
    // Not even who says otherwise.
    let client = Client::builder("1", "t")
        .calling_not_enabled_code(1, None)
        .transport(Arc::new(ScriptedTransport::new([Ok(HttpResponse::new(
            400, SENT,
        ))])));
    let error = client.build().unwrap().send(PSID, &message()).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Service, Delivery::Unknown)
    );
}

#[test]
fn spoiled_texts_hide_no_receipt() {
    let body = OK.replace('}', ",\"note\":\"a text\"}");
    for (name, body) in spoiled(&body, "a text") {
        let receipt = answered(200, Some("text/html"), &body);
        let receipt = receipt.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(receipt.message_id, "m_1", "{name}");
        assert_eq!(receipt.recipient_id.as_deref(), Some(PSID), "{name}");
    }
}

#[test]
fn what_is_not_there_whole_and_clear_is_no_receipt() {
    let bodies = [
        OK.replace("m_1", "m_\\ud800"),
        OK.replace("m_1", "m_\u{1}"),
        OK.replace('}', ",\"message_id\":\"m_2\"}"),
        OK.replace('}', ",\"recipient\":{\"id\":\"2\"}}"),
        OK.replace('}', ",\"error\":{\"code\":100}}"),
        OK.replace('}', ",\"data\":{\"error\":\"x\"}}"),
        OK.replace('}', ",\"errors\":[{\"code\":100}]}"),
        OK.replace('}', ",\"errpr\":{\"code\":100,\"fbtrace_id\":\"A\"}}"),
        OK.replace('}', ",\"success\":false}"),
        OK.replace('}', ",\"note\":\"cut"),
        OK.replace('}', ","),
        OK.replace('}', ",}"),
        OK.replace("\"m_1\"", "1.5e3"),
        format!("{OK}{{\"error\":{{\"code\":190}}}}"),
        format!("[{OK}]"),
        format!("{{\"data\":{OK}}}"),
    ];
    for body in bodies {
        let error = answered(200, None, body.as_bytes()).expect_err("it isn't clear");
        assert_eq!(error.delivery(), Delivery::Unknown, "{body}");
    }
}

#[test]
fn a_refusal_is_believed_if_nothing_of_it_was_lost() {
    use Delivery::{Rejected, Unknown};

    let json = Some("application/json; charset=UTF-8");
    let html = Some("text/html");
    let page = "<!DOCTYPE html><html><script>x={\"a\":1}</script></html>";
    let cases = [
        (400, html, page, Rejected),
        (404, None, page, Rejected),
        (400, json, page, Unknown),
        (400, Some("text/plain"), "Bad Request", Rejected),
        (400, None, "Invalid \"Host\" header", Rejected),
        (
            405,
            None,
            "Method not allowed: use GET (see the manual)",
            Rejected,
        ),
        (403, json, "Forbidden", Unknown),
        (400, json, r#"{"message":"no such route"}"#, Rejected),
        (401, json, r#"{"error":"who are you?"}"#, Rejected),
        (
            404,
            json,
            r#"{"error":{"code":"not_found","message":"no"}}"#,
            Rejected,
        ),
        (
            400,
            json,
            r#"{"error":{"type":"not_found","message":"no"}}"#,
            Rejected,
        ),
        (400, json, r#""Bad Request""#, Rejected),
        (
            400,
            json,
            r#"{"error":{"type":"OAuthException","message":"no"}}"#,
            Unknown,
        ),
        (400, None, r#"{"error":{"code":100.5}}"#, Unknown),
        (400, None, r#"{"error":{"code":100,"code":190}}"#, Unknown),
        (
            400,
            None,
            r#"{"error":{"code":100},"errors":[{"code":190}]}"#,
            Unknown,
        ),
        (
            400,
            None,
            r#"{"error":{"code":100,"error_subcode":[]}}"#,
            Unknown,
        ),
        (400, None, r#"{"error":{"code":10"#, Unknown),
        (400, None, r#"{"error":"{\"code\":100"}"#, Unknown),
        (400, None, r#"{"error":{"message":"cut"#, Unknown),
        (429, None, r#"{"error":{"message":"cut"#, Unknown),
        (400, None, r#""{\"error\":{\"code\":1"#, Unknown),
        (400, None, "{'error':{'code':1}}", Unknown),
        (
            400,
            None,
            "{&quot;error&quot;:{&quot;code&quot;:190}}",
            Unknown,
        ),
        (400, None, r#"x"error":{"code":190}}"#, Unknown),
        (400, None, "\u{1f}\u{8b}\u{8}\0\0", Unknown),
        (400, None, "", Unknown),
        (404, None, "", Rejected),
        (429, json, "{}", Rejected),
        (
            400,
            json,
            r#"{"recipient_id":"1","message_id":"m_1"}"#,
            Unknown,
        ),
        (
            500,
            json,
            r#"{"error":{"code":190},"message_id":"m_1"}"#,
            Unknown,
        ),
        (
            403,
            json,
            r#"{"error":{"code":190,"data":{"message_id":5}}}"#,
            Unknown,
        ),
    ];
    for (status, content_type, body, delivery) in cases {
        let error = answered(status, content_type, body.as_bytes()).expect_err("it is refused");
        assert_eq!(
            error.delivery(),
            delivery,
            "{status} {content_type:?} {body}: {error}"
        );
        assert_eq!(error.http_status(), Some(status));
    }
}

#[test]
fn deep_nesting_ends_the_reading() {
    let deep = "[".repeat(100_000);
    let error = answered(400, None, deep.as_bytes()).expect_err("it is refused");
    assert_eq!(error.delivery(), Delivery::Unknown);
    let body = format!("{{\"error\":{{\"code\":190,\"data\":{deep}");
    let error = answered(400, None, body.as_bytes()).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[test]
fn a_sender_action_is_sent_without_an_id() {
    let action = r#"{"recipient":{"id":"1254477777772919"},"sender_action":"typing_on"}"#;
    let action = Request::from_json(action).expect("it is an object");
    let alone = r#"{"recipient_id":"1254477777772919"}"#;
    let receipt = client(HttpResponse::new(200, alone)).send_request(&action);
    let receipt = receipt.expect("it is sent");
    assert_eq!(receipt.message_id, "");
    assert_eq!(receipt.recipient_id.as_deref(), Some(PSID));
    for body in ["{}", "{\"success\":true}", "{\"recipient_id\":\"\"}"] {
        let error = client(HttpResponse::new(200, body)).send_request(&action);
        let error = error.expect_err("it says nothing");
        assert_eq!(error.delivery(), Delivery::Unknown);
    }
    // A message has one.
    let error = answered(200, None, alone.as_bytes()).expect_err("there is no id");
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[test]
fn a_kept_connection_is_believed_about_the_person_asked_for_only() {
    let over_a_kept_one = |body: &str| {
        send(HttpResponse {
            connection: Connection::reused(),
            ..HttpResponse::new(200, body)
        })
    };
    let other = OK.replace(PSID, "1");
    assert!(over_a_kept_one(OK).is_ok());
    assert!(over_a_kept_one(r#"{"message_id":"m_1"}"#).is_ok());
    for body in [&other, &OK.replace(&format!("\"{PSID}\""), "1")] {
        let error = over_a_kept_one(body).expect_err("it is somebody else's");
        let got = (error.kind(), error.delivery(), error.may_retry());
        assert_eq!(got, (ErrorKind::InvalidResponse, Delivery::Unknown, false));
    }
    assert!(send(HttpResponse::new(200, &*other)).is_ok());
}

/// What can happen to some bytes.
#[derive(Clone, Debug)]
enum Damage {
    Cut(prop::sample::Index),
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
}

impl Damage {
    fn to(&self, body: &mut Vec<u8>) {
        if body.is_empty() {
            return;
        }
        let at = |index: &prop::sample::Index| index.index(body.len());
        match self {
            Damage::Cut(index) => body.truncate(at(index)),
            Damage::Replace(index, byte) => {
                let at = at(index);
                body[at] = *byte;
            }
            Damage::Insert(index, byte) => body.insert(at(index), *byte),
            Damage::Remove(index) => {
                body.remove(at(index));
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = || any::<prop::sample::Index>();
    // JSON's own characters do the most harm.
    let byte = || {
        prop_oneof![
            any::<u8>(),
            prop::sample::select(br#"{}[]",:\ 0123456789"#.to_vec())
        ]
    };
    prop_oneof![
        index().prop_map(Damage::Cut),
        (index(), byte()).prop_map(|(index, byte)| Damage::Replace(index, byte)),
        (index(), byte()).prop_map(|(index, byte)| Damage::Insert(index, byte)),
        index().prop_map(Damage::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_damaged_sent_error_is_never_a_rejection(
        damage in damage(),
        wide in any::<bool>(),
        json in any::<bool>(),
        status in prop::sample::select(vec![200_u16, 400, 500]),
    ) {
        let mut body = if wide { utf16(SENT, u16::to_le_bytes) } else { SENT.into() };
        damage.to(&mut body);
        let content_type = json.then_some("application/json");
        let error = answered(status, content_type, &body).expect_err("it is no receipt");
        prop_assert_eq!(error.delivery(), Delivery::Unknown, "{}", String::from_utf8_lossy(&body));
    }

    #[test]
    fn a_damaged_refusal_is_never_a_receipt(
        damage in prop::collection::vec(damage(), 1..4),
        status in prop::sample::select(vec![200_u16, 201, 400, 429, 500]),
    ) {
        let mut body = SENT.replace(":1,", ":100,").into_bytes();
        for damage in &damage {
            damage.to(&mut body);
        }
        prop_assert!(answered(status, None, &body).is_err());
    }

    #[test]
    fn anything_can_be_an_answer(
        body in prop::collection::vec(any::<u8>(), 0..64),
        status in 100_u16..600,
    ) {
        prop_assert!(answered(status, None, &body).is_err());
    }
}
