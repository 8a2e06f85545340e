//! What a server does with connections that nobody uses.
//!
//! A request that meets a server just closing its connection is lost in a way
//! nobody can tell from a message that arrived. So a connection is used again only
//! well before the server may close it: from what it says in `Keep-Alive` or,
//! without that, from how long it was seen to keep one. A new connection costs a few
//! trips, a lost message somebody's trust.

use std::time::Duration;

use super::moment::Moment;

/// How long a server is expected to keep an idle connection that said and showed
/// nothing yet. Servers' own defaults begin at 2 s.
const EXPECTED: Duration = Duration::from_secs(1);

/// The time that a request is given to arrive before the server closes, beside twice
/// what answers take, and the most of both.
const MARGIN: Duration = Duration::from_millis(250);
const MOST_MARGIN: Duration = Duration::from_secs(2);

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
    /// The longest idle time after which a connection was seen to be open, as far as
    /// later ones didn't prove otherwise.
    kept: Duration,
    /// It closed a connection that would have been used: only `kept` counts.
    surprised: bool,
    /// When a connection last died under a request or nearly did, and for how
    /// long that outweighs others that live on.
    wary: Option<(Moment, Duration)>,
}

impl Habits {
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            longest,
            said: KeepAlive::default(),
            kept: Duration::ZERO,
            surprised: false,
            wary: None,
        }
    }

    pub(super) fn says(&mut self, keep_alive: KeepAlive) {
        self.said = keep_alive;
    }

    /// The idle time below which a connection may be used again, if its answers
    /// take no less than `latency`.
    pub(super) fn limit(&self, latency: Duration) -> Duration {
        let margin = latency
            .saturating_mul(2)
            .saturating_add(MARGIN)
            .min(MOST_MARGIN);
        let shown = self.kept.saturating_sub(margin).min(self.kept / 4 * 3);
        let limit = match self.said.timeout {
            _ if self.surprised => shown,
            Some(said) => said.saturating_sub(margin),
            None => shown.max(EXPECTED),
        };
        limit.min(self.longest)
    }

    /// Whether the server takes another request after `uses` of them.
    pub(super) fn takes_another(&self, uses: u32) -> bool {
        self.said.max.is_none_or(|max| uses < max)
    }

    /// The idle time up to which it is worth knowing whether a connection is open.
    fn horizon(&self) -> Duration {
        self.said.timeout.unwrap_or(Duration::MAX).min(self.longest)
    }

    /// Whether a connection that is idle for so long can show anything.
    pub(super) fn would_show(&self, idle: Duration) -> bool {
        let unsure = self.surprised || self.said.timeout.is_none();
        unsure && self.kept < self.horizon() && idle < self.horizon()
    }

    /// Whether it is to be found out soon how long the server keeps connections.
    pub(super) fn is_surprised(&self) -> bool {
        self.surprised
    }

    /// A connection idle since `since` turned out to be closed.
    pub(super) fn seen_closed(&mut self, since: &Moment, now: Moment) {
        let idle = now.since(since);
        if idle < self.limit(Duration::ZERO) {
            self.be_surprised(idle);
        }
        if idle < MARGIN {
            // A request just missed it.
            self.be_wary(since, now);
        }
    }

    /// A connection idle for so long turned out to be open.
    pub(super) fn seen_open(&mut self, idle: Duration, now: &Moment) {
        if self.kept < idle && self.wary.is_none_or(|(at, long)| now.since(&at) >= long) {
            self.kept = idle;
            self.surprised &= idle < self.horizon();
        }
    }

    /// A connection idle from `since` to `taken` died before an answer.
    pub(super) fn died(&mut self, since: &Moment, taken: &Moment, now: Moment) {
        self.be_surprised(taken.since(since));
        self.be_wary(taken, now);
    }

    fn be_surprised(&mut self, idle: Duration) {
        // It was open before it was seen to be closed, if perhaps not for long.
        self.kept = if self.surprised {
            self.kept.min(idle)
        } else {
            idle
        };
        self.surprised = true;
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
        for value in ["timeout=5", "max=9, Timeout = 5", "x, timeout=\"5\""] {
            let habits = saying(value);
            assert_eq!(habits.limit(Duration::ZERO), 4750 * MS, "{value}");
            assert_eq!(habits.limit(100 * MS), 4550 * MS, "{value}");
            assert_eq!(habits.limit(9 * S), 3 * S, "{value}");
            assert!(!habits.would_show(S));
        }
        assert_eq!(saying("timeout=1").limit(600 * MS), Duration::ZERO);
        assert_eq!(saying("timeout=60").limit(Duration::ZERO), LONGEST);
        for value in ["", "timeout", "timeout=x", "time=5", "timeout=-5"] {
            assert_eq!(saying(value).limit(Duration::ZERO), EXPECTED, "{value}");
        }
        let two = saying("max=2");
        assert!(two.takes_another(1) && !two.takes_another(2));
    }

    #[test]
    fn what_a_server_keeps_is_used_as_long() {
        let mut habits = Habits::new(LONGEST);
        let now = Moment::now();
        assert_eq!(habits.limit(9 * S), EXPECTED);
        for (idle, limit) in [
            (S, EXPECTED),
            (4 * S, 3 * S),
            (8 * S, 6 * S),
            (2 * S, 6 * S),
        ] {
            assert!(habits.would_show(idle));
            habits.seen_open(idle, &now);
            assert_eq!(habits.limit(Duration::ZERO), limit);
        }
        assert_eq!(
            Habits {
                kept: 2 * S,
                ..Habits::new(LONGEST)
            }
            .limit(600 * MS),
            EXPECTED
        );
        habits.seen_open(LONGEST, &now);
        assert!(!habits.would_show(S));
        // What would not have been used shows nothing, also after a sleep.
        for (awake, asleep) in [(LONGEST, Duration::ZERO), (S, LONGEST)] {
            habits.seen_closed(&now, now.later(awake, asleep));
            assert!(!habits.is_surprised());
        }
    }

    #[test]
    fn what_was_closed_early_sets_a_limit_until_others_outlive_it() {
        let start = Moment::now();
        for mut habits in [
            saying("timeout=9"),
            Habits {
                kept: 9 * S,
                ..Habits::new(LONGEST)
            },
        ] {
            habits.seen_closed(&start, start.later(4 * S, Duration::ZERO));
            assert_eq!(habits.limit(Duration::ZERO), 3 * S);
            habits.seen_closed(&start, start.later(2 * S, Duration::ZERO));
            assert_eq!(habits.limit(Duration::ZERO), 1500 * MS);
            habits.seen_open(S, &start);
            assert_eq!(habits.limit(Duration::ZERO), 1500 * MS);
            assert!(habits.would_show(8 * S));
            habits.seen_open(8 * S, &start);
            assert_eq!(habits.limit(Duration::ZERO), 6 * S);
            habits.seen_open(LONGEST, &start);
            assert!(!habits.is_surprised());
            // While the margin is more than what is left, nothing is used.
            habits.seen_closed(&start, start.later(MARGIN, Duration::ZERO));
            assert_eq!(habits.limit(Duration::ZERO), Duration::ZERO);
            habits.seen_open(S, &start);
            assert_eq!(habits.limit(Duration::ZERO), 750 * MS);
        }
    }

    #[test]
    fn a_death_or_a_near_miss_counts_for_a_while_and_longer_each_time() {
        let later = |moment: &Moment, by: Duration| moment.later(by, Duration::ZERO);
        let heeds = |habits: &mut Habits, now: &Moment| {
            habits.seen_open(S, now);
            habits.limit(Duration::ZERO) > Duration::ZERO
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
