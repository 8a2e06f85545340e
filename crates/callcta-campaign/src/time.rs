//! Moments: Unix milliseconds inside, with an offset or a zone outside.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Now, in Unix milliseconds.
pub(crate) fn now() -> i64 {
    millis(SystemTime::now())
}

/// A moment in Unix milliseconds.
pub(crate) fn millis(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment as it can be read again.
pub(crate) fn stamp(millis: i64) -> String {
    let stamp = Timestamp::from_millisecond(millis).unwrap_or_default();
    stamp.to_string()
}

/// Reads a time with an offset, such as `2026-12-01T18:00:00+01:00`, or with a zone, such as
/// `2026-12-01T18:00[Europe/Berlin]`. A time without either could be anywhere.
pub(crate) fn read(text: &str) -> Option<i64> {
    let stamp = match text.parse::<Timestamp>() {
        Ok(stamp) => stamp,
        Err(_) => text.parse::<Zoned>().ok()?.timestamp(),
    };
    Some(stamp.as_millisecond())
}

/// A moment in UTC, and in local time where that differs.
pub(crate) struct Moment(pub(crate) i64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(stamp) = Timestamp::from_millisecond(self.0) else {
            return write!(f, "{} ms", self.0);
        };
        let seconds = Timestamp::from_second(stamp.as_second()).unwrap_or(stamp);
        write!(f, "{seconds}")?;
        let local = seconds.to_zoned(TimeZone::system());
        if !local.offset().is_zero() {
            write!(f, " ({} local)", local.strftime("%F %T %:z"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_an_offset_or_a_zone() {
        let noon = Some(1_796_122_800_000);
        assert_eq!(read("2026-12-01T11:00:00Z"), noon);
        assert_eq!(read("2026-12-01T12:00:00+01:00"), noon);
        assert_eq!(read("2026-12-01 12:00+01"), noon);
        assert_eq!(read("2026-12-01T12:00[Europe/Berlin]"), noon);
        for text in [
            "2026-12-01T12:00:00",
            "2026-12-01",
            "12:00",
            "tomorrow",
            "",
            "1796122800",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert!(
            Moment(1_796_122_800_000)
                .to_string()
                .starts_with("2026-12-01T11:00:00Z")
        );
    }
}
