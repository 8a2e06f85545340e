//! What a report tells, gathered row by row in little room.

use std::collections::BTreeMap;

use crate::journal::{Recipient, State};

/// Most bars of the plot over time.
const BARS_MAX: i64 = 120;

/// How many seconds a bar may stand for; beyond that, days.
const WIDTHS: [i64; 17] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

/// Rows by when they were settled. The bars grow wider as the time does.
#[derive(Default)]
pub(super) struct OverTime {
    /// Place in [`WIDTHS`], and beyond that in days.
    width: usize,
    bars: BTreeMap<i64, [u64; 7]>,
}

impl OverTime {
    pub(super) fn add(&mut self, state: State, settled_at: i64) {
        let bar = settled_at.div_euclid(1000).div_euclid(self.seconds());
        self.bars.entry(bar).or_default()[state as usize] += 1;
        while self.count() > BARS_MAX {
            let before = self.seconds();
            self.width += 1;
            let now = self.seconds();
            for (bar, rows) in std::mem::take(&mut self.bars) {
                let wider = self.bars.entry((bar * before).div_euclid(now)).or_default();
                for (sum, rows) in wider.iter_mut().zip(rows) {
                    *sum += rows;
                }
            }
        }
    }

    /// How many seconds a bar stands for.
    pub(super) fn seconds(&self) -> i64 {
        let longest = WIDTHS[WIDTHS.len() - 1];
        match WIDTHS.get(self.width) {
            Some(width) => *width,
            None => longest << (self.width + 1 - WIDTHS.len()).min(32),
        }
    }

    fn count(&self) -> i64 {
        match (self.bars.first_key_value(), self.bars.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last - first + 1,
            _ => 0,
        }
    }

    /// When each bar begins, in Unix seconds, and its rows by state; those between that have
    /// none included.
    pub(super) fn bars(&self) -> Vec<(i64, [u64; 7])> {
        let first = self.bars.keys().next().copied().unwrap_or_default();
        let bars = first..first + self.count();
        let rows = |bar| self.bars.get(&bar).copied().unwrap_or_default();
        bars.map(|bar| (bar * self.seconds(), rows(bar))).collect()
    }
}

/// The steps by which waits are counted: their upper bounds in milliseconds.
const STEPS: [i64; 31] = {
    const S: i64 = 1000;
    const MIN: i64 = 60 * S;
    const H: i64 = 60 * MIN;
    const D: i64 = 24 * H;
    [
        1,
        2,
        5,
        10,
        20,
        50,
        100,
        200,
        500,
        S,
        2 * S,
        5 * S,
        10 * S,
        20 * S,
        30 * S,
        MIN,
        2 * MIN,
        5 * MIN,
        10 * MIN,
        20 * MIN,
        30 * MIN,
        H,
        2 * H,
        5 * H,
        12 * H,
        D,
        2 * D,
        5 * D,
        10 * D,
        100 * D,
        36_500 * D,
    ]
};

/// How long something took.
#[derive(Default)]
pub(super) struct Waits(BTreeMap<usize, u64>);

impl Waits {
    pub(super) fn add(&mut self, from: i64, to: i64) {
        // Of a clock that was set back, the shortest.
        let millis = to.saturating_sub(from);
        let step = STEPS.partition_point(|bound| *bound < millis);
        *self.0.entry(step.min(STEPS.len() - 1)).or_default() += 1;
    }

    /// The upper bound of each step in milliseconds, and how many took that long.
    pub(super) fn steps(&self) -> Vec<(i64, u64)> {
        let (Some(first), Some(last)) = (self.0.keys().next(), self.0.keys().last()) else {
            return Vec::new();
        };
        (*first..=*last)
            .map(|step| (STEPS[step], self.0.get(&step).copied().unwrap_or_default()))
            .collect()
    }

    /// Within how many milliseconds this share of all was over.
    pub(super) fn within(&self, percent: u64) -> Option<i64> {
        let all: u64 = self.0.values().sum();
        let mut sum = 0;
        self.0.iter().find_map(|(step, count)| {
            sum += count;
            (sum * 100 >= all * percent).then(|| STEPS[*step])
        })
    }
}

/// All that is gathered from rows.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) over_time: OverTime,
    /// From the plan to the last claim.
    pub(super) queued: Waits,
    /// From the claim to the outcome.
    pub(super) in_flight: Waits,
    /// The first and the last outcome.
    pub(super) settled: Option<(i64, i64)>,
}

impl Figures {
    pub(super) fn add(&mut self, planned_at: i64, row: &Recipient) {
        if let Some(claimed_at) = row.claimed_at {
            self.queued.add(planned_at, claimed_at);
        }
        let Some(settled_at) = row.settled_at else {
            return;
        };
        self.over_time.add(row.state, settled_at);
        let (first, last) = self.settled.get_or_insert((settled_at, settled_at));
        *first = settled_at.min(*first);
        *last = settled_at.max(*last);
        // When a lost row was found says nothing about its send, nor does an echo.
        let answered = matches!(row.state, State::Sent | State::Rejected)
            || row.state == State::Unknown && row.reason.kind != "worker_lost";
        if let Some(claimed_at) = row.claimed_at.filter(|_| answered) {
            self.in_flight.add(claimed_at, settled_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_few_and_keep_their_rows() {
        for seconds in [1, 100, 5_000, 1_000_000, 2_000_000_000] {
            let mut over_time = OverTime::default();
            for number in 0..1000_i64 {
                over_time.add(State::Sent, number * seconds);
            }
            over_time.add(State::Rejected, 999 * seconds);
            let bars = over_time.bars();
            assert!((1..=120).contains(&bars.len()), "{}", bars.len());
            let sum = |state: State| {
                bars.iter()
                    .map(|(_, rows)| rows[state as usize])
                    .sum::<u64>()
            };
            assert_eq!((sum(State::Sent), sum(State::Rejected)), (1000, 1));
            assert_eq!(bars[bars.len() - 1].1[State::Rejected as usize], 1);
        }
        assert!(OverTime::default().bars().is_empty());
    }

    #[test]
    fn waits_are_counted_by_upper_bounds() {
        let mut waits = Waits::default();
        for millis in [0, 1, 2, 3, 5, 100, 101, -7] {
            waits.add(0, millis);
        }
        let steps = waits.steps();
        assert_eq!(&steps[..4], [(1, 3), (2, 1), (5, 2), (10, 0)]);
        assert_eq!(&steps[6..], [(100, 1), (200, 1)]);
        assert_eq!((waits.within(50), waits.within(100)), (Some(2), Some(200)));
        assert_eq!(Waits::default().within(50), None);
        waits.add(0, i64::MAX);
        assert_eq!(waits.steps().last().unwrap().1, 1);
    }
}
