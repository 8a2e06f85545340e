//! What a server does with connections that nobody uses.
//!
//! A request that meets a server just closing its connection is lost in a way
//! nobody can tell from a message that arrived. So a connection is used again
//! only well before the server is known to close it: from what it says in
//! `Keep-Alive`, and from what it was seen to do.

use std::time::Duration;

use super::moment::Moment;

/// Least time that a request is given to arrive before the server closes.
const MARGIN: Duration = Duration::from_millis(250);

/// How long a connection that died under a request, or nearly did, outweighs
/// others that live on; doubled each time that it happens again.
const WARY: Duration = Duration::from_secs(30);
const WARIEST: Duration = Duration::from_secs(8 * 60);
/// Without another such death for so long, the doubling starts anew.
const FORGIVEN: Duration = Duration::from_secs(60 * 60);

/// The parameters of a `Keep-Alive` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeepAlive {
    /// How long the server keeps an idle connection.
    timeout: Option<Duration>,
    /// How many requests it takes on one.
    max: Option<u32>,
}

impl KeepAlive {
    /// What `value` says, such as `timeout=5, max=100`; the rest is left as it is.
    pub(super) fn read(&mut self, value: &str) {
        for parameter in value.split(',') {
            let Some((name, number)) = parameter.split_once('=') else {
                continue;
            };
            let number = number.trim().trim_matches('"');
            let name = name.trim();
            if name.eq_ignore_ascii_case("timeout") {
                self.timeout = number.parse().ok().map(Duration::from_secs);
            } else if name.eq_ignore_ascii_case("max") {
                self.max = number.parse().ok();
            }
        }
    }
}

/// What is known about one server.
#[derive(Debug)]
pub(super) struct Habits {
    /// The idle time after which no connection is used, whatever the server.
    longest: Duration,
    /// With its latest answer.
    said: KeepAlive,
    /// The shortest idle time after which it had closed a connection, as far as
    /// later connections didn't prove otherwise.
    closed_after: Option<Duration>,
    /// When a connection last died under a request or nearly did, and for how
    /// long that counts.
    wary: Option<(Moment, Duration)>,
}

