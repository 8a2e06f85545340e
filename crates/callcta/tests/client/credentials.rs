//! Tokens that change, further headers, and a time limit of a send's own.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use callcta::{Delivery, ErrorKind, RetryPolicy, SendOptions, TokenPlacement};
use serde_json::Value;

use crate::server::{Peer, Received, Server, answer};
use crate::{PSID, builder, client, message, ok};

fn token(request: &Received) -> &str {
    request.header("authorization").expect("it has one")
}

#[test]
fn another_token_holds_from_the_next_send_on_in_all_clones() {
    let server = Server::answering(ok());
    let client = client(&server);
    client.send(PSID, &message()).expect("it is taken");
    let clone = client.clone();
    clone.set_access_token("another").expect("it can be one");
    client.send(PSID, &message()).expect("it is taken");
    let refused = client.set_access_token("no\r\ntoken").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    client.send(PSID, &message()).expect("it is taken");
    drop(clone);
    let log = server.finish(client);
    let tokens: Vec<&str> = log.requests.iter().map(token).collect();
    assert_eq!(
        tokens,
        ["Bearer test-token", "Bearer another", "Bearer another"]
    );
}

#[test]
fn the_proof_and_the_body_follow_the_token() {
    let server = Server::answering(ok());
    let client = builder(&server)
        .app_secret("test-secret")
        .token_placement(TokenPlacement::Body)
        .build()
        .expect("the settings are right");
    let sent = |client: &callcta::Client| {
        client.send(PSID, &message()).expect("it is taken");
        let body: Value = serde_json::from_slice(&server.requests().pop().unwrap().body).unwrap();
        (
            body["access_token"].clone(),
            body["appsecret_proof"].clone(),
        )
    };
    let (first, second) = (sent(&client), {
        client.set_access_token("another").expect("it can be one");
        sent(&client)
    });
    assert_eq!(
        (first.0, &second.0),
        ("test-token".into(), &Value::from("another"))
    );
    assert_ne!(first.1, second.1);
}

#[test]
fn a_provider_is_asked_before_each_request_a_retry_s_too() {
    let limited = answer("429 Too Many Requests", "retry-after: 0\r\n", "");
    let server = Server::start(move |mut peer: Peer| {
        while peer.request().is_some() {
            peer.send(if peer.connection == 0 {
                limited.clone()
            } else {
                ok()
            });
        }
    });
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let client = builder(&server)
        .token_provider(move || Ok(format!("t{}", count.fetch_add(1, Ordering::Relaxed))))
        .retry(
            RetryPolicy::new()
                .attempts(2)
                .base_delay(Duration::from_millis(1)),
        )
        .build()
        .expect("the settings are right");
    // The first connection is refused twice, which costs all tries.
    let error = client.send(PSID, &message()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let log = server.finish(client);
    let tokens: Vec<&str> = log.requests.iter().map(token).collect();
    assert_eq!(tokens, ["Bearer t0", "Bearer t1"]);
}

#[test]
fn nothing_is_sent_without_a_token() {
    let server = Server::answering(ok());
    let client = builder(&server)
        .token_provider(|| Err("the vault is sealed".into()))
        .build()
        .expect("the settings are right");
    let error = client.send(PSID, &message()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
    let source = error.source().expect("it has one").to_string();
    assert_eq!(source, "the vault is sealed");
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn further_headers_go_along_and_a_send_s_own_win() {
    let server = Server::answering(ok());
    let client = builder(&server)
        .header("x-shop", "7")
        .header("traceparent", "client")
        .build()
        .expect("the settings are right");
    let options = SendOptions::new().header("Traceparent", "send");
    for options in [&options, &SendOptions::new()] {
        client
            .send_with(PSID, &message(), options)
            .expect("it is taken");
    }
    let wrong = SendOptions::new().header("Content-Length", "1");
    let error = client.send_with(PSID, &message(), &wrong).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidArgument, Delivery::NotSent)
    );
    let log = server.finish(client);
    assert_eq!(log.requests.len(), 2);
    let headers = |request: &Received| {
        let of = |name| request.header(name).map(str::to_owned);
        (of("x-shop"), of("traceparent"))
    };
    let expected = |trace: &str| (Some("7".to_owned()), Some(trace.to_owned()));
    assert_eq!(headers(&log.requests[0]), expected("send"));
    assert_eq!(headers(&log.requests[1]), expected("client"));
    let refused = builder(&Server::answering(ok()))
        .header("host", "x")
        .build();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_send_may_have_less_time_than_the_client() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    let client = client(&server);
    let options = SendOptions::new().timeout(Duration::from_millis(50));
    let started = Instant::now();
    let error = client.send_with(PSID, &message(), &options).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    // The client's own is 30 s.
    assert!(started.elapsed() < Duration::from_secs(20));
    server.finish(client);
}
