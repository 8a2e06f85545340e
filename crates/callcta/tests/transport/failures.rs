//! What can go wrong on the way, and the evidence about the request.

use std::net::TcpListener;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use callcta::transport::{
    HttpRequest, Transport, TransportConfig, TransportErrorKind as Kind, UreqTransport,
};

use super::server::{Server, answer};
use super::{OK, alone, client, failed, hasty_client, plain, post, request, spoiled};

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/");
    let message = failed(post(&client(), &url), Kind::Connect, false);
    let expected = format!("could not connect to {address}: connection refused");
    assert_eq!(message, expected);
}

#[test]
fn the_host_does_not_exist() {
    // The name is reserved for never existing, so no network is needed to fail.
    let message = failed(
        post(&client(), "http://callcta.invalid/"),
        Kind::Connect,
        false,
    );
    assert!(
        message.starts_with("could not resolve callcta.invalid: "),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn no_file_is_left() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    use std::fs::File;

    const PORT: &str = "CALLCTA_TEST_PORT";
    let Ok(port) = std::env::var(PORT) else {
        let server = Server::answering(OK);
        let port = server.port().to_string();
        alone("failures::no_file_is_left", |child| child.env(PORT, port));
        // By address and by name.
        assert_eq!(server.finish(()).requests.len(), 2);
        return;
    };
    let urls = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}/"));
    let client = client();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(64);
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    for url in &urls {
        let message = failed(post(&client, url), Kind::OutOfResources, false);
        assert!(message.contains("too many open files"), "{message}");
    }
    drop(files);
    for url in &urls {
        assert_eq!(post(&client, url).unwrap().status, 200);
    }
}

#[test]
fn the_request_cannot_be_formed() {
    let client = client();
    for url in [
        "",
        "/v1/messages",
        "ftp://127.0.0.1/",
        "http:///messages",
        "http://127.0.0.1:99999/",
        "http://user:abc@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nx: y",
        "http://127.0.0.1/caf\u{e9}",
        "http://[::1/",
    ] {
        failed(post(&client, url), Kind::InvalidRequest, false);
    }
    let good = request("http://127.0.0.1/");
    for bad in [
        HttpRequest {
            authorization: Some("Bearer abc\r\nx: y"),
            ..good
        },
        HttpRequest {
            content_type: "text/plain\r\n",
            ..good
        },
        HttpRequest {
            authorization: Some(&"abc".repeat(20_000)),
            ..good
        },
    ] {
        failed(client.exchange(&bad), Kind::InvalidRequest, false);
    }
}

#[test]
fn plain_http_is_refused_unless_allowed() {
    let server = Server::answering(OK);
    let client = UreqTransport::new(TransportConfig::default()).unwrap();
    let message = failed(post(&client, &server.url()), Kind::InvalidRequest, false);
    assert_eq!(message, "the URL must be https");
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn settings_that_cannot_be_used() {
    for (config, hint) in [
        (
            TransportConfig {
                user_agent: "a\r\nb".to_owned(),
                ..plain()
            },
            "user agent",
        ),
        (
            TransportConfig {
                proxy: Some("socks5://user:abc@127.0.0.1".to_owned()),
                ..plain()
            },
            "proxies",
        ),
        (
            TransportConfig {
                proxy: Some("http://".to_owned()),
                ..plain()
            },
            "proxy",
        ),
        (
            TransportConfig {
                extra_ca_pem: Some(b"no certificate".to_vec()),
                ..plain()
            },
            "extra_ca_pem (extraCaPem, --ca-file) holds no certificate",
        ),
        (
            TransportConfig {
                extra_ca_pem: Some(
                    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
                ),
                ..plain()
            },
            "holds a certificate that can't be read",
        ),
    ] {
        let error = UreqTransport::new(config).unwrap_err();
        assert_eq!(
            (error.kind, error.request_written),
            (Kind::InvalidRequest, false)
        );
        assert!(error.message.contains(hint), "{error}");
        assert!(!error.message.contains("abc"), "{error}");
    }
}

#[test]
fn the_server_hangs_up_without_reading() {
    let server = Server::start(drop);
    let client = client();
    failed(post(&client, &server.url()), Kind::Network, true);
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 0));
}

