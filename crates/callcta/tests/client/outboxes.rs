//! Outboxes of many Pages, and what one of them can do with its messages.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta::transport::{
    HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind,
};
use callcta::{
    Client, Counts, Delivery, Dispatch, ErrorKind, Follow, Outbox, Outboxes, Receipt, Request,
    Result, RetryPolicy, SendOptions,
};
use serde_json::Value;

use crate::message;

type Answer = std::result::Result<HttpResponse, TransportError>;

/// A transport that a test answers for, given the Page, the recipient and the metadata.
struct Answers<F>(F);

impl<F> fmt::Debug for Answers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

impl<F: Fn(&str, &str, &str) -> Answer + Send + Sync> Transport for Answers<F> {
    fn exchange(&self, request: &HttpRequest<'_>) -> Answer {
        let body: Value = serde_json::from_slice(request.body).expect("a body is JSON");
        let page = request.url.split('/').nth_back(1).expect("there is a Page");
        let psid = body["recipient"]["id"].as_str().expect("there is one");
        (self.0)(
            page,
            psid,
            body["message"]["metadata"].as_str().unwrap_or(""),
        )
    }
}

#[expect(clippy::unnecessary_wraps, reason = "others fail")]
fn ok() -> Answer {
    Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
}

#[expect(clippy::unnecessary_wraps, reason = "others fail")]
fn limited(seconds: u32) -> Answer {
    let mut answer = HttpResponse::new(429, r#"{"error":{"message":"x","code":613}}"#);
    let after = ("retry-after".to_owned(), seconds.to_string());
    answer.headers.push(after);
    Ok(answer)
}

fn failed(kind: TransportErrorKind, request_written: bool) -> Answer {
    Err(TransportError {
        kind,
        request_written,
        message: "it failed".to_owned(),
    })
}

/// A client for each of these Pages, all with the same answers.
fn clients<const N: usize>(
    pages: [&str; N],
    answer: impl Fn(&str, &str, &str) -> Answer + Send + Sync + 'static,
) -> [Client; N] {
    let transport: Arc<dyn Transport> = Arc::new(Answers(answer));
    pages.map(|page| {
        let retry = RetryPolicy::new().base_delay(Duration::from_millis(1));
        let client = Client::builder(page, "t").transport(Arc::clone(&transport));
        client.retry(retry).build().expect("the settings are right")
    })
}

fn request(psid: &str, metadata: impl Into<String>) -> Request {
    Request::new(psid, message(), SendOptions::new().metadata(metadata))
}

fn submit(outbox: &Outbox, psid: &str, metadata: impl Into<String>) -> callcta::Ticket {
    let submitted = outbox.submit(request(psid, metadata), |_| {});
    submitted.expect("the outbox is open")
}

/// An outbox without a pace.
fn unpaced(outboxes: &Outboxes, client: Client) -> Outbox {
    let outbox = outboxes.outbox(client);
    outbox.set_pace(None).expect("it is none");
    outbox
}

fn all(counts: &Counts) -> u64 {
    let there = counts.queued + counts.in_flight;
    let there = u64::try_from(there).expect("it isn't that much");
    there + counts.sent + counts.rejected + counts.not_sent + counts.unknown
}

#[test]
fn a_page_at_its_limit_slows_no_other_one() {
    let [limited_one, other] = clients(["1", "2"], |page, _, _| match page {
        "1" => limited(20),
        _ => ok(),
    });
    // One thread, which nothing may hold.
    let outboxes = Outboxes::builder().workers(1).build();
    let held = unpaced(&outboxes, limited_one);
    let paced = outboxes.outbox(other.clone());
    paced.set_pace(Some(300.0)).expect("it is a pace");
    let slow = outboxes.outbox(other);
    slow.set_pace(Some(0.001)).expect("it is a pace");
    let begun = Instant::now();
    for number in 0..30 {
        let psid = number.to_string();
        submit(&held, &psid, "held");
        submit(&paced, &psid, "paced");
    }
    paced.wait();
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "the others wait for 20 s"
    );
    assert_eq!(paced.counts().sent, 30);
    let counts = held.counts();
    assert_eq!((counts.queued, counts.sent, all(&counts)), (30, 0, 30));
    assert!(counts.retried > 0);
    // The pace belongs to the Page.
    submit(&slow, "1", "slow");
    assert_eq!(slow.counts().queued, 1);
    outboxes.close();
    let counts = outboxes.counts();
    assert_eq!((all(&counts), counts.sent), (61, 30));
    let limited = (ErrorKind::RateLimited, Delivery::Rejected);
    let kinds = counts.kinds.iter();
    let count: u64 = kinds
        .filter(|it| (it.0, it.1) == limited)
        .map(|it| it.2)
        .sum();
    assert_eq!(
        count, counts.retried,
        "what was refused isn't told as unsent"
    );
}

