//! How long answers are held back, and the dice that decide about what is uncertain.
#![allow(
    clippy::cast_precision_loss,
    reason = "delays and random numbers need no more than a double holds"
)]

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an answer is held back, in milliseconds of real time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same.
    Fixed {
        /// Milliseconds.
        ms: u64,
    },
    /// Evenly distributed between two bounds.
    Uniform {
        /// The least.
        min_ms: u64,
        /// The most.
        max_ms: u64,
    },
    /// Log-normally distributed: most near the median, some far above it.
    LogNormal {
        /// The median.
        median_ms: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Delay {
    pub(super) fn draw(&self, dice: &mut Dice) -> Duration {
        let ms = match *self {
            Self::Fixed { ms } => ms as f64,
            Self::Uniform { min_ms, max_ms } => {
                min_ms as f64 + dice.unit() * max_ms.saturating_sub(min_ms) as f64
            }
            Self::LogNormal { median_ms, sigma } => median_ms * (sigma * dice.normal()).exp(),
        };
        // An hour is longer than any test waits.
        Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 3_600.0))
    }
}

/// `SplitMix64`: small, and the same on every machine.
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 (inclusive) to 1 (exclusive).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_follow_their_distribution() {
        let mut dice = Dice(3);
        let uniform = Delay::Uniform {
            min_ms: 10,
            max_ms: 20,
        };
        let log_normal = Delay::LogNormal {
            median_ms: 100.0,
            sigma: 0.5,
        };
        let mut below = 0;
        for _ in 0..1000 {
            let ms = uniform.draw(&mut dice).as_millis();
            assert!((10..=20).contains(&ms));
            below += u32::from(log_normal.draw(&mut dice).as_millis() < 100);
        }
        assert!((400..600).contains(&below), "{below}");
    }
}
