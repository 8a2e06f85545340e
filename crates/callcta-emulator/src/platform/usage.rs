//! Rate limits, measured on the emulator's clock.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::clock::DAY;
use super::page::RateLimits;

const MINUTE: i64 = 60_000;

/// What each Page has used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    pages: BTreeMap<String, PageUsage>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageUsage {
    /// Messages of the last second.
    second: VecDeque<i64>,
    /// Calls by minute, for the last day.
    minutes: VecDeque<(i64, u32)>,
    /// The sum of `minutes`.
    calls: u32,
}

impl PageUsage {
    fn forget(&mut self, now: i64) {
        while self.second.front().is_some_and(|at| now - at >= 1_000) {
            self.second.pop_front();
        }
        while let Some((minute, count)) = self.minutes.front() {
            if now - minute < DAY {
                break;
            }
            self.calls -= count;
            self.minutes.pop_front();
        }
    }
}

/// A limit that a call went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverLimit {
    /// So many calls in 24 hours, of so many.
    Day { used: u32, max: u32 },
    /// So many messages a second are allowed.
    Second { max: u32 },
}

/// How much of a day's calls a Page has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) percent: u64,
    /// Minutes until the oldest calls fall out of the day; 0 while calls are taken.
    pub(crate) wait: i64,
}

impl Usage {
    /// Whether the sums are right, as those of a snapshot may not be.
    pub(super) fn is_sound(&self, now: i64) -> bool {
        self.pages.values().all(|page| {
            let sum: u64 = page
                .minutes
                .iter()
                .map(|(_, count)| u64::from(*count))
                .sum();
            let times = page
                .minutes
                .iter()
                .map(|(minute, _)| minute)
                .chain(&page.second);
            sum == u64::from(page.calls) && times.into_iter().all(|at| (0..=now).contains(at))
        })
    }

    /// Counts a call for a Page with limits; over a limit, it is refused.
    pub(crate) fn count(
        &mut self,
        page_id: &str,
        limits: &RateLimits,
        now: i64,
        is_message: bool,
    ) -> Result<(), OverLimit> {
        if limits.messages_per_second.is_none() && limits.calls_per_day.is_none() {
            return Ok(());
        }
        let used = self.pages.entry(page_id.to_owned()).or_default();
        used.forget(now);
        // A refused call counts as well: calling on lengthens the wait.
        let minute = now - now.rem_euclid(MINUTE);
        match used.minutes.back_mut() {
            Some((last, count)) if *last == minute => *count += 1,
            _ => used.minutes.push_back((minute, 1)),
        }
        used.calls += 1;
        if let Some(max) = limits.calls_per_day
            && used.calls > max
        {
            return Err(OverLimit::Day {
                used: used.calls,
                max,
            });
        }
        if let Some(max) = limits.messages_per_second
            && is_message
        {
            if used.second.len() >= max as usize {
                return Err(OverLimit::Second { max });
            }
            used.second.push_back(now);
        }
        Ok(())
    }

    /// What a Page with a daily limit has used of it.
    pub(crate) fn of(&self, page_id: &str, limits: &RateLimits) -> Option<Used> {
        let limit = limits.calls_per_day?;
        let used = self.pages.get(page_id)?;
        let wait = match used.minutes.front() {
            Some((oldest, _)) if used.calls >= limit => {
                let newest = used.minutes.back().map_or(*oldest, |(minute, _)| *minute);
                (DAY - (newest - oldest)) / MINUTE
            }
            _ => 0,
        };
        Some(Used {
            percent: u64::from(used.calls) * 100 / u64::from(limit.max(1)),
            wait,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_clock() {
        let limits = RateLimits {
            messages_per_second: Some(2),
            calls_per_day: Some(4),
        };
        let mut usage = Usage::default();
        let mut send = |at: i64| usage.count("1", &limits, at, true);
        assert_eq!(send(0), Ok(()));
        assert_eq!(send(500), Ok(()));
        assert_eq!(send(999), Err(OverLimit::Second { max: 2 }));
        assert_eq!(send(1_000), Ok(()));
        // The day's limit counts refused calls.
        assert_eq!(send(5_000), Err(OverLimit::Day { used: 5, max: 4 }));
        assert_eq!(send(DAY + MINUTE), Ok(()));

        let used = usage.of("1", &limits).unwrap();
        assert_eq!((used.percent, used.wait), (25, 0));
    }
}
