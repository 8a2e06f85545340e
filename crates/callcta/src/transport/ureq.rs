//! The real transport, over ureq.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::{HeaderMap, Method, Request, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, RustlsConnector};
use ureq::{Agent, Error, Proxy, ProxyProtocol};

use super::background::Background;
use super::call::CallScope;
use super::config::TransportConfig;
use super::connector::{HeadConnector, SocketConnector};
use super::per_process::PerProcess;
use super::resolver::{CachingResolver, LookUpFailed, SharedResolver};
use super::{HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind};

/// Longest head of an answer.
const MAX_ANSWER_HEAD: usize = 64 * 1024;
/// More than a head, or one that is too long would never be seen to be.
const INPUT_BUFFER: usize = MAX_ANSWER_HEAD + 1024;
/// Longest URL, `Authorization` and `Content-Type` together.
const MAX_HEAD: usize = 32 * 1024;
/// Room for these, and for the few headers that ureq adds.
const OUTPUT_BUFFER: usize = MAX_HEAD + 8 * 1024;
/// Longest `User-Agent`.
const MAX_USER_AGENT: usize = 1024;

/// Posts over HTTP/1.1, with TLS where the URL says so, from a pool of kept
/// connections.
///
/// - Redirects are not followed and no status is an error: the answer is returned
///   as it is. A gzip body is decompressed.
/// - Nothing is sent twice. A pooled connection that the server has closed in the
///   meantime is noticed before the request is written and replaced.
/// - After a `fork` the child gets a pool of its own; the parent's connections are
///   neither used nor shut down there.
/// - What is logged below here (by ureq and rustls) never contains the path, the
///   query, the `Authorization` header or the body of a request. At trace level
///   ureq does log answers whole.
pub struct UreqTransport {
    config: TransportConfig,
    agent_config: Config,
    agents: PerProcess<Pool>,
    closed: AtomicBool,
    pid: fn() -> u32,
}

/// What one process uses.
struct Pool {
    agent: Agent,
    resolver: Arc<CachingResolver>,
    background: Arc<Background>,
    /// The first origin asked for, parsed. A client only ever has one.
    origin: OnceLock<(String, Uri)>,
}

impl UreqTransport {
    /// Checks `config`; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::InvalidRequest`] when the proxy's URL, the user agent
    /// or the certificates cannot be used.
    pub fn new(config: TransportConfig) -> Result<Self, TransportError> {
        if !is_header_value(&config.user_agent) || config.user_agent.len() > MAX_USER_AGENT {
            return Err(unusable("the user agent is not a valid header value"));
        }
        let proxy = proxy(&config)?;
        let agent_config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(config.https_only)
            .max_redirects(0)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots(&config)?).build())
            .user_agent(&config.user_agent)
            .input_buffer_size(INPUT_BUFFER)
            .max_response_header_size(MAX_ANSWER_HEAD)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(config.max_idle_per_host.saturating_mul(2))
            .max_idle_connections_per_host(config.max_idle_per_host)
            .max_idle_age(config.idle_age)
            .build();
        let transport = Self {
            config,
            agent_config,
            agents: PerProcess::new(),
            closed: AtomicBool::new(false),
            pid: std::process::id,
        };
        transport.pool();
        Ok(transport)
    }

    fn pool(&self) -> &Pool {
        self.agents.get((self.pid)(), || {
            let background = Arc::<Background>::default();
            let resolver = Arc::new(CachingResolver::new(
                self.config.resolved_age,
                self.config.resolved_hosts,
                Arc::clone(&background),
            ));
            let connector = ()
                .chain(ConnectProxyConnector::default())
                .chain(SocketConnector {
                    background: Arc::clone(&background),
                })
                .chain(RustlsConnector::default())
                .chain(HeadConnector {
                    proxied: self.agent_config.proxy().is_some(),
                });
            Pool {
                agent: Agent::with_parts(
                    self.agent_config.clone(),
                    connector,
                    SharedResolver(Arc::clone(&resolver)),
                ),
                resolver,
                background,
                origin: OnceLock::new(),
            }
        })
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl Transport for UreqTransport {
    fn post(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        if self.is_closed() {
            return Err(TransportError::closed());
        }
        let target = Target::of(request, self.config.https_only)?;
        let pool = self.pool();
        let uri = pool.uri(target.origin)?;
        let limits = Limits::of(request, &self.config);
        let start = Instant::now();
        let call = CallScope::enter(
            start.checked_add(limits.total),
            start.checked_add(limits.connect),
            |head| target.write_head(request, head),
        );
        let host = uri.clone();
        let mut outgoing = Request::new(request.body);
        *outgoing.method_mut() = Method::POST;
        *outgoing.uri_mut() = uri;
        match pool.agent.run(outgoing) {
            Ok(mut answer) => Ok(HttpResponse {
                status: answer.status().as_u16(),
                headers: headers(answer.headers()),
                body: answer
                    .body_mut()
                    .with_config()
                    .limit(self.config.max_body)
                    .read_to_vec()
                    .map_err(|error| self.body_failure(&error, &limits)),
            }),
            Err(error) => {
                let written = call.request_written();
                if !written {
                    pool.resolver.forget();
                }
                Err(self.failure(&error, written, host.host().unwrap_or_default(), &limits))
            }
        }
    }

    fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            let pool = self.pool();
            pool.background.close();
            pool.agent.clone().shutdown();
        }
    }
}

