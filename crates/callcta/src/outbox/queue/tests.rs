use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::message::{Message, Request, SendOptions};
use crate::outbox::job::{Follow, Told};

fn job(psid: &str, follower: Box<dyn Follow>) -> Job {
    let request = Request::new(psid, Message::call_prompt(), SendOptions::new());
    Job::new(request, follower).expect("it has a recipient")
}

/// A queue with one outbox, and its number.
fn queue(workers: usize, settings: Settings) -> (Arc<Queue>, u64) {
    let queue = Arc::new(Queue::new(workers));
    let client = Client::builder("1", "t").build().expect("it can be built");
    let tray = queue.add(&client, settings);
    (queue, tray)
}

/// Queues a message; its number, and whether a worker should be started for it.
fn push((queue, tray): &(Arc<Queue>, u64), psid: &str) -> (u64, bool) {
    let job = job(psid, Box::new(Told(|_| {})));
    queue.push(*tray, job, 10, false).expect("there is room")
}

fn next((queue, _): &(Arc<Queue>, u64)) -> Turn {
    queue.next(&Arc::default()).expect("there is work")
}

#[test]
fn nothing_is_left_behind_without_workers() {
    let it = queue(2, Settings::default());
    let (first, start) = push(&it, "1");
    assert!(start);
    // The one that is being started will see to it.
    let (second, start) = push(&it, "2");
    assert!(!start);
    let jobs = it.0.worker_failed();
    let numbers: Vec<u64> = jobs.iter().map(|(_, job)| job.number).collect();
    assert_eq!(numbers, [first, second]);
    assert!(push(&it, "3").1);
}

#[test]
fn who_tells_an_outcome_briefly_sees_to_the_next_message() {
    for brief in [false, true] {
        let settings = Settings {
            brief,
            ..Settings::default()
        };
        let it = queue(9, settings);
        push(&it, "1");
        it.0.enter();
        let mut first = next(&it).job;
        let another = Arc::new(AtomicBool::new(false));
        let (told, submits) = (Arc::clone(&another), it.clone());
        first.follower = Box::new(Told(move |_| {
            told.store(push(&submits, "2").1, Ordering::Relaxed);
        }));
        it.0.finish(it.1, first, Err(closed(None)));
        assert_eq!(another.load(Ordering::Relaxed), !brief);
        // Nobody else comes back, unless another one has been started.
        assert_eq!(push(&it, "3").1, brief);
        next(&it);
        next(&it);
    }
}

#[test]
fn workers_start_one_another_up_to_their_number() {
    let it = queue(2, Settings::default());
    let starts = ["1", "2", "3"].map(|psid| push(&it, psid).1);
    assert_eq!(starts, [true, false, false]);
    it.0.enter();
    assert!(next(&it).another);
    it.0.enter();
    assert!(!next(&it).another);
    assert_eq!(it.0.worker_failed().len(), 0, "the other one is there");
    assert!(push(&it, "4").1);
}

#[test]
fn outboxes_have_their_turn_one_after_another() {
    let one = queue(9, Settings::default());
    let client = Client::builder("2", "t").build().expect("it can be built");
    let other = (Arc::clone(&one.0), one.0.add(&client, Settings::default()));
    for it in [&one, &one, &one, &other, &other] {
        push(it, &it.0.counts(None).queued.to_string());
    }
    let turns: Vec<u64> = (0..5).map(|_| next(&one).tray).collect();
    assert_eq!(turns, [one.1, other.1, one.1, other.1, one.1]);
}
