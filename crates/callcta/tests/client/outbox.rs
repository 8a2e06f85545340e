//! Many at once: order, bounds, cancelling, ending.

use std::cell::RefCell;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callcta::transport::{ScriptedTransport, TransportError, TransportErrorKind};
use callcta::{
    CancelReason, Client, Delivery, Error, ErrorKind, Outbox, Outboxes, Request, Result,
    RetryPolicy, SendOptions,
};
use serde_json::Value;

use crate::server::{Server, answer};
use crate::{PSID, client, message};

/// Whoever it was for.
fn ok() -> Vec<u8> {
    answer("200 OK", "", r#"{"message_id":"m_1"}"#)
}

fn request(psid: &str, metadata: impl Into<String>) -> Request {
    Request::new(psid, message(), SendOptions::new().metadata(metadata))
}

/// A server that answers a request each time the test says so, and tells the test
/// of each that arrived.
fn gated() -> (Server, mpsc::Sender<()>, Receiver<String>) {
    let (open, gate) = mpsc::channel();
    let (arrived, arrivals) = mpsc::channel();
    let (gate, arrived) = (Mutex::new(gate), Mutex::new(arrived));
    let server = Server::start(move |mut peer| {
        while let Some(request) = peer.request() {
            let body: Value = serde_json::from_slice(&request.body).expect("a body is JSON");
            let metadata = body["message"]["metadata"].as_str().expect("it was set");
            let arrived = arrived.lock().expect("nobody panicked").clone();
            if arrived.send(metadata.to_owned()).is_err() {
                break;
            }
            if gate.lock().expect("nobody panicked").recv().is_err() {
                break;
            }
            peer.send(ok());
        }
    });
    (server, open, arrivals)
}

#[test]
fn idle_connections_are_let_go_though_nothing_is_sent() {
    let (told, wait) = mpsc::channel::<Result<()>>();
    let (gone, is_gone) = mpsc::channel();
    let channels = Mutex::new((wait, gone));
    let server = Server::start(move |mut peer| {
        peer.request();
        peer.send(ok());
        let (wait, gone) = &*channels.lock().expect("nobody panicked");
        let told = wait.recv().expect("the outbox tells");
        told.expect("it was sent");
        // As a server does that is about to close.
        peer.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n");
        peer.wait_for_close();
        gone.send(()).expect("the test waits");
    });
    let outbox = Outbox::new(client(&server));
    let submitted = outbox.submit(request(PSID, "m"), move |outcome| {
        told.send(outcome.map(drop)).expect("the server waits");
    });
    submitted.expect("the outbox is open");
    let patience = Duration::from_secs(30);
    is_gone.recv_timeout(patience).expect("somebody looks");
    server.finish(outbox);
}

/// An outbox without a pace.
fn unpaced(client: Client, workers: usize, capacity: usize) -> Outbox {
    let outbox = Outbox::with_limits(client, workers, capacity);
    outbox.set_pace(None).expect("it is none");
    outbox
}

type Outcomes = Arc<Mutex<Vec<(String, Result<(), Error>)>>>;

fn submit(outbox: &Outbox, outcomes: &Outcomes, psid: &str, name: &str) -> callcta::Ticket {
    let (outcomes, told) = (Arc::clone(outcomes), name.to_owned());
    outbox
        .submit(request(psid, name), move |outcome| {
            let outcome = outcome.map(drop);
            outcomes
                .lock()
                .expect("nobody panicked")
                .push((told, outcome));
        })
        .expect("the outbox is open")
}

fn names(outcomes: &Outcomes) -> Vec<String> {
    let outcomes = outcomes.lock().expect("nobody panicked");
    outcomes.iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_recipients_messages_keep_their_order() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = unpaced(client.clone(), 8, 1000);
    let outcomes = Outcomes::default();
    for number in 0..50 {
        for psid in ["1", "2", "3", "4"] {
            submit(&outbox, &outcomes, psid, &format!("{psid}-{number}"));
        }
    }
    outbox.wait();
    assert_eq!(names(&outcomes).len(), 200);
    drop(outbox);
    client.close();
    let mut last = [-1; 5];
    for received in server.finish(client).requests {
        let body: Value = serde_json::from_slice(&received.body).expect("a body is JSON");
        let metadata = body["message"]["metadata"].as_str().expect("it was set");
        let (psid, number) = metadata.split_once('-').expect("it has two parts");
        let (psid, number): (usize, i32) = (
            psid.parse().expect("a number"),
            number.parse().expect("a number"),
        );
        assert_eq!(number, last[psid] + 1, "{metadata}");
        last[psid] = number;
    }
    assert_eq!(last[1..], [49; 4]);
}

#[test]
fn recipients_go_in_parallel_up_to_the_number_of_workers() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = unpaced(client.clone(), 3, 1000);
    let outcomes = Outcomes::default();
    for psid in ["1", "2", "3", "4"] {
        submit(&outbox, &outcomes, psid, psid);
    }
    let mut first: Vec<String> = arrivals.iter().take(3).collect();
    first.sort();
    assert_eq!(first, ["1", "2", "3"]);
    assert!(arrivals.try_recv().is_err(), "a fourth is being sent");
    open.send(()).expect("the server waits");
    assert_eq!(arrivals.recv().expect("the fourth follows"), "4");
    for _ in 0..3 {
        open.send(()).expect("the server waits");
    }
    outbox.wait();
    assert_eq!(names(&outcomes).len(), 4);
    drop((outbox, open));
    server.finish(client);
}