#[test]
fn the_server_hangs_up_after_reading() {
    let server = Server::start(|mut peer| drop(peer.request()));
    let client = client();
    failed(post(&client, &server.url()), Kind::Network, true);
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 1));
}

#[test]
fn the_server_hangs_up_within_the_head_of_its_answer() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\ncontent-le");
    });
    let client = client();
    failed(post(&client, &server.url()), Kind::Network, true);
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn the_server_hangs_up_within_the_body_of_its_answer() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{";
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\"",
        chunked,
    ] {
        let server = Server::start(move |mut peer| {
            peer.request();
            peer.send(bytes);
        });
        let client = client();
        let message = spoiled(post(&client, &server.url()), 200, Kind::InvalidResponse);
        assert!(message.contains("cut short"), "{message}");
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

/// A server that reads a request, answers `part` of it, and then holds on until
/// it is told that the client has given up.
fn holding(part: &'static str) -> (Server, mpsc::Sender<()>) {
    let (given_up, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(part);
        wait.lock().unwrap().recv().unwrap();
        peer.send(OK);
    });
    (server, given_up)
}

#[test]
fn the_answer_takes_too_long() {
    let (server, given_up) = holding("");
    let client = hasty_client();
    let message = failed(post(&client, &server.url()), Kind::Timeout, true);
    assert_eq!(message, "no answer within 1.5s");
    given_up.send(()).unwrap();
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn the_body_of_the_answer_takes_too_long() {
    let (server, given_up) = holding("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{");
    let client = hasty_client();
    spoiled(post(&client, &server.url()), 200, Kind::Timeout);
    given_up.send(()).unwrap();
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn a_request_can_shorten_the_time_but_not_lengthen_it() {
    for (own, all) in [(1500, 60_000), (60_000, 1500)] {
        let (server, given_up) = holding("");
        let client = UreqTransport::new(TransportConfig {
            timeout: Duration::from_millis(all),
            ..plain()
        })
        .unwrap();
        let outcome = client.exchange(&HttpRequest {
            timeout: Some(Duration::from_millis(own)),
            ..request(&server.url())
        });
        assert_eq!(
            failed(outcome, Kind::Timeout, true),
            "no answer within 1.5s"
        );
        given_up.send(()).unwrap();
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn no_time_at_all_is_a_timeout_before_anything_is_sent() {
    let server = Server::answering(OK);
    let client = client();
    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    let outcome = client.exchange(&HttpRequest {
        timeout: Some(Duration::ZERO),
        ..request(&server.url())
    });
    failed(outcome, Kind::Timeout, false);
    // Longer than the clock can count is no limit.
    let patient = UreqTransport::new(TransportConfig {
        timeout: Duration::MAX,
        connect_timeout: Duration::MAX,
        ..plain()
    })
    .unwrap();
    assert_eq!(post(&patient, &server.url()).unwrap().status, 200);
    assert_eq!(server.finish((client, patient)).requests.len(), 2);
}

#[test]
fn a_body_that_nobody_reads_times_out_as_written() {
    let (given_up, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::start(move |peer| {
        wait.lock().unwrap().recv().unwrap();
        drop(peer);
    });
    let client = hasty_client();
    // More than the socket buffers of both sides can hold.
    let outcome = client.exchange(&HttpRequest {
        body: &vec![b' '; 64 << 20],
        ..request(&server.url())
    });
    failed(outcome, Kind::Timeout, true);
    given_up.send(()).unwrap();
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 0));
}

#[test]
fn an_answer_before_the_whole_body_was_read_counts() {
    let server = Server::start(|mut peer| {
        peer.send(answer(
            "413 Payload Too Large",
            "connection: close\r\n",
            "{}",
        ));
        peer.wait_for_close();
    });
    let client = client();
    let outcome = client.exchange(&HttpRequest {
        body: &vec![b' '; 4 << 20],
        ..request(&server.url())
    });
    assert_eq!(outcome.unwrap().status, 413);
    assert_eq!(server.finish(client).connections, 1);
}
