//! Why can't this Page send a working call button?
//!
//! [`Doctor`] looks at what a button needs, from the connection to the person who is to
//! get it, and says what keeps it from working, why that matters and what mends it. It
//! only reads, unless it is asked to [send a test card](Doctor::send_test).
//!
//! ```
//! # let emulator = callcta_emulator::Emulator::start()?;
//! # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
//! #     .base_url(emulator.url()).build()?;
//! # emulator.with_state(|state| {
//! #     for page in state.pages.values_mut() { page.audio_enabled = false; }
//! # });
//! let diagnosis = client.doctor().examine();
//! println!("{diagnosis}");
//! assert_eq!(diagnosis.cause().map(|check| check.id), Some("audio"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is looked at
//!
//! In this order, so that the first failure is the cause; what depends on it is
//! skipped.
//!
//! | id | |
//! |---|---|
//! | `connection` | that the Graph API answers: name, proxy, TLS |
//! | `token` | that the access token is taken, and for how long |
//! | `page` | that it is the Page's own |
//! | `permissions` | `pages_messaging`, `pages_manage_metadata` |
//! | `feature` | that the Page may use the calling API |
//! | `country` | what is known of its country: only that |
//! | `audio` | the switch behind the button |
//! | `icon`, `hours`, `routing` | the call icon, whether it is open now, who is rung |
//! | `subscription` | that the app is told of calls |
//! | `challenge`, `signature` | that the webhook's address passes Meta's challenge, takes what is signed and nothing else |
//! | `clock` | that this machine's clock is right |
//! | `version` | that the version asked for is the one that answers |
//! | `person`, `window` | the person, and whether the Page may write to them now |
//! | `test` | a card that is really sent |

mod diagnosis;
mod hours;
mod page;
mod person;
mod receiver;
mod ringing;

use std::time::{Duration, SystemTime};

use serde_json::Value;

pub use self::diagnosis::{Check, CheckStatus, Diagnosis};

use self::diagnosis::Finding;
use self::page::Answered;
use crate::calling::{CallSettings, Calling};
use crate::cancel::CancelToken;
use crate::client::{Client, RequestOptions};
use crate::error::{CancelReason, Delivery, Error, ErrorKind, Result};
use crate::identity::{Identity, Profile, TokenInfo};
use crate::named::{Setters, apply, find, names, setters, unknown};

/// Longest time for one question, its tries and waits together.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// Looks for what keeps a Page's call button from working; from [`Client::doctor`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Doctor {
    client: Client,
    person: Option<String>,
    last_action: Option<SystemTime>,
    webhook: Option<String>,
    verify_token: Option<Secret>,
    send_test: bool,
    timeout: Duration,
}

/// Doesn't print.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

const SETTERS: Setters<Doctor> = setters! {
    "person" => { person(text) },
    "last_action" => { last_action(moment) },
    "last_action_ms" => { last_action(moment) },
    "webhook" => { webhook(text) },
    "verify_token" => { verify_token(text) },
    "send_test" => { send_test(yes) },
    "timeout" => { timeout(duration) },
    "timeout_ms" => { timeout(duration) },
};

impl Client {
    /// What keeps this Page's call button from working?
    pub fn doctor(&self) -> Doctor {
        Doctor {
            client: self.clone(),
            person: None,
            last_action: None,
            webhook: None,
            verify_token: None,
            send_test: false,
            timeout: TIMEOUT_DEFAULT,
        }
    }
}

impl Doctor {
    /// The person who is to get the button, by PSID. None by default.
    pub fn person(mut self, psid: impl Into<String>) -> Self {
        self.person = Some(psid.into());
        self
    }

    /// When this person last did something that opens the window, as the webhooks told:
    /// the API doesn't. Not known by default.
    pub fn last_action(mut self, at: SystemTime) -> Self {
        self.last_action = Some(at);
        self
    }

    /// The address to which the app's webhooks go. It is asked the challenge, and is
    /// posted two bodies without events, one signed with the client's app secret and one
    /// with another. None by default.
    pub fn webhook(mut self, url: impl Into<String>) -> Self {
        self.webhook = Some(url.into());
        self
    }

    /// The verify token of the webhook's challenge. None by default.
    pub fn verify_token(mut self, token: impl Into<String>) -> Self {
        self.verify_token = Some(Secret(token.into()));
        self
    }

    /// Whether to send the person a card with a call button, if nothing was found that
    /// speaks against it. Defaults to `false`: nothing is sent.
    pub fn send_test(mut self, yes: bool) -> Self {
        self.send_test = yes;
        self
    }