#[test]
fn a_waiting_message_that_is_cancelled_is_told_at_once() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = unpaced(client.clone(), 1, 1000);
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "first");
    assert_eq!(arrivals.recv().expect("it is sent"), "first");
    let second = submit(&outbox, &outcomes, "1", "second");
    submit(&outbox, &outcomes, "2", "third");
    assert!(second.cancel());
    assert!(!second.cancel());
    assert_eq!(names(&outcomes), ["second"]);
    for _ in 0..2 {
        open.send(()).expect("the server waits");
    }
    outbox.wait();
    assert_eq!(names(&outcomes), ["second", "first", "third"]);
    let error = outcomes.lock().expect("nobody panicked")[0]
        .1
        .clone()
        .expect_err("it was cancelled");
    assert_eq!(
        (error.kind(), error.delivery(), error.reason()),
        (
            ErrorKind::Cancelled,
            Delivery::NotSent,
            Some(CancelReason::Aborted)
        )
    );
    drop((outbox, open));
    assert_eq!(server.finish(client).requests.len(), 2);
}

#[test]
fn what_is_withdrawn_is_given_up_only_if_it_waits() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = Outbox::with_limits(client.clone(), 1, 1000);
    let outcomes = Outcomes::default();
    let first = submit(&outbox, &outcomes, "1", "first");
    assert_eq!(arrivals.recv().expect("it is sent"), "first");
    let second = submit(&outbox, &outcomes, "1", "second");
    assert!(!first.withdraw());
    assert!(second.withdraw());
    assert!(!second.withdraw());
    assert_eq!(names(&outcomes), ["second"]);
    open.send(()).expect("the server waits");
    outbox.wait();
    let counts = outbox.counts();
    assert_eq!((counts.sent, counts.not_sent, counts.unknown), (1, 1, 0));
    drop((outbox, open));
    server.finish(client);
}

#[test]
fn what_is_given_up_is_not_tried_again() {
    let transport = Arc::new(ScriptedTransport::new(vec![
        Err(TransportError {
            kind: TransportErrorKind::Connect,
            request_written: false,
            message: "refused".to_owned(),
        });
        3
    ]));
    let (ticket, tickets) = mpsc::channel::<callcta::Ticket>();
    let tickets = Mutex::new(tickets);
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .on_retry(move |_| {
            let ticket = tickets.lock().expect("nobody panicked").recv();
            assert!(!ticket.expect("it was submitted").cancel());
        })
        .build()
        .expect("the settings are right");
    let outbox = unpaced(client, 4, 1000);
    let outcomes = Outcomes::default();
    let given = submit(&outbox, &outcomes, "1", "given up");
    ticket.send(given).expect("somebody waits for it");
    outbox.wait();
    let outcomes = outcomes.lock().expect("nobody panicked");
    let error = outcomes[0].1.as_ref().expect_err("it was given up");
    let told = (error.kind(), error.delivery(), error.attempts());
    assert_eq!(told, (ErrorKind::Cancelled, Delivery::NotSent, 1));
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn giving_up_frees_threads_and_recipients() {
    let (arrived, arrivals) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let server = Server::start(move |mut peer| {
        while let Some(request) = peer.request() {
            let body = String::from_utf8_lossy(&request.body);
            if body.contains("hang") {
                let arrived = arrived.lock().expect("nobody panicked").clone();
                arrived.send(()).expect("the test waits");
                return peer.wait_for_close();
            }
            peer.send(ok());
        }
    });
    let client = client(&server);
    let outbox = unpaced(client.clone(), 8, 1000);
    let outcomes = Outcomes::default();
    let hanging: Vec<_> = (0..8)
        .map(|psid| submit(&outbox, &outcomes, &psid.to_string(), "hang"))
        .collect();
    for _ in &hanging {
        arrivals.recv().expect("it is sent");
    }
    // One to somebody whose message hangs, one to somebody else.
    submit(&outbox, &outcomes, "0", "next");
    submit(&outbox, &outcomes, "9", "next");
    let begun = Instant::now();
    for ticket in &hanging {
        assert!(!ticket.cancel(), "it is being sent");
    }
    outbox.wait();
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "they hang for 30 s"
    );
    for ticket in &hanging {
        assert!(!ticket.cancel(), "it is done");
    }
    let outcomes = outcomes.lock().expect("nobody panicked");
    assert_eq!(outcomes.len(), 10);
    for (name, outcome) in &*outcomes {
        let told = outcome
            .as_ref()
            .map_err(|error| (error.kind(), error.delivery()));
        let unknown = Err((ErrorKind::Cancelled, Delivery::Unknown));
        assert_eq!(told.copied(), if name == "hang" { unknown } else { Ok(()) });
    }
    drop(outbox);
    assert_eq!(server.finish(client).requests.len(), 10);
}

