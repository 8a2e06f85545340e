//! The client and its settings.

use std::sync::Arc;

use callcta::{CAPACITY_DEFAULT, Client, ClientBuilder, Outbox, WORKERS_DEFAULT};
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi_derive::napi;

use crate::boundary::guard;
use crate::events::{Events, NativeEvent};
use crate::message;
use crate::outcome::NativeError;
use crate::read::{Fields, Read, Refused, boolean, count, parse, text};

/// A client with its outbox; events about its sends go to one listener.
#[napi]
pub struct NativeClient {
    outbox: Outbox,
    events: Arc<Events>,
    workers: usize,
}

#[napi]
impl NativeClient {
    #[napi(constructor)]
    pub fn new(
        env: Env,
        settings: String,
        #[napi(ts_arg_type = "(events: NativeEvent[]) => void")] listener: Function<
            '_,
            FnArgs<(Vec<NativeEvent>,)>,
            (),
        >,
    ) -> napi::Result<Self> {
        let events = Arc::new(Events::new(&listener)?);
        guard(env, || {
            let (outbox, workers) = outbox(&settings, &events)?;
            Ok(NativeClient {
                outbox,
                events,
                workers,
            })
        })
    }

    #[napi(getter)]
    pub fn page_id(&self) -> String {
        self.outbox.client().page_id().to_owned()
    }

    /// How many messages are sent at once.
    #[napi(getter)]
    pub fn workers(&self) -> u32 {
        u32::try_from(self.workers).unwrap_or(u32::MAX)
    }

    /// Starts a send, of which an event with this id will tell the outcome.
    #[napi]
    pub fn send(&self, env: Env, id: i64, request: String, unchecked: bool) -> napi::Result<()> {
        guard(env, || {
            let request = message::request(&request, unchecked)?;
            let events = Arc::clone(&self.events);
            let done = move |outcome| events.settled(id, outcome);
            let ticket = self.outbox.try_submit(request, done)?;
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

/// Settings of the client by the names that the public package gives them.
const SETTINGS: &str = "baseUrl version useMe appSecret tokenPlacement timeoutMs connectTimeoutMs
    bodyLimit maxIdleConnections userAgent proxy proxyFromEnv extraCaPem callingNotEnabledCodes";
const RETRY_SETTINGS: &str = "attempts baseDelayMs maxDelayMs retryUnknown";

fn outbox(settings: &str, events: &Arc<Events>) -> Read<(Outbox, usize)> {
    let set = |builder: ClientBuilder, name: &str, value| builder.set(name, value);
    let mut fields = Fields::of(parse(settings)?)?;
    let page_id = fields.need("pageId", text)?;
    let mut builder = Client::builder(page_id, fields.need("accessToken", text)?);
    builder = fields.set_named(builder, SETTINGS, set)?;
    if let Some(mut retry) = fields.take("retry", Fields::of)? {
        let inside = |error: Refused| error.within("retry");
        let done = retry.set_named(builder, RETRY_SETTINGS, set);
        builder = done.map_err(inside)?;
        retry.end().map_err(inside)?;
    }
    if fields.take("onRetry", boolean)? == Some(true) {
        let events = Arc::clone(events);
        builder = builder.on_retry(move |event| events.retrying(event));
    }
    let workers = fields.take("workers", count)?.unwrap_or(WORKERS_DEFAULT);
    let capacity = fields.take("capacity", count)?.unwrap_or(CAPACITY_DEFAULT);
    fields.end()?;
    let outbox = Outbox::with_limits(builder.build()?, workers, capacity);
    Ok((outbox, workers))
}
