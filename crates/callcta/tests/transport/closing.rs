//! What ends a call early: `close`, and a token by either of its ways.

use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callcta::CancelToken;
use callcta::transport::{
    HttpRequest, HttpResponse, Transport, TransportConfig, TransportError,
    TransportErrorKind as Kind, UreqTransport,
};

use super::server::{Peer, Server};
use super::{OK, client, failed, plain, post, request, spoiled};

#[test]
fn a_closed_transport_sends_nothing() {
    let server = Server::answering(OK);
    let client = client();
    assert_eq!(post(&client, &server.url()).unwrap().status, 200);
    client.close();
    client.close();
    for _ in 0..2 {
        let message = failed(post(&client, &server.url()), Kind::Closed, false);
        assert_eq!(message, "the transport is closed");
    }
    // The server sees the idle connection end though the client lives.
    let log = server.finish(());
    assert_eq!((log.connections, log.requests.len()), (1, 1));
    drop(client);
}

/// A way to end a call.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Cancel,
    Check,
}

impl End {
    const ALL: [End; 3] = [End::Close, End::Cancel, End::Check];

    fn kind(self) -> Kind {
        match self {
            End::Close => Kind::Closed,
            End::Cancel | End::Check => Kind::Cancelled,
        }
    }

    /// The token for the call, and what ends it.
    fn prepare(self, client: &UreqTransport) -> (CancelToken, Box<dyn Fn() + Send + '_>) {
        match self {
            End::Close => (CancelToken::new(), Box::new(|| client.close())),
            End::Cancel => {
                let token = CancelToken::new();
                (token.clone(), Box::new(move || token.cancel()))
            }
            End::Check => {
                let over = Arc::new(AtomicBool::new(false));
                let seen = Arc::clone(&over);
                let check = move || {
                    if seen.load(Ordering::SeqCst) {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                };
                let end = move || over.store(true, Ordering::SeqCst);
                (CancelToken::with_check(check), Box::new(end))
            }
        }
    }
}

/// Starts a post, ends it once the server calls its first closure, and returns the
/// outcome. The second closure waits for the call to have ended. The call's own time
/// limit is far off.
fn end_during(
    way: End,
    serve: impl Fn(Peer, &dyn Fn(), &dyn Fn()) + Send + Sync + 'static,
    body: &[u8],
) -> Result<HttpResponse, TransportError> {
    let (ready, is_ready) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    let channels = Mutex::new((ready, ended));
    let server = Server::start(move |peer| {
        let (ready, ended) = &*channels.lock().unwrap();
        serve(peer, &|| ready.send(()).unwrap(), &|| ended.recv().unwrap());
    });
    let client = UreqTransport::new(TransportConfig {
        timeout: Duration::from_secs(60),
        ..plain()
    })
    .unwrap();
    let (token, finish) = way.prepare(&client);
    let outcome = thread::scope(|scope| {
        let call = scope.spawn(|| {
            client.exchange(&HttpRequest {
                body,
                cancel: Some(&token),
                ..request(&server.url())
            })
        });
        is_ready.recv().unwrap();
        finish();
        call.join().unwrap()
    });
    drop(finish);
    let _ = end.send(());
    assert_eq!(server.finish(client).connections, 1);
    outcome
}

#[test]
fn a_call_that_waits_for_its_answer_ends() {
    for way in End::ALL {
        let outcome = end_during(
            way,
            |mut peer, ready, _| {
                peer.request();
                ready();
                peer.wait_for_close();
            },
            b"{}",
        );
        failed(outcome, way.kind(), true);
    }
}

#[test]
fn a_call_that_waits_to_write_ends() {
    for way in End::ALL {
        let outcome = end_during(
            way,
            |peer, ready, wait_for_end| {
                // Nothing reads, so the client cannot write to the end, whether or
                // not it has begun to.
                ready();
                wait_for_end();
                drop(peer);
            },
            &vec![b' '; 64 << 20],
        );
        assert_eq!(outcome.unwrap_err().kind, way.kind());
    }
}

#[test]
fn a_body_cut_off_here_is_not_taken_for_whole() {
    for way in End::ALL {
        // Without a length, the end of the connection would be the end of the body.
        let outcome = end_during(
            way,
            |mut peer, ready, _| {
                peer.request();
                peer.send("HTTP/1.1 200 OK\r\n\r\n{");
                ready();
                peer.wait_for_close();
            },
            b"{}",
        );
        match outcome {
            // Ended before the head had arrived.
            Err(error) => assert_eq!(error.kind, way.kind()),
            outcome => drop(spoiled(outcome, 200, way.kind())),
        }
    }
}

#[test]
fn a_call_that_waits_for_a_connection_ends() {
    // A listener whose queue is full neither accepts nor refuses.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let loopback: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
    socket.bind(&loopback.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queued.push(stream);
        assert!(queued.len() < 100, "this system's listeners are never full");
    }
    let url = format!("http://{address}/");

    let hasty = UreqTransport::new(TransportConfig {
        connect_timeout: Duration::from_millis(150),
        ..plain()
    })
    .unwrap();
    let message = failed(post(&hasty, &url), Kind::Timeout, false);
    assert_eq!(message, format!("no connection to {address} within 150ms"));

    for way in End::ALL {
        let client = UreqTransport::new(TransportConfig {
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(60),
            ..plain()
        })
        .unwrap();
        let (token, finish) = way.prepare(&client);
        let started = Barrier::new(2);
        let begun = Instant::now();
        thread::scope(|scope| {
            let call = scope.spawn(|| {
                started.wait();
                client.exchange(&HttpRequest {
                    cancel: Some(&token),
                    ..request(&url)
                })
            });
            started.wait();
            finish();
            failed(call.join().unwrap(), way.kind(), false);
        });
        assert!(begun.elapsed() < Duration::from_secs(20), "{way:?}");
    }
}

#[test]
fn a_cancelled_token_sends_nothing() {
    let server = Server::answering(OK);
    let client = client();
    let token = CancelToken::new();
    token.cancel();
    for _ in 0..2 {
        let outcome = client.exchange(&HttpRequest {
            cancel: Some(&token),
            ..request(&server.url())
        });
        let message = failed(outcome, Kind::Cancelled, false);
        assert_eq!(message, "the call was cancelled");
    }
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn a_token_reaches_its_own_calls_only() {
    let server = Server::start(|mut peer| {
        while let Some(request) = peer.request() {
            if request.body == b"hang" {
                return peer.wait_for_close();
            }
            peer.send(OK);
        }
    });
    let client = client();
    let url = server.url();
    let send = |body, token| {
        client.exchange(&HttpRequest {
            body,
            cancel: Some(token),
            ..request(&url)
        })
    };
    let token = CancelToken::new();
    assert_eq!(send(b"done", &token).unwrap().status, 200);
    let other = CancelToken::new();
    thread::scope(|scope| {
        // The connection of the call that is done is used by another one now.
        let hanging = scope.spawn(|| send(b"hang", &other));
        while server.requests().len() < 2 {
            thread::yield_now();
        }
        token.cancel();
        assert_eq!(post(&client, &url).unwrap().status, 200);
        assert!(!hanging.is_finished());
        other.cancel();
        failed(hanging.join().unwrap(), Kind::Cancelled, true);
    });
    // One token ends all its calls.
    let token = CancelToken::new();
    thread::scope(|scope| {
        let calls = [(); 3].map(|()| scope.spawn(|| send(b"hang", &token)));
        while server.requests().len() < 6 {
            thread::yield_now();
        }
        token.cancel();
        for call in calls {
            failed(call.join().unwrap(), Kind::Cancelled, true);
        }
    });
    assert_eq!(server.finish(client).connections, 4);
}

#[test]
fn a_check_may_send() {
    let server = Server::start(|mut peer| {
        while let Some(request) = peer.request() {
            match &*request.body {
                b"hang" => return peer.wait_for_close(),
                body => peer.send(super::server::answer("200 OK", "", body)),
            }
        }
    });
    let (client, url) = (Arc::new(client()), server.url());
    let checks = AtomicU32::new(0);
    let token = CancelToken::with_check({
        let (client, url) = (Arc::downgrade(&client), url.clone());
        move || {
            let client = client.upgrade().unwrap();
            let answer = client.exchange(&HttpRequest {
                body: b"from within",
                ..request(&url)
            });
            assert_eq!(answer.unwrap().body.unwrap(), b"from within");
            match checks.fetch_add(1, Ordering::SeqCst) {
                0 => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        }
    });
    let outcome = client.exchange(&HttpRequest {
        body: b"hang",
        cancel: Some(&token),
        ..request(&url)
    });
    failed(outcome, Kind::Cancelled, true);
    let log = server.finish(client);
    assert_eq!((log.connections, log.requests.len()), (2, 3));
}
