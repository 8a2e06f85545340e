//! From the connection to what the Page may do; and the platform's own side: clock and
//! version.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use super::diagnosis::{Finding, said};
use super::{About, Visit, listed};
use crate::error::{Error, ErrorKind};
use crate::limits;

const CONNECTION: About = (
    "connection",
    "Connection",
    "without it nothing can be sent or asked",
);
const TOKEN: About = (
    "token",
    "Access token",
    "by it the platform knows that the Page sends the button",
);
const PAGE: About = (
    "page",
    "Page",
    "only the Page's own token can write to the Page's people",
);
const PERMISSIONS: About = (
    "permissions",
    "Permissions",
    "sending the button needs pages_messaging, being told of calls pages_manage_metadata",
);
const FEATURE: About = (
    "feature",
    "Calling API",
    "a Page that may not use the calling API can't take the button's calls",
);
const COUNTRY: About = (
    "country",
    "Country",
    "Meta offers calling to Pages of certain countries only",
);
const CLOCK: About = (
    "clock",
    "Clock",
    "a call can be accepted for 60 seconds, and buttons and windows end at moments",
);
const VERSION: About = (
    "version",
    "API version",
    "versions end, and another one may answer then than the one that was tested",
);

/// What a call is accepted in, so that a sixth of it is worth a word.
const CLOCK_OFF: Duration = Duration::from_secs(10);
/// A token that ends so soon is worth a word.
const ENDS_SOON: Duration = Duration::from_secs(7 * 24 * 3600);
const COUNTRIES: &str =
    "https://developers.facebook.com/documentation/business-messaging/messenger-platform/calling";

/// What the first answer told beside what was asked.
#[derive(Default)]
pub(super) struct Answered {
    headers: Vec<(String, String)>,
    /// Between the question and the answer.
    at: Option<SystemTime>,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Visit<'_> {
    pub(super) fn page(&mut self) {
        let asked = SystemTime::now();
        let headers = RefCell::new(Vec::new());
        let me = (self.identity()).me_seen(&|answer| {
            headers.replace(answer.headers.clone());
        });
        let took = asked.elapsed().unwrap_or_default();
        self.answered = Answered {
            headers: headers.into_inner(),
            at: asked.checked_add(took / 2),
        };
        self.check(CONNECTION, &[], |visit| {
            connection(visit.doctor.client.host(), took, me.as_ref().err())
        });
        self.check(TOKEN, &["connection"], |visit| {
            visit.token(me.as_ref().err())
        });
        self.me = me.ok();
        self.check(PAGE, &["token"], |visit| visit.whose());
        self.check(PERMISSIONS, &["token"], |visit| visit.scopes());
        self.check(FEATURE, &["page", "permissions"], |visit| {
            match visit.calling().feature_status() {
                Ok(status) if status.is_enabled() => {
                    Finding::ok("the Page may use it").seen(status.to_string())
                }
                Ok(status) => Finding::fail("the Page may not use the calling API")
                    .seen(status.to_string())
                    .mended_by("only Meta can: see which Pages may, and the app's review status"),
                Err(error) => refused_or_untold("the status of the calling API", &error),
            }
        });
        self.check(COUNTRY, &["connection"], |visit| {
            let enabled = visit
                .checks
                .iter()
                .any(|check| check.id == FEATURE.0 && check.status == super::CheckStatus::Ok);
            if enabled {
                Finding::ok("the Page's country isn't told; that it may use the calling API is")
            } else {
                Finding::unknown("nothing tells the Page's country")
                    .mended_by(format!("compare it with Meta's list: {COUNTRIES}"))
            }
        });
    }

    pub(super) fn platform(&mut self) {
        self.check(CLOCK, &["connection"], |visit| visit.clock());
        self.check(VERSION, &["connection"], |visit| visit.version());
    }

    fn token(&mut self, refusal: Option<&Error>) -> Finding {
        match refusal {
            None => {}
            Some(error) if error.kind() == ErrorKind::Authentication => {
                return Finding::fail("the platform refuses the access token").told_by(error);
            }
            // It was read: it just isn't a Page's, or may not read that much.
            Some(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::InvalidPage
                ) => {}
            Some(error) => return Finding::untold("whether the token is taken", error),
        }
        let info = match self.identity().token() {
            Ok(info) => info,
            Err(error) => {
                return Finding::ok("it is taken; for how long isn't told")
                    .seen(format!("debug_token: {}", said(&error)));
            }
        };
        let now = now();
        let finding = match (&info.error, info.is_valid, info.expires_at) {
            (Some(error), ..) => {
                let subcode = error.subcode.map(|it| format!("/{it}")).unwrap_or_default();
                Finding::fail("it can't be used any more")
                    .seen(format!("debug_token: code {}{subcode}", error.code))
                    .mended_by("make another access token for the Page")
            }
            (None, false, _) => {
                Finding::fail("it is not valid").mended_by("make another access token for the Page")
            }
            (None, true, Some(end)) if end <= now + millis(ENDS_SOON) => {
                Finding::warn(format!("it ends {}", moment(end))).mended_by(
                    "make a token that lasts, from a long-lived user token or a system user",
                )
            }
            (None, true, Some(end)) => Finding::ok(format!("it is taken, until {}", moment(end))),
            (None, true, None) => Finding::ok("it is taken, and no end is told"),
        };
        self.token = Some(info);
        finding
    }

