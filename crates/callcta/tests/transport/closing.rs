//! `close`.

use std::net::TcpStream;
use std::sync::mpsc;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

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

/// Starts a post, closes the transport once the server calls its first closure,
/// and returns the outcome. The second closure waits for the call to have ended. The call's own time limit is far off.
fn close_during(
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
    let outcome = thread::scope(|scope| {
        let call = scope.spawn(|| {
            client.post(&HttpRequest {
                body,
                ..request(&server.url())
            })
        });
        is_ready.recv().unwrap();
        client.close();
        call.join().unwrap()
    });
    let _ = end.send(());
    assert_eq!(server.finish(client).connections, 1);
    outcome
}

#[test]
fn a_call_that_waits_for_its_answer_ends() {
    let outcome = close_during(
        |mut peer, ready, _| {
            peer.request();
            ready();
            peer.wait_for_close();
        },
        b"{}",
    );
    failed(outcome, Kind::Closed, true);
}

#[test]
fn a_call_that_waits_to_write_ends() {
    let outcome = close_during(
        |peer, ready, wait_for_end| {
            // Nothing reads, so the client cannot write to the end, whether or not
            // it has begun to.
            ready();
            wait_for_end();
            drop(peer);
        },
        &vec![b' '; 64 << 20],
    );
    assert_eq!(outcome.unwrap_err().kind, Kind::Closed);
}

#[test]
fn a_body_cut_off_by_close_is_not_taken_for_whole() {
    // Without a length, the end of the connection would be the end of the body.
    let outcome = close_during(
        |mut peer, ready, _| {
            peer.request();
            peer.send("HTTP/1.1 200 OK\r\n\r\n{");
            ready();
            peer.wait_for_close();
        },
        b"{}",
    );
    match outcome {
        // Closed before the head had arrived.
        Err(error) => assert_eq!(error.kind, Kind::Closed),
        outcome => drop(spoiled(outcome, 200, Kind::Closed)),
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
    assert_eq!(message, "no connection to 127.0.0.1 within 150ms");

    let client = UreqTransport::new(TransportConfig {
        timeout: Duration::from_secs(60),
        connect_timeout: Duration::from_secs(60),
        ..plain()
    })
    .unwrap();
    let started = Barrier::new(2);
    thread::scope(|scope| {
        let call = scope.spawn(|| {
            started.wait();
            post(&client, &url)
        });
        started.wait();
        client.close();
        failed(call.join().unwrap(), Kind::Closed, false);
    });
}
