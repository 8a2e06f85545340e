//! The real transport, over ureq.

use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ureq::config::Config;
use ureq::http::{self, Request, Uri};
use ureq::tls::TlsConfig;
use ureq::unversioned::transport::{Connector, RustlsConnector};
use ureq::{Agent, Body, Error};

use super::answer::MAX_ANSWER_HEAD;
use super::background::Background;
use super::call::CallScope;
use super::config::TransportConfig;
use super::dial::Dialer;
use super::exchange::ExchangeConnector;
use super::failure::{self, Limits, unusable};
use super::habits::KeepAlive;
use super::per_process::PerProcess;
use super::pool::{Pool, PoolConnector};
use super::proxy::Proxies;
use super::resolver::{CachingResolver, NotYet};
use super::target::{MAX_HEAD, Target, has_valid_authority, place};
use super::tls::roots;
use super::unreached;
use super::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::cancel::CancelToken;
use crate::headers::is_value;

/// More than a head, or one that is too long would never be seen to be.
const INPUT_BUFFER: usize = MAX_ANSWER_HEAD + 1024;
/// Room for these, and for the few headers that ureq adds.
const OUTPUT_BUFFER: usize = MAX_HEAD + 8 * 1024;
/// Longest `User-Agent`.
const MAX_USER_AGENT: usize = 1024;
/// No answer to a send that worked is longer.
const USUAL_BODY: usize = 1024;

/// Carries requests over HTTP/1.1, with TLS where the URL says so, from a pool of kept
/// connections.
///
/// - Redirects are not followed and no status is an error: the answer is returned
///   as it is. A gzip body is decompressed.
/// - Answers may be all that RFC 9110 and 9112 allow. After one that could be
///   understood in two ways the connection is not used again.
/// - Nothing is sent twice. A kept connection that the server has closed in the
///   meantime is noticed before the request is written and replaced. It is used again
///   only well before the server may close it, from what that says and has shown.
/// - After a `fork` the child gets a pool of its own; the parent's connections are
///   neither used nor shut down there.
/// - What is logged below here (by ureq and rustls) never contains the path, the
///   query, the `Authorization` header or the body of a request. At trace level
///   ureq does log answers whole.
pub struct UreqTransport {
    config: TransportConfig,
    agent_config: Config,
    proxies: Arc<Proxies>,
    stacks: PerProcess<Stack>,
    closed: AtomicBool,
    pid: fn() -> u32,
}