impl Pool {
    /// `origin` as a URL with an empty path.
    fn uri(&self, origin: &str) -> Result<Uri, TransportError> {
        match self.origin.get() {
            Some((known, uri)) if known == origin => Ok(uri.clone()),
            _ => {
                let uri = Uri::try_from(format!("{origin}/"))
                    .ok()
                    .filter(has_valid_authority)
                    .ok_or_else(|| unusable("the URL's host or port is not valid"))?;
                // Another thread may have been first; then that one stays.
                let _ = self.origin.set((origin.to_owned(), uri.clone()));
                Ok(uri)
            }
        }
    }
}

/// `Uri` takes any digits for a port, and ureq the default one if they are too many.
fn has_valid_authority(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| {
        let (host, whole) = (authority.host(), authority.as_str());
        !host.is_empty() && (host == whole || authority.port_u16().is_some())
    })
}

/// How long a call may take.
struct Limits {
    total: Duration,
    connect: Duration,
}

impl Limits {
    fn of(request: &HttpRequest<'_>, config: &TransportConfig) -> Self {
        let total = request.timeout.unwrap_or(Duration::MAX).min(config.timeout);
        Self {
            total,
            connect: config.connect_timeout.min(total),
        }
    }
}

/// A URL in its two parts.
struct Target<'a> {
    /// Scheme, host and port: all that ureq gets to see.
    origin: &'a str,
    /// Path and query, without a fragment.
    path: &'a str,
}

impl<'a> Target<'a> {
    fn of(request: &HttpRequest<'a>, https_only: bool) -> Result<Self, TransportError> {
        let url = request.url;
        let scheme = match url.split_once("://") {
            Some((scheme @ "https", _)) => scheme,
            Some((scheme @ "http", _)) if !https_only => scheme,
            Some(("http", _)) => return Err(unusable("the URL must be https")),
            _ => return Err(unusable("the URL must be absolute, http or https")),
        };
        let host_at = scheme.len() + "://".len();
        let end = url[host_at..]
            .find(['/', '?', '#'])
            .map_or(url.len(), |at| host_at + at);
        let (origin, rest) = url.split_at(end);
        if origin.contains('@') {
            return Err(unusable(
                "credentials in front of the host are not supported",
            ));
        }
        let path = rest.split('#').next().unwrap_or_default();
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable(
                "the URL has a character that must be percent-encoded",
            ));
        }
        let authorization = request.authorization.unwrap_or_default();
        if !is_header_value(authorization) {
            return Err(unusable("the authorization is not a valid header value"));
        }
        if !is_header_value(request.content_type) {
            return Err(unusable("the content type is not a valid header value"));
        }
        if url.len() + authorization.len() + request.content_type.len() > MAX_HEAD {
            return Err(unusable("the URL and headers are longer than 32 KiB"));
        }
        Ok(Self { origin, path })
    }

    fn write_head(&self, request: &HttpRequest<'_>, head: &mut Vec<u8>) {
        let mut add = |parts: &[&str]| {
            for part in parts {
                head.extend_from_slice(part.as_bytes());
            }
        };
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        add(&["POST ", slash, self.path, " HTTP/1.1\r\n"]);
        add(&["content-type: ", request.content_type, "\r\n"]);
        if let Some(authorization) = request.authorization {
            add(&["authorization: ", authorization, "\r\n"]);
        }
    }
}

/// Visible ASCII and blanks: nothing that could end the line.
fn is_header_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t')
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

fn proxy(config: &TransportConfig) -> Result<Option<Proxy>, TransportError> {
    let proxy = match &config.proxy {
        Some(url) => Some(Proxy::new(url).map_err(|_| unusable("the proxy's URL is not valid"))?),
        None if config.proxy_from_env => Proxy::try_from_env(),
        None => None,
    };
    match proxy.as_ref().map(Proxy::protocol) {
        None | Some(ProxyProtocol::Http | ProxyProtocol::Https) => Ok(proxy),
        Some(_) => Err(unusable("only http and https proxies are supported")),
    }
}

