//! Name resolution with a memory.
//!
//! ureq resolves the host of every request, pooled connection or not, so an
//! answer is kept for a bounded time.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::background::{Background, Interrupted, lock};
use super::call;
use super::failure::is_exhausted;

/// As many addresses of one host as ureq can carry.
const MAX_ADDRESSES: usize = 16;

type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type Answer = Result<Arc<[SocketAddr]>, Arc<io::Error>>;

/// A look-up under way; one thread asks for everybody who waits.
type Question = Mutex<Option<Answer>>;

enum State {
    Asking(Arc<Question>),
    Known(Arc<[SocketAddr]>, Instant),
}

struct Entry {
    host: String,
    port: u16,
    state: State,
}

/// Resolves host names, asking the system once per name and `max_age`.
pub(super) struct CachingResolver {
    max_age: Duration,
    max_entries: usize,
    background: Arc<Background>,
    look_up: Arc<LookUp>,
    /// Oldest first.
    entries: Arc<Mutex<VecDeque<Entry>>>,
}

/// What ureq gets when the system could not resolve a name.
#[derive(Debug)]
pub(super) struct LookUpFailed(pub(super) Arc<io::Error>);

impl fmt::Display for LookUpFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let text = text
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(&text);
        f.write_str(&text.to_ascii_lowercase())
    }
}

impl std::error::Error for LookUpFailed {}

impl CachingResolver {
    pub(super) fn new(max_age: Duration, max_entries: usize, background: Arc<Background>) -> Self {
        Self {
            max_age,
            max_entries: max_entries.max(1),
            background,
            look_up: Arc::new(look_up),
            entries: Arc::default(),
        }
    }

    /// Forgets every answer, so that the next call asks anew.
    pub(super) fn forget(&self) {
        lock(&self.entries).retain(|entry| matches!(entry.state, State::Asking(_)));
    }

    /// How many answers are remembered.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        let known = |entry: &&Entry| matches!(entry.state, State::Known(..));
        lock(&self.entries).iter().filter(known).count()
    }

    fn addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Option<Instant>,
    ) -> Result<Arc<[SocketAddr]>, ureq::Error> {
        let (question, is_new) = {
            let mut entries = lock(&self.entries);
            let found = entries
                .iter()
                .position(|entry| entry.port == port && entry.host == host);
            match found.map(|at| &entries[at].state) {
                Some(State::Known(addresses, since)) if since.elapsed() < self.max_age => {
                    return Ok(Arc::clone(addresses));
                }
                Some(State::Asking(question)) => (Arc::clone(question), false),
                _ => {
                    if let Some(at) = found {
                        entries.remove(at);
                    }
                    while entries.len() >= self.max_entries {
                        entries.pop_front();
                    }
                    let question = Arc::new(Question::default());
                    entries.push_back(Entry {
                        host: host.to_owned(),
                        port,
                        state: State::Asking(Arc::clone(&question)),
                    });
                    (question, true)
                }
            }
        };
        if is_new && let Err(interrupted) = self.ask(host, port, &question) {
            settle(
                &self.entries,
                &question,
                Err(Arc::new(io::Error::other("no thread"))),
            );
            self.background.announce();
            return Err(interrupted.into());
        }
        self.background
            .wait(deadline, || lock(&question).clone())?
            .map_err(|error| ureq::Error::Other(Box::new(LookUpFailed(error))))
    }

    fn ask(&self, host: &str, port: u16, question: &Arc<Question>) -> Result<(), Interrupted> {
        let (host, question) = (host.to_owned(), Arc::clone(question));
        let (entries, look_up) = (Arc::clone(&self.entries), Arc::clone(&self.look_up));
        self.background.spawn("callcta-resolve", move || {
            let answer = match look_up(&host, port) {
                Ok(addresses) if addresses.is_empty() => {
                    Err(Arc::new(io::Error::other("no address for this name")))
                }
                Ok(addresses) => Ok(addresses.into()),
                Err(error) => Err(Arc::new(error)),
            };
            settle(&entries, &question, answer);
        })
    }
}

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found = (host, port).to_socket_addrs();
    found.map(Iterator::collect).map_err(|error| {
        // The system doesn't say so itself when it had no file left to ask with.
        let file = File::open("/dev/null");
        file.err().filter(is_exhausted).unwrap_or(error)
    })
}

