//! Server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body::Frame;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};

use super::conversations::Facts;
use super::reply::App;
use super::views;
use crate::server::{Event, Shared, Told};
use crate::{platform, traffic};

/// A comment this often keeps the connection from looking dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) async fn events(State(shared): App) -> Response {
    let (hello, receiver) =
        shared.listen(|core| json!({"clock": views::clock(core.platform.clock())}));
    let mut heartbeat =
        tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut response = Response::new(Body::new(Stream {
        hello: Some(Bytes::from(format!(
            "retry: 1000\nevent: hello\ndata: {hello}\n\n"
        ))),
        receiver,
        heartbeat,
        shared,
    }));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    response
}

struct Stream {
    hello: Option<Bytes>,
    receiver: mpsc::Receiver<Told>,
    heartbeat: Interval,
    shared: Arc<Shared>,
}

/// An event as the stream spells it.
fn spelt(number: u64, event: &Event, base: &str) -> Bytes {
    use platform::Event as P;
    use traffic::Event as T;
    let (name, data) = match event {
        Event::Reset => ("reset", json!({})),
        Event::Platform(event) => match event {
            P::Message { message, now } => ("message", views::message(message, *now, false)),
            P::MessagesDeleted(None) => ("messages_deleted", json!({"ids": null})),
            P::MessagesDeleted(Some(id)) => ("messages_deleted", json!({"ids": [id]})),
            P::Action(action) => ("action", views::action(action)),
            P::Person {
                psid,
                page_id,
                person,
                now,
            } => {
                let mut facts = json!(Facts::of(psid, Some(person), *now));
                facts["page_id"] = json!(page_id);
                ("person", facts)
            }
            P::Presence(presence) => ("presence", json!(presence)),
            P::Call(call) => ("call", json!(call)),
            P::Webhook(webhook) => ("webhook", json!(webhook)),
            P::WebhooksDeleted => ("webhooks_deleted", json!({})),
            P::WebhooksFailing {
                page_id,
                failing_ms,
            } => (
                "webhooks_failing",
                json!({"page_id": page_id, "failing_ms": failing_ms}),
            ),
            P::WebhooksDisabled { page_id } => ("webhooks_disabled", json!({"page_id": page_id})),
            P::Clock(clock) => ("clock", views::clock(clock)),
            P::State => ("state", json!({})),
        },
        Event::Traffic(event) => match event {
            T::Request(entry) => ("request", views::request(entry, base, false)),
            T::RequestsDeleted => ("requests_deleted", json!({})),
            T::Faults(list) => ("faults", json!({"faults": list})),
        },
    };
    format!("id: {number}\nevent: {name}\ndata: {data}\n\n").into()
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(hello) = self.hello.take() {
            return Poll::Ready(Some(Ok(Frame::data(hello))));
        }
        match self.receiver.poll_recv(cx) {
            Poll::Ready(told) => Poll::Ready(told.map(|told| {
                let (number, event) = &*told;
                Ok(Frame::data(spelt(*number, event, self.shared.base())))
            })),
            Poll::Pending => self
                .heartbeat
                .poll_tick(cx)
                .map(|_| Some(Ok(Frame::data(Bytes::from_static(b": still here\n\n"))))),
        }
    }
}
