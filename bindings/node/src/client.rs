//! The client and its settings.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use callcta::{CAPACITY_DEFAULT, Client, ClientBuilder, Outbox, WORKERS_DEFAULT, limits};
use napi::Env;
use napi_derive::napi;

use crate::boundary::{caught, guard};
use crate::events::{Events, Listener};
use crate::message::Latest;
use crate::outcome::NativeError;
use crate::read::{Fields, Read, Refused, count, number, parse, text};

/// A client with its outboxes; events about its sends go to one listener.
#[napi]
pub struct NativeClient {
    outboxes: Outboxes,
    events: Arc<Events>,
    feeder: OnceLock<Option<Sender<Orders>>>,
}

/// Where messages go that start at once, and where those go that keep a pace.
#[derive(Clone)]
struct Outboxes {
    prompt: Outbox,
    paced: Outbox,
    latest: Arc<Latest>,
    /// Of each.
    capacity: usize,
    /// How many messages are started without an outcome unless told otherwise.
    ahead: usize,
}

impl Outboxes {
    fn close(&self) {
        self.prompt.close();
        self.paced.close();
        self.prompt.client().close();
    }
}

/// Sends that wait to be read and to be put into the outbox: the first one's id, and
/// their requests, one a line.
type Orders = (i64, String);

#[napi]
impl NativeClient {
    #[napi(
        constructor,
        ts_args_type = "settings: string, listener: (more: boolean, ...events: unknown[]) => void"
    )]
    pub fn new(env: Env, settings: String, listener: Listener<'_>) -> napi::Result<Self> {
        let events = Arc::new(Events::new(&listener)?);
        guard(env, || {
            Ok(NativeClient {
                outboxes: outboxes(&settings, &events)?,
                events,
                feeder: OnceLock::new(),
            })
        })
    }

    #[napi(getter)]
    pub fn page_id(&self) -> String {
        self.outboxes.prompt.client().page_id().to_owned()
    }

    /// Sets the pace of many messages, unless it is null, and tells how many may be
    /// started without an outcome.
    #[napi]
    pub fn prepare(&self, env: Env, options: String) -> napi::Result<u32> {
        guard(env, || {
            let mut fields = Fields::of(parse(&options)?)?;
            let pace = fields.take("pace", number)?.unwrap_or(Some(limits::PACE));
            if pace.is_some() {
                self.outboxes.paced.set_pace(pace)?;
            }
            let ahead: Option<usize> = fields.take("lookAhead", count)?;
            fields.end()?;
            let ahead = ahead.unwrap_or(self.outboxes.ahead);
            Ok(u32::try_from(ahead.clamp(1, self.outboxes.capacity)).unwrap_or(u32::MAX))
        })
    }

    /// Starts sends, one a line, of which events will tell the outcomes: the first one
    /// has this id, and the others have the next ones.
    #[napi]
    pub fn send(&self, env: Env, first: i64, requests: String) {
        let (outboxes, events) = (&self.outboxes, &self.events);
        let start = || start_feeder(outboxes.clone(), Arc::clone(events));
        let others = events.wait(env, first, requests.lines().count());
        // A lone send would only lose time with the feeder.
        let feeder = others.then(|| self.feeder.get_or_init(start).as_ref());
        match feeder.flatten() {
            // Fails only without the feeder, which nothing ends before.
            Some(feeder) => drop(feeder.send((first, requests))),
            None => feed(outboxes, events, (first, requests)),
        }
    }

    /// Has the listener called again, when it was told of more events.
    #[napi]
    pub fn wake(&self) {
        self.events.wake();
    }

    /// Gives a send up: what is known about it, or nothing if its event is coming.
    #[napi]
    pub fn cancel(&self, env: Env, id: i64) -> napi::Result<Option<NativeError>> {
        guard(env, || Ok(self.events.cancel(id)))
    }

    #[napi]
    pub fn close(&self, env: Env) -> napi::Result<()> {
        guard(env, || {
            self.outboxes.close();
            Ok(())
        })
    }
}

/// When JavaScript has let go of the client, or its environment ends, nobody can
/// hear of a send any more.
impl Drop for NativeClient {
    fn drop(&mut self) {
        self.outboxes.close();
    }
}

/// Starts the thread that reads orders and hands them to the outbox, so that the event
/// loop waits for neither. It ends with the sender; none if it can't be started.
fn start_feeder(outboxes: Outboxes, events: Arc<Events>) -> Option<Sender<Orders>> {
    let (sender, orders) = channel();
    let feeder = thread::Builder::new().name("callcta-feeder".to_owned());
    let started = feeder.spawn(move || {
        for orders in orders {
            feed(&outboxes, &events, orders);
        }
    });
    started.is_ok().then_some(sender)
}

fn feed(out: &Outboxes, events: &Arc<Events>, (first, requests): Orders) {
    let orders = (first..).zip(requests.lines());
    for (id, request) in orders.filter(|(id, _)| events.starts(*id)) {
        let started = caught(|| {
            let (request, paced) = out.latest.request(request)?;
            let outbox = if paced { &out.paced } else { &out.prompt };
            let events = Arc::clone(events);
            Ok(outbox.try_submit(request, move |outcome| events.settled(id, outcome))?)
        });
        match started {
            Ok(ticket) => events.started(id, ticket),
            Err(error) => events.settled(id, Err(error)),
        }
    }
}

/// Settings of the client by the names that the public package gives them.
const SETTINGS: &str = "baseUrl version useMe appSecret tokenPlacement timeoutMs connectTimeoutMs
    bodyLimit maxIdleConnections userAgent proxy proxyFromEnv extraCaPem callingNotEnabledCodes";
const RETRY_SETTINGS: &str = "attempts baseDelayMs maxDelayMs retryUnknown";

fn outboxes(settings: &str, events: &Arc<Events>) -> Read<Outboxes> {
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
    if let Some(kind) = fields.take("onRetry", text)? {
        if kind != "function" {
            return Err(Refused::must("a function").within("onRetry"));
        }
        let events = Arc::clone(events);
        builder = builder.on_retry(move |event| events.retrying(event));
    }
    let workers = fields.take("workers", count)?.unwrap_or(WORKERS_DEFAULT);
    let capacity = fields.take("capacity", count)?.unwrap_or(CAPACITY_DEFAULT);
    fields.end()?;
    let client = builder.build()?;
    let outbox = || {
        let outbox = Outbox::with_limits(client.clone(), workers, capacity);
        outbox.set_brief_callbacks(true);
        outbox
    };
    Ok(Outboxes {
        prompt: outbox(),
        paced: outbox(),
        latest: Arc::default(),
        capacity: capacity.max(1),
        ahead: workers.max(1).saturating_mul(2),
    })
}
