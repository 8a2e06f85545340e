//! TLS: who is trusted, and evidence that handshake bytes don't spoil.

use std::io::Read;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa};

use super::authority::{authority, authority_for, serve, trusting};
use super::server::Server;
use super::{OK, failed, post};

fn url(server: &Server) -> String {
    format!("https://localhost:{}/v1/messages", server.port())
}

#[test]
fn an_extra_certificate_is_trusted() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let (config, ca_pem) = authority(&[version]);
        let server = serve(config, |mut peer| {
            while peer.request().is_some() {
                peer.send(OK);
            }
        });
        let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
        for _ in 0..20 {
            assert_eq!(post(&client, &url(&server)).unwrap().body.unwrap(), b"{}");
        }
        let log = server.finish(client);
        assert_eq!((log.connections, log.requests.len()), (1, 20));
        let request = &log.requests[0];
        assert_eq!(request.header("authorization"), Some("Bearer abc"));
        assert_eq!(request.body, b"{\"a\":1}");
    }
}

#[test]
fn nobody_else_is_trusted() {
    let (config, ca_pem) = authority(&[&rustls::version::TLS13]);
    let (_, other_pem) = authority(&[&rustls::version::TLS13]);
    let server = serve(config, |mut peer| while peer.request().is_some() {});
    for settings in [TransportConfig::default(), trusting(&other_pem)] {
        let client = UreqTransport::new(settings).unwrap();
        let message = failed(post(&client, &url(&server)), Kind::Refused, false);
        let place = format!("could not connect to localhost:{}: ", server.port());
        assert!(message.starts_with(&place), "{message}");
        // By whatever name the reader's language has it.
        for name in ["extra_ca_pem", "extraCaPem", "--ca-file"] {
            assert!(message.contains(name), "{message}");
        }
    }
    // The name counts too: this certificate is for localhost.
    let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
    let by_address = format!("https://127.0.0.1:{}/", server.port());
    let message = failed(post(&client, &by_address), Kind::Refused, false);
    assert!(
        message.ends_with("its certificate is for another host"),
        "{message}"
    );
    assert_eq!(server.finish(client).requests.len(), 0);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_in_words() {
    type Change = fn(&mut CertificateParams);
    let cases: [(Change, &str); 4] = [
        (
            |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1),
            "its certificate has expired, or this machine's clock is wrong",
        ),
        (
            |params| params.not_before = rcgen::date_time_ymd(4000, 1, 1),
            "its certificate is not valid yet, or this machine's clock is wrong",
        ),
        (
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "its certificate is that of a CA, which is not accepted as a server's",
        ),
        (
            |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            "its certificate is not meant for servers",
        ),
    ];
    for (change, hint) in cases {
        let (config, ca_pem) = authority_for(&[&rustls::version::TLS13], change);
        let server = serve(config, |mut peer| while peer.request().is_some() {});
        let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
        let message = failed(post(&client, &url(&server)), Kind::Refused, false);
        assert!(message.contains(hint), "{message}");
        assert!(!message.contains("Error"), "{message}");
        server.finish(client);
    }
}

#[test]
fn a_broken_handshake_is_no_sending() {
    let (_, ca_pem) = authority(&[&rustls::version::TLS13]);
    let server = Server::start_over(
        |mut stream| {
            // Takes the client's first bytes, answers nothing.
            stream.read_exact(&mut [0; 64]).unwrap();
            None
        },
        |_| unreachable!("no connection gets so far"),
    );
    let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
    failed(post(&client, &url(&server)), Kind::Connect, false);
    server.finish(client);

    let not_tls = Server::start(|mut peer| {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.wait_for_close();
    });
    let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
    let message = failed(post(&client, &url(&not_tls)), Kind::Refused, false);
    assert!(message.contains("doesn't speak TLS"), "{message}");
    not_tls.finish(client);
}

#[test]
fn a_handshake_that_takes_too_long_is_no_sending() {
    let (_, ca_pem) = authority(&[&rustls::version::TLS13]);
    let (given_up, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let server = Server::start(move |peer| {
        wait.lock().unwrap().recv().unwrap();
        drop(peer);
    });
    let client = UreqTransport::new(TransportConfig {
        connect_timeout: Duration::from_millis(150),
        ..trusting(&ca_pem)
    })
    .unwrap();
    failed(post(&client, &url(&server)), Kind::Timeout, false);
    given_up.send(()).unwrap();
    server.finish(client);
}

#[test]
fn what_goes_wrong_after_the_handshake_was_written() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let (config, ca_pem) = authority(&[version]);
        let server = serve(Arc::clone(&config), |mut peer| drop(peer.request()));
        let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
        failed(post(&client, &url(&server)), Kind::Network, true);
        assert_eq!(server.finish(client).requests.len(), 1);

        let (given_up, wait) = mpsc::channel();
        let wait = Mutex::new(wait);
        let server = serve(config, move |mut peer| {
            peer.request();
            wait.lock().unwrap().recv().unwrap();
        });
        let client = UreqTransport::new(TransportConfig {
            timeout: Duration::from_millis(1500),
            ..trusting(&ca_pem)
        })
        .unwrap();
        failed(post(&client, &url(&server)), Kind::Timeout, true);
        given_up.send(()).unwrap();
        assert_eq!(server.finish(client).requests.len(), 1);
    }
}

#[test]
fn an_encrypted_connection_closed_while_idle_is_replaced() {
    let (config, ca_pem) = authority(&[&rustls::version::TLS13]);
    let (closed, is_closed) = mpsc::channel();
    let closed = Mutex::new(closed);
    let server = serve(config, move |mut peer| {
        peer.request();
        peer.send(OK);
        drop(peer);
        closed.lock().unwrap().send(()).unwrap();
    });
    let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
    for _ in 0..10 {
        assert_eq!(post(&client, &url(&server)).unwrap().status, 200);
        is_closed.recv().unwrap();
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (10, 10));
}
