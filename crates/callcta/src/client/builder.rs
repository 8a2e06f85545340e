use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::access::{Access, TokenProvider};
use super::endpoint::{Address, Endpoint, TokenPlacement};
use super::{Client, Connections, Inner, OnRetry, RetryEvent};
use crate::credentials::{AccessToken, AppSecret};
use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::limits;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::transport::per_process::PerProcess;
use crate::transport::{Transport, TransportConfig, UreqTransport};

/// The settings of a [`Client`].
#[must_use = "a client comes from build()"]
pub struct ClientBuilder {
    address: Address,
    access_token: String,
    app_secret: Option<String>,
    placement: TokenPlacement,
    transport_config: TransportConfig,
    connections: Option<Arc<Connections>>,
    pub(super) retry: RetryPolicy,
    on_retry: Option<Box<OnRetry>>,
    token_provider: Option<TokenProvider>,
    pub(super) headers: Headers,
    calling_not_enabled: Vec<(i64, Option<i64>)>,
}

impl Client {
    /// A client's settings, to be finished with
    /// [`build`](ClientBuilder::build). `page_id` has digits only.
    pub fn builder(page_id: impl Into<String>, access_token: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            address: Address {
                base_url: limits::GRAPH_HOST.to_owned(),
                version: Some(limits::GRAPH_VERSION.to_owned()),
                page_id: page_id.into(),
                me: false,
            },
            access_token: access_token.into(),
            app_secret: None,
            placement: TokenPlacement::default(),
            transport_config: TransportConfig::default(),
            connections: None,
            retry: RetryPolicy::default(),
            on_retry: None,
            token_provider: None,
            headers: Headers::default(),
            calling_not_enabled: Vec::new(),
        }
    }
}

