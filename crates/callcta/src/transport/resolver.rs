//! Name resolution with a memory.
//!
//! Addresses are kept for a bounded time, together with the one that answered
//! when others didn't.

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

use super::background::{Background, Interrupted, NoThread, lock};
use super::moment::Moment;
use super::unreached::{LookUpFailed, is_exhausted};

/// Most addresses of one host that are tried.
const MAX_ADDRESSES: usize = 16;

type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type Answer = Result<Arc<[SocketAddr]>, Arc<io::Error>>;

/// A look-up under way; one thread asks for everybody who waits.
type Question = Mutex<Option<Answer>>;

enum State {
    Forgotten,
    Asking(Arc<Question>),
    Known(Arc<[SocketAddr]>, Moment),
}

struct Entry {
    host: String,
    port: u16,
    state: State,
    /// The address that answered when one before it didn't. It outlives the
    /// others, so that a dead route costs time once.
    preferred: Option<SocketAddr>,
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

    /// Forgets the addresses of a host, so that the next call asks anew.
    pub(super) fn forget(&self, host: &str, port: u16) {
        if let Some(entry) = find(&mut lock(&self.entries), host, port)
            && matches!(entry.state, State::Known(..))
        {
            entry.state = State::Forgotten;
        }
    }

    /// Puts an address before the host's others, from now on.
    pub(super) fn prefer(&self, host: &str, port: u16, address: SocketAddr) {
        if let Some(entry) = find(&mut lock(&self.entries), host, port) {
            entry.preferred = Some(address);
            if let State::Known(addresses, _) = &mut entry.state {
                *addresses = in_order(addresses, entry.preferred);
            }
        }
    }

    /// As if these were the answer of a look-up.
    #[cfg(test)]
    pub(super) fn learn(&self, host: &str, port: u16, addresses: &[SocketAddr]) {
        lock(&self.entries).push_back(Entry {
            host: host.to_owned(),
            port,
            state: State::Known(addresses.into(), Moment::now()),
            preferred: None,
        });
    }

    /// How many answers are remembered.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        let known = |entry: &&Entry| matches!(entry.state, State::Known(..));
        lock(&self.entries).iter().filter(known).count()
    }

    /// The addresses of `host`, which may be one itself, in the order to try them.
    pub(super) fn addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Option<Instant>,
    ) -> Result<Arc<[SocketAddr]>, ureq::Error> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = literal.parse::<IpAddr>() {
            return Ok(Arc::new([SocketAddr::new(ip, port)]));
        }
        let (question, is_new) = {
            let mut entries = lock(&self.entries);
            if find(&mut entries, host, port).is_none() {
                while entries.len() >= self.max_entries {
                    entries.pop_front();
                }
                entries.push_back(Entry {
                    host: host.to_owned(),
                    port,
                    state: State::Forgotten,
                    preferred: None,
                });
            }
            let entry = find(&mut entries, host, port).expect("it is there now");
            match &entry.state {
                State::Known(addresses, since) if Moment::now().since(since) < self.max_age => {
                    return Ok(Arc::clone(addresses));
                }
                State::Asking(question) => (Arc::clone(question), false),
                _ => {
                    let question = Arc::new(Question::default());
                    entry.state = State::Asking(Arc::clone(&question));
                    (question, true)
                }
            }
        };
        if is_new && let Err(no_thread) = self.ask(host, port, &question) {
            let error = io::Error::new(io::ErrorKind::OutOfMemory, no_thread);
            settle(&self.entries, &question, Err(Arc::new(error)));
            self.background.announce();
        }
        self.background
            .wait(deadline, || lock(&question).clone())?
            .map_err(|error| ureq::Error::Other(Box::new(LookUpFailed(error))))
    }

    fn ask(&self, host: &str, port: u16, question: &Arc<Question>) -> Result<(), NoThread> {
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

/// Keeps a good answer and tells it, or a failure, to those who wait.
fn settle(entries: &Mutex<VecDeque<Entry>>, question: &Arc<Question>, mut answer: Answer) {
    let mut entries = lock(entries);
    let mine = |entry: &&mut Entry| matches!(&entry.state, State::Asking(other) if Arc::ptr_eq(other, question));
    if let Some(entry) = entries.iter_mut().find(mine) {
        entry.state = State::Forgotten;
        if let Ok(addresses) = &mut answer {
            *addresses = in_order(addresses, entry.preferred);
            entry.state = State::Known(Arc::clone(addresses), Moment::now());
        }
    }
    drop(entries);
    *lock(question) = Some(answer);
}

fn find<'a>(entries: &'a mut VecDeque<Entry>, host: &str, port: u16) -> Option<&'a mut Entry> {
    entries
        .iter_mut()
        .find(|entry| entry.port == port && entry.host == host)
}

