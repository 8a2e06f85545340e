//! What is tried again, and what never is.

use std::error::Error as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use callcta::transport::{HttpResponse, ScriptedTransport, TransportError, TransportErrorKind};
use callcta::{
    CancelToken, Client, Delivery, ErrorKind, Receipt, Request, Result, RetryPolicy, SendOptions,
};

use crate::{OK, PSID, message};

type Answer = std::result::Result<HttpResponse, TransportError>;

#[allow(clippy::unnecessary_wraps)] // an answer among failures
fn response(status: u16, header: Option<(&str, &str)>, body: &str) -> Answer {
    let headers = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(HttpResponse {
        headers: headers.into_iter().collect(),
        ..HttpResponse::new(status, body)
    })
}

fn limited() -> Answer {
    response(429, None, r#"{"error":{"message":"x","code":613}}"#)
}

fn failed(kind: TransportErrorKind, request_written: bool) -> Answer {
    Err(TransportError {
        kind,
        request_written,
        message: "it failed".to_owned(),
    })
}

/// The outcome, and how many requests were made.
fn send(policy: RetryPolicy, answers: Vec<Answer>) -> (Result<Receipt>, usize) {
    let transport = Arc::new(ScriptedTransport::new(answers));
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(policy)
        .build()
        .expect("the settings are right");
    let outcome = client.send(PSID, &message());
    (outcome, transport.requests().len())
}

fn quick() -> RetryPolicy {
    RetryPolicy::new().base_delay(Duration::ZERO)
}

#[test]
fn what_was_not_sent_or_was_limited_is_tried_again() {
    use TransportErrorKind::{Connect, Network, Timeout};
    for first in [
        failed(Connect, false),
        failed(Timeout, false),
        failed(Network, false),
        limited(),
    ] {
        let (outcome, requests) = send(quick(), vec![first, response(200, None, OK)]);
        assert_eq!(outcome.expect("the second try works").attempts, 2);
        assert_eq!(requests, 2);
    }
}

#[test]
fn a_refusal_on_the_way_is_not_tried_again() {
    let refused = failed(TransportErrorKind::Refused, false);
    let (outcome, requests) = send(quick(), vec![refused]);
    let error = outcome.expect_err("there is one answer");
    assert_eq!(
        (error.kind(), error.delivery(), requests),
        (ErrorKind::Connect, Delivery::NotSent, 1)
    );
    assert!(!error.may_retry());
}

#[test]
fn what_may_have_arrived_is_not_tried_again() {
    use TransportErrorKind::{InvalidResponse, Network, Timeout};
    let server_error = response(500, None, r#"{"error":{"message":"x","code":2}}"#);
    let late = response(
        400,
        None,
        r#"{"error":{"message":"x","code":1,"error_subcode":1357046}}"#,
    );
    let answers = [
        failed(Timeout, true),
        failed(Network, true),
        failed(InvalidResponse, true),
        server_error,
        late,
        response(200, None, "<html>"),
    ];
    for answer in answers {
        let (outcome, requests) = send(quick(), vec![answer, response(200, None, OK)]);
        assert_eq!(outcome.expect_err("it fails").delivery(), Delivery::Unknown);
        assert_eq!(requests, 1);
    }
}

#[test]
fn unknown_is_tried_again_only_when_asked_for() {
    let answers = vec![
        failed(TransportErrorKind::Network, true),
        response(200, None, OK),
    ];
    let (outcome, requests) = send(quick().retry_unknown(true), answers);
    assert_eq!(outcome.expect("the second try works").attempts, 2);
    assert_eq!(requests, 2);
}

#[test]
fn no_later_try_makes_a_message_not_sent_that_may_have_arrived() {
    use TransportErrorKind::{Connect, Network, Timeout};
    let refused = r#"{"error":{"message":"x","code":190}}"#;
    let later = [
        (vec![failed(Connect, false)], ErrorKind::Network, 2),
        (
            vec![limited(), failed(Timeout, false)],
            ErrorKind::Network,
            3,
        ),
        (vec![response(400, None, refused)], ErrorKind::Network, 2),
        (vec![failed(Timeout, true)], ErrorKind::Timeout, 2),
    ];
    for (later, kind, attempts) in later {
        let mut answers = vec![failed(Network, true)];
        answers.extend(later);
        let policy = quick().attempts(attempts).retry_unknown(true);
        let (outcome, requests) = send(policy, answers);
        let error = outcome.expect_err("no try works");
        assert_eq!(
            (error.kind(), error.delivery(), error.may_retry()),
            (kind, Delivery::Unknown, false)
        );
        assert_eq!((error.attempts(), requests), (attempts, attempts as usize));
    }
}

#[test]
fn a_deadline_that_passes_before_another_try_leaves_the_delivery_unknown() {
    let transport = Arc::new(ScriptedTransport::new(vec![failed(
        TransportErrorKind::Network,
        true,
    )]));
    let deadline = SystemTime::now() + Duration::from_millis(300);
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(quick().retry_unknown(true))
        .on_retry(move |_| {
            while SystemTime::now() <= deadline {
                std::thread::yield_now();
            }
        })
        .build()
        .expect("the settings are right");
    let options = SendOptions::new().deadline(deadline);
    let outcome = client.send_with(PSID, &message(), &options);
    let error = outcome.expect_err("there is no time for a second try");
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((error.attempts(), transport.requests().len()), (1, 1));
}

#[test]
fn one_attempt_is_one_request() {
    for policy in [
        RetryPolicy::none(),
        quick().attempts(1),
        quick().attempts(0),
    ] {
        let (outcome, requests) = send(policy, vec![limited(), response(200, None, OK)]);
        let error = outcome.expect_err("there is no second try");
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::RateLimited, 1)
        );
        assert_eq!(requests, 1);
    }
}

