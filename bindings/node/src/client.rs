//! The client and its settings.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;

use callcta::{CAPACITY_DEFAULT, Client, ClientBuilder, Outbox, Ticket, WORKERS_DEFAULT, limits};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Float64Array};
use napi_derive::napi;

use crate::boundary::{caught, guard};
use crate::events::{Events, Listener};
use crate::message::Latest;
use crate::read::{Fields, Read, Refused, count, number, parse, text};

/// A client with its outboxes; events about its sends go to one listener.
#[napi]
pub struct NativeClient {
    outboxes: Outboxes,
    events: Arc<Events>,
    feeder: OnceLock<Option<Arc<Feeder>>>,
}

/// Where messages go that start at once, and where those go that keep a pace.
#[derive(Clone)]
struct Outboxes {
    prompt: Outbox,
    paced: Outbox,
    /// Those that share threads with others, by their numbers.
    shared: Arc<Mutex<Shared>>,
    latest: Arc<Latest>,
    /// Of each.
    capacity: usize,
    /// How many messages are started without an outcome unless told otherwise.
    ahead: usize,
}

/// The outbox of a send that starts at once.
const PROMPT: u32 = 0;
/// That of one of many, which keeps the client's pace.
const PACED: u32 = 1;

/// Outboxes that share threads with those of other clients.
#[derive(Default)]
pub struct Shared {
    by_number: HashMap<u32, Outbox>,
    last: u32,
}

impl Shared {
    /// Keeps an outbox until its number is forgotten.
    fn keep(&mut self, outbox: Outbox) -> u32 {
        self.last = self.last.max(PACED) + 1;
        self.by_number.insert(self.last, outbox);
        self.last
    }

    pub fn forget(&mut self, number: u32) -> Option<Outbox> {
        self.by_number.remove(&number)
    }
}

pub fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outboxes {
    /// The outbox with this number.
    fn numbered(&self, number: u32) -> Read<Outbox> {
        match number {
            PROMPT => Ok(self.prompt.clone()),
            PACED => Ok(self.paced.clone()),
            _ => {
                let found = lock(&self.shared).by_number.get(&number).cloned();
                found.ok_or_else(|| Refused::must("there").within("outbox"))
            }
        }
    }

    fn close(&self) {
        // First, so that this is what errors speak of.
        self.prompt.client().close();
        self.prompt.close();
        self.paced.close();
    }
}

/// What is done without the event loop waiting for it.
enum Order {
    /// To read sends and to put them into the outbox: the first one's id, and their
    /// requests, one a line. Of those that were given up nothing is left on theirs.
    Send(i64, String),
    /// To give sends up, the last ones first: those that wait longest may start
    /// meanwhile.
    Cancel(Vec<Ticket>),
}

#[napi]
impl NativeClient {
    #[napi(
        constructor,
        ts_args_type = "settings: string, listener: (...events: unknown[]) => void, connectionsOf?: NativeClient | undefined"
    )]
    pub fn new(
        env: Env,
        settings: String,
        listener: Listener<'_>,
        connections_of: Option<ClassInstance<'_, NativeClient>>,
    ) -> napi::Result<Self> {
        let other = connections_of.map(|other| other.core().clone());
        let events = Events::new(&listener)?;
        guard(env, || {
            Ok(NativeClient {
                outboxes: outboxes(&settings, other.as_ref(), &events)?,
                events,
                feeder: OnceLock::new(),
            })
        })
    }

    #[napi(getter)]
    pub fn page_id(&self) -> String {
        self.outboxes.prompt.client().page_id().to_owned()
    }

    /// Another token, as JSON, for requests from now on.
    #[napi]
    pub fn set_access_token(&self, env: Env, token: String) -> napi::Result<()> {
        guard(env, || {
            let token = text(parse(&token)?).map_err(|error| error.within("accessToken"))?;
            Ok(self.outboxes.prompt.client().set_access_token(token)?)
        })
    }

    /// Sets the pace of many messages, if they keep one, and tells how many may be
    /// started without an outcome.
    #[napi]
    pub fn prepare(&self, env: Env, options: String, paced: bool) -> napi::Result<u32> {
        guard(env, || {
            let mut fields = Fields::of(parse(&options)?)?;
            let pace = fields.take("pace", number)?.unwrap_or(limits::PACE);
            if paced {
                self.outboxes.paced.set_pace(Some(pace))?;
            }
            let ahead: Option<usize> = fields.take("lookAhead", count)?;
            fields.end()?;
            let ahead = ahead.unwrap_or(self.outboxes.ahead);
            Ok(u32::try_from(ahead.clamp(1, self.outboxes.capacity)).unwrap_or(u32::MAX))
        })
    }

    /// Starts sends, one a line, of which events will tell the outcomes: the first one
    /// has this id, and the others have the next ones. Nothing is sent for an empty line.
    /// From then on events also tell what is logged, or don't.
    #[napi]
    pub fn send(&self, env: Env, first: i64, requests: String, log: bool) {
        self.events.log(log);
        let ids = orders(first, &requests).map(|(id, _)| id);
        let others = self.events.wait(env, ids);
        // A lone send would only lose time with the feeder.
        self.order(others, Order::Send(first, requests));
    }

    /// Gives sends up; events tell what became of them.
    #[napi]
    pub fn cancel(&self, env: Env, ids: Float64Array) -> napi::Result<()> {
        guard(env, || {
            #[allow(clippy::cast_possible_truncation)] // they were given as whole numbers
            let ids: Vec<i64> = ids.iter().map(|id| *id as i64).collect();
            let begun = self.events.give_up(&ids);
            self.order(begun.len() > 1, Order::Cancel(begun));
            Ok(())
        })
    }

    fn order(&self, many: bool, order: Order) {
        let (outboxes, events) = (&self.outboxes, &self.events);
        let feeder = many.then(|| self.feeder.get_or_init(feeder).as_ref());
        match feeder.flatten() {
            // Fails only without the feeder, which nothing ends before.
            Some(feeder) => drop(feeder.send((outboxes.clone(), Arc::clone(events), order))),
            None => follow(outboxes, events, order),
        }
    }

    #[napi]
    pub fn close(&self, env: Env) -> napi::Result<()> {
        guard(env, || {
            self.outboxes.close();
            Ok(())
        })
    }
}