#[test]
fn each_persons_messages_arrive_in_order_whatever_fails() {
    let arrived = Arc::new(Mutex::new(HashMap::<String, Vec<u32>>::new()));
    let (notes, count) = (Arc::clone(&arrived), AtomicUsize::new(0));
    let [one, other] = clients(["1", "2"], move |page, psid, number| {
        let count = count.fetch_add(1, Ordering::Relaxed);
        if count.is_multiple_of(7) {
            return failed(TransportErrorKind::Connect, false);
        }
        if count.is_multiple_of(13) {
            return limited(0);
        }
        let mut notes = notes.lock().expect("nobody panicked");
        let of_person = notes.entry(format!("{page}/{psid}")).or_default();
        of_person.push(number.parse().expect("it is a number"));
        drop(notes);
        match count % 11 {
            0 => failed(TransportErrorKind::Network, true),
            _ => ok(),
        }
    });
    let outboxes = Outboxes::builder().workers(64).build();
    let both = [unpaced(&outboxes, one), unpaced(&outboxes, other)];
    for number in 0..20 {
        for person in 0..200 {
            submit(&both[person % 2], &person.to_string(), number.to_string());
        }
    }
    outboxes.drain();
    let counts = outboxes.counts();
    assert_eq!(all(&counts), 4000);
    assert!(counts.unknown > 0 && counts.retried > 0);
    let arrived = arrived.lock().expect("nobody panicked");
    let total: usize = arrived.values().map(Vec::len).sum();
    assert_eq!(total as u64, counts.sent + counts.unknown);
    for numbers in arrived.values() {
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "{numbers:?}"
        );
    }
}

#[test]
fn a_pause_lets_nothing_start_and_loses_nothing() {
    let (arrived, arrivals) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let [one, other] = clients(["1", "2"], move |page, _, _| {
        if page == "1" {
            arrived.send(()).expect("the test waits");
            let _ = gate.lock().expect("nobody panicked").recv();
        }
        ok()
    });
    let outboxes = Outboxes::builder().workers(8).build();
    let (one, other) = (unpaced(&outboxes, one), unpaced(&outboxes, other));
    submit(&one, "1", "first");
    arrivals.recv().expect("it is sent");
    assert_eq!(one.pause(), 1);
    submit(&one, "2", "second");
    submit(&other, "1", "other");
    other.wait();
    open.send(()).expect("the transport waits");
    one.settle();
    let counts = one.counts();
    assert_eq!((counts.sent, counts.queued, counts.in_flight), (1, 1, 0));
    one.resume();
    arrivals.recv().expect("the second is sent");
    open.send(()).expect("the transport waits");
    one.wait();
    // The same for all, and one that is paused stays so.
    one.pause();
    assert_eq!(outboxes.pause(), 0);
    submit(&one, "3", "third");
    submit(&other, "2", "other");
    assert_eq!(outboxes.pending(), 2);
    outboxes.resume();
    other.wait();
    assert_eq!(outboxes.pending(), 1);
    assert_eq!((one.cancel(), one.cancel()), (1, 0));
    one.resume();
    submit(&one, "3", "fourth");
    arrivals.recv().expect("it is open still");
    drop(open);
    outboxes.drain();
    let counts = outboxes.counts();
    assert_eq!((counts.sent, counts.not_sent, all(&counts)), (5, 1, 6));
    let late = one.submit(request("9", "late"), |_| {});
    assert_eq!(late.expect_err("it is closed").kind(), ErrorKind::Cancelled);
}