#[test]
fn the_queue_is_bounded() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = unpaced(client.clone(), 1, 1);
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "first");
    arrivals.recv().expect("it is sent");
    submit(&outbox, &outcomes, "2", "second");
    let error = outbox
        .try_submit(request("3", "third"), |_| {
            unreachable!("it is not accepted")
        })
        .expect_err("the queue is full");
    assert_eq!(
        (error.kind(), error.delivery(), error.may_retry()),
        (ErrorKind::QueueFull, Delivery::NotSent, true)
    );
    // Submitting waits for room instead.
    let (blocked, kept) = (outbox.clone(), Arc::clone(&outcomes));
    let waiting = thread::spawn(move || submit(&blocked, &kept, "3", "third"));
    for _ in 0..3 {
        open.send(()).expect("the server waits");
    }
    waiting.join().expect("no panic");
    outbox.wait();
    assert_eq!(names(&outcomes), ["first", "second", "third"]);
    drop((outbox, open));
    server.finish(client);
}

#[test]
fn closing_cancels_what_waits() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = unpaced(client.clone(), 1, 1000);
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "first");
    arrivals.recv().expect("it is sent");
    for name in ["second", "third"] {
        submit(&outbox, &outcomes, "1", name);
    }
    outbox.close();
    assert_eq!(names(&outcomes), ["second", "third"]);
    let error = outbox
        .submit(request("1", "late"), |_| unreachable!("it is not accepted"))
        .expect_err("the outbox is closed");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.reason(), Some(CancelReason::Closed));
    open.send(()).expect("the server waits");
    outbox.wait();
    assert_eq!(names(&outcomes), ["second", "third", "first"]);
    drop((outbox, open));
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn draining_waits_for_what_is_there_and_takes_no_more() {
    let (server, open, arrivals) = gated();
    let outbox = unpaced(client(&server), 1, 2);
    let outcomes = Outcomes::default();
    for name in ["first", "second", "third"] {
        submit(&outbox, &outcomes, "1", name);
        if name == "first" {
            arrivals.recv().expect("it is being sent");
        }
    }
    assert_eq!(outbox.pending(), 3);
    thread::scope(|scope| {
        // It waits for room, and isn't let in any more.
        let late = scope.spawn(|| outbox.submit(request("2", "late"), |_| {}));
        let drained = scope.spawn(|| outbox.drain());
        let late = late
            .join()
            .expect("it doesn't panic")
            .expect_err("a refusal");
        assert_eq!(late.reason(), Some(CancelReason::Closed));
        let later = outbox.try_submit(request("2", "later"), |_| {});
        assert_eq!(later.expect_err("a refusal").reason(), late.reason());
        assert!(!drained.is_finished());
        for _ in 0..3 {
            open.send(()).expect("the server waits");
        }
        drained.join().expect("it doesn't panic");
    });
    assert_eq!(names(&outcomes), ["first", "second", "third"]);
    let outcomes = outcomes.lock().expect("nobody panicked");
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(outbox.pending(), 0);
    outbox.drain();
}

