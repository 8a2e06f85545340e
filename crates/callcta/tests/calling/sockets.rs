//! What goes over the wire, how often, and until when.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta::calling::{Accept, CallMetrics, CallSettings, Calling, MediaUpdate};
use callcta::transport::{ScriptedTransport, TransportError, TransportErrorKind};
use callcta::{
    CancelToken, Client, Delivery, Error, ErrorKind, Extra, RequestOptions, Result, RetryPolicy,
    TokenPlacement,
};
use serde_json::{Value, json};

use crate::server::{Log, Received, Server, answer};
use crate::{PSID, builder, client, json};

/// With all that JSON writes otherwise than it is.
const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\u{7f}\t\"\\/é\u{2028}📞 \r\na=\u{1}\0x\n\r\n";

fn done() -> Vec<u8> {
    json(r#"{"success":true}"#)
}

fn refused(code: i64) -> Vec<u8> {
    let body = format!(r#"{{"error":{{"message":"x","code":{code}}}}}"#);
    answer(
        "400 Bad Request",
        "content-type: application/json\r\n",
        body,
    )
}

/// How a server treats its n-th request: an answer, or the end of the connection.
type Way = fn(usize) -> Option<Vec<u8>>;
type Act = fn(&Calling) -> Result<()>;

fn accept(calling: &Calling) -> Result<()> {
    calling.accept(&Accept::new("c_1", "v=0")).map(drop)
}

fn connect(calling: &Calling) -> Result<()> {
    calling.connect(PSID, "v=0").map(drop)
}

/// What a server that treats its n-th request by `serve` got, and what came of it.
fn meet(
    policy: RetryPolicy,
    serve: Way,
    act: impl Fn(&Calling) -> Result<()>,
) -> (Result<()>, Log) {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |mut peer| {
        while peer.request().is_some() {
            match serve(count.fetch_add(1, Ordering::SeqCst)) {
                Some(answer) => peer.send(answer),
                None => break,
            }
        }
    });
    let client = builder(&server)
        .retry(policy.base_delay(Duration::ZERO))
        .build()
        .unwrap();
    let outcome = act(&client.calling());
    let log = server.finish(client);
    (outcome, log)
}

#[test]
fn accept_and_connect_are_made_once_whatever_happens() {
    let ways: [Way; 4] = [
        |_| None,
        |_| Some(answer("500 Error", "", "")),
        |_| Some(refused(613)),
        |_| Some(answer("200 OK", "", "<html>")),
    ];
    for act in [accept as Act, connect] {
        for way in ways {
            let policy = RetryPolicy::new().attempts(5).retry_unknown(true);
            let (outcome, log) = meet(policy, way, act);
            let error = outcome.unwrap_err();
            assert_eq!((log.requests.len(), error.attempts()), (1, 1), "{error}");
        }
    }
}

#[test]
fn accept_and_connect_are_not_even_tried_again_where_nobody_listens() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let client = Client::builder("1", "t")
        .base_url(format!("http://127.0.0.1:{port}"))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .build()
        .unwrap();
    for act in [accept as Act, connect] {
        let error = act(&client.calling()).unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery(), error.attempts()),
            (ErrorKind::Connect, Delivery::NotSent, 1)
        );
    }
    let settings = CallSettings::new().audio_enabled(true);
    let error = client.calling().set_settings(&settings).unwrap_err();
    assert_eq!(error.attempts(), 3);
    assert_eq!(client.calling().settings().unwrap_err().attempts(), 3);
}