/// What one process uses.
struct Stack {
    agent: Agent,
    pool: Arc<Pool>,
    #[cfg(test)]
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
    /// [`TransportErrorKind::InvalidRequest`](super::TransportErrorKind::InvalidRequest)
    /// when the proxy's URL, the user agent or the certificates cannot be used.
    pub fn new(config: TransportConfig) -> Result<Self, TransportError> {
        if !is_value(&config.user_agent) || config.user_agent.len() > MAX_USER_AGENT {
            return Err(unusable("the user agent is not a valid header value"));
        }
        let proxies = Arc::new(Proxies::new(&config)?);
        let agent_config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(config.https_only)
            .max_redirects(0)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots(&config)?).build())
            .user_agent(&config.user_agent)
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(0)
            .build();
        let transport = Self {
            config,
            agent_config,
            proxies,
            stacks: PerProcess::new(),
            closed: AtomicBool::new(false),
            pid: std::process::id,
        };
        transport.stack();
        Ok(transport)
    }

    fn stack(&self) -> &Stack {
        self.stacks.get((self.pid)(), || {
            let background = Arc::<Background>::default();
            let resolver = Arc::new(CachingResolver::new(
                self.config.resolved_age,
                self.config.resolved_hosts,
                Arc::clone(&background),
            ));
            let pool = Arc::new(Pool::new(
                self.config.max_idle_per_host,
                self.config.idle_age,
            ));
            let dialer = Dialer {
                background: Arc::clone(&background),
                resolver: Arc::clone(&resolver),
                proxies: Arc::clone(&self.proxies),
                tls: RustlsConnector::default(),
                user_agent: self.config.user_agent.clone(),
            };
            let connector = PoolConnector {
                pool: Arc::clone(&pool),
                dialer,
            };
            Stack {
                agent: Agent::with_parts(
                    self.agent_config.clone(),
                    connector.chain(ExchangeConnector),
                    NotYet,
                ),
                pool,
                #[cfg(test)]
                resolver,
                background,
                origin: OnceLock::new(),
            }
        })
    }

    /// Fails if every request to this URL would, as far as the settings go.
    pub(crate) fn check(&self, url: &str) -> Result<(), TransportError> {
        let uri = Uri::try_from(url).map_err(|_| unusable("the URL is not valid"))?;
        self.proxies.of(&uri).map(drop)
    }

    /// Whom a message says could not be reached.
    fn name(&self, uri: &Uri) -> String {
        let (host, port) = place(uri);
        match self.proxies.of(uri) {
            Ok(Some(proxy)) => format!("{host}:{port} through the proxy {proxy}"),
            _ => format!("{host}:{port}"),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whatever `close` or the call's token breaks off failed because of that.
    fn ended_or(
        &self,
        request: &HttpRequest<'_>,
        request_written: bool,
        failure: impl FnOnce() -> TransportError,
    ) -> TransportError {
        let ended = if self.is_closed() {
            TransportError::closed()
        } else if request.cancel.is_some_and(CancelToken::is_cancelled) {
            TransportError::cancelled()
        } else {
            return failure();
        };
        TransportError {
            request_written,
            ..ended
        }
    }
}

impl Transport for UreqTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        if self.is_closed() {
            return Err(TransportError::closed());
        }
        if request.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(TransportError::cancelled());
        }
        let target = Target::of(request, self.config.https_only)?;
        let stack = self.stack();
        let uri = stack.uri(target.origin)?;
        let limits = Limits::of(request, &self.config);
        let start = Instant::now();
        let call = CallScope::enter(
            start.checked_add(limits.total),
            start.checked_add(limits.connect),
            request.cancel,
            |head| target.write_head(request, head),
        );
        let peer = uri.clone();
        let outgoing = Request::builder().uri(uri);
        let answered = match request.method {
            Method::Post => outgoing
                .method(http::Method::POST)
                .body(request.body)
                .map_err(Error::from)
                .and_then(|outgoing| stack.agent.run(outgoing)),
            Method::Get => outgoing
                .body(())
                .map_err(Error::from)
                .and_then(|outgoing| stack.agent.run(outgoing)),
        };
        match answered {
            Ok(mut answer) => {
                let headers = call.take_headers();
                stack.pool.says(&peer, keep_alive(&headers));
                let mut bytes = Vec::with_capacity(USUAL_BODY);
                let limit = self.config.max_body;
                let read = read_to_end(answer.body_mut(), limit, &mut bytes).map_err(|error| {
                    self.ended_or(request, true, || failure::within_body(&error, &limits))
                });
                let (body, partial) = match read {
                    Ok(()) => (Ok(bytes), Vec::new()),
                    Err(error) => (Err(error), bytes),
                };
                Ok(HttpResponse {
                    status: answer.status().as_u16(),
                    headers,
                    body,
                    partial,
                    connection: call.connection(),
                })
            }
            Err(error) => {
                let written = call.request_written();
                Err(self.ended_or(request, written, || {
                    if written {
                        failure::before_status(&error, &limits)
                    } else {
                        unreached::told(&error, &self.name(&peer), &limits)
                    }
                }))
            }
        }
    }

    fn tidy(&self) -> bool {
        self.stack().pool.tidy()
    }

    fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            let stack = self.stack();
            stack.background.close();
            stack.agent.clone().shutdown();
            stack.pool.close();
        }
    }
}