/// Does to each try what it is told to, and tells what it is asked and told.
struct Asked {
    answers: Vec<Dispatch>,
    told: mpsc::Sender<String>,
}

impl Follow for Asked {
    fn before(&mut self, request: &Request, attempt: u32) -> Dispatch {
        let psid = request.recipient.as_ref().and_then(callcta::Recipient::id);
        let asked = format!("{} {attempt}", psid.unwrap_or_default());
        self.told.send(asked).expect("the test listens");
        match self.answers.pop() {
            Some(answer) => answer,
            // Not `panic!`, which would print to the test's output.
            None => std::panic::resume_unwind(Box::new("oops")),
        }
    }

    fn done(self: Box<Self>, outcome: Result<Receipt>) {
        let told = match outcome {
            Ok(receipt) => format!("sent {}", receipt.attempts),
            Err(error) => format!("{} {}", error.kind(), error.delivery()),
        };
        self.told.send(told).expect("the test listens");
    }
}

#[test]
fn who_follows_a_message_is_asked_before_each_try() {
    use Dispatch::{Postpone, Send, Skip};
    let refused = AtomicUsize::new(0);
    let [client] = clients(["1"], move |_, psid, _| match psid {
        "1" if refused.fetch_add(1, Ordering::Relaxed) == 0 => limited(0),
        _ => ok(),
    });
    let outbox = Outbox::with_limits(client, 1, 100);
    outbox.set_pace(Some(300.0)).expect("it is a pace");
    let follow = |psid: &str, mut answers: Vec<Dispatch>| {
        answers.reverse();
        let (told, tells) = mpsc::channel();
        let follower = Asked { answers, told };
        let submitted = outbox.submit_with(request(psid, "m"), follower);
        submitted.expect("it is open");
        tells.into_iter().collect::<Vec<String>>()
    };
    let moment = Duration::from_millis(1);
    assert_eq!(follow("1", vec![Send, Send]), ["1 1", "1 2", "sent 2"]);
    let later = follow("2", vec![Postpone(moment), Postpone(moment), Send]);
    assert_eq!(later, ["2 1", "2 1", "2 1", "sent 1"]);
    assert_eq!(follow("3", vec![Skip]), ["3 1", "cancelled not_sent"]);
    assert_eq!(follow("4", vec![]), ["4 1", "internal not_sent"]);
    outbox.wait();
    let counts = outbox.counts();
    assert_eq!((counts.sent, counts.not_sent, counts.retried), (2, 2, 1));
}

#[test]
fn a_message_whose_deadline_passes_is_not_sent() {
    let arrived = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&arrived);
    let [client] = clients(["1"], move |_, _, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        ok()
    });
    let outbox = Outbox::new(client);
    outbox.pause();
    let (told, outcomes) = mpsc::channel();
    for psid in ["1", "2"] {
        let soon = SystemTime::now() + Duration::from_millis(10);
        let options = SendOptions::new().deadline(soon);
        let told = told.clone();
        let tell = move |outcome| told.send(outcome).expect("the test waits");
        let submitted = outbox.submit(Request::new(psid, message(), options), tell);
        submitted.expect("it is open");
    }
    thread::sleep(Duration::from_millis(30));
    // They take up no time of those that can be sent.
    outbox.set_pace(Some(0.001)).expect("it is a pace");
    submit(&outbox, "3", "sent");
    outbox.resume();
    outbox.wait();
    drop(told);
    for outcome in outcomes {
        let error = outcome.expect_err("it is too late");
        let told = (error.kind(), error.delivery());
        assert_eq!(told, (ErrorKind::DeadlinePassed, Delivery::NotSent));
    }
    assert_eq!(arrived.load(Ordering::Relaxed), 1);
}

