//! The Graph side of a connection: reads a request, lets it pass and writes the answer, as far as
//! faults allow.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use super::core::Place;
use super::shared::Shared;
use super::wire::Flags;
use crate::graph::{Answer, Params, Refusal, Request, error_body};
use crate::traffic::{FaultAction, Spoilt, Struck, spoil};

/// The largest request body that is read: a file of the size that Meta takes, and what is around it.
const BODY_MAX: usize = 26 << 20;

/// The Graph version that answers name.
const API_VERSION: HeaderValue = HeaderValue::from_static("v26.0");

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection cut by a fault")
    }
}

impl std::error::Error for Cut {}

pub(super) async fn answer(
    shared: Arc<Shared>,
    flags: &Flags,
    request: http::Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(()),
        // The client went away.
        Err(_) => return Err(Cut),
    };
    let too_large = body.is_err();
    let request = Arc::new(Request {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body: body.unwrap_or_default(),
    });
    if too_large {
        return Ok(refuse_large(&shared, &request));
    }
    let params = request.params();
    let (place, struck) = {
        let mut core = shared.change();
        let place = core.open(&request, None);
        match core.strike(place, &request, &params) {
            None => {
                let answer = core.handle(place, &request, params);
                core.answered(place, &answer);
                drop(core);
                return Ok(response(answer, Body::from));
            }
            Some(struck) => (place, struck),
        }
    };
    stricken(&shared, flags, &request, params, place, struck).await
}

/// Lets a fault have its way with a request.
async fn stricken(
    shared: &Shared,
    flags: &Flags,
    request: &Request,
    params: Params,
    place: Place,
    Struck { fault, delay }: Struck,
) -> Result<Response<Body>, Cut> {
    let after = fault.applies_after();
    if let (false, Some(delay)) = (after, delay) {
        tokio::time::sleep(delay).await;
    }
    let answer = fault
        .lets_through()
        .then(|| shared.change().handle(place, request, params));
    if let (true, Some(delay)) = (after, delay) {
        tokio::time::sleep(delay).await;
    }
    let mut core = shared.change();
    let (answer, half) = match spoil(&fault, answer, || core.platform.next_trace_id()) {
        Spoilt::Nothing => {
            core.unanswered(place);
            return Err(Cut);
        }
        Spoilt::Whole(answer) => (answer, false),
        Spoilt::Half(answer) => (answer, true),
    };
    core.answered(place, &answer);
    drop(core);
    if fault.action == FaultAction::CloseAfterAnswer {
        flags.close_after_answer();
    }
    if half {
        return Ok(response(answer, |body| Body::new(Truncated::new(&body))));
    }
    Ok(response(answer, Body::from))
}

fn refuse_large(shared: &Shared, request: &Arc<Request>) -> Response<Body> {
    let refusal = Refusal {
        rule: "body_too_large",
        path: String::new(),
        detail: format!("the emulator reads bodies of at most {BODY_MAX} bytes"),
    };
    let mut core = shared.change();
    let place = core.refuse(request, refusal);
    let trace_id = core.platform.next_trace_id();
    // Code 100, as for anything else that is wrong with a request: it certainly was not handled.
    let body = error_body(
        "(#100) The request is too large",
        "OAuthException",
        100,
        None,
        None,
        &trace_id,
    );
    let answer = Answer::json(413, body);
    core.answered(place, &answer);
    drop(core);
    let mut response = response(answer, Body::from);
    // The rest of the body is still on the way.
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn response(answer: Answer, body: impl FnOnce(Bytes) -> Body) -> Response<Body> {
    let length = answer.body.len();
    let mut response = Response::new(body(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, answer.content_type);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert("facebook-api-version", API_VERSION);
    for (name, value) in answer.headers {
        headers.insert(name, value);
    }
    response
}

/// Half of a body; then the connection breaks.
struct Truncated {
    half: Option<Bytes>,
    flushed: bool,
}

impl Truncated {
    fn new(body: &Bytes) -> Self {
        Self {
            half: Some(body.slice(..body.len() / 2)),
            flushed: false,
        }
    }
}

impl http_body::Body for Truncated {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // Waiting once lets the half get out before the error discards it.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Cut)))
    }
}
