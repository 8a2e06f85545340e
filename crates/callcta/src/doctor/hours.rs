//! Whether it is open now.

use jiff::Zoned;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::calling::{CallHours, OpenHours};

/// What the call hours say of a moment.
pub(super) enum Now {
    /// Until a time such as `17:00`.
    Open(String),
    Closed,
    /// There is nothing that knows this time zone.
    NoZone(String),
    /// The hours can't be read.
    Unread,
}

/// What the hours say of now, and now as it is there.
pub(super) fn now(hours: &CallHours, now: &jiff::Timestamp) -> (Now, Option<String>) {
    let Some(zone) = hours.timezone_id() else {
        return (Now::Unread, None);
    };
    let Ok(zone) = TimeZone::get(zone) else {
        return (Now::NoZone(zone.to_owned()), None);
    };
    let there = now.to_zoned(zone);
    let told = there.strftime("%A %H:%M").to_string();
    (at(hours, &there), Some(told))
}

fn at(hours: &CallHours, there: &Zoned) -> Now {
    let today = there.strftime("%A").to_string();
    let of_today = |day: &&OpenHours| {
        let name = day.day_of_week();
        name.is_some_and(|name| name.eq_ignore_ascii_case(&today))
    };
    for day in hours.weekly_operating_hours().iter().filter(of_today) {
        let (Some(open), Some(close)) = (minute(day.open_time()), minute(day.close_time())) else {
            return Now::Unread;
        };
        if (open..close).contains(&minute_of(there.time())) {
            return Now::Open(format!("{:02}:{:02}", close / 60, close % 60));
        }
    }
    Now::Closed
}

/// The minute of the day of a time such as `0930`; `2400` is the day's end.
fn minute(time: Option<&str>) -> Option<i32> {
    let time = time.filter(|time| time.len() == 4 && time.bytes().all(|it| it.is_ascii_digit()))?;
    let (hour, minute) = time.split_at(2);
    let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

fn minute_of(time: Time) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(hours: &CallHours, at: &str) -> String {
        match now(hours, &at.parse().unwrap()).0 {
            Now::Open(until) => format!("open until {until}"),
            Now::Closed => "closed".to_owned(),
            Now::NoZone(zone) => format!("no zone {zone}"),
            Now::Unread => "unread".to_owned(),
        }
    }

    #[test]
    fn hours_are_those_of_their_zone() {
        // UTC+1 all year.
        let hours = CallHours::new("Africa/Lagos")
            .open("MONDAY", "0900", "1700")
            .open("TUESDAY", "0000", "2400");
        for (at, expected) in [
            ("2026-11-30T07:59:00Z", "closed"),
            ("2026-11-30T08:00:00Z", "open until 17:00"),
            ("2026-11-30T15:59:59Z", "open until 17:00"),
            ("2026-11-30T16:00:00Z", "closed"),
            // Tuesday there.
            ("2026-11-30T23:30:00Z", "open until 24:00"),
            ("2026-12-01T22:59:59Z", "open until 24:00"),
            ("2026-12-02T12:00:00Z", "closed"),
        ] {
            assert_eq!(told(&hours, at), expected, "{at}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_closed() {
        let at = "2026-11-30T12:00:00Z";
        assert_eq!(
            told(&CallHours::new("Mars/Olympus"), at),
            "no zone Mars/Olympus"
        );
        let odd = CallHours::new("Africa/Lagos").open("monday", "9:00", "1700");
        assert_eq!(told(&odd, at), "unread");
        assert_eq!(told(&CallHours::new("Africa/Lagos"), at), "closed");
    }
}