#[test]
fn a_refusal_is_not_tried_again() {
    let window = r#"{"error":{"message":"x","code":10,"error_subcode":2018278}}"#;
    let answers = vec![response(400, None, window), response(200, None, OK)];
    let (outcome, requests) = send(quick(), answers);
    assert_eq!(
        outcome.expect_err("it is refused").kind(),
        ErrorKind::OutsideWindow
    );
    assert_eq!(requests, 1);
}

#[test]
fn a_wait_of_any_length_is_one() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    for seconds in ["18446744073709551615", "99999999999999999999999999"] {
        let limited = response(429, Some(("retry-after", seconds)), body);
        let transport = Arc::new(ScriptedTransport::new(vec![limited]));
        let client = Client::builder("1", "t")
            .transport(transport.clone())
            .retry(quick().max_delay(Duration::MAX))
            .build()
            .expect("the settings are right");
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let options = SendOptions::new().deadline(deadline);
        let outcome = client.send_with(PSID, &message(), &options);
        let error = outcome.expect_err("it is limited");
        assert!(error.retry_after() >= Some(Duration::from_secs(u64::MAX)));
        assert_eq!(transport.requests().len(), 1);
    }
}

#[test]
fn a_long_wait_is_left_to_the_caller() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let answers = vec![
        response(429, Some(("retry-after", "31")), body),
        response(200, None, OK),
    ];
    let (outcome, requests) = send(quick(), answers);
    let error = outcome.expect_err("31 s are too long");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(31)));
    assert!(error.may_retry());
    assert_eq!(requests, 1);
}

#[test]
fn the_wait_the_platform_asks_for_wins() {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&waits);
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let transport = ScriptedTransport::new([
        response(429, Some(("retry-after", "1")), body),
        response(200, None, OK),
    ]);
    let client = Client::builder("1", "t")
        .transport(Arc::new(transport))
        .retry(RetryPolicy::new().base_delay(Duration::from_secs(3600)))
        .on_retry(move |event| {
            seen.lock()
                .expect("nobody panicked")
                .push((event.attempt, event.wait));
        })
        .build()
        .expect("the settings are right");
    client.send(PSID, &message()).expect("the second try works");
    assert_eq!(
        *waits.lock().expect("nobody panicked"),
        [(1, Duration::from_secs(1))]
    );
}

#[test]
fn a_retry_tells_which_send_it_is_about() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let limited = || response(400, None, body);
    let transport = ScriptedTransport::new([
        limited(),
        response(200, None, OK),
        limited(),
        response(200, None, OK),
    ]);
    let client = Client::builder("1", "t")
        .transport(Arc::new(transport))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .on_retry(move |event| {
            assert_eq!(event.message, &message());
            let shown = format!("{event:?}");
            assert!(!shown.contains(PSID) && !shown.contains("Call"), "{shown}");
            seen.lock()
                .expect("nobody panicked")
                .push((event.to.clone(), event.key));
        })
        .build()
        .expect("the settings are right");
    let options = SendOptions::new().key(7);
    let first = client.send_with(PSID, &message(), &options);
    let second = client.send("2", &message());
    assert!(first.expect("the second try works").elapsed > Duration::ZERO);
    assert_eq!(second.expect("the second try works").attempts, 2);
    assert_eq!(
        *told.lock().expect("nobody panicked"),
        [(PSID.into(), Some(7)), ("2".into(), None)]
    );
}

#[test]
fn who_may_come_back_at_once_waits_a_moment_of_any_length() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let waits = Arc::new(Mutex::new(Vec::new()));
    for after in ["0", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let seen = Arc::clone(&waits);
        let client = Client::builder("1", "t")
            .transport(Arc::new(ScriptedTransport::new([
                response(429, Some(("retry-after", after)), body),
                response(200, None, OK),
            ])))
            .retry(RetryPolicy::new().base_delay(Duration::from_secs(3600)))
            .on_retry(move |event| seen.lock().expect("nobody panicked").push(event.wait))
            .build()
            .expect("the settings are right");
        client.send(PSID, &message()).expect("the second try works");
    }
    let waits = waits.lock().expect("nobody panicked");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(500)));
    assert!(waits.len() == 2 && waits[0] != waits[1], "{waits:?}");
}

