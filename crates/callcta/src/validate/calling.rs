//! The rules of call settings, and of requests about calls. Meta's page "Call settings"
//! lists as errors an invalid time, a closing time before the opening time, and a day
//! that is there twice.

use serde_json::{Map, Value};

use super::Report;
use super::checker::{Checker, is_digits, string};
use crate::calling::{CallHours, CallSettings, MediaTrack, OpenHours, RingTarget};
use crate::limits::MEDIA_TRACKS_MAX;
use crate::names::{CALL_HOURS, CALL_METRICS, CALL_ROUTING, CALL_SETTINGS, DAYS, OPEN_HOURS};
use crate::near::nearest;
use crate::path::Path;
use crate::violation::{A_STRING, A_WHOLE_NUMBER, AN_OBJECT, Rule, Violation, type_name};

const ROOT: Path<'static> = Path::Root;

impl CallSettings {
    /// Everything that is wrong with the settings, in the order of the wire form:
    /// [errors](crate::Severity::Error) keep them from being sent,
    /// [warnings](crate::Severity::Warning) don't.
    pub fn validate(&self) -> Vec<Violation> {
        self.check().violations
    }

    /// What [`validate`](CallSettings::validate) finds, with the number of violations.
    pub fn check(&self) -> Report {
        let mut checker = Checker::default();
        checker.call_settings(self);
        checker.into()
    }
}

impl Checker {
    fn call_settings(&mut self, settings: &CallSettings) {
        if settings.is_empty() {
            let message = "at least one setting must be given";
            self.error(&ROOT, Rule::Required, message);
        }
        self.further(&ROOT, &settings.extra, &[&CALL_SETTINGS]);
        if let Some(routing) = &settings.call_routing {
            let path = ROOT.field("call_routing");
            self.further(&path, &routing.extra, &[&CALL_ROUTING]);
            match &routing.ring_target {
                Some(target) => self.value(
                    &path.field("ring_target"),
                    target.as_str(),
                    RingTarget::KNOWN,
                ),
                None if routing.extra.contains_key("ring_target") => {}
                None => self.required_text(&path.field("ring_target")),
            }
        }
        if let Some(hours) = &settings.call_hours {
            self.call_hours(&ROOT.field("call_hours"), hours);
        }
    }

    fn call_hours(&mut self, path: &Path<'_>, hours: &CallHours) {
        self.further(path, &hours.extra, &[&CALL_HOURS]);
        let zone = hours.timezone_id.as_deref();
        self.text(path, "timezone_id", zone, &hours.extra, None);
        if zone.is_some_and(|zone| !zone.is_empty() && !looks_like_a_zone(zone)) {
            // The page calls it ISO 8601, and shows an IANA name.
            self.warning(
                &path.field("timezone_id"),
                Rule::UnknownName,
                "is not the IANA name of a time zone, such as Africa/Lagos",
            );
        }
        let path = path.field("weekly_operating_hours");
        let Some(weekly) = &hours.weekly else {
            if !hours.extra.contains_key("weekly_operating_hours") {
                let message = "is required; an empty list closes every day";
                self.error(&path, Rule::Required, message);
            }
            return;
        };
        let mut seen = Vec::new();
        for (index, day) in weekly.iter().enumerate() {
            let path = Path::Index(&path, index);
            self.open_hours(&path, day);
            let Some(name) = day
                .day_of_week
                .as_deref()
                .filter(|name| DAYS.contains(name))
            else {
                continue;
            };
            if seen.contains(&name) {
                let message = format_args!("{name} is there twice");
                self.error(&path.field("day_of_week"), Rule::NotAllowed, message);
            }
            seen.push(name);
        }
    }

    fn open_hours(&mut self, path: &Path<'_>, day: &OpenHours) {
        if let Some(value) = &day.malformed {
            return self.wrong_type(path, AN_OBJECT, value);
        }
        self.further(path, &day.extra, &[&OPEN_HOURS]);
        let name = day.day_of_week.as_deref();
        self.text(path, "day_of_week", name, &day.extra, None);
        if let Some(name) = name.filter(|name| !name.is_empty() && !DAYS.contains(name)) {
            let path = path.field("day_of_week");
            match nearest(name, DAYS.iter().copied()) {
                Some(meant) => {
                    let message = format_args!("must be MONDAY to SUNDAY, did you mean {meant}?");
                    self.error(&path, Rule::UnknownName, message);
                }
                None => self.error(&path, Rule::UnknownName, "must be MONDAY to SUNDAY"),
            }
        }
        let open = self.time(path, "open_time", day.open_time.as_deref(), day);
        let close = self.time(path, "close_time", day.close_time.as_deref(), day);
        if open.zip(close).is_some_and(|(open, close)| close <= open) {
            let message = "must be after open_time";
            self.error(&path.field("close_time"), Rule::InvalidTime, message);
        }
    }

    /// A time, if it is one.
    fn time<'a>(
        &mut self,
        path: &Path<'_>,
        name: &'static str,
        time: Option<&'a str>,
        day: &OpenHours,
    ) -> Option<&'a str> {
        self.text(path, name, time, &day.extra, None);
        let time = time.filter(|time| !time.is_empty())?;
        if is_time(time) {
            return Some(time);
        }
        let message = "must be a time as hhmm, such as 0930";
        self.error(&path.field(name), Rule::InvalidTime, message);
        None
    }
}

/// The rules of a request about a call.
#[derive(Default)]
pub(crate) struct Call(Checker);

impl Call {
    pub(crate) fn id(mut self, call_id: &str) -> Self {
        if call_id.is_empty() {
            self.0.required_text(&ROOT.field("call_id"));
        }
        self
    }

