//! The client and its settings.

use std::sync::Arc;

use callcta::{
    CAPACITY_DEFAULT, Client, ClientBuilder, Outbox, RetryPolicy, TokenPlacement, WORKERS_DEFAULT,
};
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function, Unknown};
use napi_derive::napi;

use crate::boundary::guard;
use crate::events::{Events, NativeEvent};
use crate::message::request;
use crate::outcome::NativeError;
use crate::read::{Fields, Js, Read, Refused, boolean, count, list, milliseconds, text, whole};

/// A client with its outbox; events about its sends go to one listener.
#[napi]
pub struct NativeClient {
    outbox: Outbox,
    events: Arc<Events>,
    threads: usize,
}

#[napi]
impl NativeClient {
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "object")] settings: Unknown<'_>,
        #[napi(ts_arg_type = "(events: NativeEvent[]) => void")] listener: Function<
            '_,
            FnArgs<(Vec<NativeEvent>,)>,
            (),
        >,
    ) -> napi::Result<Self> {
        guard(env, || {
            let events = Arc::new(Events::new(&listener)?);
            let (outbox, threads) = outbox(Js::new(settings)?, &events)?;
            Ok(NativeClient {
                outbox,
                events,
                threads,
            })
        })
    }

    #[napi(getter)]
    pub fn page_id(&self) -> String {
        self.outbox.client().page_id().to_owned()
    }

    /// How many messages are sent at once.
    #[napi(getter)]
    pub fn threads(&self) -> u32 {
        u32::try_from(self.threads).unwrap_or(u32::MAX)
    }

    /// Starts a send, of which an event with this id will tell the outcome.
    #[napi]
    pub fn send(
        &self,
        env: Env,
        id: i64,
        to: Unknown<'_>,
        what: Unknown<'_>,
        how: Unknown<'_>,
        unchecked: bool,
    ) -> napi::Result<()> {
        guard(env, || {
            let request = request(to, what, how)?;
            let events = Arc::clone(&self.events);
            let done = move |outcome| events.settled(id, outcome);
            let ticket = if unchecked {
                self.outbox.try_submit_unchecked(request, done)?
            } else {
                self.outbox.try_submit(request, done)?
            };
            self.events.remember(id, ticket);
            Ok(())
        })
    }

    /// Gives a send up: what is known about it, or nothing if its event is coming.
    #[napi]
    pub fn cancel(&self, env: Env, id: i64) -> napi::Result<Option<NativeError>> {
        guard(env, || Ok(self.events.cancel(id)))
    }

    /// Whether coming events keep the event loop running.
    #[napi]
    pub fn keep_alive(&self, env: Env, yes: bool) {
        self.events.keep_alive(env, yes);
    }

    #[napi]
    pub fn close(&self, env: Env) -> napi::Result<()> {
        guard(env, || {
            self.outbox.close();
            self.outbox.client().close();
            Ok(())
        })
    }
}

/// When JavaScript has let go of the client, or its environment ends, nobody can
/// hear of a send any more.
impl Drop for NativeClient {
    fn drop(&mut self) {
        self.outbox.close();
        self.outbox.client().close();
    }
}

fn outbox(settings: Js<'_>, events: &Arc<Events>) -> Read<(Outbox, usize)> {
    let mut fields = Fields::of(settings)?;
    let page_id = fields.need("pageId", text)?;
    let builder = Client::builder(page_id, fields.need("accessToken", text)?);
    let f = &mut fields;
    let builder = f.set(builder, "baseUrl", text, ClientBuilder::base_url)?;
    let builder = f.set(builder, "version", text, ClientBuilder::version)?;
    let builder = f.set(builder, "useMe", boolean, ClientBuilder::use_me)?;
    let builder = f.set(builder, "appSecret", text, ClientBuilder::app_secret)?;
    let placed = ClientBuilder::token_placement;
    let builder = f.set(builder, "tokenPlacement", token_placement, placed)?;
    let builder = f.set(builder, "timeoutMs", milliseconds, ClientBuilder::timeout)?;
    let connecting = ClientBuilder::connect_timeout;
    let builder = f.set(builder, "connectTimeoutMs", milliseconds, connecting)?;
    let builder = f.set(builder, "bodyLimit", count, ClientBuilder::body_limit)?;
    let idle = ClientBuilder::max_idle_connections;
    let builder = f.set(builder, "maxIdleConnections", count, idle)?;
    let builder = f.set(builder, "userAgent", text, ClientBuilder::user_agent)?;
    let builder = f.set(builder, "proxy", text, ClientBuilder::proxy)?;
    let builder = f.set(
        builder,
        "proxyFromEnv",
        boolean,
        ClientBuilder::proxy_from_env,
    )?;
    let builder = f.set(builder, "extraCaPem", text, ClientBuilder::extra_ca_pem)?;
    let builder = f.set(builder, "retry", retry_policy, ClientBuilder::retry)?;
    let codes = f.take("callingNotEnabledCodes", list(code_pair))?;
    let builder = codes
        .unwrap_or_default()
        .into_iter()
        .fold(builder, |builder, (code, subcode)| {
            builder.calling_not_enabled_code(code, subcode)
        });
    let builder = match f.take("onRetry", function)? {
        Some(()) => {
            let events = Arc::clone(events);
            builder.on_retry(move |event| events.retrying(event))
        }
        None => builder,
    };
    let threads = f.take("maxThreads", count)?.unwrap_or(WORKERS_DEFAULT);
    let waiting = f.take("maxQueued", count)?.unwrap_or(CAPACITY_DEFAULT);
    fields.end()?;
    let outbox = Outbox::with_limits(builder.build()?, threads, waiting);
    Ok((outbox, threads))
}

fn token_placement(value: Js<'_>) -> Read<TokenPlacement> {
    match text(value)?.as_str() {
        "header" => Ok(TokenPlacement::Header),
        "query" => Ok(TokenPlacement::Query),
        "body" => Ok(TokenPlacement::Body),
        _ => Err(Refused::must("header, query or body")),
    }
}

fn retry_policy(value: Js<'_>) -> Read<RetryPolicy> {
    let mut fields = Fields::of(value)?;
    let policy = RetryPolicy::new();
    let policy = fields.set(policy, "attempts", count, RetryPolicy::attempts)?;
    let policy = fields.set(policy, "baseDelayMs", milliseconds, RetryPolicy::base_delay)?;
    let policy = fields.set(policy, "maxDelayMs", milliseconds, RetryPolicy::max_delay)?;
    let policy = fields.set(policy, "retryUnknown", boolean, RetryPolicy::retry_unknown)?;
    fields.end()?;
    Ok(policy)
}

fn code_pair(value: Js<'_>) -> Read<(i64, Option<i64>)> {
    let mut fields = Fields::of(value)?;
    let pair = (fields.need("code", whole)?, fields.take("subcode", whole)?);
    fields.end()?;
    Ok(pair)
}

/// The listener of retries is called by the public package.
fn function(value: Js<'_>) -> Read<()> {
    let right = value.is_function();
    right
        .then_some(())
        .ok_or_else(|| Refused::must("a function"))
}