#[test]
fn the_end_of_a_call_and_reads_are_tried_again_though_they_may_have_arrived() {
    let ends: [Act; 2] = [|c| c.reject("c_1"), |c| c.terminate("c_1")];
    for act in ends {
        let (outcome, log) = meet(RetryPolicy::new(), |n| (n > 0).then(done), act);
        outcome.unwrap();
        assert_eq!(log.requests.len(), 2);
        // An earlier try ended it, whose answer was lost.
        for over in [
            |n| (n > 0).then(|| refused(2_018_396)),
            |n| (n > 0).then(|| refused(2_018_395)),
        ] {
            let (outcome, log) = meet(RetryPolicy::new(), over, act);
            outcome.unwrap();
            assert_eq!(log.requests.len(), 2);
        }
        // Nobody knows who ended it.
        let (outcome, log) = meet(RetryPolicy::new(), |_| Some(refused(2_018_396)), act);
        let error = outcome.unwrap_err();
        assert_eq!(log.requests.len(), 1);
        assert_eq!(error.graph().unwrap().code, 2_018_396);
        // No later try makes it certain that nothing happened.
        let (outcome, log) = meet(RetryPolicy::new(), |n| (n > 0).then(|| refused(190)), act);
        let error = outcome.unwrap_err();
        assert_eq!(
            (log.requests.len(), error.delivery()),
            (2, Delivery::Unknown)
        );
        assert!(error.advice().contains("does no harm"), "{error}");
    }
    let reads: [Act; 4] = [
        |c| c.settings().map(drop),
        |c| c.permissions(PSID).map(drop),
        |c| c.feature_status().map(drop),
        |c| c.subscriptions().map(drop),
    ];
    for act in reads {
        let (outcome, log) = meet(RetryPolicy::new(), |_| None, act);
        let error = outcome.unwrap_err();
        assert_eq!((log.requests.len(), error.attempts()), (3, 3));
        assert!(error.may_retry(), "{error}");
        assert!(!error.to_string().contains("message"), "{error}");
        // The last answer is the one that is told.
        let (outcome, _) = meet(RetryPolicy::new(), |n| (n > 0).then(|| refused(190)), act);
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
    }
}

#[test]
fn changes_are_tried_again_only_when_they_did_nothing() {
    let changes: [Act; 4] = [
        |c| c.set_settings(&CallSettings::new().audio_enabled(true)),
        |c| c.subscribe(["calls"]),
        |c| c.update_media("c_1", &MediaUpdate::new().versions(1, 2)),
        |c| c.report_metrics(&CallMetrics::new("c_1", "Hangup_Call", 2, 1, Extra::new())),
    ];
    for act in changes {
        let (outcome, log) = meet(RetryPolicy::new(), |_| None, act);
        let error = outcome.unwrap_err();
        assert_eq!(
            (log.requests.len(), error.delivery()),
            (1, Delivery::Unknown)
        );
        assert!(
            !error.may_retry() && !error.to_string().contains("message"),
            "{error}"
        );
        let limited = |n| Some(if n > 0 { done() } else { refused(613) });
        let (outcome, log) = meet(RetryPolicy::new(), limited, act);
        outcome.unwrap();
        assert_eq!(log.requests.len(), 2);
        let said_no = |_| Some(json(r#"{"result":"failure"}"#));
        let (outcome, log) = meet(RetryPolicy::new(), said_no, act);
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery(), log.requests.len()),
            (ErrorKind::Api, Delivery::Rejected, 1)
        );
        let nothing = |_| Some(json("{}"));
        let (outcome, _) = meet(RetryPolicy::new(), nothing, act);
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::InvalidResponse, Delivery::Unknown)
        );
    }
}

#[test]
fn retries_come_from_the_clients_budget() {
    let transport = Arc::new(ScriptedTransport::from_fn(|_| {
        Err(TransportError {
            kind: TransportErrorKind::Network,
            request_written: true,
            message: "gone".to_owned(),
        })
    }));
    let client = Client::builder("1", "t")
        .transport(transport.clone())
        .retry(RetryPolicy::new().attempts(2).base_delay(Duration::ZERO))
        .build()
        .unwrap();
    for _ in 0..150 {
        client.calling().settings().unwrap_err();
    }
    assert_eq!(transport.requests().len(), 250);
}

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn session_descriptions_go_through_unchanged_both_ways() {
    let session = |key: &str, value: Value| json!({"success": true, "session": {key: value}});
    let answers = [
        session("sdp_response", json!(SDP)),
        session("sdp_response", json!({"sdp_type": "answer", "sdp": SDP})),
    ];
    for told in answers {
        let server = Server::answering(json(&told.to_string()));
        let calling = client(&server).calling();
        let session = calling.accept(&Accept::new("c_1", SDP)).unwrap();
        assert_eq!(session.answer.as_deref(), Some(SDP));
        assert_eq!((session.call_id.as_str(), &session.raw), ("c_1", &told));
        calling
            .update_media("c_1", &MediaUpdate::new().offer(SDP))
            .unwrap();
        let requests = server.requests();
        assert!(
            requests[0]
                .head
                .starts_with("POST /v26.0/1234567890/calls HTTP/1.1\r\n")
        );
        let offer = json!({"sdp_type": "offer", "sdp": SDP});
        assert_eq!(
            body(&requests[0]),
            json!({"action": "accept", "call_id": "c_1", "session": offer})
        );
        assert_eq!(
            body(&requests[1]),
            json!({"action": "media_update", "call_id": "c_1", "session": offer})
        );
    }
    for id in ["id", "call_id"] {
        let told = json!({id: "c_2", "success": true, "session": {
            "sdp_response": {"sdp_type": "answer", "sdp": SDP}, "sdp_renegotiation": SDP}});
        let server = Server::answering(json(&told.to_string()));
        let session = client(&server).calling().connect(PSID, SDP).unwrap();
        assert_eq!(session.call_id, "c_2");
        assert_eq!(session.answer.as_deref(), Some(SDP));
        assert_eq!(session.renegotiation.as_deref(), Some(SDP));
        let offer = json!({"sdp_type": "offer", "sdp": SDP});
        assert_eq!(
            body(&server.requests()[0]),
            json!({"action": "connect", "to": PSID, "session": offer})
        );
    }
}

