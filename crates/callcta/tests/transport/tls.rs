//! TLS: who is trusted, and evidence that handshake bytes don't spoil.

use std::io::Read;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::server::{Peer, Server, Stream};
use super::{OK, failed, post};

/// A server's settings for `localhost`, and the certificate of its own CA.
pub fn authority(versions: &[&'static SupportedProtocolVersion]) -> (Arc<ServerConfig>, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    (Arc::new(config), ca_pem)
}

pub fn trusting(ca_pem: &str) -> TransportConfig {
    TransportConfig {
        extra_ca_pem: Some(ca_pem.as_bytes().to_vec()),
        ..TransportConfig::default()
    }
}

/// A TLS server that shakes hands to the end before it serves.
fn serve(config: Arc<ServerConfig>, serve: impl Fn(Peer) + Send + Sync + 'static) -> Server {
    let wrap = move |mut stream: TcpStream| -> Option<Box<dyn Stream>> {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).ok()?;
        }
        Some(Box::new(StreamOwned::new(tls, stream)))
    };
    Server::start_over(wrap, serve)
}

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
        let message = failed(post(&client, &url(&server)), Kind::Connect, false);
        assert!(
            message.starts_with("could not connect to localhost: "),
            "{message}"
        );
        assert!(message.contains("certificate"), "{message}");
    }
    // The name counts too: this certificate is for localhost.
    let client = UreqTransport::new(trusting(&ca_pem)).unwrap();
    let by_address = format!("https://127.0.0.1:{}/", server.port());
    failed(post(&client, &by_address), Kind::Connect, false);
    assert_eq!(server.finish(client).requests.len(), 0);
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
    failed(post(&client, &url(&not_tls)), Kind::Connect, false);
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
            timeout: Duration::from_millis(300),
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