#[test]
fn closing_cuts_draining_short() {
    let (server, open, arrivals) = gated();
    let outbox = unpaced(client(&server), 1, 10);
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "first");
    submit(&outbox, &outcomes, "2", "second");
    arrivals.recv().expect("the first is being sent");
    thread::scope(|scope| {
        let drained = scope.spawn(|| outbox.drain());
        outbox.close();
        assert_eq!(names(&outcomes), ["second"]);
        open.send(()).expect("the server waits");
        drained.join().expect("it doesn't panic");
    });
    assert_eq!(names(&outcomes), ["second", "first"]);
}

#[test]
fn dropping_the_outbox_ends_its_threads() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = unpaced(client.clone(), 4, 1000);
    let (told, outcomes) = mpsc::channel();
    for psid in ["1", "2", "3", "4"] {
        let told = told.clone();
        outbox
            .submit(request(psid, psid), move |outcome| {
                told.send(outcome.is_ok()).expect("the test waits");
            })
            .expect("the outbox is open");
    }
    drop(told);
    assert!(outcomes.iter().take(4).all(|ok| ok));
    // Each thread holds a clone of the client, and with it the connections.
    drop(outbox);
    assert_eq!(server.finish(client).requests.len(), 4);
}

#[test]
fn a_panic_in_a_callback_stops_nothing() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = unpaced(client.clone(), 1, 1000);
    let outcomes = Outcomes::default();
    // Not `panic!`, which would print to the test's output.
    outbox
        .submit(request("1", "first"), |_| {
            std::panic::resume_unwind(Box::new("oops"))
        })
        .expect("the outbox is open");
    submit(&outbox, &outcomes, "1", "second");
    outbox.wait();
    assert_eq!(names(&outcomes), ["second"]);
    drop(outbox);
    server.finish(client);
}

#[test]
fn a_panic_in_the_callback_of_a_cancelled_message_stops_nothing() {
    let (server, open, arrivals) = gated();
    let client = client(&server);
    let outbox = unpaced(client.clone(), 1, 1000);
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "held");
    assert_eq!(arrivals.recv().as_deref(), Ok("held"));
    let panics = || {
        let done = |_| std::panic::resume_unwind(Box::new("oops"));
        outbox
            .submit(request("2", "panics"), done)
            .expect("it is open")
    };
    assert!(panics().cancel());
    panics();
    submit(&outbox, &outcomes, "3", "last");
    outbox.close();
    assert_eq!(names(&outcomes), ["last"]);
    open.send(()).expect("the server waits");
    outbox.wait();
    assert_eq!(names(&outcomes), ["last", "held"]);
    outbox.join();
    drop((outbox, open));
    server.finish(client);
}

#[test]
fn who_waits_waits_for_the_callbacks_of_others_that_cancel() {
    for wait in [Outbox::wait, Outbox::join] {
        let (server, open, arrivals) = gated();
        let outbox = unpaced(client(&server), 1, 1000);
        submit(&outbox, &Outcomes::default(), "1", "held");
        assert_eq!(arrivals.recv().as_deref(), Ok("held"));
        let (entered, enters) = mpsc::channel();
        let (over, waited) = mpsc::channel();
        let (told, tells) = mpsc::channel();
        let done = move |_| {
            entered.send(()).expect("the test waits");
            // Long enough for a wait that doesn't wait.
            let early = waited.recv_timeout(Duration::from_millis(100)).is_ok();
            told.send(early).expect("the test looks");
        };
        let ticket = outbox
            .submit(request("2", "waits"), done)
            .expect("it is open");
        let cancels = thread::spawn(move || ticket.cancel());
        enters.recv().expect("it is called");
        open.send(()).expect("the server waits");
        wait(&outbox);
        let _ = over.send(());
        assert_eq!(tells.try_recv(), Ok(false));
        assert!(cancels.join().expect("it doesn't panic"));
    }
}