/// The order in which to try addresses (RFC 8305): each once, the two families in
/// turn, beginning with the preferred address or else one of its family.
fn in_order(addresses: &[SocketAddr], preferred: Option<SocketAddr>) -> Arc<[SocketAddr]> {
    let mut unique: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        if !unique.contains(address) {
            unique.push(*address);
        }
    }
    if let Some(at) = unique.iter().position(|one| Some(*one) == preferred) {
        unique[..=at].rotate_right(1);
    }
    let begins_with_v6 = preferred
        .or(unique.first().copied())
        .is_some_and(|first| first.is_ipv6());
    let family = |same: bool| {
        let of_family = move |one: &&SocketAddr| one.is_ipv6() == (begins_with_v6 == same);
        unique.iter().filter(of_family)
    };
    let (mut first, mut second) = (family(true), family(false));
    let mut order = Vec::with_capacity(unique.len());
    while order.len() < unique.len().min(MAX_ADDRESSES) {
        order.extend(first.next());
        order.extend(second.next());
    }
    order.truncate(MAX_ADDRESSES);
    order.into()
}

impl From<Interrupted> for ureq::Error {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::Closed => io::Error::from(io::ErrorKind::NotConnected).into(),
            Interrupted::TimedOut => Self::Timeout(ureq::Timeout::Connect),
        }
    }
}

/// Keeps ureq from looking names up, which it would do for every request, kept
/// connection or not.
#[derive(Debug)]
pub(super) struct NotYet;

impl Resolver for NotYet {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
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
        resolver.forget("b.test", 1);
        resolver.forget("a.test", 2);
        resolve(&resolver, "a.test");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        resolver.forget("a.test", 1);
        assert_eq!(resolver.known(), 0);
        resolve(&resolver, "a.test");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_address_needs_no_look_up() {
        let resolver = resolver(Duration::MAX, |_, _| unreachable!());
        for (host, address) in [("[::1]", "[::1]:1"), ("127.0.0.1", "127.0.0.1:1")] {
            assert_eq!(resolve(&resolver, host), [address.parse().unwrap()]);
        }
    }

    #[test]
    fn families_take_turns_and_the_preferred_address_is_first() {
        let parse = |list: &str| -> Vec<SocketAddr> {
            list.split(' ')
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 1))
                .collect()
        };
        let order = |list: &str, preferred: Option<&str>| {
            let preferred = preferred.map(|one| parse(one)[0]);
            let order = in_order(&parse(list), preferred);
            order
                .iter()
                .map(|one| one.ip().to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            order("1::1 1::2 1::2 1::3 1.1.1.1", None),
            "1::1 1.1.1.1 1::2 1::3"
        );
        assert_eq!(order("1.1.1.1 1.1.1.2 1::1", None), "1.1.1.1 1::1 1.1.1.2");
        assert_eq!(
            order("1::1 1.1.1.1 1.1.1.2", Some("1.1.1.2")),
            "1.1.1.2 1::1 1.1.1.1"
        );
        // One that the name no longer has still tells which family has a way.
        assert_eq!(order("1::1 1.1.1.1", Some("2.2.2.2")), "1.1.1.1 1::1");
        let many = "1.1.1.1 ".repeat(20)
            + &(2..40)
                .map(|i| format!("1::{i}"))
                .collect::<Vec<_>>()
                .join(" ");
        assert_eq!(in_order(&parse(&many), None).len(), MAX_ADDRESSES);
    }

    #[test]
    fn a_preference_outlives_the_answer() {
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = resolver(Duration::MAX, counted(&asked));
        let last = *resolve(&resolver, "a.test").last().unwrap();
        resolver.prefer("a.test", 1, last);
        assert_eq!(resolve(&resolver, "a.test")[0], last);
        resolver.forget("a.test", 1);
        assert_eq!(resolve(&resolver, "a.test")[0], last);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert_ne!(resolve(&resolver, "b.test")[0], last);
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
