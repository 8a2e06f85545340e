//! Connections: from the socket to the Graph side or to the emulator's own side.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::Notify;

use super::cors;
use super::graph_side::{self, Cut};
use super::sender;
use super::shared::Shared;
use super::tls::Tls;
use super::wire::{Flags, Socket, Wire};

/// An answer that is being made.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// The side of the emulator that is not Graph's.
pub(crate) struct OwnSide {
    /// Whether a request with this method and path is for it.
    pub(crate) takes: fn(&str, &str) -> bool,
    pub(crate) answer: Box<dyn Fn(Request<Body>) -> Answering + Send + Sync>,
}

/// Accepts connections until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    own: OwnSide,
    tls: Option<Tls>,
    stop: Arc<Notify>,
) -> io::Result<()> {
    tokio::spawn(sender::run(Arc::clone(&shared)));
    let own = Arc::new(own);
    let tls = tls.map(Arc::new);
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
                    let (shared, own) = (Arc::clone(&shared), Arc::clone(&own));
                    match tls.clone() {
                        None => tokio::spawn(connection(stream, shared, own)),
                        Some(tls) => tokio::spawn(async move {
                            // Whoever can't shake hands sees the connection closed.
                            if let Ok(stream) = tls.accept(stream).await {
                                connection(stream, shared, own).await;
                            }
                        }),
                    };
                }
                // Out of file descriptors, most likely: give connections time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

async fn connection(stream: impl Socket, shared: Arc<Shared>, own: Arc<OwnSide>) {
    let flags = Arc::new(Flags::new());
    let wire = Wire::new(stream, Arc::clone(&shared), own.takes, Arc::clone(&flags));
    let hang_up = Arc::clone(&shared);
    let hang_up = hang_up.hang_up.notified();
    let service = service_fn(|request: Request<Incoming>| {
        flags.begun();
        let own = Arc::clone(&own);
        let shared = Arc::clone(&shared);
        let flags = Arc::clone(&flags);
        async move {
            let answer = answer(&own, shared, &flags, request).await;
            flags.answered();
            answer
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        // This machine's time, as a server's own is; the platform's clock is a thing apart.
        .auto_date_header(true)
        .serve_connection(TokioIo::new(wire), service);
    tokio::select! {
        // An error is the other side's business: it sees its connection closed.
        _ = connection => {}
        () = hang_up => {}
    }
}

/// Leads a request to its side of the emulator.
async fn answer(
    own: &OwnSide,
    shared: Arc<Shared>,
    flags: &Flags,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let site = shared.site();
    let origin = cors::origin(site, request.headers());
    if site.is_bare(request.uri().path()) {
        return Ok(moved(site.prefix()));
    }
    if let Some(uri) = site.inside_uri(request.uri()) {
        *request.uri_mut() = uri;
    }
    let preflight = origin.as_ref().and_then(|_| cors::preflight(&request));
    let mut response = if let Some(answer) = preflight {
        answer
    } else if (own.takes)(request.method().as_str(), request.uri().path()) {
        (own.answer)(request.map(Body::new)).await
    } else {
        graph_side::answer(Arc::clone(&shared), flags, request).await?
    };
    if let Some(origin) = origin {
        cors::let_in(&mut response, origin);
    }
    Ok(response)
}

/// Leads from the prefix to the page, whose links need the slash at its end.
fn moved(prefix: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(place) = format!("{prefix}/").parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
