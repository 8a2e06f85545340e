//! The Graph side of a connection: reads a request, lets it pass and writes the answer, as far as
//! faults allow.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
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
    let body = match read(body).await {
        Ok(body) => Some(body),
        Err(Unread::TooLarge) => None,
        Err(Unread::GoneAway) => return Err(Cut),
    };
    let is_read = body.is_some();
    let body = body.unwrap_or_default();
    let request = Request::detached(parts.method, &parts.uri, &parts.headers, body);
    let request = Arc::new(request);
    if !is_read {
        let detail = format!("the emulator reads bodies of at most {BODY_MAX} bytes");
        let mut response = refuse(&shared, &request, 413, "body_too_large", "", detail);
        // The rest of the body is still on the way.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Ok(response);
    }
    if request
        .headers
        .get_all(header::HOST)
        .iter()
        .nth(1)
        .is_some()
    {
        let detail = "a request has one Host header; there are several".to_owned();
        return Ok(refuse(
            &shared,
            &request,
            400,
            "several_hosts",
            "Host",
            detail,
        ));
    }
    let params = request.params();
    let (place, struck) = {
        let mut core = shared.change();
        let place = core.open(&request, &params, None);
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

/// Why a body was not read.
enum Unread {
    TooLarge,
    /// The client is gone.
    GoneAway,
}

/// Reads a body into memory of its own, and of its size.
async fn read(mut body: Incoming) -> Result<Bytes, Unread> {
    let declared = body.size_hint().exact();
    let declared = declared.and_then(|length| usize::try_from(length).ok());
    let mut whole = Vec::new();
    let mut length = 0;
    if let Some(declared) = declared.filter(|length| *length <= BODY_MAX) {
        whole.reserve_exact(declared);
    }
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::GoneAway)?.into_data() else {
            continue;
        };
        length += data.len();
        if length > BODY_MAX {
            return Err(Unread::TooLarge);
        }
        // What will be refused is not kept meanwhile.
        if declared.is_none_or(|length| length <= BODY_MAX) {
            whole.extend_from_slice(&data);
        }
    }
    whole.shrink_to_fit();
    Ok(whole.into())
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

/// Refuses a request that is not even handled.
fn refuse(
    shared: &Shared,
    request: &Arc<Request>,
    status: u16,
    rule: &'static str,
    path: &str,
    detail: String,
) -> Response<Body> {
    let refusal = Refusal {
        rule,
        path: path.into(),
        detail,
    };
    let mut core = shared.change();
    let place = core.refuse(request, refusal);
    let trace_id = core.platform.next_trace_id();
    let text = match status {
        413 => "(#100) The request is too large",
        _ => "(#100) The request is malformed",
    };
    // Code 100, as for anything else that is wrong with a request: it certainly was not handled.
    let body = error_body(text, "OAuthException", 100, None, None, &trace_id);
    let answer = Answer::json(status, body);
    core.answered(place, &answer);
    drop(core);
    response(answer, Body::from)
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
