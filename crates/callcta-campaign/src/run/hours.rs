//! When messages may go out: from when on, and in which hours of a Page's day.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::error::{Error, Result};
use crate::time::{self, Moment};

/// A start that is longer past than this is nobody's intention any more: a machine that slept,
/// or a copy of one, must not send in the middle of the night what was meant for noon.
const LATE: Duration = Duration::from_secs(3600);

/// Hours in which nobody is written to, by the clock of each Page's time zone.
///
/// A Page without a zone is held up until somebody says it, as its hours may be any.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    from: Time,
    until: Time,
    zone: Option<TimeZone>,
    pages: BTreeMap<String, TimeZone>,
}

impl QuietHours {
    /// Hours such as `21:00-08:00`, which may go over midnight.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn new(hours: &str) -> Result<Self> {
        let read = |text: &str| -> Option<Time> {
            let (hour, minute) = text.split_once(':')?;
            let digits = |text: &str| text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
            let both = digits(hour) && digits(minute);
            let time = both.then(|| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
            time.flatten()
        };
        let both = hours.split_once('-');
        let both = both.and_then(|(from, until)| Some((read(from)?, read(until)?)));
        match both {
            Some((from, until)) if from != until => Ok(QuietHours {
                from,
                until,
                zone: None,
                pages: BTreeMap::new(),
            }),
            _ => Err(Error::invalid(
                "quiet hours must be two times such as 21:00-08:00",
            )),
        }
    }

    /// With the time zone of all Pages that have none of their own, such as `Africa/Lagos`.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if this machine
    /// doesn't know it.
    pub fn zone(mut self, name: &str) -> Result<Self> {
        self.zone = Some(zone(name)?);
        Ok(self)
    }

    /// With the time zone of a Page.
    ///
    /// # Errors
    ///
    /// As [`zone`](QuietHours::zone).
    pub fn page_zone(mut self, page_id: impl Into<String>, name: &str) -> Result<Self> {
        self.pages.insert(page_id.into(), zone(name)?);
        Ok(self)
    }

    /// When they end, if they are on for a Page; `Err` if nobody can know.
    fn end(&self, page_id: &str, now: SystemTime) -> Result<Option<SystemTime>, ()> {
        let zone = self.pages.get(page_id).or(self.zone.as_ref()).ok_or(())?;
        let stamp = Timestamp::try_from(now).map_err(|_| ())?;
        let now = stamp.to_zoned(zone.clone());
        let time = now.time();
        let over_midnight = self.from > self.until;
        let on = if over_midnight {
            time >= self.from || time < self.until
        } else {
            time >= self.from && time < self.until
        };
        if !on {
            return Ok(None);
        }
        let today = now.date();
        let day = if time < self.until {
            today
        } else {
            today.checked_add(1.day()).map_err(|_| ())?
        };
        // Where the clocks are changed just then, as soon as they say so or later.
        let end = day.to_datetime(self.until).to_zoned(zone.clone());
        Ok(Some(end.map_err(|_| ())?.timestamp().into()))
    }
}

fn zone(name: &str) -> Result<TimeZone> {
    // A name that isn't known must not become the machine's own zone, or none.
    TimeZone::get(name).map_err(|_| {
        Error::invalid(format!(
            "{name:?} is no time zone that this machine knows; it is to be as Africa/Lagos"
        ))
    })
}

/// Whether a Page may be written to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    /// The run begins then.
    StartsAt(SystemTime),
    /// Quiet hours end then.
    QuietUntil(SystemTime),
    /// There are quiet hours, and nobody knows when.
    Unknown,
}

/// When messages may go out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hours {
    pub(super) start_at: Option<SystemTime>,
    pub(super) quiet: Option<QuietHours>,
}

