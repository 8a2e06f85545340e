//! Which connection a request takes.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use callcta::transport::{TransportConfig, TransportErrorKind as Kind, UreqTransport};

use super::server::{Server, answer};
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

/// A server that answers the first `count` requests only when all of them are
/// there, so that there are as many connections.
fn gathering(count: usize) -> Server {
    let all = Barrier::new(count);
    Server::start(move |mut peer| {
        let mut first = peer.connection < count;
        while peer.request().is_some() {
            if std::mem::take(&mut first) {
                all.wait();
            }
            peer.send(OK);
        }
    })
}

fn post_at_once(client: &UreqTransport, url: &str, count: usize) {
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| assert_eq!(post(client, url).unwrap().status, 200));
        }
    });
}

#[test]
fn the_newest_of_idle_connections_is_used() {
    let server = gathering(4);
    let client = client();
    post_at_once(&client, &server.url(), 4);
    for _ in 0..8 {
        post(&client, &server.url()).unwrap();
    }
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (4, 12));
    let used: HashSet<_> = log.requests[4..].iter().map(|it| it.connection).collect();
    assert_eq!(used.len(), 1);
}

#[test]
fn what_the_server_says_about_keeping_connections_is_heeded() {
    for (header, connections) in [
        ("keep-alive: timeout=0\r\n", 3),
        ("keep-alive: max=1\r\n", 3),
        ("keep-alive: timeout=60, max=2\r\n", 2),
        ("keep-alive: timeout=60, max=99\r\n", 1),
    ] {
        for body in ["{}", ""] {
            let server = Server::answering(answer("200 OK", header, body));
            let client = client();
            for _ in 0..3 {
                assert_eq!(post(&client, &server.url()).unwrap().status, 200);
            }
            assert_eq!(server.finish(client).connections, connections, "{header}");
        }
    }
}

#[test]
fn a_server_that_closes_without_a_word_costs_one_unknown_message_at_most() {
    // The end follows the answer at once, but not always before the next request.
    let server = Server::start(|mut peer| {
        peer.request();
        peer.send(OK);
    });
    let client = client();
    let mut lost = 0;
    for _ in 0..500 {
        match post(&client, &server.url()) {
            Ok(answer) => assert_eq!(answer.status, 200),
            Err(error) => {
                assert!(error.request_written, "{error}");
                lost += 1;
            }
        }
    }
    assert!(lost <= 1, "{lost} were lost");
    server.finish(client);
}

#[test]
fn after_a_death_connections_are_new() {
    let server = Server::start(|mut peer| {
        let first = peer.connection == 0;
        peer.request();
        peer.send(OK);
        while peer.request().is_some() && !first {
            peer.send(OK);
        }
    });
    let client = client();
    let reused = || post(&client, &server.url()).map(|it| it.connection.is_reused());
    assert!(!reused().unwrap());
    assert_eq!(reused().unwrap_err().kind, Kind::Network);
    for _ in 0..3 {
        assert!(!reused().unwrap());
    }
    // Of which one was kept, to see how long the server keeps it.
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (4, 5));
}

#[test]
fn idle_connections_that_the_server_closed_are_let_go() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = client();
    let (gone, is_gone) = mpsc::channel();
    let (asked, was_asked) = mpsc::channel();
    let both = Barrier::new(2);
    thread::scope(|scope| {
        let accepting = scope.spawn(|| {
            [0, 1].map(|number| {
                let stream = Arc::new(listener.accept().unwrap().0);
                let (served, both) = (Arc::clone(&stream), &both);
                let (gone, asked) = (gone.clone(), asked.clone());
                scope.spawn(move || {
                    let mut lines = BufReader::new(&*served).lines();
                    for round in 0.. {
                        if !lines.any(|line| line.is_ok_and(|line| line.is_empty())) {
                            break;
                        }
                        if round == 0 {
                            both.wait();
                        }
                        asked.send(number).unwrap();
                        (&*served).write_all(OK.as_bytes()).unwrap();
                    }
                    gone.send(number).unwrap();
                });
                stream
            })
        });
        post_at_once(&client, &url, 2);
        let streams = accepting.join().unwrap();
        // The one that stays in use, and the one that only comes to an end.
        let next = || {
            assert!(post(&client, &url).unwrap().connection.is_reused());
            was_asked.try_iter().last().unwrap()
        };
        let used = next();
        streams[1 - used].shutdown(Shutdown::Write).unwrap();
        let started = Instant::now();
        while is_gone.try_recv() != Ok(1 - used) {
            assert!(started.elapsed() < Duration::from_secs(30));
            assert_eq!(next(), used);
            thread::sleep(Duration::from_millis(20));
        }
        drop(client);
    });
}

#[test]
fn idle_connections_are_bounded() {
    let server = gathering(2);
    let client = UreqTransport::new(TransportConfig {
        max_idle_per_host: 1,
        ..plain()
    })
    .unwrap();
    post_at_once(&client, &server.url(), 2);
    post_at_once(&client, &server.url(), 1);
    post_at_once(&client, &server.url(), 1);
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