    fn whose(&self) -> Finding {
        let asked = self.doctor.client.page_id();
        let kind = self.token.as_ref().and_then(|token| token.kind.as_deref());
        let profile = self
            .token
            .as_ref()
            .and_then(|token| token.profile_id.as_deref());
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("page")) && profile.is_none() {
            let kind = kind.unwrap_or_default().to_lowercase().replace('_', " ");
            return Finding::fail(format!("the access token is a {kind}'s, not the Page's"))
                .mended_by("take the Page's own token: GET /me/accounts with this one lists it");
        }
        match self.me.as_ref().map(|me| me.id.as_str()).or(profile) {
            Some(id) if id == asked => Finding::ok(format!("the token is that of Page {id}")),
            Some(id) => Finding::fail("the access token is of another Page or of a user")
                .seen(format!("it is of {id}, the client's Page is {asked}"))
                .mended_by("set the Page id and the token of one and the same Page"),
            None => Finding::unknown("nothing tells whose the token is"),
        }
    }

    fn scopes(&self) -> Finding {
        let scopes = match &self.token {
            Some(token) if !token.scopes.is_empty() => &token.scopes,
            _ => return Finding::unknown("nothing tells what the token was granted"),
        };
        let has = |name: &str| scopes.iter().any(|scope| scope == name);
        let seen = format!("granted: {}", listed(scopes.iter().map(String::as_str)));
        let mend = "grant it to the app (App Review where it isn't your own Page), then make \
                    another token";
        if !has("pages_messaging") {
            return Finding::fail("pages_messaging was not granted")
                .seen(seen)
                .mended_by(mend);
        }
        if !has("pages_manage_metadata") {
            return Finding::warn("pages_manage_metadata was not granted")
                .seen(seen)
                .mended_by(mend);
        }
        Finding::ok("pages_messaging and pages_manage_metadata were granted").seen(format!(
            "{seen}; whether for everybody (Advanced Access) or for people with a role only, \
             isn't told"
        ))
    }

    fn clock(&self) -> Finding {
        let told = self.answered.header("date");
        let told = told.and_then(|date| httpdate::parse_http_date(date).ok());
        let (Some(told), Some(at)) = (told, self.answered.at) else {
            return Finding::unknown("the answer tells no time");
        };
        let (off, word) = match at.duration_since(told) {
            Ok(off) => (off, "ahead of"),
            Err(behind) => (behind.duration(), "behind"),
        };
        if off < CLOCK_OFF {
            return Finding::ok("this machine's clock and the platform's agree");
        }
        Finding::warn(format!(
            "this machine's clock is {} s {word} the platform's",
            off.as_secs()
        ))
        .mended_by("let the machine set its clock by NTP")
    }

    fn version(&self) -> Finding {
        let Some(asked) = self.doctor.client.version() else {
            return Finding::warn("no version is asked for, so the platform chooses one")
                .mended_by(format!("ask for {}", limits::GRAPH_VERSION));
        };
        match self.answered.header("facebook-api-version") {
            Some(served) if served == asked => Finding::ok(format!("{served} answers, as asked")),
            Some(served) => Finding::warn(format!("{asked} is asked for, and {served} answers"))
                .mended_by(format!("ask for {}", limits::GRAPH_VERSION)),
            None => Finding::unknown(format!("{asked} is asked for; the answer names none")),
        }
    }
}

/// Whether the Graph API answered.
fn connection(host: &str, took: Duration, error: Option<&Error>) -> Finding {
    let answered =
        || Finding::ok(format!("{host} answers")).seen(format!("after {} ms", took.as_millis()));
    let Some(error) = error else {
        return answered();
    };
    let kind = error.kind();
    let unreached = match kind {
        ErrorKind::Connect => "can't be reached",
        ErrorKind::Timeout => "doesn't answer in time",
        ErrorKind::Network => "breaks the connection",
        ErrorKind::InvalidResponse => "doesn't answer as the Graph API does",
        // A gateway's own refusal.
        _ if error.graph().is_none() && error.http_status().is_some_and(|it| it < 500) => {
            "doesn't answer as the Graph API does"
        }
        _ if error.attempts() == 0 => "can't be asked",
        _ => return answered(),
    };
    Finding::fail(format!("{host} {unreached}")).told_by(error)
}

/// A refusal is a finding, anything else leaves it open.
pub(super) fn refused_or_untold(what: &str, error: &Error) -> Finding {
    match error.kind() {
        ErrorKind::Authentication
        | ErrorKind::PermissionDenied
        | ErrorKind::CallingNotEnabled
        | ErrorKind::InvalidPage => {
            Finding::fail(format!("the platform doesn't tell {what}")).told_by(error)
        }
        _ => Finding::untold(what, error),
    }
}

/// In Unix milliseconds.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, millis)
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A moment in Unix milliseconds, as people read it.
pub(super) fn moment(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at);
    at.map_or_else(|_| "at some time".to_owned(), |at| format!("{at:.0}"))
}