#[test]
fn an_answer_about_another_call_is_none() {
    let server = Server::answering(json(r#"{"success":true,"call_id":"c_2"}"#));
    let error = accept(&client(&server).calling()).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidResponse, Delivery::Unknown)
    );
    let error = client(&server).calling();
    error.accept(&Accept::new("c_2", "v=0")).unwrap();
}

#[test]
fn a_media_update_says_what_is_on() {
    let server = Server::answering(done());
    let update = MediaUpdate::new()
        .track("a", "default_audio", true)
        .track("b", "screen_video", false)
        .versions(3, 4);
    client(&server)
        .calling()
        .update_media("c_1", &update)
        .unwrap();
    assert_eq!(
        body(&server.requests()[0]),
        json!({"action": "media_update", "call_id": "c_1", "from_version": 3, "to_version": 4,
            "tracks": [{"msid": "a", "label": "default_audio", "status": "enabled"},
                {"msid": "b", "label": "screen_video", "status": "disabled"}]})
    );
    let five = (0..5).fold(MediaUpdate::new(), |it, _| {
        it.track("a", "default_audio", true)
    });
    let error = client(&server)
        .calling()
        .update_media("", &five)
        .unwrap_err();
    let found: Vec<_> = error.violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "call_id: is required and must not be empty",
            "tracks: has 5 tracks, at most 4 are allowed"
        ]
    );
    assert_eq!(server.requests().len(), 1);
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn a_call_is_never_accepted_late() {
    let server = Server::answering(json(r#"{"success":true,"session":{"sdp_response":"v=0"}}"#));
    let client = client(&server);
    let now = millis(SystemTime::now());
    for late in [now - 60_000, now - 3_600_000, 0, -1] {
        let accept = Accept::new("c_1", "v=0").rang_at(late);
        let error = client.calling().accept(&accept).unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery(), error.attempts()),
            (ErrorKind::DeadlinePassed, Delivery::NotSent, 0)
        );
        assert!(error.to_string().contains("rung for too long"), "{error}");
    }
    let accept = Accept::new("c_1", "v=0").rang_at(now - 20_000);
    client.calling().accept(&accept).unwrap();
    let soon = RequestOptions::new().deadline(SystemTime::now() - Duration::from_secs(1));
    let error = client.calling().with(soon).accept(&accept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlinePassed);
    assert!(!error.to_string().contains("rung"), "{error}");
    assert_eq!(server.finish(client).requests.len(), 1);
}

#[test]
fn the_time_that_a_call_still_rings_bounds_its_acceptance() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    let client = client(&server);
    let started = Instant::now();
    let accept = Accept::new("c_1", "v=0").rang_at(millis(SystemTime::now()) - 59_000);
    let error = client.calling().accept(&accept).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    assert!(error.advice().contains("end the call"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    server.finish(client);
}

#[test]
fn options_bound_and_mark_requests() {
    let server = Server::start(|mut peer| {
        peer.request();
        peer.wait_for_close();
    });
    let client = builder(&server).header("a", "1").build().unwrap();
    let options = RequestOptions::new()
        .timeout(Duration::from_millis(100))
        .header("traceparent", "00-1");
    let calling = client.calling().with(options);
    let error = calling.settings().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));
    for request in server.requests() {
        assert_eq!(request.header("traceparent"), Some("00-1"));
        assert_eq!(request.header("a"), Some("1"));
    }
    let wrong = RequestOptions::new().header("host", "x");
    let error = client.calling().with(wrong).settings().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    server.finish((client, calling));
}