impl Hours {
    /// Refuses a start that is long past.
    pub(super) fn check(&self, now: SystemTime) -> Result<()> {
        let Some(at) = self.start_at else {
            return Ok(());
        };
        match now.duration_since(at) {
            Ok(late) if late > LATE => Err(Error::invalid(format!(
                "the start was to be at {}, which is {} minutes past: leave it out to start now, \
                 or say another one",
                Moment(time::millis(at)),
                late.as_secs() / 60
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn door(&self, page_id: &str, now: SystemTime) -> Door {
        if let Some(at) = self.start_at.filter(|at| now < *at) {
            return Door::StartsAt(at);
        }
        match self.quiet.as_ref().map(|quiet| quiet.end(page_id, now)) {
            None | Some(Ok(None)) => Door::Open,
            Some(Ok(Some(end))) => Door::QuietUntil(end),
            Some(Err(())) => Door::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().into()
    }

    fn door(quiet: &QuietHours, page_id: &str, now: &str) -> Door {
        let hours = Hours {
            start_at: None,
            quiet: Some(quiet.clone()),
        };
        hours.door(page_id, at(now))
    }

    #[test]
    fn quiet_hours_are_those_of_the_pages_own_clock() {
        let quiet = QuietHours::new("21:00-08:00").unwrap();
        let quiet = quiet.zone("Africa/Lagos").unwrap();
        let quiet = quiet.page_zone("8", "Asia/Tokyo").unwrap();
        // Lagos is an hour ahead of UTC, Tokyo nine.
        for (page_id, now, until) in [
            ("7", "2026-12-01T19:59:59Z", None),
            ("7", "2026-12-01T20:00:00Z", Some("2026-12-02T07:00:00Z")),
            ("7", "2026-12-02T06:59:59Z", Some("2026-12-02T07:00:00Z")),
            ("7", "2026-12-02T07:00:00Z", None),
            ("8", "2026-12-01T12:00:00Z", Some("2026-12-01T23:00:00Z")),
            ("8", "2026-12-01T23:00:00Z", None),
        ] {
            let expected = until.map_or(Door::Open, |until| Door::QuietUntil(at(until)));
            assert_eq!(door(&quiet, page_id, now), expected, "{page_id} {now}");
        }
        let noon = QuietHours::new("12:00-14:00").unwrap().zone("UTC").unwrap();
        let end = Door::QuietUntil(at("2026-12-01T14:00:00Z"));
        assert_eq!(door(&noon, "7", "2026-12-01T13:00:00Z"), end);
        assert_eq!(door(&noon, "7", "2026-12-01T14:00:00Z"), Door::Open);
    }

    #[test]
    fn quiet_hours_end_by_the_clock_on_days_that_are_longer_or_shorter() {
        let quiet = QuietHours::new("21:00-08:00").unwrap();
        let quiet = quiet.zone("Europe/Berlin").unwrap();
        for (now, until) in [
            ("2027-03-27T21:00:00Z", "2027-03-28T06:00:00Z"),
            ("2027-10-30T20:00:00Z", "2027-10-31T07:00:00Z"),
        ] {
            assert_eq!(door(&quiet, "7", now), Door::QuietUntil(at(until)));
        }
    }

    #[test]
    fn an_unknown_zone_is_no_time_to_send() {
        let quiet = QuietHours::new("21:00-08:00").unwrap();
        assert_eq!(door(&quiet, "7", "2026-12-01T12:00:00Z"), Door::Unknown);
        let quiet = quiet.page_zone("7", "UTC").unwrap();
        assert_eq!(door(&quiet, "7", "2026-12-01T12:00:00Z"), Door::Open);
        assert_eq!(door(&quiet, "8", "2026-12-01T12:00:00Z"), Door::Unknown);
        for wrong in ["Mars/Olympus", "", "CEST+7"] {
            assert!(quiet.clone().zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn quiet_hours_are_two_times() {
        for wrong in [
            "",
            "21-8",
            "21:00",
            "21:00-",
            "9:00-10:00",
            "21:00-24:00",
            "21:00-21:00",
            "+1:00-02:00",
        ] {
            assert!(QuietHours::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_start_that_is_long_past_is_refused() {
        let hours = Hours {
            start_at: Some(at("2026-12-01T12:00:00Z")),
            quiet: None,
        };
        assert!(hours.check(at("2026-12-01T11:00:00Z")).is_ok());
        assert!(hours.check(at("2026-12-01T13:00:00Z")).is_ok());
        let late = hours.check(at("2026-12-01T17:30:00Z")).unwrap_err();
        assert!(late.to_string().contains("330 minutes past"), "{late}");
        let before = hours.door("7", at("2026-12-01T11:59:59Z"));
        assert_eq!(before, Door::StartsAt(at("2026-12-01T12:00:00Z")));
        assert_eq!(hours.door("7", at("2026-12-01T12:00:00Z")), Door::Open);
    }
}