/// Keeps a good answer, drops the entry of a failed look-up, and answers the waiters.
fn settle(entries: &Mutex<VecDeque<Entry>>, question: &Arc<Question>, answer: Answer) {
    let mut entries = lock(entries);
    let mine = |entry: &Entry| matches!(&entry.state, State::Asking(other) if Arc::ptr_eq(other, question));
    if let Some(at) = entries.iter().position(mine) {
        match &answer {
            Ok(addresses) => {
                entries[at].state = State::Known(Arc::clone(addresses), Instant::now());
            }
            Err(_) => {
                entries.remove(at);
            }
        }
    }
    drop(entries);
    *lock(question) = Some(answer);
}

impl From<Interrupted> for ureq::Error {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::Closed => io::Error::from(io::ErrorKind::NotConnected).into(),
            Interrupted::TimedOut => Self::Timeout(ureq::Timeout::Connect),
            Interrupted::NoThread(error) => Self::Other(Box::new(error)),
        }
    }
}

/// ureq wants its own type for the resolver, and the transport keeps one too.
#[derive(Clone, Debug)]
pub(super) struct SharedResolver(pub(super) Arc<CachingResolver>);

impl Resolver for SharedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri
            .port_u16()
            .unwrap_or(if uri.scheme_str() == Some("https") {
                443
            } else {
                80
            });
        let mut resolved = self.empty();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = literal.parse::<IpAddr>() {
            resolved.push(SocketAddr::new(ip, port));
            return Ok(resolved);
        }
        let addresses = self.0.addresses(host, port, call::deadline())?;
        for address in addresses.iter().take(MAX_ADDRESSES) {
            resolved.push(*address);
        }
        Ok(resolved)
    }
}

impl fmt::Debug for CachingResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachingResolver")
            .field("max_age", &self.max_age)
            .field("max_entries", &self.max_entries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn resolver(
        max_age: Duration,
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> CachingResolver {
        CachingResolver {
            look_up: Arc::new(look_up),
            ..CachingResolver::new(max_age, 2, Arc::default())
        }
    }

    fn resolve(resolver: &CachingResolver, host: &str) -> Vec<SocketAddr> {
        resolver.addresses(host, 1, None).unwrap().to_vec()
    }

    fn counted(
        count: &Arc<AtomicUsize>,
    ) -> impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + use<> {
        let count = Arc::clone(count);
        move |_, port| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(vec![
                ([10, 0, 0, 2], port).into(),
                ([10, 0, 0, 1], port).into(),
            ])
        }
    }

    #[test]
    fn an_answer_is_kept_in_order_until_it_is_forgotten() {
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = resolver(Duration::MAX, counted(&asked));
        for _ in 0..3 {
            let addresses = resolve(&resolver, "a.test");
            assert_eq!(
                addresses,
                [([10, 0, 0, 2], 1).into(), ([10, 0, 0, 1], 1).into()]
            );
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        resolver.forget();
        resolve(&resolver, "a.test");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_answer_ages() {
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = resolver(Duration::ZERO, counted(&asked));
        resolve(&resolver, "a.test");
        resolve(&resolver, "a.test");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_oldest_of_too_many_names_goes() {
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = resolver(Duration::MAX, counted(&asked));
        for host in ["a.test", "b.test", "c.test", "c.test", "b.test"] {
            resolve(&resolver, host);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        assert_eq!(lock(&resolver.entries).len(), 2);
        resolve(&resolver, "a.test");
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let resolver = resolver(Duration::MAX, move |_, port| {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => Err(io::Error::other(
                    "failed to lookup address information: Try again",
                )),
                1 => Ok(Vec::new()),
                _ => Ok(vec![([10, 0, 0, 1], port).into()]),
            }
        });
        let error = resolver.addresses("a.test", 1, None).unwrap_err();
        assert_eq!(error.to_string(), "other: try again");
        assert!(resolver.addresses("a.test", 1, None).is_err());
        assert_eq!(resolve(&resolver, "a.test").len(), 1);
    }

    #[test]
    fn a_hanging_look_up_is_shared_and_can_be_left() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let (release, hang) = mpsc::channel::<()>();
        let hang = Mutex::new(hang);
        let resolver = resolver(Duration::MAX, move |_, port| {
            count.fetch_add(1, Ordering::SeqCst);
            lock(&hang).recv().ok();
            Ok(vec![([10, 0, 0, 1], port).into()])
        });
        for _ in 0..3 {
            let error = resolver
                .addresses("a.test", 1, Some(Instant::now()))
                .unwrap_err();
            assert!(matches!(error, ureq::Error::Timeout(_)), "{error}");
        }
        drop(release);
        assert_eq!(resolve(&resolver, "a.test").len(), 1);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        resolver.background.close();
        let error = resolver.addresses("b.test", 1, None).unwrap_err();
        assert!(matches!(error, ureq::Error::Io(e) if e.kind() == io::ErrorKind::NotConnected));
    }
}
