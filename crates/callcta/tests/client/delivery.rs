//! What is reported, and how many requests the server saw, for each way that an
//! exchange can fail.

use std::net::TcpListener;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use callcta::{CancelReason, Client, Delivery, Error, ErrorKind, RetryPolicy, SendOptions};

use crate::server::{Log, Peer, Server, answer};
use crate::{OK, PSID, builder, client, message, ok};

/// Sends once, with the default retries, to a server that does as told.
fn send_to(serve: impl Fn(Peer) + Send + Sync + 'static) -> (Error, Log) {
    let server = Server::start(serve);
    let client = builder(&server)
        .timeout(Duration::from_secs(3))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .build()
        .expect("the settings are right");
    let error = client.send(PSID, &message()).expect_err("the server fails");
    (error, server.finish(client))
}

fn check(error: &Error, kind: ErrorKind, delivery: Delivery, attempts: u32) {
    let got = (error.kind(), error.delivery(), error.attempts());
    assert_eq!(got, (kind, delivery, attempts), "{error}");
}

#[test]
fn refused_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let retries = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&retries);
    let client = Client::builder("1", "t")
        .base_url(format!("http://127.0.0.1:{port}"))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .on_retry(move |event| {
            assert_eq!(event.error.delivery(), Delivery::NotSent);
            *counter.lock().expect("nobody panicked") += 1;
        })
        .build()
        .expect("the settings are right");
    let error = client.send(PSID, &message()).expect_err("nobody listens");
    check(&error, ErrorKind::Connect, Delivery::NotSent, 3);
    assert!(error.may_retry());
    assert_eq!(*retries.lock().expect("nobody panicked"), 2);
}

#[test]
fn dropped_before_reading_is_unknown() {
    let (error, log) = send_to(drop);
    check(&error, ErrorKind::Network, Delivery::Unknown, 1);
    assert_eq!(log.connections, 1);
}

#[test]
fn dropped_after_reading_is_unknown_and_posted_once() {
    let (error, log) = send_to(|mut peer| {
        peer.request();
    });
    check(&error, ErrorKind::Network, Delivery::Unknown, 1);
    assert!(!error.may_retry());
    assert_eq!((log.connections, log.requests.len()), (1, 1));
}

#[test]
fn a_slow_answer_is_unknown_and_posted_once() {
    let (error, log) = send_to(|mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    check(&error, ErrorKind::Timeout, Delivery::Unknown, 1);
    assert_eq!((log.connections, log.requests.len()), (1, 1));
}

#[test]
fn a_500_is_unknown_and_posted_once() {
    let body = r#"{"error":{"message":"x","code":2,"fbtrace_id":"T"}}"#;
    let (error, log) = send_to(move |mut peer| {
        while peer.request().is_some() {
            peer.send(answer("500 Internal Server Error", "", body));
        }
    });
    check(&error, ErrorKind::Service, Delivery::Unknown, 1);
    assert_eq!(error.http_status(), Some(500));
    assert_eq!(log.requests.len(), 1);
}

#[test]
fn an_answer_that_cannot_be_read_is_unknown_and_posted_once() {
    let html = answer("200 OK", "content-type: text/html\r\n", "<html></html>");
    let cut = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{OK}",
        OK.len() + 1
    );
    let huge = answer("200 OK", "", vec![b' '; (1 << 20) + 1]);
    let redirect = answer("302 Found", "location: /elsewhere\r\n", "");
    let garbage = b"not HTTP at all\r\n\r\n".to_vec();
    let coded = answer("200 OK", "content-encoding: br\r\n", OK);
    let unclear = answer("200 OK", "content-length: 3\r\n", OK);
    let switched = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
    let empty = b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    let cut = cut.into_bytes();
    for bytes in [
        html, cut, huge, redirect, garbage, coded, unclear, switched, empty,
    ] {
        let (error, log) = send_to(move |mut peer| {
            if peer.request().is_some() {
                peer.send(&bytes);
            }
        });
        check(&error, ErrorKind::InvalidResponse, Delivery::Unknown, 1);
        assert_eq!(log.requests.len(), 1);
    }
}

