//! A pace as the server counts.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use callcta::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use callcta::{Client, Outbox, Request, SendOptions};

use crate::message;

/// The most messages that arrived within a second.
fn worst_second(arrivals: &[Instant]) -> usize {
    let second = Duration::from_secs(1);
    let count = |(index, from): (usize, &Instant)| {
        let within = arrivals[index..].iter();
        within.take_while(|at| **at < *from + second).count()
    };
    arrivals
        .iter()
        .enumerate()
        .map(count)
        .max()
        .unwrap_or_default()
}

/// Notes when messages arrive.
#[derive(Debug, Default)]
struct Arrivals(Mutex<Vec<Instant>>);

/// How many ms messages are on their way, in turn.
const ON_ITS_WAY: [u64; 8] = [0, 0, 0, 90, 0, 7, 250, 0];

impl Transport for Arrivals {
    fn exchange(&self, _: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let number = self.0.lock().expect("nobody panicked").len();
        thread::sleep(Duration::from_millis(ON_ITS_WAY[number % ON_ITS_WAY.len()]));
        self.0.lock().expect("nobody panicked").push(Instant::now());
        Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
    }
}

/// When so many messages arrive.
fn arrivals(pace: f64, count: usize) -> Vec<Instant> {
    let arrivals = Arc::<Arrivals>::default();
    let client = Client::builder("1", "t").transport(arrivals.clone());
    let outbox = Outbox::new(client.build().expect("the settings are right"));
    outbox.set_pace(Some(pace)).expect("it is a pace");
    for number in 0..count {
        let request = Request::new(number.to_string(), message(), SendOptions::new());
        let done = |outcome: callcta::Result<_>| drop(outcome.expect("it is sent"));
        outbox.submit(request, done).expect("the outbox is open");
    }
    outbox.wait();
    let mut arrivals = std::mem::take(&mut *arrivals.0.lock().expect("nobody panicked"));
    arrivals.sort();
    arrivals
}

#[test]
fn no_second_holds_more_than_the_pace_however_long_messages_are_on_their_way() {
    thread::scope(|scope| {
        for (pace, most, count) in [(1.0, 1, 3), (2.5, 3, 8), (40.0, 40, 120), (300.0, 300, 900)] {
            scope.spawn(move || {
                let arrivals = arrivals(pace, count);
                assert_eq!(arrivals.len(), count);
                let worst = worst_second(&arrivals);
                assert!(worst <= most, "{worst} at {pace}/s");
            });
        }
    });
}
