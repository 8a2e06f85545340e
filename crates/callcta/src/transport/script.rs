//! A transport without sockets, for tests.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::background::lock;
use super::{HttpRequest, HttpResponse, Method, Transport, TransportError, TransportErrorKind};

type Outcome = Result<HttpResponse, TransportError>;
type Script = dyn FnMut(&HttpRequest<'_>) -> Option<Outcome> + Send;

/// Answers from a list, or from a closure, and keeps what it was asked.
///
/// ```
/// use callcta::transport::{HttpRequest, HttpResponse, Method, ScriptedTransport, Transport};
///
/// let transport = ScriptedTransport::new([Ok(HttpResponse::new(200, "{}"))]);
/// let answer = transport.exchange(&HttpRequest {
///     method: Method::Post,
///     url: "https://example.com/v1/messages",
///     authorization: Some("Bearer abc"),
///     content_type: "application/json",
///     headers: &[],
///     body: b"{}",
///     timeout: None,
///     cancel: None,
/// });
/// assert_eq!(answer.unwrap().status, 200);
/// assert_eq!(transport.requests()[0].authorization.as_deref(), Some("Bearer abc"));
/// ```
pub struct ScriptedTransport {
    script: Mutex<Box<Script>>,
    requests: Mutex<Vec<ScriptedRequest>>,
    closed: AtomicBool,
}

/// A request that a [`ScriptedTransport`] was asked to carry.
#[derive(Clone, PartialEq, Eq)]
pub struct ScriptedRequest {
    /// [`HttpRequest::method`].
    pub method: Method,
    /// [`HttpRequest::url`].
    pub url: String,
    /// [`HttpRequest::authorization`].
    pub authorization: Option<String>,
    /// [`HttpRequest::content_type`].
    pub content_type: String,
    /// [`HttpRequest::headers`].
    pub headers: Vec<(String, String)>,
    /// [`HttpRequest::body`].
    pub body: Vec<u8>,
    /// [`HttpRequest::timeout`].
    pub timeout: Option<Duration>,
}

impl ScriptedTransport {
    /// Answers with `outcomes`, in order. When they are used up, a request fails with
    /// [`TransportErrorKind::InvalidRequest`].
    pub fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut outcomes: VecDeque<Outcome> = outcomes.into_iter().collect();
        Self::from_script(move |_| outcomes.pop_front())
    }

    /// Answers every request with what `respond` returns for it.
    pub fn from_fn(mut respond: impl FnMut(&HttpRequest<'_>) -> Outcome + Send + 'static) -> Self {
        Self::from_script(move |request| Some(respond(request)))
    }

    fn from_script(
        script: impl FnMut(&HttpRequest<'_>) -> Option<Outcome> + Send + 'static,
    ) -> Self {
        Self {
            script: Mutex::new(Box::new(script)),
            requests: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Every request so far, in order; none after [`Transport::close`].
    pub fn requests(&self) -> Vec<ScriptedRequest> {
        lock(&self.requests).clone()
    }
}

impl Transport for ScriptedTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Outcome {
        if self.closed.load(Ordering::Acquire) {
            return Err(TransportError::closed());
        }
        lock(&self.requests).push(ScriptedRequest {
            method: request.method,
            url: request.url.to_owned(),
            authorization: request.authorization.map(str::to_owned),
            content_type: request.content_type.to_owned(),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: request.body.to_owned(),
            timeout: request.timeout,
        });
        let mut script = lock(&self.script);
        (*script)(request).unwrap_or_else(|| {
            Err(TransportError {
                kind: TransportErrorKind::InvalidRequest,
                request_written: false,
                message: "the script of this transport has no answer left".to_owned(),
            })
        })
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedTransport")
            .field("requests", &lock(&self.requests).len())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// Shows no token, URL or body.
impl fmt::Debug for ScriptedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(
            &HttpRequest {
                method: self.method,
                url: &self.url,
                authorization: self.authorization.as_deref(),
                content_type: &self.content_type,
                headers: &[],
                body: &self.body,
                timeout: self.timeout,
                cancel: None,
            },
            f,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &[u8]) -> HttpRequest<'_> {
        HttpRequest {
            method: Method::Post,
            url: "https://example.com/?access_token=secret",
            authorization: Some("Bearer secret"),
            content_type: "application/json",
            headers: &[],
            body,
            timeout: Some(Duration::from_secs(1)),
            cancel: None,
        }
    }

    #[test]
    fn outcomes_come_in_order_and_end() {
        let failure = TransportError {
            kind: TransportErrorKind::Network,
            request_written: true,
            message: "gone".to_owned(),
        };
        let script = [Ok(HttpResponse::new(200, "{}")), Err(failure.clone())];
        let transport = ScriptedTransport::new(script);
        assert_eq!(
            transport.exchange(&request(b"1")),
            Ok(HttpResponse::new(200, "{}"))
        );
        assert_eq!(transport.exchange(&request(b"2")), Err(failure));
        let over = transport.exchange(&request(b"3")).unwrap_err();
        assert_eq!(over.kind, TransportErrorKind::InvalidRequest);
        assert!(!over.request_written);
        let bodies: Vec<_> = transport.requests().into_iter().map(|r| r.body).collect();
        assert_eq!(bodies, [b"1", b"2", b"3"]);
    }

    #[test]
    fn a_closure_sees_the_request() {
        let transport =
            ScriptedTransport::from_fn(|request| Ok(HttpResponse::new(200, request.body)));
        assert_eq!(
            transport.exchange(&request(b"echo")).unwrap().body.unwrap(),
            b"echo"
        );
        transport.close();
        let closed = transport.exchange(&request(b"late")).unwrap_err();
        assert_eq!(closed.kind, TransportErrorKind::Closed);
        assert_eq!(transport.requests().len(), 1);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let transport = ScriptedTransport::new([Ok(HttpResponse::new(200, ""))]);
        transport.exchange(&request(b"secret")).unwrap();
        let shown = format!(
            "{transport:?} {:?} {:?}",
            transport.requests(),
            request(b"secret")
        );
        assert!(shown.contains("body_len: 6"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