impl Stack {
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

/// Like ureq's `read_to_vec`, but what comes before a failure is kept.
fn read_to_end(body: &mut Body, limit: u64, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut reader = body.with_config().limit(limit).reader();
    reader.read_to_end(bytes)?;
    Ok(())
}

fn keep_alive(headers: &[(String, String)]) -> KeepAlive {
    let mut said = KeepAlive::default();
    for (_, value) in headers.iter().filter(|(name, _)| name == "keep-alive") {
        said.read(value);
    }
    said
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport")
            .field("config", &self.config)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::atomic::AtomicU32;
    use std::thread;

    use super::super::TransportErrorKind;
    use super::super::dial::tests::swallowing;
    use super::*;

    fn transport() -> UreqTransport {
        UreqTransport::new(TransportConfig {
            https_only: false,
            ..TransportConfig::default()
        })
        .unwrap()
    }

    fn request(url: &str) -> HttpRequest<'_> {
        HttpRequest {
            method: Method::Post,
            url,
            authorization: None,
            content_type: "text/plain",
            headers: &[],
            body: b"",
            timeout: None,
            cancel: None,
        }
    }

    /// Answers one request and closes its connection.
    fn answer_one(listener: &TcpListener) {
        let (stream, _) = listener.accept().unwrap();
        BufReader::new(&stream)
            .lines()
            .find(|line| line.as_ref().unwrap().is_empty());
        write!(&stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").unwrap();
    }

    #[test]
    fn a_failed_connection_forgets_addresses() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://localhost:{port}/");
        let transport = transport();
        thread::scope(|scope| {
            scope.spawn(|| answer_one(&listener));
            assert_eq!(transport.exchange(&request(&url)).unwrap().status, 200);
        });
        assert_eq!(transport.stack().resolver.known(), 1);
        drop(listener);
        let error = transport.exchange(&request(&url)).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Connect);
        assert_eq!(transport.stack().resolver.known(), 0);
    }

    #[test]
    fn a_dead_route_costs_time_once() {
        let (dead, _socket, _queued) = swallowing();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let transport = transport();
        let resolver = &transport.stack().resolver;
        resolver.learn("two.test", 80, &[dead, good]);
        let order = || resolver.addresses("two.test", 80, None).unwrap();
        thread::scope(|scope| {
            for (first, second) in [(dead, good), (good, dead), (good, dead)] {
                assert_eq!(*order(), [first, second]);
                scope.spawn(|| answer_one(&listener));
                let answer = transport.exchange(&request("http://two.test/")).unwrap();
                assert_eq!((answer.status, answer.connection.is_reused()), (200, false));
            }
        });
    }

    static PID: AtomicU32 = AtomicU32::new(1);

    #[test]
    fn each_process_has_its_own_connections() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut transport = transport();
        transport.pid = || PID.load(Ordering::SeqCst);
        let post = |pid| {
            PID.store(pid, Ordering::SeqCst);
            let answer = transport.exchange(&request(&url));
            String::from_utf8(answer.unwrap().body.unwrap()).unwrap()
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                for connection in 0..3 {
                    let (stream, _) = listener.accept().unwrap();
                    scope.spawn(move || {
                        let mut lines = BufReader::new(&stream).lines();
                        while let Some(Ok(line)) = lines.next() {
                            if line.is_empty() {
                                let head = "HTTP/1.1 200 OK\r\ncontent-length: 1";
                                write!(&stream, "{head}\r\n\r\n{connection}").unwrap();
                            }
                        }
                    });
                }
            });
            // A child takes a new connection and leaves its parent's as it is.
            let seen = [1, 1, 2, 2, 1, 3, 2, 1].map(post);
            assert_eq!(seen, ["0", "0", "1", "1", "0", "2", "1", "0"]);
            // Closing one process's connections leaves the others' alone.
            for (pid, others) in [(2, &[1, 3][..]), (1, &[3]), (3, &[])] {
                PID.store(pid, Ordering::SeqCst);
                transport.stack().agent.clone().shutdown();
                for &other in others {
                    assert_eq!(post(other), ["0", "", "2"][other as usize - 1]);
                }
            }
        });
    }
}
