//! The shared vectors of webhooks; `tests/vectors/webhooks/README.md` at the top
//! describes them.

#[path = "webhooks/cases.rs"]
mod cases;

use std::path::Path;
use std::sync::OnceLock;

use callcta::webhook::{
    BODY_MAX, Deduplicator, EVENTS_MAX, Event, RefusalKind, Secrets, parse_unverified, sort,
};
use proptest::prelude::*;

static CASES: OnceLock<Vec<cases::Case>> = OnceLock::new();

fn read_cases() -> Vec<cases::Case> {
    cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/webhooks"))
}

#[test]
fn every_webhook_is_read_as_it_should_be() {
    let cases = read_cases();
    assert!(cases.len() > 50, "{}", cases.len());
    for case in cases {
        assert_eq!(case.report(), case.expected(), "{}", case.name());
    }
}

#[test]
fn an_event_keeps_what_it_was_read_from() {
    let body = br#"{"entry":[{"id":"1","messaging":[{"message":{"mid":"m","new":[1]}}],"x":{}}]}"#;
    let webhook = parse_unverified(body).unwrap();
    let raw: Vec<String> = webhook
        .events
        .iter()
        .map(|event| event.raw.to_string())
        .collect();
    assert_eq!(raw, [r#"{"message":{"mid":"m","new":[1]}}"#, r#"{"x":{}}"#]);
    assert_eq!(webhook.secret, None);
}

#[test]
fn an_event_can_wait_in_a_queue_as_json() {
    for case in read_cases() {
        let Ok(webhook) = parse_unverified(case.body().as_bytes()) else {
            continue;
        };
        for event in webhook.events {
            let queued = serde_json::to_string(&event).unwrap();
            let back: Event = serde_json::from_str(&queued).unwrap();
            assert_eq!(back, event, "{}", case.name());
        }
    }
}

#[test]
fn what_happened_and_whose_it_is_stay_out_of_debug() {
    let body = br#"{"entry":[{"id":"1","messaging":[{"sender":{"id":"4711"},"message":{"mid":"m","text":"hidden"}}]}]}"#;
    let webhook = parse_unverified(body).unwrap();
    let shown = format!("{webhook:?} {:?}", webhook.events[0].kind);
    assert!(
        shown.contains("message") && !shown.contains("hidden") && !shown.contains("4711"),
        "{shown}"
    );
}

/// The events in the order in which they happened, by their identities.
fn sorted(body: &[u8]) -> Vec<String> {
    let mut events = parse_unverified(body).expect("it is an object").events;
    sort(&mut events);
    events.into_iter().map(|event| event.identity).collect()
}

#[test]
fn events_are_ordered_by_their_own_time_and_the_life_of_a_call() {
    let body = br#"{"entry":[{"id":"1","calls":[
        {"id":"b","event":"terminate","timestamp":100},
        {"id":"a","event":"media_update","timestamp":100,"session":{"version":10}},
        {"id":"a","event":"media_update","timestamp":100,"session":{"version":9}},
        {"id":"b","event":"call_status","call_status":"accepted","timestamp":100},
        {"id":"b","event":"connect","timestamp":100},
        {"id":"z","event":"terminate","timestamp":99}]}]}"#;
    assert_eq!(
        sorted(body),
        [
            "call:z:terminate",
            "call:b:connect",
            "call:b:call_status:accepted",
            "call:a:media_update:9",
            "call:a:media_update:10",
            "call:b:terminate",
        ]
    );
}

#[test]
fn what_is_sent_again_is_the_same_whatever_the_order_of_its_fields() {
    let first = br#"{"entry":[{"id":"1","messaging":[{"sender":{"id":"2"},"read":{"watermark":5},"timestamp":6}]}]}"#;
    let again = br#"{"entry":[{"messaging":[{"timestamp":6,"read":{"watermark":5},"sender":{"id":"2"}}],"id":"1"}]}"#;
    let other = br#"{"entry":[{"id":"9","messaging":[{"sender":{"id":"2"},"read":{"watermark":5},"timestamp":6}]}]}"#;
    let seen = Deduplicator::new(10);
    let is_new = |body| seen.is_new(&parse_unverified(body).unwrap().events[0]);
    assert_eq!(
        [is_new(first), is_new(again), is_new(other)],
        [true, false, true]
    );
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    let body = vec![b' '; BODY_MAX + 1];
    let refusal = parse_unverified(&body).unwrap_err();
    assert_eq!(
        (refusal.kind(), refusal.http_status()),
        (RefusalKind::TooLarge, 413)
    );
}

#[test]
fn a_body_of_too_many_events_is_refused() {
    let body = |entries: usize, events: usize| {
        let events = vec!["1"; events].join(",");
        let entries = vec![format!("{{\"messaging\":[{events}]}}"); entries].join(",");
        format!("{{\"object\":\"page\",\"entry\":[{entries}]}}")
    };
    let read = |entries, events| parse_unverified(body(entries, events).as_bytes());
    assert_eq!(
        read(EVENTS_MAX / 2, 1).unwrap().events.len(),
        EVENTS_MAX / 2
    );
    assert_eq!(
        read(1, EVENTS_MAX - 1).unwrap().events.len(),
        EVENTS_MAX - 1
    );
    for (entries, events) in [(EVENTS_MAX / 2 + 1, 1), (1, EVENTS_MAX)] {
        let refusal = read(entries, events).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::TooLarge);
    }
    let numbers = format!("{{\"entry\":[{}]}}", vec!["1"; EVENTS_MAX + 1].join(","));
    let refusal = parse_unverified(numbers.as_bytes()).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::TooLarge);
}

proptest! {
    #[test]
    fn no_body_makes_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_unverified(&body);
    }

    /// Bodies of the vectors with one member replaced by something else.
    #[test]
    fn no_event_makes_a_panic(
        case in any::<proptest::sample::Index>(),
        at in any::<proptest::sample::Index>(),
        other in prop::sample::select(vec!["null", "true", "-1", "-9223372036854775808", "1e300", "\"\"", "[]", "{}", "[{\"id\":{}}]"]),
    ) {
        let cases = CASES.get_or_init(read_cases);
        let body = cases[case.index(cases.len())].body().to_owned();
        let colons: Vec<usize> = body.match_indices("\":").map(|(at, _)| at + 2).collect();
        prop_assume!(!colons.is_empty());
        let start = colons[at.index(colons.len())];
        let end = body[start..].find([',', '}', ']']).map_or(body.len(), |end| start + end);
        let body = format!("{}{other}{}", &body[..start], &body[end..]);
        if let Ok(webhook) = parse_unverified(body.as_bytes()) {
            for event in webhook.events {
                prop_assert!(event.identity.len() <= 120);
                let queued = serde_json::to_string(&event).unwrap();
                prop_assert_eq!(serde_json::from_str::<Event>(&queued).ok(), Some(event));
            }
        }
    }

    /// Of a body, and with one byte of its signature changed.
    #[test]
    fn no_other_header_verifies(
        body in proptest::collection::vec(any::<u8>(), 0..100),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let secrets = Secrets::new(["secret"]).unwrap();
        let good = secrets.sign(&body).into_bytes();
        prop_assert_eq!(secrets.verify(&body, Some(&good)), Ok(0));
        let at = at.index(good.len());
        prop_assume!(!good[at].eq_ignore_ascii_case(&byte));
        let mut other = good;
        other[at] = byte;
        prop_assert!(secrets.verify(&body, Some(&other)).is_err());
    }
}