#[test]
fn callbacks_of_several_messages_and_outboxes_join_without_an_end_of_themselves() {
    let (server, open, arrivals) = gated();
    let outbox = || unpaced(client(&server), 1, 1000);
    let (one, other) = (outbox(), outbox());
    for outbox in [&one, &other] {
        submit(outbox, &Outcomes::default(), "1", "held");
        assert_eq!(arrivals.recv().as_deref(), Ok("held"));
    }
    let (told, tells) = mpsc::channel();
    let joins = |of: &Outbox, joined: &Outbox| {
        let (joined, told) = (joined.clone(), told.clone());
        let done = move |_| {
            joined.client().close();
            joined.join();
            told.send(()).expect("the test looks");
        };
        of.submit(request("2", "joins"), done).expect("it is open")
    };
    let inner = joins(&other, &one);
    let cancels = move |_| assert!(inner.cancel());
    one.submit(request("3", "cancels"), cancels)
        .expect("it is open");
    joins(&one, &one);
    joins(&one, &one);
    one.close();
    assert_eq!(tells.try_iter().count(), 3);
    drop(open);
}

#[test]
fn a_callback_that_cancels_another_message_joins_without_an_end_of_itself() {
    let (server, _open, arrivals) = gated();
    let outbox = unpaced(client(&server), 1, 1000);
    submit(&outbox, &Outcomes::default(), "1", "held");
    assert_eq!(arrivals.recv().as_deref(), Ok("held"));
    let (told, tells) = mpsc::channel();
    let inner = {
        let (outbox, told) = (outbox.clone(), told.clone());
        outbox
            .clone()
            .submit(request("2", "inner"), move |_| {
                outbox.client().close();
                outbox.join();
                told.send("inner").expect("the test looks");
            })
            .expect("it is open")
    };
    let outer = outbox
        .submit(request("3", "outer"), move |_| {
            assert!(inner.cancel());
            told.send("outer").expect("the test looks");
        })
        .expect("it is open");
    assert!(outer.cancel());
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), ["inner", "outer"]);
}

#[test]
fn an_invalid_message_is_told_like_any_outcome() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    let (told, outcome) = mpsc::channel();
    let invalid = Request::new("1", callcta::Message::buttons("", []), SendOptions::new());
    outbox
        .submit(invalid, move |outcome| {
            told.send(outcome).expect("the test waits");
        })
        .expect("the outbox is open");
    let error = outcome
        .recv()
        .expect("it is told")
        .expect_err("it is invalid");
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    let nobody = Request {
        recipient: None,
        ..request("1", "x")
    };
    let error = outbox
        .submit(nobody, |_| unreachable!("it is not accepted"))
        .expect_err("to nobody");
    assert_eq!(error.violations()[0].path, "recipient");
    drop(outbox);
    assert_eq!(server.finish(client).connections, 0);
}

#[test]
fn an_unchecked_message_is_sent_as_it_is() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    let (told, outcome) = mpsc::channel();
    let options = SendOptions::new().unchecked(true);
    let invalid = Request::new("1", callcta::Message::buttons("", []), options);
    client.send_request(&invalid).expect("the server takes it");
    let send = move |outcome| told.send(outcome).expect("the test waits");
    outbox.submit(invalid, send).expect("the outbox is open");
    outcome
        .recv()
        .expect("it is told")
        .expect("the server takes it");
    drop(outbox);
    assert_eq!(server.finish(client).requests.len(), 2);
}

/// So slow that only the first message starts.
const STANDSTILL: Option<f64> = Some(0.001);

#[test]
fn every_outbox_has_a_pace_unless_told_otherwise() {
    let outboxes = Outboxes::builder().build();
    let ways: [(&str, &dyn Fn(Client) -> Outbox); 3] = [
        ("new", &Outbox::new),
        ("with_limits", &|client| Outbox::with_limits(client, 8, 100)),
        ("outboxes", &|client| outboxes.outbox(client)),
    ];
    for (name, make) in ways {
        let server = Server::answering(ok());
        let client = client(&server);
        let outbox = make(client.clone());
        let begun = Instant::now();
        for number in 0..21 {
            submit(&outbox, &Outcomes::default(), &format!("1{number}"), name);
        }
        outbox.wait();
        // 20 times 25 ms, but for the late starts that are made up for.
        let passed = begun.elapsed();
        assert!(passed >= Duration::from_millis(300), "{name}: {passed:?}");
        drop(outbox);
        assert_eq!(server.finish(client).requests.len(), 21);
    }
}

#[test]
fn a_pace_keeps_messages_apart() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    outbox.set_pace(Some(50.0)).expect("it is a pace");
    let outcomes = Outcomes::default();
    let start = Instant::now();
    for psid in ["1", "2", "3", "4"] {
        submit(&outbox, &outcomes, psid, psid);
    }
    outbox.wait();
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(names(&outcomes), ["1", "2", "3", "4"]);
    drop(outbox);
    server.finish(client);
}