#[test]
fn a_wait_past_the_deadline_is_not_begun() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let transport = Arc::new(ScriptedTransport::new([
        response(429, Some(("retry-after", "20")), body),
        response(200, None, OK),
    ]));
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .build()
        .expect("the settings are right");
    let options = SendOptions::new().deadline(SystemTime::now() + Duration::from_secs(10));
    let error = client
        .send_with(PSID, &message(), &options)
        .expect_err("there is no time");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn an_outage_makes_no_storm() {
    // 300 sends that all fail to connect: the budget allows 100 further tries.
    let refused = || failed(TransportErrorKind::Connect, false);
    let transport = Arc::new(ScriptedTransport::new(
        std::iter::repeat_with(refused).take(900),
    ));
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(quick())
        .build()
        .expect("the settings are right");
    for _ in 0..300 {
        client.send(PSID, &message()).expect_err("nobody listens");
    }
    assert_eq!(transport.requests().len(), 400);
}

#[test]
fn closing_ends_the_wait_before_a_retry() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let transport = Arc::new(ScriptedTransport::new([
        response(429, Some(("retry-after", "3600")), body),
        response(200, None, OK),
    ]));
    let (waiting, wait) = std::sync::mpsc::channel();
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(RetryPolicy::new().max_delay(Duration::from_secs(7200)))
        .on_retry(move |_| waiting.send(()).expect("the test waits"))
        .build()
        .expect("the settings are right");
    let sender = client.clone();
    let sending = std::thread::spawn(move || sender.send(PSID, &message()));
    wait.recv().expect("the first try fails");
    client.close();
    let error = sending
        .join()
        .expect("no panic")
        .expect_err("there is no second try");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(transport.requests().len(), 1);
}

/// What a send tells that is given up by `prepare`'s token, which is cancelled once a
/// try has failed.
fn given_up(
    policy: RetryPolicy,
    failure: Answer,
    prepare: fn() -> (CancelToken, bool),
) -> callcta::Error {
    let transport = Arc::new(ScriptedTransport::new([failure, response(200, None, OK)]));
    let (waiting, wait) = std::sync::mpsc::channel();
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(policy)
        .on_retry(move |_| waiting.send(()).expect("the test waits"))
        .build()
        .expect("the settings are right");
    let (token, by_hand) = prepare();
    let error = std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let request = Request::new(PSID, message(), SendOptions::new());
            client.send_request_until(&request, &token)
        });
        wait.recv().expect("the first try fails");
        if by_hand {
            token.cancel();
        }
        sending
            .join()
            .expect("no panic")
            .expect_err("it was given up")
    });
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Cancelled, 1));
    assert!(!error.may_retry());
    assert_eq!(transport.requests().len(), 1);
    error
}

#[test]
fn giving_up_ends_the_wait_before_a_retry() {
    let body = r#"{"error":{"message":"x","code":613}}"#;
    let patient = || RetryPolicy::new().max_delay(Duration::from_secs(7200));
    let limited = || response(429, Some(("retry-after", "3600")), body);
    let by_hand = || (CancelToken::new(), true);
    let by_check = || (CancelToken::with_check(|| ControlFlow::Break(())), false);
    for prepare in [by_hand, by_check] {
        let error = given_up(patient(), limited(), prepare);
        assert_eq!(error.delivery(), Delivery::Rejected);
        let cause = error.source().expect("a try had failed");
        let cause = cause
            .downcast_ref::<callcta::Error>()
            .expect("of that kind");
        assert_eq!(cause.kind(), ErrorKind::RateLimited);
    }
    let lost = failed(TransportErrorKind::Network, true);
    let slow = RetryPolicy::new()
        .retry_unknown(true)
        .base_delay(Duration::from_secs(60));
    let error = given_up(slow, lost, by_check);
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[test]
fn what_an_earlier_try_may_have_done_is_told_after_giving_up() {
    let token = CancelToken::new();
    let by_the_transport = token.clone();
    let mut tries = 0;
    let transport = ScriptedTransport::from_fn(move |request| {
        tries += 1;
        if tries == 1 {
            return failed(TransportErrorKind::Network, true);
        }
        by_the_transport.cancel();
        assert!(request.cancel.is_some_and(CancelToken::is_cancelled));
        failed(TransportErrorKind::Cancelled, false)
    });
    let client = Client::builder("1", "t")
        .transport(Arc::new(transport))
        .retry(quick().retry_unknown(true))
        .build()
        .expect("the settings are right");
    let request = Request::new(PSID, message(), SendOptions::new());
    let error = client
        .send_request_until(&request, &token)
        .expect_err("it was given up");
    let told = (error.kind(), error.delivery(), error.attempts());
    assert_eq!(told, (ErrorKind::Cancelled, Delivery::Unknown, 2));
    let error = client
        .send_request_until(&request, &token)
        .expect_err("it stays so");
    let told = (error.kind(), error.delivery(), error.attempts());
    assert_eq!(told, (ErrorKind::Cancelled, Delivery::NotSent, 0));
}