#[test]
fn a_request_that_is_given_up_ends_at_once() {
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let server = Server::start(move |mut peer| {
        peer.request();
        tell.lock().unwrap().send(()).unwrap();
        peer.wait_for_close();
    });
    let client = client(&server);
    for act in [
        accept as Act,
        |c| c.settings().map(drop),
        |c| c.terminate("c_1"),
    ] {
        let token = CancelToken::new();
        let calling = client.calling().with(RequestOptions::new().cancel(&token));
        let error: Error = thread::scope(|scope| {
            let running = scope.spawn(|| act(&calling).unwrap_err());
            told.recv().unwrap();
            token.cancel();
            running.join().unwrap()
        });
        assert_eq!(
            (error.kind(), error.delivery(), error.attempts()),
            (ErrorKind::Cancelled, Delivery::Unknown, 1)
        );
        assert_eq!(act(&calling).unwrap_err().attempts(), 0);
    }
    client.close();
    let closed = client.calling().settings().unwrap_err();
    assert_eq!(
        (closed.kind(), closed.attempts()),
        (ErrorKind::Cancelled, 0)
    );
    server.finish(client);
}

#[test]
fn reads_carry_the_token_where_they_can() {
    for (placement, query, header) in [
        (TokenPlacement::Header, "", true),
        (TokenPlacement::Query, "access_token=test-token&", false),
        (TokenPlacement::Body, "", true),
    ] {
        let server = Server::answering(json(r#"{"permission":{"status":"no_permission"}}"#));
        let client = builder(&server)
            .token_placement(placement)
            .app_secret("s")
            .build()
            .unwrap();
        client.calling().permissions(PSID).unwrap();
        let request = &server.requests()[0];
        let line = request.head.lines().next().unwrap();
        let start =
            format!("GET /v26.0/1234567890/messenger_call_permissions?{query}appsecret_proof=");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.ends_with(&format!("&psid={PSID} HTTP/1.1")), "{line}");
        assert_eq!(request.header("authorization").is_some(), header);
        assert_eq!(request.header("content-type"), None);
        assert!(request.body.is_empty());
    }
    let server = Server::answering(done());
    let client = builder(&server)
        .token_placement(TokenPlacement::Body)
        .use_me(true)
        .version("")
        .build()
        .unwrap();
    client.calling().terminate("c_1").unwrap();
    let request = &server.requests()[0];
    assert!(
        request.head.starts_with("POST /me/calls HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert_eq!(
        body(request),
        json!({"action": "terminate", "call_id": "c_1", "access_token": "test-token"})
    );
}

#[test]
fn calling_errors_have_kinds_and_advice_of_their_own() {
    use ErrorKind::{Api, CallingNotEnabled, InvalidRequest, PermissionDenied};
    for (number, kind, word) in [
        (2_018_389, CallingNotEnabled, "audio_enabled"),
        (2_018_390, InvalidRequest, "id of the webhook"),
        (2_018_391, InvalidRequest, "SDP"),
        (2_018_392, InvalidRequest, "SDP"),
        (2_018_393, PermissionDenied, "this Page's"),
        (2_018_394, PermissionDenied, "permission"),
        (2_018_395, Api, "over"),
        (2_018_396, Api, "over"),
    ] {
        let error = json!({"error": {"message": "x", "code": number}});
        let under = json!({"error": {"message": "x", "code": 100, "error_subcode": number}});
        for told in [error, under] {
            let server = Server::answering(answer("400 Bad Request", "", told.to_string()));
            let error = accept(&client(&server).calling()).unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (kind, Delivery::Rejected));
            assert!(error.advice().contains(word), "{error}");
            assert!(!error.to_string().contains("message"), "{error}");
        }
    }
}

#[test]
fn what_breaks_a_rule_is_not_sent_unless_asked_for() {
    let server = Server::answering(refused(100));
    let client = client(&server);
    let wrong: [(Act, &str); 5] = [
        (|c| c.accept(&Accept::new("", "")).map(drop), "call_id"),
        (|c| c.connect("someone", "v=0").map(drop), "to"),
        (|c| c.permissions("").map(drop), "psid"),
        (|c| c.reject(""), "call_id"),
        (|c| c.set_settings(&CallSettings::new()), ""),
    ];
    for (act, path) in wrong {
        let error = act(&client.calling()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage);
        assert_eq!(error.violations()[0].path, path);
    }
    assert_eq!(server.requests().len(), 0);
    let unchecked = client.calling().with(RequestOptions::new().unchecked(true));
    for (act, _) in wrong {
        let error = act(&unchecked).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!error.advice().contains("expires_in_days"), "{error}");
    }
    assert_eq!(server.requests().len(), wrong.len());
    assert!(client.calling().subscribe([""; 0]).is_err());
}
