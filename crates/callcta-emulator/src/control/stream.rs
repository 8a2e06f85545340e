//! Server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
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

use super::{App, views};

/// A comment this often keeps the connection from looking dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) async fn events(State(shared): App) -> Response {
    let (hello, receiver) = {
        let mut world = shared.lock();
        let hello = json!({"clock": views::clock(&world.clock)});
        (hello, world.events.listen())
    };
    let mut heartbeat =
        tokio::time::interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut response = Response::new(Body::new(Stream {
        hello: Some(Bytes::from(format!(
            "retry: 1000\nevent: hello\ndata: {hello}\n\n"
        ))),
        receiver,
        heartbeat,
    }));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    response
}

struct Stream {
    hello: Option<Bytes>,
    receiver: mpsc::Receiver<Bytes>,
    heartbeat: Interval,
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
            Poll::Ready(event) => Poll::Ready(event.map(|event| Ok(Frame::data(event)))),
            Poll::Pending => self
                .heartbeat
                .poll_tick(cx)
                .map(|_| Some(Ok(Frame::data(Bytes::from_static(b": still here\n\n"))))),
        }
    }
}
