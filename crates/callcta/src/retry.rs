//! When a send is tried again, and how often at most.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::named::{Setters, apply, find, names, setters, unknown};

/// Most requests per send unless told otherwise, the first included. callcta's own
/// number.
pub const ATTEMPTS_DEFAULT: u32 = 3;

/// Longest wait when the platform asks for none. callcta's own number.
const MOMENT: Duration = Duration::from_millis(500);

/// When and how often a send is tried again.
///
/// Only two things are: what provably never left this machine, and what the
/// platform refused because of a rate limit. A message whose delivery is
/// [unknown](Delivery::Unknown) is never sent again by itself, since it may have
/// arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    retry_unknown: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts: ATTEMPTS_DEFAULT,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            retry_unknown: false,
        }
    }
}

impl RetryPolicy {
    pub(crate) const SETTERS: Setters<Self> = setters! {
        "attempts" => { attempts(count) },
        "base_delay" => { base_delay(duration) },
    "base_delay_ms" => { base_delay(duration) },
        "max_delay" => { max_delay(duration) },
    "max_delay_ms" => { max_delay(duration) },
        "retry_unknown" => { retry_unknown(yes) },
    };

    /// The defaults.
    pub fn new() -> Self {
        RetryPolicy::default()
    }

    /// No second try: one request per send.
    pub fn none() -> Self {
        RetryPolicy::default().attempts(1)
    }

    /// Most requests per send, the first included; 0 means 1. Defaults to 3.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Upper bound of the first wait; it doubles with each try, and the wait is
    /// drawn evenly between 0 and the bound. Defaults to 500 ms.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Longest wait before a next try. When the platform asks for more, the send
    /// fails at once and the error says how long to wait. Defaults to 30 s.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Whether to try again when the message may have been delivered. **This can
    /// deliver it twice.** When the tries end without success, the error is that of
    /// the last one that may have arrived. Defaults to `false`.
    pub fn retry_unknown(mut self, yes: bool) -> Self {
        self.retry_unknown = yes;
        self
    }

    /// Changes a part by the name of its method. Delays are numbers of seconds, or
    /// of milliseconds under a name with `_ms` at its end. Null changes nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if there is no such part, or
    /// if the value is not of its type.
    pub fn set(self, name: &str, value: impl Into<Value>) -> Result<Self> {
        let Some(set) = find(Self::SETTERS, name) else {
            return Err(unknown("setting", name, names(Self::SETTERS)));
        };
        apply(set, self, name, value.into())
    }

    /// How long to wait before the next try after `error`, the `attempt`-th one
    /// (from 1); `None` if there must be none.
    pub(crate) fn wait(&self, error: &Error, attempt: u32, again: Again) -> Option<Duration> {
        let unknown = error.delivery() == Delivery::Unknown
            && error.kind() != ErrorKind::Cancelled
            && self.retry_unknown;
        let never = again == Again::Never || attempt >= self.attempts;
        if never || !(error.may_retry() || unknown) {
            return None;
        }
        let wait = match error.retry_after() {
            // Not all at the same moment.
            Some(Duration::ZERO) => draw(self.bound(attempt).min(MOMENT), random()),
            Some(wait) => wait,
            None => draw(self.bound(attempt), random()),
        };
        (wait <= self.max_delay).then_some(wait)
    }

    fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let bound = self.base_delay.saturating_mul(1 << doublings);
        bound.min(self.max_delay)
    }
}

/// Whether a request may be made again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Whatever happened, it is made once.
    Never,
    /// As it is for messages: what an earlier try did must be certain.
    Certain,
    /// Also when an earlier try may have arrived, since another one changes nothing then.
    Always,
}

impl Again {
    /// Says of an error whether another try may be made.
    pub(crate) fn judge(self, error: Error) -> Error {
        let passes = matches!(
            error.kind(),
            ErrorKind::Service
                | ErrorKind::Timeout
                | ErrorKind::Network
                | ErrorKind::InvalidResponse
        );
        if self == Again::Always && passes && error.delivery() == Delivery::Unknown {
            return error.with_may_retry(true);
        }
        error
    }
}

/// An even draw (`fraction` of 2³²) below a bound.
fn draw(bound: Duration, fraction: u32) -> Duration {
    bound.mul_f64(f64::from(fraction) / 2f64.powi(32))
}

/// Randomness that is good enough to spread retries.
#[allow(clippy::cast_possible_truncation)] // any 32 of the 64 bits will do
fn random() -> u32 {
    std::hash::RandomState::new().build_hasher().finish() as u32
}

/// Keeps an outage from turning every send into several.
///
/// A client starts with 100 retries. Each one that is made is taken off, every
/// tenth send that works gives one back. The numbers are callcta's own.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    const FULL: u32 = 1000;
    const RETRY: u32 = 10;

    pub(crate) fn new() -> Self {
        RetryBudget(AtomicU32::new(Self::FULL))
    }

    /// Takes one retry; `false` if none is left.
    pub(crate) fn take(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(Self::RETRY)
            })
            .is_ok()
    }

    pub(crate) fn refund(&self) {
        // A full budget, the usual case, costs a load.
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            let _ = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    (left < Self::FULL).then_some(left + 1)
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_drawn_below() {
        let policy = RetryPolicy::new();
        let most = |attempt| policy.bound(attempt).as_secs();
        assert_eq!([2, 3, 6, 7, 99].map(most), [1, 2, 16, 30, 30]);
        let bound = policy.bound(1);
        assert_eq!(draw(bound, 0), Duration::ZERO);
        assert_eq!(draw(bound, 1 << 31), Duration::from_millis(250));
        assert!(draw(bound, u32::MAX) <= Duration::from_millis(500));
    }

    #[test]
    fn draws_differ() {
        let draws: std::collections::HashSet<u32> = (0..100).map(|_| random()).collect();
        assert!(draws.len() > 90);
    }

    #[test]
    fn a_budget_runs_out_and_fills_up_again() {
        let budget = RetryBudget::new();
        assert_eq!((0..200).filter(|_| budget.take()).count(), 100);
        for _ in 0..9 {
            budget.refund();
        }
        assert!(!budget.take());
        budget.refund();
        assert!(budget.take());
        for _ in 0..5000 {
            budget.refund();
        }
        assert_eq!((0..200).filter(|_| budget.take()).count(), 100);
    }
}
