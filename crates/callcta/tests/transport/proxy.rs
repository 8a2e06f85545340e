//! Through a `CONNECT` proxy. The proxy here plays the server at the end of the
//! tunnel too.

use std::env;
use std::sync::Arc;

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};
use rustls::{ServerConnection, StreamOwned};

use super::authority::{authority, serve, trusting};
use super::server::{Peer, Server};
use super::{OK, alone, failed, plain, post};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const TARGET: &str = "http://callcta.invalid/v1/messages";

fn through(server: &Server, config: TransportConfig) -> UreqTransport {
    UreqTransport::new(TransportConfig {
        proxy: Some(format!("http://user:secret@127.0.0.1:{}", server.port())),
        ..config
    })
    .unwrap()
}

/// A proxy and a server that answers every request.
fn tunneling() -> Server {
    Server::start(|mut peer| {
        peer.request();
        peer.send(ESTABLISHED);
        while peer.request().is_some() {
            peer.send(OK);
        }
    })
}

#[test]
fn a_tunnel_is_opened_once() {
    let server = tunneling();
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
fn failing(kind: Kind, serve: impl Fn(Peer) + Send + Sync + 'static) -> String {
    let server = Server::start(serve);
    let client = through(&server, plain());
    let message = failed(post(&client, TARGET), kind, false);
    assert!(!message.contains("secret"), "{message}");
    let place = format!(
        "could not connect to the proxy 127.0.0.1:{}: ",
        server.port()
    );
    assert_eq!(server.finish(client).requests.len(), 1);
    message.strip_prefix(&place).expect(&message).to_owned()
}

#[test]
fn a_connect_is_no_sending() {
    for (status, kind) in [
        ("403 Forbidden", Kind::Refused),
        ("302 Found", Kind::Refused),
        ("502 Bad Gateway", Kind::Connect),
        ("429 Too Many Requests", Kind::Connect),
    ] {
        let message = failing(kind, move |mut peer| {
            peer.request();
            peer.send(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"));
        });
        assert!(message.contains(&status[..3]), "{message}");
    }
    let message = failing(Kind::Refused, |mut peer| {
        peer.request();
        peer.send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    assert!(
        message.starts_with("it refused the user and password"),
        "{message}"
    );
    failing(Kind::Connect, |mut peer| drop(peer.request()));
    let message = failing(Kind::Refused, |mut peer| {
        peer.request();
        peer.send("SSH-2.0-server\r\n\r\n");
    });
    assert_eq!(message, "its answer is not http/1.1");
}

#[test]
fn a_proxy_may_say_yes_in_many_ways() {
    let many = "x-y: z\r\n".repeat(200);
    for yes in [
        "HTTP/1.0 200\r\n\r\n".to_owned(),
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        "HTTP/1.1 299 Fine\r\ncontent-length: 5\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nx: y\r\n\r\n{ESTABLISHED}"),
    ] {
        let answer = yes.clone();
        let server = Server::start(move |mut peer| {
            peer.request();
            // In pieces.
            let (first, second) = answer.split_at(answer.len() / 2);
            peer.send(first);
            peer.send(second);
            peer.request();
            peer.send(OK);
        });
        let client = through(&server, plain());
        assert_eq!(post(&client, TARGET).unwrap().status, 200, "{yes}");
        assert_eq!(server.finish(client).requests.len(), 2);
    }
}

#[test]
fn an_address_goes_through_as_it_is_written() {
    let server = tunneling();
    let client = through(&server, plain());
    for (at, (url, place)) in [
        ("http://[::1]/", "[::1]:80"),
        ("http://127.0.0.1:81/", "127.0.0.1:81"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(post(&client, url).unwrap().status, 200);
        let connect = &server.requests()[2 * at];
        let line = format!("CONNECT {place} HTTP/1.1\r\n");
        assert!(connect.head.starts_with(&line), "{}", connect.head);
        assert_eq!(connect.header("host"), Some(place));
    }
    server.finish(client);
}

#[test]
fn the_environment_counts_where_it_is_asked_for() {
    const HERE: &str = "CALLCTA_TEST_PROXY";
    if env::var_os(HERE).is_some() {
        for proxy_from_env in [false, true] {
            let client = UreqTransport::new(TransportConfig {
                proxy_from_env,
                ..plain()
            });
            let outcome = post(&client.unwrap(), TARGET).map(|answer| answer.status);
            assert_eq!(outcome.ok(), proxy_from_env.then_some(200));
        }
        return;
    }
    let server = tunneling();
    let proxy = format!("user:secret@127.0.0.1:{}", server.port());
    let test = "proxy::the_environment_counts_where_it_is_asked_for";
    alone(test, |child| {
        for name in ["http_proxy", "no_proxy", "REQUEST_METHOD"] {
            child.env_remove(name);
        }
        child
            .env(HERE, "1")
            .env("HTTP_PROXY", &proxy)
            .env("ALL_PROXY", "socks5://127.0.0.1:1")
            .env("NO_PROXY", "localhost, 127.0.0.0/8")
    });
    let log = server.finish(());
    assert_eq!((log.connections, log.requests.len()), (1, 2));
    let line = "CONNECT callcta.invalid:80 ";
    assert!(log.requests[0].head.starts_with(line));
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
    let message = failed(post(&client, TARGET), Kind::Connect, false);
    assert!(
        message.starts_with("could not resolve the proxy proxy.invalid: "),
        "{message}"
    );
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
