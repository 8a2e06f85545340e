//! What a server can answer.

use std::io::Write;

use callcta::transport::{
    HttpRequest, Method, Transport, TransportConfig, TransportErrorKind, UreqTransport,
};

use super::server::{Server, answer};
use super::{OK, client, failed, plain, post, spoiled};

#[test]
fn the_request_on_the_wire() {
    let server = Server::answering(OK);
    let client = client();
    let url = format!("{}?access_token=t%2Fu#part", server.url());
    let answer = post(&client, &url).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.unwrap(), b"{}");

    let port = server.port();
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 1));
    let request = &log.requests[0];
    assert_eq!(
        request.head.lines().next().unwrap(),
        "POST /v1/messages?access_token=t%2Fu HTTP/1.1"
    );
    assert_eq!(request.header("host").unwrap(), format!("127.0.0.1:{port}"));
    assert_eq!(request.header("authorization"), Some("Bearer abc"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-length"), Some("7"));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert_eq!(
        request.header("user-agent").unwrap(),
        concat!("callcta/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(request.body, b"{\"a\":1}");
}

#[test]
fn a_request_may_lack_authorization_path_body_and_user_agent() {
    let server = Server::answering(OK);
    let client = UreqTransport::new(TransportConfig {
        user_agent: String::new(),
        ..plain()
    })
    .unwrap();
    for (tail, line) in [("", "POST / HTTP/1.1"), ("?a=b", "POST /?a=b HTTP/1.1")] {
        let answer = client.exchange(&HttpRequest {
            method: Method::Post,
            url: &format!("http://127.0.0.1:{}{tail}", server.port()),
            authorization: None,
            content_type: "text/plain",
            headers: &[],
            body: b"",
            timeout: None,
            cancel: None,
        });
        assert_eq!(answer.unwrap().status, 200);
        let request = server.requests().pop().unwrap();
        assert_eq!(request.head.lines().next(), Some(line));
        assert_eq!(request.header("authorization"), None);
        assert_eq!(request.header("user-agent"), None);
        assert_eq!(request.header("content-length"), Some("0"));
    }
    server.finish(client);
}

#[test]
fn a_large_body_arrives_whole() {
    let server = Server::answering(OK);
    let client = client();
    let body: Vec<u8> = (0..3_000_000_u32)
        .map(|at| at.to_le_bytes()[at as usize % 3])
        .collect();
    let answer = client.exchange(&HttpRequest {
        body: &body,
        ..super::request(&server.url())
    });
    assert_eq!(answer.unwrap().status, 200);
    let log = server.finish(client);
    assert!(log.requests[0].body == body);
}

#[test]
fn headers_come_back_in_lower_case() {
    let headers = "X-App-Usage: {\"call_count\":1}\r\nX-Odd: caf\u{e9}\r\n";
    let mut bytes = answer("200 OK", headers, "{}");
    // A value that is not UTF-8 is left out.
    bytes.splice(15..15, b"\r\nX-Latin: caf\xe9".iter().copied());
    let server = Server::answering(bytes);
    let client = client();
    let answer = post(&client, &server.url()).unwrap();
    let pairs: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("x-app-usage", "{\"call_count\":1}"),
            ("x-odd", "caf\u{e9}"),
            ("content-length", "2")
        ]
    );
    server.finish(client);
}

#[test]
fn an_error_status_is_an_answer() {
    for status in [
        "400 Bad Request",
        "429 Too Many Requests",
        "503 Service Unavailable",
    ] {
        let server = Server::answering(answer(status, "", "{\"error\":{}}"));
        let client = client();
        let answer = post(&client, &server.url()).unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.body.unwrap(), b"{\"error\":{}}");
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering(OK);
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = format!("location: {}\r\n", elsewhere.url());
        let server = Server::answering(answer(status, &location, "moved"));
        let client = client();
        let answer = post(&client, &server.url()).unwrap();
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.body.unwrap(), b"moved");
        assert_eq!(server.finish(client).requests.len(), 1);
    }
    assert_eq!(elsewhere.finish(()).connections, 0);
}

