//! Through a `CONNECT` proxy. The proxy here plays the server at the end of the
//! tunnel too.

use std::sync::Arc;

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};
use rustls::{ServerConnection, StreamOwned};

use super::authority::{authority, serve, trusting};
use super::server::{Peer, Server};
use super::{OK, failed, plain, post};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const TARGET: &str = "http://callcta.invalid/v1/messages";

fn through(server: &Server, config: TransportConfig) -> UreqTransport {
    UreqTransport::new(TransportConfig {
        proxy: Some(format!("http://user:secret@127.0.0.1:{}", server.port())),
        ..config
    })
    .unwrap()
}

#[test]
fn a_tunnel_is_opened_once() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.send(ESTABLISHED);
        while peer.request().is_some() {
            peer.send(OK);
        }
    });
    let client = through(&server, plain());
    for _ in 0..3 {
        assert_eq!(post(&client, TARGET).unwrap().status, 200);
    }
    let log = server.finish(client);
    assert_eq!(log.connections, 1);
    let lines: Vec<_> = log
        .requests
        .iter()
        .map(|request| request.head.lines().next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "CONNECT callcta.invalid:80 HTTP/1.1",
            "POST /v1/messages HTTP/1.1",
            "POST /v1/messages HTTP/1.1",
            "POST /v1/messages HTTP/1.1",
        ]
    );
    // The proxy gets its own credentials and not the token.
    assert_eq!(
        log.requests[0].header("proxy-authorization"),
        Some("Basic dXNlcjpzZWNyZXQ=")
    );
    assert_eq!(log.requests[0].header("authorization"), None);
    assert_eq!(log.requests[1].header("authorization"), Some("Bearer abc"));
    assert_eq!(log.requests[1].header("proxy-authorization"), None);
}

#[test]
fn tls_goes_through_the_tunnel() {
    let (config, ca_pem) = authority(&[&rustls::version::TLS13]);
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(ESTABLISHED);
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut peer = peer.over(|stream| StreamOwned::new(tls, stream));
        while peer.request().is_some() {
            peer.send(OK);
        }
    });
    let client = through(&server, trusting(&ca_pem));
    for reused in [false, true, true] {
        let answer = post(&client, "https://localhost/v1/messages").unwrap();
        let told = (answer.status, answer.connection.is_reused());
        assert_eq!(told, (200, reused));
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 4));
    assert!(log.requests[0].head.starts_with("CONNECT localhost:443 "));
    assert!(log.requests[1].head.starts_with("POST /v1/messages "));
}

#[test]
fn the_way_to_the_proxy_may_be_encrypted() {
    let (config, ca_pem) = authority(&[&rustls::version::TLS13]);
    for answers in [true, false] {
        let server = serve(Arc::clone(&config), move |mut peer| {
            peer.request();
            if answers {
                peer.send(ESTABLISHED);
                peer.request();
                peer.send(OK);
                peer.wait_for_close();
            }
        });
        let client = UreqTransport::new(TransportConfig {
            proxy: Some(format!("https://localhost:{}", server.port())),
            https_only: false,
            ..trusting(&ca_pem)
        })
        .unwrap();
        if answers {
            assert_eq!(post(&client, TARGET).unwrap().status, 200);
        } else {
            failed(post(&client, TARGET), Kind::Connect, false);
        }
        let log = server.finish(client);
        let lines: Vec<_> = log
            .requests
            .iter()
            .map(|request| &request.head[..8])
            .collect();
        let expected = ["CONNECT ", "POST /v1"];
        assert_eq!(lines, expected[..if answers { 2 } else { 1 }]);
    }
}

/// Posts through a proxy that does this with the `CONNECT`.
fn failing(serve: impl Fn(Peer) + Send + Sync + 'static) -> String {
    let server = Server::start(serve);
    let client = through(&server, plain());
    let message = failed(post(&client, TARGET), Kind::Connect, false);
    assert!(!message.contains("secret"), "{message}");
    assert_eq!(server.finish(client).requests.len(), 1);
    message
}

#[test]
fn a_connect_is_no_sending() {
    let message = failing(|mut peer| {
        peer.request();
        peer.send("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    });
    assert_eq!(
        message,
        "could not connect to callcta.invalid through the proxy: refused by the proxy"
    );
    failing(|mut peer| drop(peer.request()));
    failing(|mut peer| {
        peer.request();
        peer.send("SSH-2.0-server\r\n\r\n");
    });
}

#[test]
fn what_goes_wrong_behind_the_tunnel_was_written() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.send(ESTABLISHED);
        peer.request();
    });
    let client = through(&server, plain());
    failed(post(&client, TARGET), Kind::Network, true);
    assert_eq!(server.finish(client).requests.len(), 2);
}

#[test]
fn nobody_is_at_the_proxys_address() {
    let client = UreqTransport::new(TransportConfig {
        proxy: Some("http://proxy.invalid:3128".to_owned()),
        ..plain()
    })
    .unwrap();
    failed(post(&client, TARGET), Kind::Connect, false);
}

#[test]
fn settings_shown_hold_no_credentials() {
    let client = UreqTransport::new(TransportConfig {
        proxy: Some("http://user:secret@127.0.0.1".to_owned()),
        ..plain()
    })
    .unwrap();
    let shown = format!("{client:?}");
    assert!(shown.contains("proxy: Some"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}