#[test]
fn what_waits_for_the_pace_can_be_cancelled_and_let_go() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    outbox.set_pace(STANDSTILL).expect("it is a pace");
    let outcomes = Outcomes::default();
    submit(&outbox, &outcomes, "1", "first");
    let second = submit(&outbox, &outcomes, "2", "second");
    submit(&outbox, &outcomes, "3", "third");
    assert!(second.cancel());
    outbox.set_pace(None).expect("it is none");
    outbox.wait();
    outbox.set_pace(STANDSTILL).expect("it is a pace");
    submit(&outbox, &outcomes, "4", "fourth");
    // Ends the worker that waits, too.
    outbox.join();
    let mut told = names(&outcomes);
    told.sort();
    assert_eq!(told, ["first", "fourth", "second", "third"]);
    drop(outbox);
    server.finish(client);
}

#[test]
fn a_page_has_one_pace_and_a_wait_that_is_asked_for_holds_it() {
    let limited = answer(
        "429 Too Many Requests",
        "content-type: application/json\r\nretry-after: 1000\r\n",
        r#"{"error":{"message":"x","code":613}}"#,
    );
    for (answers, pace) in [(ok(), STANDSTILL), (limited, Some(300.0))] {
        let server = Server::answering(answers);
        let client = client(&server);
        let outcomes = Outcomes::default();
        let [first, second] = [(), ()].map(|()| {
            let outbox = Outbox::new(client.clone());
            outbox.set_pace(pace).expect("it is a pace");
            outbox
        });
        submit(&first, &outcomes, "1", "first");
        first.wait();
        let held = submit(&second, &outcomes, "2", "held");
        // A client's own sends are not held.
        for _ in 0..3 {
            let _ = client.send("3", &message());
        }
        assert!(held.cancel());
        drop((first, second));
        assert_eq!(server.finish(client).requests.len(), 4);
    }
}

#[test]
fn nothing_waits_for_the_pace_of_a_closed_client() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    outbox.set_pace(STANDSTILL).expect("it is a pace");
    let outcomes = Outcomes::default();
    for psid in ["1", "2", "3"] {
        submit(&outbox, &outcomes, psid, psid);
    }
    client.close();
    outbox.wait();
    let outcomes = outcomes.lock().expect("nobody panicked");
    assert_eq!(outcomes.len(), 3);
    // The first one may have been on its way.
    for (_, outcome) in outcomes.iter().filter(|(name, _)| name != "1") {
        let error = outcome.as_ref().expect_err("it was not sent");
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    drop(outbox);
    server.finish(client);
}

#[test]
fn a_pace_is_more_than_nothing_and_less_than_everything() {
    let server = Server::answering(ok());
    let client = client(&server);
    let outbox = Outbox::new(client.clone());
    for pace in [
        0.0,
        -0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE,
        1e-320,
        1e-9,
        1.0 / 86_401.0,
        300.1,
        1e300,
    ] {
        let error = outbox.set_pace(Some(pace)).expect_err("it is no pace");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{pace}");
    }
    for pace in [1.0 / 86_400.0, 300.0] {
        outbox.set_pace(Some(pace)).expect("it is a pace");
    }
    drop(outbox);
    server.finish(client);
}

#[test]
fn joining_waits_for_the_threads_to_end() {
    struct Ends(mpsc::Sender<&'static str>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.send("thread");
        }
    }
    thread_local! {
        static ENDS: RefCell<Option<Ends>> = const { RefCell::new(None) };
    }

    let server = Server::start(|mut peer| {
        while peer.request().is_some() {
            peer.send(ok());
        }
    });
    let outbox = Outbox::new(client(&server));
    let (ends, ended) = mpsc::channel();
    let again = outbox.clone();
    let done = move |_| {
        ENDS.set(Some(Ends(ends.clone())));
        // On a thread of the outbox itself this doesn't wait for ever.
        again.join();
        let _ = ends.send("callback");
    };
    outbox.submit(request("1", "m"), done).expect("it is open");
    assert_eq!(ended.recv(), Ok("callback"));
    drop(outbox);
    assert_eq!(ended.recv(), Ok("thread"));

    let outbox = Outbox::new(client(&server));
    let (ends, ended) = mpsc::channel();
    let done = move |_| ENDS.set(Some(Ends(ends)));
    outbox.submit(request("1", "m"), done).expect("it is open");
    outbox.wait();
    outbox.join();
    assert_eq!(ended.try_recv(), Ok("thread"));
}