#[test]
fn a_person_has_a_pace_too() {
    let [client] = clients(["1"], |_, _, _| ok());
    let outbox = Outbox::new(client);
    outbox.set_pace(None).expect("it is none");
    outbox.set_person_pace(Some(10.0)).expect("it is a pace");
    assert!(outbox.set_person_pace(Some(0.0)).is_err());
    let begun = Instant::now();
    let (told, times) = mpsc::channel();
    for psid in ["1", "2", "1", "1"] {
        let told = told.clone();
        let tell = move |_| told.send((psid, begun.elapsed())).expect("the test waits");
        outbox.submit(request(psid, "m"), tell).expect("it is open");
    }
    outbox.wait();
    // Also somebody with nothing in the queue has been written to.
    let again = outbox.submit(request("1", "m"), move |_| {
        told.send(("1", begun.elapsed())).expect("the test waits");
    });
    again.expect("it is open");
    let of_one = times.iter().filter(|(psid, _)| *psid == "1");
    let of_one: Vec<Duration> = of_one.map(|(_, at)| at).collect();
    assert_eq!(of_one.len(), 4);
    assert!(of_one[3] >= Duration::from_millis(300), "{of_one:?}");
}

#[test]
fn what_waits_for_another_try_can_be_cancelled_with_what_is_known() {
    let (arrived, arrivals) = mpsc::channel();
    let [client] = clients(["1"], move |_, _, _| {
        arrived.send(()).expect("the test waits");
        limited(20)
    });
    let outbox = Outbox::new(client.clone());
    // Otherwise the refusal holds the whole Page.
    outbox.set_pace(None).expect("it is none");
    let (told, outcomes) = mpsc::channel();
    let submit = |psid: &str| {
        let told = told.clone();
        let tell = move |outcome: Result<Receipt>| {
            let error = outcome.expect_err("it is refused");
            let told_ = (error.kind(), error.delivery(), error.attempts());
            told.send(told_).expect("the test waits");
        };
        outbox.submit(request(psid, "m"), tell).expect("it is open")
    };
    let ticket = submit("1");
    arrivals.recv().expect("it is sent");
    // Whether it is being sent or waits already.
    ticket.cancel();
    let cancelled = (ErrorKind::Cancelled, Delivery::Rejected, 1);
    assert_eq!(outcomes.recv(), Ok(cancelled));
    submit("2");
    arrivals.recv().expect("it is sent");
    while outbox.counts().queued == 0 {
        thread::yield_now();
    }
    client.close();
    let refused = (ErrorKind::RateLimited, Delivery::Rejected, 1);
    assert_eq!(outcomes.recv(), Ok(refused));
}

#[test]
fn connections_that_are_shared_are_closed_with_the_last_client() {
    #[derive(Debug, Default)]
    struct Closes(AtomicUsize);
    impl Transport for Closes {
        fn exchange(&self, _: &HttpRequest<'_>) -> Answer {
            ok()
        }
        fn close(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let closes = Arc::<Closes>::default();
    let first = Client::builder("1", "t").transport(closes.clone());
    let first = first.build().expect("the settings are right");
    let shares = |page: &str| {
        let client = Client::builder(page, "t").share_connections(&first);
        client.build().expect("the settings are right")
    };
    let (second, third) = (shares("2"), shares("3"));
    let count = || closes.0.load(Ordering::Relaxed);
    first.close();
    first.close();
    assert_eq!(
        first
            .send("1", &message())
            .expect_err("it is closed")
            .kind(),
        ErrorKind::Cancelled
    );
    drop(third);
    second.send("1", &message()).expect("it is open");
    assert_eq!(count(), 0);
    second.close();
    assert_eq!(count(), 1);
}
