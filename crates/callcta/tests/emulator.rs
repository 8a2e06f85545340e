//! The page's samples, its five documented errors, and faults, through real HTTP
//! with the emulator.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use callcta::{
    Button, Client, ClientBuilder, Delivery, Element, Error, ErrorKind, Message, Outbox, Request,
    RetryPolicy, SendOptions,
};
use callcta_emulator::{AnswerShape, Emulator, Fault, Strangers, defaults};

fn start() -> Emulator {
    Emulator::start().expect("a port is free")
}

fn builder(emulator: &Emulator, page_id: &str, token: &str) -> ClientBuilder {
    Client::builder(page_id, token)
        .base_url(emulator.url())
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
}

fn client(emulator: &Emulator) -> Client {
    let page = builder(emulator, emulator.page_id(), emulator.access_token());
    page.build().expect("the settings are right")
}

fn card() -> Message {
    Message::generic([
        Element::new("Contact Support!").button(Button::audio_call("Call Now").expires_in_days(5))
    ])
}

#[test]
fn both_samples_arrive() {
    let emulator = start();
    let client = client(&emulator);
    let call = Button::audio_call("Call Now").expires_in_days(5);
    let button = Message::buttons("Contact Support!", [call]);
    for message in [card(), button] {
        let receipt = client
            .send(defaults::PSID, &message)
            .expect("the window is open");
        assert_eq!(receipt.recipient_id.as_deref(), Some(defaults::PSID));
        let stored = emulator.messages();
        let last = stored.last().expect("it was stored");
        assert_eq!(last.message_id, receipt.message_id);
    }
    assert_eq!(emulator.posts(), 2);
}

#[test]
fn every_documented_success_shape_is_read() {
    let emulator = start();
    let client = client(&emulator);
    for shape in [
        AnswerShape::Flat,
        AnswerShape::NestedBoth,
        AnswerShape::NestedId,
        AnswerShape::MessageIdOnly,
    ] {
        emulator.set_answer_shape(shape);
        let receipt = client
            .send(defaults::PSID, &card())
            .expect("the window is open");
        let stored = emulator.messages();
        assert_eq!(
            receipt.message_id,
            stored.last().expect("it was stored").message_id
        );
        let named = shape != AnswerShape::MessageIdOnly;
        assert_eq!(receipt.recipient_id.is_some(), named, "{shape:?}");
    }
}

fn refused(page_id: &str, token: &str, psid: &str, message: &Message) -> Error {
    let emulator = start();
    let client = builder(&emulator, page_id, token)
        .build()
        .expect("the settings are right");
    let error = client
        .send_unchecked(psid, message, &SendOptions::new())
        .expect_err("the platform refuses it");
    assert_eq!(error.delivery(), Delivery::Rejected, "{error}");
    assert_eq!(emulator.posts(), 1, "{error}");
    assert!(emulator.messages().is_empty());
    assert!(error.to_string().contains(error.advice()), "{error}");
    error
}

#[test]
fn the_five_documented_errors() {
    use defaults::{
        ACCESS_TOKEN, EXPIRED_TOKEN, PAGE_ID, PAGE_ID_WITHOUT_CALLING, PSID, PSID_WINDOW_CLOSED,
        PSID_WITHOUT_CALLING, TOKEN_WITHOUT_CALLING, TOKEN_WITHOUT_PERMISSION,
    };
    let late = Message::buttons("T", [Button::audio_call("Call Now").expires_in_days(8)]);
    let card = card();
    let cases = [
        ("999", ACCESS_TOKEN, PSID, &card, ErrorKind::InvalidPage),
        (
            PAGE_ID,
            ACCESS_TOKEN,
            "999",
            &card,
            ErrorKind::InvalidRecipient,
        ),
        (
            PAGE_ID,
            ACCESS_TOKEN,
            "no digits",
            &card,
            ErrorKind::InvalidRequest,
        ),
        (
            PAGE_ID_WITHOUT_CALLING,
            TOKEN_WITHOUT_CALLING,
            PSID_WITHOUT_CALLING,
            &card,
            ErrorKind::CallingNotEnabled,
        ),
        (
            PAGE_ID,
            "unknown-token",
            PSID,
            &card,
            ErrorKind::Authentication,
        ),
        (
            PAGE_ID,
            EXPIRED_TOKEN,
            PSID,
            &card,
            ErrorKind::Authentication,
        ),
        (
            PAGE_ID,
            TOKEN_WITHOUT_PERMISSION,
            PSID,
            &card,
            ErrorKind::PermissionDenied,
        ),
        (
            PAGE_ID,
            ACCESS_TOKEN,
            PSID,
            &late,
            ErrorKind::InvalidRequest,
        ),
        (
            PAGE_ID,
            ACCESS_TOKEN,
            PSID_WINDOW_CLOSED,
            &card,
            ErrorKind::OutsideWindow,
        ),
        (
            PAGE_ID,
            ACCESS_TOKEN,
            defaults::PSID_BLOCKED,
            &card,
            ErrorKind::RecipientUnavailable,
        ),
    ];
    for (page_id, token, psid, message, kind) in cases {
        let error = refused(page_id, token, psid, message);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.graph().is_some(), "{error}");
    }

    // What validation can see doesn't come that far.
    let emulator = start();
    let error = client(&emulator)
        .send(PSID, &late)
        .expect_err("8 days are too many");
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidMessage, Delivery::NotSent)
    );
    assert_eq!(emulator.posts(), 0);
}

