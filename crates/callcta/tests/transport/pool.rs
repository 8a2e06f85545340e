//! Which connection a request takes.

use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};

use super::server::Server;
use super::{OK, client, failed, plain, post};

#[test]
fn a_connection_is_used_again() {
    let server = Server::answering(OK);
    let client = client();
    for _ in 0..20 {
        assert_eq!(post(&client, &server.url()).unwrap().body.unwrap(), b"{}");
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 20));
}

#[test]
fn an_answer_says_whether_its_connection_is_new_and_can_close_it() {
    let server = Server::answering(OK);
    let client = client();
    let reused = |_| {
        let answer = post(&client, &server.url()).unwrap();
        (answer.connection.is_reused(), answer.connection)
    };
    let answers = [0, 1, 2].map(reused);
    assert_eq!(
        [false, true, true],
        answers.clone().map(|(reused, _)| reused)
    );
    // All of them came over the same one.
    answers[1].1.close();
    assert_eq!([false, true], [3, 4].map(reused).map(|(reused, _)| reused));
    answers[0].1.close();
    assert!(reused(5).0, "the new one isn't touched");
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 6));
}

#[test]
fn a_connection_closed_while_idle_is_replaced() {
    let (closed, is_closed) = mpsc::channel();
    let closed = Mutex::new(closed);
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(OK);
        drop(peer);
        closed.lock().unwrap().send(()).unwrap();
    });
    let client = client();
    for _ in 0..50 {
        assert_eq!(post(&client, &server.url()).unwrap().status, 200);
        is_closed.recv().unwrap();
    }
    let log = server.finish(client);
    let connections: Vec<_> = log
        .requests
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, (0..50).collect::<Vec<_>>());
}

#[test]
fn a_connection_that_said_something_unasked_is_replaced() {
    let (idle, is_idle) = mpsc::channel();
    let (spoken, has_spoken) = mpsc::channel();
    let channels = Mutex::new((is_idle, spoken));
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(OK);
        if peer.connection == 0 {
            let (is_idle, spoken) = &*channels.lock().unwrap();
            is_idle.recv().unwrap();
            peer.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n");
            spoken.send(()).unwrap();
        }
        peer.wait_for_close();
    });
    let client = client();
    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    idle.send(()).unwrap();
    has_spoken.recv().unwrap();
    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 2));
}

#[test]
fn an_answer_that_says_close_ends_the_connection() {
    let server = Server::start(|mut peer| {
        while peer.request().is_some() {
            peer.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let client = client();
    for _ in 0..3 {
        assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (3, 3));
}

#[test]
fn a_spoiled_answer_ends_the_connection() {
    let server = Server::start(|mut peer| {
        let first = peer.connection == 0;
        while peer.request().is_some() {
            let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{:50}", "");
            peer.send(if first { &long } else { OK });
        }
    });
    let client = UreqTransport::new(TransportConfig {
        max_body: 10,
        ..plain()
    })
    .unwrap();
    assert!(post(&client, &server.url()).unwrap().body.is_err());
    assert_eq!(post(&client, &server.url()).unwrap().body.unwrap(), b"{}");
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 2));
}

#[test]
fn idle_connections_are_bounded() {
    // Both calls are in flight at once, so there are two connections, of which
    // one may stay.
    let both = Arc::new(Barrier::new(2));
    let meeting = Arc::clone(&both);
    let server = Server::start(move |mut peer| {
        let mut first = true;
        while peer.request().is_some() {
            if std::mem::take(&mut first) && peer.connection < 2 {
                meeting.wait();
            }
            peer.send(OK);
        }
    });
    let client = UreqTransport::new(TransportConfig {
        max_idle_per_host: 1,
        ..plain()
    })
    .unwrap();
    let at_once = || {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| post(&client, &server.url()).unwrap());
            }
        });
    };
    at_once();
    post(&client, &server.url()).unwrap();
    post(&client, &server.url()).unwrap();
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 4));
    assert_eq!(log.requests[2].connection, log.requests[3].connection);
}

#[test]
fn two_threads_use_two_connections() {
    // Neither is answered before both requests are there.
    let both = Barrier::new(2);
    let server = Server::start(move |mut peer| {
        while peer.request().is_some() {
            both.wait();
            peer.send(OK);
        }
    });
    let client = client();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
                }
            });
        }
    });
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 20));
}

#[test]
fn a_host_name_is_resolved_and_each_of_its_addresses_tried() {
    // Where localhost is [::1] first, that one refuses.
    let server = Server::answering(OK);
    let client = client();
    let url = format!("http://localhost:{}/", server.port());
    for _ in 0..3 {
        assert_eq!(post(&client, &url).unwrap().status, 200);
    }
    let host = format!("localhost:{}", server.port());
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (1, 3));
    assert_eq!(log.requests[0].header("host"), Some(host.as_str()));
}

#[test]
fn a_failed_call_leaves_the_client_usable() {
    let server = Server::start(|mut peer| {
        let first = peer.connection == 0;
        while peer.request().is_some() && !first {
            peer.send(OK);
        }
    });
    let client = client();
    failed(post(&client, &server.url()), Kind::Network, true);
    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 2));
}
