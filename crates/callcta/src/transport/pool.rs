//! Kept connections: which one a request takes, and which ones go.
//!
//! ureq's own pool hands out the oldest first and can't be told what a server
//! does with idle connections. So it is left empty: connections come from here
//! when ureq asks for one, and come back when ureq drops them.

use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::background::lock;
use super::dial::Dialer;
use super::habits::{Habits, KeepAlive};
use super::moment::Moment;
use super::socket::Socket;

/// How often a call looks at all idle connections, one system call each.
const ROUND: Duration = Duration::from_secs(1);
/// The same after a server closed one that would have been used.
const WATCHFUL_ROUND: Duration = Duration::from_millis(50);
/// Most servers whose connections are kept. A client has one.
const MAX_SERVERS: usize = 16;

/// The idle connections of one process's transport.
///
/// There is no thread here: calls let go what a server closed or what has become too
/// old, and so does whoever has a thread at hand. One of its own, which outlives
/// calls, would be in the way of programs that fork.
pub(super) struct Pool {
    max_per_server: usize,
    idle_age: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    servers: Vec<Server>,
    looked: Option<Moment>,
    closed: bool,
}

struct Server {
    origin: Uri,
    habits: Habits,
    /// Newest last.
    idle: VecDeque<Idle>,
}

struct Idle {
    connection: Kept,
    since: Moment,
}

/// A connection and what is remembered of its earlier requests.
struct Kept {
    transport: Box<dyn Transport>,
    socket: Arc<Socket>,
    origin: Uri,
    uses: u32,
    /// The shortest time that an answer took.
    latency: Duration,
}

impl Pool {
    pub(super) fn new(max_per_server: usize, idle_age: Duration) -> Self {
        Self {
            max_per_server,
            idle_age,
            state: Mutex::default(),
        }
    }

    /// Notes what a server said with its latest answer.
    pub(super) fn says(&self, origin: &Uri, keep_alive: KeepAlive) {
        self.server(&mut lock(&self.state), origin)
            .habits
            .says(keep_alive);
    }

    /// Lets go what is closed, too old or of no use; whether anything is left.
    pub(super) fn tidy(&self) -> bool {
        let mut gone = Vec::new();
        let mut state = lock(&self.state);
        state.looked = None;
        state.look(&Moment::now(), &mut gone);
        state.servers.iter().any(|server| !server.idle.is_empty())
    }

    /// Closes what is idle, and whatever else would come back.
    pub(super) fn close(&self) {
        let _closed;
        let mut state = lock(&self.state);
        state.closed = true;
        _closed = std::mem::take(&mut state.servers);
    }

    fn server<'a>(&self, state: &'a mut State, origin: &Uri) -> &'a mut Server {
        let servers = &mut state.servers;
        let known = servers.iter().position(|server| server.origin == *origin);
        let at = known.unwrap_or_else(|| {
            if servers.len() == MAX_SERVERS {
                servers.remove(0);
            }
            servers.push(Server {
                origin: origin.clone(),
                habits: Habits::new(self.idle_age),
                idle: VecDeque::new(),
            });
            servers.len() - 1
        });
        &mut servers[at]
    }

    /// The newest connection, if it can be used.
    fn take(&self, origin: &Uri) -> Option<Idle> {
        // Dropped behind the lock: closing takes its time.
        let mut gone = Vec::new();
        let mut state = lock(&self.state);
        let now = Moment::now();
        state.look(&now, &mut gone);
        let server = self.server(&mut state, origin);
        while let Some(newest) = server.idle.back() {
            if now.since(&newest.since) >= server.habits.limit(newest.connection.latency) {
                // The others have been idle for longer.
                return None;
            }
            let mut newest = server.idle.pop_back()?;
            if !newest.connection.transport.is_open() {
                server.seen_closed(&newest, now);
            } else if server.habits.takes_another(newest.connection.uses) {
                return Some(newest);
            }
            gone.push(newest);
        }
        None
    }

    fn put(&self, connection: Kept) {
        let mut gone = Vec::new();
        let mut state = lock(&self.state);
        if state.closed {
            return;
        }
        let now = Moment::now();
        state.look(&now, &mut gone);
        let server = self.server(&mut state, &connection.origin);
        if server.habits.limit(connection.latency).is_zero() {
            // One that can't be used may still show something.
            let shows = server.habits.would_show(Duration::ZERO);
            if !shows || !server.idle.is_empty() {
                return;
            }
        }
        server.idle.push_back(Idle {
            connection,
            since: now,
        });
        if server.idle.len() > self.max_per_server {
            // The oldest one, unless it is to show how long the server keeps them.
            let at = usize::from(self.max_per_server > 1 && server.is_watched(&now));
            gone.extend(server.idle.remove(at));
        }
        let idle: usize = state.servers.iter().map(|server| server.idle.len()).sum();
        if idle > self.max_per_server.saturating_mul(2) {
            let servers = state.servers.iter_mut();
            let fullest = servers.max_by_key(|server| server.idle.len());
            gone.extend(fullest.and_then(|server| server.idle.pop_front()));
        }
    }

    fn died(&self, origin: &Uri, since: &Moment, taken: &Moment) {
        let mut state = lock(&self.state);
        self.server(&mut state, origin)
            .habits
            .died(since, taken, Moment::now());
    }
}