    /// Longest time for one question. Defaults to [`TIMEOUT_DEFAULT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets an option by the name of its method, for those who read options from
    /// elsewhere. `last_action` is a number of seconds since 1970-01-01 UTC,
    /// `last_action_ms` one of milliseconds. Null sets nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such
    /// option, or if the value is not of its type.
    pub fn set(self, name: &str, value: impl Into<Value>) -> Result<Self> {
        let Some(set) = find(SETTERS, name) else {
            return Err(unknown("option", name, names(SETTERS)));
        };
        apply(set, self, name, value.into())
    }

    /// Looks at everything.
    pub fn examine(&self) -> Diagnosis {
        self.visit(None)
    }

    /// As [`examine`](Doctor::examine), and given up when the token is cancelled.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](ErrorKind::Cancelled) if something wasn't looked at for that reason;
    /// its delivery is about the test card.
    pub fn examine_until(&self, token: &CancelToken) -> Result<Diagnosis> {
        let diagnosis = self.visit(Some(token));
        let cancelled = Some(ErrorKind::Cancelled.as_str());
        if !token.is_cancelled() || diagnosis.checks.iter().all(|it| it.kind != cancelled) {
            return Ok(diagnosis);
        }
        let delivery = match diagnosis.check("test").map(|check| check.status) {
            Some(CheckStatus::Unknown) => Delivery::Unknown,
            _ => Delivery::NotSent,
        };
        Err(Error::cancelled(delivery, CancelReason::Aborted))
    }

    fn visit(&self, cancel: Option<&CancelToken>) -> Diagnosis {
        let mut visit = Visit {
            doctor: self,
            cancel,
            checks: Vec::new(),
            answered: Answered::default(),
            me: None,
            token: None,
            settings: None,
        };
        visit.page();
        visit.ringing();
        visit.receiver();
        visit.platform();
        visit.person();
        Diagnosis::of(visit.checks)
    }
}

/// A check's id, its title, and why it matters for the button.
type About = (&'static str, &'static str, &'static str);

/// A doctor at work, with what is known so far.
struct Visit<'a> {
    doctor: &'a Doctor,
    cancel: Option<&'a CancelToken>,
    checks: Vec<Check>,
    answered: Answered,
    me: Option<Profile>,
    token: Option<TokenInfo>,
    settings: Option<CallSettings>,
}

impl Visit<'_> {
    /// Looks at something, unless what it needs isn't as it should be.
    fn check(
        &mut self,
        (id, title, why): About,
        needs: &[&str],
        look: impl FnOnce(&mut Self) -> Finding,
    ) {
        let (finding, because) = match self.in_the_way(needs) {
            Some((cause, title)) => {
                let mut skipped = Finding::unknown(format!("skipped, because of: {title}"));
                skipped.status = CheckStatus::Skipped;
                (skipped, Some(cause))
            }
            None => (look(self), None),
        };
        self.checks.push(Check {
            id,
            title,
            status: finding.status,
            result: finding.result,
            evidence: finding.evidence,
            why,
            fix: finding.fix,
            because,
            kind: finding.kind.map(ErrorKind::as_str),
        });
    }

    /// Which of these checks failed, or the cause for which one was skipped: its id and
    /// title.
    fn in_the_way(&self, needs: &[&str]) -> Option<(&'static str, &'static str)> {
        let needed = self.checks.iter().filter(|it| needs.contains(&it.id));
        let cause = needed.into_iter().find_map(|check| match check.status {
            CheckStatus::Fail => Some(check.id),
            CheckStatus::Skipped => check.because,
            _ => None,
        })?;
        let cause = self.checks.iter().find(|check| check.id == cause)?;
        Some((cause.id, cause.title))
    }

    fn options(&self) -> RequestOptions {
        let timeout = self.doctor.timeout;
        // Bounds the tries and waits together.
        let deadline = SystemTime::now().checked_add(timeout);
        let options = RequestOptions::new().timeout(timeout);
        let options = self
            .cancel
            .into_iter()
            .fold(options, RequestOptions::cancel);
        deadline.map_or(options.clone(), |deadline| options.deadline(deadline))
    }

    fn identity(&self) -> Identity {
        self.doctor.client.identity().with(self.options())
    }

    fn calling(&self) -> Calling {
        self.doctor.client.calling().with(self.options())
    }
}

/// When the lists of a text are read by people: `a, b and c`.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