impl NativeClient {
    pub(crate) fn core(&self) -> &Client {
        self.outboxes.prompt.client()
    }

    /// Keeps an outbox that shares threads, and gives it a number.
    pub(crate) fn keep(&self, outbox: Outbox) -> (u32, Arc<Mutex<Shared>>) {
        let shared = &self.outboxes.shared;
        (lock(shared).keep(outbox), Arc::clone(shared))
    }
}

/// When JavaScript has let go of the client, or its environment ends, nobody can
/// hear of a send any more.
impl Drop for NativeClient {
    fn drop(&mut self) {
        self.outboxes.close();
    }
}

/// The way to the thread that follows orders, so that the event loop needn't. It ends with
/// the last client that has it.
type Feeder = Sender<(Outboxes, Arc<Events>, Order)>;

thread_local! {
    /// That of the clients of this event loop.
    static FEEDER: RefCell<Weak<Feeder>> = const { RefCell::new(Weak::new()) };
}

/// The feeder of this event loop; none if it can't be started.
fn feeder() -> Option<Arc<Feeder>> {
    FEEDER.with_borrow_mut(|known| {
        if let Some(feeder) = known.upgrade() {
            return Some(feeder);
        }
        let (sender, orders) = channel::<(Outboxes, Arc<Events>, Order)>();
        let feeder = thread::Builder::new().name("callcta-feeder".to_owned());
        let started = feeder.spawn(move || {
            for (outboxes, events, order) in orders {
                follow(&outboxes, &events, order);
            }
        });
        let feeder = started.is_ok().then(|| Arc::new(sender))?;
        *known = Arc::downgrade(&feeder);
        Some(feeder)
    })
}

fn follow(outboxes: &Outboxes, events: &Arc<Events>, order: Order) {
    match order {
        Order::Send(first, requests) => {
            for (id, request) in orders(first, &requests).filter(|(id, _)| events.starts(*id)) {
                start(outboxes, events, id, request);
            }
        }
        Order::Cancel(tickets) => {
            for ticket in tickets.iter().rev() {
                ticket.cancel();
            }
        }
    }
}

/// Each send's id and request.
fn orders(first: i64, requests: &str) -> impl Iterator<Item = (i64, &str)> {
    (first..)
        .zip(requests.split('\n'))
        .filter(|(_, request)| !request.is_empty())
}

fn start(out: &Outboxes, events: &Arc<Events>, id: i64, request: &str) {
    let started = caught(|| {
        let (mut request, outbox) = out.latest.request(request)?;
        // By which the events about its retries tell it.
        request.options = request.options.key(id.unsigned_abs());
        let outbox = out.numbered(outbox)?;
        let events = Arc::clone(events);
        Ok(outbox.try_submit(request, move |outcome| events.settled(id, outcome))?)
    });
    match started {
        Ok(ticket) => events.started(id, ticket),
        Err(error) => events.settled(id, Err(error)),
    }
}

/// Settings of the client by the names that the public package gives them.
const SETTINGS: &str = "baseUrl version useMe appSecret tokenPlacement timeoutMs connectTimeoutMs
    bodyLimit maxIdleConnections userAgent headers proxy proxyFromEnv extraCaPem callingNotEnabledCodes";
const RETRY_SETTINGS: &str = "attempts baseDelayMs maxDelayMs retryUnknown";

fn outboxes(
    settings: &str,
    connections_of: Option<&Client>,
    events: &Arc<Events>,
) -> Read<Outboxes> {
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
    if let Some(other) = connections_of {
        builder = builder.share_connections(other);
    }
    let client = builder.build()?;
    let outbox = || {
        let outbox = Outbox::with_limits(client.clone(), workers, capacity);
        outbox.set_brief_callbacks(true);
        outbox
    };
    let prompt = outbox();
    prompt.set_pace(None)?;
    Ok(Outboxes {
        prompt,
        paced: outbox(),
        shared: Arc::default(),
        latest: Arc::default(),
        capacity: capacity.max(1),
        ahead: workers.max(1).saturating_mul(2),
    })
}