impl State {
    /// Every now and then, lets those go that are closed, too old or of no use.
    fn look(&mut self, now: &Moment, gone: &mut Vec<Idle>) {
        let surprised = |server: &Server| server.habits.is_surprised();
        let round = if self.servers.iter().any(surprised) {
            WATCHFUL_ROUND
        } else {
            ROUND
        };
        if self.looked.is_some_and(|at| now.since(&at) < round) {
            return;
        }
        self.looked = Some(*now);
        for server in &mut self.servers {
            let mut watched = false;
            for _ in 0..server.idle.len() {
                let Some(mut one) = server.idle.pop_front() else {
                    break;
                };
                if !one.connection.transport.is_open() {
                    server.seen_closed(&one, *now);
                    gone.push(one);
                    continue;
                }
                let habits = &mut server.habits;
                habits.seen_open(now.awake_since(&one.since), now);
                let age = now.since(&one.since);
                let used = age < habits.limit(one.connection.latency);
                if used || !watched && habits.would_show(age) {
                    watched = true;
                    server.idle.push_back(one);
                } else {
                    gone.push(one);
                }
            }
        }
    }
}

impl Server {
    /// Whether the oldest connection is kept for what it shows.
    fn is_watched(&self, now: &Moment) -> bool {
        let oldest = self.idle.front();
        oldest.is_some_and(|one| self.habits.would_show(now.since(&one.since)))
    }

    fn seen_closed(&mut self, one: &Idle, now: Moment) {
        if !one.connection.socket.is_closed_here() {
            self.habits.seen_closed(&one.since, now);
        }
    }
}

/// A connection lent to ureq for one request.
pub(super) struct Lent {
    /// Gone when it is given back.
    connection: Option<Kept>,
    pool: Weak<Pool>,
    /// For one that was used before: since when it was idle, and when it was taken.
    reused: Option<(Moment, Moment)>,
    asked: Option<Instant>,
    answered: bool,
    died: bool,
    /// The answer was whole and leaves nothing behind.
    reusable: bool,
}

impl Lent {
    fn new(pool: &Arc<Pool>, connection: Kept, reused: Option<(Moment, Moment)>) -> Self {
        Self {
            connection: Some(connection),
            pool: Arc::downgrade(pool),
            reused,
            asked: None,
            answered: false,
            died: false,
            reusable: false,
        }
    }

    /// Has the connection kept for another request.
    pub(super) fn keep(&mut self) {
        self.reusable = true;
    }

    fn connection(&mut self) -> &mut Kept {
        self.connection.as_mut().expect("given back by drop only")
    }

    fn note<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Io(error)) = &result {
            // Not what `close` or the clock did.
            self.died |= matches!(
                error.kind(),
                ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
            );
        }
        result
    }
}

impl Transport for Lent {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection().transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.asked.get_or_insert_with(Instant::now);
        let result = self.connection().transport.transmit_output(amount, timeout);
        self.note(result)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let result = self.connection().transport.await_input(timeout);
        if let Ok(more) = result
            && !self.answered
        {
            self.answered = more;
            self.died |= !more;
            if let Some(asked) = self.asked {
                let connection = self.connection();
                connection.latency = connection.latency.min(asked.elapsed());
            }
        }
        self.note(result)
    }

    /// For ureq's pool, which is to stay empty.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        let transport = self.connection.as_ref().map(|this| &this.transport);
        transport.is_some_and(Transport::is_tls)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut connection), Some(pool)) = (self.connection.take(), self.pool.upgrade())
        else {
            return;
        };
        if self.reusable && connection.transport.is_open() {
            connection.uses = connection.uses.saturating_add(1);
            pool.put(connection);
        } else if let Some((since, taken)) = &self.reused
            && self.died
            && !self.answered
        {
            pool.died(&connection.origin, since, taken);
        }
    }
}

/// Takes a connection from the pool, or opens one.
pub(super) struct PoolConnector {
    pub(super) pool: Arc<Pool>,
    pub(super) dialer: Dialer,
}

impl Connector for PoolConnector {
    type Out = Lent;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Lent>, Error> {
        let origin = details.uri;
        if let Some(idle) = self.pool.take(origin) {
            let reused = Some((idle.since, Moment::now()));
            return Ok(Some(Lent::new(&self.pool, idle.connection, reused)));
        }
        let (transport, socket) = self.dialer.open(details)?;
        let connection = Kept {
            transport,
            socket,
            origin: origin.clone(),
            uses: 0,
            latency: Duration::MAX,
        };
        Ok(Some(Lent::new(&self.pool, connection, None)))
    }
}

impl fmt::Debug for PoolConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolConnector").finish_non_exhaustive()
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}