    pub(crate) fn person(mut self, name: &'static str, psid: &str) -> Self {
        let path = ROOT.field(name);
        if psid.is_empty() {
            self.0.required_text(&path);
        } else if !is_digits(psid) {
            let message = "must be a Page-scoped ID, which has digits only";
            self.0.error(&path, Rule::InvalidId, message);
        }
        self
    }

    pub(crate) fn offer(mut self, sdp: &str) -> Self {
        if sdp.is_empty() {
            let session = ROOT.field("session");
            self.0.required_text(&session.field("sdp"));
        }
        self
    }

    pub(crate) fn tracks(mut self, tracks: &[MediaTrack]) -> Self {
        let path = ROOT.field("tracks");
        let limits = (0, MEDIA_TRACKS_MAX);
        self.0.count(&path, tracks.len(), limits, "track");
        for (index, track) in tracks.iter().enumerate() {
            let path = Path::Index(&path, index);
            let label = path.field("label");
            self.0.value(&label, &track.label, MediaTrack::LABELS);
        }
        self
    }

    pub(crate) fn metrics(mut self, body: &Map<String, Value>) -> Self {
        let checker = &mut self.0;
        checker.fields(&ROOT, body, &[&CALL_METRICS]);
        for name in ["call_id", "end_call_reason"] {
            checker.typed(&ROOT, body, name, A_STRING);
            let missing = !body.contains_key(name) || string(body, name) == Some("");
            if missing {
                checker.required_text(&ROOT.field(name));
            }
        }
        for name in ["call_ended_time", "first_audio_packet_received_time"] {
            match body.get(name) {
                None => checker.error(&ROOT.field(name), Rule::Required, "is required"),
                Some(Value::Number(_)) => {}
                Some(other) => checker.wrong_type(&ROOT.field(name), A_WHOLE_NUMBER, other),
            }
        }
        match body.get("audio_stats") {
            None => checker.error(&ROOT.field("audio_stats"), Rule::Required, "is required"),
            Some(value) if type_name(value) != AN_OBJECT => {
                checker.wrong_type(&ROOT.field("audio_stats"), AN_OBJECT, value);
            }
            Some(_) => {}
        }
        self
    }

    pub(crate) fn found(self) -> Vec<Violation> {
        self.0.found.list()
    }
}

/// Which names there are changes from year to year.
fn looks_like_a_zone(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('/').all(part)
}

/// `0000` to `2400`: whether a day may end with it isn't said.
fn is_time(text: &str) -> bool {
    text.len() == 4
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (&text[..2] < "24" || text == "2400")
        && &text[2..] < "60"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(settings: &CallSettings) -> Vec<String> {
        let found = settings.validate();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_wrong_with_hours_is_found_all_at_once() {
        let hours = CallHours::new("+01:00")
            .open("MONDAY", "0900", "1700")
            .open("MONDAY", "1700", "0900")
            .open("Monday", "25:0", "2401")
            .open("", "", "0000");
        assert_eq!(
            found(&CallSettings::new().call_hours(hours)),
            [
                "call_hours.timezone_id: is not the IANA name of a time zone, such as Africa/Lagos",
                "call_hours.weekly_operating_hours[1].close_time: must be after open_time",
                "call_hours.weekly_operating_hours[1].day_of_week: MONDAY is there twice",
                "call_hours.weekly_operating_hours[2].day_of_week: must be MONDAY to SUNDAY, did \
                 you mean MONDAY?",
                "call_hours.weekly_operating_hours[2].open_time: must be a time as hhmm, such as 0930",
                "call_hours.weekly_operating_hours[2].close_time: must be a time as hhmm, such as 0930",
                "call_hours.weekly_operating_hours[3].day_of_week: is required and must not be empty",
                "call_hours.weekly_operating_hours[3].open_time: is required and must not be empty",
            ]
        );
    }

    #[test]
    fn closed_all_week_is_allowed_and_nothing_at_all_is_not() {
        let names = [
            "Africa/Lagos",
            "America/Argentina/Buenos_Aires",
            "UTC",
            "Etc/GMT+3",
        ];
        for zone in names {
            let closed = CallSettings::new().call_hours(CallHours::new(zone));
            assert_eq!(found(&closed), [""; 0], "{zone}");
        }
        let all_day = CallHours::new("UTC").open("SUNDAY", "0000", "2400");
        assert_eq!(found(&CallSettings::new().call_hours(all_day)), [""; 0]);
        let nothing = "at least one setting must be given";
        assert_eq!(found(&CallSettings::new()), [nothing]);
        assert_eq!(found(&CallSettings::new().audio_enabled(false)), [""; 0]);
    }

    #[test]
    fn what_is_read_is_kept_and_checked() {
        let json = r#"{"audio_enabled":"yes","call_hours":{"timezone_id":7,"weekly_operating_hours":[1,{"day_of_week":"MONDAY","open":"0900","close_time":"1000"}]},"call_routing":{"ring_targt":"META"},"new_thing":[1]}"#;
        let settings = CallSettings::from_json(json).unwrap();
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(settings.to_value(), value);
        assert_eq!(
            found(&settings),
            [
                "audio_enabled: must be a boolean, is a string",
                "new_thing: is not known to callcta, and sent as it is",
                "call_routing.ring_targt: is not known, did you mean ring_target?",
                "call_routing.ring_target: is required and must not be empty",
                "call_hours.timezone_id: must be a string, is a number",
                "call_hours.weekly_operating_hours[0]: must be an object, is a number",
                "call_hours.weekly_operating_hours[1].open: is not known, did you mean open_time?",
                "call_hours.weekly_operating_hours[1].open_time: is required and must not be empty",
            ]
        );
    }
}