fn roots(config: &TransportConfig) -> Result<RootCerts, TransportError> {
    #[cfg(feature = "platform-verifier")]
    if config.platform_verifier {
        return match config.extra_ca_pem {
            None => Ok(RootCerts::PlatformVerifier),
            Some(_) => Err(unusable(
                "extra certificates cannot be combined with the platform's verifier",
            )),
        };
    }
    let Some(pem) = &config.extra_ca_pem else {
        return Ok(RootCerts::WebPki);
    };
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(unusable("the extra certificates are not valid PEM")),
        }
    }
    if certificates.is_empty() {
        return Err(unusable("the extra certificates hold no certificate"));
    }
    // ureq takes either its built-in roots or a list, so the list has both.
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    certificates.extend(built_in.map(|der| Certificate::from_der(der)));
    Ok(RootCerts::from(certificates))
}

fn unusable(message: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::InvalidRequest,
        request_written: false,
        message: message.to_owned(),
    }
}

impl UreqTransport {
    /// What went wrong before there was a status.
    fn failure(
        &self,
        error: &Error,
        request_written: bool,
        host: &str,
        limits: &Limits,
    ) -> TransportError {
        if self.is_closed() {
            return TransportError {
                request_written,
                ..TransportError::closed()
            };
        }
        let (kind, message) = match error {
            Error::Timeout(_) if request_written => (
                TransportErrorKind::Timeout,
                format!("no answer within {:?}", limits.total),
            ),
            Error::Timeout(_) => (
                TransportErrorKind::Timeout,
                format!("no connection to {host} within {:?}", limits.connect),
            ),
            Error::BadUri(_) | Error::Http(_) | Error::RequireHttpsOnly(_) => (
                TransportErrorKind::InvalidRequest,
                "the request is not valid".to_owned(),
            ),
            _ if !request_written => (TransportErrorKind::Connect, connect_message(error, host)),
            Error::Io(error) => (
                TransportErrorKind::Network,
                format!("the connection broke before an answer: {}", io_text(error)),
            ),
            Error::LargeResponseHeader(..) => (
                TransportErrorKind::InvalidResponse,
                format!("the answer's head is longer than {MAX_ANSWER_HEAD} bytes"),
            ),
            _ => (
                TransportErrorKind::InvalidResponse,
                "the answer is not valid http/1.1".to_owned(),
            ),
        };
        TransportError {
            kind,
            request_written,
            message,
        }
    }

    /// What went wrong after the status: the request was certainly written.
    fn body_failure(&self, error: &Error, limits: &Limits) -> TransportError {
        let (kind, message) = match error {
            _ if self.is_closed() => (TransportErrorKind::Closed, TransportError::closed().message),
            Error::Timeout(_) => (
                TransportErrorKind::Timeout,
                format!("no whole answer within {:?}", limits.total),
            ),
            Error::BodyExceedsLimit(limit) => (
                TransportErrorKind::InvalidResponse,
                format!("the answer is longer than {limit} bytes"),
            ),
            Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => (
                TransportErrorKind::InvalidResponse,
                "the answer was cut short: unexpected end of file".to_owned(),
            ),
            Error::Io(error) => (
                TransportErrorKind::Network,
                format!("the connection broke within the answer: {}", io_text(error)),
            ),
            Error::Decompress(..) => (
                TransportErrorKind::InvalidResponse,
                "the answer is not valid gzip".to_owned(),
            ),
            _ => (
                TransportErrorKind::InvalidResponse,
                "the answer is not valid http/1.1".to_owned(),
            ),
        };
        TransportError {
            kind,
            request_written: true,
            message,
        }
    }
}

fn connect_message(error: &Error, host: &str) -> String {
    match error {
        Error::Other(other) if other.is::<LookUpFailed>() => {
            format!("could not resolve {host}: {other}")
        }
        Error::HostNotFound => format!("could not resolve {host}"),
        Error::ConnectProxyFailed(_) => format!("the proxy refused to connect to {host}"),
        Error::Io(error) => format!("could not connect to {host}: {}", io_text(error)),
        Error::Rustls(error) => one_line(&format!("could not connect to {host}: {error}")),
        Error::Tls(text) => format!("could not connect to {host}: {text}"),
        _ => format!("could not connect to {host}"),
    }
}

/// The kind, and for TLS, which reports all its errors as one kind, the reason.
fn io_text(error: &io::Error) -> String {
    match error.get_ref() {
        Some(reason) if error.kind() == io::ErrorKind::InvalidData => {
            one_line(&format!("{}: {reason}", error.kind()))
        }
        _ => error.kind().to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport")
            .field("config", &self.config)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