impl Habits {
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            longest,
            said: KeepAlive::default(),
            closed_after: None,
            wary: None,
        }
    }

    pub(super) fn says(&mut self, keep_alive: KeepAlive) {
        self.said = keep_alive;
    }

    /// The idle time below which a connection may be used again, if its answers
    /// take no less than `latency`.
    pub(super) fn limit(&self, latency: Duration) -> Duration {
        let margin = latency.saturating_mul(2).max(MARGIN);
        let said = self.said.timeout.unwrap_or(Duration::MAX);
        // It was closed before it was seen to be, so there is a quarter off too.
        let seen = self.closed_after.unwrap_or(Duration::MAX);
        self.longest
            .min(said.saturating_sub(margin))
            .min(seen.saturating_sub(margin))
            .min(seen / 4 * 3)
    }

    /// Whether the server takes another request after `uses` of them.
    pub(super) fn takes_another(&self, uses: u32) -> bool {
        self.said.max.is_none_or(|max| uses < max)
    }

    /// Whether it is worth knowing if a connection idle for so long is open.
    pub(super) fn may_be_open(&self, idle: Duration) -> bool {
        idle < self.said.timeout.unwrap_or(Duration::MAX).min(self.longest)
    }

    /// Whether connections are kept for what they tell, not for use alone.
    pub(super) fn is_watching(&self) -> bool {
        self.closed_after.is_some()
    }

    /// A connection idle since `since` turned out to be closed.
    pub(super) fn seen_closed(&mut self, since: &Moment, now: Moment) {
        let idle = now.since(since);
        // Unless none is used for so long anyway.
        if idle / 4 * 3 < self.limit(Duration::ZERO) {
            self.closes_after(idle);
        }
        if idle < MARGIN {
            // A request just missed it.
            self.be_wary(since, now);
        }
    }

    /// A connection idle for so long turned out to be open.
    pub(super) fn seen_open(&mut self, idle: Duration, now: &Moment) {
        if let Some(known) = self.closed_after
            && known < idle
            && self.wary.is_none_or(|(at, long)| now.since(&at) >= long)
        {
            self.closed_after = (idle < self.longest).then_some(idle);
        }
    }

    /// A connection idle from `since` to `taken` died before an answer.
    pub(super) fn died(&mut self, since: &Moment, taken: &Moment, now: Moment) {
        self.closes_after(taken.since(since));
        self.be_wary(taken, now);
    }

    fn closes_after(&mut self, idle: Duration) {
        self.closed_after = Some(self.closed_after.map_or(idle, |known| known.min(idle)));
    }

    /// `good` is when the connection was last known to be open.
    fn be_wary(&mut self, good: &Moment, now: Moment) {
        let wary = match self.wary {
            None => WARY,
            // One event, such as a restart, which met several connections.
            Some((at, wary)) if !at.is_before(good) => wary,
            Some((at, _)) if now.since(&at) > FORGIVEN => WARY,
            Some((_, wary)) => (wary * 2).min(WARIEST),
        };
        self.wary = Some((now, wary));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const S: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(15);

    fn saying(value: &str) -> Habits {
        let mut said = KeepAlive::default();
        said.read(value);
        let mut habits = Habits::new(LONGEST);
        habits.says(said);
        habits
    }

    #[test]
    fn what_the_server_says_counts_less_a_margin() {
        assert_eq!(Habits::new(LONGEST).limit(S), LONGEST);
        for value in ["timeout=5", "max=9, Timeout = 5", "x, timeout=\"5\""] {
            let habits = saying(value);
            assert_eq!(habits.limit(MS), 4750 * MS, "{value}");
            assert_eq!(habits.limit(S), 3 * S, "{value}");
            assert!(habits.may_be_open(4 * S) && !habits.may_be_open(5 * S));
        }
        assert_eq!(saying("timeout=1").limit(600 * MS), Duration::ZERO);
        for value in ["", "timeout", "timeout=x", "time=5", "timeout=-5"] {
            assert_eq!(saying(value).limit(MS), LONGEST, "{value}");
        }
        let two = saying("max=2");
        assert!(two.takes_another(1) && !two.takes_another(2));
    }

    #[test]
    fn what_was_seen_closed_sets_a_limit_until_others_outlive_it() {
        let mut habits = Habits::new(LONGEST);
        let start = Moment::now();
        for idle in [4, 2, 3] {
            habits.seen_closed(&start, start.later(idle * S, Duration::ZERO));
        }
        assert_eq!(habits.limit(MS), 1500 * MS);
        habits.seen_open(S, &start);
        assert_eq!(habits.limit(MS), 1500 * MS);
        habits.seen_open(8 * S, &start);
        assert_eq!(habits.limit(MS), 6 * S);
        habits.seen_open(LONGEST, &start);
        assert!(!habits.is_watching());
        // Nothing is learned from what would not have been used.
        habits.seen_closed(&start, start.later(2 * LONGEST, Duration::ZERO));
        habits.seen_closed(&start, start.later(S, 2 * LONGEST));
        assert!(!habits.is_watching());
        // While the margin is more than what is left, nothing is used.
        habits.seen_closed(&start, start.later(MARGIN, Duration::ZERO));
        assert_eq!(habits.limit(MS), Duration::ZERO);
        habits.seen_open(S, &start);
        assert_eq!(habits.limit(MS), 750 * MS);
    }

    #[test]
    fn a_death_or_a_near_miss_counts_for_a_while_and_longer_each_time() {
        let later = |moment: &Moment, by: Duration| moment.later(by, Duration::ZERO);
        let heeds = |habits: &mut Habits, now: &Moment| {
            habits.seen_open(S, now);
            habits.limit(MS) > Duration::ZERO
        };
        let mut habits = Habits::new(LONGEST);
        let start = Moment::now();
        // Two of one event.
        let mut now = later(&start, MS);
        habits.died(&start, &start, now);
        habits.died(&start, &start, now);
        assert!(!heeds(&mut habits, &later(&now, WARY / 2)));
        now = later(&now, WARY);
        assert!(heeds(&mut habits, &now));
        habits.seen_closed(&now, later(&now, MS));
        assert!(!heeds(&mut habits, &later(&now, WARY)));
        assert!(heeds(&mut habits, &later(&now, 2 * WARY + S)));
        for _ in 0..9 {
            now = later(&now, S);
            habits.died(&now, &now, now);
        }
        assert!(!heeds(&mut habits, &later(&now, WARIEST / 2)));
        assert!(heeds(&mut habits, &later(&now, WARIEST)));
        now = later(&now, FORGIVEN + S);
        habits.died(&now, &now, now);
        assert!(heeds(&mut habits, &later(&now, WARY)));
    }
}
