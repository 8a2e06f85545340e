//! Whether the Page rings, and who hears of it.

use super::diagnosis::Finding;
use super::hours::{self, Now};
use super::page::refused_or_untold;
use super::{About, Visit, listed};
use crate::calling::{CALLS_FIELD, CallSettings, RingTarget, Subscription};

const AUDIO: About = (
    "audio",
    "Audio calling",
    "it is the switch behind the button: while it is off, nobody can call the Page",
);
const ICON: About = (
    "icon",
    "Call icon",
    "without it people can't call back from a missed or ended call",
);
const HOURS: About = (
    "hours",
    "Call hours",
    "outside of them people may find the Page closed; what the button does then isn't documented",
);
const ROUTING: About = (
    "routing",
    "Call routing",
    "it decides who is rung: your app, or Meta's own inbox",
);
const SUBSCRIPTION: About = (
    "subscription",
    "Subscription",
    "your app hears the tap by the webhook field calls, and PARTNERS needs it first",
);

impl Visit<'_> {
    pub(super) fn ringing(&mut self) {
        self.check(
            AUDIO,
            &["page", "permissions", "feature"],
            |visit| match visit.calling().settings() {
                Ok(settings) => {
                    let finding = audio(&settings);
                    visit.settings = Some(settings);
                    finding
                }
                Err(error) => refused_or_untold("the call settings", &error),
            },
        );
        // These can be read although audio is off, but say little then.
        self.check(ICON, &["audio"], |visit| match &visit.settings {
            Some(settings) if settings.is_icon_enabled() == Some(false) => {
                Finding::warn("the call icon is off").mended_by("callcta settings set --icon on")
            }
            Some(settings) if settings.is_icon_enabled().is_none() => {
                Finding::ok("nothing is told, so it is on, as by default")
            }
            Some(_) => Finding::ok("it is on"),
            None => settings_untold(),
        });
        self.check(HOURS, &["audio"], |visit| match &visit.settings {
            Some(settings) => open_now(settings),
            None => settings_untold(),
        });
        self.check(ROUTING, &["audio"], |visit| {
            match visit.settings.as_ref().map(CallSettings::ring_target) {
                Some(Some(RingTarget::Partners)) => Finding::ok("your app is rung (PARTNERS)"),
                Some(Some(RingTarget::Meta)) => {
                    Finding::warn("Meta's own inbox is rung (META), not your app")
                        .mended_by("callcta settings set --routing PARTNERS")
                }
                Some(Some(other)) => Finding::unknown(format!("{other} is rung")),
                Some(None) => Finding::unknown("who is rung isn't told"),
                None => settings_untold(),
            }
        });
        self.check(SUBSCRIPTION, &["page", "permissions"], |visit| {
            visit.subscription()
        });
    }

    fn subscription(&self) -> Finding {
        let apps = match self.calling().subscriptions() {
            Ok(apps) => apps,
            Err(error) => return Finding::untold("the subscriptions", &error),
        };
        let own = self
            .token
            .as_ref()
            .and_then(|token| token.app_id.as_deref());
        let is_own = |app: &&Subscription| match (own, app.app_id.as_deref()) {
            (Some(own), Some(id)) => own == id,
            _ => true,
        };
        let fields: Vec<&str> = apps
            .iter()
            .filter(is_own)
            .flat_map(|app| app.fields.iter().map(String::as_str))
            .collect();
        if fields.contains(&CALLS_FIELD) {
            return Finding::ok("your app is told of calls")
                .seen(format!("subscribed to {}", listed(fields)));
        }
        let seen = if fields.is_empty() {
            "subscribed to nothing".to_owned()
        } else {
            format!("subscribed to {}", listed(fields.iter().copied()))
        };
        let mut wanted = fields;
        wanted.push(CALLS_FIELD);
        let mend = format!("callcta calling subscribe {}", wanted.join(" "));
        Finding::fail("your app isn't subscribed to calls")
            .seen(seen)
            .mended_by(mend)
    }
}

fn audio(settings: &CallSettings) -> Finding {
    match settings.is_audio_enabled() {
        Some(true) => Finding::ok("it is on"),
        Some(false) => Finding::fail("audio calling is off")
            .seen("audio_enabled: false")
            .mended_by("callcta settings set --audio on"),
        None => Finding::unknown("whether it is on isn't told"),
    }
}

fn open_now(settings: &CallSettings) -> Finding {
    let Some(hours) = settings.hours() else {
        return Finding::ok("none are set");
    };
    let (now, there) = hours::now(hours, &jiff::Timestamp::now());
    let zone = hours.timezone_id().unwrap_or_default();
    let there = there
        .map(|there| format!("{there} in {zone}"))
        .unwrap_or_default();
    match now {
        Now::Open(until) => Finding::ok(format!("open, until {until}")).seen(there),
        Now::Closed => Finding::warn(format!("closed now ({there})"))
            .mended_by("callcta settings set --help tells how to set other hours"),
        Now::NoZone(zone) => Finding::unknown(format!("this machine knows no time zone {zone}"))
            .mended_by("install the time zones (the package tzdata)"),
        Now::Unread => Finding::unknown("the hours can't be read"),
    }
}

fn settings_untold() -> Finding {
    Finding::unknown("the call settings can't be read")
}