#[test]
fn a_refusal_stays_one_when_its_body_is_cut() {
    let (error, log) = send_to(|mut peer| {
        peer.request();
        peer.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\n{\"er");
    });
    check(&error, ErrorKind::PermissionDenied, Delivery::Rejected, 1);
    assert_eq!(log.requests.len(), 1);
}

#[test]
fn a_cut_error_is_what_its_numbers_say() {
    let cases = [
        ("code\":1,", ErrorKind::Service, Delivery::Unknown),
        ("code\":1", ErrorKind::InvalidResponse, Delivery::Unknown),
        (
            "code\":1,\"error_subcode\":1357046,",
            ErrorKind::Service,
            Delivery::Unknown,
        ),
        (
            "code\":10,\"error_subcode\":2018278,",
            ErrorKind::OutsideWindow,
            Delivery::Rejected,
        ),
        (
            "code\":10,\"error_subcode\":20182",
            ErrorKind::PermissionDenied,
            Delivery::Rejected,
        ),
    ];
    for (cut, kind, delivery) in cases {
        let (error, log) = send_to(move |mut peer| {
            peer.request();
            let head = "HTTP/1.1 400 Bad Request\r\ncontent-length: 100";
            peer.send(format!("{head}\r\n\r\n{{\"error\":{{\"{cut}"));
        });
        check(&error, kind, delivery, 1);
        assert_eq!(log.requests.len(), 1);
    }
}

#[test]
fn an_answer_about_somebody_else_is_believed_on_a_new_connection_only() {
    let server = Server::answering(ok());
    let client = client(&server);
    let other = "9999999999999999";
    for _ in 0..2 {
        let receipt = client.send(other, &message()).expect("it came first");
        assert_eq!(receipt.recipient_id.as_deref(), Some(PSID));
        let error = client.send(other, &message()).expect_err("it may be late");
        check(&error, ErrorKind::InvalidResponse, Delivery::Unknown, 1);
    }
    client.send(PSID, &message()).expect("it is about them");
    client.send(PSID, &message()).expect("it is about them");
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (3, 6));
}

#[test]
fn a_refusal_that_holds_an_id_is_never_sent_again() {
    let body = r#"{"error":{"code":613},"message_id":"m_1"}"#;
    let (error, log) = send_to(move |mut peer| {
        while peer.request().is_some() {
            peer.send(answer("429 Too Many Requests", "", body));
        }
    });
    check(&error, ErrorKind::InvalidResponse, Delivery::Unknown, 1);
    assert_eq!(log.requests.len(), 1);
}

#[test]
fn two_rate_limits_and_a_success_are_three_posts() {
    let limited = answer(
        "429 Too Many Requests",
        "",
        r#"{"error":{"message":"x","code":613}}"#,
    );
    let server = Server::start(move |mut peer| {
        for _ in 0..2 {
            peer.request();
            peer.send(&limited);
        }
        peer.request();
        peer.send(ok());
        peer.wait_for_close();
    });
    let client = builder(&server)
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .build()
        .expect("the settings are right");
    let receipt = client.send(PSID, &message()).expect("the third try works");
    assert_eq!(receipt.attempts, 3);
    assert_eq!(server.finish(client).requests.len(), 3);
}

