//! Connections: from the socket to the Graph side or the control side, and back.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;

use crate::control;
use crate::faults::{FaultAction, Struck};
use crate::graph::{self, Answer};
use crate::journal::Call;
use crate::params::Params;
use crate::refusal::{Refusal, error_body};
use crate::webhook;
use crate::wire::{Flags, Wire};
use crate::world::{Place, Shared};

/// The largest request body that is read.
const BODY_MAX: usize = 8 << 20;

/// The Graph version that answers name.
const API_VERSION: HeaderValue = HeaderValue::from_static("v26.0");

/// Accepts connections until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    stop: Arc<Notify>,
) -> io::Result<()> {
    tokio::spawn(webhook::dispatch(Arc::clone(&shared)));
    let router = control::router(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let stopped = stop.notified();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Answers are small and wanted at once.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(connection(stream, Arc::clone(&shared), router.clone()));
                }
                // Out of file descriptors, most likely: give connections time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

async fn connection(stream: tokio::net::TcpStream, shared: Arc<Shared>, router: Router) {
    let flags = Arc::new(Flags::new());
    let wire = Wire::new(stream, Arc::clone(&shared), Arc::clone(&flags));
    let hang_up = Arc::clone(&shared);
    let hang_up = hang_up.hang_up.notified();
    let service = service_fn(|request: Request<Incoming>| {
        let own = is_own(request.method().as_str(), request.uri().path());
        let router = own.then(|| router.clone());
        let shared = Arc::clone(&shared);
        let flags = Arc::clone(&flags);
        async move {
            let answer = match router {
                Some(router) => Ok(control::answer(router, request.map(Body::new)).await),
                None => answer(shared, &flags, request).await,
            };
            flags.answered();
            answer
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(wire), service);
    tokio::select! {
        // An error is the other side's business: it sees its connection closed.
        _ = connection => {}
        () = hang_up => {}
    }
}

/// Whether a request is for the emulator itself and not for Graph.
pub(crate) fn is_own(method: &str, path: &str) -> bool {
    (path == "/" && (method == "GET" || method == "HEAD"))
        || path == "/inbox.css"
        || path.starts_with("/inbox/")
        || path == "/_emulator"
        || path.starts_with("/_emulator/")
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection cut by a fault")
    }
}

impl std::error::Error for Cut {}

async fn answer(
    shared: Arc<Shared>,
    flags: &Flags,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(()),
        // The client went away.
        Err(_) => return Err(Cut),
    };
    let too_large = body.is_err();
    let call = Arc::new(Call {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body: body.unwrap_or_default(),
    });
    if too_large {
        return Ok(refuse_large(&shared, call));
    }
    let params = graph::read(&call);
    let (place, struck) = {
        let mut world = shared.lock();
        let place = world.log(Arc::clone(&call), None);
        match world.strike(place, &call, &params) {
            None => {
                let answer = world.handle(place, &call, params);
                world.answered(place, answer.status, &answer.body);
                drop(world);
                shared.notify();
                return Ok(response(answer, Body::from));
            }
            Some(struck) => (place, struck),
        }
    };
    // Taking a fault out of the queue may have been what `unread_armed` waited for.
    shared.with_faults(|_| ());
    stricken(shared, flags, call, params, place, struck).await
}

/// Lets a fault have its way with a request.
async fn stricken(
    shared: Arc<Shared>,
    flags: &Flags,
    call: Arc<Call>,
    params: Params,
    place: Place,
    struck: Struck,
) -> Result<Response<Body>, Cut> {
    let Struck { fault, delay } = struck;
    let after = fault.applies_after();
    let takes_effect = after || fault.action == FaultAction::Pass;
    if let (false, Some(delay)) = (after, delay) {
        tokio::time::sleep(delay).await;
    }
    let mut answer = if takes_effect {
        let answer = shared.lock().handle(place, &call, params);
        shared.notify();
        answer
    } else {
        Answer::json(200, "{}")
    };
    if let (true, Some(delay)) = (after, delay) {
        tokio::time::sleep(delay).await;
    }
    let mut truncate = false;
    match fault.action {
        FaultAction::Pass => {}
        FaultAction::Status { status, body } => {
            answer = Answer::json(status, body);
            answer.content_type = HeaderValue::from_static("text/plain; charset=UTF-8");
        }
        FaultAction::Graph {
            status,
            code,
            subcode,
            message,
            is_transient,
        } => {
            let text = if message.is_empty() {
                format!("(#{code}) Emulated error")
            } else {
                message
            };
            let trace_id = shared.lock().next_trace_id();
            let body = error_body(
                &text,
                "OAuthException",
                code,
                subcode,
                is_transient,
                &trace_id,
            );
            answer = Answer::json(status, body);
        }
        FaultAction::DropBeforeRead | FaultAction::Drop | FaultAction::Unfinished => {
            shared.lock().tell_request(place);
            shared.notify();
            return Err(Cut);
        }
        FaultAction::TruncatedBody => truncate = true,
        FaultAction::ContentType { content_type } => {
            answer.content_type =
                HeaderValue::try_from(content_type).expect("checked when the fault was armed");
        }
        FaultAction::HtmlBody => {
            answer = Answer::json(
                200,
                "<!DOCTYPE html>\n<title>Sorry, something went wrong</title>\n",
            );
            answer.content_type = HeaderValue::from_static("text/html; charset=UTF-8");
        }
        FaultAction::OversizeBody { bytes } => answer.body = padded(&answer.body, bytes),
        FaultAction::CloseAfterAnswer => flags.close_after_answer(),
    }
    for (name, value) in &fault.headers {
        answer.header(name, value);
    }
    shared.lock().answered(place, answer.status, &answer.body);
    shared.notify();
    if truncate {
        return Ok(response(answer, |body| Body::new(Truncated::new(&body))));
    }
    Ok(response(answer, Body::from))
}

/// Adds a field that makes a JSON object as long as wanted.
fn padded(body: &Bytes, bytes: usize) -> Bytes {
    let mut long = body.to_vec();
    if long.last() == Some(&b'}') {
        long.pop();
        if long.len() > 1 {
            long.push(b',');
        }
        long.extend_from_slice(b"\"padding\":\"");
        let missing = bytes.saturating_sub(long.len() + 2);
        long.resize(long.len() + missing, b'x');
        long.extend_from_slice(b"\"}");
    }
    long.into()
}

fn refuse_large(shared: &Shared, call: Arc<Call>) -> Response<Body> {
    let mut world = shared.lock();
    let place = world.log(call, None);
    world.refuse_unhandled(
        place,
        Refusal {
            rule: "body_too_large",
            path: String::new(),
            detail: format!("the emulator reads bodies of at most {BODY_MAX} bytes"),
        },
    );
    let trace_id = world.next_trace_id();
    let body = error_body(
        "The request is too large",
        "OAuthException",
        1,
        None,
        None,
        &trace_id,
    );
    let answer = Answer::json(413, body);
    world.answered(place, answer.status, &answer.body);
    drop(world);
    shared.notify();
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
