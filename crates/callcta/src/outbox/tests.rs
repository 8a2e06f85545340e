use std::sync::mpsc::channel;

use super::*;
use crate::error::{Delivery, ErrorKind};
use crate::message::{Message, SendOptions};
use crate::transport::{HttpResponse, ScriptedTransport};

#[test]
fn without_more_threads_those_that_run_go_on() {
    let (arrived, arrivals) = channel();
    let (open, gate) = channel();
    let transport = ScriptedTransport::from_fn(move |_| {
        arrived.send(()).expect("the test waits");
        gate.recv().expect("the test opens it");
        Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
    });
    let client = Client::builder("1", "t").transport(Arc::new(transport));
    let outbox = Outbox::with_limits(client.build().expect("it can be built"), 4, 100);
    outbox.set_pace(None).expect("it is none");
    let (told, outcomes) = channel();
    let submit = |psid: u32| {
        let request = Request::new(
            psid.to_string(),
            Message::call_prompt(),
            SendOptions::new().unchecked(true),
        );
        let told = told.clone();
        outbox.submit(request, move |outcome| {
            told.send(outcome.map(|_| psid)).expect("the test waits");
        })
    };
    let no_threads = |yes| outbox.queue().no_threads.store(yes, Ordering::Relaxed);

    no_threads(true);
    for psid in 0..3 {
        let error = submit(psid).expect_err("nobody can send it");
        assert_eq!(error.kind(), ErrorKind::OutOfResources);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.may_retry());
    }
    no_threads(false);
    submit(10).expect("there is a thread again");
    arrivals.recv().expect("it is being sent");
    no_threads(true);
    for psid in 11..20 {
        submit(psid).expect("it waits for the thread that there is");
    }
    for _ in 10..20 {
        open.send(()).expect("the transport waits");
    }
    outbox.wait();
    let outcomes: Result<Vec<u32>> = outcomes.try_iter().collect();
    assert!(outcomes.expect("all were sent").into_iter().eq(10..20));
}