#[test]
fn a_proof_is_right_or_refused() {
    let emulator = start();
    emulator.with_state(|state| {
        let page = state.pages.get_mut(defaults::PAGE_ID).expect("it is there");
        page.require_appsecret_proof = true;
    });
    let send = |secret: Option<&str>| {
        let page = builder(&emulator, defaults::PAGE_ID, defaults::ACCESS_TOKEN);
        let page = match secret {
            Some(secret) => page.app_secret(secret),
            None => page,
        };
        page.build()
            .expect("the settings are right")
            .send(defaults::PSID, &card())
    };
    send(Some(defaults::APP_SECRET)).expect("the proof is right");
    for secret in [None, Some("another")] {
        let error = send(secret).expect_err("the proof is missing or wrong");
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    }
}

/// The outcome of a send that meets these faults, and how many POSTs came.
fn meet(faults: impl IntoIterator<Item = Fault>) -> (Result<u32, (ErrorKind, Delivery)>, usize) {
    let emulator = start();
    for fault in faults {
        emulator.arm(fault);
    }
    let client = builder(&emulator, emulator.page_id(), emulator.access_token())
        .timeout(Duration::from_secs(3))
        .build()
        .expect("the settings are right");
    let outcome = client.send(defaults::PSID, &card());
    let outcome = outcome.map(|receipt| receipt.attempts);
    (
        outcome.map_err(|error| (error.kind(), error.delivery())),
        emulator.posts(),
    )
}

#[test]
fn faults_have_the_delivery_that_they_should() {
    use Delivery::Unknown;
    use ErrorKind::{InvalidResponse, Network, Service, Timeout};
    let hour = Duration::from_secs(3600);
    let cases = [
        (Fault::drop_after_read(), (Network, Unknown)),
        (Fault::drop_after_store(), (Network, Unknown)),
        (Fault::delay(hour), (Timeout, Unknown)),
        (Fault::status(500), (Service, Unknown)),
        (Fault::graph(500, 2, None), (Service, Unknown)),
        (Fault::graph(400, 1, Some(1_357_046)), (Service, Unknown)),
        (Fault::truncated_body(), (InvalidResponse, Unknown)),
        (Fault::html_body(), (InvalidResponse, Unknown)),
        (Fault::oversize_body(2 << 20), (InvalidResponse, Unknown)),
    ];
    for (fault, expected) in cases {
        let text = format!("{fault:?}");
        assert_eq!(meet([fault]), (Err(expected), 1), "{text}");
    }
    let (outcome, _) = meet([Fault::drop_before_read()]);
    assert_eq!(outcome, Err((Network, Unknown)));
}

#[test]
fn a_rate_limit_passes() {
    let limit = || {
        Fault::graph(429, 613, None)
            .header("Retry-After", "0")
            .times(2)
    };
    assert_eq!(meet([limit()]), (Ok(3), 3));
    let (outcome, posts) = meet([limit(), limit()]);
    assert_eq!(
        (outcome, posts),
        (Err((ErrorKind::RateLimited, Delivery::Rejected)), 3)
    );
}

#[test]
fn twenty_messages_to_each_of_a_thousand_arrive_in_order_whatever_happens() {
    const PEOPLE: usize = 1000;
    const EACH: usize = 20;
    let emulator = Emulator::builder()
        .keep_messages(2 * PEOPLE * EACH)
        .keep_bytes(256 << 20)
        .start()
        .expect("a port is free");
    emulator.with_state(|state| state.strangers = Strangers::Welcome);
    // One after another, since a fault that doesn't strike shields those behind it.
    for _ in 0..PEOPLE {
        let faults = [
            Fault::graph(429, 613, None),
            Fault::drop_after_read(),
            Fault::drop_after_store(),
            Fault::delay(Duration::from_millis(30)),
        ];
        for fault in faults {
            emulator.arm(fault.probability(0.02).times(1));
        }
    }
    let outbox = Outbox::with_limits(client(&emulator), 64, PEOPLE * EACH);
    outbox.set_pace(None).expect("it is none");
    let outcomes = Arc::new(Mutex::new([0; 3]));
    for number in 0..EACH {
        for person in 0..PEOPLE {
            let options = SendOptions::new().metadata(format!("{person}-{number}"));
            let outcomes = Arc::clone(&outcomes);
            let request = Request::new(format!("7{person:06}"), card(), options);
            let told = outbox.submit(request, move |outcome| {
                let delivery = outcome.map_err(|error| error.delivery());
                let what = match delivery {
                    Ok(_) => 0,
                    Err(Delivery::Unknown) => 1,
                    Err(_) => 2,
                };
                outcomes.lock().expect("nobody panicked")[what] += 1;
            });
            told.expect("there is room");
        }
    }
    outbox.drain();
    let [sent, unknown, others] = *outcomes.lock().expect("nobody panicked");
    assert_eq!(sent + unknown + others, PEOPLE * EACH);
    assert!(unknown > 0, "the faults were off");
    let messages = emulator.messages();
    assert!((sent..=sent + unknown).contains(&messages.len()));
    assert!(
        emulator.posts() > PEOPLE * EACH,
        "nothing was refused for now"
    );
    let mut next = [0; PEOPLE];
    for message in messages {
        let metadata = message.body["message"]["metadata"].as_str();
        let (person, number) = metadata
            .and_then(|it| it.split_once('-'))
            .expect("it was set");
        let person: usize = person.parse().expect("a number");
        let number: usize = number.parse().expect("a number");
        assert!(number >= next[person], "{number} after {}", next[person]);
        next[person] = number + 1;
    }
}