#[test]
fn an_invalid_message_is_not_sent() {
    let server = Server::answering(ok());
    let client = client(&server);
    let message = callcta::Message::buttons("", []);
    let error = client
        .send("someone", &message)
        .expect_err("it breaks rules");
    check(&error, ErrorKind::InvalidMessage, Delivery::NotSent, 0);
    let paths: Vec<_> = error.violations().iter().map(|v| v.path.as_str()).collect();
    let payload = "message.attachment.payload";
    let text = format!("{payload}.text");
    let buttons = format!("{payload}.buttons");
    assert_eq!(paths, ["recipient.id", text.as_str(), buttons.as_str()]);
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn a_stale_connection_is_replaced() {
    // Each connection serves one request, says it stays open, and closes.
    let (closed, wait) = mpsc::channel();
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(ok());
        drop(peer);
        closed.send(()).expect("the test waits");
    });
    let client = client(&server);
    for _ in 0..5 {
        client
            .send(PSID, &message())
            .expect("a new connection is made");
        wait.recv().expect("the server closes");
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (5, 5));
}

#[test]
fn a_passed_deadline_is_not_sent() {
    let server = Server::answering(ok());
    let client = client(&server);
    let options = SendOptions::new().deadline(SystemTime::now() - Duration::from_secs(1));
    let error = client
        .send_with(PSID, &message(), &options)
        .expect_err("it is too late");
    check(&error, ErrorKind::DeadlinePassed, Delivery::NotSent, 0);
    assert!(!error.may_retry());
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn a_deadline_bounds_the_wait_for_an_answer() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    // Its own limit is 30 s: without the deadline the test would not end in time.
    let client = client(&server);
    let options = SendOptions::new().deadline(SystemTime::now() + Duration::from_millis(200));
    let error = client
        .send_with(PSID, &message(), &options)
        .expect_err("no answer comes");
    check(&error, ErrorKind::Timeout, Delivery::Unknown, 1);
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn closing_ends_a_send_in_flight_and_refuses_later_ones() {
    let (arrived, wait) = mpsc::channel();
    let server = Server::start(move |mut peer| {
        peer.request();
        arrived.send(()).expect("the test waits");
        peer.wait_for_close();
    });
    let client = client(&server);
    let sender = client.clone();
    let sending = std::thread::spawn(move || sender.send(PSID, &message()));
    wait.recv().expect("the request arrives");
    client.close();
    let error = sending
        .join()
        .expect("no panic")
        .expect_err("it is cut off");
    check(&error, ErrorKind::Cancelled, Delivery::Unknown, 1);
    assert_eq!(error.reason(), Some(CancelReason::Closed));
    let error = client.send(PSID, &message()).expect_err("it is closed");
    check(&error, ErrorKind::Cancelled, Delivery::NotSent, 0);
    assert_eq!(error.reason(), Some(CancelReason::Closed));
    client.close();
    assert_eq!(server.finish(client).requests.len(), 1);
}

/// Runs this test again in a program of its own that may open few files.
#[cfg(unix)]
#[test]
fn without_a_file_left_nothing_is_sent() {
    use std::fs::File;
    use std::process::Command;

    const PORT: &str = "CALLCTA_TEST_FEW_FILES_PORT";
    let Ok(port) = std::env::var(PORT) else {
        let server = Server::answering(ok());
        let status = Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
            .arg(std::env::current_exe().expect("it runs"))
            .args(["--exact", "delivery::without_a_file_left_nothing_is_sent"])
            .env(PORT, server.port().to_string())
            .status();
        assert!(status.expect("there is a shell").success());
        assert_eq!(server.finish(()).requests.len(), 1);
        return;
    };
    // By name, too: the system can't look one up without a file.
    let clients = ["127.0.0.1", "localhost"].map(|host| {
        Client::builder("1", "t")
            .base_url(format!("http://{host}:{port}"))
            .retry(RetryPolicy::none())
            .build()
            .expect("the settings are right")
    });
    let files: Vec<File> = std::iter::repeat_with(|| File::open("/dev/null"))
        .map_while(Result::ok)
        .collect();
    for client in &clients {
        let error = client
            .send(PSID, &message())
            .expect_err("there is no socket");
        check(&error, ErrorKind::OutOfResources, Delivery::NotSent, 1);
        assert!(error.may_retry());
    }
    drop(files);
    let sent = clients[0].send(PSID, &message());
    sent.expect("there is a file again");
}
