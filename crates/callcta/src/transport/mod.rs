//! The line between the client and the wire.
//!
//! A [`Transport`] carries one finished HTTP request and brings back one whole
//! answer. [`UreqTransport`] is the real one; [`ScriptedTransport`] answers from
//! a list, for tests without sockets. Retry, classification and logging live
//! above this line, so that every transport behaves alike.

use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use crate::cancel::{CancelToken, Wake};

mod answer;
mod background;
mod call;
mod config;
mod dial;
mod exchange;
mod failure;
mod habits;
mod moment;
pub(crate) mod per_process;
mod pool;
mod proxy;
mod resolver;
mod script;
mod socket;
mod target;
mod tls;
mod tunnel;
mod unreached;
mod ureq;

pub(crate) use self::background::NoThread;
pub(crate) use self::call::telling_written;
pub use self::config::TransportConfig;
pub use self::script::{ScriptedRequest, ScriptedTransport};
pub(crate) use self::target::{check_head, has_valid_authority};
pub use self::ureq::UreqTransport;

/// How a request is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Sends something: a message, a setting.
    #[default]
    Post,
    /// Asks for something. The request has no body.
    Get,
}

impl Method {
    /// `POST` or `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Post => "POST",
            Method::Get => "GET",
        }
    }
}

/// One HTTP request, ready to be written.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// How it is made. The client sends messages by `POST`.
    pub method: Method,
    /// Absolute URL; may carry a token, so it is never logged.
    pub url: &'a str,
    /// `Authorization` value, such as `Bearer …`, when the token travels there.
    pub authorization: Option<&'a str>,
    /// `Content-Type` of the body.
    pub content_type: &'a str,
    /// Further headers: names and values. None of those above, and none that HTTP
    /// itself needs.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
    /// Bound for this whole call, when shorter than the transport's own.
    pub timeout: Option<Duration>,
    /// By which the call can be given up. A transport that waits may heed it; the
    /// client itself doesn't try again and doesn't wait then.
    pub cancel: Option<&'a CancelToken>,
}

/// Shows no token, URL or body.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("authorization", &self.authorization.map(|_| "…"))
            .field("content_type", &self.content_type)
            .field("body_len", &self.body.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A whole HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Header names (lower case) and values. Values that are not UTF-8 are left out.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed, or why it could not be read to its end.
    pub body: Result<Vec<u8>, TransportError>,
    /// What came of the body, where it could not be read to its end.
    pub partial: Vec<u8>,
    /// What it came over.
    pub connection: Connection,
}

impl HttpResponse {
    /// An answer without headers, over a new connection.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Ok(body.into()),
            partial: Vec::new(),
            connection: Connection::default(),
        }
    }
}

/// The connection that an answer came over. The default is a new one that can't be
/// closed from outside.
#[derive(Clone, Default)]
pub struct Connection {
    reused: bool,
    socket: Option<Weak<dyn Wake>>,
}

impl Connection {
    /// A kept one, for tests and other transports.
    pub fn reused() -> Self {
        Self {
            reused: true,
            socket: None,
        }
    }

    /// Whether it had carried an earlier request, whose answer this one might be.
    pub fn is_reused(&self) -> bool {
        self.reused
    }

    /// Closes it, so that it carries no further request. A call that uses it already
    /// ends as if the server had closed it.
    pub fn close(&self) {
        if let Some(socket) = self.socket.as_ref().and_then(Weak::upgrade) {
            socket.wake();
        }
    }
}

/// Connections compare by whether they are reused.
impl PartialEq for Connection {
    fn eq(&self, other: &Self) -> bool {
        self.reused == other.reused
    }
}

impl Eq for Connection {}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("reused", &self.reused)
            .finish_non_exhaustive()
    }
}

/// What stopped an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Resolving, connecting or the TLS handshake failed.
    Connect,
    /// The same in a way that another try doesn't change: a certificate that isn't
    /// trusted, a proxy that says no.
    Refused,
    /// A time limit ran out.
    Timeout,
    /// The connection broke.
    Network,
    /// The answer was not HTTP, too large, or cut short.
    InvalidResponse,
    /// The transport is closed.
    Closed,
    /// The call was given up by [`HttpRequest::cancel`].
    Cancelled,
    /// This process has no file, thread or memory left for a connection.
    OutOfResources,
    /// The request could not be formed, for instance because of a bad URL.
    InvalidRequest,
}

/// A failed exchange, with the evidence about its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What stopped it.
    pub kind: TransportErrorKind,
    /// Whether at least one byte of the request was handed to the operating
    /// system. `false` is proof that nobody received it.
    pub request_written: bool,
    /// One line without secrets: no URL, no token, no body.
    pub message: String,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {}

impl TransportError {
    /// What a closed transport says.
    fn closed() -> Self {
        Self {
            kind: TransportErrorKind::Closed,
            request_written: false,
            message: "the transport is closed".to_owned(),
        }
    }

    /// What a call says that was given up.
    fn cancelled() -> Self {
        Self {
            kind: TransportErrorKind::Cancelled,
            request_written: false,
            message: "the call was cancelled".to_owned(),
        }
    }
}

/// Carries requests. Implement it to test without sockets or to bring another
/// HTTP stack.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Makes `request` once and waits for the whole answer.
    ///
    /// An implementation must never write a request twice.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] when no status line was received. From then on the
    /// answer is an [`HttpResponse`], whose `body` may itself be an error.
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError>;

    /// Lets go of idle connections that are of no more use, and tells whether others
    /// are left. Called now and then by those who have a thread to do so.
    fn tidy(&self) -> bool {
        false
    }

    /// Closes every connection. Calls in flight end at once, later ones fail
    /// with [`TransportErrorKind::Closed`].
    fn close(&self) {}
}
