//! What the real transport can be told.

use std::fmt;
use std::time::Duration;

/// Settings of a [`UreqTransport`](super::UreqTransport).
///
/// ```
/// # use callcta::transport::TransportConfig;
/// use std::time::Duration;
///
/// let config = TransportConfig {
///     timeout: Duration::from_secs(10),
///     ..TransportConfig::default()
/// };
/// ```
#[derive(Clone)]
pub struct TransportConfig {
    /// Bound for resolving, the TCP connection, the proxy's and the TLS handshake
    /// together. A reused connection needs none of it. Default: 10 s.
    pub connect_timeout: Duration,
    /// Bound for a whole call, from its start to the last byte of the answer. A
    /// call may end up to 50 ms after it. Default: 30 s.
    pub timeout: Duration,
    /// Longest body of an answer, in bytes after decompression. Default: 1 MiB.
    pub max_body: u64,
    /// Whether plain `http` URLs are refused. Default: true.
    pub https_only: bool,
    /// The `User-Agent` header; none when empty. Default: `callcta/` and the version.
    pub user_agent: String,
    /// URL of an HTTP proxy, `[http[s]://][user:password@]host[:port]`, credentials
    /// percent-encoded. Every request goes through a `CONNECT` tunnel. Default: none.
    pub proxy: Option<String>,
    /// Whether the environment counts, as with curl, when `proxy` is none. The
    /// first that is set decides, an empty one meaning no proxy: for `https` URLs
    /// of `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`; for `http` of
    /// `http_proxy`, `HTTP_PROXY` (not in a CGI program) and the latter two.
    /// `no_proxy` or `NO_PROXY` lists the hosts that are reached without: domains,
    /// addresses or networks such as `10.0.0.0/8`, each perhaps with a port; `*`
    /// is all. Default: false.
    pub proxy_from_env: bool,
    /// Whether the operating system judges certificates, by its own store,
    /// instead of Mozilla's list of roots; needs the feature `platform-verifier`.
    /// Default: false.
    pub platform_verifier: bool,
    /// Certificates in PEM form that are trusted as roots besides Mozilla's. Not
    /// together with `platform_verifier`. Default: none.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Most idle connections kept for one host; over all hosts, twice as many.
    /// Default: 64, enough for every worker of an outbox.
    pub max_idle_per_host: usize,
    /// Longest time a connection is kept idle. One is used again only below the time
    /// that the server says in `Keep-Alive`, less a margin, or without that has been
    /// seen to keep one: at first below 1 s. Default: 15 s.
    pub idle_age: Duration,
    /// Longest time the addresses of a host are remembered; a failed connection
    /// forgets them. Default: 60 s.
    pub resolved_age: Duration,
    /// Most hosts whose addresses are remembered, at least 1. Default: 16.
    pub resolved_hosts: usize,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_body: 1 << 20,
            https_only: true,
            user_agent: concat!("callcta/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            proxy_from_env: false,
            platform_verifier: false,
            extra_ca_pem: None,
            max_idle_per_host: 64,
            idle_age: Duration::from_secs(15),
            resolved_age: Duration::from_secs(60),
            resolved_hosts: 16,
        }
    }
}

/// A proxy's URL may hold a password, so only its presence is shown.
impl fmt::Debug for TransportConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart so that a new field cannot be forgotten here.
        let Self {
            connect_timeout,
            timeout,
            max_body,
            https_only,
            user_agent,
            proxy,
            proxy_from_env,
            platform_verifier,
            extra_ca_pem,
            max_idle_per_host,
            idle_age,
            resolved_age,
            resolved_hosts,
        } = self;
        let mut shown = f.debug_struct("TransportConfig");
        shown
            .field("connect_timeout", connect_timeout)
            .field("timeout", timeout)
            .field("max_body", max_body)
            .field("https_only", https_only)
            .field("user_agent", user_agent)
            .field("proxy", &proxy.as_ref().map(|_| "…"))
            .field("proxy_from_env", proxy_from_env)
            .field("platform_verifier", platform_verifier)
            .field("extra_ca_pem", &extra_ca_pem.as_ref().map(|_| "…"))
            .field("max_idle_per_host", max_idle_per_host)
            .field("idle_age", idle_age)
            .field("resolved_age", resolved_age)
            .field("resolved_hosts", resolved_hosts)
            .finish()
    }
}