#[test]
fn another_content_type_is_passed_on() {
    let server = Server::answering(answer(
        "502 Bad Gateway",
        "content-type: text/html\r\n",
        "<h1>",
    ));
    let client = client();
    let answer = post(&client, &server.url()).unwrap();
    assert_eq!(
        (answer.status, answer.body.unwrap().as_slice()),
        (502, &b"<h1>"[..])
    );
    server.finish(client);
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    for (length, fits) in [(1000, true), (1001, false)] {
        let server = Server::answering(answer("200 OK", "", vec![b' '; length]));
        let client = UreqTransport::new(TransportConfig {
            max_body: 1000,
            ..plain()
        })
        .unwrap();
        let outcome = post(&client, &server.url());
        if fits {
            assert_eq!(outcome.unwrap().body.unwrap().len(), length);
        } else {
            let message = spoiled(outcome, 200, TransportErrorKind::InvalidResponse);
            assert_eq!(message, "the answer is longer than 1000 bytes");
        }
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_decompressed_and_the_connection_kept() {
    let packed = gzip(b"{\"message_id\":\"m\"}");
    let server = Server::answering(answer("200 OK", "content-encoding: gzip\r\n", packed));
    let client = client();
    for _ in 0..2 {
        let answer = post(&client, &server.url()).unwrap();
        assert_eq!(answer.body.unwrap(), b"{\"message_id\":\"m\"}");
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 2));
}

#[test]
fn bad_gzip_spoils_the_body() {
    let whole = gzip(b"{\"message_id\":\"m\"}");
    let mut wrong = whole.clone();
    wrong[12] ^= 0xff;
    // A small body that unpacks to more than the limit counts as too long.
    let bomb = gzip(&vec![0; 2 << 20]);
    for body in [&whole[..whole.len() - 9], &wrong, b"{}", &bomb] {
        let server = Server::answering(answer("200 OK", "content-encoding: gzip\r\n", body));
        let client = client();
        spoiled(
            post(&client, &server.url()),
            200,
            TransportErrorKind::InvalidResponse,
        );
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn chunked_and_close_delimited_bodies_are_read() {
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
    let until_close = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}";
    for bytes in [chunked, until_close] {
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(bytes);
        });
        let client = client();
        assert_eq!(post(&client, &server.url()).unwrap().body.unwrap(), b"{}");
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn interim_answers_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n";
    let server = Server::answering(format!("{interim}{OK}"));
    let client = client();
    for _ in 0..2 {
        let answer = post(&client, &server.url()).unwrap();
        assert_eq!(
            (answer.status, answer.body.unwrap().as_slice()),
            (200, &b"{}"[..])
        );
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 2));
}

#[test]
fn something_else_than_http_is_an_invalid_answer() {
    for bytes in [
        "SSH-2.0-server\r\n\r\n".to_owned(),
        "{}\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(70_000)),
    ] {
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(&bytes);
            peer.wait_for_close();
        });
        let client = client();
        failed(
            post(&client, &server.url()),
            TransportErrorKind::InvalidResponse,
            true,
        );
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn a_bad_chunk_spoils_the_body() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n");
        peer.wait_for_close();
    });
    let client = client();
    spoiled(
        post(&client, &server.url()),
        200,
        TransportErrorKind::InvalidResponse,
    );
    server.finish(client);
}

#[test]
fn a_question_has_no_body_and_no_content_type() {
    let server = Server::answering(OK);
    let client = client();
    for _ in 0..2 {
        let answer = client.exchange(&HttpRequest {
            method: Method::Get,
            body: b"",
            ..super::request(&server.url())
        });
        assert_eq!(answer.unwrap().status, 200);
    }
    let log = server.finish(client);
    for request in &log.requests {
        assert!(request.head.starts_with("GET /"), "{}", request.head);
        let head = request.head.to_ascii_lowercase();
        assert!(!head.contains("content-"), "{head}");
        assert!(request.body.is_empty());
    }
    assert_eq!(log.connections, 1);
}
