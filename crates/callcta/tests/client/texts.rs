//! What a person reads when a send fails.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use callcta::{CancelToken, Client, Delivery, Error, Recipient, Request, RetryPolicy, SendOptions};

use crate::server::{Peer, Server, answer};
use crate::{PSID, client, message};

const MAYBE: &str = "the message may have been delivered";

/// The error of one send to a server that does as told, and its host.
fn failed(
    to: impl Into<Recipient>,
    serve: impl Fn(Peer) + Send + Sync + 'static,
) -> (Error, String) {
    let server = Server::start(serve);
    let host = format!("127.0.0.1:{}", server.port());
    let client = Client::builder("1", "t")
        .base_url(format!("http://{host}"))
        .timeout(Duration::from_millis(300))
        .retry(RetryPolicy::none())
        .build()
        .expect("the settings are right");
    assert_eq!(client.host(), host);
    let error = client.send(to, &message()).expect_err("the server fails");
    server.finish(client);
    (error, host)
}

fn answered(
    to: impl Into<Recipient>,
    status: &'static str,
    head: &'static str,
    body: &'static str,
) -> (Error, String) {
    failed(to, move |mut peer| {
        peer.request();
        peer.send(answer(status, head, body));
    })
}

#[track_caller]
fn check(error: &Error, delivery: Delivery, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.delivery(), delivery, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        text.contains(MAYBE),
        delivery == Delivery::Unknown,
        "{text}"
    );
    assert!(text.ends_with(error.advice()), "{text}");
}

#[test]
fn who_is_no_graph_api_is_named_and_told_from_one() {
    let html = "content-type: text/html\r\n";
    let page = "<html></html>";
    for status in [
        "404 Not Found",
        "405 Method Not Allowed",
        "401 Unauthorized",
    ] {
        for (head, body) in [(html, page), ("", "{\"message\":\"no route\"}"), ("", "")] {
            let (error, host) = answered(PSID, status, head, body);
            let named = format!("HTTP status {} from {host}", &status[..3]);
            check(&error, Delivery::Rejected, &[&named, "check the base URL"]);
        }
    }
    for status in ["200 OK", "502 Bad Gateway", "301 Moved Permanently"] {
        let (error, host) = answered(PSID, status, html, page);
        check(
            &error,
            Delivery::Unknown,
            &[&format!("from {host}"), "the base URL"],
        );
    }
    // The platform itself.
    let refused = r#"{"error":{"code":190,"fbtrace_id":"T"}}"#;
    let (error, _) = answered(PSID, "401 Unauthorized", "", refused);
    check(
        &error,
        Delivery::Rejected,
        &["code 190, trace T", "access token"],
    );
    let (error, _) = answered(PSID, "500 Oops", "", "{\"error\":{\"code\":2}}");
    check(&error, Delivery::Unknown, &["code 2"]);
    assert!(!error.to_string().contains("base URL"));
}

#[test]
fn advice_is_about_whoever_was_written_to() {
    let nobody = r#"{"error":{"code":100,"error_subcode":2018001}}"#;
    let late = r#"{"error":{"code":10,"error_subcode":2018278}}"#;
    let to = [
        (
            Recipient::Id("1".to_owned()),
            "PSID",
            "wait until the person writes",
        ),
        (
            Recipient::UserRef("1".to_owned()),
            "user_ref",
            "wait until the person writes",
        ),
        (
            Recipient::CommentId("1".to_owned()),
            "comment",
            "once, within 7 days",
        ),
        (
            Recipient::PostId("1".to_owned()),
            "post",
            "once, within 7 days",
        ),
    ];
    for (recipient, about, when) in to {
        let (error, _) = answered(recipient.clone(), "400 Bad Request", "", nobody);
        check(&error, Delivery::Rejected, &[about]);
        assert_eq!(error.advice().contains("PSID"), about == "PSID");
        let (error, _) = answered(recipient, "400 Bad Request", "", late);
        check(&error, Delivery::Rejected, &[when]);
    }
}

#[test]
fn a_broken_or_silent_connection_says_whose_and_what_to_do() {
    let (error, host) = failed(PSID, drop);
    check(&error, Delivery::Unknown, &[&host]);
    let (error, host) = failed(PSID, |mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    check(&error, Delivery::Unknown, &["within 300ms", &host]);

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let host = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let client = Client::builder("1", "t").base_url(format!("http://{host}"));
    let client = client
        .retry(RetryPolicy::none())
        .build()
        .expect("the settings are right");
    let error = client.send(PSID, &message()).expect_err("nobody listens");
    check(&error, Delivery::NotSent, &[&host, "nothing was sent"]);
    assert_eq!(error.to_string().matches(&host).count(), 1);
}

#[test]
fn who_gives_up_or_closes_reads_how_far_it_was() {
    let (arrived, wait) = mpsc::channel();
    let server = Server::start(move |mut peer| {
        peer.request();
        let _ = arrived.send(());
        peer.wait_for_close();
    });
    let client = client(&server);
    let request = Request::new(PSID, message(), SendOptions::new());
    let send = |token: &CancelToken| {
        let (client, request, token) = (client.clone(), request.clone(), token.clone());
        let sending = std::thread::spawn(move || client.send_request_until(&request, &token));
        wait.recv().expect("the request arrives");
        sending
    };

    let token = CancelToken::new();
    let sending = send(&token);
    token.cancel();
    let error = sending
        .join()
        .expect("no panic")
        .expect_err("it is given up");
    check(
        &error,
        Delivery::Unknown,
        &["cancelled while it was being sent"],
    );
    let again = client.send_request_until(&request, &token);
    let error = again.expect_err("it is given up");
    check(
        &error,
        Delivery::NotSent,
        &["cancelled before it was sent", "nothing was sent"],
    );

    let sending = send(&CancelToken::new());
    client.close();
    let error = sending
        .join()
        .expect("no panic")
        .expect_err("it is cut off");
    check(
        &error,
        Delivery::Unknown,
        &["closed while the message was being sent"],
    );
    let error = client.send(PSID, &message()).expect_err("it is closed");
    check(
        &error,
        Delivery::NotSent,
        &["the client is closed", "nothing was sent"],
    );
    server.finish(client);
}

#[test]
fn an_empty_base_url_is_an_error() {
    let error = Client::builder("1", "t").base_url("").build();
    let error = error.expect_err("it doesn't mean Meta");
    assert!(
        error.to_string().contains("the base URL is empty"),
        "{error}"
    );
}