impl ClientBuilder {
    /// The Graph API's address, such as an emulator's. `https`, unless the host
    /// is this machine. Defaults to `https://graph.facebook.com`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.address.base_url = url.into();
        self
    }

    /// The Graph API version, such as `v26.0`; an empty text leaves it out of the
    /// path. Defaults to `v26.0`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.address.version = Some(version.into()).filter(|version| !version.is_empty());
        self
    }

    /// Whether to make requests to `/me`, such as `/me/messages`, where the token tells
    /// the Page, rather than to the Page id. Defaults to `false`.
    pub fn use_me(mut self, me: bool) -> Self {
        self.address.me = me;
        self
    }

    /// The app secret; with it each request carries an `appsecret_proof`. None by
    /// default.
    pub fn app_secret(mut self, secret: impl Into<String>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// Where the token travels. Defaults to [`TokenPlacement::Header`].
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// Bound for one whole request and its answer, connecting included; a retry
    /// has its own. Defaults to 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.transport_config.timeout = timeout;
        self
    }

    /// Bound for connecting, TLS included. Defaults to 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.transport_config.connect_timeout = timeout;
        self
    }

    /// Largest answer that is read, in bytes. Defaults to 1 MiB.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.transport_config.max_body = bytes;
        self
    }

    /// Most idle connections that are kept. Defaults to 64.
    pub fn max_idle_connections(mut self, connections: usize) -> Self {
        self.transport_config.max_idle_per_host = connections;
        self
    }

    /// The `User-Agent`. Defaults to `callcta/` and callcta's version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.transport_config.user_agent = user_agent.into();
        self
    }

    /// The HTTP proxy to use, such as `http://user:password@proxy.example:8080`. None
    /// by default, whatever the environment says.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.transport_config.proxy = Some(url.into());
        self
    }

    /// Whether to take the proxy from the environment, as curl does: from
    /// `HTTPS_PROXY`, or `ALL_PROXY` without it, unless `NO_PROXY` has the host; lower
    /// case comes first. More at [`TransportConfig::proxy_from_env`]. Defaults to
    /// `false`.
    pub fn proxy_from_env(mut self, yes: bool) -> Self {
        self.transport_config.proxy_from_env = yes;
        self
    }

    /// Certificates, in PEM form, that are trusted beside the built-in ones.
    /// None by default.
    pub fn extra_ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.transport_config.extra_ca_pem = Some(pem.into());
        self
    }

    /// Whether certificates are judged by the operating system and its store
    /// rather than by the built-in Mozilla roots. Defaults to `false`.
    #[cfg(feature = "platform-verifier")]
    pub fn platform_verifier(mut self, yes: bool) -> Self {
        self.transport_config.platform_verifier = yes;
        self
    }

    /// When a send is tried again. Defaults to [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Is told of each retry before its wait, on the thread that sends; it must not wait
    /// for an [`Outbox`](crate::Outbox). None by default.
    pub fn on_retry(mut self, tell: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.on_retry = Some(Box::new(tell));
        self
    }

    /// Asks for the access token before each request, for tokens that change: it may
    /// take its time, but holds the send up. The token given at first holds until then;
    /// [`Client::set_access_token`] is the other way. None by default.
    ///
    /// If it fails, so does the send: [`Authentication`](crate::ErrorKind::Authentication),
    /// not sent, with its error as the [`source`](std::error::Error::source).
    pub fn token_provider(
        mut self,
        token: impl Fn() -> Result<String, Box<dyn std::error::Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.token_provider = Some(Box::new(token));
        self
    }

    /// Adds a header to each request, such as one of tracing. A send's own of the same
    /// name wins; what callcta or HTTP itself sets is refused. None by default.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.set(name.into(), value.into());
        self
    }

    /// Adds a code, or a code and subcode, that means
    /// [`CallingNotEnabled`](crate::ErrorKind::CallingNotEnabled). Meta documents
    /// none for a Page that has not enabled calling; without additions it is
    /// 2018389 only.
    pub fn calling_not_enabled_code(mut self, code: i64, subcode: Option<i64>) -> Self {
        self.calling_not_enabled.push((code, subcode));
        self
    }

    /// Another way to carry requests than callcta's own. The settings about
    /// connections then have no effect.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.connections = Some(Connections::new(transport));
        self
    }

    /// Uses the connections of another client, such as one of another Page at the same
    /// base URL: an idle one then serves whoever sends next. The settings about connections
    /// have no effect, those of the other client hold. They are closed when all clients
    /// that share them are.
    pub fn share_connections(mut self, other: &Client) -> Self {
        self.connections = Some(Arc::clone(&other.inner.connections));
        self
    }

    /// The client. Nothing is connected before the first send.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a setting can't be
    /// used.
    pub fn build(self) -> Result<Client> {
        self.headers.check()?;
        let token = AccessToken::new(self.access_token)?;
        let secret = self.app_secret.map(AppSecret::new).transpose()?;
        let page_id = self.address.page_id.clone();
        let endpoint = Endpoint::new(self.address, token, secret, self.placement)?;
        let connections = if let Some(connections) = self.connections {
            connections
        } else {
            let mut config = self.transport_config;
            config.https_only = !endpoint.loopback;
            let transport = UreqTransport::new(config).and_then(|transport| {
                transport.check(&endpoint.url)?;
                Ok(transport)
            });
            let transport = transport
                .map_err(|error| Error::invalid_argument(error.message.clone()).with_source(error));
            Connections::new(Arc::new(transport?))
        };
        connections.joined();
        Ok(Client {
            inner: Arc::new(Inner {
                page_id,
                host: endpoint.host().to_owned(),
                access: Access::new(endpoint, self.token_provider),
                headers: self.headers,
                connections,
                retry: self.retry,
                budget: RetryBudget::new(),
                pacers: PerProcess::new(),
                watching: PerProcess::new(),
                on_retry: self.on_retry,
                calling_not_enabled: self.calling_not_enabled,
                closed: AtomicBool::new(false),
                pause: Mutex::new(()),
                wake: Condvar::new(),
            }),
        })
    }
}
